"""Fetching from a real server: what comes, what is recorded, what a second run asks for."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import socket
import zipfile
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sources.web import Web
from tests.sources.zoo import ONE, SOON, TWO, WHOLE, animals, names, one
from tosg_graph.errors import SourceError, UsageError
from tosg_graph.sources import Download, FileSpec, Source
from tosg_graph.sources.fetch import fetch
from tosg_graph.sources.record import origin
from tosg_graph.sources.registry import find_files


def test_a_file_comes_with_a_record_of_where_it_is_from(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE, headers={"X-UniProt-Release": "2025_03"})
    before = datetime.now(UTC).date()
    seen: list[tuple[str, int, int | None]] = []
    url = web.url("/animals").replace("//", "//me:pass@") + "?token=abc&v=2"
    done = one(animals(url), tmp_path, watch=lambda *what: seen.append(what))
    assert (done.did, done.size, done.note) == ("fetched", len(ONE), None)
    assert done.path.read_bytes() == ONE
    assert names(tmp_path) == WHOLE
    record = json.loads((tmp_path / WHOLE[1]).read_text())
    day = datetime.strptime(record.pop("fetched"), "%Y-%m-%d").date()
    assert before <= day <= datetime.now(UTC).date()
    public = web.url("/animals") + "?token=***&v=2"
    assert done.url == public
    assert record == {
        "source": "animals",
        "role": "animals",
        "url": public,
        "final_url": public,
        "version": "2025_03",
        "etag": '"1"',
        "last_modified": "Mon, 02 Jun 2025 10:00:00 GMT",
        "licence": "CC0-1.0",
        "bytes": len(ONE),
        "sha256": hashlib.sha256(ONE).hexdigest(),
    }
    fixed = animals(url, name="fixed", release="7")  # goes before what the server says
    assert origin(one(fixed, tmp_path / "fixed").path)["version"] == "7"
    assert seen[-1] == ("animals/animals.tsv", len(ONE), len(ONE))
    assert [have for _, have, _ in seen] == sorted(have for _, have, _ in seen)


def test_no_log_tells_a_secret(web: Web, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    web.put("/animals", ONE)
    url = web.url("/animals").replace("//", "//me:hidden@") + "?api_key=hidden"
    with caplog.at_level("INFO"):
        one(animals(url), tmp_path)
    assert f"{web.url('/animals')}?api_key=***" in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("etag", ['"é"', 5, '"a\nX-Evil: b"'])
def test_a_record_that_was_edited_breaks_nothing(web: Web, tmp_path: Path, etag: object) -> None:
    web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    record = json.loads((tmp_path / WHOLE[1]).read_text())
    (tmp_path / WHOLE[1]).write_text(json.dumps({**record, "etag": etag}))
    assert one(source, tmp_path).did == "unchanged"  # told by the date
    assert "If-None-Match" not in web.asked[-1].headers


def test_what_was_fetched_can_be_read_and_records_are_no_data(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    located = find_files(tmp_path, [source], {})
    assert located.files["animals"]["animals"].path == tmp_path / WHOLE[0]
    assert located.unused == ()


def test_a_second_run_downloads_nothing(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    record = (tmp_path / WHOLE[1]).read_bytes()
    assert one(source, tmp_path).did == "unchanged"
    assert web.statuses("/animals") == [200, 304]
    assert web.sent("/animals") == len(ONE)
    assert (tmp_path / WHOLE[1]).read_bytes() == record


@pytest.mark.parametrize("how", [{"etag": None}, {"changed": None}, {"etag": 'W/"1"'}])
def test_one_mark_of_the_version_is_enough(
    web: Web, tmp_path: Path, how: dict[str, str | None]
) -> None:
    web.put("/animals", ONE, **how)
    source = animals(web.url("/animals"))
    assert [one(source, tmp_path).did for _ in range(2)] == ["fetched", "unchanged"]
    assert web.statuses("/animals") == [200, 304]


def test_a_server_that_tells_no_versions_apart_is_not_asked_again(web: Web, tmp_path: Path) -> None:
    page = web.put("/animals", ONE, etag=None, changed=None)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    done = one(source, tmp_path)
    assert done.did == "kept"
    assert "--force" in str(done.note)
    assert web.statuses("/animals") == [200]
    page.body = TWO
    assert one(source, tmp_path, force=True).did == "fetched"
    assert done.path.read_bytes() == TWO


def test_a_newer_file_takes_the_place_of_the_old_one(web: Web, tmp_path: Path) -> None:
    page = web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    page.body, page.etag, page.changed = TWO, '"2"', "Tue, 03 Jun 2025 10:00:00 GMT"
    done = one(source, tmp_path)
    assert done.did == "fetched"
    assert done.path.read_bytes() == TWO
    record = json.loads((tmp_path / WHOLE[1]).read_text())
    assert record["version"] == "2025-06-03"
    assert record["sha256"] == hashlib.sha256(TWO).hexdigest()


def test_marks_of_a_version_mean_nothing_at_another_address(web: Web, tmp_path: Path) -> None:
    web.put("/old", ONE)
    web.put("/new", TWO)  # which says the same ETag and day
    one(animals(web.url("/old")), tmp_path)
    done = one(animals(web.url("/new")), tmp_path)
    assert (done.did, done.path.read_bytes()) == ("fetched", TWO)
    assert web.statuses("/new") == [200]


def test_a_hash_that_is_pinned_later_is_fetched_anew(web: Web, tmp_path: Path) -> None:
    page = web.put("/animals", ONE)
    one(animals(web.url("/animals")), tmp_path)
    page.body = TWO  # under the same ETag and day
    digest = hashlib.sha256(TWO).hexdigest()
    download = Download("animals", web.url("/animals"), "animals.tsv", sha256=digest)
    assert one(animals("", downloads=(download,)), tmp_path).path.read_bytes() == TWO


def test_force_fetches_what_is_unchanged(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    assert one(source, tmp_path, force=True).did == "fetched"
    assert web.statuses("/animals") == [200, 200]


def test_a_file_of_ones_own_is_kept_until_it_is_said_otherwise(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    mine = tmp_path / "animals" / "animals.tsv"
    mine.parent.mkdir()
    mine.write_bytes(TWO)
    done = one(source, tmp_path)
    assert (done.did, done.note) == ("kept", "it was not fetched; --force fetches it")
    assert (mine.read_bytes(), web.asked) == (TWO, [])
    assert one(source, tmp_path, force=True).did == "fetched"
    assert mine.read_bytes() == ONE


def test_a_fetched_file_that_was_edited_is_kept(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    path = one(source, tmp_path).path
    path.write_bytes(TWO)
    done = one(source, tmp_path)
    assert (done.did, path.read_bytes()) == ("kept", TWO)
    assert "not as it was fetched" in str(done.note)


@pytest.mark.parametrize("name", ["elsewhere/Animals_2024.tsv.gz", "x.dat"])
def test_a_file_under_another_name_is_not_fetched_again(
    web: Web, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(TWO))
    done = one(animals(web.url("/animals")), tmp_path, force=True)
    assert (done.did, done.path, web.asked) == ("kept", path, [])
    assert "remove it" in str(done.note)


def test_a_pinned_hash_is_checked_and_needs_no_second_question(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    digest = hashlib.sha256(ONE).hexdigest()
    download = Download("animals", web.url("/animals"), "animals.tsv", sha256=digest)
    source = animals("", downloads=(download,))
    assert [one(source, tmp_path).did for _ in range(2)] == ["fetched", "unchanged"]
    assert web.statuses("/animals") == [200]


def test_a_file_with_another_hash_is_not_kept(web: Web, tmp_path: Path) -> None:
    web.put("/animals", TWO)
    digest = hashlib.sha256(ONE).hexdigest()
    download = Download("animals", web.url("/animals"), "animals.tsv", sha256=digest)
    done = one(animals("", downloads=(download,)), tmp_path)
    assert done.did == "failed"
    for said in (digest, hashlib.sha256(TWO).hexdigest(), "https://example.org/animals"):
        assert said in str(done.note)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the file is empty"),
        (b"\n<!DOCTYPE html><html><body>Moved</body></html>", "a web page"),
        (b"animal\tlimbs\ncat\t4\n", "'legs'"),
        (gzip.compress(ONE)[:-400], "cut off or damaged"),
    ],
)
def test_what_is_not_the_file_is_not_kept(web: Web, tmp_path: Path, body: bytes, said: str) -> None:
    web.put("/animals", body)
    download = Download("animals", web.url("/animals"), "animals.tsv.gz")
    done = one(animals("", downloads=(download,)), tmp_path)
    assert done.did == "failed"
    assert said in str(done.note)
    assert "https://example.org/animals" in str(done.note)
    assert names(tmp_path) == []


def test_a_refresh_that_fails_leaves_the_old_file(web: Web, tmp_path: Path) -> None:
    page = web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    page.body, page.etag = b"<html>Sorry</html>", '"2"'
    assert one(source, tmp_path).did == "failed"
    assert (tmp_path / WHOLE[0]).read_bytes() == ONE
    assert names(tmp_path) == WHOLE


def test_bytes_are_kept_as_they_come_whatever_the_server_calls_them(
    web: Web, tmp_path: Path
) -> None:
    packed = gzip.compress(ONE)
    web.put("/animals", packed, headers={"Content-Encoding": "gzip"})
    download = Download("animals", web.url("/animals"), "animals.tsv.gz")
    source = animals("", downloads=(download,))
    done = one(source, tmp_path)
    assert done.path.read_bytes() == packed
    rows = find_files(tmp_path, [source], {}).files["animals"]["animals"]
    assert sum(len(frame) for frame in rows.frames()) == 20_000


# ---- archives --------------------------------------------------------------------------------


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def from_archive(url: str, sha256: str | None = None) -> Source:
    download = Download("animals", url, "animals.tsv", sha256, member="animals-*.tsv")
    return animals("", downloads=(download,))


def test_a_file_is_taken_out_of_its_archive(web: Web, tmp_path: Path) -> None:
    archive = zipped(**{"a/animals-1.tsv": ONE, "a/plants-1.tsv": TWO, "../../evil.sh": b"x"})
    web.put("/zip", archive, cuts=deque([1000]))
    source = from_archive(web.url("/zip"))
    done = one(source, tmp_path)
    assert (done.did, done.size) == ("resumed", len(ONE))
    assert done.path.read_bytes() == ONE
    assert names(tmp_path) == WHOLE
    record = json.loads((tmp_path / WHOLE[1]).read_text())
    assert record["sha256"] == hashlib.sha256(ONE).hexdigest()
    digest = hashlib.sha256(archive).hexdigest()
    assert record["archive"] == {"bytes": len(archive), "sha256": digest}
    assert one(source, tmp_path).did == "unchanged"
    assert one(from_archive(web.url("/zip"), digest), tmp_path).did == "unchanged"
    assert web.statuses("/zip") == [200, 206, 304]


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (zipped(x=ONE), "0 files of the archive are named like animals-\\*.tsv"),
        (zipped(**{"animals-1.tsv": ONE, "b/animals-2.tsv": TWO}), "2 files of the archive"),
        (zipped(**{"animals-1.tsv": b"animal\tlimbs\n"}), "'legs'"),
        (ONE, "cannot be unpacked"),
        (zipped(**{"animals-1.tsv": ONE})[:-100], "cannot be unpacked"),
    ],
)
def test_an_archive_that_is_not_the_one(
    web: Web, tmp_path: Path, archive: bytes, said: str
) -> None:
    web.put("/zip", archive)
    done = one(from_archive(web.url("/zip")), tmp_path)
    assert done.did == "failed"
    assert re.search(said, str(done.note))
    assert names(tmp_path) == []


# ---- what cannot be fetched ------------------------------------------------------------------


def test_a_source_without_an_address_says_where_to_get_it(tmp_path: Path) -> None:
    done = one(animals("", downloads=(), by_hand="sign in at the zoo"), tmp_path)
    assert done.did == "by hand"
    page = "https://example.org/animals"
    assert done.note == f"sign in at the zoo ({page}), and put it in the data folder"
    plain = one(animals("", downloads=()), tmp_path)
    assert "get the file from https://example.org/animals" in str(plain.note)
    (tmp_path / "animals.tsv").write_bytes(ONE)
    assert one(animals("", downloads=()), tmp_path).did == "kept"


def test_of_files_any_of_which_will_do_one_is_got_by_hand(tmp_path: Path) -> None:
    specs = tuple(FileSpec(r, (f"{r}.tsv",), ("animal", "legs"), optional=True) for r in "ab")
    source = animals("", downloads=(), files=specs)
    assert one(source, tmp_path).did == "by hand"
    (tmp_path / "b.tsv").write_bytes(ONE)
    done = one(source, tmp_path)
    assert (done.did, done.role) == ("kept", "b")


def test_a_file_that_a_source_can_do_without_is_named_with_what_it_adds(tmp_path: Path) -> None:
    (tmp_path / "animals.tsv").write_bytes(ONE)
    cages = FileSpec("cages", ("cages.tsv",), ("cage",), optional=True, adds="where they sleep")
    source = animals("", downloads=())
    source = replace(source, files=(*source.files, cages))
    there, absent = fetch([source], tmp_path, patience=SOON)
    assert (there.did, absent.did, absent.role) == ("kept", "also useful", "cages")
    assert str(absent.note).startswith("where they sleep. By hand: get the file from https://")
    assert find_files(tmp_path, [source], {}).report()["also_useful"] == {
        "animals.cages": "where they sleep"
    }
    (tmp_path / "cages.tsv").write_bytes(b"cage\n1\n")
    assert [each.role for each in fetch([source], tmp_path, patience=SOON)] == ["animals"]
    assert find_files(tmp_path, [source], {}).also_useful == {}


def test_a_failure_does_not_stop_the_others(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    gone = animals(web.url("/none"), name="gone")
    done = fetch([gone, animals(web.url("/animals"))], tmp_path, patience=SOON)
    assert [each.did for each in done] == ["failed", "fetched"]
    assert "404: the file may have moved. By hand: get" in str(done[0].note)
    old = one(animals(web.url("/none"), release="2025-06"), tmp_path / "old")
    assert "may have moved; the address is that of release 2025-06. By hand" in str(old.note)


@pytest.mark.parametrize(
    "name", ["../x.tsv", "/etc/x.tsv", "..", "a/b.tsv", ".x.tsv", "a\n.tsv", ""]
)
def test_a_name_does_not_lead_out_of_the_folder(web: Web, tmp_path: Path, name: str) -> None:
    web.put("/animals", ONE)
    download = Download("animals", web.url("/animals"), name)
    with pytest.raises(SourceError, match="expected a plain name"):
        one(animals("", downloads=(download,)), tmp_path / "data")
    assert web.asked == []
    assert names(tmp_path) == []


def test_a_loader_that_fetches_what_it_does_not_read(web: Web, tmp_path: Path) -> None:
    download = Download("plants", web.url("/plants"), "plants.tsv")
    with pytest.raises(SourceError, match="fetches a file 'plants' that it does not read"):
        one(animals("", downloads=(download,)), tmp_path)
    assert web.asked == []


def test_the_name_that_the_server_gives_does_not_count(web: Web, tmp_path: Path) -> None:
    hostile = 'attachment; filename="../../evil.sh"'
    web.put("/animals", ONE, headers={"Content-Disposition": hostile})
    one(animals(web.url("/animals")), tmp_path / "data")
    assert names(tmp_path / "data") == WHOLE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        one(animals("http://127.0.0.1:1/"), tmp_path / "data")


def test_a_host_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    with socket.socket() as closed:  # bound and not listening: a connection is refused
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/one.tsv"
        (done,) = fetch([animals(url)], tmp_path, patience=SOON)
    assert done.did == "failed"
    assert str(done.note).startswith("127.0.0.1 cannot be reached (")
