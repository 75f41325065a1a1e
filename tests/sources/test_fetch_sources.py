"""Every source that has addresses is fetched from a mirror of its fixtures, and is whole then."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from tests.loaders.reading import FIXTURES
from tests.sources.web import Web
from tests.sources.zoo import SOON
from tosg_graph.sources import Download, Source
from tosg_graph.sources.fetch import fetch
from tosg_graph.sources.registry import discover, find_files

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
NAMES = sorted(name for name, source in discover().items() if source.downloads)


def fixture(source: Source, download: Download) -> Path | None:
    spec = next(spec for spec in source.files if spec.role == download.role)
    return next((p for p in (FIXTURES / source.name).iterdir() if spec.matches_name(p)), None)


def published(download: Download, path: Path) -> bytes:
    """The fixture as the address gives it: compressed as the name says, or in an archive."""
    if not download.member:
        return PACKERS.get(Path(download.file).suffix, bytes)(path.read_bytes())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"some/{download.file}", path.read_bytes())
        archive.writestr(f"some/{download.file}.readme", b"about the other")
    return packed.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_fetched_from_a_mirror_and_found(web: Web, tmp_path: Path, name: str) -> None:
    source = discover()[name]
    mirrored = []
    for download in source.downloads:
        path = fixture(source, download)
        if path is not None:
            web.put(f"/{download.role}", published(download, path))
            url = web.url(f"/{download.role}")
            mirrored.append(replace(download, url=url, sha256=None))
    assert mirrored
    here = replace(source, downloads=tuple(mirrored))
    not_fetched = {"by hand", "also useful"}
    done = [one for one in fetch([here], tmp_path, patience=SOON) if one.did not in not_fetched]
    assert {one.role: (one.did, one.note) for one in done} == {
        download.role: ("fetched", None) for download in mirrored
    }
    required = {spec.role for spec in source.files if not spec.optional}
    if required <= {download.role for download in mirrored}:
        located = find_files(tmp_path, list(discover().values()), {})
        assert [found.name for found in located.sources] == [name]
        assert {f.role: f.path.name for f in located.found} == {d.role: d.file for d in mirrored}
        assert located.unused == ()
        assert sum(chunk.table.num_rows for chunk in source.read(located.files[name])) > 0
