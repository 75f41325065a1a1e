"""Small hand-written sources: chunks of frames behind real Source objects and real files on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tosg_graph.build.assemble import build_graph
from tosg_graph.build.tables import Build
from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.registry import Located

FREE = Licence("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/")
ACADEMIC = Licence(
    "LicenseRef-academic", "https://example.org", redistribute=False, commercial=False
)

Row = dict[str, Any]
Chunks = Callable[[str], list[Chunk]]


def frame(rows: Sequence[Row], first_line: int = 2) -> pd.DataFrame:
    """Rows as a loader gives them; lines are counted on where a row names none."""
    numbered = [{"line": i, **row} for i, row in enumerate(rows, start=first_line)]
    return pd.DataFrame(
        numbered, columns=list({k: None for row in numbered for k in row} or {"line": 0})
    )


def nodes(label: str, *rows: Row) -> Callable[[str], Chunk]:
    return lambda file: Chunk.nodes(label, file, frame(rows))


def annotations(label: str, *rows: Row) -> Callable[[str], Chunk]:
    return lambda file: Chunk.annotations(label, file, frame(rows))


def complexes(*rows: Row) -> Callable[[str], Chunk]:
    return lambda file: Chunk.complexes(file, frame(rows))


def rejects(*rows: Row) -> Callable[[str], Chunk]:
    return lambda file: Chunk.rejects(file, frame(rows))


def facts(
    edge_type: str, *rows: Row, ends: tuple[str, str] = ("Protein", "Protein")
) -> Callable[[str], Chunk]:
    """Statements; each row has ``a`` and ``b``, the references, beside what else it says."""
    said = [
        {
            "source_ref": row["a"],
            "target_ref": row["b"],
            "source_label": ends[0],
            "target_label": ends[1],
            **{k: v for k, v in row.items() if k not in ("a", "b")},
        }
        for row in rows
    ]
    return lambda file: Chunk.statements(edge_type, file, frame(said))


def source(
    name: str, *chunks: Callable[[str], Chunk], licence: Licence = FREE, pieces: int | None = None
) -> Source:
    """A source that yields these chunks; ``pieces`` cuts each into chunks of so many rows."""

    def read(files: Any) -> Iterator[Chunk]:
        for make in chunks:
            chunk = make(files["rows"].name)
            size = pieces or max(1, chunk.table.num_rows)
            for start in range(0, max(1, chunk.table.num_rows), size):
                yield Chunk(chunk.kind, chunk.subject, chunk.file, chunk.table.slice(start, size))

    return Source(
        name=name,
        title=name.title(),
        gives="rows for a test",
        url=f"https://example.org/{name}",
        licence=licence,
        citation=f"The {name} of this test",
        files=(FileSpec("rows", (f"{name}.tsv",)),),
        read=read,
    )


def located(folder: Path, *sources: Source) -> Located:
    """Put a file for each source into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for one in sources:
        path = folder / f"{one.name}.tsv"
        path.write_text(f"rows of {one.name}\n", encoding="utf-8")
        files[one.name] = {"rows": SourceFile(path, one.files[0])}
    return Located(sources=tuple(sources), files=files, found=())


def build(folder: Path, *sources: Source, **options: Any) -> Build:
    return build_graph(located(folder / "data", *sources), folder / "graph", **options)


def rows(built: Build, table: str) -> list[Row]:
    """Rows of a table without the values that are absent."""
    return [
        {name: value for name, value in row.items() if value is not None}
        for row in built.table(table).to_pylist()
    ]


def by_id(built: Build, label: str) -> dict[str, Row]:
    return {row["id"]: row for row in rows(built, f"nodes/{label}")}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ---- a small world that most tests share -----------------------------------------------------

GENES = nodes(
    "Gene",
    {"id": "HGNC:3236", "symbol": "EGFR", "name": "epidermal growth factor receptor", "synonyms": ["ERBB1"],
     "previous": ["ERBB"], "xrefs": ["ENSEMBL:ENSG00000146648", "NCBIGene:1956"], "locus_type": "gene with protein product"},
    {"id": "HGNC:3229", "symbol": "EGF", "name": "epidermal growth factor", "xrefs": ["NCBIGene:1950"]},
    {"id": "HGNC:3619", "symbol": "FCGR3A", "synonyms": ["CD16"], "xrefs": ["NCBIGene:2214"]},
    {"id": "HGNC:3620", "symbol": "FCGR3B", "synonyms": ["CD16"], "xrefs": ["NCBIGene:2215"]},
    {"id": "HGNC:1442", "symbol": "CALM1", "xrefs": ["NCBIGene:801"]},
    {"id": "HGNC:1445", "symbol": "CALM2", "xrefs": ["NCBIGene:805"]},
    {"id": "HGNC:4392", "symbol": "GNAS", "xrefs": ["NCBIGene:2778"]},
    {"id": "HGNC:29665", "symbol": "MALAT1", "xrefs": ["NCBIGene:378938"]},
)  # fmt: skip
ENCODED = facts(
    "ENCODES",
    {"a": "HGNC:3236", "b": "UniProtKB:P00533"},
    {"a": "HGNC:3229", "b": "UniProtKB:P01133"},
    {"a": "HGNC:3619", "b": "UniProtKB:P08637"},
    {"a": "HGNC:3620", "b": "UniProtKB:O75015"},
    {"a": "HGNC:1442", "b": "UniProtKB:P0DP23"},
    {"a": "HGNC:1445", "b": "UniProtKB:P0DP23"},
    {"a": "HGNC:4392", "b": "UniProtKB:O95467"},
    {"a": "HGNC:4392", "b": "UniProtKB:P63092"},
    {"a": "HGNC:4392", "b": "UniProtKB:Q5JWF2"},
    ends=("Gene", "Protein"),
)
PROTEINS = nodes(
    "Protein",
    {"id": "UniProtKB:P00533", "name": "Epidermal growth factor receptor", "accession": "P00533", "entry_name": "EGFR_HUMAN", "length": 1210},
    {"id": "UniProtKB:P01133", "name": "Pro-epidermal growth factor", "accession": "P01133", "entry_name": "EGF_HUMAN", "length": 1207},
    {"id": "UniProtKB:P08637", "accession": "P08637", "entry_name": "FCG3A_HUMAN", "length": 254},
    {"id": "UniProtKB:O75015", "accession": "O75015", "entry_name": "FCG3B_HUMAN", "length": 233},
    {"id": "UniProtKB:P0DP23", "accession": "P0DP23", "entry_name": "CALM1_HUMAN", "length": 149},
    {"id": "UniProtKB:O95467", "accession": "O95467", "entry_name": "GNAS3_HUMAN", "length": 245},
    {"id": "UniProtKB:P63092", "accession": "P63092", "entry_name": "GNAS2_HUMAN", "length": 394},
    {"id": "UniProtKB:Q5JWF2", "accession": "Q5JWF2", "entry_name": "GNAS1_HUMAN", "length": 1037},
)  # fmt: skip


def base(**options: Any) -> tuple[Source, Source]:
    """Genes (hgnc) and proteins (uniprot) that the other sources speak of."""
    return source("hgnc", GENES, ENCODED, **options), source("uniprot", PROTEINS, **options)
