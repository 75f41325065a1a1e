"""What a file of a source should look like: its names, its columns, how it is told from others."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from tosg_graph.sources.streams import SUFFIXES


@dataclass(frozen=True, slots=True)
class FileSpec:
    """What a file of a source is called and how it is laid out.

    A table with a header has ``columns``; one without has ``names``; with both, either layout is
    accepted. A table with ``columns`` may be a Parquet file. A file that is no table has neither,
    and is told by ``recognise``.

    Parameters
    ----------
    role
        Its part within the source.
    patterns
        Shell patterns of its name, in lower case and without the suffix of a compression; a
        pattern with ``/`` is one of the name and the folder that it lies in.
    columns
        Columns that its header must have; others may stand beside them.
    names
        Names of the columns of a table that has no header, in order.
    or_names
        The same of other releases, told by how many columns they have.
    also
        Other spellings of columns, as (spelling in the file, name in ``columns``).
    separator
        What separates the columns.
    or_separator
        What else may separate them, where a source gives its tables in two forms.
    quoted
        Whether fields may be quoted, and may then hold separators and line ends.
    quoted_if
        Tells by the first lines whether they are, where only some releases quote.
    optional
        Whether the source can do without it.
    adds
        What an optional file adds, in a few words, for the reports that say that it is not there;
        "" for one that only stands in for another.
    recognise
        Tells the file by its first lines, where a header cannot.
    expects
        What it should start with, in words; for the error when ``recognise`` says no.
    layouts
        Names of the layouts that are read, newest first, each with what tells it from those after
        it: ``(("2024", ("SCORE",)), ("2020", ()))``. These are columns, in either spelling; for a
        table without a header, words in its first row.
    comment
        What the lines begin with that may stand before the table; "" where none do.
    parts
        Whether it is published in parts, each with the same columns. They go by the roles
        ``role``, ``role/2``, ``role/3``, …, and are told by name and folder only.
    own
        Whether it is a file of the user's own, which nobody can download again.
    """

    role: str
    patterns: tuple[str, ...]
    columns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    or_names: tuple[tuple[str, ...], ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    separator: str = "\t"
    or_separator: str = ""
    quoted: bool = False
    quoted_if: Callable[[list[str]], bool] | None = None
    optional: bool = False
    adds: str = ""
    recognise: Callable[[list[str]], bool] | None = None
    expects: str = ""
    layouts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    comment: str = ""
    parts: bool = False
    own: bool = False

    @property
    def again(self) -> str:
        """What to do about a file that is damaged."""
        return "mend it" if self.own else "download it again"

    def matches_name(self, path: Path) -> bool:
        """Whether the name of a file is one that this file goes by."""
        name = plain_name(path)
        placed = f"{path.parent.name.lower()}/{name}"
        return any(fnmatchcase(placed if "/" in p else name, p) for p in self.patterns)

    def fitting(self, head: list[str]) -> FileSpec:
        """Give the form of a file that begins so: its separator, its quotes, its columns."""
        form = self
        if self.or_separator:
            other = replace(self, separator=self.or_separator, or_separator="")
            form = other if other.matches_head(head) else self
        if form.quoted_if is not None and form.quoted_if(head):
            form = replace(form, quoted=True, quoted_if=None)
        if form.or_names:
            width = len(form.split((head[form.comments(head) :] or [""])[0]))
            names = next((names for names in form.or_names if len(names) == width), None)
            if names is not None:
                others = (form.names, *(n for n in form.or_names if n is not names))
                form = replace(form, names=names, or_names=others)
        return form

    def matches_head(self, head: list[str]) -> bool:
        """Whether the first lines of a file are surely those of this file."""
        form = self.fitting(head)
        if form is not self:
            return form.matches_head(head)
        head = head[self.comments(head) :] or [""]
        if self.columns and set(self.columns) <= set(self.header(head[0])):
            return True
        if self.recognise is None or not self.recognise(head):
            return False
        return not self.names or len(self.split(head[0])) == len(self.names)

    def comments(self, head: list[str]) -> int:
        """How many lines of comment stand before the table."""
        said = (bool(self.comment) and line.startswith(self.comment) for line in head)
        return next((n for n, comment in enumerate(said) if not comment), len(head))

    def split(self, line: str) -> list[str]:
        """Split one line into its fields."""
        line = line.rstrip("\n")
        if not self.quoted:
            return line.split(self.separator)
        return next(csv.reader([line], delimiter=self.separator), [])

    def header(self, line: str) -> list[str]:
        """Split a header line into the names of the columns, in the spelling of ``columns``."""
        fields = self.split(line)
        fields[:1] = [field.lstrip("#") for field in fields[:1]]
        return self.respelt(fields)

    def respelt(self, fields: list[str]) -> list[str]:
        """Bring names of columns to the spelling of ``columns``."""
        spelling = dict(self.also)
        names = [spelling.get(field.strip(), field.strip()) for field in fields]
        return [name or f"column {i}" for i, name in enumerate(names, start=1)]


def plain_name(path: Path) -> str:
    """Give the name of a file in lower case, without the suffix of a compression."""
    name = path.name.lower()
    return path.stem.lower() if name.endswith(SUFFIXES) else name
