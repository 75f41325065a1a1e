"""GENCODE and Ensembl: every gene, transcript and translation of the human genome annotation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.arrays import prefixed, repeated, singly
from tosg_graph.sources.columns import references
from tosg_graph.sources.releases import in_names
from tosg_graph.sources.source import Download, Files

GTF = ("seqname", "origin", "feature", "start", "end", "score", "strand", "frame", "attributes")
GENES = ("gene", "symbol", "version", "length", "biotype")
_RELEASE = "49"
_GENCODE = in_names(r"(?i)(?<=gencode\.v)\d+")
_ENSEMBL = in_names(r"(?i)(?<=homo_sapiens\.grch38\.)\d+")


def read(files: Files) -> Iterator[Chunk]:
    """Read genes, transcripts and translations block by block, then the table of biotypes."""
    if "annotation" in files:
        file = files["annotation"]
        for block in file.tables(["feature", "attributes"]):
            yield from _chunks(file, block)
    if "biotypes" in files:
        yield from _biotypes(files["biotypes"])


def _chunks(file: SourceFile, block: pa.Table) -> Iterator[Chunk]:
    """Features other than genes, transcripts and coding sequences are parts of those."""
    genes, transcripts, coding = (
        block.filter(pc.equal(block["feature"], name)) for name in ("gene", "transcript", "CDS")
    )
    yield Chunk.nodes("Gene", file.name, _genes(genes))
    yield Chunk.nodes("Transcript", file.name, _transcripts(transcripts))
    gene = _ensembl(transcripts["attributes"], "gene_id")
    transcript = _ensembl(transcripts["attributes"], "transcript_id")
    stated = _statements(gene, "Gene", transcript, "Transcript", transcripts["line"])
    yield Chunk.statements("TRANSCRIBED_TO", file.name, stated)
    transcript = _ensembl(coding["attributes"], "transcript_id")
    protein = _ensembl(coding["attributes"], "protein_id")
    stated = _statements(transcript, "Transcript", protein, "Protein", coding["line"])
    yield Chunk.statements("TRANSLATED_TO", file.name, _once(stated))


def _genes(rows: pa.Table) -> pa.Table:
    # Ensembl gives one name to several genes, and keeps names that HGNC has moved on: it is a
    # synonym, which counts only where no gene has it as its approved symbol.
    said = rows["attributes"]
    gene = _ensembl(said, "gene_id")
    name = _attribute(said, "gene_name")
    own = pc.if_else(pc.starts_with(name, "ENSG"), None, name)
    return pa.table(
        {
            "id": gene,
            "name": pc.coalesce(name, pc.replace_substring(gene, "ENSEMBL:", "")),
            "biotype": pc.coalesce(_attribute(said, "gene_type"), _attribute(said, "gene_biotype")),
            "synonyms": singly(own),
            "line": rows["line"],
        }
    )


def _transcripts(rows: pa.Table) -> pa.Table:
    said = rows["attributes"]
    written = _attribute(said, "transcript_id")
    chosen = pc.match_substring_regex(said, r'tag "MANE_Select"')
    return pa.table(
        {
            "id": _ensembl(said, "transcript_id"),
            "name": _attribute(said, "transcript_name"),
            "symbol": _attribute(said, "gene_name"),
            "version": pc.coalesce(
                _attribute(said, "transcript_version"), _group(written, r"\.(?P<found>\d+)")
            ),
            "biotype": pc.coalesce(
                _attribute(said, "transcript_type"), _attribute(said, "transcript_biotype")
            ),
            # Releases before MANE do not say that a transcript was not chosen.
            "mane_select": pc.if_else(chosen, True, None),
            "line": rows["line"],
        }
    )


def _statements(
    source: pa.ChunkedArray,
    source_label: str,
    target: pa.ChunkedArray,
    target_label: str,
    line: pa.ChunkedArray,
) -> pa.Table:
    count = len(line)
    rows = pa.table(
        {
            "source_ref": source,
            "source_label": repeated(source_label, count),
            "target_ref": target,
            "target_label": repeated(target_label, count),
            "line": line,
        }
    )
    return rows.filter(pc.and_(pc.is_valid(source), pc.is_valid(target)))


def _once(rows: pa.Table) -> pa.Table:
    """Keep the first of the rows of one translation, which has one for each exon."""
    keys = [name for name in rows.column_names if name != "line"]
    return (
        rows.group_by(keys, use_threads=False)
        .aggregate([("line", "min")])
        .rename_columns([*keys, "line"])
    )


def _attribute(column: pa.ChunkedArray, key: str) -> pa.ChunkedArray:
    return _group(column, rf'(?:^|[ ;]){key} "(?P<found>[^"]*)"')


def _ensembl(column: pa.ChunkedArray, key: str) -> pa.ChunkedArray:
    """Read an id without its version; copies on the Y chromosome are the same gene."""
    written = _attribute(column, key)
    bare = pc.replace_substring_regex(written, r"\.\d+(_PAR_Y)?$", "")
    return prefixed("ENSEMBL", bare)


def _group(column: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.struct_field(pc.extract_regex(column, pattern), "found")


def _biotypes(file: SourceFile) -> Iterator[Chunk]:
    for rows in file.frames():
        said = rows[["biotype", "line"]].assign(ref=references("ENSEMBL", rows["gene"]))
        yield Chunk.annotations("Gene", file.name, said)


def _version(files: Files) -> str | None:
    """Read the release of GENCODE in the header or the name, or else that of Ensembl."""
    head = "\n".join(files["annotation"].head) if "annotation" in files else ""
    stated = re.search(r"^##description: .*\bversion (\d+)", head, re.MULTILINE)
    release = stated[1] if stated else _GENCODE(files)
    ensembl = _ENSEMBL(files)
    return release or (f"Ensembl {ensembl}" if ensembl else None)


def _is_gtf(head: list[str]) -> bool:
    return 'gene_id "ENSG' in head[0]


def _is_biotypes(head: list[str]) -> bool:
    return head[0].startswith("ENSG")


SOURCE = Source(
    name="gencode",
    title="GENCODE and Ensembl human genome annotation",
    gives="genes that HGNC lacks, all transcripts, which transcript gives which protein, biotypes",
    url="https://www.gencodegenes.org/human/",
    licence=Licence("LicenseRef-EMBL-EBI", "https://www.ebi.ac.uk/about/terms-of-use/"),
    citation="Mudge JM et al., GENCODE 2025: reference gene annotation for human and mouse, "
    "Nucleic Acids Research 53:D966 (2025), doi:10.1093/nar/gkae1078",
    files=(
        FileSpec(
            "annotation",
            ("gencode.v*.annotation.gtf", "homo_sapiens.grch38.*.gtf"),
            names=GTF,
            optional=True,
            adds="genes with their transcripts and proteins, and which transcript MANE chose",
            recognise=_is_gtf,
            expects="lines of a GTF with Ensembl gene ids",
            layouts=(("GENCODE", ("gene_type",)), ("Ensembl", ("gene_biotype",))),
            comment="#",
        ),
        FileSpec(
            "biotypes",
            ("genes_homo_sapiens*.csv",),
            names=GENES,
            separator=",",
            optional=True,
            recognise=_is_biotypes,
            expects="Ensembl gene id, symbol, version, length and biotype without a header",
        ),
    ),
    read=read,
    version=_version,
    release=_RELEASE,
    downloads=(
        Download(
            "annotation",
            "https://ftp.ebi.ac.uk/pub/databases/gencode/Gencode_human/"
            f"release_{_RELEASE}/gencode.v{_RELEASE}.annotation.gtf.gz",
            f"gencode.v{_RELEASE}.annotation.gtf.gz",
        ),
    ),
)
