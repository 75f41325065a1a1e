"""The real loaders read the example: every source is there, only what should be is refused."""

from __future__ import annotations

import pytest

from tosg_graph.example import data_folder
from tosg_graph.sources.chunks import ChunkKind
from tosg_graph.sources.registry import Located, find_files, select

SOURCES = {
    *("cell_ontology", "cellphonedb", "disease_ontology", "drugcentral", "hetionet", "hgnc"),
    *("omnipath", "reactome", "refseq", "signor", "uberon", "uniprot"),
}
#: Every row that a loader turns away, by source: reason and value.
REFUSED = {
    "cell_ontology": {("deprecated term", "CL:0000003")},
    "disease_ontology": {("obsolete term", "DOID:1238")},
    "drugcentral": {("not human", "Mus musculus"), ("not human", "Gallus gallus")},
    "hetionet": {
        ("kind of node that other sources give", "Anatomy: 3 rows"),
        ("kind of node that other sources give", "Disease: 13 rows"),
        ("kind of node that other sources give", "Gene: 222 rows"),
        ("only a part is here: the whole has 147,164 edges of the kind", "GiG: 5 rows"),
    },
    "reactome": {("not human", "Mus musculus: 5 rows"), ("not human", "MMU: 3 rows")},
}


@pytest.fixture(scope="module")
def located() -> Located:
    return find_files(data_folder(), select(None), {})


def test_every_source_is_found_by_the_names_of_its_files(located: Located) -> None:
    assert {source.name for source in located.sources} == SOURCES
    assert set(located.left_out) == {source.name for source in select(None)} - SOURCES
    assert {found.by for found in located.found} == {"name"}
    assert [path.name for path in located.unused] == ["README.md"]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_loader_reads_its_files_and_refuses_what_is_meant_to_be(
    located: Located, name: str
) -> None:
    source = next(source for source in located.sources if source.name == name)
    rows = 0
    refused = set()
    for chunk in source.read(located.files[name]):
        if chunk.kind == ChunkKind.REJECTS:
            refused |= {(row["reason"], row["value"]) for row in chunk.table.to_pylist()}
        else:
            rows += chunk.table.num_rows
    assert rows >= 28
    assert refused == REFUSED.get(name, set())
