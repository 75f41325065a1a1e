"""Exports: what is written is what is read back, and damage is named."""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np
import pytest

from tests.faults import full_disk
from tests.tensors.conftest import LABELS, N_CELLS, UNMEASURED
from tests.tiny import BUILD_ID, GENES, gene, protein, tiny_tables, write_build
from tosg_graph.cells.selection import choose
from tosg_graph.errors import ExportError, MissingExtra, UsageError
from tosg_graph.tensors.batch import CellLoader
from tosg_graph.tensors.export import load_export, write_export
from tosg_graph.tensors.subgraph import Subgraph
from tosg_graph.tensors.text import TfidfSvd, text_vectors

torch = pytest.importorskip("torch")
PATHWAY = "REACT:R-HSA-162582"


@pytest.fixture(scope="module")
def chosen(tiny):
    return Subgraph.pathway(tiny, PATHWAY)


@pytest.fixture(scope="module")
def export(tiny, store, chosen, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "e"
    return write_export(
        folder, build=tiny, subgraph=chosen, store=store, split="auto", text_dims=8, seed=3
    )


def same_graph(a, b):
    assert a.node_types == b.node_types
    assert a.edge_types == b.edge_types
    for kind in (*a.node_types, *a.edge_types):
        assert list(a[kind].keys()) == list(b[kind].keys())
        for key, value in a[kind].items():
            other = b[kind][key]
            assert torch.equal(value, other) if torch.is_tensor(value) else value == other


def test_the_graph_comes_back_equal(tiny, chosen, export):
    text = text_vectors(tiny, chosen, embedder=TfidfSvd(8, 3))
    for reverse in (False, True):
        same_graph(
            export.hetero_data(reverse=reverse), chosen.to_hetero_data(text=text, reverse=reverse)
        )


def test_id_tables_come_back(chosen, export):
    assert export.build_id == BUILD_ID
    assert export.labels == chosen.labels
    for label in chosen.labels:
        table = export.nodes(label)
        assert table["index"].to_pylist() == list(range(table.num_rows))
        assert export.node_ids(label) == chosen.node_ids(label)
        lines = "".join(f"{i}\n" for i in export.node_ids(label)).encode()
        assert export.manifest["nodes"][label]["id_sha256"] == hashlib.sha256(lines).hexdigest()
    assert export.nodes("Gene")["symbol"].to_pylist() == [
        symbol for i in export.node_ids("Gene") for symbol in GENES if gene(symbol) == i
    ]
    for triplet, edges in chosen.edges.items():
        assert export.edges(triplet).equals(edges.table)


def test_counts_are_those_of_the_file(cells, export):
    counts = export.counts("Gene")
    assert counts.shape == (N_CELLS, export.nodes("Gene").num_rows)
    dense = counts.toarray()
    for column, node in enumerate(export.node_ids("Gene")):
        symbol = next(s for s in GENES if gene(s) == node)
        assert dense[:, column].tolist() == cells.of_gene(symbol).tolist()
    antibody = export.counts("Protein", "protein").toarray()
    place = export.node_ids("Protein").index(protein("EGFR"))
    assert antibody[:, place].tolist() == cells.antibodies[:, 3].tolist()
    assert counts.data.dtype == np.int32


def test_cells_come_back_with_label_code_donor_total_and_part(cells, export):
    table = export.cells
    assert table["cell_id"].to_pylist() == cells.names
    assert table["store_index"].to_pylist() == list(range(N_CELLS))
    assert table["label"].to_pylist() == cells.labels
    assert export.label_names == tuple(sorted(LABELS))
    names = [None if c == -1 else export.label_names[c] for c in table["code"].to_pylist()]
    assert names == cells.labels
    assert table["rna_total"].to_pylist() == cells.rna.sum(axis=1).tolist()
    assert table["protein_total"].to_pylist() == cells.antibodies.sum(axis=1).tolist()
    parts = {}
    for donor, part in zip(cells.donors, table["split"].to_pylist(), strict=True):
        assert parts.setdefault(donor, part) == part
    assert set(parts.values()) == {"train", "validation", "test"} == set(export.splits)
    assert export.manifest["cells"]["split"]["by"] == "donor"


def test_its_loader_yields_what_a_loader_of_the_store_yields(store, chosen, export):
    for normalise in ("raw", "log1p_10k"):
        options = {"batch_size": 32, "seed": 9, "normalise": normalise}
        ours, theirs = export.loader(**options), CellLoader(store, chosen, **options)
        for a, b in zip(ours, theirs, strict=True):
            assert a.cell_ids == b.cell_ids
            assert a.channels == b.channels
            assert a.label_names == b.label_names
            assert torch.equal(a.label, b.label)
            assert torch.equal(a.cell_index, b.cell_index)
            for label in a.x:
                assert torch.equal(a.x[label], b.x[label])
                assert torch.equal(a.measured[label], b.measured[label])


def test_its_loader_can_deliver_one_part(cells, export):
    parts = dict(zip(cells.names, export.cells["split"].to_pylist(), strict=True))
    found = [n for batch in export.loader(split="test", batch_size=4) for n in batch.cell_ids]
    assert sorted(found) == [n for n in cells.names if parts[n] == "test"]
    with pytest.raises(UsageError, match="no part 'tset'; parts: train, validation, test"):
        export.loader(split="tset")
    with pytest.raises(UsageError, match="an export has no cohorts"):
        export.loader(cohort="kind = x")
    with pytest.raises(UsageError, match="'splits'; did you mean 'split'"):
        export.loader(splits="train")
    for order in ("class_balanced", "weighted"):
        with pytest.raises(
            UsageError, match=f"order='{order}' found for the part 'test': it draws"
        ):
            export.loader(split="test", order=order)
    assert len(export.loader(split="train", order="class_balanced"))


def test_its_loader_can_deliver_chosen_cells(cells, export):
    loader = export.loader(cells=np.array([5, 80]), order="sequential")
    assert [n for batch in loader for n in batch.cell_ids] == [cells.names[5], cells.names[80]]
    with pytest.raises(UsageError, match="split and cells are both given"):
        export.loader(cells=np.array([5]), split="train")


def test_measured_comes_back(export):
    genes = export.node_ids("Gene")
    measured = export.measured("Gene")[:, 0]
    assert {g for g, m in zip(genes, measured, strict=True) if m} == {
        g for g in genes if g not in {gene(s) for s in UNMEASURED}
    }


def test_chosen_cells_keep_their_order_and_their_place_in_the_store(
    tiny, store, chosen, cells, tmp_path
):
    wanted = np.array([40, 2, 17])
    export = write_export(
        tmp_path / "e", build=tiny, subgraph=chosen, store=store, cells=wanted, label="person"
    )
    assert export.cells["cell_id"].to_pylist() == [cells.names[i] for i in wanted]
    assert export.cells["store_index"].to_pylist() == wanted.tolist()
    assert export.label_names == tuple(sorted(set(cells.donors)))
    place = export.node_ids("Gene").index(gene("EGFR"))
    assert (
        export.counts("Gene").toarray()[:, place].tolist() == cells.of_gene("EGFR")[wanted].tolist()
    )
    assert export.splits == ()
    with pytest.raises(UsageError, match="no part 'train'; parts: none; export with split='auto'"):
        export.loader(split="train")


def test_a_store_without_donors_is_split_by_label_and_says_so(tiny, donorless, chosen, tmp_path):
    export = write_export(
        tmp_path / "e",
        build=tiny,
        subgraph=chosen,
        store=donorless,
        split="auto",
        label="kind",
        fractions={"train": 0.8, "test": 0.2},
    )
    split = export.manifest["cells"]["split"]
    assert split["by"] == "label"
    assert split["note"].startswith("No donor is recorded.")
    assert export.splits == ("train", "test")
    test = set(np.array(export.cells["label"].to_pylist(), object)[export.cells_of("test")])
    assert test == {*LABELS, None}


def test_without_cells_and_text(tiny, chosen, tmp_path):
    export = write_export(tmp_path / "e", build=tiny, subgraph=chosen, text_dims=0)
    same_graph(export.hetero_data(), chosen.to_hetero_data())
    assert export.manifest["text"] is None
    assert not (tmp_path / "e" / "cells.arrow").exists()
    for call in (lambda: export.cells, lambda: export.loader(), lambda: export.counts("Gene")):
        with pytest.raises(UsageError, match="was written without cells"):
            call()


def test_two_exports_of_the_same_are_the_same_bytes(tiny, store, chosen, export, tmp_path):
    write_export(
        tmp_path / "e", build=tiny, subgraph=chosen, store=store, split="auto", text_dims=8, seed=3
    )
    first = {
        p.relative_to(export.path): p.read_bytes() for p in export.path.rglob("*") if p.is_file()
    }
    again = {
        p.relative_to(tmp_path / "e"): p.read_bytes()
        for p in (tmp_path / "e").rglob("*")
        if p.is_file()
    }
    assert first == again


def test_manifest_says_how_it_was_made(export):
    manifest = json.loads((export.path / "manifest.json").read_text())
    assert manifest["format"] == "tosg-export"
    assert manifest["selection"] == {"kind": "pathway", "pathway": PATHWAY, "sub_pathways": True}
    assert manifest["seed"] == 3
    diagnostics = manifest["cells"]["diagnostics"]
    assert diagnostics["n_cells"] == N_CELLS
    assert {one["name"] for one in diagnostics["classes"]} == set(LABELS)
    assert diagnostics["verdict"] in ("fit", "caution", "unfit")
    assert manifest["text"] == {"embedder": "TfidfSvd(dims=8, seed=3)", "dims": 8}
    assert manifest["edge_attr_names"] == [
        "sign",
        "sign_known",
        "direct",
        "direct_known",
        "n_evidence",
    ]
    assert {"numpy", "torch", "tosg-graph"} <= set(manifest["versions"])
    on_disk = {
        p.relative_to(export.path).as_posix(): p for p in export.path.rglob("*") if p.is_file()
    }
    assert set(manifest["files"]) == set(on_disk) - {"manifest.json"}
    for name, record in manifest["files"].items():
        data = on_disk[name].read_bytes()
        assert record == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_a_cohort_is_exported_under_its_query(tiny, store, chosen, tmp_path):
    cohort = choose(store, "label = 'B cell'", build=tiny)
    found = write_export(
        tmp_path / "e", build=tiny, subgraph=chosen, store=store, cells=cohort, text_dims=0
    )
    assert found.cells["store_index"].to_pylist() == cohort.cells.tolist()
    said = found.manifest["cells"]
    assert (said["query"], said["cohort"]) == (cohort.query, cohort.hash)
    assert [one["name"] for one in said["diagnostics"]["classes"]] == ["B cell"]


def test_nothing_in_it_is_a_pickle(export):
    suffixes = {p.suffix for p in export.path.rglob("*") if p.is_file()}
    assert suffixes <= {".json", ".arrow", ".safetensors", ".md"}


def test_attribution_comes_along(tmp_path):
    build = write_build(tmp_path / "b", tiny_tables())
    (build.path / "ATTRIBUTION.md").write_text("who made it")
    write_export(
        tmp_path / "e", build=build, subgraph=Subgraph.pathway(build, PATHWAY), text_dims=0
    )
    assert (tmp_path / "e" / "ATTRIBUTION.md").read_text() == "who made it"


def test_a_function_can_be_the_embedder(tiny, chosen, tmp_path):
    def lengths(texts):
        return np.array([[len(t)] for t in texts])

    export = write_export(tmp_path / "e", build=tiny, subgraph=chosen, embedder=lengths)
    assert export.manifest["text"]["dims"] == 1
    assert "lengths" in export.manifest["text"]["embedder"]
    assert " at 0x" not in export.manifest["text"]["embedder"]


def test_a_taken_folder_is_left_as_it_is(tiny, chosen, tmp_path):
    options = {"build": tiny, "subgraph": chosen, "text_dims": 0}
    folder = tmp_path / "e"
    folder.mkdir()
    write_export(folder, **options)
    with pytest.raises(
        UsageError, match="holds an export already; name another, or pass overwrite=True"
    ):
        write_export(folder, **options)
    small = {**options, "subgraph": Subgraph.of_ids(tiny, [gene("EGFR")])}
    assert write_export(folder, **small, overwrite=True).labels == ("Gene",)
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("all of it")
    with pytest.raises(UsageError, match="exists and is no export; it is left as it is"):
        write_export(other, **options, overwrite=True)
    assert (other / "thesis.txt").read_text() == "all of it"


def test_a_failure_leaves_nothing_behind(tiny, store, chosen, tmp_path):
    with pytest.raises(UsageError, match="has no column 'nope'"):
        write_export(tmp_path / "e", build=tiny, subgraph=chosen, store=store, label="nope")
    assert list(tmp_path.iterdir()) == []


def test_alike_on_few_nodes_is_not_the_same_cell(tiny, store, tmp_path):
    one = Subgraph.of_ids(tiny, [gene("PTEN")])
    export = write_export(tmp_path / "e", build=tiny, subgraph=one, store=store, split="label")
    assert not export.counts("Gene").nnz
    assert len(export.splits) == 3


def test_a_copy_of_a_cell_under_another_name_is_refused(tiny, chosen, tmp_path):
    import anndata
    import pandas as pd

    from tosg_graph.cells.convert import add_h5ad
    from tosg_graph.cells.reader import CellStore

    counts = np.random.default_rng(0).poisson(2.0, (20, 200))
    features = [g[2] for g in GENES.values()] + [
        f"ENSG999999{i:05d}" for i in range(200 - len(GENES))
    ]
    names = [f"c{i}" for i in range(40)]
    data = anndata.AnnData(
        np.vstack([counts, counts]).astype(np.float32),
        pd.DataFrame(index=names),
        pd.DataFrame(index=features),
    )
    data.write_h5ad(tmp_path / "twice.h5ad")
    add_h5ad(tmp_path / "twice.h5ad", tmp_path, name="twice", build=tiny)
    with pytest.raises(UsageError, match=r"in two parts: c\d+ of twice \(\w+\) = c\d+ of twice"):
        write_export(
            tmp_path / "e",
            build=tiny,
            subgraph=chosen,
            store=CellStore.open(tmp_path / "twice"),
            split="auto",
        )


def test_duplicated_cells_in_two_parts_are_refused(tiny, store, chosen, tmp_path):
    twice = np.concatenate([np.arange(N_CELLS), np.arange(N_CELLS)])
    with pytest.raises(UsageError, match=r"the split leaks: \d+ cells in two parts"):
        write_export(
            tmp_path / "e", build=tiny, subgraph=chosen, store=store, cells=twice, split="label"
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "random"}, "split='random' found; expected auto, donor, study, label or None"),
        ({"store": None, "split": "auto"}, "belong to a cell store"),
        ({"cells": np.array([], int)}, "cells is empty"),
        ({"cells": np.array([90])}, "no cell 90"),
    ],
)
def test_wrong_options_are_refused(tiny, store, chosen, tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        write_export(
            tmp_path / "e", **{"build": tiny, "subgraph": chosen, "store": store, **options}
        )
    assert list(tmp_path.iterdir()) == []


def test_a_subgraph_of_another_build_is_refused(chosen, tmp_path):
    other = write_build(tmp_path / "b", tiny_tables(), "other")
    with pytest.raises(UsageError, match="taken from the build tiny0000tiny0000, not from other"):
        write_export(tmp_path / "e", build=other, subgraph=chosen)


@pytest.fixture
def broken(tiny, store, chosen, tmp_path):
    return write_export(tmp_path / "e", build=tiny, subgraph=chosen, store=store, text_dims=0).path


@pytest.mark.parametrize(
    "name", ["nodes/Gene.arrow", "topology.safetensors", "cells.arrow", "abundance.safetensors"]
)
def test_a_damaged_or_missing_file_is_named(broken, name):
    data = (broken / name).read_bytes()
    (broken / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ExportError, match=rf"{name} is damaged: {len(data)} bytes.*export again"):
        load_export(broken)
    (broken / name).unlink()
    with pytest.raises(ExportError, match=f"{name} is missing; export again"):
        load_export(broken)


def test_damage_that_was_not_looked_for_is_named_when_it_is_met(broken):
    export = load_export(broken, verify=False)
    (broken / "topology.safetensors").write_bytes(b"nothing")
    (broken / "cells.arrow").write_bytes(b"nothing")
    (broken / "nodes" / "Gene.arrow").unlink()
    (broken / "abundance.safetensors").unlink()
    with pytest.raises(ExportError, match=r"topology.safetensors is damaged"):
        export.hetero_data()
    with pytest.raises(ExportError, match=r"cells.arrow is damaged"):
        _ = export.cells
    with pytest.raises(ExportError, match=r"Gene.arrow is missing"):
        export.nodes("Gene")
    with pytest.raises(ExportError, match=r"abundance.safetensors is missing"):
        export.counts("Gene")


def test_a_folder_that_is_no_export_is_named(broken, tmp_path):
    with pytest.raises(ExportError, match=r"holds no export: manifest.json is missing"):
        load_export(tmp_path / "nowhere")
    (broken / "manifest.json").write_text("{")
    with pytest.raises(ExportError, match=r"manifest.json is damaged"):
        load_export(broken)
    (broken / "manifest.json").write_text('{"format": "tosg-export", "format_version": 99}')
    with pytest.raises(ExportError, match="version 99 found, 'tosg-export' version 2 expected"):
        load_export(broken)


def test_names_that_it_does_not_have_are_refused(export):
    with pytest.raises(UsageError, match="no Drug nodes; labels: Gene"):
        export.node_ids("Drug")
    with pytest.raises(UsageError, match="no edges Drug-TARGETS-Protein; it has Gene-"):
        export.edges(("Drug", "TARGETS", "Protein"))
    with pytest.raises(
        UsageError, match="no counts Gene/protein; it has Gene/rna, Protein/rna, Protein/protein"
    ):
        export.counts("Gene", "protein")
    with pytest.raises(UsageError, match="no counts reach Pathway nodes; they reach Gene, Protein"):
        export.measured("Pathway")


def test_missing_safetensors_is_named(tiny, chosen, tmp_path, monkeypatch):
    for name in [m for m in sys.modules if m.split(".")[0] == "safetensors"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(MissingExtra, match="safetensors is not installed"):
        write_export(tmp_path / "e", build=tiny, subgraph=chosen)


@pytest.mark.parametrize("most", [1, 500, 3_000])
def test_a_full_disk_leaves_nothing(tiny, tmp_path, most):
    with full_disk(most), pytest.raises(ExportError, match=r"e cannot be written: .*free space"):
        write_export(tmp_path / "e", build=tiny, subgraph=Subgraph.whole(tiny), text_dims=0)
    assert list(tmp_path.iterdir()) == []
