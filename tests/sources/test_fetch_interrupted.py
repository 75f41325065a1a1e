"""Fetching over a bad line: cut off, refused, redirected, killed; what comes in the end is whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.sources.web import CHUNK, Web, serving
from tests.sources.zoo import ONE, PARTS, SOON, TWO, WHOLE, animals, names, one
from tosg_graph.errors import SourceError
from tosg_graph.sources.fetch import fetch
from tosg_graph.sources.transfer import Patience

HALF = len(ONE) // 2
ROOT = Path(__file__).resolve().parents[2]


def leave_a_part(web: Web, data: Path, size: int = HALF, **how: object) -> None:
    """Fetch the beginning of ONE, from a server that fails after that."""
    web.put("/animals", ONE, cuts=deque([size]), after_cut=((500, {}),), **how)
    source = animals(web.url("/animals"))
    (done,) = fetch([source], data, patience=Patience(attempts=1, wait=0.0))
    assert done.did == "failed"
    assert "what came is kept" in str(done.note)
    assert names(data) == PARTS
    assert (data / PARTS[0]).read_bytes() == ONE[:size]
    web.asked.clear()


def ranges(web: Web) -> list[str | None]:
    return [asked.headers.get("Range") for asked in web.asked]


# ---- cut off, and gone on --------------------------------------------------------------------


@pytest.mark.parametrize("etag", ['"1"', None, '"é"'])
def test_a_body_that_is_cut_off_is_gone_on_with(web: Web, tmp_path: Path, etag: str | None) -> None:
    web.put("/animals", ONE, cuts=deque([100_000, 50_000]), etag=etag)
    done = one(animals(web.url("/animals")), tmp_path)
    assert done.did == "resumed"
    assert done.path.read_bytes() == ONE
    assert ranges(web) == [None, "bytes=100000-", "bytes=150000-"]
    assert web.sent("/animals") == len(ONE)
    assert names(tmp_path) == WHOLE


def test_a_server_that_sends_a_little_at_a_time(web: Web, tmp_path: Path) -> None:
    leave_a_part(web, tmp_path, at_most=50_000)
    done = one(animals(web.url("/animals")), tmp_path)
    assert (done.did, done.path.read_bytes()) == ("resumed", ONE)
    assert web.statuses("/animals") == [206] * 4


def test_the_next_run_goes_on_where_the_last_one_ended(web: Web, tmp_path: Path) -> None:
    leave_a_part(web, tmp_path)
    done = one(animals(web.url("/animals")), tmp_path)
    assert (done.did, done.path.read_bytes()) == ("resumed", ONE)
    assert (ranges(web), web.statuses("/animals")) == ([f"bytes={HALF}-"], [206])
    assert names(tmp_path) == WHOLE


def test_a_part_that_is_whole_needs_no_more_bytes(web: Web, tmp_path: Path) -> None:
    """As after a kill between the last byte and the move."""
    leave_a_part(web, tmp_path)
    (tmp_path / PARTS[0]).write_bytes(ONE)
    assert one(animals(web.url("/animals")), tmp_path).path.read_bytes() == ONE
    assert (web.statuses("/animals"), web.sent("/animals")) == ([416], 0)


def test_a_move_that_was_cut_off_is_finished(web: Web, tmp_path: Path) -> None:
    """As after a kill between the move of the file and that of its record."""
    web.put("/animals", ONE)
    source = animals(web.url("/animals"))
    one(source, tmp_path)
    record = (tmp_path / WHOLE[1]).read_bytes()
    (tmp_path / WHOLE[1]).rename(tmp_path / PARTS[1])
    assert one(source, tmp_path).did == "unchanged"
    assert names(tmp_path) == WHOLE
    assert (tmp_path / WHOLE[1]).read_bytes() == record


@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize("size", [HALF, len(ONE)])
def test_a_file_that_changed_meanwhile_is_begun_anew(
    web: Web, tmp_path: Path, checks: bool, size: int
) -> None:
    """Whether the server looks at ``If-Range`` or not, and where the new file is shorter, too."""
    leave_a_part(web, tmp_path)
    page = web.pages["/animals"]
    page.body = TWO if size == HALF else TWO[: TWO.index(b"\n", 1000) + 1]
    page.etag, page.checks_range = '"2"', checks
    done = one(animals(web.url("/animals")), tmp_path)
    assert done.path.read_bytes() == page.body
    assert json.loads((tmp_path / WHOLE[1]).read_text())["etag"] == '"2"'


def test_a_file_that_changed_under_the_same_date_is_told_by_its_length(
    web: Web, tmp_path: Path
) -> None:
    leave_a_part(web, tmp_path, etag=None)
    page = web.pages["/animals"]
    page.body = TWO + b"one more\t4\n"
    page.checks_range = False
    assert one(animals(web.url("/animals")), tmp_path).path.read_bytes() == page.body


def test_a_part_from_another_address_is_begun_anew(web: Web, tmp_path: Path) -> None:
    leave_a_part(web, tmp_path)
    web.put("/elsewhere", TWO)  # which says the same ETag and day, and is as long
    done = one(animals(web.url("/elsewhere")), tmp_path)
    assert done.path.read_bytes() == TWO
    assert web.statuses("/elsewhere") == [200]


def test_a_server_without_ranges_is_asked_for_the_whole(web: Web, tmp_path: Path) -> None:
    leave_a_part(web, tmp_path, ranges=False)
    done = one(animals(web.url("/animals")), tmp_path)
    assert (done.did, done.path.read_bytes()) == ("fetched", ONE)
    assert web.statuses("/animals") == [200]


@pytest.mark.parametrize("etag", [None, 'W/"1"'])
def test_without_a_strong_mark_of_the_version_nothing_is_gone_on_with(
    web: Web, tmp_path: Path, etag: str | None
) -> None:
    leave_a_part(web, tmp_path, etag=etag, changed=None)
    assert one(animals(web.url("/animals")), tmp_path).path.read_bytes() == ONE
    assert ranges(web) == [None]


def test_a_part_whose_version_is_lost_is_begun_anew(web: Web, tmp_path: Path) -> None:
    leave_a_part(web, tmp_path)
    (tmp_path / PARTS[1]).write_text("{")
    assert one(animals(web.url("/animals")), tmp_path).path.read_bytes() == ONE
    assert ranges(web) == [None]


def test_a_line_that_never_gets_further_is_given_up(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE, cuts=deque([1000] + [0] * 20))
    done = one(animals(web.url("/animals")), tmp_path)
    assert done.did == "failed"
    assert f"{SOON.attempts} times in a row" in str(done.note)
    assert len(web.asked) == SOON.attempts + 1
    assert (tmp_path / PARTS[0]).read_bytes() == ONE[:1000]


def test_a_slow_server_delivers(web: Web, tmp_path: Path) -> None:
    """Each pause is shorter than the timeout, all of them together are longer."""
    page = web.put("/animals", ONE, pause=0.05)
    seen: list[int] = []
    (done,) = fetch(
        [animals(web.url("/animals"))],
        tmp_path,
        patience=Patience(attempts=1, timeout=0.5),
        watch=lambda name, have, total: seen.append(have),
    )
    assert done.did == "fetched", done.note
    assert len(ONE) / CHUNK * page.pause > 0.5
    assert len(seen) >= len(ONE) // CHUNK  # told as it comes, not when a buffer is full


def test_a_server_that_falls_silent_is_left(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE, pause=2.0, ranges=False)
    patience = Patience(attempts=1, timeout=0.3)
    (done,) = fetch([animals(web.url("/animals"))], tmp_path, patience=patience)
    assert done.did == "failed"
    assert "fell silent" in str(done.note)
    assert (tmp_path / PARTS[0]).read_bytes() == ONE[:CHUNK]


def test_a_body_of_unknown_length_comes_whole(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE, length=False)
    assert one(animals(web.url("/animals")), tmp_path).path.read_bytes() == ONE


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as gone:
        url = gone.url("/animals")
    done = one(animals(url), tmp_path)
    assert done.did == "failed"
    assert "3 times in a row" in str(done.note)


# ---- refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_is_refused_is_not_asked_for_again(web: Web, tmp_path: Path, status: int) -> None:
    web.put("/animals", ONE, troubles=deque([(status, {})]))
    done = one(animals(web.url("/animals")), tmp_path)
    assert done.did == "failed"
    assert str(status) in str(done.note)
    assert "get animals.tsv from https://example.org/animals" in str(done.note)
    assert "put it in the data folder" in str(done.note)
    assert web.statuses("/animals") == [status]
    assert names(tmp_path) == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_go_better_later_is_tried_again(web: Web, tmp_path: Path, status: int) -> None:
    web.put("/animals", ONE, troubles=deque([(status, {})] * 2))
    assert one(animals(web.url("/animals")), tmp_path).path.read_bytes() == ONE
    assert web.statuses("/animals") == [status, status, 200]


def test_what_stays_broken_is_given_up(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE, troubles=deque([(500, {})] * 9))
    done = one(animals(web.url("/animals")), tmp_path)
    assert "the server answered 500, 3 times in a row; look at the network" in str(done.note)
    assert len(web.asked) == SOON.attempts


def test_each_wait_is_twice_as_long(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE, troubles=deque([(503, {})] * 3))
    began = time.monotonic()
    (done,) = fetch([animals(web.url("/animals"))], tmp_path, patience=Patience(wait=0.1))
    assert done.did == "fetched"
    assert time.monotonic() - began >= 0.1 + 0.2 + 0.4


@pytest.mark.parametrize("as_date", [False, True])
def test_a_server_is_given_the_time_that_it_asks_for(
    web: Web, tmp_path: Path, as_date: bool
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=2.5)
    said = format_datetime(at, usegmt=True) if as_date else "1"
    web.put("/animals", ONE, troubles=deque([(429, {"Retry-After": said})]))
    began = time.monotonic()
    assert one(animals(web.url("/animals")), tmp_path).did == "fetched"
    assert 0.9 <= time.monotonic() - began < 20


def test_a_server_that_asks_for_hours_is_not_waited_for(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE, troubles=deque([(503, {"Retry-After": "7200"})]))
    began = time.monotonic()
    done = one(animals(web.url("/animals")), tmp_path)
    assert "asks to wait 7,200 s" in str(done.note)
    assert time.monotonic() - began < 10


# ---- redirected ------------------------------------------------------------------------------


def move(web: Web, path: str, to: str, status: int = 302) -> None:
    web.put(path, b"", troubles=deque([(status, {"Location": to})] * 50))


def test_a_file_that_moved_to_another_host_and_port(web: Web, tmp_path: Path) -> None:
    with serving() as other:
        other.put("/here", ONE, cuts=deque([HALF]))
        move(web, "/animals", other.url("/here", "localhost") + "?X-Amz-Signature=abc&Policy=p")
        url = web.url("/animals").replace("//", "//me:hidden@")
        done = one(animals(url), tmp_path)
        assert (done.did, done.path.read_bytes()) == ("resumed", ONE)
        assert ranges(other) == [None, f"bytes={HALF}-"]
        assert "Authorization" in web.asked[0].headers
        assert all("Authorization" not in asked.headers for asked in other.asked)
        record = (tmp_path / WHOLE[1]).read_text()
        assert json.loads(record)["final_url"] == other.url("/here", "localhost")
        assert json.loads(record)["url"] == web.url("/animals")
        assert "hidden" not in record


def test_a_redirect_within_the_site(web: Web, tmp_path: Path) -> None:
    web.put("/new/animals", ONE)
    move(web, "/animals", "new/animals", status=301)
    assert one(animals(web.url("/animals")), tmp_path).path.read_bytes() == ONE


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("/animals", "redirects"),
        ("file:///etc/passwd", "unsupported protocol"),
        ("ftp://me:hidden@example.org/a?token=hidden", "unsupported protocol"),
    ],
)
def test_a_redirect_that_leads_nowhere(web: Web, tmp_path: Path, to: str, said: str) -> None:
    move(web, "/animals", to)
    done = one(animals(web.url("/animals")), tmp_path)
    assert done.did == "failed"
    assert said in str(done.note)
    assert "hidden" not in str(done.note)
    assert names(tmp_path) == []
    assert len(web.asked) == (21 if to == "/animals" else 1)


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server with a certificate that this process trusts, made by openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate, and is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *words.split(), *name, *files], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(tls) as server:
        yield server


def test_what_begins_encrypted_stays_encrypted(web: Web, secure: Web, tmp_path: Path) -> None:
    data = tmp_path / "data"
    secure.put("/animals", ONE)
    move(secure, "/moved", secure.url("/animals"))
    assert one(animals(secure.url("/moved")), data).path.read_bytes() == ONE
    web.put("/animals", ONE)
    move(secure, "/down", web.url("/animals"))
    done = one(animals(secure.url("/down")), tmp_path / "other")
    assert done.did == "failed"
    assert "not https" in str(done.note)
    assert web.asked == []
    assert names(tmp_path / "other") == []


def test_a_certificate_that_is_not_trusted(
    secure: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    secure.put("/animals", ONE)
    done = one(animals(secure.url("/animals")), tmp_path / "data")
    assert done.did == "failed"
    assert "certificate" in str(done.note)
    assert secure.asked == []


@pytest.mark.parametrize(
    "url", ["ftp://u:hidden@example.org/a", "http://", "animals.tsv", "http://a:x/"]
)
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    began = time.monotonic()
    (done,) = fetch([animals(url)], tmp_path, patience=Patience(wait=5.0))
    assert done.did == "failed"
    assert "hidden" not in f"{done.note}{done.url}"
    assert "https://example.org/animals" in str(done.note)
    assert time.monotonic() - began < 4  # not tried again


# ---- no room, two at once, killed ------------------------------------------------------------

PROGRAM = """
import resource, signal, sys
from pathlib import Path
from tests.sources.zoo import animals, one
url, data, most = sys.argv[1:]
if int(most):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
done = one(animals(url), Path(data))
print(done.did, done.note)
"""


def process(web: Web, data: Path, most: int = 0) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROGRAM, web.url("/animals"), str(data), str(most)]
    return subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(path: Path, size: int) -> None:
    end = time.monotonic() + 60
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < end, f"{path} does not grow"
        time.sleep(0.005)


def test_no_room_keeps_the_part_and_says_so(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    most = 100_000
    out, err = process(web, tmp_path, most).communicate(timeout=60)
    assert out.startswith("failed the disk is full"), err
    assert "make room" in out
    assert (tmp_path / PARTS[0]).read_bytes() == ONE[:most]
    done = one(animals(web.url("/animals")), tmp_path)
    assert (done.did, done.path.read_bytes()) == ("resumed", ONE)
    assert ranges(web)[-1] == f"bytes={most}-"


def test_a_folder_that_cannot_be_written_to(web: Web, tmp_path: Path) -> None:
    web.put("/animals", ONE)
    (tmp_path / "animals").write_text("a file in the place of the folder")
    done = one(animals(web.url("/animals")), tmp_path)
    assert done.did == "failed"
    assert "cannot be written" in str(done.note)


def test_a_killed_process_leaves_a_part_that_the_next_one_goes_on_with(
    web: Web, tmp_path: Path
) -> None:
    page = web.put("/animals", ONE, pause=0.05)
    running = process(web, tmp_path)
    wait_for(tmp_path / PARTS[0], 100_000)
    with pytest.raises(SourceError) as caught:  # it holds the folder as long as it runs
        one(animals(web.url("/animals")), tmp_path)
    assert f"process {running.pid} on {os.uname().nodename}" in str(caught.value)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)
    assert names(tmp_path) == PARTS
    part = (tmp_path / PARTS[0]).read_bytes()
    assert 100_000 <= len(part) < len(ONE)
    assert ONE.startswith(part)
    page.pause = 0.0
    web.asked.clear()
    done = one(animals(web.url("/animals")), tmp_path)
    assert (done.did, done.path.read_bytes()) == ("resumed", ONE)
    assert ranges(web) == [f"bytes={len(part)}-"]
    assert names(tmp_path) == WHOLE
