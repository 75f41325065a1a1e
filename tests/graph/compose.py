"""The compose file as a server of the tests reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parents[2] / "docker-compose.yml"


def compose() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def server_settings(service: str) -> dict[str, str]:
    """Lines of ``neo4j.conf`` that the image makes of a service's environment, without the login."""
    environment = compose()["services"][service]["environment"]
    return {
        _setting(name): re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))
        for name, value in environment.items()
        if name != "NEO4J_AUTH"
    }


def _setting(name: str) -> str:
    words = name.removeprefix("NEO4J_").split("__")
    return "_".join(word.replace("_", ".") for word in words)


_UNITS = {"s": 1, "m": 60, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def amount(value: object) -> object:
    """A size in bytes or a time in seconds, however it is written; anything else as it is."""
    match = re.fullmatch(r"([\d.]+)([smKMG])(?:iB)?", str(value))
    return float(match[1]) * _UNITS[match[2]] if match else value
