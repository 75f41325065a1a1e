"""The example's files are plain excerpts: true facts, own words."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import zstandard

from tosg_graph.example import data_folder

DATA = data_folder()
FILES = {
    "README.md",
    "cellphonedb/complex_input.csv",
    "cellphonedb/interaction_input.csv",
    "cellphonedb/protein_input.csv",
    "cellphonedb/transcription_factor_input.csv",
    "cellxgene_ontologies/CL-ontology-v2026-03-26.json",
    "cellxgene_ontologies/UBERON-ontology-v2026-04-01.json",
    "disease_ontology/doid.obo",
    "drugcentral/drug.target.interaction.tsv",
    "hetionet/CbG-binding.tsv",
    "hetionet/DaG-association.tsv",
    "hetionet/edges-5k.sif",
    "hetionet/hetionet-v1.0-nodes.tsv",
    "hgnc/hgnc_complete_set.txt",
    "omnipath/omnipath_carnival.tsv",
    "reactome/ReactomePathways.gmt",
    "reactome/ReactomePathways.txt",
    "reactome/ReactomePathwaysRelation.txt",
    "refseq/human_gene_summary.tsv",
    "signor/signor_ppi.tsv",
    "uniprot/uniprot.tab",
}

#: Tables, by separator, whether they have a header, and the columns that the example leaves empty
#: or writes itself. Every other value must be the source's.
TABLES: dict[str, tuple[str, bool, set[str | int]]] = {
    "cellphonedb/complex_input.csv": (
        ",",
        True,
        {
            "curator",
            "comments_complex",
            "secreted_desc",
            "receptor_desc",
            "other_desc",
            "pdb_id",
            "pdb_structure",
        },
    ),
    "cellphonedb/interaction_input.csv": (",", True, {"curator", "comments", "source"}),
    "cellphonedb/protein_input.csv": (
        ",",
        True,
        {
            "secreted_desc",
            "receptor_desc",
            "other_desc",
            "tags",
            "tags_reason",
            "tags_description",
            "pfam",
            "biosynthetic_pathway_desc",
        },
    ),
    "cellphonedb/transcription_factor_input.csv": (
        ",",
        True,
        {"Curator", "Xrefs_or_figures", "Brivanlou_class"},
    ),
    "drugcentral/drug.target.interaction.tsv": (
        "\t",
        True,
        {"ACT_COMMENT", "ACT_SOURCE_URL", "MOA_SOURCE_URL"},
    ),
    "hetionet/CbG-binding.tsv": ("\t", True, {"urls"}),
    "hetionet/DaG-association.tsv": ("\t", True, set()),
    "hetionet/edges-5k.sif": ("\t", True, set()),
    "hetionet/hetionet-v1.0-nodes.tsv": ("\t", True, set()),
    "omnipath/omnipath_carnival.tsv": ("\t", True, set()),
    "reactome/ReactomePathways.txt": ("\t", False, set()),
    "reactome/ReactomePathwaysRelation.txt": ("\t", False, set()),
    "signor/signor_ppi.tsv": ("\t", False, {*range(13, 19), 21, 22}),
    "uniprot/uniprot.tab": ("\t", True, set()),
}
#: Of HGNC, the columns that the example fills; the others are empty.
HGNC = [
    "hgnc_id",
    "symbol",
    "name",
    "locus_group",
    "locus_type",
    "status",
    "location",
    "alias_symbol",
    "alias_name",
    "prev_symbol",
    "prev_name",
    "gene_group",
    "gene_group_id",
    "entrez_id",
    "ensembl_gene_id",
    "refseq_accession",
    "ccds_id",
    "uniprot_ids",
    "omim_id",
    "iuphar",
    "cd",
    "enzyme_id",
    "agr",
    "mane_select",
]


def table(path: Path, separator: str = "\t", *, header: bool = True) -> pd.DataFrame:
    """All values as text, empty ones as ''."""
    return pd.read_csv(
        path,
        sep=separator,
        header=0 if header else None,
        dtype=str,
        keep_default_na=False,
        quoting=0 if header else 3,
    )


def obo_terms(text: str) -> dict[str, str]:
    """Id → stanza of each disease."""
    stanzas = (s for s in text.split("\n\n") if "[Term]" in s)
    return {re.search(r"^id: (\S+)", s, re.M)[1]: s for s in stanzas}


def obo_definition(stanza: str) -> str:
    found = re.search(r'^def: "((?:[^"\\]|\\.)*)"', stanza, re.M)
    return found[1] if found else ""


def gmt(text: str) -> dict[str, list[str]]:
    return {line.split("\t")[1]: line.split("\t") for line in text.splitlines()}


def real_text(folder: Path, name: str) -> str:
    if name.endswith(".json"):
        raw = (folder / f"{name}.zst").read_bytes()
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)) as stream:
            return stream.read().decode("utf-8")
    return gzip.decompress((folder / f"{name}.gz").read_bytes()).decode("utf-8")


def test_the_files_are_those_and_small_and_plain_text() -> None:
    found = {str(p.relative_to(DATA)) for p in DATA.rglob("*") if p.is_file()}
    assert found == FILES
    assert sum((DATA / name).stat().st_size for name in FILES) < 600_000
    for name in FILES:
        text = (DATA / name).read_bytes().decode("utf-8")
        assert text.endswith("\n")
        assert "\r" not in text


def test_there_are_222_genes_each_with_one_short_text() -> None:
    genes = table(DATA / "hgnc/hgnc_complete_set.txt")
    assert len(genes) == genes["symbol"].nunique() == 222
    assert len(genes.columns) == 54
    texts = table(DATA / "refseq/human_gene_summary.tsv")
    assert sorted(texts["Gene_ID"]) == sorted(genes["entrez_id"])
    assert set(texts["Review_status"]) == {"EXAMPLE TEXT"}
    assert texts["Gene_summary"].str.split().str.len().between(4, 40).all()


def test_the_readme_names_every_folder_and_says_what_is_simulated() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for folder in sorted({name.split("/")[0] for name in FILES if "/" in name}):
        assert f"`{folder}`" in text
    assert "simulates" in text
    assert "written for this example" in text


def test_no_row_is_under_terms_that_forbid_commerce_but_the_composite_of_omnipath() -> None:
    for name in ("CbG-binding.tsv", "DaG-association.tsv"):
        assert not table(DATA / "hetionet" / name)["license"].str.contains("NC").any()


def test_every_child_of_an_ontology_has_its_parents_in_the_file() -> None:
    terms = obo_terms((DATA / "disease_ontology/doid.obo").read_text(encoding="utf-8"))
    parents = {p for s in terms.values() for p in re.findall(r"^is_a: (\S+)", s, re.M)}
    assert parents <= set(terms)
    for name in ("CL-ontology-v2026-03-26.json", "UBERON-ontology-v2026-04-01.json"):
        cells = json.loads((DATA / "cellxgene_ontologies" / name).read_text(encoding="utf-8"))
        assert {a for term in cells.values() for a in term["ancestors"]} <= set(cells)


@pytest.mark.real
@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_row_of_a_table_is_the_sources_own(name: str, real_data: Path) -> None:
    separator, header, own = TABLES[name]
    ours = table(DATA / name, separator, header=header)
    theirs = table(real_data / f"{name}.gz", separator, header=header)
    assert list(ours.columns) == list(theirs.columns)
    facts = [c for c in ours.columns if c not in own]
    known = set(theirs[facts].itertuples(index=False, name=None))
    assert [row for row in ours[facts].itertuples(index=False, name=None) if row not in known] == []
    if "source" in own:
        assert set(ours["source"]) - {""} <= set(theirs["source"])


@pytest.mark.real
def test_every_gene_is_as_hgnc_has_it(real_data: Path) -> None:
    ours = table(DATA / "hgnc/hgnc_complete_set.txt").set_index("symbol", drop=False)
    theirs = table(real_data / "hgnc/hgnc_complete_set.txt.gz").set_index("symbol", drop=False)
    assert list(ours.columns) == list(theirs.columns)
    assert ours[HGNC].equals(theirs.loc[ours.index, HGNC])
    assert (ours.drop(columns=HGNC) == "").all(axis=None)


@pytest.mark.real
def test_pathways_have_their_own_members_and_diseases_and_cells_their_own_parents(
    real_data: Path,
) -> None:
    name = "reactome/ReactomePathways.gmt"
    theirs = gmt(real_text(real_data, name))
    genes = set(table(DATA / "hgnc/hgnc_complete_set.txt")["symbol"])
    for key, (title, _, *members) in gmt((DATA / name).read_text(encoding="utf-8")).items():
        assert title == theirs[key][0]
        assert members == sorted(genes & set(theirs[key][2:]))
    name = "disease_ontology/doid.obo"
    theirs_obo = obo_terms(real_text(real_data, name))
    for key, stanza in obo_terms((DATA / name).read_text(encoding="utf-8")).items():
        for tag in ("name", "is_a", "is_obsolete", "alt_id"):
            facts = [re.findall(rf"^{tag}: .*", s, re.M) for s in (stanza, theirs_obo[key])]
            assert facts[0] == facts[1]
    for name in ("CL-ontology-v2026-03-26.json", "UBERON-ontology-v2026-04-01.json"):
        name = f"cellxgene_ontologies/{name}"
        theirs_json = json.loads(real_text(real_data, name))
        for key, term in json.loads((DATA / name).read_text(encoding="utf-8")).items():
            facts = {k: v for k, v in term.items() if k != "description"}
            assert facts == {k: theirs_json[key][k] for k in facts}


def _refseq(text: str) -> dict[str, str]:
    rows = table(io.StringIO(text))  # type: ignore[arg-type]
    return dict(zip(rows["Gene_ID"], rows["Gene_summary"], strict=True))


def _signor(text: str) -> dict[str, str]:
    rows = [line.split("\t") for line in text.splitlines()]
    by_pair: dict[str, str] = {}
    for row in rows:
        pair = f"{row[2]} {row[6]}"
        by_pair[pair] = f"{by_pair.get(pair, '')} . {row[22]} . {row[21]}"
    return by_pair


def _obo(text: str) -> dict[str, str]:
    return {key: obo_definition(stanza) for key, stanza in obo_terms(text).items()}


def _json(text: str) -> dict[str, str]:
    return {key: term.get("description", "") for key, term in json.loads(text).items()}


READ: dict[str, Callable[[str], dict[str, str]]] = {
    "refseq/human_gene_summary.tsv": _refseq,
    "signor/signor_ppi.tsv": _signor,
    "disease_ontology/doid.obo": _obo,
    "cellxgene_ontologies/CL-ontology-v2026-03-26.json": _json,
    "cellxgene_ontologies/UBERON-ontology-v2026-04-01.json": _json,
}


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def runs(text: str, n: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + n]) for i in range(len(found) - n + 1)}


@pytest.mark.real
@pytest.mark.parametrize("name", sorted(READ))
def test_texts_are_written_for_the_example(name: str, real_data: Path) -> None:
    ours = READ[name]((DATA / name).read_text(encoding="utf-8"))
    theirs = READ[name](real_text(real_data, name))
    everything = "\n".join(" ".join(words(text)) for text in theirs.values())
    assert sum(bool(words(text)) for text in ours.values()) >= 20
    for key, text in ours.items():
        assert not runs(text, 8) & runs(theirs.get(key, ""), 8), key
        for sentence in re.split(r"(?<=[.;])\s", text):
            assert len(sentence) < 60 or " ".join(words(sentence)) not in everything, key


def test_what_the_demo_asks_has_an_answer_in_the_rows() -> None:
    targets = table(DATA / "drugcentral/drug.target.interaction.tsv")
    imatinib = targets[(targets["DRUG_NAME"] == "imatinib") & (targets["MOA"] == "1")]
    assert set(imatinib["GENE"]) == {"ABL1", "KIT", "PDGFRB"}
    edges = table(DATA / "hetionet/edges-5k.sif")
    treats = edges[(edges["metaedge"] == "CtD") & (edges["target"] == "Disease::DOID:2531")]
    assert {"Compound::DB00619", "Compound::DB01254"} <= set(treats["source"])
    roles = table(DATA / "cellphonedb/protein_input.csv", ",")
    receptors = set(roles.loc[roles["receptor"] == "TRUE", "uniprot"])
    for symbol in ("CSF1R", "CXCR4", "CSF3R", "CCR2"):
        accessions = targets.loc[targets["GENE"] == symbol, "ACCESSION"]
        assert Counter(accessions)
        assert set(accessions) <= receptors
