"""Labels of cells → terms of the Cell Ontology."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tosg_graph.build.tables import Build
from tosg_graph.cells.obs import is_unknown
from tosg_graph.cells.terms import Terms
from tosg_graph.errors import CellsError

_SHIPPED = "cell_type_labels.tsv"
_CURIE = re.compile(r"^[A-Za-z][A-Za-z0-9.]*:\S+$")
_COLUMNS = ("label", "ontology_id")


@dataclass(frozen=True, slots=True)
class LabelTerm:
    """The ontology term of one label.

    Parameters
    ----------
    label
        The label as written.
    ontology_id
        A CURIE, or None.
    how
        ``map`` (the user's map), ``file`` (a column of the file), ``shipped`` (the table of this
        package), ``id`` (the label is the id of a term), ``name`` (name or synonym of a term),
        ``unknown`` (the label says that nothing is known), ``ambiguous`` or ``unmapped``.
    candidates
        The terms of that name, where there are several.
    in_build
        Whether the graph build has the term.
    """

    label: str
    ontology_id: str | None
    how: str
    candidates: tuple[str, ...] = ()
    in_build: bool = False


def label_terms(
    labels: Iterable[str],
    build: Build,
    *,
    label_map: Path | None = None,
    from_file: Mapping[str, str] | None = None,
) -> list[LabelTerm]:
    """Find the term of each label.

    Asked in this order: the user's map, what the file itself says, the table shipped with the
    package, the ids of the build's cell types, their names and synonyms (as written, but for case).

    Parameters
    ----------
    labels
        Distinct labels.
    label_map
        A table with the columns ``label`` and ``ontology_id``, separated by tabs.
    from_file
        Label → CURIE, as the cell file pairs them.

    Raises
    ------
    CellsError
        If the map cannot be read, with its line.
    """
    tables: list[tuple[str, Mapping[str, str]]] = [
        ("map", read_label_map(label_map) if label_map else {}),
        ("file", from_file or {}),
        ("shipped", shipped_labels()),
    ]
    terms = Terms.of(build)
    return [_term(label, tables, terms) for label in labels]


def _term(label: str, tables: Sequence[tuple[str, Mapping[str, str]]], terms: Terms) -> LabelTerm:
    for how, table in tables:
        if label in table:
            return LabelTerm(label, table[label], how, in_build=table[label] in terms.names)
    if is_unknown(label):
        return LabelTerm(label, None, "unknown")
    if label in terms.names:
        return LabelTerm(label, label, "id", in_build=True)
    found = terms.exact(label)
    if len(found) == 1:
        return LabelTerm(label, found[0], "name", in_build=True)
    return LabelTerm(label, None, "ambiguous" if found else "unmapped", tuple(found))


def shipped_labels() -> dict[str, str]:
    """Read the table of labels that comes with the package: label → CURIE."""
    text = files("tosg_graph.cells").joinpath(_SHIPPED).read_text(encoding="utf-8")
    return _parse(text.splitlines(), _SHIPPED)


def read_label_map(path: Path) -> dict[str, str]:
    """Read a user's table of labels: label → CURIE.

    Raises
    ------
    CellsError
        If it is missing, has other columns, or a line holds no CURIE.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise CellsError(f"the label map {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CellsError(f"the label map {path} is not UTF-8 text: {error}") from error
    return _parse(lines, str(path))


def _parse(lines: Sequence[str], where: str) -> dict[str, str]:
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if not set(_COLUMNS) <= set(rows.fieldnames or ()):
        raise CellsError(
            f"{where}:1: columns {list(rows.fieldnames or ())} found; {list(_COLUMNS)}, separated "
            "by tabs, were expected"
        )
    found: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        label, term = (row["label"] or "").strip(), (row["ontology_id"] or "").strip()
        if not label or not _CURIE.match(term):
            raise CellsError(
                f"{where}:{line}: label {label!r} with {term!r} found; a label and a CURIE such as "
                "CL:0000236 were expected"
            )
        if found.setdefault(label, term) != term:
            raise CellsError(f"{where}:{line}: {label!r} has a second term, {term}; keep one")
    return found
