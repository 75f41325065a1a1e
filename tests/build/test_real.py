"""The whole build on the public files: every expected figure is computed from the raw files."""

from __future__ import annotations

import gzip
from collections import defaultdict
from itertools import chain
from pathlib import Path

import h5py
import pandas as pd
import pyarrow.compute as pc
import pytest

from tests.build import world as w
from tests.sources.test_registry import PUBLIC
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.tables import Build, edge_id
from tosg_graph.sources.registry import find_files, select

pytestmark = pytest.mark.real


def raw(data: Path, name: str, **options) -> pd.DataFrame:
    return pd.read_csv(data / name, dtype=str, keep_default_na=False, **{"sep": "\t", **options})


@pytest.fixture(scope="module")
def hgnc(real_data) -> pd.DataFrame:
    return raw(real_data, "hgnc/hgnc_complete_set.txt.gz")


@pytest.fixture(scope="module")
def names(hgnc) -> list[dict[str, set[str]]]:
    """Approved symbols, previous names, synonyms → HGNC ids, strongest first."""
    levels = []
    for columns in (["symbol"], ["prev_symbol", "prev_name"], ["alias_symbol", "alias_name", "cd"]):
        level = defaultdict(set)
        for column in columns:
            for gene, cell in zip(hgnc["hgnc_id"], hgnc[column], strict=True):
                for name in filter(
                    None, map(str.strip, cell.split("|") if column != "cd" else [cell])
                ):
                    level[name].add(gene)
        levels.append(level)
    return levels


def gene_of(names, symbol: str) -> str | None:
    """The one gene of a symbol, or None if there is none or several."""
    for level in names:
        if symbol in level:
            return min(level[symbol]) if len(level[symbol]) == 1 else None
    return None


def joins(build: Build, source: str) -> dict[tuple[str, str, str], dict]:
    return {
        (j["what"], j["namespace"], j["label"]): j
        for j in build.manifest["report"]["sources"][source]["joins"]
    }


def test_no_source_is_left_out_that_files_are_at_hand_for(real_build):
    assert sorted(real_build.manifest["sources"]) == PUBLIC
    left_out = set(real_build.manifest["report"]["left_out"])
    assert left_out == {source.name for source in select(None)} - set(PUBLIC)
    assert set(real_build.labels) == {
        "Gene",
        "Transcript",
        "Protein",
        "Complex",
        "Pathway",
        "Disease",
        "Drug",
        "CellType",
        "Tissue",
    }
    assert len(real_build.edge_types) == 16


def test_genes_are_those_that_are_approved(real_build, hgnc):
    genes = real_build.nodes("Gene", ["id", "symbol"])
    assert dict(zip(*(c.to_pylist() for c in genes.columns), strict=True)) == dict(
        zip(hgnc["hgnc_id"], hgnc["symbol"], strict=True)
    )


def test_each_gene_with_a_product_has_one_canonical(real_build, hgnc):
    edges = real_build.edges("ENCODES", ["source", "canonical"]).to_pandas()
    assert set(edges.groupby("source")["canonical"].sum()) == {1}
    assert set(hgnc.loc[hgnc["uniprot_ids"] != "", "hgnc_id"]) <= set(edges["source"])


def test_symbols_resolve_as_a_plain_walk_through_the_file_does(real_build, names):
    symbols = sorted({*names[0], *names[1], *names[2]})
    found = Resolver.of(real_build).resolve([f"symbol:{s}" for s in symbols], label="Gene")
    assert found["id"].to_pylist() == [gene_of(names, s) for s in symbols]


def test_signor_joins_whole_and_a_record_counts_once(real_build, real_data):
    rows = raw(real_data, "signor/signor_ppi.tsv.gz", header=None, quoting=3)
    assert joins(real_build, "signor")["statements", "UniProtKB", "Protein"]["resolved"] == 2 * len(
        rows
    )
    effect = rows[8].map(
        lambda e: {"Activates": "ACTIVATES", "Unknown": "REGULATES"}.get(e, "INHIBITS")
    )
    facts = pd.DataFrame(
        {"a": "UniProtKB:" + rows[2], "t": effect, "b": "UniProtKB:" + rows[6]}
    ).drop_duplicates()
    found = {
        (r["source"], kind, r["target"])
        for kind in ("ACTIVATES", "INHIBITS", "REGULATES")
        for r in w.rows(real_build, f"edges/{kind}")
        if "signor" in r["sources"]
    }
    assert found == set(facts.itertuples(index=False, name=None))
    report = real_build.manifest["report"]["sources"]["signor"]
    distinct = rows.drop(columns=24).drop_duplicates()
    assert (report["evidence"], report["repeated"]) == (len(distinct), len(rows) - len(distinct))


def test_omnipath_joins_as_far_as_its_symbols_do(real_build, real_data, names):
    rows = raw(real_data, "omnipath/omnipath_carnival.tsv.gz")
    lines = {
        r["line"]
        for r in w.rows(real_build, "evidence")
        if r["source"] == "omnipath" and r.get("sign")
    }
    simple = rows[~rows["source"].str.contains("_") & ~rows["target"].str.contains("_")]
    known = [
        gene_of(names, a) is not None and gene_of(names, b) is not None
        for a, b in zip(simple["source"], simple["target"], strict=True)
    ]
    joined = [line + 2 in lines for line in simple.index]
    # a gene may have no product, and then it cannot join; none joins without a gene
    assert sum(joined) >= 0.99 * sum(known)
    assert not [i for i, (j, k) in enumerate(zip(joined, known, strict=True)) if j and not k]
    assert len(lines) / len(rows) >= 0.989


def test_cellphonedb_interactions_join(real_build, real_data):
    rows = raw(real_data, "cellphonedb/interaction_input.csv.gz", sep=",")
    evidence = real_build.table("evidence", ["source", "file"])
    found = evidence.filter(pc.equal(evidence["file"], "interaction_input.csv.gz")).num_rows
    assert len(rows) == 2911
    assert found >= 2906


def test_reactome_members_join_as_their_symbols_do(real_build, real_data, names):
    with gzip.open(real_data / "reactome/ReactomePathways.gmt.gz", "rt") as file:
        sets = [line.rstrip("\n").split("\t") for line in file]
    members = [
        (fields[1], symbol.strip()) for fields in sets for symbol in fields[2:] if symbol.strip()
    ]
    join = joins(real_build, "reactome")["statements", "symbol", "Gene"]
    resolved = [(pathway, gene) for pathway, symbol in members if (gene := gene_of(names, symbol))]
    assert (join["total"], join["resolved"]) == (len(members), len(resolved))
    assert join["rate"] >= 0.98
    edges = real_build.edges("MEMBER_OF", ["source", "target"]).to_pandas()
    assert set(
        zip("REACT:" + pd.Series([p for p, _ in resolved]), [g for _, g in resolved], strict=True)
    ) == set(zip(edges["target"], edges["source"], strict=True))
    any_alias = set().union(*names)
    assert sum(s in any_alias for _, s in members) / len(members) >= 0.985


def test_viral_genes_are_rejected(real_build):
    values = {r["value"] for r in w.rows(real_build, "rejects") if r["source"] == "reactome"}
    assert {"symbol:gag", "symbol:gag-pol", "symbol:vpr"} <= values


def test_refseq_and_hetionet_join_by_entrez_id(real_build, real_data, hgnc):
    entrez = set(hgnc["entrez_id"]) - {""}
    summaries = raw(real_data, "refseq/human_gene_summary.tsv.gz", quoting=3)
    whole = (summaries["Gene_summary"] != "") & summaries["Gene_ID"].str.isdigit()
    ids = summaries.loc[whole & (summaries["Taxon_ID"] == "9606"), "Gene_ID"]
    join = joins(real_build, "refseq")["annotations", "NCBIGene", "Gene"]
    assert (join["total"], join["resolved"]) == (len(ids), int(ids.isin(entrez).sum()))
    genes = raw(real_data, "hetionet/DaG-association.tsv.gz")["entrez_gene_id"]
    join = joins(real_build, "hetionet")["statements", "NCBIGene", "Gene"]
    assert (
        (join["total"], join["resolved"])
        == (12_623, int(genes.isin(entrez).sum()))
        == (12_623, 12_621)
    )


def test_hetionet_treatments_are_whole(real_build):
    assert (real_build.rows("edges/TREATS"), real_build.rows("edges/PALLIATES")) == (755, 390)


def test_drugcentral_targets_join(real_build, real_data, hgnc):
    rows = raw(real_data, "drugcentral/drug.target.interaction.tsv.gz")
    human = rows[(rows["ORGANISM"] == "Homo sapiens") & (rows["ACCESSION"] != "")]
    accessions = list(chain.from_iterable(cell.split("|") for cell in human["ACCESSION"]))
    known = set(raw(real_data, "uniprot/uniprot.tab.gz", quoting=3)["Entry"]) | set(
        chain.from_iterable(c.split("|") for c in hgnc["uniprot_ids"])
    )
    join = joins(real_build, "drugcentral")["statements", "UniProtKB", "Protein"]
    assert (join["total"], join["resolved"]) == (
        len(accessions),
        sum(a in known for a in accessions),
    )
    assert join["rate"] >= 0.999


def test_drugs_of_two_sources_with_one_name_are_one(real_build, real_data):
    central = raw(real_data, "drugcentral/drug.target.interaction.tsv.gz")[
        ["STRUCT_ID", "DRUG_NAME"]
    ].drop_duplicates()
    nodes = raw(real_data, "hetionet/hetionet-v1.0-nodes.tsv.gz")
    compounds = nodes[nodes["kind"] == "Compound"]
    names = [
        set(frame.str.split().str.join(" ").str.casefold())
        for frame in (central["DRUG_NAME"], compounds["name"])
    ]
    assert real_build.manifest["report"]["merged"]["Drug"] == len(names[0] & names[1])
    ids = set(real_build.nodes("Drug", ["id"])["id"].to_pylist())
    assert "DrugCentral:1423" in ids
    assert "DRUGBANK:DB00619" not in ids
    found = Resolver.of(real_build).resolve(["DRUGBANK:DB00619", "name:imatinib"], label="Drug")
    assert found["id"].to_pylist() == ["DrugCentral:1423"] * 2


def test_obsolete_diseases_are_no_nodes(real_build, real_data):
    with gzip.open(real_data / "disease_ontology/doid.obo.gz", "rt") as file:
        terms = file.read().split("\n[Term]\n")[1:]
    obsolete = {t.split("\n")[0].removeprefix("id: ") for t in terms if "\nis_obsolete: true" in t}
    ids = set(real_build.nodes("Disease", ["id"])["id"].to_pylist())
    assert len(obsolete) > 2000
    assert not obsolete & ids
    assert {t.split("\n")[0].removeprefix("id: ") for t in terms} - obsolete == ids


def test_cells_join_at_the_measured_rates(real_build, real_data, names, hgnc):
    resolver = Resolver.of(real_build)
    with h5py.File(real_data / "cells/pbmc_facs_3774.h5ad") as file:
        var = file["var"]
        ensembl = [v.decode() for v in var[var.attrs["_index"]][:]]
    found = resolver.resolve(ensembl, label="Gene", namespaces=["ENSEMBL"])
    known = set(hgnc["ensembl_gene_id"])
    assert len(found) - found["id"].null_count == sum(e in known for e in ensembl) == 15_059
    with h5py.File(real_data / "cells/citeseq_pbmc_500.h5ad") as file:
        var = file["var"]
        symbols = [v.decode() for v in var[var.attrs["_index"]][:]]
    found = resolver.resolve(symbols, label="Gene", namespaces=["symbol"])
    assert found["id"].to_pylist() == [gene_of(names, s) for s in symbols]
    kinds = pd.Series(found["kind"].to_pylist()).value_counts(normalize=True)
    assert kinds["symbol"] >= 0.793
    assert 1 - kinds["unmapped"] >= 0.83


def test_edge_ids_evidence_and_ends_hold_together(real_build):
    nodes = {
        label: set(real_build.nodes(label, ["id"])["id"].to_pylist()) for label in real_build.labels
    }
    counts = {}
    for kind in real_build.edge_types:
        edges = real_build.edges(
            kind, ["source", "target", "source_label", "target_label", "edge_id", "n_evidence"]
        )
        for source, target, a, b, found, n in zip(
            *(c.to_pylist() for c in edges.columns), strict=True
        ):
            assert found == edge_id(source, kind, target)
            assert source in nodes[a]
            assert target in nodes[b]
            counts[found] = n
    evidence = real_build.table("evidence", ["edge_id"]).to_pandas()["edge_id"].value_counts()
    assert counts == evidence.to_dict()


def test_two_builds_have_the_same_bytes(real_build, real_data, tmp_path):
    located = find_files(real_data, select(None)[::-1], {})
    again = build_graph(located, tmp_path / "graph", threads=1)
    assert w.bytes_of(again.path) == w.bytes_of(real_build.path)


def test_a_build_for_commerce_holds_no_row_that_forbids_it(real_data, tmp_path):
    located = find_files(
        real_data, select(["hgnc", "uniprot", "hetionet", "disease_ontology", "omnipath"]), {}
    )
    built = build_graph(located, tmp_path / "graph", use="commercial")
    licences = set(built.table("evidence", ["licence"])["licence"].to_pylist())
    assert licences <= {"CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "ODbL-1.0"}
    assert "ACTIVATES" not in built.edge_types
    rows = (
        raw(real_data, "hetionet/CbG-binding.tsv.gz")["license"]
        .replace("", "unspecified")
        .value_counts()
    )
    associations = raw(real_data, "hetionet/DaG-association.tsv.gz")["license"].eq("").sum()
    assert built.manifest["report"]["sources"]["hetionet"]["dropped"] == {
        "CC-BY-NC-4.0": rows["CC BY-NC 4.0"],
        "unspecified": rows["unspecified"] + associations,
    }
    assert built.manifest["report"]["sources"]["omnipath"]["evidence"] == 0
