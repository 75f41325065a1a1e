"""Errors that TOSG Graph raises.

::

    TosgError
    ├── UsageError            the call is wrong: an unknown name, a missing parameter, a bad value
    │   └── MissingExtra      an optional dependency is not installed
    ├── SourceError           a public file is not what its loader expects
    ├── BuildError            rows could not become a graph build, or a build folder is damaged
    ├── StoreError            a graph database could not be reached, loaded or read
    │   ├── ForeignDatabase   the database holds data that this tool did not write
    │   ├── QueryError        the database refused a query
    │   └── QueryTimeout      a query ran longer than it was allowed to
    ├── WorkspaceBusy         another process writes to the workspace
    ├── Refused               the read gate stopped a query before it reached a database
    ├── CellsError            a cell file or a cell store is not what it should be
    └── ExportError           a tensor export could not be written or read

Every message says what was found, what was expected, where, and what to do next.
"""

from __future__ import annotations

from pathlib import Path


class TosgError(Exception):
    """Base of every error that this package raises on purpose."""


class UsageError(TosgError):
    """The call is wrong; nothing was done."""


class MissingExtra(UsageError):
    """An optional dependency is needed and not installed.

    Parameters
    ----------
    package
        The package that could not be imported.
    extra
        The extra of this project that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed; it comes with the extra {extra!r}: "
            f"pip install 'tosg-graph[{extra}]'"
        )
        self.package = package
        self.extra = extra


class SourceError(TosgError):
    """A public file is missing, truncated, or has another layout than its loader expects.

    Parameters
    ----------
    message
        What was found, what was expected and what to do.
    path
        The file in question, if there is one.
    line
        The line in that file, counted from 1.
    """

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        where = "" if path is None else f"{path}" + (f":{line}" if line is not None else "") + ": "
        super().__init__(where + message)
        self.path = path
        self.line = line


class BuildError(TosgError):
    """A graph build could not be made, or a build folder is damaged."""


class StoreError(TosgError):
    """A graph database could not be reached, loaded or read."""


class ForeignDatabase(StoreError):
    """The database is not empty and was not written by this tool; it is left untouched."""


class QueryError(StoreError):
    """The database refused a query."""


class QueryTimeout(StoreError):
    """A query ran longer than it was allowed to."""


class WorkspaceBusy(TosgError):
    """Another process or thread writes to the workspace; nothing was done."""


class Refused(TosgError):
    """The read gate stopped a query; no database has seen it.

    Parameters
    ----------
    message
        Why, and what is allowed instead.
    line, column
        Where in the query, counted from 1.
    """

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        where = "" if line is None else f"line {line}, column {column}: "
        super().__init__(where + message)
        self.line = line
        self.column = column


class CellsError(TosgError):
    """A cell file or a cell store is not what it should be."""


class ExportError(TosgError):
    """A tensor export could not be written or read back."""
