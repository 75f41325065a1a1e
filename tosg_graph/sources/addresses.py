"""Addresses as they may be shown: without passwords, keys and signatures."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

_SECRET = re.compile(r"(?i)token|key|secret|passw|pwd|sig|credential|auth|session|policy")
_ADDRESS = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>]+")
_HIDDEN = "***"


def public_url(url: str | httpx.URL, *, query: bool = True) -> str:
    """Write a URL without what it may hold of secrets.

    Parameters
    ----------
    url
        The address; one that cannot be read is not shown at all.
    query
        Whether to show the query, its secret values hidden. The query of an address that a server
        led to is a signature as a whole more often than not.

    Examples
    --------
    >>> public_url("https://me:secret@example.org/a.tsv?token=abc&v=2")
    'https://example.org/a.tsv?token=***&v=2'
    """
    try:
        parsed = httpx.URL(url)
        plain = str(parsed.copy_with(userinfo=b"", query=None, fragment=None))
    except (httpx.InvalidURL, TypeError, ValueError):
        return "an address that cannot be read"
    said = parsed.query.decode("ascii", "replace")
    if not said or not query:
        return plain
    pairs = (pair.partition("=") for pair in said.split("&"))
    return f"{plain}?" + "&".join(name + sign + _shown(name, value) for name, sign, value in pairs)


def _shown(name: str, value: str) -> str:
    return _HIDDEN if value and _SECRET.search(name) else value


def public_text(text: str) -> str:
    """Write a message with the addresses in it as :func:`public_url` does.

    Examples
    --------
    >>> public_text("cannot reach ftp://me:secret@example.org/a.tsv?key=abc")
    'cannot reach ftp://example.org/a.tsv?key=***'
    """
    return _ADDRESS.sub(lambda found: public_url(found[0]), text)


@contextmanager
def public_log() -> Iterator[None]:
    """Keep secrets of addresses out of what httpx logs, for the length of a block."""
    log = logging.getLogger("httpx")
    log.addFilter(_made_public)
    try:
        yield
    finally:
        log.removeFilter(_made_public)


def _made_public(record: logging.LogRecord) -> bool:
    record.msg, record.args = public_text(record.getMessage()), ()
    return True
