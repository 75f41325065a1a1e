"""Every kind of source: the values of the file, joined, and what is not stored said."""

from __future__ import annotations

import gzip
import re
import warnings

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import io, sparse

from tests.cells.files import as_layout, cell_names, random_counts, write
from tests.tiny import GENES, gene
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.source import open_source
from tosg_graph.errors import CellsError, UsageError

SYMBOLS = list(GENES)[:4]
ENSEMBL = [GENES[symbol][2] for symbol in SYMBOLS]
COUNTS = random_counts(1500, 6, seed=3)
#: Four genes of the tiny build, an antibody, and a guide that is neither.
IDS = [*ENSEMBL, "CD14_clone63D3", "guide1"]
NAMES = [*SYMBOLS, "CD14", "guide1"]
TYPES = ["Gene Expression"] * 4 + ["Antibody Capture", "CRISPR Guide Capture"]


def add(path, folder, build, **options):
    report = add_cells(
        path, folder / "cells", name=options.pop("name", "s"), build=build, **options
    )
    return CellStore.open(report.path), report


def dense(store, modality="rna"):
    return store.gather(modality, np.arange(store.n_cells)).to_scipy().toarray()


def tenx_h5(path, *, version=3, genomes=("GRCh38",)):
    x = sparse.csc_matrix(COUNTS.T)
    text = lambda values: np.array([v.encode() for v in values])  # noqa: E731
    with h5py.File(path, "w") as file:
        for genome in ("matrix",) if version == 3 else genomes:
            group = file.create_group(genome)
            for name in ("data", "indices", "indptr"):
                group[name] = getattr(x, name).astype(np.int64)
            group["shape"] = np.array(x.shape, np.int32)
            group["barcodes"] = text(cell_names(x.shape[1]))
            if version == 3:
                group["features/id"], group["features/name"] = text(IDS), text(NAMES)
                group["features/feature_type"] = text(TYPES)
            else:
                group["genes"], group["gene_names"] = text(IDS), text(NAMES)
    return path


def tenx_folder(folder, *, zipped=True, field="integer"):
    folder.mkdir()
    files = {
        "barcodes.tsv": "".join(f"{name}\n" for name in cell_names(len(COUNTS))),
        "features.tsv" if zipped else "genes.tsv": "".join(
            "\t".join(row if zipped else row[:2]) + "\n"
            for row in zip(IDS, NAMES, TYPES, strict=True)
        ),
    }
    io.mmwrite(folder / "plain.mtx", sparse.coo_matrix(COUNTS.T), field=field)
    files["matrix.mtx"] = (folder / "plain.mtx").read_text()
    (folder / "plain.mtx").unlink()
    for name, text in files.items():
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / name).write_text(text)
    return folder


def check_tenx(store, report):
    assert np.array_equal(dense(store), COUNTS[:, :4])
    assert np.array_equal(dense(store, "protein"), COUNTS[:, [4]])
    assert store.features("rna")["graph_id"].to_pylist() == [gene(s) for s in SYMBOLS]
    assert store.features("protein")["graph_id"].to_pylist() == ["UniProtKB:P08571"]
    assert store.obs["cell_id"].to_pylist() == cell_names(1500)
    assert "1 of 6 features" in report.left_out["features (feature_types)"]


def test_tenx_hdf5_version_3(tmp_path, tiny):
    path = tenx_h5(tmp_path / "a.h5")
    store, report = add(path, tmp_path, tiny, shard_cells=1024)
    check_tenx(store, report)
    assert report.kind == "10x HDF5 v3"
    assert store.verify(source=path).compared == np.count_nonzero(COUNTS[:, :5])


def test_tenx_hdf5_version_2_has_genes_only(tmp_path, tiny):
    store, report = add(tenx_h5(tmp_path / "a.h5", version=2), tmp_path, tiny)
    assert np.array_equal(dense(store), COUNTS)
    assert (report.kind, report.matrix) == ("10x HDF5 v2", "GRCh38")


def test_of_several_genomes_one_is_chosen(tmp_path, tiny):
    path = tenx_h5(tmp_path / "a.h5", version=2, genomes=("GRCh38", "mm10"))
    with pytest.raises(CellsError, match="must be chosen; it has GRCh38, mm10"):
        add(path, tmp_path, tiny)
    store, _ = add(path, tmp_path, tiny, matrix="mm10")
    assert store.n_cells == 1500


@pytest.mark.parametrize("field", ["integer", "real"])
def test_tenx_matrix_market_folder(tmp_path, tiny, field):
    path = tenx_folder(tmp_path / "tenx", field=field)
    store, report = add(path, tmp_path, tiny, shard_cells=1024)
    check_tenx(store, report)
    assert report.kind == "10x Matrix Market"
    assert store.verify(source=path).compared == np.count_nonzero(COUNTS[:, :5])


def test_older_matrix_market_folders_have_genes_tsv(tmp_path, tiny):
    who = pd.DataFrame({"who": ["P1", "P2"] * 750}, index=cell_names(1500)[::-1])
    path = tenx_folder(tmp_path / "tenx", zipped=False)
    store, _ = add(path, tmp_path, tiny, obs=who, donor="who", constants={"tissue": "lung"})
    assert np.array_equal(dense(store), COUNTS)
    assert store.obs["donor_id"].to_pylist() == ["tenx/tenx/P2", "tenx/tenx/P1"] * 750
    assert store.values("tissue").to_pylist() == ["lung"] * 1500


def test_matrix_market_by_blocks_and_tasks_is_the_same(tmp_path, tiny, monkeypatch):
    from tosg_graph.cells import tenx, turned

    path = tenx_folder(tmp_path / "tenx")
    whole, _ = add(path, tmp_path, tiny, name="whole", shard_cells=1024)
    monkeypatch.setattr(turned, "BLOCK_VALUES", 500)
    monkeypatch.setattr(tenx, "_TEXT_BLOCK", 700)
    pieces, _ = add(path, tmp_path, tiny, name="pieces", shard_cells=1024)
    assert pieces.hash == whole.hash


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda t: t.replace("%%MatrixMarket", "%%Other"), "MatrixMarket matrix coordinate"),
        (lambda t: "\n".join(t.splitlines()[:-5]) + "\n", "its head says"),
        (lambda t: t.replace("\n6 1500 ", "\n7 1500 "), r"7 features"),
        (lambda t: t + "1 2 three\n", "cannot be read"),
        (lambda t: t + "1 9999 1\n", "index 9998 found where 0 to 1499"),
    ],
)
def test_a_damaged_matrix_market_file_is_refused(tmp_path, tiny, edit, words):
    path = tenx_folder(tmp_path / "tenx", zipped=False)
    text = (path / "matrix.mtx").read_text()
    (path / "matrix.mtx").write_text(edit(text))
    with pytest.raises(CellsError, match=words):
        add(path, tmp_path, tiny)
    assert list((tmp_path / "cells").glob("*")) == []


def test_a_truncated_gzip_is_refused(tmp_path, tiny):
    path = tenx_folder(tmp_path / "tenx")
    data = (path / "matrix.mtx.gz").read_bytes()
    (path / "matrix.mtx.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(CellsError, match=r"matrix\.mtx\.gz"):
        add(path, tmp_path, tiny)


@pytest.mark.parametrize("make", [tenx_h5, tenx_folder])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("IDS", [ENSEMBL[0], *ENSEMBL[:3], *IDS[4:]], f"1 feature ids .*example '{ENSEMBL[0]}'"),
        (
            "cell_names",
            lambda n: [f"cell{i % (n - 1)}" for i in range(n)],
            "1 barcodes .*example 'cell0'",
        ),
    ],
)
def test_a_tenx_gene_or_barcode_that_stands_twice_is_named(
    tmp_path, tiny, monkeypatch, make, name, value, said
):
    monkeypatch.setitem(globals(), name, value)
    path = make(tmp_path / "twice.h5")
    with pytest.raises(CellsError, match=said):
        add(path, tmp_path, tiny)
    assert not any((tmp_path / "cells").iterdir())


@pytest.mark.parametrize("layout", ["csr", "csc", "dense"])
@pytest.mark.parametrize("version", [2, 3])
def test_zarr_of_both_versions(tmp_path, tiny, layout, version):
    data = anndata.AnnData(
        as_layout(COUNTS[:, :4], layout),
        obs=pd.DataFrame({"donor": ["A", "B"] * 750}, index=cell_names(1500)),
        var=pd.DataFrame(index=ENSEMBL),
        obsm={"ADT": pd.DataFrame(COUNTS[:, [4]], index=cell_names(1500), columns=["CD14"])},
    )
    path = tmp_path / "a.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        anndata.settings.zarr_write_format = version
        try:
            data.write_zarr(path)
        finally:
            anndata.settings.reset("zarr_write_format")
    store, report = add(path, tmp_path, tiny, donor="donor", shard_cells=1024)
    assert report.kind == "zarr"
    assert np.array_equal(dense(store), COUNTS[:, :4])
    assert np.array_equal(dense(store, "protein"), COUNTS[:, [4]])
    assert store.obs["donor_id"].to_pylist()[:2] == ["a/a/A", "a/a/B"]
    store.verify(source=path)


def cellxgene(path, *, filtered=True):
    n = 40
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical(["B cell", "monocyte"] * 20),
            "cell_type_ontology_term_id": pd.Categorical(["CL:0000236", "CL:0000576"] * 20),
            "donor_id": pd.Categorical(["D1", "D2"] * 20),
            "is_primary_data": [True] * 30 + [False] * 10,
        },
        index=cell_names(n),
    )
    counts = COUNTS[:n, :4]
    var = pd.DataFrame(
        {"feature_name": SYMBOLS, "feature_is_filtered": [False, filtered, False, False]},
        index=ENSEMBL,
    )
    shown = np.log1p(counts).astype(np.float32)
    if filtered:
        shown[:, 1] = 0
    data = anndata.AnnData(sparse.csr_matrix(shown), obs=obs, var=var)
    data.raw = anndata.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs, var[[]])
    data.write_h5ad(path)
    return path, counts, shown


def test_cellxgene_counts_are_found_in_raw_and_reported(tmp_path, tiny):
    path, counts, _ = cellxgene(tmp_path / "a.h5ad")
    store, report = add(path, tmp_path, tiny)
    assert np.array_equal(dense(store), counts)
    assert (report.kind, report.matrix) == ("h5ad (CELLxGENE)", "raw/X")
    assert "counts were found in raw/X; X holds none" in report.warnings
    assert any("10 of 40 cells are no primary data" in words for words in report.warnings)
    assert store.label_column == "cell_type"
    assert store.values("cell_type_ontology_id").to_pylist()[:2] == ["CL:0000236", "CL:0000576"]
    assert store.obs["donor_id"].to_pylist()[:2] == ["a/a/D1", "a/a/D2"]
    assert store.obs["is_primary_data"].to_pylist() == [True] * 30 + [False] * 10


def test_a_filtered_feature_is_not_measured(tmp_path, tiny):
    path, _, shown = cellxgene(tmp_path / "a.h5ad")
    store, report = add(path, tmp_path, tiny, matrix="X", normalised=True)
    assert np.array_equal(dense(store), shown)
    assert store.measured("rna").tolist() == [[True, False, True, True]]
    assert report.modalities["rna"].n_features == 3
    found = store.counts_for([gene(s) for s in SYMBOLS])
    assert found.not_measured == (gene(SYMBOLS[1]),)
    store.verify(source=path)


def test_counts_are_found_in_a_layer(tmp_path, tiny):
    counts = COUNTS[:30]
    path = write(
        tmp_path / "a.h5ad",
        as_layout(np.log1p(counts), "csr"),
        layers={"norm": np.log1p(counts), "counts": counts.astype(np.float32)},
    )
    store, report = add(path, tmp_path, tiny)
    assert report.matrix == "layers/counts"
    assert np.array_equal(dense(store), counts)


FRACTIONS, BINARY = np.log1p(COUNTS[:30]), (COUNTS[:30] > 5).astype(float)
PARTS = {"ambiguous": COUNTS[:30] // 20, "spliced": COUNTS[:30] // 2}


@pytest.mark.parametrize(
    ("x", "layers", "taken", "words"),
    [
        (FRACTIONS, {**PARTS, "counts": COUNTS[:30]}, "layers/counts", "also in layers/ambiguous"),
        (BINARY, {"Raw_Counts": COUNTS[:30]}, "layers/Raw_Counts", "X holds zeros and ones only"),
        (BINARY, {"other": COUNTS[:30]}, "layers/other", "X holds zeros and ones only"),
        (BINARY, {"other": FRACTIONS, "counts": BINARY}, "X", "X holds zeros and ones only: are"),
        (BINARY, {"a": BINARY, "b": BINARY}, "X", r"also in layers/a \(zeros and ones only\), "),
        (COUNTS[:30], PARTS, "X", "whole numbers are also in layers/ambiguous .*, layers/spliced"),
        (FRACTIONS, {"spliced": PARTS["spliced"], "z": FRACTIONS}, "layers/spliced", "in layers/s"),
    ],
)  # fmt: skip
def test_counts_are_told_from_other_whole_numbers(tmp_path, x, layers, taken, words):
    path = write(tmp_path / "a.h5ad", x, layers=layers)
    with open_source(path) as source:
        source.parts()
        assert source.matrix == taken
        assert any(re.search(words, note) for note in source.notes), source.notes


@pytest.mark.parametrize("x", [FRACTIONS, BINARY])
def test_layers_of_whole_numbers_without_a_name_that_says_so_need_a_choice(tmp_path, x):
    path = write(tmp_path / "a.h5ad", x, layers=PARTS)
    with (
        open_source(path) as source,
        pytest.raises(
            CellsError, match=r"layers/ambiguous .*, layers/spliced.*--matrix layers/spl"
        ),
    ):
        source.parts()
    with open_source(path, matrix="layers/spliced") as source:
        source.parts()
        assert source.matrix == "layers/spliced"


def test_a_layer_that_is_no_matrix_is_none_of_counts(tmp_path):
    path = write(tmp_path / "a.h5ad", COUNTS[:30].astype(float), layers={"counts": COUNTS[:30]})
    with h5py.File(path, "a") as file:
        del file["layers/counts"]
        file["layers/counts"] = np.array([b"nothing"])
    with open_source(path) as source:
        source.parts()
        assert (source.matrix, source.notes) == ("X", [])


@pytest.mark.parametrize("make", [tenx_h5, tenx_folder])
def test_what_cannot_be_chosen_is_no_option_of_10x(tmp_path, make):
    path = make(tmp_path / "a.h5")
    with pytest.raises(UsageError, match=r"one matrix; there is no 'raw/X'.*--matrix .*AnnData"):
        open_source(path, matrix="raw/X")
    with pytest.raises(UsageError, match=r"no obsm with 'ADT'"):
        open_source(path, antibodies="ADT")


def test_normalised_values_are_those_of_x_even_where_there_are_counts(tmp_path, tiny):
    values = np.log1p(COUNTS[:30]).astype(np.float32)
    path = write(tmp_path / "a.h5ad", as_layout(values, "csr"), layers={"counts": COUNTS[:30]})
    store, report = add(path, tmp_path, tiny, normalised=True)
    assert report.matrix == "X"
    assert np.array_equal(dense(store), values)


def test_verify_knows_which_antibodies_were_chosen(tmp_path, tiny):
    frames = {
        key: pd.DataFrame(COUNTS[:30, [n]], index=cell_names(30), columns=["CD14"])
        for n, key in ((1, "ADT"), (2, "protein_expression"))
    }
    path = write(tmp_path / "a.h5ad", as_layout(COUNTS[:30], "csr"), obsm=frames)
    store, _ = add(path, tmp_path, tiny, antibodies="protein_expression")
    assert np.array_equal(dense(store, "protein"), COUNTS[:30, [2]])
    store.verify(source=path)


def release(folder, *, shards=(40, 25), width=30):
    """A release as OmniCellTOSG lays it out: ABL1 in two columns, CD14 in one, 27 without a gene."""
    rng = np.random.default_rng(5)
    (folder / "expression_matrix").mkdir(parents=True)
    rows = []
    matrices = {}
    for number, size in enumerate(shards):
        name = f"cellxgene_blood_part_{number}.npy"
        matrices[name] = (rng.random((size, width)) < 0.3) * rng.integers(1, 9, (size, width))
        np.save(folder / "expression_matrix" / name, matrices[name].astype(np.float32))
        rows += [
            {"matrix_file_path": name, "matrix_row_idx": row, "CMT_name": "B cell", "sex": "female"}
            for row in range(size)
        ]
    table = pd.DataFrame(rows).sample(frac=1, random_state=1)  # the table has an order of its own
    table.to_parquet(folder / "cell_metadata_with_mappings.parquet", index=False)
    (folder / "bmg_gene_index.csv").write_text("gene_name,indices\nABL1,23;2\nCD14,7\n")
    return folder, matrices


def test_a_release_of_omnicelltosg(tmp_path, tiny):
    folder, matrices = release(tmp_path / "release")
    store, report = add(folder, tmp_path, tiny)
    whole = np.concatenate(list(matrices.values()))
    assert report.kind == "OmniCellTOSG"
    assert np.array_equal(dense(store), whole[:, [2, 7, 23]])
    assert store.features("rna")["source_id"].to_pylist() == ["ABL1@2", "CD14@7", "ABL1@23"]
    found = store.counts_for([gene("ABL1"), gene("CD14")])
    expected = np.stack([whole[:, 2] + whole[:, 23], whole[:, 7]], axis=1)
    assert np.array_equal(found.values, expected)
    assert store.obs["cell_id"].to_pylist()[39:41] == [
        "cellxgene_blood_part_0:39",
        "cellxgene_blood_part_1:0",
    ]
    assert store.label_column == "CMT_name"
    (what,) = report.left_out
    assert report.left_out[what] == "27 of 30 columns are not in the gene index"
    assert report.source_bytes > sum(m.nbytes // 2 for m in matrices.values())
    assert 0 < report.shard_bytes < report.source_bytes
    assert store.verify(source=folder).compared == np.count_nonzero(whole[:, [2, 7, 23]])


def test_a_release_that_lacks_a_shard_or_a_row(tmp_path, tiny):
    folder, matrices = release(tmp_path / "release")
    name = list(matrices)[1]
    np.save(folder / "expression_matrix" / name, matrices[name][:20].astype(np.float32))
    with pytest.raises(CellsError, match="index 24 found where 0 to 19"):
        add(folder, tmp_path, tiny)
    (folder / "expression_matrix" / name).unlink()
    with pytest.raises(CellsError, match=f"{name} is missing"):
        add(folder, tmp_path, tiny)


def test_a_folder_of_no_known_kind(tmp_path, tiny):
    (tmp_path / "folder").mkdir()
    with pytest.raises(CellsError, match="a folder of no known kind"):
        add(tmp_path / "folder", tmp_path, tiny)


def test_what_is_nearly_a_source_is_told_what_to_do(tmp_path, tiny):
    path = write(tmp_path / "a.h5ad", as_layout(COUNTS[:30], "csr"))
    zipped = tmp_path / "a.h5ad.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(CellsError, match="it is gzipped; unpack it first"):
        add(zipped, tmp_path, tiny)
    folder = tenx_folder(tmp_path / "tenx")
    with pytest.raises(CellsError, match="give the folder that it is in"):
        add(folder / "matrix.mtx.gz", tmp_path, tiny)
    for file in list(folder.iterdir()):
        file.rename(folder / f"GSM1_{file.name}")
    with pytest.raises(CellsError, match=r"GSM1_matrix\.mtx\.gz: rename the files"):
        add(folder, tmp_path, tiny)


@pytest.mark.real
def test_the_real_tenx_files_agree_with_each_other(real_data, tmp_path, real_build):
    tenx = real_data / "cells" / "tenx"
    h5, _ = add(tenx / "filtered_feature_bc_matrix.h5", tmp_path, real_build, name="h5")
    folder, _ = add(tenx, tmp_path, real_build, name="folder")
    with h5py.File(tenx / "filtered_feature_bc_matrix.h5") as file:
        node = file["matrix"]
        raw = sparse.csr_matrix((node["data"][:], node["indices"][:], node["indptr"][:]),
                                shape=(1107, 507))  # fmt: skip
    assert np.array_equal(dense(h5), raw.toarray()[:, : h5.n_features()])
    assert np.array_equal(dense(h5), dense(folder))
    assert h5.obs["cell_id"].equals(folder.obs["cell_id"])
    older, report = add(tenx / "filtered_gene_bc_matrices_h5.h5", tmp_path, real_build, name="v2")
    assert (older.n_cells, older.n_features(), report.matrix) == (12, 343, "hg19_chr21")


def test_an_anndata_source_reads_in_bounded_blocks(tmp_path):
    """No block holds more than asked for, whatever the layout; rows come once and in order."""
    from tosg_graph.cells import turned

    for layout in ("csr", "csc", "dense"):
        path = write(tmp_path / f"{layout}.h5ad", as_layout(COUNTS, layout))
        with open_source(path) as source:
            (part,) = source.parts()
            part.matrix.prepare(tmp_path / layout, [0, 1024])
            blocks = list(part.matrix.rows(1024, 1500, tmp_path / layout))
        assert np.array_equal(np.concatenate([b.toarray() for b in blocks]), COUNTS[1024:])
        assert max(b.nnz for b in blocks) <= turned.BLOCK_VALUES
