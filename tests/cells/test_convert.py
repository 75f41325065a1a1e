"""From an h5ad file to a store: every layout, exact sums, every refusal."""

from __future__ import annotations

import json

import anndata
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

from tests.cells.files import RNA, as_layout, blood, cell_names, random_counts, write
from tests.faults import apart
from tests.tiny import gene
from tosg_graph.cells import turned as matrix_module
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.manifest import store_names
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError, UsageError

LAYOUTS = ("csr", "csc", "dense")


def add(path, folder, build, **options):
    report = add_h5ad(path, folder / "cells", name=options.pop("name", "s"), build=build, **options)
    return CellStore.open(report.path), report


def dense(store, modality="rna"):
    return store.gather(modality, np.arange(store.n_cells)).to_scipy().toarray()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8])
def test_every_value_is_that_of_the_file(tmp_path, tiny, layout, dtype):
    counts = random_counts(2500, 37)
    path = write(tmp_path / "a.h5ad", as_layout(counts, layout, dtype))
    store, report = add(path, tmp_path, tiny, shard_cells=1024)
    assert np.array_equal(dense(store), counts)
    assert len(store.manifest["modalities"]["rna"]["shards"]) == 3
    assert np.array_equal(store.values("total_count"), counts.sum(axis=1))
    assert np.array_equal(store.values("n_features"), (counts > 0).sum(axis=1))
    features = store.features("rna")
    assert features["total"].to_pylist() == counts.sum(axis=0).tolist()
    assert features["cells"].to_pylist() == (counts > 0).sum(axis=0).tolist()
    assert report.modalities["rna"].total == counts.sum()
    assert report.modalities["rna"].empty_cells == (counts.sum(axis=1) == 0).sum()
    assert sorted(p.name for p in store.folder.iterdir()) == [
        "features", "manifest.json", "measured", "obs", "rna", "versions",
    ]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_blocks_far_smaller_than_the_file_change_nothing(tmp_path, tiny, layout, monkeypatch):
    counts = random_counts(5000, 11, seed=3)
    path = write(tmp_path / "a.h5ad", as_layout(counts, layout))
    whole, _ = add(path, tmp_path, tiny, name="whole")
    monkeypatch.setattr(matrix_module, "BLOCK_VALUES", 2000)
    pieces, _ = add(path, tmp_path, tiny, name="pieces")
    assert np.array_equal(dense(pieces), counts)
    assert pieces.hash == whole.hash


def test_shards_are_arrow_lists_in_batches_of_1024_cells(tmp_path, tiny):
    counts = random_counts(3000, 20)
    store, _ = add(write(tmp_path / "a.h5ad", as_layout(counts, "csr")), tmp_path, tiny)
    with pa.memory_map(str(store.folder / "rna" / "000000.arrow")) as source:
        reader = pa.ipc.open_file(source)
        assert reader.schema.names == ["feature", "count"]
        assert {str(f.type.value_type) for f in reader.schema} == {"uint16"}
        sizes = [reader.get_batch(i).num_rows for i in range(reader.num_record_batches)]
        assert sizes == [1024, 1024, 952]
        first = reader.get_batch(0).slice(0, 1).to_pylist()[0]
    present = np.flatnonzero(counts[0])
    assert first == {"feature": present.tolist(), "count": counts[0, present].tolist()}


def test_unsorted_repeated_and_zero_entries_become_a_clean_row(tmp_path, tiny):
    x = sparse.csr_matrix((2, 5), dtype=np.float32)
    x.indptr, x.indices = np.array([0, 4, 5]), np.array([3, 1, 3, 0, 2])
    x.data = np.array([2, 5, 4, 0, 1], np.float32)
    path = tmp_path / "a.h5ad"
    write(path, sparse.csr_matrix((2, 5), dtype=np.float32))
    with h5py.File(path, "a") as file:
        for name in ("data", "indices", "indptr"):
            del file["X"][name]
            file["X"][name] = getattr(x, name)
    store, _ = add(path, tmp_path, tiny)
    rows = store.gather("rna", [0, 1])
    assert rows.indptr.tolist() == [0, 2, 3]
    assert rows.indices.tolist() == [1, 3, 2]
    assert rows.counts.tolist() == [5, 6, 1]


def test_a_count_above_16_bits_widens_its_shard_only(tmp_path, tiny):
    counts = random_counts(3000, 6)
    counts[1500, 4] = 65_536
    path = write(tmp_path / "a.h5ad", as_layout(counts, "csr", np.float64))
    store, _ = add(path, tmp_path, tiny, shard_cells=1024)
    shards = store.manifest["modalities"]["rna"]["shards"]
    assert [shard["value_type"] for shard in shards] == ["uint16", "uint32", "uint16"]
    assert np.array_equal(dense(store), counts)
    one, _ = add(path, tmp_path, tiny, name="one")  # the batch before the large count is rewritten
    assert [s["value_type"] for s in one.manifest["modalities"]["rna"]["shards"]] == ["uint32"]
    assert np.array_equal(dense(one), counts)
    assert sorted(p.name for p in (one.folder / "rna").iterdir()) == ["000000.arrow"]
    store.verify()


def test_65535_still_fits_16_bits(tmp_path, tiny):
    counts = np.array([[65_535, 0], [0, 1]])
    store, _ = add(write(tmp_path / "a.h5ad", as_layout(counts, "csr")), tmp_path, tiny)
    assert store.manifest["modalities"]["rna"]["schema"]["count"] == "list<uint16>"
    assert np.array_equal(dense(store), counts)


def test_a_count_above_32_bits_is_refused(tmp_path, tiny):
    counts = np.array([[1, 0], [0, 2**32], [2**32, 1]])
    path = write(tmp_path / "a.h5ad", as_layout(counts, "csr", np.float64))
    with pytest.raises(
        CellsError,
        match=rf"^{path}: X: 2 of 4 values are too large .*4,294,967,295.*, for example 4294967296.0 "
        r"for gene1 in cell cell1\. Such values are never stored",
    ):
        add(path, tmp_path, tiny)
    assert not (tmp_path / "cells/s").exists()
    path = write(tmp_path / "b.h5ad", as_layout(np.minimum(counts, 2**32 - 1), "csr", np.float64))
    assert add(path, tmp_path, tiny)[0].gather("rna", [1]).counts.tolist() == [2**32 - 1]


@pytest.mark.parametrize("dtype", [np.float64, np.uint64])
def test_a_count_beyond_64_bits_is_refused_too(tmp_path, tiny, dtype):
    """Turned into an integer of 64 bits it would be another number, small or negative."""
    huge = 2**64 - 1 if dtype is np.uint64 else 1e30
    x = sparse.csr_matrix((np.array([3, huge], dtype), ([0, 1], [0, 1])), shape=(2, 2))
    with pytest.raises(CellsError, match=r"1 of 2 values are too large.*for gene1 in cell cell1"):
        add(write(tmp_path / "a.h5ad", x), tmp_path, tiny)


def test_a_normalised_value_beyond_32_bits_is_refused(tmp_path, tiny):
    path = write(tmp_path / "a.h5ad", as_layout(np.array([[0.5, 1e39]]), "csr", np.float64))
    with pytest.raises(CellsError, match=r"too large.*3\.4e38.*1e\+39 for gene1 in cell cell0"):
        add(path, tmp_path, tiny, normalised=True)


def test_counts_that_add_up_to_more_than_32_bits_are_refused(tmp_path, tiny):
    x = sparse.csr_matrix((2, 3), dtype=np.float64)
    x.data, x.indices = np.array([1.0, 2.0**32 - 1, 1.0]), np.array([0, 2, 2], np.int32)
    x.indptr = np.array([0, 1, 3], np.int32)
    with pytest.raises(CellsError, match=r"too large.*4294967295\.0 for gene2 in cell cell1"):
        add(write(tmp_path / "a.h5ad", x), tmp_path, tiny)


def test_70000_features_take_32_bit_indices(tmp_path, tiny):
    x = sparse.csr_matrix(([3.0, 4.0], ([0, 1], [69_999, 5])), shape=(2, 70_000), dtype=np.float32)
    store, _ = add(write(tmp_path / "a.h5ad", x), tmp_path, tiny)
    assert store.manifest["modalities"]["rna"]["shards"][0]["feature_type"] == "uint32"
    assert (store.gather("rna", [0, 1]).to_scipy() != x).nnz == 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fractions_are_refused_with_how_many_and_an_example(tmp_path, tiny, layout):
    values = random_counts(50, 8).astype(float)
    n_values = np.count_nonzero(values)
    spots = np.argwhere(values)[[10, 20]]
    for row, column in spots:
        values[row, column] = 0.5
    path = write(tmp_path / "a.h5ad", as_layout(values, layout), layers={"counts": np.rint(values)})
    with pytest.raises(CellsError) as error:
        add(path, tmp_path, tiny, matrix="X")
    message = str(error.value)
    assert f"2 of {n_values} values are not integers, for example 0.5 for gene" in message
    example = next(s for s in ({f"gene{c} in cell cell{r}" for r, c in spots}) if s in message)
    assert example
    assert "normalised=True" in message
    assert "layers/counts" in message
    assert not any((tmp_path / "cells").iterdir())


def test_normalised_values_are_kept_on_request(tmp_path, tiny):
    values = np.log1p(random_counts(30, 7)).astype(np.float32)
    path = write(tmp_path / "a.h5ad", as_layout(values, "csr"))
    store, report = add(path, tmp_path, tiny, normalised=True)
    assert (store.value_kind, report.value_kind) == ("normalised", "normalised")
    assert store.manifest["modalities"]["rna"]["schema"] == {
        "feature": "list<uint16>", "value": "list<float>",
    }  # fmt: skip
    rows = store.gather("rna", np.arange(30))
    assert rows.counts.dtype == np.float32
    assert np.array_equal(rows.to_scipy().toarray(), values)
    assert np.allclose(store.values("total_count"), values.astype(float).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "NaN or infinite"), (np.inf, "NaN or infinite"), (-3.0, "negative")],
)
def test_nan_infinity_and_negatives_are_always_refused(tmp_path, tiny, value, words, normalised):
    values = random_counts(10, 4).astype(np.float32)
    values[5, 2] = value
    path = write(tmp_path / "a.h5ad", as_layout(values, "csr"))
    with pytest.raises(CellsError, match=f"1 of .* values are {words}.*for gene2 in cell cell5"):
        add(path, tmp_path, tiny, normalised=normalised)
    assert store_names(tmp_path / "cells") == []


@pytest.mark.filterwarnings("ignore:Observation names:UserWarning")
@pytest.mark.filterwarnings("ignore:Variable names:UserWarning")
@pytest.mark.parametrize("axis", ["obs", "var"])
def test_repeated_names_are_refused_with_an_example(tmp_path, tiny, axis):
    frames = {axis: pd.DataFrame(index=["a", "b", "TWICE", "TWICE"])}
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(4, 4), "csr"), **frames)
    with pytest.raises(CellsError, match="occur more than once, for example 'TWICE'"):
        add(path, tmp_path, tiny)


def test_no_cells_is_an_error(tmp_path, tiny):
    path = write(tmp_path / "a.h5ad", sparse.csr_matrix((0, 3), dtype=np.float32))
    with pytest.raises(CellsError, match="obs has no cells"):
        add(path, tmp_path, tiny)


def test_a_missing_a_foreign_and_a_truncated_file(tmp_path, tiny):
    with pytest.raises(UsageError, match="does not exist"):
        add(tmp_path / "none.h5ad", tmp_path, tiny)
    text = tmp_path / "text.h5ad"
    text.write_text("no HDF5")
    with pytest.raises(CellsError, match="cannot be opened as HDF5"):
        add(text, tmp_path, tiny)
    whole = write(tmp_path / "a.h5ad", as_layout(random_counts(500, 50), "csr"))
    whole.write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(CellsError, match="truncated"):
        add(whole, tmp_path, tiny)
    other = tmp_path / "other.h5ad"
    with h5py.File(other, "w") as file:
        file["numbers"] = [1, 2]
    with pytest.raises(CellsError, match="has no obs"):
        add(other, tmp_path, tiny)
    assert store_names(tmp_path / "cells") == []
    assert not (tmp_path / "cells").exists() or not any((tmp_path / "cells").iterdir())


def test_damaged_indices_are_refused(tmp_path, tiny):
    for layout in ("csr", "csc"):
        path = write(tmp_path / f"{layout}.h5ad", as_layout(random_counts(50, 9), layout))
        with h5py.File(path, "a") as file:
            file["X/indices"][3] = 1000
        with pytest.raises(CellsError, match=r"index 1000 found where 0 to (8|49) were expected"):
            add(path, tmp_path, tiny)
    with h5py.File(path, "a") as file:
        file["X/indptr"][-1] = 3
    with pytest.raises(CellsError, match="indptr has 10 entries from 0 to 3"):
        add(path, tmp_path, tiny)


def test_a_matrix_of_another_shape_than_obs(tmp_path, tiny):
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(5, 4), "dense"))
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = np.ones((5, 3), np.float32)
        file["X"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
    with pytest.raises(CellsError, match=r"shape \(5, 3\), but obs has 5 rows and var 4"):
        add(path, tmp_path, tiny)


def test_counts_may_be_in_a_layer_or_raw(tmp_path, tiny):
    counts = random_counts(20, 4)
    data = anndata.AnnData(
        sparse.csr_matrix(np.log1p(counts).astype(np.float32)),
        obs=pd.DataFrame(index=cell_names(20)),
        var=pd.DataFrame(index=list("abcd")),
    )
    data.layers["counts"] = sparse.csr_matrix(counts.astype(np.float32))
    data.raw = anndata.AnnData(sparse.csr_matrix(counts.astype(np.float32) * 2), data.obs, data.var)
    data.write_h5ad(tmp_path / "a.h5ad")
    layer, _ = add(tmp_path / "a.h5ad", tmp_path, tiny, name="layer", matrix="layers/counts")
    raw, _ = add(tmp_path / "a.h5ad", tmp_path, tiny, name="raw", matrix="raw/X")
    assert np.array_equal(dense(layer), counts)
    assert np.array_equal(dense(raw), counts * 2)
    with pytest.raises(UsageError, match="it has X, raw/X, layers/counts"):
        add(tmp_path / "a.h5ad", tmp_path, tiny, matrix="layers/nothing")


def test_a_name_that_is_taken_or_none(tmp_path, tiny):
    path, counts = blood(tmp_path / "a.h5ad")
    first, _ = add(path, tmp_path, tiny)
    with pytest.raises(UsageError, match="there is a cell store 's' already"):
        add(path, tmp_path, tiny)
    second = write(tmp_path / "b.h5ad", as_layout(counts[:10], "csr"))
    replaced, _ = add(second, tmp_path, tiny, replace=True)
    assert (first.n_cells, replaced.n_cells) == (60, 10)
    for name in ("", "../x", ".hidden", "a/b", "a b"):
        with pytest.raises(UsageError, match="is no name for a cell store"):
            add(path, tmp_path, tiny, name=name)
    assert store_names(tmp_path / "cells") == ["s"]


def test_a_failed_replacement_leaves_the_older_store(tmp_path, tiny):
    path, counts = blood(tmp_path / "a.h5ad")
    add(path, tmp_path, tiny)
    bad = write(tmp_path / "b.h5ad", as_layout(counts + 0.5, "csr"))
    with pytest.raises(CellsError, match="are not integers"):
        add(bad, tmp_path, tiny, replace=True)
    kept = CellStore.open(tmp_path / "cells" / "s")
    assert np.array_equal(dense(kept), counts)
    kept.verify()
    assert [p.name for p in (tmp_path / "cells").iterdir()] == ["s"]


def test_the_same_file_gives_the_same_bytes(tmp_path, tiny):
    path, _ = blood(tmp_path / "a.h5ad")
    first, _ = add(path, tmp_path, tiny, label="celltype")
    second, _ = add(path, tmp_path / "again", tiny, label="celltype")
    files = [path.relative_to(first.folder) for path in first.folder.rglob("*") if path.is_file()]
    assert len(files) == 6
    for file in files:
        assert (first.folder / file).read_bytes() == (second.folder / file).read_bytes()


def test_obs_columns_keep_their_types(tmp_path, tiny):
    n = 6
    obs = pd.DataFrame(
        {
            "text": ["a", "b", "", "a", "b", "c"],
            "category": pd.Categorical(["x", None, "y", "x", "x", "y"]),
            "number": [1.5, np.nan, 2.0, 0.0, -1.0, 3.0],
            "integer": np.arange(n),
            "flag": [True, False, True, True, False, True],
            "coded": pd.Categorical([3, 1, 3, 1, 3, 1]),
            "donor_id": list("uvwxyz"),
            "total_count": np.arange(n) * 10,
        },
        index=cell_names(n),
    )
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(n, 3), "csr"), obs=obs)
    store, report = add(path, tmp_path, tiny, donor="donor_id")
    table = store.obs
    assert pa.types.is_dictionary(table.schema.field("text").type)
    assert table["text"].to_pylist() == ["a", "b", None, "a", "b", "c"]
    assert table["category"].to_pylist() == ["x", None, "y", "x", "x", "y"]
    assert table["number"].to_pylist() == [1.5, None, 2.0, 0.0, -1.0, 3.0]
    assert table["integer"].to_pylist() == list(range(n))
    assert table["flag"].to_pylist() == obs["flag"].tolist()
    assert table["coded"].to_pylist() == [3, 1, 3, 1, 3, 1]
    assert table["source_donor_id"].to_pylist() == list("uvwxyz")
    assert table["source_total_count"].to_pylist() == obs["total_count"].tolist()
    assert table["donor_id"].to_pylist() == [f"a/a/{d}" for d in "uvwxyz"]
    assert table["cell_id"].to_pylist() == cell_names(n)
    assert any("'source_donor_id'" in warning for warning in report.warnings)


def test_a_column_of_mixed_types_becomes_text_and_says_so():
    from tosg_graph.cells.obs import to_arrow

    column, warning = to_arrow(pd.Series([1, "b", 2.5, None, True], dtype=object))
    assert column.to_pylist() == ["1", "b", "2.5", None, "True"]
    assert warning == "holds boolean and float and integer and text values; it is kept as text"


def test_donors_are_named_by_source_data_set_and_donor(tmp_path, tiny):
    path, _ = blood(tmp_path / "file.h5ad", n=6)
    store, _ = add(path, tmp_path, tiny, donor="donor", name="mine")
    expected = ["file/file/D1", "file/file/D2", None] * 2
    assert store.obs["donor_id"].to_pylist() == expected
    plain, _ = add(path, tmp_path, tiny, name="plain")
    assert plain.obs["donor_id"].null_count == 6


@pytest.mark.parametrize(
    ("option", "what"), [("label", "label"), ("donor", "donor"), ("dataset", "data set")]
)
def test_an_unknown_column_is_named_with_the_one_meant(tmp_path, tiny, option, what):
    path, _ = blood(tmp_path / "a.h5ad")
    with pytest.raises(
        UsageError, match=f"no column 'cell_type' for the {what}; did you mean 'celltype'"
    ):
        add(path, tmp_path, tiny, **{option: "cell_type"})


def test_antibodies_are_a_modality_and_hashtags_are_not(tmp_path, tiny):
    counts, adt = random_counts(30, 4), random_counts(30, 3, seed=5)
    names = ["CD14", "CD16", "IgG1"]
    frames = {
        "ADT": pd.DataFrame(adt.astype(float), index=cell_names(30), columns=names),
        "HTO": pd.DataFrame(np.ones((30, 2)), index=cell_names(30), columns=["h1", "h2"]),
        "X_pca": np.zeros((30, 2)),
    }
    path = write(tmp_path / "a.h5ad", as_layout(counts, "csr"), obsm=frames)
    store, report = add(path, tmp_path, tiny)
    assert store.modalities == ("rna", "protein")
    assert np.array_equal(dense(store, "protein"), adt)
    assert np.array_equal(store.values("protein_total_count"), adt.sum(axis=1))
    assert np.array_equal(store.values("protein_n_features"), (adt > 0).sum(axis=1))
    assert store.features("protein")["source_id"].to_pylist() == names
    assert set(report.left_out) == {"obsm/HTO", "obsm/X_pca"}
    assert "hashtags" in report.left_out["obsm/HTO"]
    with pytest.raises(CellsError, match="obsm has no 'PROT'; it has ADT, HTO, X_pca"):
        add(path, tmp_path, tiny, name="x", antibodies="PROT")


def test_two_tables_of_antibodies_need_a_choice(tmp_path, tiny):
    frames = {
        key: pd.DataFrame(np.full((5, 1), n), index=cell_names(5), columns=["CD14"])
        for n, key in ((1, "ADT"), (2, "protein_expression"))
    }
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(5, 2), "csr"), obsm=frames)
    with pytest.raises(CellsError, match="2 tables of antibody counts, ADT, protein_expression"):
        add(path, tmp_path, tiny)
    store, _ = add(path, tmp_path, tiny, antibodies="protein_expression")
    assert dense(store, "protein").tolist() == [[2]] * 5


def test_a_bare_array_of_antibodies_takes_names_from_uns(tmp_path, tiny):
    adt = random_counts(5, 2, seed=2)
    x = as_layout(random_counts(5, 2), "csr")
    named = write(tmp_path / "a.h5ad", x, obsm={"ADT": adt}, uns={"ADT_names": ["CD14", "CD19"]})
    store, _ = add(named, tmp_path, tiny)
    assert store.features("protein")["source_id"].to_pylist() == ["CD14", "CD19"]
    bare, _ = add(write(tmp_path / "b.h5ad", x, obsm={"ADT": adt}), tmp_path, tiny, name="bare")
    assert bare.features("protein")["source_id"].to_pylist() == ["ADT:0", "ADT:1"]
    assert np.array_equal(dense(bare, "protein"), adt)


def test_feature_types_split_a_matrix(tmp_path, tiny):
    counts = random_counts(20, 5)
    kinds = ["Gene Expression", "Antibody Capture", "Gene Expression", "CRISPR", "Antibody Capture"]
    var = pd.DataFrame(
        {"feature_types": kinds}, index=["EGFR", "CD14_TotalSeqB", "ABL1", "g1", "CD19"]
    )
    store, report = add(
        write(tmp_path / "a.h5ad", as_layout(counts, "csc"), var=var), tmp_path, tiny
    )
    assert np.array_equal(dense(store), counts[:, [0, 2]])
    assert np.array_equal(dense(store, "protein"), counts[:, [1, 4]])
    assert store.features("protein")["graph_id"].to_pylist() == [
        "UniProtKB:P08571",
        "UniProtKB:P15391",
    ]
    assert "1 of 5 features" in report.left_out["X (feature_types)"]


def test_features_join_genes_and_the_report_counts_them(tmp_path, tiny):
    path, counts = blood(tmp_path / "a.h5ad")
    store, report = add(path, tmp_path, tiny)
    expected = [gene(symbol) if symbol else None for symbol in RNA.values()]
    assert store.features("rna")["graph_id"].to_pylist() == expected
    mapped = np.array([e is not None for e in expected])
    part = report.modalities["rna"]
    assert part.mapping == {"xref": 5, "unmapped": 1}
    assert part.mapped_total == pytest.approx(counts[:, mapped].sum() / counts.sum(), abs=1e-12)
    assert part.unmapped == ["NOVEL1"]
    assert json.loads(json.dumps(report.to_dict()))["modalities"]["rna"]["n_features"] == 6
    assert store.manifest["report"]["modalities"]["rna"]["mapping"] == part.mapping
    assert store.build_id == tiny.id


def test_a_file_that_changes_while_it_is_read(tmp_path, tiny):
    path, _ = blood(tmp_path / "a.h5ad")

    def touch(_):
        with path.open("ab") as file:
            file.write(b"\0")

    with pytest.raises(CellsError, match="changed while it was read"):
        add(path, tmp_path, tiny, progress=touch)
    assert store_names(tmp_path / "cells") == []


def test_a_full_disk_leaves_nothing(tmp_path, tiny):
    """The system refuses every file beyond 60 kB, as a full disk would."""
    write(tmp_path / "a.h5ad", as_layout(random_counts(4000, 60), "csr"))
    code = f"""
import resource
from pathlib import Path
from tosg_graph.build.tables import Build
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.errors import CellsError
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
folder = Path({str(tmp_path)!r})
try:
    add_h5ad(folder / "a.h5ad", folder / "cells", name="s", build=Build.open({str(tiny.path)!r}))
except CellsError as error:
    print("refused:", error)
"""
    done = apart(code)
    assert done.stdout.startswith("refused: the store could not be written")
    assert "nothing was kept" in done.stdout
    assert list((tmp_path / "cells").iterdir()) == []
