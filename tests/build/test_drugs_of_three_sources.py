"""One drug under a name, a DrugBank id and an exact cross-reference is one node."""

from __future__ import annotations

import pandas as pd

from tests.build import world as w


def test_three_sources_name_one_drug(tmp_path):
    built = w.build(
        tmp_path,
        *w.base(),
        w.source("drugcentral", w.nodes("Drug", {"id": "DrugCentral:1", "name": "imatinib"})),
        w.source("hetionet", w.nodes("Drug", {"id": "DRUGBANK:DB00619", "name": "Imatinib"})),
        w.source(
            "gtopdb",
            w.nodes(
                "Drug",
                {"id": "GTOPDB:5687", "name": "STI571", "same_as": ["DRUGBANK:DB00619"]},
            ),
        ),
    )
    [drug] = w.rows(built, "nodes/Drug")
    assert drug["id"] == "DrugCentral:1"
    assert drug["sources"] == ["drugcentral", "gtopdb", "hetionet"]
    assert set(drug["xrefs"]) == {"DRUGBANK:DB00619", "GTOPDB:5687"}
    table = pd.read_csv(built.path / "mappings.sssom.tsv", sep="\t", comment="#")
    merges = table[table["object_id"].eq("DrugCentral:1") | table["subject_id"].eq("GTOPDB:5687")]
    assert {"DRUGBANK:DB00619", "GTOPDB:5687"} <= set(merges["subject_id"])
    assert merges["mapping_justification"].str.startswith("semapv:").all()
