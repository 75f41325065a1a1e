"""A source whose one file lies on the server of the tests, and what came of fetching it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.fetch import Fetched, fetch
from tosg_graph.sources.transfer import Patience

SOON = Patience(attempts=3, wait=0.01, timeout=5.0)


def table(seed: int, rows: int = 20_000) -> bytes:
    """A table of a few hundred kilobytes that no two seeds share."""
    draw = random.Random(seed)
    lines = (f"{draw.getrandbits(64):016x}\t{draw.randrange(9)}" for _ in range(rows))
    return ("animal\tlegs\n" + "\n".join(lines) + "\n").encode()


ONE, TWO = table(1), table(2)


def read_nothing(files: object) -> Iterator[Chunk]:
    yield from ()


def animals(url: str, **changes: object) -> Source:
    download = Download("animals", url, "animals.tsv")
    source = Source(
        "animals",
        "Animals",
        "animals",
        "https://example.org/animals",
        Licence("CC0-1.0", "https://example.org"),
        "none",
        (FileSpec("animals", ("animals*.tsv",), columns=("animal", "legs")),),
        read_nothing,
        downloads=(download,),
    )
    return replace(source, **changes)  # type: ignore[arg-type]


def one(source: Source, data: Path, **options: object) -> Fetched:
    (done,) = fetch([source], data, patience=SOON, **options)  # type: ignore[arg-type]
    return done


def names(data: Path) -> list[str]:
    """Files of the folder; the lock is none of its data."""
    return sorted(
        p.relative_to(data).as_posix()
        for p in data.rglob("*")
        if p.is_file() and p.name != ".fetching"
    )


WHOLE = ["animals/animals.tsv", "animals/animals.tsv.source.json"]
PARTS = ["animals/animals.tsv.part", "animals/animals.tsv.part.source.json"]
