"""BioGRID: physical interactions between human proteins, each with its experiment and publication.

An end is named by its Swiss-Prot accession where the file gives exactly one, else by its Entrez
gene, whose canonical product is then meant. Genetic interactions are no contacts, and experiments
that catch RNA join a protein to an RNA: both are counted and passed over. Scores of BioGRID are on
the scale of each study, and are not read.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.arrays import TEXTS, by_value, prefixed, repeated, without
from tosg_graph.sources.source import Files
from tosg_graph.sources.tally import Tally

HUMAN = "9606"
NOTHING = "-"
#: Experimental systems in which one of the two ends is an RNA.
RNA_SYSTEMS = ("Affinity Capture-RNA", "Protein-RNA")
ENDS = ("A", "B")
COLUMNS = (
    "BioGRID Interaction ID",
    "Entrez Gene Interactor A",
    "Entrez Gene Interactor B",
    "Experimental System",
    "Experimental System Type",
    "Publication Source",
    "Organism ID Interactor A",
    "Organism ID Interactor B",
)
ACCESSIONS = tuple(f"SWISS-PROT Accessions Interactor {end}" for end in ENDS)

_PMID = re.compile(r"(?:PUBMED:)?(\d+)")
_AT = "https://downloads.thebiogrid.org/Download/BioGRID/Latest-Release"
_RELEASE = re.compile(r"-(\d+(?:\.\d+)+)\.tab")


def read(files: Files) -> Iterator[Chunk]:
    """Read interactions in file order, then what was passed over, by kind."""
    file = files["interactions"]
    foreign, other = Tally(), Tally()
    for table in file.tables([*COLUMNS, *ACCESSIONS]):
        human = pc.and_(*(_is(table[f"Organism ID Interactor {end}"], HUMAN) for end in ENDS))
        away = table.filter(pc.invert(human))
        foreign.add_columns("an end of another species", away["line"])
        table = table.filter(human)
        refs = [_reference(table, end) for end in ENDS]
        kind = _passed_over(table, refs)
        good = pc.is_null(kind)
        bad = pc.invert(good)
        other.add_columns(kind.filter(bad), table["line"].filter(bad))
        ends = [ref.filter(good) for ref in refs]
        yield Chunk.statements("INTERACTS_WITH", file.name, _facts(table.filter(good), *ends))
    yield Chunk.rejects(file.name, foreign.rows("not human"))
    yield Chunk.rejects(file.name, other.rows("no physical interaction of two known proteins"))


def _is(column: pa.ChunkedArray, value: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(column, value), False)


def _reference(table: pa.Table, end: str) -> pa.ChunkedArray:
    accessions = without(table[f"SWISS-PROT Accessions Interactor {end}"], NOTHING)
    several = pc.match_substring(accessions, "|")
    one = pc.if_else(several, pa.scalar(None, pa.string()), accessions)
    gene = without(table[f"Entrez Gene Interactor {end}"], NOTHING)
    return pc.coalesce(prefixed("UniProtKB", one), prefixed("NCBIGene", gene))


def _passed_over(table: pa.Table, refs: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Say why a row is no interaction of two proteins; null where it is one."""
    system, nothing = table["Experimental System"], pa.scalar(None, pa.string())
    rna = pc.if_else(pc.is_in(system, pa.array(RNA_SYSTEMS)), system, nothing)
    physical = _is(table["Experimental System Type"], "physical")
    kind = pc.coalesce(table["Experimental System Type"], "no type of experiment")
    unnamed = functools.reduce(pc.or_, (pc.is_null(ref) for ref in refs))
    return pc.coalesce(
        pc.if_else(physical, nothing, kind),
        rna,
        pc.if_else(unnamed, "an end without an identifier", nothing),
    )


def _facts(table: pa.Table, source: pa.ChunkedArray, target: pa.ChunkedArray) -> pa.Table:
    label = repeated("Protein", len(table))
    return pa.table(
        {
            "source_ref": source,
            "source_label": label,
            "target_ref": target,
            "target_label": label,
            "record_id": table["BioGRID Interaction ID"],
            "pmids": by_value(table["Publication Source"], _pmids, TEXTS),
            "mechanism": without(table["Experimental System"], NOTHING),
            "line": table["line"],
        }
    )


def _pmids(written: str) -> list[str] | None:
    found = _PMID.fullmatch(written)
    return [found[1]] if found else None


def _version(files: Files) -> str | None:
    found = _RELEASE.search(files["interactions"].name)
    return found[1] if found else None


SOURCE = Source(
    name="biogrid",
    title="BioGRID",
    gives="physical interactions between proteins, with experiment and publication",
    url="https://downloads.thebiogrid.org/BioGRID",
    licence=Licence("MIT", "https://wiki.thebiogrid.org/doku.php/terms_and_conditions"),
    citation="Oughtred R et al., The BioGRID database: A comprehensive biomedical resource of "
    "curated protein, genetic, and chemical interactions, Protein Science 30:187 (2021), "
    "doi:10.1002/pro.3978",
    files=(
        FileSpec(
            "interactions",
            ("biogrid-*.tab3.txt", "biogrid-*.tab2.txt"),
            columns=COLUMNS,
            also=(
                ("Pubmed ID", "Publication Source"),
                *((f"Organism Interactor {e}", f"Organism ID Interactor {e}") for e in ENDS),
            ),
            layouts=(("tab3", ACCESSIONS), ("tab2", ())),
        ),
    ),
    read=read,
    version=_version,
    downloads=(
        Download(
            "interactions",
            f"{_AT}/BIOGRID-ORGANISM-LATEST.tab3.zip",
            "BIOGRID-ORGANISM-Homo_sapiens-LATEST.tab3.txt",
            member="BIOGRID-ORGANISM-Homo_sapiens-*.tab3.txt",
        ),
    ),
)
