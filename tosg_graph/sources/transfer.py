"""One file over HTTP: resumed when cut off, tried again where that helps, checked before it counts.

Bytes are kept as the server sends them. A server that says ``Content-Encoding: gzip`` of a file
that is gzip itself is not believed; compression is told by the first bytes when a file is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tosg_graph.errors import SourceError
from tosg_graph.filing import sha256
from tosg_graph.sources.addresses import public_text, public_url
from tosg_graph.sources.archive import unpack
from tosg_graph.sources.headers import (
    content_range,
    is_same,
    rest_of,
    retry_after,
    total_bytes,
    unless_same,
    version_of,
)
from tosg_graph.sources.part import Part

#: Called with a file (``<source>/<name>``), its bytes so far, and all that it will have, if known.
Watch = Callable[[str, int, int | None], None]

#: Seconds that a server may ask to wait; where it asks for more, the file fails for now.
PATIENCE = 120.0
#: Times that a file is tried in all, however much comes each time.
TRIES = 200
_SLOWEST = 30.0
#: Goes with a request through all redirects.
_ENCRYPTED = "tosg_encrypted"
_AGAIN = frozenset({408, 425, 429})
#: Errors that the same call would meet again, among those that httpx calls errors of transport.
_LASTING = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on.

    Parameters
    ----------
    attempts
        How often a file is tried without getting further than before.
    wait
        Seconds before the second try; twice as long before each one after that, 30 at most. A
        server that names a time (``Retry-After``) is given that.
    timeout
        Seconds without a byte after which a connection counts as lost.
    """

    attempts: int = 5
    wait: float = 0.5
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """One file to fetch.

    Parameters
    ----------
    url
        Its address.
    place
        Where it goes.
    check
        Looks at the whole file before it is put there; raises :class:`SourceError` if it is wrong.
    sha256
        The hash that what the address gives must have, if it is known.
    member
        Where that is a zip archive, pattern of the name of the one file to take out of it.
    about
        What the record says beside what the server does.
    """

    url: str
    place: Path
    check: Callable[[Path], None]
    sha256: str | None = None
    member: str = ""
    about: Mapping[str, Any] | None = None


class _Again(Exception):
    """Something that may go better the next time."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Failed(Exception):
    """The file cannot be fetched; the message says why, and whether to get it by hand.

    Parameters
    ----------
    by_hand
        Whether trying again is of no use.
    """

    def __init__(self, message: str, *, by_hand: bool = False) -> None:
        super().__init__(public_text(message))
        self.by_hand = by_hand


def open_client(patience: Patience) -> httpx.Client:
    """Open a client that follows redirects, but from https to https only."""
    return httpx.Client(
        follow_redirects=True,
        timeout=patience.timeout,
        headers={"User-Agent": "tosg-graph", "Accept-Encoding": "identity"},
        event_hooks={"request": [_stay_encrypted]},
    )


def _stay_encrypted(request: httpx.Request) -> None:
    if request.extensions.get(_ENCRYPTED) and request.url.scheme != "https":
        raise Failed("it leads to an address that is not https; nothing was fetched", by_hand=True)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Carries out orders over one client.

    Parameters
    ----------
    client
        As :func:`open_client` opens it.
    patience
        How long to go on.
    watch
        Is told how far a file is.
    """

    client: httpx.Client
    patience: Patience
    watch: Watch | None = None

    def bring(self, order: Order, known: Mapping[str, Any] | None) -> str:
        """Fetch a file into its place.

        Parameters
        ----------
        order
            The file.
        known
            The record of the version that is in its place, which is asked for only if it changed;
            None fetches it whatever is there.

        Returns
        -------
        str
            ``fetched``, ``resumed`` or ``unchanged``.

        Raises
        ------
        Failed
            If it cannot be had, or is not what it should be. What has come of it is kept if
            another try can go on from there.
        """
        part = Part(order.place)
        furthest, stuck = part.size, 0
        for _ in range(TRIES):
            try:
                return self._once(order, part, known)
            except _LASTING as error:
                raise Failed(_said(error), by_hand=True) from error
            except (_Again, httpx.TransportError) as error:
                stuck = 0 if part.size > furthest else stuck + 1
                furthest = max(furthest, part.size)
                self._pause(error, stuck, part)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Failed(_said(error), by_hand=True) from error
        raise Failed(f"cut off {TRIES} times; what came is kept: fetch again to go on")

    def _pause(self, error: Exception, stuck: int, part: Part) -> None:
        if stuck >= self.patience.attempts:
            kept = "what came is kept: " if part.size else ""
            goes_on = " to go on" if part.size else ""
            raise Failed(
                f"{_said(error)}, {stuck} times in a row; {kept}"
                f"look at the network, and fetch again{goes_on}"
            ) from error
        seconds = min(self.patience.wait * 2 ** max(stuck - 1, 0), _SLOWEST)
        asked = error.after if isinstance(error, _Again) else None
        if asked is not None and asked > PATIENCE:
            raise Failed(f"{error}, and asks to wait {asked:,.0f} s: fetch again then") from error
        time.sleep(max(seconds, asked or 0.0))

    def _once(self, order: Order, part: Part, known: Mapping[str, Any] | None) -> str:
        url, version = public_url(order.url), part.version
        headers = rest_of(part.size, version) if version.get("url") == url else {}
        if not headers and known and order.place.exists():
            headers = unless_same(known)
        kept = {_ENCRYPTED: order.url.startswith("https:")}
        with self.client.stream("GET", order.url, headers=headers, extensions=kept) as response:
            code = response.status_code
            if code == httpx.codes.NOT_MODIFIED and known and order.place.exists():
                part.forget()
                return "unchanged"
            if code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and _whole(response, part):
                return self._finish(order, part, known, "resumed")
            _check_status(response, part)
            resumed = code == httpx.codes.PARTIAL_CONTENT
            if resumed:
                _check_continues(response, part)
            else:
                part.begin({**version_of(response), "url": url})
            self._receive(order, response, part)
            return self._finish(order, part, known, "resumed" if resumed else "fetched")

    def _receive(self, order: Order, response: httpx.Response, part: Part) -> None:
        total = total_bytes(response, part.size)
        name = f"{order.place.parent.name}/{order.place.name}"
        for size in part.append(response.iter_raw()):
            if self.watch is not None:
                self.watch(name, size, total)
        if total is not None and part.size != total:
            raise _Again(f"the body ended after {part.size:,} of {total:,} bytes")

    def _finish(self, order: Order, part: Part, known: Mapping[str, Any] | None, did: str) -> str:
        record = {
            **part.version,
            **(order.about or {}),
            "fetched": datetime.now(UTC).date().isoformat(),
        }
        record.pop("total", None)
        try:
            whole = _checked(order, part, record)
        except (Failed, SourceError) as error:
            part.forget()
            raise Failed(str(error), by_hand=True) from error
        part.commit(record, whole)
        return "unchanged" if known and known.get("sha256") == record["sha256"] else did


def _checked(order: Order, part: Part, record: dict[str, Any]) -> Path:
    """Give the file that came, unpacked if need be, and write down its size and hash."""
    whole, digest = part.file, sha256(part.file)
    _check_hash(order, digest)
    if order.member:
        record["archive"] = {"bytes": part.size, "sha256": digest}
        whole = part.unpacked
        unpack(part.file, order.member, whole)
        digest = sha256(whole)
    order.check(whole)
    record |= {"bytes": whole.stat().st_size, "sha256": digest}
    return whole


def _check_hash(order: Order, digest: str) -> None:
    if order.sha256 is not None and digest != order.sha256:
        raise Failed(
            f"its sha256 is {digest}; expected {order.sha256}: the file was changed on the way or "
            "at its source, and nothing was kept"
        )


def _check_status(response: httpx.Response, part: Part) -> None:
    code = response.status_code
    if code in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        return
    if code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.forget()
        raise _Again("the part does not fit the file any more")
    if code in _AGAIN or code >= 500:
        raise _Again(f"the server answered {code}", retry_after(response))
    if code in (401, 403, 407):
        raise Failed(f"the server answered {code}: it does not let this file go", by_hand=True)
    raise Failed(f"the server answered {code}: the file may have moved", by_hand=True)


def _whole(response: httpx.Response, part: Part) -> bool:
    """Whether there is no rest to send because the part is all there is, of the same version."""
    return 0 < part.size == content_range(response)[1] and is_same(response, part.version)


def _check_continues(response: httpx.Response, part: Part) -> None:
    """Whether these bytes go on where the part ends; some servers do not look at ``If-Range``."""
    start, _ = content_range(response)
    if start != part.size or not is_same(response, part.version):
        part.forget()
        raise _Again("the file changed while it was fetched")


def _said(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"{_host(error)} fell silent"
    said = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError):
        return f"{_host(error)} cannot be reached ({said})"
    return said


def _host(error: httpx.RequestError) -> str:
    try:
        return error.request.url.host
    except RuntimeError:  # it broke before there was a request
        return "the server"
