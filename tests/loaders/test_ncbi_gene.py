from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.identifiers import Resolver
from tosg_graph.sources.history import ends
from tosg_graph.sources.registry import discover, find_files


def test_retired_ids_follow_to_the_current_one() -> None:
    assert read("ncbi_gene").rows("annotations", "Gene") == [
        {"ref": "NCBIGene:1956", "xrefs": ["NCBIGene:9101"], "line": 4},
        {"ref": "NCBIGene:1956", "xrefs": ["NCBIGene:9102"], "line": 5},
    ]


def test_what_leads_nowhere_and_other_species() -> None:
    assert read("ncbi_gene").rejects() == [
        ("withdrawn without a successor", "NCBIGene:9103", 6),
        ("withdrawn without a successor", "NCBIGene:9105", 7),
        ("withdrawn without a successor", "NCBIGene:9106", 8),
        ("went into several genes", "NCBIGene:9107", 9),
        ("went into several genes", "NCBIGene:9107", 10),
        ("not human", "other species: 3 rows", 2),
    ]


def test_a_retired_id_names_the_gene_and_is_among_the_mappings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("hgnc", "ncbi_gene", "hetionet", "disease_ontology"):
        shutil.copytree(FIXTURES / name, data / name)
    genes = data / "hetionet/DaG-association.tsv"
    genes.write_text(genes.read_text(encoding="utf-8").replace("1956", "9102"), encoding="utf-8")
    known = [discover()[n] for n in ("hgnc", "ncbi_gene", "hetionet", "disease_ontology")]
    build = build_graph(find_files(data, known, {}), tmp_path / "graph")
    asked = ["NCBIGene:9101", "NCBIGene:9102", "NCBIGene:1956", "NCBIGene:9103"]
    found = Resolver.of(build).resolve(asked, label="Gene")
    assert found["id"].to_pylist() == ["HGNC:3236"] * 3 + [None]
    assert found["kind"].to_pylist() == ["xref"] * 3 + ["unmapped"]
    mappings = (build.path / "mappings.sssom.tsv").read_text(encoding="utf-8")
    assert "NCBIGene:9102\t\tskos:exactMatch\tHGNC:3236" in mappings


@pytest.mark.parametrize(
    ("into", "expected"),
    [
        ({"a": ["b"]}, {"b"}),
        ({"a": ["b"], "b": ["c", "d"], "c": []}, {"d"}),
        ({"a": ["b"], "b": ["a"]}, set()),
        ({}, set()),
    ],
)
def test_ends(into: dict[str, list[str]], expected: set[str]) -> None:
    assert ends("a", into, lambda new: new not in into and new != "a") == expected
