"""HGNC: the approved human genes, their ids elsewhere, MANE transcripts and UniProt products."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.columns import items, listed, merged, references
from tosg_graph.sources.history import ends
from tosg_graph.sources.releases import in_names
from tosg_graph.sources.source import Download, Files

COLUMNS = (
    "hgnc_id",
    "symbol",
    "name",
    "locus_group",
    "locus_type",
    "status",
    "location",
    "alias_symbol",
    "alias_name",
    "prev_symbol",
    "prev_name",
    "entrez_id",
    "ensembl_gene_id",
    "vega_id",
    "uniprot_ids",
    "omim_id",
    "mirbase",
    "orphanet",
    "cd",
    "mane_select",
)
SUCCESSORS = "MERGED_INTO_REPORT(S) (i.e HGNC_ID|SYMBOL|STATUS)"
WITHDRAWN = ("HGNC_ID", "STATUS", "WITHDRAWN_SYMBOL", SUCCESSORS)
_AT = "https://storage.googleapis.com/public-download-files/hgnc/tsv/tsv"
# Other databases' names for the gene itself; sequences and orthologues are not the same thing.
XREFS = {
    "ensembl_gene_id": "ENSEMBL",
    "entrez_id": "NCBIGene",
    "omim_id": "OMIM",
    "vega_id": "VEGA",
    "orphanet": "orphanet",
    "mirbase": "mirbase",
}


def read(files: Files) -> Iterator[Chunk]:
    """Read genes, then MANE transcripts, then proteins and what joins them."""
    file = files["genes"]
    products = []
    known = []
    for rows in file.frames():
        approved = rows["status"].eq("Approved")
        yield Chunk.rejects(file.name, _withdrawn(rows[~approved]))
        genes = rows[approved].reset_index(drop=True)
        yield Chunk.nodes("Gene", file.name, _genes(genes))
        known.append(genes["hgnc_id"])
        transcripts = _transcripts(genes)
        yield Chunk.nodes("Transcript", file.name, transcripts.drop(columns=["gene", "proteins"]))
        yield Chunk.statements("TRANSCRIBED_TO", file.name, _transcribed(transcripts))
        yield Chunk.statements("TRANSLATED_TO", file.name, _translated(transcripts))
        products.append(_products(genes))
        yield Chunk.statements("ENCODES", file.name, _encodes(products[-1]))
    yield from _proteins(file, products)
    if "withdrawn" in files and known:
        yield from _history(files["withdrawn"], set(pd.concat(known)))


def _genes(rows: pd.DataFrame) -> pd.DataFrame:
    xrefs = [listed(prefix, rows[column]) for column, prefix in XREFS.items()]
    return pd.DataFrame(
        {
            "id": rows["hgnc_id"],
            "name": rows["name"],
            "symbol": rows["symbol"],
            "locus_group": rows["locus_group"],
            "locus_type": rows["locus_type"],
            "location": rows["location"],
            "synonyms": merged(items(rows["alias_symbol"]), items(rows["alias_name"]), rows["cd"]),
            "previous": merged(items(rows["prev_symbol"]), items(rows["prev_name"])),
            "xrefs": merged(*xrefs),
            "same_as": listed("ENSEMBL", rows["ensembl_gene_id"]),
            "line": rows["line"],
        }
    )


def _transcripts(genes: pd.DataFrame) -> pd.DataFrame:
    """Take ``ENST00000275493.7|NM_005228.5`` apart; both ids lose their version."""
    rows = genes[genes["mane_select"].notna()]
    parts = rows["mane_select"].str.extract(r"^(ENST\d+)\.?(\d*)\|?(N[MR]_\d+)?")
    found = pd.DataFrame(
        {
            "id": references("ENSEMBL", parts[0]),
            "name": rows["symbol"] + " MANE Select transcript",
            "symbol": rows["symbol"],
            "version": parts[1],
            "mane_select": True,
            "xrefs": merged(references("RefSeq", parts[2])),
            "gene": rows["hgnc_id"],
            "proteins": items(rows["uniprot_ids"]),
            "line": rows["line"],
        }
    )
    return found[found["id"].notna()]


def _transcribed(transcripts: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source_ref": transcripts["gene"],
            "source_label": "Gene",
            "target_ref": transcripts["id"],
            "target_label": "Transcript",
            "record_id": transcripts["gene"],
            "line": transcripts["line"],
        }
    )


def _translated(transcripts: pd.DataFrame) -> pd.DataFrame:
    # With several products the file does not say which of them the transcript gives.
    single = transcripts[transcripts["proteins"].str.len() == 1]
    return pd.DataFrame(
        {
            "source_ref": single["id"],
            "source_label": "Transcript",
            "target_ref": references("UniProtKB", single["proteins"].str[0]),
            "target_label": "Protein",
            "record_id": single["gene"],
            "line": single["line"],
        }
    )


def _products(genes: pd.DataFrame) -> pd.DataFrame:
    """One row per gene and UniProt accession: gene, symbol, accession, line."""
    pairs = genes[["hgnc_id", "symbol", "line"]].assign(accession=items(genes["uniprot_ids"]))
    return pairs.explode("accession", ignore_index=True).dropna(subset="accession")


def _encodes(products: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source_ref": products["hgnc_id"],
            "source_label": "Gene",
            "target_ref": references("UniProtKB", products["accession"]),
            "target_label": "Protein",
            "record_id": products["hgnc_id"],
            "line": products["line"],
        }
    )


def _proteins(file: SourceFile, products: list[pd.DataFrame]) -> Iterator[Chunk]:
    """Declare each accession once, so that the graph works without UniProt."""
    if not products:
        return
    pairs = pd.concat(products, ignore_index=True)
    # A histone is the product of a dozen genes: no one symbol is its own.
    shared = pairs["accession"].duplicated(keep=False)
    pairs["symbol"] = pairs["symbol"].mask(shared, None)
    pairs = pairs.drop_duplicates("accession")
    rows = pairs[["symbol", "accession", "line"]].assign(
        id=references("UniProtKB", pairs["accession"])
    )
    yield Chunk.nodes("Protein", file.name, rows)


def _withdrawn(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {"reason": "not an approved gene", "value": rows["hgnc_id"], "line": rows["line"]}
    )


def _history(file: SourceFile, approved: set[str]) -> Iterator[Chunk]:
    """Let merged ids and symbols follow to their successor, where there is exactly one."""
    rows = pd.concat([pd.DataFrame({"line": []}), *file.frames()], ignore_index=True)
    if "HGNC_ID" not in rows:  # a header and nothing below it
        return
    reports = rows[SUCCESSORS].fillna("")
    after = reports.str.findall(r"(HGNC:\d+)\|")
    merged_into = dict(zip(rows["HGNC_ID"], after, strict=True))
    is_approved = approved.__contains__
    found = [sorted(ends(old, merged_into, is_approved)) for old in rows["HGNC_ID"]]
    rows = rows.assign(ends=pd.Series(found, dtype=object), into=after.str.join(", "))
    count = rows["ends"].str.len()
    yield Chunk.nodes("Gene", file.name, _followed(rows[count == 1]))
    split = rows["HGNC_ID"] + " → " + rows["into"]
    reasons = (
        ("withdrawn without a successor", count.eq(0), rows["HGNC_ID"]),
        ("split into several genes", count.gt(1), split),
    )
    for reason, which, value in reasons:
        frame = pd.DataFrame({"reason": reason, "value": value, "line": rows["line"]})
        yield Chunk.rejects(file.name, frame[which].astype({"line": "int64"}))


def _followed(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": rows["ends"].str[0],
            "former_ids": merged(rows["HGNC_ID"]),
            "previous": merged(rows["WITHDRAWN_SYMBOL"]),
            "line": rows["line"].astype("int64"),
        }
    )


SOURCE = Source(
    name="hgnc",
    title="HUGO Gene Nomenclature Committee",
    gives="genes with their approved symbols and ids, MANE transcripts, which gene encodes what",
    url="https://www.genenames.org/download/archive/",
    licence=Licence("CC0-1.0", "https://www.genenames.org/about/license/"),
    citation="Seal RL et al., Genenames.org: the HGNC resources in 2023, "
    "Nucleic Acids Research 51:D1003 (2023), doi:10.1093/nar/gkac888",
    files=(
        FileSpec("genes", ("hgnc_complete_set*",), columns=COLUMNS, quoted=True),
        FileSpec(
            "withdrawn",
            ("withdrawn*.txt",),
            columns=WITHDRAWN,
            optional=True,
            adds="symbols and ids of genes that were merged into others",
        ),
    ),
    read=read,
    revision=2,
    version=in_names(r"\d{4}-\d\d-\d\d"),
    downloads=(
        Download("genes", f"{_AT}/hgnc_complete_set.txt", "hgnc_complete_set.txt"),
        Download("withdrawn", f"{_AT}/withdrawn.txt", "withdrawn.txt"),
    ),
)
