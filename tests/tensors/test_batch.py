"""Batches of cells: every value is compared with what was written to the h5ad."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.tensors.conftest import ANTIBODIES, LABELS, N_CELLS, TWICE, UNMEASURED
from tests.tiny import GENES, SIGNALS, gene, protein
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import choose
from tosg_graph.cells.tiers import pack
from tosg_graph.errors import MissingExtra, UsageError
from tosg_graph.tensors.batch import CellLoader
from tosg_graph.tensors.subgraph import Subgraph

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def whole(tiny):
    return Subgraph.whole(tiny)


def values(loader, label, channel):
    """Cell name → node id → value, from every batch of the loader."""
    found = {}
    for batch in loader:
        place = batch.channels[label].index(channel)
        for name, row in zip(batch.cell_ids, batch.x[label][..., place].tolist(), strict=True):
            found[name] = row
    return found


def test_every_rna_count_is_the_one_in_the_file(store, whole, cells):
    loader = CellLoader(store, whole, batch_size=32, normalise="raw")
    found = values(loader, "Gene", "rna")
    ids = whole.node_ids("Gene")
    assert set(found) == set(cells.names)
    for symbol in GENES:
        column = ids.index(gene(symbol))
        assert [found[n][column] for n in cells.names] == cells.of_gene(symbol).tolist()
    assert cells.of_gene(TWICE).max() > cells.rna[:, cells.symbols.index(TWICE)].max()


def test_a_protein_has_the_rna_of_its_gene_and_its_antibody(store, whole, cells):
    rna = values(CellLoader(store, whole, normalise="raw"), "Protein", "rna")
    antibody = values(CellLoader(store, whole, normalise="raw"), "Protein", "protein")
    ids = whole.node_ids("Protein")
    bound = {target: i for i, target in enumerate(ANTIBODIES.values())}
    for symbol in GENES:
        column = ids.index(protein(symbol))
        assert [rna[n][column] for n in cells.names] == cells.of_gene(symbol).tolist()
        expected = cells.antibodies[:, bound[symbol]] if symbol in bound else np.zeros(N_CELLS)
        assert [antibody[n][column] for n in cells.names] == expected.tolist()


def test_two_genes_of_one_protein_are_added_up(tmp_path, cells):
    from tests.tiny import tiny_tables, write_build

    tables = tiny_tables()
    tables["edges/ENCODES"].append(
        {
            **tables["edges/ENCODES"][0],
            "source": gene("KRAS"),
            "target": protein("BRAF"),
            "edge_id": "x",
        }
    )
    build = write_build(tmp_path / "b", tables)
    add_h5ad(cells.path, tmp_path, name="s", build=build)
    chosen = Subgraph.of_ids(build, [protein("BRAF")])
    found = values(
        CellLoader(CellStore.open(tmp_path / "s"), chosen, normalise="raw"), "Protein", "rna"
    )
    expected = cells.of_gene("BRAF") + cells.of_gene("KRAS")
    assert [found[n] for n in cells.names] == [[value] for value in expected.tolist()]


def test_rna_reaches_a_protein_whose_gene_was_not_chosen(store, tiny, cells):
    chosen = Subgraph.of_ids(tiny, [protein("TP53")])
    found = values(CellLoader(store, chosen, normalise="raw"), "Protein", "rna")
    assert [found[n] for n in cells.names] == [[v] for v in cells.of_gene("TP53").tolist()]


def test_not_measured_is_not_zero(store, whole, cells):
    (batch,) = CellLoader(store, whole, batch_size=N_CELLS, normalise="raw")
    genes = whole.node_ids("Gene")
    measured = {genes[i] for i in np.flatnonzero(batch.measured["Gene"][:, 0].numpy())}
    assert measured == {gene(s) for s in GENES if s not in UNMEASURED}
    silent = genes.index(gene("PTEN"))
    assert cells.of_gene("PTEN").sum() == 0
    assert bool(batch.measured["Gene"][silent, 0])
    proteins = whole.node_ids("Protein")
    bound = {proteins[i] for i in np.flatnonzero(batch.measured["Protein"][:, 1].numpy())}
    assert bound == {protein(s) for s in ANTIBODIES.values() if s} | {protein("CD19")}
    assert not batch.x["Gene"][:, ~batch.measured["Gene"]].any()
    assert not batch.measured["Complex"].any()


def test_log1p_10k_uses_the_total_of_all_features(store, whole, cells):
    found = values(CellLoader(store, whole), "Gene", "rna")
    bound = values(CellLoader(store, whole), "Protein", "protein")
    column = whole.node_ids("Gene").index(gene("TP53"))
    place = whole.node_ids("Protein").index(protein("CD14"))
    for i, name in enumerate(cells.names):
        total = cells.rna[i].sum()
        expected = np.log1p(cells.of_gene("TP53")[i] * 10_000 / total) if total else 0.0
        assert found[name][column] == pytest.approx(expected, rel=1e-6)
        share = cells.antibodies[i, 0] * 10_000 / cells.antibodies[i].sum()
        assert bound[name][place] == pytest.approx(np.log1p(share), rel=1e-6)
    assert cells.rna[3].sum() == 0
    assert not any(found[cells.names[3]])


def test_shapes_and_types(store, whole):
    batch = next(iter(CellLoader(store, whole, batch_size=7)))
    assert len(batch) == 7
    assert batch.channels == {
        "Gene": ("rna",),
        "Protein": ("rna", "protein"),
        "Complex": ("protein",),
    }
    for label, channels in batch.channels.items():
        nodes = batch.topology[label].num_nodes
        assert batch.x[label].shape == (7, nodes, len(channels))
        assert batch.x[label].dtype == torch.float32
        assert batch.measured[label].shape == (nodes, len(channels))
        assert batch.measured[label].dtype == torch.bool
    assert batch.label.dtype == batch.cell_index.dtype == torch.int64
    assert "Drug" not in batch.x
    with pytest.raises(UsageError, match="no counts reach 'Drug' nodes; they reach Gene, Protein"):
        batch.measured_of("Drug")


def test_labels_are_sorted_values_and_unknown_is_minus_one(store, whole, cells):
    expected = dict(zip(cells.names, cells.labels, strict=True))
    chosen = np.array([i for i, label in enumerate(cells.labels) if label != LABELS[0]])
    seen = set()
    for batch in CellLoader(store, whole, cells=chosen, batch_size=16):
        assert batch.label_names == tuple(sorted(LABELS))
        for name, code in zip(batch.cell_ids, batch.label.tolist(), strict=True):
            assert (None if code == -1 else batch.label_names[code]) == expected[name]
            seen.add(code)
    assert seen == {-1, 1, 2}


def test_another_column_can_be_the_label_and_none_is_needed(store, donorless, whole, cells):
    batch = next(iter(CellLoader(store, whole, label="person", order="sequential", batch_size=20)))
    assert batch.label_names == tuple(sorted(set(cells.donors)))
    assert [batch.label_names[c] for c in batch.label.tolist()] == cells.donors[:20]
    plain = next(iter(CellLoader(donorless, whole, batch_size=5)))
    assert plain.label.tolist() == [-1] * 5
    assert plain.label_names == ()


def test_every_cell_once_in_seeded_order(store, whole, cells):
    loader = CellLoader(store, whole, batch_size=16, seed=3)
    first = [name for batch in loader for name in batch.cell_ids]
    second = [name for batch in loader for name in batch.cell_ids]
    assert sorted(first) == sorted(second) == cells.names
    assert first != second
    assert first != cells.names
    loader.set_epoch(0)
    assert [name for batch in loader for name in batch.cell_ids] == first
    again = CellLoader(store, whole, batch_size=16, seed=3)
    assert [name for batch in again for name in batch.cell_ids] == first
    assert len(loader) == 6


def test_a_look_at_one_batch_does_not_use_it_up(store, whole, cells):
    loader = CellLoader(store, whole, batch_size=50)
    assert next(iter(loader)).cell_ids == next(iter(loader)).cell_ids
    assert sorted(name for batch in loader for name in batch.cell_ids) == cells.names


def test_the_next_epoch_follows_though_the_last_batch_was_the_last_thing_asked_for(store, whole):
    """Trainers that know the length do not ask whether there is another batch."""
    loader = CellLoader(store, whole, batch_size=40)
    batches = iter(loader)
    for _ in range(len(loader)):
        next(batches)
    second = [name for batch in loader for name in batch.cell_ids]
    loader.set_epoch(1)
    assert [name for batch in loader for name in batch.cell_ids] == second


def test_a_rank_without_a_batch_goes_on_with_the_others(store, whole):
    """Fewer cells than ranks: the loader of the last rank has nothing, in every epoch."""
    few = CellLoader(store, whole, batch_size=2, cells=np.arange(2), rank=2, world_size=3)
    assert [list(few), list(few)] == [[], []]
    assert few.state_dict()["epoch"] == 2


def test_a_trainer_that_sets_the_epoch_of_a_loaded_state_goes_on_within_it(store, whole):
    loader = CellLoader(store, whole, batch_size=16, seed=5)
    batches = iter(loader)
    next(batches), next(batches)
    other = CellLoader(store, whole, batch_size=16, seed=5)
    other.load_state_dict(loader.state_dict())
    other.set_epoch(0)
    assert [batch.cell_ids for batch in other] == [batch.cell_ids for batch in batches]


def test_ranks_share_out_the_cells(store, whole, cells):
    shares = [
        [
            n
            for b in CellLoader(store, whole, batch_size=8, rank=r, world_size=3)
            for n in b.cell_ids
        ]
        for r in range(3)
    ]
    assert sorted(name for share in shares for name in share) == cells.names
    assert max(map(len, shares)) - min(map(len, shares)) <= 8


def test_a_saved_state_goes_on_where_it_was(store, whole):
    loader = CellLoader(store, whole, batch_size=16, seed=5)
    batches = iter(loader)
    head = [next(batches).cell_ids for _ in range(2)]
    state = loader.state_dict()
    tail = [batch.cell_ids for batch in batches]
    other = CellLoader(store, whole, batch_size=16, seed=5)
    other.load_state_dict(state)
    assert [batch.cell_ids for batch in other] == tail
    other.set_epoch(0)
    assert [batch.cell_ids for batch in other] == head + tail
    with pytest.raises(UsageError, match="another sampler: seed 5 in the state, 6 here"):
        CellLoader(store, whole, seed=6).load_state_dict(state)


def test_topology_is_shared_and_can_be_given(store, whole):
    graph = whole.to_hetero_data(reverse=True)
    batches = list(CellLoader(store, whole, batch_size=40, topology=graph))
    assert all(batch.topology is graph for batch in batches)


def test_block_diagonal_keeps_cells_apart(store, whole, cells):
    batch = next(iter(CellLoader(store, whole, batch_size=3, normalise="raw")))
    big = batch.block_diagonal()
    assert big.validate(raise_on_error=True)
    nodes = batch.topology["Protein"].num_nodes
    assert big["Protein"].num_nodes == 3 * nodes
    assert torch.equal(big["Protein"].x, batch.x["Protein"].reshape(3 * nodes, 2))
    assert big["Protein"].batch.tolist() == [c for c in range(3) for _ in range(nodes)]
    assert big["Protein"].node_index.tolist() == list(range(nodes)) * 3
    assert torch.equal(big.y, batch.label)
    ids = whole.node_ids("Protein")
    pairs = [(protein(a), protein(b)) for a, kind, b, *_ in SIGNALS if kind == "INHIBITS"]
    found = sorted(
        (s // nodes, t // nodes, ids[s % nodes], ids[t % nodes])
        for s, t in big["Protein", "INHIBITS", "Protein"].edge_index.T.tolist()
    )
    assert found == sorted((c, c, a, b) for c in range(3) for a, b in pairs)
    forward = batch.topology["Protein", "INHIBITS", "Protein"].edge_attr
    assert torch.equal(big["Protein", "INHIBITS", "Protein"].edge_attr, forward.repeat(3, 1))
    encodes = big["Gene", "ENCODES", "Protein"].edge_index
    genes = batch.topology["Gene"].num_nodes
    assert (encodes[0] // genes == encodes[1] // nodes).all()
    assert "x" not in big["Drug"]


def test_message_passing_on_a_block_diagonal_equals_one_cell_at_a_time(store, whole):
    batch = next(iter(CellLoader(store, whole, batch_size=4)))
    big = batch.block_diagonal()
    triplet = ("Protein", "ACTIVATES", "Protein")
    source, target = big[triplet].edge_index
    summed = torch.zeros_like(big["Protein"].x).index_add_(0, target, big["Protein"].x[source])
    a, b = batch.topology[triplet].edge_index
    nodes = batch.topology["Protein"].num_nodes
    for cell in range(4):
        x = batch.x["Protein"][cell]
        expected = torch.zeros_like(x).index_add_(0, b, x[a])
        assert torch.equal(summed[cell * nodes : (cell + 1) * nodes], expected)


def test_a_batch_moves_to_a_device(store, whole):
    batch = next(iter(CellLoader(store, whole, batch_size=3)))
    moved = batch.to("meta")
    assert {t.device.type for t in (*moved.x.values(), *moved.measured.values(), moved.label)} == {
        "meta"
    }
    assert moved.topology is batch.topology
    assert moved.cell_ids == batch.cell_ids


def test_a_normalised_store_is_not_normalised_again(tiny, whole, tmp_path):
    import anndata
    import pandas as pd

    data = anndata.AnnData(
        np.array([[0.5, 0.0], [1.25, 3.5]], np.float32),
        pd.DataFrame(index=["a", "b"]),
        pd.DataFrame(index=[GENES["TP53"][2], GENES["EGFR"][2]]),
    )
    data.write_h5ad(tmp_path / "n.h5ad")
    add_h5ad(tmp_path / "n.h5ad", tmp_path, name="n", build=tiny, normalised=True)
    store = CellStore.open(tmp_path / "n")
    with pytest.raises(UsageError, match=r"hold normalised values.*pass normalise='none'"):
        CellLoader(store, whole)
    tp53, egfr = (whole.node_ids("Gene").index(gene(s)) for s in ("TP53", "EGFR"))
    for normalise in ("none", "raw"):
        found = values(CellLoader(store, whole, normalise=normalise), "Gene", "rna")
        assert [found["a"][tp53], found["a"][egfr]] == [0.5, 0.0]
        assert [found["b"][tp53], found["b"][egfr]] == [1.25, 3.5]


def test_normalised_values_of_one_node_add_up_alike_in_both_tiers(tiny, whole, tmp_path):
    import anndata
    import pandas as pd

    # of one gene; 1e8 + 4 + 4 depends on the order, and the features are the less prevalent first
    features = [GENES["TP53"][2], "TP53", f"{GENES['TP53'][2]}.3"]
    x = np.array([[1e8, 4, 4], [0, 4, 4], [0, 4, 4]], np.float32)
    cells = pd.DataFrame(index=["a", "b", "c"])
    data = anndata.AnnData(x, cells, pd.DataFrame(index=features))
    data.write_h5ad(tmp_path / "n.h5ad")
    add_h5ad(tmp_path / "n.h5ad", tmp_path, name="n", build=tiny, normalised=True)
    hot = values(CellLoader(CellStore.open(tmp_path / "n"), whole, normalise="raw"), "Gene", "rna")
    pack(tmp_path / "n")
    packed = CellLoader(CellStore.open(tmp_path / "n"), whole, normalise="raw")
    assert values(packed, "Gene", "rna") == hot
    assert max(hot["b"]) == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size=0 found"),
        ({"rank": 2, "world_size": 2}, "rank 2 of 2 ranks"),
        ({"normalise": "clr"}, "normalise='clr' found; expected one of log1p_10k, raw, none"),
        ({"cells": np.array([90])}, "cells 90 to 90 asked for; there are 0 to 89"),
        ({"cells": np.array([-1])}, "cells -1 to -1 asked for"),
        ({"cells": np.array([0.5])}, "type float64 found"),
        ({"cells": np.array([], int)}, "at least one position, or a mask of 90 booleans, expected"),
        ({"cells": np.ones(89, bool)}, r"shape \(89,\) and type bool found"),
        ({"cells": np.zeros(90, bool)}, "at least one position"),
        ({"targets": []}, r"targets=\[\] found; one label at least"),
        ({"cohort": "kind = x"}, r"cohort='kind = x' found; .*ws\.cohort\('small', query\)"),
        ({"batchsize": 3}, "no option is called 'batchsize'; did you mean 'batch_size'"),
        ({"batch_size": 32.0}, "batch_size=32.0 found; a whole number from 1 up"),
        ({"label": "kidn"}, "has no column 'kidn'; it has cell_id, kind"),
    ],
)
def test_wrong_options_are_refused(store, whole, options, message):
    with pytest.raises(UsageError, match=message):
        CellLoader(store, whole, **options)


def test_a_mask_chooses_cells(store, whole, cells):
    mask = np.arange(N_CELLS) % 7 == 0
    for order in ("random", "class_balanced"):
        found = values(CellLoader(store, whole, cells=mask, order=order, draws=None), "Gene", "rna")
        assert set(found) <= {
            name for name, chosen in zip(cells.names, mask, strict=True) if chosen
        }


def test_names_are_no_store_no_subgraph_and_an_empty_cohort_is_named(store, whole):
    with pytest.raises(UsageError, match=r"'blood' found in the place of the cell store"):
        CellLoader("blood", whole)
    with pytest.raises(UsageError, match=r"'R-HSA-1' found; a Subgraph expected"):
        CellLoader(store, "R-HSA-1")
    none = choose(store, 'person = "d1" and person = "d2"')
    with pytest.raises(UsageError, match=r"the cohort has no cell: .*person"):
        CellLoader(store, whole, cohort=none)


def test_a_loader_is_no_data_set(store, whole):
    with pytest.raises(UsageError, match="yields batches and is no data set: iterate over it"):
        list(torch.utils.data.DataLoader(CellLoader(store, whole)))


def test_the_state_of_other_cells_is_refused(store, donorless, whole):
    """As many cells, in the same order, of another store."""
    state = CellLoader(store, whole, seed=5).state_dict()
    other = CellLoader(donorless, whole, seed=5)
    with pytest.raises(UsageError, match=rf"of '{store.hash}' in the state, '{donorless.hash}'"):
        other.load_state_dict(state)
    with pytest.raises(UsageError, match="none that a sampler gave: 7"):
        other.load_state_dict(7)


def test_a_negative_epoch_is_refused(store, whole):
    with pytest.raises(UsageError, match="epoch=-1 found"):
        CellLoader(store, whole).set_epoch(-1)


def test_cells_that_reach_no_node_are_refused(store, tiny):
    with pytest.raises(UsageError, match=r"no feature of the cell store 'small' stands for a node"):
        CellLoader(store, Subgraph.of_ids(tiny, ["DOID:4"]))


def test_batches_need_no_torch_geometric_and_share_the_graph_once_asked_for(
    store, whole, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "torch_geometric.data", None)
        patched.setitem(sys.modules, "torch_geometric", None)
        loader = CellLoader(store, whole, batch_size=4)
        first, second = loader.batch(np.arange(4)), loader.batch(np.arange(4, 8))
        with pytest.raises(MissingExtra, match="torch_geometric is not installed"):
            _ = first.topology
    assert first.topology is second.to("cpu").topology is loader.topology
    assert first.topology["Gene"].num_nodes == len(whole.node_ids("Gene"))


def test_missing_torch_is_named(store, whole, monkeypatch):
    for name in [m for m in sys.modules if m.split(".")[0] == "torch"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"torch is not installed"):
        CellLoader(store, whole)
