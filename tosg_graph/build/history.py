"""The builds of a folder: which there are, and which one a word means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tosg_graph.build.tables import MANIFEST, Build
from tosg_graph.errors import BuildError, UsageError

#: Candidates that an error lists at most.
_LISTED = 8


def builds(folder: Path) -> list[Build]:
    """Finished builds below a folder, the newest first; what is damaged is left out."""
    found = []
    for manifest in folder.glob(f"[!.]*/{MANIFEST}"):
        try:
            found.append((manifest.stat().st_mtime_ns, Build.open(manifest.parent)))
        except BuildError:
            continue
    return [build for _, build in sorted(found, key=lambda one: (-one[0], one[1].id))]


def find_build(folder: Path, word: str, current: str | None) -> Build:
    """Find the build that a word means.

    Parameters
    ----------
    folder
        Folder of builds.
    word
        A build id or the beginning of one, ``current``, ``previous`` (the newest beside the
        current one), or the path of a build's folder.
    current
        Id of the current build, if there is one.

    Raises
    ------
    UsageError
        If it means none, or several.
    """
    known = builds(folder)
    if word == "current":
        fitting = [build for build in known if build.id == current]
    elif word == "previous":
        fitting = [build for build in known if build.id != current][:1]
    else:
        fitting = [build for build in known if build.id == word]
        fitting = fitting or [build for build in known if build.id.startswith(word)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and (Path(word) / MANIFEST).is_file():
        return Build.open(word)
    if word == "previous" and known:
        raise UsageError(
            f"{folder} holds one build only, {known[0].id}, and none before it to compare it with. "
            f"When files of a source have changed, build again (tosg build --data DIR "
            f"-w {folder.parent}), then run this again; or name the folder of another build: "
            f"tosg diff FOLDER -w {folder.parent}"
        )
    what = "no build" if not fitting else f"{len(fitting)} builds"
    raise UsageError(f"{word!r} names {what}; {_candidates(folder, fitting or known, current)}")


def _candidates(folder: Path, known: Sequence[Build], current: str | None) -> str:
    if not known:
        return f"{folder} holds no builds yet: make one with tosg build"
    names = [b.id + (" (current)" if b.id == current else "") for b in known]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    listed = ", ".join(names[:_LISTED])
    return f"{folder} holds {listed}{more}; a folder of a build can be named as well"
