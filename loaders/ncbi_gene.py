"""NCBI Gene, history: which gene a retired NCBI Gene id belongs to now.

The file covers all species. A human id that was merged, also over ids that were merged later, is a
cross-reference of the gene that it led to; one that was discontinued leads nowhere and is rejected.
The retired symbols are not read: most were provisional, and HGNC lists the previous symbols.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.arrays import TEXTS, prefixed, repeated, singly
from tosg_graph.sources.history import ends
from tosg_graph.sources.source import Files
from tosg_graph.sources.tally import Tally

HUMAN = "9606"
#: What stands in place of a gene that the discontinued one did not go to.
NOWHERE = "-"
COLUMNS = ("tax_id", "GeneID", "Discontinued_GeneID")

_NO_ROWS = pa.schema(
    [*((name, pa.string()) for name in COLUMNS), ("line", pa.int64())]
).empty_table()


def read(files: Files) -> Iterator[Chunk]:
    """Read where retired ids went; memory is bounded by the human rows."""
    file = files["history"]
    foreign = Tally()
    rows = _human(file, foreign)
    found = _ends(rows)
    count = pc.list_value_length(found)
    one = pc.equal(count, 1)
    followed = rows.filter(one).append_column("end", pc.list_flatten(found.filter(one)))
    yield Chunk.annotations("Gene", file.name, _followed(followed))
    for reason, which in (
        ("withdrawn without a successor", pc.equal(count, 0)),
        ("went into several genes", pc.greater(count, 1)),
    ):
        yield Chunk.rejects(file.name, _rejected(rows.filter(which), reason))
    yield Chunk.rejects(file.name, foreign.rows("not human"))


def _human(file: SourceFile, foreign: Tally) -> pa.Table:
    """Gather the human rows; the others are counted."""
    found = [_NO_ROWS]
    for table in file.tables(COLUMNS):
        human = pc.fill_null(pc.equal(table["tax_id"], HUMAN), False)
        foreign.add_columns("other species", table["line"].filter(pc.invert(human)))
        found.append(table.filter(human))
    return pa.concat_tables(found)


def _ends(rows: pa.Table) -> pa.Array:
    """The current ids that each retired one leads to."""
    into: dict[str, list[str]] = {}
    retired = rows["Discontinued_GeneID"].to_pylist()
    for old, new in zip(retired, rows["GeneID"].to_pylist(), strict=True):
        into.setdefault(old, []).extend([] if new in (None, NOWHERE) else [new])
    found = [sorted(ends(old, into, lambda new: new not in into)) for old in retired]
    return pa.array(found, TEXTS)


def _followed(rows: pa.Table) -> pa.Table:
    return pa.table(
        {
            "ref": prefixed("NCBIGene", rows["end"]),
            "xrefs": singly(prefixed("NCBIGene", rows["Discontinued_GeneID"])),
            "line": rows["line"],
        }
    )


def _rejected(rows: pa.Table, reason: str) -> pa.Table:
    value = prefixed("NCBIGene", rows["Discontinued_GeneID"])
    return pa.table({"reason": repeated(reason, len(rows)), "value": value, "line": rows["line"]})


SOURCE = Source(
    name="ncbi_gene",
    title="NCBI Gene, history of ids",
    gives="retired NCBI Gene ids of genes",
    url="https://www.ncbi.nlm.nih.gov/gene/",
    licence=Licence(
        "LicenseRef-NCBI-public-domain", "https://www.ncbi.nlm.nih.gov/home/about/policies/"
    ),
    citation="Brown GR et al., Gene: a gene-centered information resource at NCBI, "
    "Nucleic Acids Research 43:D36 (2015), doi:10.1093/nar/gku1055",
    files=(FileSpec("history", ("gene_history*",), columns=COLUMNS),),
    read=read,
    downloads=(
        Download(
            "history",
            "https://ftp.ncbi.nlm.nih.gov/gene/DATA/gene_history.gz",
            "gene_history.gz",
        ),
    ),
)
