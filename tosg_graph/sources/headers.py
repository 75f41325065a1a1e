"""What the headers of HTTP say of a file: which version it is, how long, and when to ask again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from tosg_graph.sources.addresses import public_url

_VALIDATORS = ("etag", "last_modified")


def version_of(response: httpx.Response) -> dict[str, Any]:
    """Say which version of a file an answer is about.

    Returns
    -------
    dict
        ``version`` (the release that the server names, else the day of the last change), ``etag``,
        ``last_modified``, ``total`` (bytes of the whole file) and ``final_url``, each None where
        the server does not say.
    """
    changed = response.headers.get("Last-Modified")
    return {
        "version": response.headers.get("X-UniProt-Release") or _day(changed),
        "etag": response.headers.get("ETag"),
        "last_modified": changed,
        "total": total_bytes(response, 0),
        "final_url": public_url(response.url, query=not response.history),
    }


def rest_of(have: int, version: Mapping[str, Any]) -> dict[str, str]:
    """Ask for what comes after ``have`` bytes of this version; nothing if that cannot be told.

    A weak tag does not tell bytes apart (RFC 9110, 13.1.5).
    """
    etag = _sendable(version.get("etag"))
    strong = etag if etag and not etag.startswith("W/") else None
    validator = strong or _sendable(version.get("last_modified"))
    if not have or not validator:
        return {}
    return {"Range": f"bytes={have}-", "If-Range": validator}


def unless_same(record: Mapping[str, Any]) -> dict[str, str]:
    """Ask for a file unless it is the one of this record; nothing if that cannot be told."""
    pairs = zip(("If-None-Match", "If-Modified-Since"), _VALIDATORS, strict=True)
    said = {header: _sendable(record.get(key)) for header, key in pairs}
    return {header: value for header, value in said.items() if value}


def is_same(response: httpx.Response, version: Mapping[str, Any]) -> bool:
    """Whether an answer about a part of a file is about this version of it."""
    now, total = version_of(response), content_range(response)[1]
    if None not in (total, version.get("total")) and total != version["total"]:
        return False
    return all(now[k] is None or now[k] == version.get(k) for k in _VALIDATORS)


def content_range(response: httpx.Response) -> tuple[int | None, int | None]:
    """Read at which byte a partial answer starts, and how many the whole file has."""
    said = response.headers.get("Content-Range", "")
    found = re.match(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)\s*$", said)
    if not found:
        return None, None
    start, total = found.groups()
    return (int(start) if start else None), (int(total) if total else None)


def total_bytes(response: httpx.Response, have: int) -> int | None:
    """Read how many bytes the whole file has, ``have`` of which came before."""
    total = content_range(response)[1]
    length = response.headers.get("Content-Length", "")
    return have + int(length) if total is None and length.isdecimal() else total


def retry_after(response: httpx.Response) -> float | None:
    """Read how long the server asks to wait: seconds, or a date (RFC 9110, 10.2.3)."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0.0)


def _day(changed: str | None) -> str | None:
    try:
        return parsedate_to_datetime(changed).date().isoformat() if changed else None
    except ValueError:
        return None


def _sendable(value: object) -> str | None:
    """Give a value of a record that may stand in a header; records can be edited."""
    whole = isinstance(value, str) and value.isascii() and value.isprintable()
    return str(value) if whole else None
