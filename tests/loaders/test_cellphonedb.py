from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.errors import SourceError
from tosg_graph.sources.registry import discover, find_files


def raw_table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"cellphonedb/{name}.csv.gz", dtype=str, keep_default_na=False)


def test_ligand_comes_first() -> None:
    egf, cd80, _ = read("cellphonedb").rows("statements", "BINDS")
    assert egf == {
        "source_ref": "UniProtKB:P01133",
        "source_label": "Protein",
        "target_ref": "UniProtKB:P00533",
        "target_label": "Protein",
        "record_id": "EGF-EGFR",
        "pmids": ["12297049"],
        "mechanism": "signaling by epidermal growth factor",
        "direct": True,
        "line": 2,
    }
    assert cd80["pmids"] == ["7507411", "9335507"]
    assert cd80["mechanism"] == "inhibitory"


def test_enzymes_of_a_small_ligand_do_not_touch_the_receptor() -> None:
    row = read("cellphonedb").rows("statements", "BINDS")[2]
    assert (row["source_ref"], row["target_ref"]) == (
        "cellphonedb:DHEAsulfate_bySULT2B",
        "UniProtKB:P04278",
    )
    assert (row["direct"], row["record_id"]) == (False, "CPI-1")


def test_other_pairs_are_undirected_with_the_protein_first() -> None:
    rows = read("cellphonedb").rows("statements", "INTERACTS_WITH")
    assert [(row["source_ref"], row["target_ref"], row["line"]) for row in rows] == [
        ("UniProtKB:P12830", "cellphonedb:integrin_a2b1_complex", 4),
        ("UniProtKB:P12830", "cellphonedb:integrin_a2b1_complex", 5),
        ("UniProtKB:HLAA", "UniProtKB:P12345", 7),
    ]


def test_line_after_a_field_that_spans_lines() -> None:
    found = read("cellphonedb")
    assert ("unknown directionality", "Receptor-Ligand", 9) in found.rejects()


def test_complexes_and_roles() -> None:
    rows = {row["ref"]: row for row in read("cellphonedb").rows("complexes", "Complex")}
    assert rows["cellphonedb:ACVL1_BMPR2"] == {
        "ref": "cellphonedb:ACVL1_BMPR2",
        "name": "ACVL1_BMPR2",
        "members": ["UniProtKB:P37023", "UniProtKB:Q13873"],
        "xrefs": ["ComplexPortal:CPX-2148", "REACT:R-HSA-426032"],
        "receptor": True,
        "secreted": False,
        "transmembrane": True,
        "line": 4,
    }
    assert rows["cellphonedb:Dimer"]["members"] == ["UniProtKB:P01375"] * 3


def test_flags_are_booleans_and_an_empty_one_is_unknown() -> None:
    rows = {row["ref"]: row for row in read("cellphonedb").rows("annotations", "Protein")}
    egf = rows["UniProtKB:P01133"]
    assert (egf["receptor"], egf["secreted"], egf["transmembrane"]) == (False, True, False)
    assert "secreted" not in rows["UniProtKB:P12830"]


def test_receptors_act_on_factors_through_other_steps() -> None:
    found = read("cellphonedb")
    [up] = found.rows("statements", "ACTIVATES")
    assert (up["source_ref"], up["source_label"], up["target_ref"]) == (
        "cellphonedb:ACVL1_BMPR2",
        "Complex",
        "UniProtKB:Q99717",
    )
    assert (up["direct"], up["pmids"]) == (False, ["25136781"])
    [down] = found.rows("statements", "INHIBITS")
    assert (down["target_ref"], down["pmids"]) == ("UniProtKB:Q12778", ["8524316"])
    assert ("unknown effect", "?", 4) in found.rejects()


def test_factors_are_optional(tmp_path: Path) -> None:
    for name in ("interaction_input", "complex_input", "protein_input"):
        content = (FIXTURES / f"cellphonedb/{name}.csv").read_bytes()
        (tmp_path / f"{name}.csv").write_bytes(content)
    found = read("cellphonedb", tmp_path)
    assert found.count("statements", "BINDS") == 3
    assert found.count("statements", "ACTIVATES") == 0


V4 = {
    "interaction_input": "id_cp_interaction,partner_a,partner_b,protein_name_a,protein_name_b,"
    "annotation_strategy,source\n"
    "CPI-SS0A,P01133,P00533,EGF_HUMAN,EGFR_HUMAN,curated,PMID:12297049\n"
    "CPI-CS0B,a2b1 complex,P12830,,CADH1_HUMAN,curated,uniprot\n",
    "complex_input": "complex_name,uniprot_1,uniprot_2,uniprot_3,uniprot_4,transmembrane,peripheral,"
    "secreted,secreted_desc,secreted_highlight,receptor,receptor_desc,integrin,other,other_desc,"
    "pdb_id,pdb_structure,stoichiometry,comments_complex\n"
    "a2b1 complex,P05556,P17301,,,True,False,False,,False,False,,True,False,,,FALSE,,\n",
    "protein_input": "uniprot,protein_name,transmembrane,peripheral,secreted,secreted_desc,"
    "secreted_highlight,receptor,receptor_desc,integrin,other,other_desc,tags,tags_reason,"
    "tags_description\n"
    "P01133,EGF_HUMAN,False,False,True,,True,False,,False,False,,,,\n",
}


def put(folder: Path, tables: dict[str, str]) -> Path:
    for name, content in tables.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def layouts(folder: Path) -> dict[str, str | None]:
    source = discover()["cellphonedb"]
    files = find_files(folder, [source], {}, required=True).files["cellphonedb"]
    return {role: file.layout_name for role, file in files.items()}


def test_release_4_does_not_say_who_the_ligand_is(tmp_path: Path) -> None:
    found = read("cellphonedb", put(tmp_path, V4))
    assert layouts(tmp_path)["interactions"] == "4.0 and before (undirected)"
    assert found.count("statements", "BINDS") == 0
    assert [
        (row["source_ref"], row["target_ref"], row["record_id"], row.get("pmids"))
        for row in found.rows("statements", "INTERACTS_WITH")
    ] == [
        ("UniProtKB:P01133", "UniProtKB:P00533", "CPI-SS0A", ["12297049"]),
        ("UniProtKB:P12830", "cellphonedb:a2b1 complex", "CPI-CS0B", None),
    ]
    assert found.rejects() == []


def test_complexes_without_cross_references(tmp_path: Path) -> None:
    [row] = read("cellphonedb", put(tmp_path, V4)).rows("complexes", "Complex")
    assert row == {
        "ref": "cellphonedb:a2b1 complex",
        "name": "a2b1 complex",
        "members": ["UniProtKB:P05556", "UniProtKB:P17301"],
        "receptor": False,
        "secreted": False,
        "transmembrane": True,
        "line": 2,
    }
    assert layouts(tmp_path)["complexes"] == "without cross-references"


def test_one_of_the_two_cross_references(tmp_path: Path) -> None:
    complexes = V4["complex_input"].replace("comments_complex", "complexPortal_complex")
    complexes = complexes.replace("FALSE,,", "FALSE,,CPX-1;CPX-2")
    tables = V4 | {"complex_input": complexes}
    [row] = read("cellphonedb", put(tmp_path, tables)).rows("complexes", "Complex")
    assert row["xrefs"] == ["ComplexPortal:CPX-1", "ComplexPortal:CPX-2"]


def test_release_5_has_a_modality(tmp_path: Path) -> None:
    head, row = (
        "id_cp_interaction,partner_a,partner_b,protein_name_a,protein_name_b,annotation_strategy,"
        "source,is_ppi,curator,reactome_complex,reactome_reaction,reactome_pathway,"
        "complexPortal_complex,comments,version,interactors,classification,directionality,"
        "modulatory_effect,modality,growth_factor",
        ",P01133,P00533,,,curated,uniprot,TRUE,XY,,,,,,CellPhoneDBcore<=4.1,EGF-EGFR,"
        "Signaling by Epidermal growth factor,Ligand-Receptor,,Secreted,TRUE",
    )
    put(tmp_path, V4 | {"interaction_input": f"{head}\n{row}\n"})
    [fact] = read("cellphonedb", tmp_path).rows("statements", "BINDS")
    assert (fact["record_id"], fact["direct"]) == ("EGF-EGFR", True)
    assert layouts(tmp_path)["interactions"] == "5 (with modality)"


def test_a_header_between_two_releases_is_an_error(tmp_path: Path) -> None:
    content = (FIXTURES / "cellphonedb/interaction_input.csv").read_text(encoding="utf-8")
    broken = content.replace("directionality", "direction", 1)
    put(tmp_path, V4 | {"interaction_input": broken})
    with pytest.raises(
        SourceError, match=r"interaction_input\.csv:1: the header lacks directionality"
    ):
        read("cellphonedb", tmp_path)


@pytest.mark.real
def test_real_receptors_of_factors_are_declared(real_data: Path) -> None:
    raw = raw_table(real_data, "transcription_factor_input")
    names = set(raw_table(real_data, "complex_input")["complex_name"].str.strip())
    found = read("cellphonedb", real_data)
    rows = found.rows("statements", "ACTIVATES") + found.rows("statements", "INHIBITS")
    complexes = {row["source_ref"] for row in rows if row["source_label"] == "Complex"}
    receptors = set(raw["partner_receptor"].str.strip())
    assert complexes == {f"cellphonedb:{name}" for name in receptors & names}
    assert len(rows) == len(raw) == 212


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = raw_table(real_data, "interaction_input")
    found = read("cellphonedb", real_data)
    kinds = raw["directionality"].value_counts()
    assert found.count("statements", "BINDS") == kinds["Ligand-Receptor"] == 2_508
    assert found.count("statements", "INTERACTS_WITH") == len(raw) - 2_508
    assert found.count("complexes", "Complex") == len(raw_table(real_data, "complex_input")) == 362
    assert found.rejects() == []
    effects = raw_table(real_data, "transcription_factor_input")["Effect"].value_counts()
    assert found.count("statements", "ACTIVATES") == effects["1"]
    assert found.count("statements", "INHIBITS") == effects["-1"]
    roles = raw_table(real_data, "protein_input")
    rows = found.rows("annotations", "Protein")
    for role in ("receptor", "secreted", "transmembrane"):
        assert sum(row[role] for row in rows) == (roles[role] == "TRUE").sum()


@pytest.mark.real
def test_real_complexes_are_all_declared(real_data: Path) -> None:
    names = set(raw_table(real_data, "complex_input")["complex_name"].str.strip())
    found = read("cellphonedb", real_data)
    rows = found.rows("statements", "BINDS") + found.rows("statements", "INTERACTS_WITH")
    ends = [(row[f"{e}_label"], row[f"{e}_ref"]) for row in rows for e in ("source", "target")]
    assert {ref for label, ref in ends if label == "Complex"} <= {f"cellphonedb:{n}" for n in names}
    # Four entries of the release are gene names in place of accessions.
    accession = re.compile(r"UniProtKB:([OPQ]\d\w{3}\d|[A-NR-Z]\d(?:[A-Z]\w{2}\d){1,2})")
    odd = {ref for label, ref in ends if label == "Protein" and not accession.fullmatch(ref)}
    assert odd == {f"UniProtKB:{name}" for name in ("HLAA", "HLAB", "HLAC", "IFNA1")}
