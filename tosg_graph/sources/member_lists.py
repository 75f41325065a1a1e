"""Lists of members: what complexes and families consist of, where a file lists them in one field.

A part may be a complex or a family that the same file lists: it stands for its own members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from tosg_graph.sources.columns import items, normal_form
from tosg_graph.sources.files import SourceFile

_COLUMNS = ("id", "name", "members", "line")


def read_member_lists(
    file: SourceFile,
    columns: tuple[str, str, str],
    reference: Callable[[str], str],
    *,
    separator: str = ",",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read what each group consists of. Memory is bounded by the file, which is small.

    Parameters
    ----------
    file
        The file of lists.
    columns
        Its columns of the id, the name, and the parts.
    reference
        Writes a part that is no group of the file as a reference.
    separator
        What separates the parts.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``name``, ``members`` (references, as often and in the order that they are listed)
        and ``line``: a row for each group that has members.
    pandas.DataFrame
        The rejects: an id that is listed before, a group without a member.
    """
    frames = [_lists(rows, columns, separator) for rows in file.frames()]
    rows = pd.concat([pd.DataFrame(columns=list(_COLUMNS)), *frames], ignore_index=True)
    rows = rows.astype({"line": "int64"})
    again = rows["id"].duplicated()
    groups = rows[~again]
    listed = dict(zip(groups["id"], groups["members"], strict=True))
    members = [_expanded(name, listed, reference, ()) for name in listed]
    groups = groups.assign(members=pd.Series(members, groups.index, dtype=object))
    empty = groups["members"].str.len().eq(0)
    rejected = pd.concat(
        [
            _rejected(rows[again], "the id is listed before"),
            _rejected(groups[empty], "no member is listed"),
        ]
    )
    return groups[~empty].reset_index(drop=True), rejected.sort_values("line")


def _lists(rows: pd.DataFrame, columns: tuple[str, str, str], separator: str) -> pd.DataFrame:
    key, name, members = columns
    parts = [part or [] for part in items(rows[members], separator)]
    return pd.DataFrame(
        {
            "id": rows[key].str.strip(),
            "name": normal_form(rows[name]),
            "members": pd.Series(parts, rows.index, dtype=object),
            "line": rows["line"],
        }
    )


def _expanded(
    name: str,
    listed: Mapping[str, list[str]],
    reference: Callable[[str], str],
    above: tuple[str, ...],
) -> list[str]:
    """Write the parts as references; one that holds itself adds nothing."""
    refs: list[str] = []
    for part in listed[name]:
        if part not in listed:
            refs.append(reference(part))
        elif part not in above and part != name:
            refs += _expanded(part, listed, reference, (*above, name))
    return refs


def _rejected(rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    return pd.DataFrame({"reason": reason, "value": rows["id"], "line": rows["line"]})
