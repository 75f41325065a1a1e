"""Subgraph, batches and export over the public files; expected values by pandas and anndata."""

from __future__ import annotations

from collections import defaultdict

import anndata
import numpy as np
import pandas as pd
import pytest

from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore
from tosg_graph.tensors.batch import CellLoader
from tosg_graph.tensors.export import load_export, write_export
from tosg_graph.tensors.subgraph import Subgraph

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.real
PATHWAY = "R-HSA-1280215"


@pytest.fixture(scope="module")
def h5ad(real_data):
    return anndata.read_h5ad(real_data / "cells" / "pbmc_facs_3774.h5ad")


@pytest.fixture(scope="module")
def store(real_cells):
    return real_cells


@pytest.fixture(scope="module")
def chosen(real_build):
    return Subgraph.pathway(real_build, PATHWAY)


@pytest.fixture(scope="module")
def hgnc(real_data):
    path = real_data / "hgnc" / "hgnc_complete_set.txt.gz"
    return pd.read_csv(path, sep="\t", dtype=str, usecols=["hgnc_id", "symbol", "ensembl_gene_id"])


@pytest.fixture(scope="module")
def below(real_data):
    """The pathway and those below it."""
    path = real_data / "reactome" / "ReactomePathwaysRelation.txt.gz"
    pairs = pd.read_csv(path, sep="\t", header=None, dtype=str)
    children = defaultdict(list)
    for parent, child in pairs.itertuples(index=False):
        children[parent].append(child)
    found, todo = {PATHWAY}, [PATHWAY]
    while todo:
        new = set(children[todo.pop()]) - found
        found |= new
        todo += sorted(new)
    return found


def members(real_data, pathways):
    import gzip

    symbols = set()
    with gzip.open(
        real_data / "reactome" / "ReactomePathways.gmt.gz", "rt", encoding="utf-8"
    ) as file:
        for line in file:
            _, pathway, *rest = line.rstrip("\n").split("\t")
            if pathway in pathways:
                symbols.update(rest)
    return symbols


def test_the_pathway_has_the_members_of_its_files(real_data, chosen, hgnc, below):
    symbols = members(real_data, below)
    approved = set(hgnc.loc[hgnc["symbol"].isin(symbols), "hgnc_id"])
    found = set(chosen.node_ids("Gene"))
    assert approved <= found
    # the rest came by alias or previous symbol; no more than the symbols that are not approved
    assert len(found - approved) <= len(symbols - set(hgnc["symbol"]))
    assert {f"REACT:{p}" for p in below} >= set(chosen.node_ids("Pathway"))
    assert f"REACT:{PATHWAY}" in chosen.node_ids("Pathway")


def expected_counts(h5ad, store, ids):
    """Counts per node from anndata: the columns that the store's feature table gives to it."""
    features = store.features("rna").to_pandas()
    assert features["source_id"].tolist() == h5ad.var_names.tolist()
    x = np.asarray(h5ad.X.todense())
    columns = features.dropna(subset=["graph_id"]).groupby("graph_id")["index"].agg(list)
    return {node: x[:, columns[node]].sum(axis=1) for node in ids if node in columns.index}


def test_every_value_is_that_of_the_h5ad(h5ad, store, chosen, hgnc):
    ids = chosen.node_ids("Gene")
    expected = expected_counts(h5ad, store, ids)
    ensembl = hgnc[hgnc["hgnc_id"].isin(ids) & hgnc["ensembl_gene_id"].isin(h5ad.var_names)]
    assert set(ensembl["hgnc_id"]) <= set(expected)
    assert len(ensembl) > 500
    place = {name: row for row, name in enumerate(h5ad.obs_names)}
    labels = h5ad.obs["celltype"].astype(str)
    seen = 0
    for batch in CellLoader(store, chosen, batch_size=256, normalise="raw", seed=1):
        rows = [place[name] for name in batch.cell_ids]
        want = np.zeros((len(batch), len(ids)), np.float32)
        for column, node in enumerate(ids):
            if node in expected:
                want[:, column] = expected[node][rows]
        np.testing.assert_array_equal(batch.x["Gene"][..., 0].numpy(), want)
        assert [batch.label_names[c] for c in batch.label.tolist()] == labels.iloc[rows].tolist()
        seen += len(batch)
    assert seen == h5ad.n_obs
    measured = batch.measured["Gene"][:, 0].tolist()
    assert {i for i, m in zip(ids, measured, strict=True) if m} == set(expected)


def test_genes_joined_by_their_ensembl_id_have_that_column(h5ad, store, chosen, hgnc):
    once = store.features("rna").to_pandas()["graph_id"].value_counts()
    single = hgnc[hgnc["ensembl_gene_id"].isin(h5ad.var_names) & hgnc["hgnc_id"].map(once).eq(1)]
    column = dict(zip(single["hgnc_id"], single["ensembl_gene_id"], strict=True))
    (batch,) = CellLoader(store, chosen, batch_size=4000, order="sequential", normalise="raw")
    checked = 0
    for place, node in enumerate(chosen.node_ids("Gene")):
        if node in column:
            want = np.asarray(h5ad[:, column[node]].X.todense()).ravel()
            np.testing.assert_array_equal(batch.x["Gene"][:, place, 0].numpy(), want)
            checked += 1
    assert checked > 500


def test_log_normalised_values_use_the_whole_cell(h5ad, store, chosen):
    ids = chosen.node_ids("Gene")
    expected = expected_counts(h5ad, store, ids)
    totals = np.asarray(h5ad.X.sum(axis=1)).ravel()
    (batch,) = CellLoader(store, chosen, batch_size=4000, order="sequential")
    for node in list(expected)[:50]:
        want = np.log1p(expected[node].astype(np.float64) * 1e4 / totals)
        np.testing.assert_allclose(batch.x["Gene"][:, ids.index(node), 0].numpy(), want, rtol=1e-6)


def test_an_export_comes_back_equal(h5ad, store, chosen, real_build, tmp_path):
    write_export(tmp_path / "e", build=real_build, subgraph=chosen, store=store, split="auto")
    export = load_export(tmp_path / "e")
    for label in chosen.labels:
        assert export.node_ids(label) == chosen.node_ids(label)
    for triplet, edges in chosen.edges.items():
        assert export.edges(triplet).equals(edges.table)
    expected = expected_counts(h5ad, store, chosen.node_ids("Gene"))
    counts = export.counts("Gene").tocsc()
    for column, node in enumerate(chosen.node_ids("Gene")):
        want = expected.get(node, np.zeros(h5ad.n_obs))
        np.testing.assert_array_equal(counts[:, [column]].toarray().ravel(), want)
    assert export.cells["cell_id"].to_pylist() == h5ad.obs_names.tolist()
    assert export.manifest["cells"]["split"]["by"] == "label"
    ours = export.loader(batch_size=512, seed=2)
    theirs = CellLoader(store, chosen, batch_size=512, seed=2)
    for a, b in zip(ours, theirs, strict=True):
        assert a.cell_ids == b.cell_ids
        assert all(torch.equal(a.x[label], b.x[label]) for label in b.x)
    attribution = real_build.path / "ATTRIBUTION.md"
    assert (tmp_path / "e" / "ATTRIBUTION.md").read_bytes() == attribution.read_bytes()


def test_antibodies_reach_proteins(real_data, real_build, tmp_path):
    source = real_data / "cells" / "citeseq_pbmc_500.h5ad"
    add_h5ad(source, tmp_path, name="cite", build=real_build)
    store = CellStore.open(tmp_path / "cite")
    raw = anndata.read_h5ad(source)
    whole = Subgraph.of_ids(
        real_build, ["UniProtKB:P08571", "UniProtKB:P15391", "UniProtKB:P01730"]
    )
    (batch,) = CellLoader(store, whole, batch_size=500, order="sequential", normalise="raw")
    ids = whole.node_ids("Protein")
    for accession, antibody in (("P08571", "CD14"), ("P15391", "CD19"), ("P01730", "CD4")):
        place = ids.index(f"UniProtKB:{accession}")
        want = raw.obsm["ADT"][antibody].to_numpy()
        assert batch.x["Protein"][:, place, 1].tolist() == want.tolist()
        rna = np.asarray(raw[:, antibody].X.todense()).ravel()
        assert batch.x["Protein"][:, place, 0].tolist() == rna.tolist()


def test_the_whole_build_becomes_tensors(real_build):
    whole = Subgraph.whole(real_build)
    data = whole.to_hetero_data()
    assert whole.n_nodes == sum(real_build.rows(f"nodes/{label}") for label in real_build.labels)
    assert whole.n_edges == sum(real_build.rows(f"edges/{kind}") for kind in real_build.edge_types)
    assert data.validate(raise_on_error=True)
    kind = ("Protein", "INHIBITS", "Protein")
    frame = pd.read_parquet(real_build.file("edges/INHIBITS"))
    frame = frame[(frame["source_label"] == "Protein") & (frame["target_label"] == "Protein")]
    ids = np.array(whole.node_ids("Protein"))
    source, target = data[kind].edge_index.numpy()
    assert ids[source].tolist() == frame["source"].tolist()
    assert ids[target].tolist() == frame["target"].tolist()
    assert set(data[kind].edge_attr[:, 0].tolist()) == {-1.0}


@pytest.mark.parametrize(
    ("edge_type", "effects"),
    [
        ("ACTIVATES", {"Activates"}),
        ("INHIBITS", {"Inactivates", "Inactivate"}),
    ],
)
def test_directness_is_what_signor_says(real_data, real_build, edge_type, effects):
    path = real_data / "signor" / "signor_ppi.tsv.gz"
    rows = pd.read_csv(path, sep="\t", header=None, dtype=str, usecols=[2, 6, 8, 20])
    rows = rows[rows[8].isin(effects)]
    stated = {pair: set(found) for pair, found in rows.groupby([2, 6])[20]}
    whole = Subgraph.whole(real_build)
    edges = whole.edges["Protein", edge_type, "Protein"]
    ids = [i.removeprefix("UniProtKB:") for i in whole.node_ids("Protein")]
    pairs = [(ids[s], ids[t]) for s, t in zip(edges.source, edges.target, strict=True)]
    found = dict(zip(pairs, edges.table["direct"].to_pylist(), strict=True))
    checked = 0
    for pair, flags in stated.items():
        if pair in found:
            expected = True if "YES" in flags else False if "NO" in flags else None
            assert found[pair] is expected, pair
            checked += 1
    assert checked > 0.9 * len(stated)
    assert set(found.values()) == {True, False, None}
