"""From the build that a database holds to the current one: what to compare, and what to apply."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from tosg_graph.build.diff import Diff, diff
from tosg_graph.build.tables import Build
from tosg_graph.errors import StoreError
from tosg_graph.graph.store import GraphStore, Progress, UpdateReport

_NONE = {"added": 0, "withdrawn": 0, "changed": 0}


def update(
    store: GraphStore,
    target: Build,
    kept: Iterable[Build],
    diffs: Path,
    *,
    progress: Progress | None = None,
) -> UpdateReport:
    """Bring a database to a build.

    Parameters
    ----------
    store
        The database.
    target
        The build that it shall hold.
    kept
        The builds that are at hand; the one that the database holds must be among them.
    diffs
        Folder of differences.
    progress
        Called with a line of text when a step begins.

    Raises
    ------
    StoreError
        If the database holds no build, or one that is not at hand.
    """
    unfinished = store.unfinished_update()
    if unfinished is not None and unfinished[1] != target.id:
        note = (
            f"an update from build {unfinished[0]} to {unfinished[1]} was interrupted there; what "
            "was half done was replaced"
        )
        return _load(store, target, progress, note)
    step = plan(store, target, kept, diffs, progress=progress)
    if step is None:
        return _load(store, target, progress, None)  # finishes an import, or changes nothing
    return store.apply(step, progress=progress)


def plan(
    store: GraphStore,
    target: Build,
    kept: Iterable[Build],
    diffs: Path,
    *,
    progress: Progress | None = None,
) -> Diff | None:
    """Compare the build that a database holds with another; None where it is that one.

    The parameters and errors are those of :func:`update`.
    """
    held = _held(store, target)
    if held == target.id:
        return None
    found = {build.id: build for build in kept}.get(held)
    if found is None:
        raise StoreError(
            f"the database holds build {held}, which this workspace does not keep "
            f"({diffs.parent / 'graph'}), so that its changes are not known; "
            "load the current build: tosg load"
        )
    return diff(found, target, diffs, statements=False, progress=progress)


def _held(store: GraphStore, target: Build) -> str:
    """Id of the build from which the database goes on."""
    unfinished = store.unfinished_update()
    held = unfinished[0] if unfinished is not None else store.build_id()
    if held is None:
        raise StoreError(
            "the database holds no whole build, so there is nothing to update; "
            "load the current build: tosg load"
        )
    if unfinished is not None and unfinished[1] != target.id:
        raise StoreError(
            f"an update from build {held} to {unfinished[1]} was interrupted there; "
            "tosg update replaces what was half done by the current build, whole"
        )
    return held


def _load(
    store: GraphStore, target: Build, progress: Progress | None, note: str | None
) -> UpdateReport:
    start = time.monotonic()
    held = store.build_id()
    report = store.load(target, progress=progress)
    return UpdateReport(
        engine=store.engine,
        from_build=held,
        build_id=target.id,
        nodes=dict(_NONE),
        edges=dict(_NONE),
        how="loaded" if report.changed else "unchanged",
        seconds=time.monotonic() - start,
        note=note,
    )
