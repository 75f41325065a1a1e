"""The mappings file is valid SSSOM and holds what was used."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml

from tests.build import world as w
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.mappings import COLUMNS
from tosg_graph.schema import LABELS
from tosg_graph.sources.own import sssom_source

JUSTIFICATIONS = {
    "semapv:LexicalMatching",
    "semapv:UnspecifiedMatching",
    "semapv:MappingChaining",
    "semapv:CompositeMatching",
}


def sources():
    drugs = w.source("drugcentral", w.nodes("Drug", {"id": "DrugCentral:1", "name": "imatinib"}))
    more = w.source(
        "hetionet",
        w.nodes("Drug", {"id": "DRUGBANK:DB00619", "name": "Imatinib"}),
        w.facts(
            "TARGETS",
            {"a": "DRUGBANK:DB00619", "b": "NCBIGene:1956"},
            {"a": "DRUGBANK:DB00619", "b": "symbol:CD16"},
            {"a": "DrugCentral:1", "b": "UniProtKB:P00533-2"},
            ends=("Drug", "Protein"),
        ),
        w.complexes({"ref": 'hetionet:pair "a"\tb', "members": ["UniProtKB:P00533"]}),
        w.facts("MEMBER_OF", {"a": "symbol:ERBB", "b": "REACT:R-HSA-1"}, ends=("Gene", "Pathway")),
        w.nodes("Pathway", {"id": "REACT:R-HSA-1", "name": "p"}),
    )
    return (*w.base(), drugs, more)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return w.build(tmp_path_factory.mktemp("mappings"), *sources())


def read(built) -> tuple[dict, pd.DataFrame]:
    path = built.path / "mappings.sssom.tsv"
    head = "".join(
        line[1:] for line in path.read_text().splitlines(keepends=True) if line.startswith("#")
    )
    table = pd.read_csv(path, sep="\t", comment="#", keep_default_na=False)
    return yaml.safe_load(head), table


def test_the_header_has_what_sssom_requires(built):
    head, table = read(built)
    assert head["mapping_set_id"].endswith(built.id)
    assert head["license"].startswith("https://")
    used = {
        curie.split(":")[0]
        for column in ("subject_id", "predicate_id", "object_id", "mapping_justification")
        for curie in table[column]
    }
    assert used <= set(head["curie_map"])


def test_the_rows_are_those_that_were_used(built):
    _, table = read(built)
    assert set(table["mapping_justification"]) <= JUSTIFICATIONS
    found = set(
        table[["subject_id", "predicate_id", "object_id", "mapping_justification"]].itertuples(
            index=False, name=None
        )
    )
    assert found == {
        ("DRUGBANK:DB00619", "skos:exactMatch", "DrugCentral:1", "semapv:LexicalMatching"),
        ("NCBIGene:1956", "RO:0002205", "UniProtKB:P00533", "semapv:MappingChaining"),
        ("UniProtKB:P00533-2", "skos:exactMatch", "UniProtKB:P00533", "semapv:UnspecifiedMatching"),
        ("symbol:ERBB", "skos:closeMatch", "HGNC:3236", "semapv:LexicalMatching"),
        ("HGNC:4392", "RO:0002205", "UniProtKB:Q5JWF2", "semapv:CompositeMatching"),
        ('hetionet:pair "a"\tb', "skos:exactMatch", "COMPLEX:P00533", "semapv:UnspecifiedMatching"),
    }


def test_labels_stand_beside_the_ids(built):
    _, table = read(built)
    row = table[table["subject_id"] == "DRUGBANK:DB00619"].iloc[0]
    assert (row["subject_label"], row["object_label"], row["comment"]) == (
        "imatinib",
        "imatinib",
        "same name",
    )


TRIPLE = ["subject_id", "predicate_id", "object_id"]


def given_back(folder, built):
    """The build of the same sources with the mappings of an earlier build as a file of one's own."""
    located = w.located(folder / "data", *sources())
    own = sssom_source(built.path / "mappings.sssom.tsv")
    return build_graph(located.joined([own]), folder / "graph")


def test_mappings_given_back_give_the_same_mappings_and_the_same_nodes(tmp_path, built):
    again = given_back(tmp_path, built)
    assert again.id != built.id
    rows, back = read(built)[1][TRIPLE], read(again)[1][TRIPLE]
    pd.testing.assert_frame_equal(
        back.sort_values(TRIPLE, ignore_index=True), rows.sort_values(TRIPLE, ignore_index=True)
    )
    for label in built.labels:
        assert set(w.by_id(again, label)) == set(w.by_id(built, label))
    for kind in built.edge_types:
        facts = [{(r["source"], r["target"]) for r in w.rows(b, f"edges/{kind}")} for b in (built, again)]  # fmt: skip
        assert facts[0] == facts[1]
    mine = [r for r in w.rows(again, "rejects") if r["source"].startswith("own_")]
    # a complex is named by its members, and no mapping names it
    assert [r["reason"] for r in mine] == ["mapping between unknown identifiers"]
    assert "pair" in mine[0]["value"]


def test_every_prefix_of_the_schema_has_its_meaning(built):
    head, _ = read(built)
    for label in LABELS:
        for prefix in label.prefixes:
            assert prefix in head["curie_map"], prefix
            assert "/source/" not in head["curie_map"][prefix], prefix
    # diseases go by the ids of other vocabularies too, which MONDO leads to their node
    public = ("EFO", "HP", "MESH", "NCIT", "OMIM", "OMIM.PS", "UMLS", "orphanet")
    assert [prefix for prefix in public if prefix not in head["curie_map"]] == []


def test_required_slots_of_sssom_are_filled_in_every_row(built):
    _, table = read(built)
    for column in (*TRIPLE, "mapping_justification"):
        assert table[column].str.fullmatch(r"[A-Za-z][\w.]*:.+").all(), column
    assert set(table.columns) == set(COLUMNS)
