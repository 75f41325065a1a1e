"""The same ligand and receptor from several real layouts: one edge, and evidence kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import world as w
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.tables import Build
from tosg_graph.sources.registry import Located, find_files, select

#: symbol, HGNC, Entrez, accession
KNOWN = (
    ("EGF", "3229", "1950", "P01133"),
    ("EGFR", "3236", "1956", "P00533"),
    ("NRG2", "7998", "9542", "O14511"),
    ("ERBB2", "3430", "2064", "P04626"),
    ("ERBB3", "3431", "2065", "P21860"),
    ("CDH1", "1748", "999", "P12830"),
    ("ITGA2", "6137", "3673", "P17301"),
    ("ITGB1", "6153", "3688", "P05556"),
)
GENES = w.nodes(
    "Gene",
    *(
        {"id": f"HGNC:{hgnc}", "symbol": symbol, "xrefs": [f"NCBIGene:{gene}"]}
        for symbol, hgnc, gene, _ in KNOWN
    ),
)
ENCODED = w.facts(
    "ENCODES",
    *({"a": f"HGNC:{hgnc}", "b": f"UniProtKB:{protein}"} for _, hgnc, _, protein in KNOWN),
    ends=("Gene", "Protein"),
)
PROTEINS = w.nodes(
    "Protein", *({"id": f"UniProtKB:{protein}", "accession": protein} for *_, protein in KNOWN)
)

FILES = {
    "interaction_input.csv": """\
id_cp_interaction,partner_a,partner_b,annotation_strategy,source,is_ppi,interactors,classification,directionality,modulatory_effect
,P01133,P00533,curated,PMID:12297049,True,EGF-EGFR,Signaling by Epidermal growth factor,Ligand-Receptor,
,O14511,ERBB2_ERBB3 receptor,curated,uniprot,True,NRG2-ERBB2+ERBB3,Signaling by Neuregulin,Ligand-Receptor,
,P12830,integrin_a2b1_complex,curated,PMID:12392763,True,CDH1-ITGA2+ITGB1,Adhesion by Cadherin,Adhesion-Adhesion,
""",
    "complex_input.csv": """\
complex_name,uniprot_1,uniprot_2,transmembrane,secreted,receptor
ERBB2_ERBB3 receptor,P21860,P04626,True,False,True
integrin_a2b1_complex,P17301,P05556,True,False,False
""",
    "protein_input.csv": """\
uniprot,protein_name,transmembrane,secreted,receptor
P00533,EGFR_HUMAN,True,False,True
""",
    "human_lr_pair.txt": """\
lr_pair	ligand_gene_symbol	receptor_gene_symbol	ligand_gene_id	receptor_gene_id	evidence
EGF_EGFR	EGF	EGFR	1950	1956	12297049,2788
EGF_GONE	EGF	GONE	1950	0000	1
""",
    "omni_resource.csv": """\
"","source","target","source_genesymbol","target_genesymbol","resource"
"1","P01133","P00533","EGF","EGFR","consensus"
"2","P01133","P00533","EGF","EGFR","italk"
"3","O14511","COMPLEX:P04626_P21860","NRG2","ERBB2_ERBB3","consensus"
"4",NA,NA,"NRG2","ERBB3_ERBB2","icellnet"
"5","P13688","P00533","Ceacam1","Egfr","mouseconsensus"
""",
    "omnipath_interactions.tsv": """\
source	target	is_directed	is_stimulation	is_inhibition	sources	references	type
P01133	P00533	1	1	0	SIGNOR;SignaLink3	SIGNOR:12297049	post_translational
O14511	COMPLEX:P21860_P04626	1	1	1	KEA		post_translational
P12830	COMPLEX:P05556_P17301	0	0	0	HPRD	HPRD:12392763	post_translational
""",
    "human.txt": """\
#ID(s) interactor A	ID(s) interactor B	Interaction detection method(s)	Publication Identifier(s)	Taxid interactor A	Taxid interactor B	Interaction type(s)	Interaction identifier(s)	Confidence value(s)	Expansion method(s)	Negative
uniprotkb:P01133	uniprotkb:P00533-2	psi-mi:"MI:0018"(two hybrid)	pubmed:12297049	taxid:9606(human)	taxid:9606(human)	psi-mi:"MI:0407"(direct interaction)	intact:EBI-1	intact-miscore:0.56	-	false
uniprotkb:P00533	uniprotkb:P01133	psi-mi:"MI:0096"(pull down)	pubmed:2788	taxid:9606(human)	taxid:9606(human)	psi-mi:"MI:0914"(association)	intact:EBI-2	intact-miscore:0.35	psi-mi:"MI:1060"(spoke expansion)	false
uniprotkb:P00533	uniprotkb:P00533-2	psi-mi:"MI:0096"(pull down)	pubmed:2788	taxid:9606(human)	taxid:9606(human)	psi-mi:"MI:0915"(physical association)	intact:EBI-3	-	-	false
""",
}
EGF, EGFR, NRG2, CDH1 = (f"UniProtKB:{a}" for a in ("P01133", "P00533", "O14511", "P12830"))
RECEPTOR, INTEGRIN = "COMPLEX:P04626-P21860", "COMPLEX:P05556-P17301"


def build(folder: Path, **options: str) -> Build:
    data = folder / "data"
    data.mkdir(parents=True)
    for name, content in FILES.items():
        (data / name).write_text(content, encoding="utf-8")
    names = ["cellphonedb", "celltalkdb", "intact", "liana", "omnipath"]
    real = find_files(data, select(names), {}, required=True)
    base = w.located(
        folder / "base", w.source("hgnc", GENES, ENCODED), w.source("uniprot", PROTEINS)
    )
    sources = sorted([*base.sources, *real.sources], key=lambda source: source.name)
    everything = Located(tuple(sources), {**base.files, **real.files}, real.found)
    return build_graph(everything, folder / "graph", **options)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(tmp_path_factory.mktemp("ligands"))


def edges(built: Build, edge_type: str) -> dict[tuple[str, str], w.Row]:
    return {(r["source"], r["target"]): r for r in w.rows(built, f"edges/{edge_type}")}


def evidence(built: Build, edge: w.Row) -> list[tuple[str, str | None, list[str] | None]]:
    return [
        (row["source"], row.get("record_id"), row.get("pmids"))
        for row in w.rows(built, "evidence")
        if row["edge_id"] == edge["edge_id"]
    ]


def test_one_edge_of_three_sources_with_its_evidence_apart(built: Build) -> None:
    edge = edges(built, "BINDS")[EGF, EGFR]
    assert edge["sources"] == ["cellphonedb", "celltalkdb", "liana"]
    assert edge["pmids"] == ["2788", "12297049"]
    assert edge["n_evidence"] == 4
    assert evidence(built, edge) == [
        ("cellphonedb", "EGF-EGFR", ["12297049"]),
        ("celltalkdb", "EGF_EGFR", ["2788", "12297049"]),
        ("liana", "consensus:EGF/EGFR", None),
        ("liana", "italk:EGF/EGFR", None),
    ]


def test_a_complex_under_four_names_is_one_node(built: Build) -> None:
    nodes = w.by_id(built, "Complex")
    assert set(nodes) == {RECEPTOR, INTEGRIN}
    assert nodes[RECEPTOR]["sources"] == ["cellphonedb", "liana", "omnipath"]
    names = {
        (row["namespace"], row["alias"])
        for row in w.rows(built, "aliases")
        if row["id"] == RECEPTOR and "namespace" in row
    }
    assert names == {
        ("COMPLEX", "P04626-P21860"),
        ("cellphonedb", "ERBB2_ERBB3 receptor"),
        ("liana", "P04626_P21860"),
        ("liana", "ERBB3_ERBB2"),
        ("omnipath", "P21860_P04626"),
    }


def test_what_binds_the_complex_is_one_edge(built: Build) -> None:
    binds = edges(built, "BINDS")
    assert set(binds) == {(EGF, EGFR), (NRG2, RECEPTOR)}
    assert evidence(built, binds[NRG2, RECEPTOR]) == [
        ("cellphonedb", "NRG2-ERBB2+ERBB3", None),
        ("liana", "consensus:NRG2/ERBB2_ERBB3", None),
        ("liana", "icellnet:NRG2/ERBB3_ERBB2", None),
    ]


def test_both_signs_stand_and_undirected_pairs_meet(built: Build) -> None:
    assert set(edges(built, "INHIBITS")) == {(NRG2, RECEPTOR)}
    up = edges(built, "ACTIVATES")
    assert set(up) == {(EGF, EGFR), (NRG2, RECEPTOR)}
    assert evidence(built, up[EGF, EGFR]) == [
        ("omnipath", "SIGNOR", ["12297049"]),
        ("omnipath", "SignaLink3", None),
    ]
    touching = edges(built, "INTERACTS_WITH")
    assert set(touching) == {(EGFR, EGF), (CDH1, INTEGRIN)}
    assert touching[CDH1, INTEGRIN]["sources"] == ["cellphonedb", "omnipath"]
    egf = touching[EGFR, EGF]
    assert (egf["sources"], egf["n_evidence"], egf["score"]) == (["intact"], 2, 0.56)
    assert egf["mechanisms"] == [
        "pull down (association, spoke expansion)",
        "two hybrid (direct interaction)",
    ]


def test_what_became_no_fact_says_why_and_where(built: Build) -> None:
    found = {
        (r["source"], r["file"], r["line"], r["reason"], r["value"])
        for r in w.rows(built, "rejects")
    }
    assert found == {
        ("celltalkdb", "human_lr_pair.txt", 3, "unmapped", "NCBIGene:0000"),
        (
            "intact",
            "human.txt",
            4,
            "self-loop: two identifiers of one node",
            "UniProtKB:P00533 → UniProtKB:P00533-2",
        ),
        ("liana", "omni_resource.csv", 6, "not human", "mouseconsensus: 1 row"),
    }


def test_commerce_keeps_what_its_own_terms_allow(tmp_path: Path) -> None:
    built = build(tmp_path, use="commercial")
    assert edges(built, "BINDS")[EGF, EGFR]["sources"] == ["cellphonedb"]
    [(source, record, _)] = evidence(built, edges(built, "ACTIVATES")[EGF, EGFR])
    assert (source, record) == ("omnipath", "SIGNOR")
    assert edges(built, "INHIBITS") == {}
