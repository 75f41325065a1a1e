from __future__ import annotations

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_human_pathways_and_their_genes() -> None:
    found = read("wikipathways")
    assert found.rows("nodes", "Pathway") == [
        {"id": "WIKIPATHWAYS:WP437", "name": "EGF signaling", "line": 1}
    ]
    assert found.pairs("MEMBER_OF") == [
        ("NCBIGene:1950", "WIKIPATHWAYS:WP437"),
        ("NCBIGene:1956", "WIKIPATHWAYS:WP437"),
    ]
    assert found.rejects() == [
        ("no human pathway", "EGF signaling%WikiPathways_20240910%WP572%Mus musculus", 2)
    ]


def test_release() -> None:
    source = discover()["wikipathways"]
    files = find_files(FIXTURES / source.name, [source], {}).files[source.name]
    assert source.version is not None
    assert source.version(files) == "20240910"
