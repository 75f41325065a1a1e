"""What comes back from a question."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass, field
from typing import Any

#: Rows that a notebook shows.
_SHOWN = 20


@dataclass(frozen=True)
class Answer:
    """The outcome of one question; every claim in ``text`` stands on a row and an edge.

    Parameters
    ----------
    status
        ``answered``, ``empty``, ``ambiguous``, ``unknown_entity``, ``unanswerable``, ``refused``,
        ``timeout`` or ``failed``.
    answers
        What answers the question itself, in order: node ids, a number, true or false, PubMed ids,
        or names of groups of cells.
    reading
        The question as it was understood, in words.
    plan
        The same in types.
    cypher, parameters
        The query that the rows come from; it can be run again as it stands.
    columns, rows
        The rows. Where a name is ambiguous or unknown: what it may stand for.
    truncated
        Whether a limit cut the rows short.
    citations
        Per cited edge: ``answer``, ``edge_id``, ``type``, ``source``, ``target``, ``sign``,
        ``sources``, ``pmids``, ``licences``.
    subgraph
        ``nodes`` and ``edges`` of the evidence.
    timings
        Seconds per step.
    build_id
        The graph build that was asked.
    warnings
        What a reader should know.
    text
        The answer in sentences.
    """

    status: str
    answers: list[Any] = field(default_factory=list)
    reading: str = ""
    plan: dict[str, Any] | None = None
    cypher: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    rows: list[list[Any]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    truncated: bool = False
    citations: list[dict[str, Any]] = field(default_factory=list)
    subgraph: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"nodes": [], "edges": []}
    )
    timings: dict[str, float] = field(default_factory=dict)
    build_id: str = ""
    warnings: list[str] = field(default_factory=list)
    text: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Show the answer as plain values, ready for JSON."""
        return asdict(self)

    def to_pandas(self) -> Any:
        """Show the rows as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=self.columns)

    def _repr_markdown_(self) -> str:
        """Show the text, the reading and the notes, for a notebook."""
        notes = [f"> {warning}" for warning in self.warnings]
        read = [f"*{self.reading}*"] if self.reading else []
        return "\n\n".join([f"**{self.status}**", *read, self.text.replace("\n", "  \n"), *notes])

    def _repr_html_(self) -> str:
        """Show the text and a table of the first rows, for a notebook."""
        said = "".join(f"<p>{html.escape(line)}</p>" for line in self.text.splitlines())
        notes = "".join(f"<p><i>{html.escape(warning)}</i></p>" for warning in self.warnings)
        head = f"<p><b>{html.escape(self.status)}</b> {html.escape(self.reading)}</p>"
        return head + said + self._table() + notes

    def _table(self) -> str:
        if not self.rows:
            return ""
        names = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>"
            for row in self.rows[:_SHOWN]
        )
        more = f"<p>{len(self.rows)} rows, {min(len(self.rows), _SHOWN)} shown</p>"
        return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(item) for item in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)
