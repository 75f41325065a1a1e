"""The layout of a table: what its columns are called, and what stands before its rows."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import NamedTuple

from tosg_graph.errors import SourceError
from tosg_graph.sources.parquet import column_names, is_parquet
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import open_text

HEAD = 1 << 16


class Layout(NamedTuple):
    """How the columns of a table are called, and how many lines stand before its rows."""

    names: list[str]
    header_lines: int


def read_head(path: Path) -> list[str]:
    """Read the first lines of a file, as far as they lie within its first 65,536 characters.

    The columns of a Parquet file stand in for its lines, with tabs between them.
    """
    if is_parquet(path):
        return ["\t".join(column_names(path))]
    with open_text(path) as text:
        return text.read(HEAD).removesuffix("\n").split("\n")


def find_layout(path: Path, form: FileSpec, head: list[str]) -> Layout:
    """Find the columns that a file has.

    Parameters
    ----------
    form
        What it should look like.
    head
        Its first lines, as :func:`read_head` gives them.

    Raises
    ------
    SourceError
        If the file is empty, or neither its header nor its first line is what the form says.
    """
    if is_parquet(path):
        return _parquet_layout(path, form)
    if head == [""]:
        raise SourceError(f"the file is empty; {form.again}", path=path)
    rows = _behind_comments(form, head)
    header = form.header(rows[0])
    missing = [name for name in form.columns if name not in header]
    if form.columns and not missing:
        return Layout(_unique(path, form, header), form.comments(head) + 1)
    if _is_headerless_table(form, rows):
        return Layout(list(form.names), form.comments(head))
    if form.columns:
        raise _wrong_header(path, form, header, missing)
    if form.names:
        raise _wrong_width(path, form, header)
    if form.recognise is not None and not form.recognise(head):
        message = f"starts with {head[0][:60]!r}; expected {form.expects}"
        raise SourceError(f"{message}. {_next(form)}", path=path, line=1)
    return Layout([], 0)


def which_layout(form: FileSpec, head: list[str], layout: Layout) -> str | None:
    """Say which of the layouts that its loader reads a file has; None where there is only one."""
    if form.names and form.columns and not layout.header_lines:
        several = f" ({len(layout.names)} columns)" if form.or_names else ""
        return f"without a header{several}"
    if not form.layouts:
        return None
    first = _behind_comments(form, head)[0]
    if form.columns:
        told = {*layout.names, *form.split(first)}
        return next((n for n, by in form.layouts if told.issuperset(by)), None)
    return next((n for n, by in form.layouts if all(word in first for word in by)), None)


def _next(form: FileSpec) -> str:
    """What to do about a file that is not what its loader reads."""
    if form.own:
        return "Mend the file, or what is said of it."
    return "Download the file again, or name the right one with --file."


def _parquet_layout(path: Path, form: FileSpec) -> Layout:
    header = form.respelt(column_names(path))
    missing = [name for name in form.columns if name not in header]
    if not form.columns:
        expected = form.expects or f"{len(form.names)} columns"
        raise SourceError(f"is a Parquet file; expected {expected}. {_next(form)}", path=path)
    if missing:
        raise _wrong_header(path, form, header, missing)
    return Layout(_unique(path, form, header), 0)


def _behind_comments(form: FileSpec, head: list[str]) -> list[str]:
    """The first lines of the table itself; at least one."""
    return head[form.comments(head) :] or [""]


def _is_headerless_table(form: FileSpec, rows: list[str]) -> bool:
    if not form.names or len(form.split(rows[0])) != len(form.names):
        return False
    return form.recognise is None or form.recognise(rows)


def _unique(path: Path, form: FileSpec, header: list[str]) -> list[str]:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SourceError(
            f"the header names {', '.join(twice)} more than once; {_next(form)}", path=path, line=1
        )
    return header


def _wrong_header(path: Path, form: FileSpec, found: list[str], missing: list[str]) -> SourceError:
    lacks = []
    for name in missing:
        near = difflib.get_close_matches(name, found, n=1)
        lacks.append(f"{name!r}" + (f" (nearest: {near[0]!r})" if near else ""))
    headerless = ""
    if form.names:
        widths = sorted({len(names) for names in (form.names, *form.or_names)})
        headerless = f", or {' or '.join(map(str, widths))} columns without a header"
    return SourceError(
        f"the header lacks {', '.join(lacks)}; expected columns "
        f"{', '.join(form.columns)}{headerless}; found {_some(found)}. {_next(form)}",
        path=path,
        line=1,
    )


def _wrong_width(path: Path, form: FileSpec, found: list[str]) -> SourceError:
    expected = form.expects or f"{len(form.names)} columns ({', '.join(form.names)})"
    return SourceError(
        f"expected {expected}; found {len(found)} columns: {_some(found)}. {_next(form)}",
        path=path,
        line=1,
    )


def _some(fields: list[str]) -> str:
    shown = ", ".join(field[:40] for field in fields[:12])
    return shown + (f" and {len(fields) - 12} more" if len(fields) > 12 else "")
