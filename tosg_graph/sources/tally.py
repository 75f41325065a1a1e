"""A tally of rows that a loader passes over by the thousand, for one reject per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


class Tally:
    """Counts rows by kind over all the chunks of a file, with the line where each kind began."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}

    def add(self, kinds: pd.Series[Any], lines: pd.Series[Any]) -> None:
        """Count the rows of one chunk: what each row is, and its line."""
        groups = lines.groupby(kinds.to_numpy(), sort=False).agg(["min", "size"])
        for kind, first, rows in groups.itertuples(name=None):
            self._add(kind, first, rows)

    def add_columns(self, kinds: pa.ChunkedArray | str, lines: pa.ChunkedArray) -> None:
        """Count the rows of one Arrow table; one word for ``kinds`` says that all are alike."""
        if not len(lines):
            return
        if isinstance(kinds, str):
            self._add(kinds, pc.min(lines).as_py(), len(lines))
            return
        rows = pa.table({"kind": kinds, "line": lines}).group_by("kind", use_threads=False)
        groups = rows.aggregate([("line", "min"), ("line", "count")])
        for group in groups.to_pylist():
            self._add(group["kind"], group["line_min"], group["line_count"])

    def _add(self, kind: str, first: int, rows: int) -> None:
        line, n = self._seen.get(kind, (first, 0))
        self._seen[kind] = (line, n + rows)

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of rows of each kind."""
        return {kind: n for kind, (_, n) in self._seen.items()}

    def rows(self, reason: str | Callable[[str], str | None]) -> pd.DataFrame:
        """Give one row per kind: ``reason``, ``value`` (kind and number), ``rows``, ``line``.

        Parameters
        ----------
        reason
            Why the rows are passed over; or a function that says it of a kind, and None of a kind
            that is not passed over.
        """
        reason_of = reason if callable(reason) else lambda kind: reason
        said = {kind: reason_of(kind) for kind in self._seen}
        found = [item for item in self._seen.items() if said[item[0]] is not None]
        found.sort(key=lambda item: item[1])
        values = [f"{kind}: {n:,} {'row' if n == 1 else 'rows'}" for kind, (_, n) in found]
        lines = [line for _, (line, _) in found]
        reasons = [said[kind] for kind, _ in found]
        counts = [n for _, (_, n) in found]
        return pd.DataFrame({"reason": reasons, "value": values, "rows": counts, "line": lines})
