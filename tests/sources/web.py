"""A real HTTP server in a thread, which can be told to be slow, to cut off, to refuse, to move."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = 1 << 14


@dataclass
class Page:
    """What the server has at one path.

    Parameters
    ----------
    body, etag, changed
        The file and what tells its version; None leaves the header out.
    ranges, checks_range
        Whether it sends a range when asked to, and whether it looks at ``If-Range`` before.
    at_most
        Bytes that it sends of a range at most.
    cuts
        After how many bytes each of the next answers is cut off.
    after_cut
        What becomes of ``troubles`` once an answer was cut off.
    troubles
        Statuses, with headers, that the next answers have in place of the file.
    pause
        Seconds between blocks of :data:`CHUNK` bytes.
    length
        Whether the length is told; without it the body ends with the connection.
    headers
        Further headers of each answer.
    """

    body: bytes = b""
    etag: str | None = '"1"'
    changed: str | None = "Mon, 02 Jun 2025 10:00:00 GMT"
    ranges: bool = True
    checks_range: bool = True
    at_most: int | None = None
    cuts: deque[int] = field(default_factory=deque)
    troubles: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    after_cut: tuple[tuple[int, dict[str, str]], ...] = ()
    pause: float = 0.0
    length: bool = True
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request that came, and how it was answered."""

    path: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0


class Web(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "http" if tls is None else "https"
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.server_port}{path}"

    def put(self, path: str, body: bytes, **how: object) -> Page:
        self.pages[path] = page = Page(body, **how)  # type: ignore[arg-type]
        return page

    def statuses(self, path: str) -> list[int]:
        return [one.status for one in self.asked if one.path == path]

    def sent(self, path: str) -> int:
        return sum(one.sent for one in self.asked if one.path == path)

    def handle_error(self, *_: object) -> None:
        """A client that goes away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.asked = Asked(path, dict(self.headers.items()))
        self.server.asked.append(self.asked)
        page = self.server.pages.get(path)
        if page is None:
            self.answer(404, {"Content-Length": "0"})
        elif page.troubles:
            status, headers = page.troubles.popleft()
            self.answer(status, {"Content-Length": "0", **headers})
        elif self.is_current(page):
            self.answer(304, self.version(page))
        else:
            self.give(page)

    def answer(self, status: int, headers: dict[str, str]) -> None:
        self.asked.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def version(self, page: Page) -> dict[str, str]:
        told = {"ETag": page.etag, "Last-Modified": page.changed}
        return {name: value for name, value in told.items() if value is not None} | page.headers

    def is_current(self, page: Page) -> bool:
        if "If-None-Match" in self.headers:
            return self.headers["If-None-Match"] == page.etag
        return (
            "If-Modified-Since" in self.headers
            and self.headers["If-Modified-Since"] == page.changed
        )

    def give(self, page: Page) -> None:
        start = self.wanted_start(page)
        headers = self.version(page)
        size = len(page.body)
        if start is not None and start >= size:
            self.answer(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0", **headers})
            return
        body = page.body
        if start is not None:
            body = body[start:][: page.at_most]
            headers["Content-Range"] = f"bytes {start}-{start + len(body) - 1}/{size}"
        if page.length:
            headers["Content-Length"] = str(len(body))
        self.answer(200 if start is None else 206, headers)
        self.write(page, body)

    def wanted_start(self, page: Page) -> int | None:
        said = self.headers.get("Range")
        if said is None or not page.ranges:
            return None
        condition = self.headers.get("If-Range")
        if page.checks_range and condition not in (None, page.etag, page.changed):
            return None
        return int(said.removeprefix("bytes=").rstrip("-"))

    def write(self, page: Page, body: bytes) -> None:
        if page.cuts:
            body = body[: page.cuts.popleft()]
            page.troubles.extend(page.after_cut)
        for at in range(0, len(body), CHUNK):
            self.wfile.write(body[at : at + CHUNK])
            self.asked.sent += len(body[at : at + CHUNK])
            time.sleep(page.pause)


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A server for the length of a block."""
    web = Web(tls)
    thread = threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.shutdown()
        web.server_close()
        thread.join()
