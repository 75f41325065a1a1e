"""CELLxGENE's schema, versions 5 to 7: files written to its list of fields, read as it means them."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tests.cells.files import cell_names
from tests.tiny import GENES, gene
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.label_codes import label_codes_of
from tosg_graph.cells.metadata import standardise
from tosg_graph.cells.primary import NO_COPIES
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import choose

N = 12
#: Two human genes; one of SARS-CoV-2 and one of a macaque that are called like human ones; a fly's,
#: whose id is not of Ensembl; RNA that was put in.
FEATURES = {
    GENES["ABL1"][2]: ("ABL1", "NCBITaxon:9606", "gene"),
    GENES["CD14"][2]: ("CD14", "NCBITaxon:9606", "gene"),
    "ENSSASG00005000002": ("ERBB1", "NCBITaxon:2697049", "gene"),
    "ENSMMUG00000012345": ("BRAF", "NCBITaxon:9544", "gene"),
    "FBgn0003731": ("KRAS", "NCBITaxon:7227", "gene"),
    "ERCC-00002": ("ERCC-00002 (spike-in control)", "NCBITaxon:32630", "spike-in"),
}
COUNTS = np.random.default_rng(4).integers(1, 30, (N, len(FEATURES)))
IDS = {
    "assay": ["EFO:0009922"] * N,
    "cell_type": ["CL:0000236", "CL:0000576", "unknown", "na"] * 3,
    "development_stage": ["HsapDv:0000128"] * 6 + ["unknown"] * 3 + ["na"] * 3,
    "disease": ["PATO:0000461"] * 6 + ["MONDO:0004604 || MONDO:0043004"] * 6,
    "self_reported_ethnicity": ["HANCESTRO:0005 || HANCESTRO:0014"] * N,
    "sex": ["PATO:0000383"] * 4 + ["unknown"] * 5 + ["na"] * 3,
    "tissue": ["UBERON:0000178"] * 9 + ["CVCL_1P02"] * 3,
}
WORDS = {
    "assay": ["10x 3' v3"] * N,
    "cell_type": ["B cell", "monocyte", "unknown", "na"] * 3,
    "development_stage": ["34-year-old stage"] * 6 + ["unknown"] * 3 + ["na"] * 3,
    "disease": ["normal"] * 6 + ["Weil's disease || mitral valve insufficiency"] * 6,
    "self_reported_ethnicity": ["European || Hispanic or Latin American"] * N,
    "sex": ["female"] * 4 + ["unknown"] * 5 + ["na"] * 3,
    "tissue": ["blood"] * 9 + ["a cell line"] * 3,
}
DONORS = ["D1"] * 4 + ["pooled"] * 3 + ["unknown"] * 2 + ["na"] * 3
PRIMARY = [True] * 8 + [False] * 4
COPIES = "4 of 12 cells are no primary data"


def write(path, *, version="7.1.0", words=True, primary=PRIMARY, organism=None, ids=IDS, **parts):
    """A file as the portal gives it out (``words``), or as a curator sends it."""
    taxon, name = organism or ("NCBITaxon:9606", "Homo sapiens")
    obs = {f"{key}_ontology_term_id": pd.Categorical(values) for key, values in ids.items()}
    obs["donor_id"] = pd.Categorical(DONORS)
    obs["suspension_type"] = pd.Categorical(["cell"] * N)
    line = "cell line" if version >= "7" else "cell culture"
    obs["tissue_type"] = pd.Categorical(["tissue"] * 9 + [line] * 3)
    obs["is_primary_data"] = primary
    uns = {"title": "Twelve cells", "schema_version": version}
    where = uns if version >= "6" else obs
    where["organism_ontology_term_id"] = taxon if version >= "6" else pd.Categorical([taxon] * N)
    if words:
        where["organism"] = name if version >= "6" else pd.Categorical([name] * N)
        obs |= {key: pd.Categorical(values) for key, values in WORDS.items()}
        obs["observation_joinid"] = [f"join{n}" for n in range(N)]
    var = pd.DataFrame(index=pd.Index(list(FEATURES), name="feature_id"))
    if words:
        var["feature_name"], var["feature_reference"], var["feature_biotype"] = (
            pd.Categorical(column) for column in zip(*FEATURES.values(), strict=True)
        )
    frame = pd.DataFrame(obs, index=cell_names(N))
    shown = np.log1p(COUNTS).astype(np.float32)
    filtered = [False, True, *[False] * 4]
    shown[:, filtered] = 0
    data = anndata.AnnData(
        sparse.csr_matrix(shown), frame, var.assign(feature_is_filtered=filtered), uns=uns,
        obsm={"X_umap": np.ones((N, 2))}, **parts,
    )  # fmt: skip
    if not parts:
        raw = sparse.csr_matrix(COUNTS.astype(np.float32))
        data.raw = anndata.AnnData(raw, frame, var)
    data.write_h5ad(path)
    return path


def add(path, build, **options):
    report = add_cells(path, path.parent / "cells", name="s", build=build, **options)
    return CellStore.open(report.path), report


def obs_of(store, column):
    return store.obs[column].to_pylist()


@pytest.mark.parametrize("version", ["5.2.0", "6.0.0", "7.1.0"])
def test_a_file_of_the_portal(tmp_path, tiny, version):
    store, report = add(write(tmp_path / "a.h5ad", version=version), tiny)
    assert (report.kind, report.matrix) == ("h5ad (CELLxGENE)", "raw/X")
    assert store.label_column == "cell_type"
    assert obs_of(store, "cell_type_ontology_id")[:4] == ["CL:0000236", "CL:0000576", None, None]
    assert obs_of(store, "tissue_ontology_id") == IDS["tissue"]
    assert obs_of(store, "sex_ontology_id") == ["PATO:0000383"] * 4 + [None] * 8
    assert obs_of(store, "stage_ontology_id") == ["HsapDv:0000128"] * 6 + [None] * 6
    assert obs_of(store, "age_years") == [34.0] * 6 + [None] * 6
    assert obs_of(store, "organism_ontology_term_id") == ["NCBITaxon:9606"] * N
    assert obs_of(store, "organism") == ["Homo sapiens"] * N
    grown = "cell line" if version == "7.1.0" else "cell culture"
    assert any(f"3 of 12 cells are of {grown} (tissue_type)" in w for w in report.warnings)
    assert any(COPIES in words for words in report.warnings)
    assert not any("NCBITaxon" in words for words in report.warnings)
    known = choose(store, "cell_type is known", build=tiny).cells.tolist()
    assert known == [n for n in range(N) if n % 4 < 2]
    assert label_codes_of(store, "cell_type").names == ("B cell", "monocyte", "na", "unknown")


def test_a_cell_of_several_diseases_has_each_of_them(tmp_path, tiny):
    both = "DOID:1324 || MONDO:0043004"  # lung cancer, and one that the build does not know
    changed = {**IDS, "disease": ["PATO:0000461"] * 6 + [both] * 4 + ["MONDO:0043004"] * 2}
    store, _ = add(write(tmp_path / "a.h5ad", ids=changed), tiny)
    assert obs_of(store, "disease_ontology_id") == changed["disease"]

    def chosen(query):
        return choose(store, query, build=tiny).cells.tolist()

    assert chosen("disease = normal") == list(range(6))
    assert chosen("not disease = normal") == list(range(6, N))
    assert chosen('disease under "cancer"') == [6, 7, 8, 9]
    assert chosen('disease = "lung cancer"') == [6, 7, 8, 9]
    assert chosen('not disease under "cancer"') == [0, 1, 2, 3, 4, 5, 10, 11]
    assert chosen('disease = "MONDO:0043004"') == [6, 7, 8, 9, 10, 11]
    assert chosen("disease is known") == list(range(N))
    meant = ObsColumns(store, tiny).values_of("disease")
    assert [meant.values[code] for code in meant.codes] == (
        ["normal"] * 6 + ["lung cancer || MONDO:0043004"] * 4 + ["MONDO:0043004"] * 2
    )
    again = standardise(store.obs, tiny, label="cell_type")[0]
    assert again["disease_ontology_id"].to_pylist() == changed["disease"]


def test_a_file_of_a_curator_has_ids_only(tmp_path, tiny):
    store, report = add(write(tmp_path / "a.h5ad", words=False), tiny)
    assert report.kind == "h5ad (CELLxGENE)"
    assert store.label_column == "cell_type_ontology_term_id"
    known = {t.label: (t.ontology_id, t.how) for t in report.labels if t.ontology_id}
    assert known == {i: (i, "id") for i in ("CL:0000236", "CL:0000576")}
    assert obs_of(store, "cell_type")[:4] == ["B cell", "monocyte", None, None]
    assert obs_of(store, "donor_id")[:4] == ["a/a/D1"] * 4
    assert choose(store, 'cell_type = "B cell"', build=tiny).cells.tolist() == [0, 4, 8]
    assert any(COPIES in words for words in report.warnings)


def test_pooled_unknown_and_na_are_no_donors(tmp_path, tiny):
    store, _ = add(write(tmp_path / "a.h5ad"), tiny)
    assert obs_of(store, "donor_id") == ["a/a/D1"] * 4 + [None] * 8
    assert obs_of(store, "source_donor_id") == DONORS


def test_genes_of_other_species_join_nothing_and_spike_ins_are_none(tmp_path, tiny):
    path = write(tmp_path / "a.h5ad")
    store, report = add(path, tiny)
    found = store.features("rna").select(["source_id", "graph_id"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        (source, gene(name) if taxon == "NCBITaxon:9606" else None)
        for source, (name, taxon, kind) in FEATURES.items()
        if kind == "gene"
    ]
    assert report.left_out["raw/X (spike-ins)"] == "1 spike-in controls are no genes"
    assert obs_of(store, "total_count") == COUNTS[:, :5].sum(axis=1).tolist()
    assert store.verify(source=path).compared == N * 5


def test_cells_of_another_organism_are_named(tmp_path, tiny):
    mouse = ("NCBITaxon:10090", "Mus musculus")
    for version in ("5.2.0", "7.1.0"):
        path = write(tmp_path / "a.h5ad", version=version, organism=mouse)
        store, report = add(path, tiny, replace=True)
        words = "12 of 12 cells are of NCBITaxon:10090, not of NCBITaxon:9606"
        assert any(words in warning for warning in report.warnings)
        assert obs_of(store, "organism") == ["Mus musculus"] * N


def test_files_of_two_versions_share_their_columns(tmp_path, tiny):
    add(write(tmp_path / "a.h5ad", version="5.2.0"), tiny)
    text = pd.Categorical([str(value) for value in PRIMARY])
    store, _ = add(write(tmp_path / "b.h5ad", primary=text), tiny, append=True)
    assert obs_of(store, "organism") == ["Homo sapiens"] * 2 * N
    assert obs_of(store, "is_primary_data") == PRIMARY * 2


@pytest.mark.parametrize(
    ("primary", "read"),
    [
        (pd.Categorical([str(value) for value in PRIMARY]), PRIMARY),
        (["TRUE"] * 8 + ["false"] * 4, PRIMARY),
        (np.array(PRIMARY, np.int8), PRIMARY),
        (pd.array([*PRIMARY[:11], None], dtype="boolean"), [*PRIMARY[:11], None]),
        (["True"] * 8 + ["False"] * 3 + ["perhaps"], [*PRIMARY[:11], None]),
    ],
    ids=["categories", "words", "numbers", "nullable", "neither"],
)
def test_copies_are_known_in_whatever_type_they_are_marked(tmp_path, tiny, primary, read):
    store, report = add(write(tmp_path / "a.h5ad", primary=primary), tiny)
    assert obs_of(store, "is_primary_data") == read
    kept = [n for n, value in enumerate(read) if value is not False]
    assert choose(store, str(NO_COPIES), build=tiny).cells.tolist() == kept
    odd = [words for words in report.warnings if "neither true nor false" in words]
    assert bool(odd) == (None in read)


def test_a_feature_that_was_filtered_out_of_x_is_measured_in_a_layer(tmp_path, tiny):
    path = write(tmp_path / "a.h5ad", layers={"counts": COUNTS.astype(np.float32)})
    store, report = add(path, tiny)
    assert report.matrix == "layers/counts"
    assert store.measured("rna").all()
    assert obs_of(store, "total_count") == COUNTS[:, :5].sum(axis=1).tolist()
