"""STRING: scored associations between proteins, each pair on two rows.

The file names proteins by taxon and Ensembl protein (``9606.ENSP00000275493``) and writes every
pair in both directions, with the same score. Only the row whose first protein sorts first is read;
that the other direction says the same is checked by number of rows and sum of scores. Below
:data:`CUT` a score says little (STRING's own default is *medium confidence*, 400 of 1,000).

What the Ensembl proteins are is in STRING's own file of aliases, or, where that is not at hand, in
its file of preferred names: proteins get them as cross-references. STRING's associations are
functional ones unless the file is that of the physical subnetwork; ``mechanism`` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceError, SourceFile
from tosg_graph.sources.accessions import UNIPROT
from tosg_graph.sources.arrays import by_value, prefixed, repeated, singly
from tosg_graph.sources.source import Download, Files
from tosg_graph.sources.tally import Tally

HUMAN = "9606."
#: The smallest combined score that is read, of 1,000.
CUT = 400
SCALE = 1000
#: Sources of aliases that are UniProt accessions; the last one is the name of release 11.
ACCESSIONS = ("UniProt_AC", "Ensembl_UniProt", "Ensembl_UniProt_AC")

_ACCESSION = rf"^{UNIPROT}$"
_RELEASE = re.compile(r"\.v(\d+(?:\.\d+)*)\.")


def read(files: Files) -> Iterator[Chunk]:
    """Read what the Ensembl proteins are, then the associations."""
    if "aliases" in files:
        yield from _accessions(files["aliases"])
    elif "info" in files:
        yield from _symbols(files["info"])
    yield from _links(files["links"])


def _links(file: SourceFile) -> Iterator[Chunk]:
    mechanism = "physical association" if _is_physical(file) else "functional association"
    foreign, weak, ways = Tally(), Tally(), _BothWays()
    for table in file.tables(["protein1", "protein2", "combined_score"]):
        table = table.set_column(2, "combined_score", _scores(file, table))
        human = pc.and_(*(pc.starts_with(table[name], HUMAN) for name in ("protein1", "protein2")))
        other = table.filter(pc.invert(human))
        foreign.add_columns(by_value(other["protein1"], _taxon), other["line"])
        table = table.filter(human)
        pairs = ways.first(table)
        good = pc.greater_equal(pairs["combined_score"], CUT)
        below = pairs["line"].filter(pc.invert(good))
        weak.add_columns(f"combined_score under {CUT}", below)
        yield Chunk.statements("INTERACTS_WITH", file.name, _facts(pairs.filter(good), mechanism))
    ways.check(file)
    yield Chunk.rejects(file.name, foreign.rows("not human"))
    yield Chunk.rejects(file.name, weak.rows("the score is below the cut"))


class _BothWays:
    """Tells the two rows of each pair apart, and counts them."""

    def __init__(self) -> None:
        self._rows = [0, 0]
        self._scores = [0, 0]

    def first(self, table: pa.Table) -> pa.Table:
        """Give the rows whose first protein sorts first."""
        forward = table.filter(pc.less(table["protein1"], table["protein2"]))
        backward = pc.greater(table["protein1"], table["protein2"])
        scores = table["combined_score"].filter(backward)
        for way, found in enumerate((forward["combined_score"], scores)):
            self._rows[way] += len(found)
            self._scores[way] += pc.sum(found, min_count=0).as_py()
        return forward

    def check(self, file: SourceFile) -> None:
        """Raise if one direction says something else than the other."""
        if self._rows[0] != self._rows[1] or self._scores[0] != self._scores[1]:
            raise SourceError(
                "STRING writes every pair in both directions; found "
                f"{self._rows[0]:,} rows with protein1 before protein2 (scores add up to "
                f"{self._scores[0]:,}) and {self._rows[1]:,} the other way round "
                f"({self._scores[1]:,}). The file is cut off or filtered: download it again",
                path=file.path,
            )


def _scores(file: SourceFile, table: pa.Table) -> pa.ChunkedArray:
    written = table["combined_score"]
    wrong = pc.invert(pc.fill_null(pc.match_substring_regex(written, r"^\d{1,4}$"), False))
    if pc.any(wrong).as_py():
        row = table.filter(wrong).slice(0, 1).to_pylist()[0]
        raise SourceError(
            f"combined_score is {row['combined_score']!r}; expected a whole number from 0 to "
            f"{SCALE}. The file is damaged: download it again",
            path=file.path,
            line=row["line"],
        )
    return written.cast(pa.int64())


def _facts(pairs: pa.Table, mechanism: str) -> pa.Table:
    label = repeated("Protein", len(pairs))
    return pa.table(
        {
            "source_ref": _reference(pairs["protein1"]),
            "source_label": label,
            "target_ref": _reference(pairs["protein2"]),
            "target_label": label,
            "mechanism": repeated(mechanism, len(pairs)),
            "score": pc.divide(pairs["combined_score"].cast(pa.float64()), float(SCALE)),
            "line": pairs["line"],
        }
    )


def _accessions(file: SourceFile) -> Iterator[Chunk]:
    """The Ensembl proteins of each UniProt accession; a pair may stand there under two sources."""
    for table in file.tables(["string_protein_id", "alias", "source"]):
        human = pc.starts_with(table["string_protein_id"], HUMAN)
        named = pc.is_in(table["source"], pa.array(ACCESSIONS))
        table = table.filter(pc.and_(human, named))
        table = table.filter(pc.match_substring_regex(table["alias"], _ACCESSION))
        yield _same("UniProtKB", file, table, "alias")


def _symbols(file: SourceFile) -> Iterator[Chunk]:
    """The Ensembl protein of each symbol that STRING prefers."""
    for table in file.tables(["string_protein_id", "preferred_name"]):
        table = table.filter(pc.starts_with(table["string_protein_id"], HUMAN))
        yield _same("symbol", file, table, "preferred_name")


def _same(namespace: str, file: SourceFile, table: pa.Table, column: str) -> Chunk:
    pairs = table.select(["string_protein_id", column, "line"]).group_by(
        ["string_protein_id", column], use_threads=False
    )
    pairs = pairs.aggregate([("line", "min")])
    ids = _reference(pairs["string_protein_id"])
    return Chunk.annotations(
        "Protein",
        file.name,
        pa.table(
            {
                "ref": prefixed(namespace, pairs[column]),
                "xrefs": singly(ids),
                "line": pairs["line_min"],
            }
        ),
    )


def _reference(proteins: pa.ChunkedArray) -> pa.ChunkedArray:
    """``9606.ENSP00000275493`` becomes ``ENSEMBL:ENSP00000275493``."""
    return pc.binary_replace_slice(proteins, 0, len(HUMAN), "ENSEMBL:")


def _taxon(protein: str) -> str:
    return f"taxon {protein.partition('.')[0]}"


def _is_physical(file: SourceFile) -> bool:
    """Whether the file is the physical subnetwork; its columns say so if they are detailed."""
    names = file.layout.names
    detailed = "experimental" in names and "coexpression" not in names
    return detailed or ".physical." in file.name.lower()


def _version(files: Files) -> str | None:
    found = _RELEASE.search(files["links"].name)
    return found[1] if found else None


_AT = "https://stringdb-downloads.org/download"

SOURCE = Source(
    name="string",
    title="STRING",
    gives="scored associations between proteins",
    url="https://string-db.org/cgi/download",
    licence=Licence(
        "CC-BY-4.0", "https://string-db.org/cgi/access?footer_active_subpage=licensing"
    ),
    citation="Szklarczyk D et al., The STRING database in 2023: protein-protein association "
    "networks and functional enrichment analyses for any sequenced genome of interest, "
    "Nucleic Acids Research 51:D638 (2023), doi:10.1093/nar/gkac1000",
    files=(
        FileSpec(
            "links",
            ("*.protein.links*.txt", "*.protein.physical.links*.txt"),
            columns=("protein1", "protein2", "combined_score"),
            separator=" ",
            layouts=(
                ("links.detailed", ("coexpression", "experimental")),
                ("physical.links.detailed", ("experimental",)),
                ("links", ()),
            ),
        ),
        FileSpec(
            "aliases",
            ("*.protein.aliases*.txt",),
            columns=("string_protein_id", "alias", "source"),
            optional=True,
            adds="UniProt accessions of its proteins, without which most pairs find none",
        ),
        FileSpec(
            "info",
            ("*.protein.info*.txt",),
            columns=("string_protein_id", "preferred_name"),
            optional=True,
            adds="symbols of its proteins",
        ),
    ),
    read=read,
    version=_version,
    release="12.0",
    downloads=tuple(
        Download(role, f"{_AT}/protein.{part}.v12.0/{file}", file)
        for role, part, file in (
            ("links", "links.detailed", "9606.protein.links.detailed.v12.0.txt.gz"),
            ("aliases", "aliases", "9606.protein.aliases.v12.0.txt.gz"),
            ("info", "info", "9606.protein.info.v12.0.txt.gz"),
        )
    ),
    knowledge_level="prediction",
    agent_type="data_analysis_pipeline",
)
