"""Bringing a living Neo4j from one build to the next.

The order of the steps keeps the graph whole for its readers, and every statement may run twice:
new nodes · changed nodes · withdrawn edges · new and changed edges · withdrawn nodes. So an update
that was killed is completed by running it again from the start. While it runs, the mark of the
database (see :mod:`tosg_graph.graph.neo4j_load`) says ``updating`` with both builds; what the last
update did stays in the name of one more index.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from tosg_graph.build.diff import Diff
from tosg_graph.errors import StoreError
from tosg_graph.graph.neo4j_batches import (
    Batch,
    add_edges,
    change_edges,
    set_nodes,
    withdraw_edges,
    withdraw_nodes,
)
from tosg_graph.graph.neo4j_load import TRANSACTION_ROWS, Loader
from tosg_graph.graph.parts import by_ends
from tosg_graph.graph.store import Counts, Progress, tell
from tosg_graph.schema import EDGE_TYPES, LABELS, SCHEMA_VERSION

_UPDATING = re.compile(
    r"tosg-graph updating build=(?P<to>\S+) from=(?P<from>\S+) schema=(?P<schema>\S+)"
)
#: Not the prefix of the marks: this index says what was done, not what there is.
_RUN_PREFIX = "tosg-run "
_RUN = re.compile(
    r"tosg-run update build=(?P<build>\S+) from=(?P<from>\S+) run=(?P<run>\S+) time=(?P<time>\S+) "
    r"nodes=(?P<nodes>\S+) edges=(?P<edges>\S+)"
)


@dataclass(frozen=True)
class Updater(Loader):
    """Applies differences of builds through the ways of talking to a server of a loader."""

    def update(self, diff: Diff, *, progress: Progress | None = None) -> str:
        """Bring the database from the older build to the newer.

        Returns
        -------
        str
            ``unchanged``, ``changes`` or ``completed``, as :class:`UpdateReport` says.
        """
        held = self.complete_build()
        if held == diff.after.id:
            self._settle_indexes(progress)
            return "unchanged"
        resumed = self.unfinished() == (diff.before.id, diff.after.id)
        if not resumed:
            self._check_base(diff, held)
        updating = _updating(diff)
        self._set_mark(updating)
        self._drop_marks(set(self._marks()) - {updating})
        self._settle_indexes(progress)  # facts are found by them
        self._set_nodes(diff, progress)
        self._withdraw_edges(diff, progress)
        self._set_edges(diff, progress)
        self._withdraw_nodes(diff, progress)
        self._finish(diff.after, progress)
        self._record(diff)
        return "completed" if resumed else "changes"

    def unfinished(self) -> tuple[str, str] | None:
        """Read which update was interrupted: (from, to)."""
        found = [_UPDATING.fullmatch(mark) for mark in self._marks()]
        ours = [match for match in found if match and match["schema"] == SCHEMA_VERSION]
        return (ours[0]["from"], ours[0]["to"]) if len(ours) == 1 else None

    def last_update(self) -> dict[str, str] | None:
        """Read what the update did that made the build which the database holds.

        ``build``, ``from``, ``run`` (its id), ``time`` (UTC), ``nodes`` and ``edges`` as
        ``+added-withdrawn~changed``.
        """
        held = self.complete_build()
        found = [_RUN.fullmatch(name) for name in self._indexes(_RUN_PREFIX)]
        ours = [match.groupdict() for match in found if match and match["build"] == held]
        return ours[0] if ours else None

    # ---- before and after --------------------------------------------------------------------

    def _check_base(self, diff: Diff, held: str | None) -> None:
        if held != diff.before.id:
            raise StoreError(
                f"the database at {self.where} holds {self._held_in_words(held)}; this update "
                f"goes from build {diff.before.id} to {diff.after.id}: load anew with tosg load"
            )
        self.check_ours()
        found, expected = self.counts(), Counts.of_build(diff.before)
        if found != expected:
            raise StoreError(
                f"{self.where} holds {found.n_nodes:,} nodes and {found.n_edges:,} edges, its "
                f"build {held} has {expected.n_nodes:,} and {expected.n_edges:,}; somebody else "
                "changed it: empty the database and load anew with tosg load"
            )

    def _held_in_words(self, held: str | None) -> str:
        if held is not None:
            return f"build {held}"
        unfinished = self.unfinished()
        if unfinished is not None:
            return "an unfinished update from build {} to {}".format(*unfinished)
        return "no whole build"

    def _record(self, diff: Diff) -> None:
        """Say in the name of an index what was done; one of an earlier update goes."""
        time = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        counts = {what: _signed(numbers) for what, numbers in diff.counts().items()}
        name = (
            f"{_RUN_PREFIX}update build={diff.after.id} from={diff.before.id} "
            f"run={uuid.uuid4().hex[:12]} time={time} "
            f"nodes={counts['nodes']} edges={counts['edges']}"
        )
        drop = [f"DROP INDEX `{former}` IF EXISTS" for former in self._indexes(_RUN_PREFIX)]
        on = f"FOR (n:{LABELS[0].name}) ON (n.tosg_run)"
        self.define([*drop, f"CREATE INDEX `{name}` IF NOT EXISTS {on}"])

    # ---- rows --------------------------------------------------------------------------------

    def _set_nodes(self, diff: Diff, progress: Progress | None) -> None:
        for kind in ("added", "changed"):
            for label in LABELS:
                for table in self._batches(diff, f"nodes/{label.name}", kind, progress):
                    for batch in set_nodes(label.name, table):
                        self._send(batch)

    def _withdraw_edges(self, diff: Diff, progress: Progress | None) -> None:
        for edge in EDGE_TYPES:
            for table in self._batches(diff, f"edges/{edge.name}", "withdrawn", progress):
                self._send(withdraw_edges(edge.name, table))

    def _set_edges(self, diff: Diff, progress: Progress | None) -> None:
        for edge in EDGE_TYPES:
            name = f"edges/{edge.name}"
            where = str(diff.file(name, "added"))
            for table in self._batches(diff, name, "added", progress):
                for part in by_ends(table, edge.name, where):
                    for batches in add_edges(edge.name, part):
                        self._send(*batches)
            for table in self._batches(diff, name, "changed", progress):
                for batch in change_edges(edge.name, table):
                    self._send(batch)

    def _withdraw_nodes(self, diff: Diff, progress: Progress | None) -> None:
        for label in LABELS:
            for table in self._batches(diff, f"nodes/{label.name}", "withdrawn", progress):
                self._send(withdraw_nodes(label.name, table))

    def _batches(
        self, diff: Diff, name: str, kind: str, progress: Progress | None
    ) -> Iterator[pa.Table]:
        """Read what was added, withdrawn or changed, in tables for one transaction each."""
        if number := diff.rows(name, kind):
            folder, _, what = name.partition("/")
            tell(progress, f"{what}: {number:,} {kind}")
            yield from diff.batches(name, kind, rows=TRANSACTION_ROWS[folder])

    def _send(self, *batches: Batch) -> None:
        """Write batches, which may be written twice, in one transaction."""
        if not self.write_all(batches):
            raise self._lost(batches[-1])


def _updating(diff: Diff) -> str:
    return (
        f"tosg-graph updating build={diff.after.id} from={diff.before.id} schema={SCHEMA_VERSION}"
    )


def _signed(numbers: Mapping[str, int]) -> str:
    return f"+{numbers['added']}-{numbers['withdrawn']}~{numbers['changed']}"
