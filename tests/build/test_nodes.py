"""What several sources say of one thing becomes one node, and its names aliases."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import world as w
from tosg_graph.build.merging import same_names
from tosg_graph.errors import BuildError
from tosg_graph.schema import LABEL


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    first = w.source(
        "aaa",
        w.nodes(
            "Disease",
            {
                "id": "DOID:1",
                "name": "illness",
                "description": "from aaa",
                "description_pmids": ["100", "20", "20"],
                "synonyms": ["malady"],
                "xrefs": ["MESH:1"],
            },
            {"id": "DOID:2", "name": "only here"},
        ),
        w.nodes(
            "Drug",
            {"id": "DRUGBANK:DB1", "name": "Some  Drug ", "synonyms": ["brand"]},
            {"id": "DRUGBANK:DB2", "name": "twin"},
            {"id": "DRUGBANK:DB3", "name": "alone"},
        ),
    )
    authority = w.source(
        "disease_ontology",
        w.nodes(
            "Disease",
            {"id": "DOID:1", "name": "disease", "synonyms": ["malady", "ailment", "Disease"], "previous": ["old name"],
             "former_ids": ["DOID:99"], "xrefs": ["MESH:1", "OMIM:7", "DOID:1"]},
        ),
    )  # fmt: skip
    drugs = w.source(
        "drugcentral",
        w.nodes(
            "Drug",
            {"id": "DrugCentral:1", "name": "some drug"},
            {"id": "DrugCentral:2", "name": "twin"},
            {"id": "DrugCentral:3", "name": "Twin"},
        ),
    )
    notes = w.source(
        "notes",
        w.annotations(
            "Disease",
            {
                "ref": "MESH:1",
                "name": "never used",
                "description": "from notes",
                "synonyms": ["complaint"],
            },
            {"ref": "DOID:2", "description": "second"},
            {"ref": "DOID:2", "description": "too late", "description_pmids": ["3"]},
            {"ref": "DOID:404", "description": "of nobody", "line": 9},
            {"ref": "MESH:404", "description": "of nobody", "line": 10},
        ),
        w.annotations("Drug", {"ref": "DRUGBANK:DB1", "description": "by its other id"}),
    )
    return w.build(tmp_path_factory.mktemp("nodes"), notes, drugs, authority, first)


def test_the_authority_speaks_first_and_lists_are_united(built):
    assert w.by_id(built, "Disease")["DOID:1"] == {
        "id": "DOID:1",
        "name": "disease",
        "text": "disease, disease. from aaa. Other names: ailment; complaint; illness; malady; never used; old name.",
        "description": "from aaa",
        "description_source": "aaa",
        "description_pmids": ["20", "100"],
        "synonyms": ["ailment", "complaint", "illness", "malady", "never used", "old name"],
        "xrefs": ["DOID:99", "MESH:1", "OMIM:7"],
        "sources": ["aaa", "disease_ontology", "notes"],
    }


def test_annotations_fill_what_nobody_said_the_first_one_first(built):
    assert w.by_id(built, "Disease")["DOID:2"]["description"] == "second"
    assert "description_pmids" not in w.by_id(built, "Disease")["DOID:2"]  # those of another one
    assert w.by_id(built, "Disease")["DOID:2"]["sources"] == ["aaa", "notes"]


def test_an_annotation_of_nobody_is_rejected(built):
    rejected = [(r["line"], r["reason"], r["value"]) for r in w.rows(built, "rejects")]
    assert rejected == [(9, "unknown node", "DOID:404"), (10, "unmapped", "MESH:404")]


def test_nodes_of_two_sources_with_one_name_are_one(built):
    drugs = w.by_id(built, "Drug")
    assert drugs["DrugCentral:1"] == {
        "id": "DrugCentral:1",
        "name": "some drug",
        "text": "some drug, drug. by its other id. Other names: Some Drug ; brand.",
        "description": "by its other id",
        "description_source": "notes",
        "synonyms": ["Some  Drug ", "brand"],
        "xrefs": ["DRUGBANK:DB1"],
        "sources": ["aaa", "drugcentral", "notes"],
    }
    assert "DRUGBANK:DB1" not in drugs


def test_a_name_that_two_nodes_of_one_source_bear_merges_nothing(built):
    assert set(w.by_id(built, "Drug")) == {
        "DrugCentral:1",
        "DrugCentral:2",
        "DrugCentral:3",
        "DRUGBANK:DB2",
        "DRUGBANK:DB3",
    }
    assert built.manifest["report"]["merged"] == {"Drug": 1}


def test_every_name_is_an_alias_with_its_kind_and_first_source(built):
    found = {
        (r.get("namespace"), r["alias"], r["kind"], r["source"])
        for r in w.rows(built, "aliases")
        if r["id"] == "DOID:1"
    }
    assert found == {
        ("DOID", "1", "id", "disease_ontology"),
        ("DOID", "99", "xref", "disease_ontology"),
        ("MESH", "1", "xref", "disease_ontology"),
        ("OMIM", "7", "xref", "disease_ontology"),
        (None, "disease", "name", "disease_ontology"),
        (None, "illness", "name", "aaa"),
        (None, "never used", "name", "notes"),
        (None, "old name", "previous", "disease_ontology"),
        (None, "malady", "synonym", "disease_ontology"),
        (None, "ailment", "synonym", "disease_ontology"),
        (None, "Disease", "synonym", "disease_ontology"),
        (None, "complaint", "synonym", "notes"),
    }
    merged = {
        (r["namespace"], r["alias"], r["kind"])
        for r in w.rows(built, "aliases")
        if r["id"] == "DrugCentral:1" and "namespace" in r
    }
    assert merged == {("DrugCentral", "1", "id"), ("DRUGBANK", "DB1", "xref")}


def test_aliases_are_sorted_and_said_once(built):
    keys = [
        (r["alias"], r.get("namespace") or "", r["kind"], r["label"], r["id"])
        for r in w.rows(built, "aliases")
    ]
    assert keys == sorted(set(keys))


def test_an_id_with_a_foreign_prefix_names_the_loader_and_the_line(tmp_path):
    wrong = w.source("wrong", w.nodes("Gene", {"id": "HGNC:1"}, {"id": "MGI:2", "line": 7}))
    with pytest.raises(
        BuildError, match=r"'wrong' gave id 'MGI:2' for wrong.tsv:7; ids of a Gene begin with"
    ):
        w.build(tmp_path, wrong)
    assert not (tmp_path / "graph").exists()


NAMES = st.sampled_from(
    ["Aspirin", "aspirin", "ASPIRIN ", "as  pirin", "As Pirin", "straße", "STRASSE", "x"]
)


def merged_by_hand(nodes: list[tuple[str, str, list[str]]]) -> dict[str, str]:
    """Which id goes and which it becomes, by comparing every node with every other."""
    order = {"DrugCentral": 0, "DRUGBANK": 1, "CHEMBL.COMPOUND": 2}
    gone = {}
    for node, name, _ in nodes:
        group = [
            n
            for n in nodes
            if " ".join(n[1].split()).casefold() == " ".join(name.split()).casefold()
        ]
        told = [s for _, _, sources in group for s in sources]
        if len(told) == len(set(told)):
            kept = min(group, key=lambda n: (order[n[0].split(":")[0]], n[0]))[0]
            if kept != node:
                gone[node] = kept
    return gone


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.builds(lambda p, n: f"{p}:{n}", st.sampled_from(["DrugCentral", "DRUGBANK", "CHEMBL.COMPOUND"]), st.integers(1, 3)),
        st.tuples(NAMES, st.sets(st.sampled_from("abc"), min_size=1).map(sorted)),
    ),
    st.randoms(),
)  # fmt: skip
def test_merging_by_name_is_what_comparing_every_pair_gives(nodes, random):
    listed = [(node, name, sources) for node, (name, sources) in nodes.items()]
    random.shuffle(listed)
    frame = pd.DataFrame(listed, columns=["id", "name", "sources"], dtype=object)
    found = same_names(frame, LABEL["Drug"]).to_dict("records")
    assert {row["other"]: row["id"] for row in found} == merged_by_hand(listed)
