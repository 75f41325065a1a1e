"""The named queries: one file of Cypher each, with a header that says what it takes and gives.

::

    // Proteins that a drug acts on or binds, strongest affinity first.
    // @param drug Drug The drug, by id or name. e.g. imatinib
    // @param limit integer = 1000 Rows at most. e.g. 20
    // @column protein_id Id of the protein.
    // :param drug => 'imatinib'

The first line is the sentence. A parameter has a name, a kind, a default if it may be left out,
what it means, and an example; its kind is a type or a label. A label (or ``Node``, for any) says
that the value names a node: the workspace resolves it to an id, and the query itself also takes the
name as it stands. The ``:param`` lines are for Neo4j Browser. Where the embedded graph needs other
words, a file ``<name>.ladybug.cypher`` beside holds them; it must give the same rows.

A file may hold several statements, each but the last with a semicolon at the end of its last line.
The rows of one follow those of the one before, and it is left out when ``limit`` rows are there:
so the long paths between two hubs, of which there are millions, are not looked for in vain.

In a file for the embedded graph a statement with a line ``// @gives ids`` only prepares: its
columns, as lists, are parameters of the statements that follow; a list that two give is joined.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tosg_graph.config import ReadLimits
from tosg_graph.errors import QueryError, QueryTimeout, TosgError, UsageError
from tosg_graph.graph.parameters import parameter_names
from tosg_graph.graph.result import ResultTable, cut, timed_out
from tosg_graph.graph.store import DEFAULT_LIMITS, GraphStore
from tosg_graph.schema import EDGE_TYPE, LABEL

#: The kind of a parameter that names a node of any label.
ANY_NODE = "Node"


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError
    return int(value)


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError
    return float(value)


def _boolean(value: object) -> bool:
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    if not isinstance(value, bool):
        raise ValueError
    return value


def _string(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _strings(value: object) -> list[str]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        raise ValueError
    return [_string(item) for item in items]


def _label(value: object) -> str:
    if value not in LABEL:
        raise ValueError
    return str(value)


def _type(value: object) -> str:
    if value not in EDGE_TYPE:
        raise ValueError
    return str(value)


def _sign(value: object) -> int:
    sign = _integer(value)
    if sign not in (1, -1):
        raise ValueError
    return sign


_KINDS: dict[str, Callable[[object], Any]] = {
    "string": _string,
    "strings": _strings,
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "label": _label,
    "type": _type,
    "sign": _sign,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a named query.

    Parameters
    ----------
    name
        Its name, without the dollar sign.
    kind
        ``string``, ``strings``, ``integer``, ``float``, ``boolean``, ``label`` (the name of a
        label), ``type`` (of an edge), ``sign`` (1 or -1), or what the value names: a node of a
        label, or ``Node``.
    doc
        What it means.
    example
        A value, as text.
    default
        Its value when it is left out; None if it must be given.
    """

    name: str
    kind: str
    doc: str
    example: str
    default: Any = None

    @property
    def is_node(self) -> bool:
        """Whether the value names a node."""
        return self.kind not in _KINDS

    @property
    def label(self) -> str | None:
        """The label of the node that the value names; None for any, or where it names none."""
        return self.kind if self.is_node and self.kind != ANY_NODE else None

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is None

    def value(self, given: object) -> Any:
        """Check a value; a text that spells a number or a truth value is read as such.

        Raises
        ------
        ValueError
            If it is of another type.
        """
        return _KINDS.get(self.kind, _string)(given)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a named query: its name and what stands in it."""

    name: str
    doc: str


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A question that has a name.

    Parameters
    ----------
    name
        Its name: the name of the file.
    sentence
        What it answers.
    parameters, columns
        What it takes and gives, in order.
    cypher
        The text for Neo4j, header included.
    embedded
        The text for the embedded graph where it differs.
    """

    name: str
    sentence: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    cypher: str
    embedded: str | None = None

    @property
    def usage(self) -> str:
        """The parameters with examples, as on a command line; those in brackets may be left out."""
        words = [
            (p, f'{p.name}="{p.example}"' if " " in p.example else f"{p.name}={p.example}")
            for p in self.parameters
        ]
        return " ".join(word if p.required else f"[{word}]" for p, word in words)

    @property
    def example(self) -> str:
        """Every parameter with its example, as it can be typed on a command line."""
        return " ".join(f"{p.name}={shlex.quote(p.example)}" for p in self.parameters)

    def text(self, engine: str) -> str:
        """Give the Cypher for an engine: ``neo4j`` or ``ladybug``."""
        return self.embedded if engine == "ladybug" and self.embedded is not None else self.cypher

    def statements(self, engine: str) -> tuple[str, ...]:
        """Give the statements for an engine, in the order of their rows."""
        return tuple(self.text(engine).split(_END))

    def run(
        self, store: GraphStore, bound: Mapping[str, Any], *, limits: ReadLimits = DEFAULT_LIMITS
    ) -> ResultTable:
        """Run the statements with what :meth:`bind` gave, until ``limit`` rows are there.

        Raises
        ------
        QueryTimeout
            If all of them together ran longer than ``limits.timeout``.
        """
        deadline = time.monotonic() + limits.timeout
        wanted = bound.get("limit", math.inf)
        rows: list[tuple[Any, ...]] = []
        for statement in self.statements(store.engine):
            left = replace(
                limits,
                timeout=max(0.001, deadline - time.monotonic()),
                max_rows=limits.max_rows - len(rows),
            )
            given = {**bound, "limit": wanted - len(rows)} if "limit" in bound else bound
            prepares = _GIVES.search(statement) is not None
            left = replace(left, max_rows=_ALL) if prepares else left
            try:
                part = store.read(statement, _taken(statement, given), limits=left)
            except QueryTimeout:
                raise timed_out(limits) from None
            if prepares:
                lists = self._lists(part, limits)
                bound = {**bound, **{n: [*bound.get(n, ()), *lists[n]] for n in lists}}
                continue
            rows += part.rows
            if part.truncated or len(rows) >= wanted:
                break
        return cut(ResultTable(part.columns, rows, part.truncated), limits)

    def _lists(self, part: ResultTable, limits: ReadLimits) -> dict[str, list[Any]]:
        """Give the columns of what a statement prepared, which must be whole."""
        if part.truncated:
            raise QueryError(
                f"the query {self.name!r} goes over more nodes than {limits.max_bytes:,} bytes "
                "hold; ask about a node with fewer edges, or raise the limit of bytes"
            )
        return {name: [row[i] for row in part.rows] for i, name in enumerate(part.columns)}

    def bind(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Check the parameters and fill in the defaults.

        Raises
        ------
        UsageError
            If one is missing, unknown or of another type; it lists the right ones.
        """
        known = {p.name for p in self.parameters}
        if unknown := sorted(set(given) - known):
            raise self._wrong(f"takes no {', '.join(map(repr, unknown))}")
        bound = {}
        for p in self.parameters:
            value = p.default if given.get(p.name) is None else given[p.name]
            if value is None:
                raise self._wrong(f"needs {p.name!r}")
            try:
                bound[p.name] = p.value(value)
            except ValueError:
                raise self._wrong(f"got {p.name}={value!r}, which is no {p.kind}") from None
        return bound

    def _wrong(self, what: str) -> UsageError:
        lines = [
            f"  {p.name} ({p.kind}{'' if p.required else f', default {p.default}'}): {p.doc} "
            f"Example: {p.example}"
            for p in self.parameters
        ]
        listed = "\n".join(lines) if lines else "  none"
        return UsageError(f"the query {self.name!r} {what}; its parameters are:\n{listed}")


# ---- the files -------------------------------------------------------------------------------

_EMBEDDED = ".ladybug"
#: What prepares is cut by its bytes alone, and refused then.
_ALL = 1 << 31
_GIVES = re.compile(r"^// @gives (?P<names>.+)$", re.MULTILINE)
_END = ";\n"
_PARAM = re.compile(
    r"@param (?P<name>\w+) (?P<kind>\w+)(?: = (?P<default>\S+))? "
    r"(?P<doc>.+?) e\.g\. (?P<example>.+)"
)
_COLUMN = re.compile(r"@column (?P<name>\w+) (?P<doc>.+)")


def _taken(statement: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parameters that a statement names."""
    names = parameter_names(statement)
    return {name: value for name, value in given.items() if name in names}


def queries_folder() -> Path:
    """Where the files are: in the package (a wheel), or beside it (a checkout)."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "cypher" / "queries", package.parent / "cypher" / "queries"):
        if folder.is_dir():
            return folder
    raise TosgError(f"the named queries are missing from the installation at {package}")


@functools.cache
def _loaded(folder: Path) -> dict[str, NamedQuery]:
    paths = sorted(p for p in folder.glob("*.cypher") if not p.stem.endswith(_EMBEDDED))
    return {path.stem: parse_query(path) for path in paths}


def load_queries() -> dict[str, NamedQuery]:
    """Read the named queries, by name, sorted."""
    return dict(_loaded(queries_folder()))


def find_query(name: str) -> NamedQuery:
    """Look a named query up.

    Raises
    ------
    UsageError
        If there is none of that name; it names those that come near, and all.
    """
    queries = load_queries()
    if name in queries:
        return queries[name]
    near = difflib.get_close_matches(name, queries, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UsageError(f"no query is named {name!r}.{hint} There are: {', '.join(queries)}")


def parse_query(path: Path) -> NamedQuery:
    """Read a query file with its header.

    Raises
    ------
    UsageError
        If a header line is not of the form above; it names the file and the line.
    """
    text = path.read_text(encoding="utf-8")
    parameters: list[Parameter] = []
    columns: list[Column] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix("//").strip()
        if not line.startswith("//") or not content.startswith("@"):
            continue
        if match := _PARAM.fullmatch(content):
            parameters.append(_parameter(match, f"{path}:{number}"))
        elif match := _COLUMN.fullmatch(content):
            columns.append(Column(match["name"], match["doc"]))
        else:
            raise UsageError(
                f"{path}:{number}: {content!r} found; expected '@param name kind doc e.g. example' "
                "or '@column name doc'"
            )
    embedded = path.with_name(f"{path.stem}{_EMBEDDED}.cypher")
    return NamedQuery(
        name=path.stem,
        sentence=lines[0].removeprefix("//").strip() if lines else "",
        parameters=tuple(parameters),
        columns=tuple(columns),
        cypher=text,
        embedded=embedded.read_text(encoding="utf-8") if embedded.exists() else None,
    )


def _parameter(match: re.Match[str], where: str) -> Parameter:
    kind = match["kind"]
    if kind not in _KINDS and kind not in LABEL and kind != ANY_NODE:
        allowed = ", ".join([*_KINDS, ANY_NODE, *LABEL])
        raise UsageError(f"{where}: the kind {kind!r} is not one of {allowed}")
    plain = Parameter(match["name"], kind, match["doc"], match["example"])
    if match["default"] is None:
        return plain
    default = plain.value(match["default"])
    return Parameter(plain.name, kind, plain.doc, plain.example, default)
