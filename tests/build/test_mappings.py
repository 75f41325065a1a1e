"""The mappings file is valid SSSOM and holds what was used."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml

from tests.build import world as w

JUSTIFICATIONS = {
    "semapv:LexicalMatching",
    "semapv:UnspecifiedMatching",
    "semapv:MappingChaining",
    "semapv:CompositeMatching",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
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
    return w.build(tmp_path_factory.mktemp("mappings"), *w.base(), drugs, more)


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
