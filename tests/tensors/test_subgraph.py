"""Subgraphs of the tiny build, compared with its constants."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import (
    BUILD_ID,
    DISEASES,
    GENES,
    INTEGRIN,
    MEMBERS,
    PATHWAYS,
    SIGNALS,
    TRANSCRIPTS,
    edge_rows,
    gene,
    node_rows,
    protein,
    tiny_tables,
    write_build,
)
from tosg_graph.build.tables import edge_id
from tosg_graph.errors import UsageError
from tosg_graph.schema import triplets
from tosg_graph.tensors.subgraph import Subgraph, id_hash

SIGNAL = "REACT:R-HSA-162582"
EGFR = "REACT:R-HSA-177929"


def facts(subgraph: Subgraph) -> set[tuple[str, str, str]]:
    """Every edge as (source id, type, target id), read back through the node tables."""
    found = set()
    for (a, kind, b), edges in subgraph.edges.items():
        sources, targets = subgraph.node_ids(a), subgraph.node_ids(b)
        found |= {
            (sources[s], kind, targets[t]) for s, t in zip(edges.source, edges.target, strict=True)
        }
    return found


def expected_facts(chosen: set[str]) -> set[tuple[str, str, str]]:
    return {
        (row["source"], kind, row["target"])
        for kind, rows in edge_rows().items()
        for row in rows
        if row["source"] in chosen and row["target"] in chosen
    }


def every_id() -> set[str]:
    return {row["id"] for rows in node_rows().values() for row in rows}


def chosen_ids(subgraph: Subgraph) -> set[str]:
    return {i for label in subgraph.labels for i in subgraph.node_ids(label)}


def test_whole_holds_every_node_and_every_fact(tiny):
    whole = Subgraph.whole(tiny)
    rows = node_rows()
    assert whole.build_id == BUILD_ID
    assert whole.selection == {"kind": "whole"}
    assert whole.labels == tuple(rows)
    for label, expected in rows.items():
        assert whole.node_ids(label) == sorted(row["id"] for row in expected)
    assert whole.n_nodes == sum(map(len, rows.values()))
    assert facts(whole) == expected_facts(every_id())
    assert whole.n_edges == len(facts(whole))


def test_nodes_are_numbered_by_id_and_carry_name_and_symbol(tiny):
    table = Subgraph.whole(tiny).nodes["Gene"]
    by_id = sorted((hgnc, symbol, name) for symbol, (hgnc, _, _, _, name, _, _) in GENES.items())
    assert table.column_names == ["id", "name", "symbol"]
    assert table["id"].to_pylist() == [row[0] for row in by_id]
    assert table["symbol"].to_pylist() == [row[1] for row in by_id]
    assert table["name"].to_pylist() == [row[2] for row in by_id]
    assert Subgraph.whole(tiny).nodes["Pathway"].column_names == ["id", "name"]


def test_labels_and_triplets_come_in_schema_order_and_only_where_they_have_rows(tiny):
    whole = Subgraph.whole(tiny)
    order = [t for t in triplets() if t in whole.edges]
    assert list(whole.edges) == order
    assert all(len(edges) for edges in whole.edges.values())
    assert ("Complex", "ACTIVATES", "Protein") not in whole.edges


def test_edges_lead_from_source_to_target(tiny):
    whole = Subgraph.whole(tiny)
    edges = whole.edges["Protein", "INHIBITS", "Protein"]
    ids = whole.node_ids("Protein")
    pairs = [(ids[s], ids[t]) for s, t in zip(edges.source, edges.target, strict=True)]
    stated = [(protein(a), protein(b)) for a, kind, b, *_ in SIGNALS if kind == "INHIBITS"]
    assert pairs == sorted(stated)
    assert (protein("MDM2"), protein("TP53")) in pairs
    assert (protein("TP53"), protein("MDM2")) not in pairs


def test_edges_carry_sign_directness_and_evidence_of_their_fact(tiny):
    whole = Subgraph.whole(tiny)
    direct = {(protein(a), kind, protein(b)): flag for a, kind, b, _, _, flag in SIGNALS}
    rows = {(r["source"], kind, r["target"]): r for kind, rs in edge_rows().items() for r in rs}
    seen = set()
    for (a, kind, b), edges in whole.edges.items():
        sources, targets = whole.node_ids(a), whole.node_ids(b)
        for edge in edges.table.to_pylist():
            fact = (sources[edge["source"]], kind, targets[edge["target"]])
            seen.add(direct.get(fact))
            assert edge["edge_id"] == rows[fact]["edge_id"]
            assert edge["sign"] == rows[fact]["sign"]
            assert edge["n_evidence"] == rows[fact]["n_evidence"]
            assert edge["direct"] is direct.get(fact)
    assert seen == {True, False, None}


def test_one_statement_that_says_direct_is_enough(tmp_path):
    tables = tiny_tables()
    target = edge_id(protein("MDM2"), "INHIBITS", protein("TP53"))
    rows = [row for row in tables["evidence"] if row["edge_id"] == target]
    tables["evidence"] += [
        {**rows[0], "direct": False, "line": 900},
        {**rows[0], "direct": None, "line": 901},
    ]
    assert rows[0]["direct"] is True
    whole = Subgraph.whole(write_build(tmp_path / "b", tables))
    edges = whole.edges["Protein", "INHIBITS", "Protein"].table.to_pylist()
    assert [e["direct"] for e in edges if e["edge_id"] == target] == [True]


def test_pathway_takes_sub_pathways_members_and_their_products(tiny):
    chosen = Subgraph.pathway(tiny, SIGNAL)
    symbols = {s for members in MEMBERS.values() for s in members}
    assert set(chosen.node_ids("Pathway")) == set(PATHWAYS)
    assert set(chosen.node_ids("Gene")) == {gene(s) for s in symbols}
    assert set(chosen.node_ids("Protein")) == {protein(s) for s in symbols}
    assert chosen.node_ids("Transcript") == [TRANSCRIPTS["EGFR"][0]]
    assert chosen.labels == ("Gene", "Transcript", "Protein", "Pathway")
    assert facts(chosen) == expected_facts(chosen_ids(chosen))
    assert chosen.selection == {"kind": "pathway", "pathway": SIGNAL, "sub_pathways": True}


def test_pathway_without_its_prefix_and_without_sub_pathways(tiny):
    chosen = Subgraph.pathway(tiny, "R-HSA-177929", sub_pathways=False)
    assert chosen.node_ids("Pathway") == [EGFR]
    assert set(chosen.node_ids("Gene")) == {gene(s) for s in MEMBERS[EGFR]}


@pytest.mark.parametrize(("subunits", "taken"), [(("ITGA2", "ITGB1"), True), (("ITGA2",), False)])
def test_a_complex_comes_along_when_all_its_subunits_do(tmp_path, subunits, taken):
    tables = tiny_tables()
    template = tables["edges/MEMBER_OF"][0]
    for symbol in subunits:
        tables["edges/MEMBER_OF"].append(
            {**template, "source": gene(symbol), "target": EGFR, "edge_id": symbol}
        )
    chosen = Subgraph.pathway(write_build(tmp_path / "b", tables), EGFR)
    assert ("Complex" in chosen.labels) is taken
    if taken:
        assert chosen.node_ids("Complex") == [INTEGRIN]


def test_a_member_protein_brings_its_gene(tmp_path):
    tables = tiny_tables()
    row = {
        **tables["edges/MEMBER_OF"][0],
        "source": protein("PTEN"),
        "source_label": "Protein",
        "target": EGFR,
        "edge_id": "x",
    }
    tables["edges/MEMBER_OF"].append(row)
    chosen = Subgraph.pathway(write_build(tmp_path / "b", tables), EGFR)
    assert gene("PTEN") in chosen.node_ids("Gene")
    assert protein("PTEN") in chosen.node_ids("Protein")


def test_a_cycle_of_pathways_ends(tmp_path):
    tables = tiny_tables()
    row = {**tables["edges/CHILD_OF"][0], "source": SIGNAL, "target": EGFR, "edge_id": "x"}
    tables["edges/CHILD_OF"].append(row)
    chosen = Subgraph.pathway(write_build(tmp_path / "b", tables), EGFR)
    assert set(chosen.node_ids("Pathway")) == set(PATHWAYS)


def test_isolated_nodes_stay(tiny):
    lonely = [gene("CD19"), protein("TP53"), "UBERON:0000178"]
    chosen = Subgraph.of_ids(tiny, lonely)
    assert chosen_ids(chosen) == set(lonely)
    assert chosen.n_edges == 0


def test_the_query_behind_ids_is_kept(tiny):
    import hashlib

    ids = sorted([gene("ABL1"), gene("EGFR")])
    chosen = Subgraph.of_ids(tiny, reversed(ids), query="MATCH (g:Gene) RETURN g.id")
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    query = "MATCH (g:Gene) RETURN g.id"
    assert chosen.selection == {"kind": "ids", "n_ids": 2, "ids_sha256": digest, "query": query}


def test_number_zero_is_a_node_like_any_other(tiny):
    whole = Subgraph.whole(tiny)
    first = whole.node_ids("Protein")[0]
    assert first == min(f"UniProtKB:{g[1]}" for g in GENES.values())
    touching = {f for f in facts(whole) if first in (f[0], f[2])}
    assert touching == {f for f in expected_facts(every_id()) if first in (f[0], f[2])}
    assert touching


def test_around_walks_along_and_against_edges(tiny):
    expected = neighbours({protein("TP53")})
    chosen = Subgraph.around(tiny, [protein("TP53")], hops=1)
    assert chosen_ids(chosen) == expected
    assert facts(chosen) == expected_facts(expected)
    two = Subgraph.around(tiny, protein("TP53"), hops=2)
    assert chosen_ids(two) == neighbours(expected)
    assert len(neighbours(expected)) > len(expected)


def neighbours(start: set[str]) -> set[str]:
    """Brute force: everything at most one edge away."""
    rows = [row for rows in edge_rows().values() for row in rows]
    ends = [(r["source"], r["target"]) for r in rows]
    return start | {b for a, b in ends if a in start} | {a for a, b in ends if b in start}


def test_around_keeps_to_the_named_edge_types(tiny):
    chosen = Subgraph.around(tiny, [protein("TP53")], hops=1, edge_types=["INHIBITS", "ACTIVATES"])
    assert chosen_ids(chosen) == {protein(s) for s in ("TP53", "MDM2", "PTEN")}
    assert {kind for _, kind, _ in chosen.edges} == {"ACTIVATES", "INHIBITS"}
    assert chosen.selection["edge_types"] == ["ACTIVATES", "INHIBITS"]


def test_no_hop_keeps_the_seeds(tiny):
    assert chosen_ids(Subgraph.around(tiny, [gene("EGFR")], hops=0)) == {gene("EGFR")}


def test_products_name_genes_that_were_not_chosen(tiny):
    chosen = Subgraph.of_ids(tiny, [protein("EGFR"), protein("TP53")])
    pairs = set(
        map(
            tuple,
            zip(
                chosen.products["Protein"]["gene"].to_pylist(),
                chosen.products["Protein"]["product"].to_pylist(),
                strict=True,
            ),
        )
    )
    assert pairs == {(gene(s), protein(s)) for s in ("EGFR", "TP53")}


def test_find_is_the_inverse_of_node_ids(tiny):
    whole = Subgraph.whole(tiny)
    ids = whole.node_ids("Disease")
    assert sorted(ids) == sorted(DISEASES)
    assert whole.find("Disease", ids).tolist() == list(range(len(ids)))
    assert whole.find("Disease", ["DOID:0", None, ids[0]]).tolist() == [-1, -1, 0]
    assert Subgraph.of_ids(tiny, ids).find("Gene", ["HGNC:76"]).tolist() == [-1]


def test_id_hash_is_the_sha256_of_lines(tiny):
    import hashlib

    whole = Subgraph.whole(tiny)
    text = "".join(f"{i}\n" for i in sorted(DISEASES))
    assert whole.id_hashes["Disease"] == hashlib.sha256(text.encode()).hexdigest()
    assert id_hash(["a", "b"]) != id_hash(["b", "a"])


@pytest.mark.parametrize(
    "call",
    [
        lambda b: Subgraph.of_ids(b, ["HGNC:76", "HGNC:nowhere"]),
        lambda b: Subgraph.around(b, ["HGNC:nowhere"]),
    ],
)
def test_unknown_ids_are_named(tiny, call):
    with pytest.raises(
        UsageError, match=r"no node with the id 'HGNC:nowhere'; expected ids as the build"
    ):
        call(tiny)


def test_many_unknown_ids_are_counted(tiny):
    with pytest.raises(UsageError, match="and 3 more"):
        Subgraph.of_ids(tiny, [f"X:{n}" for n in range(8)])


def test_unknown_pathway_is_named(tiny):
    with pytest.raises(UsageError, match=r"no pathway 'R-HSA-1'; expected .* its 3 pathways"):
        Subgraph.pathway(tiny, "R-HSA-1")


def test_empty_choices_say_why(tiny):
    with pytest.raises(UsageError, match="list of ids is empty"):
        Subgraph.of_ids(tiny, [])
    with pytest.raises(UsageError, match="list of ids is empty"):
        Subgraph.around(tiny, [])
    with pytest.raises(
        UsageError, match=r"pathway REACT:R-HSA-162582 has no member; its sub-pathways"
    ):
        Subgraph.pathway(tiny, SIGNAL, sub_pathways=False)


def test_an_empty_build_has_no_subgraph(tmp_path):
    tables = tiny_tables()
    del tables["edges/MEMBER_OF"]
    build = write_build(tmp_path / "b", tables)
    with pytest.raises(UsageError, match=r"has no member$"):
        Subgraph.pathway(build, SIGNAL)
    (tmp_path / "e").mkdir()
    with pytest.raises(UsageError, match="has no nodes"):
        Subgraph.whole(write_build(tmp_path / "e", {}))


def test_wrong_options_are_refused(tiny):
    with pytest.raises(UsageError, match="hops=-1 found"):
        Subgraph.around(tiny, [gene("EGFR")], hops=-1)
    with pytest.raises(UsageError, match=r"unknown edge types \['LIKES'\]; known: TRANSCRIBED_TO"):
        Subgraph.around(tiny, [gene("EGFR")], edge_types=["LIKES"])
    with pytest.raises(UsageError, match="at most 3 are allowed; take fewer hops"):
        Subgraph.around(tiny, [gene("EGFR")], hops=3, max_nodes=3)
    with pytest.raises(UsageError, match="no Drug is chosen; labels with nodes: Gene"):
        Subgraph.of_ids(tiny, [gene("EGFR")]).node_ids("Drug")


def test_subgraph_needs_no_tensor_library():
    program = (
        "import sys\n"
        "for name in ('torch', 'torch_geometric', 'sklearn', 'safetensors'):\n"
        "    sys.modules[name] = None\n"
        "import tosg_graph.tensors.subgraph, tosg_graph.tensors.hetero, tosg_graph.tensors.text\n"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
