"""SIGNOR: signed, directed, causal relations between the actors of signalling, with publications.

Read are the 25 columns without a header of the 2016 release, the current ones with their header,
and the same without it, as the web service gives them. A record that belongs to several pathways
stands on several rows in the first. Quarterly releases quote each field that holds a space.

An end is a protein, a complex (``SIGNOR-C…``), a family of proteins (``SIGNOR-PF…``) or a
substance (ChEBI, PubChem, DrugBank). What complexes and families consist of stands in files of
their own. A complex is named by its members, so without them it is rejected; a family keeps its
SIGNOR id, so the relation alone declares it.

Until about April 2024 SIGNOR was licensed for non-commercial use. The layout of 2016 tells its
age, so its rows keep those terms; an old file in another layout cannot be told from a new one.

``form complex`` says that a protein is a subunit. It becomes evidence of PART_OF where the target
is the complex and lists the protein; between two proteins it names no complex, and is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd
from ftfy import fix_encoding

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.accessions import UNIPROT
from tosg_graph.sources.columns import items, normal_form, numbers, references, translated
from tosg_graph.sources.member_lists import read_member_lists
from tosg_graph.sources.releases import in_names
from tosg_graph.sources.source import Files

ENTITY_A = ("ENTITYA", "TYPEA", "IDA", "DATABASEA")
ENTITY_B = ("ENTITYB", "TYPEB", "IDB", "DATABASEB")
COLUMNS = (
    *ENTITY_A,
    *ENTITY_B,
    "EFFECT",
    "MECHANISM",
    "RESIDUE",
    "TAX_ID",
    "PMID",
    "DIRECT",
    "SENTENCE",
    "SIGNOR_ID",
)
# The columns from 13 to 18 are all but empty; what two of them hold is their published name.
OF_2016 = (
    *ENTITY_A,
    *ENTITY_B,
    "EFFECT",
    "MECHANISM",
    "RESIDUE",
    "SEQUENCE",
    "TAX_ID",
    "CELL_DATA",
    "TISSUE_DATA",
    "MODIFICATIONA",
    "MODASEQ",
    "MODIFICATIONB",
    "MODBSEQ",
    "PMID",
    "DIRECT",
    "NOTES",
    "SENTENCE",
    "SIGNOR_ID",
    "PATHWAY",
)
OF_THE_SERVICE = (
    *ENTITY_A,
    *ENTITY_B,
    "EFFECT",
    "MECHANISM",
    "RESIDUE",
    "SEQUENCE",
    "TAX_ID",
    "CELL_DATA",
    "TISSUE_DATA",
    "MODULATOR_COMPLEX",
    "TARGET_COMPLEX",
    "MODIFICATIONA",
    "MODASEQ",
    "MODIFICATIONB",
    "MODBSEQ",
    "PMID",
    "DIRECT",
    "NOTES",
    "ANNOTATOR",
    "SENTENCE",
    "SIGNOR_ID",
    "SCORE",
)
# Its rows may end with a tab, which makes for an empty column more.
HEADERLESS = (OF_2016, OF_THE_SERVICE, (*OF_THE_SERVICE, "END"))

COMPLEX_LIST = ("SIGNOR ID", "COMPLEX NAME", "LIST OF ENTITIES")
FAMILY_LIST = ("SIGNOR ID", "PROT. FAMILY NAME", "LIST OF ENTITIES")

#: What an effect says of the target, by how its text starts; the first that fits counts.
EFFECTS = (
    ("ACTIVATES", re.compile(r"activates?$|up-regulates\b")),
    ("INHIBITS", re.compile(r"inactivates?$|inhibits?$|down-regulates\b")),
    ("REGULATES", re.compile(r"unknown$|regulates\b")),
    ("PART_OF", re.compile(r"form complex$")),
)
SIGNALS = ("ACTIVATES", "INHIBITS", "REGULATES")
#: What a substance does to its target, in the words of other sources: by sign, and whether the
#: effect is on the amount.
ACTIONS = {
    ("ACTIVATES", False): "ACTIVATOR",
    ("ACTIVATES", True): "INDUCER",
    ("INHIBITS", False): "INHIBITOR",
    ("INHIBITS", True): "REDUCER",
}
SIGNS = {"ACTIVATES": 1, "INHIBITS": -1}
SUBSTANCES = ("CHEMICAL", "SMALLMOLECULE", "ANTIBODY", "DRUG")
DIRECT = {"YES": True, "T": True, "TRUE": True, "NO": False, "F": False, "FALSE": False}
_BEYOND_ASCII = "[^\x00-\x7f]"
_ACCESSION = re.compile(rf"{UNIPROT}(?:[-_:]\w+)*")  # and what may follow: an isoform, a chain
_COMPLEX, _FAMILY = re.compile(r"SIGNOR-C\d+"), re.compile(r"SIGNOR-PF\d+")
_SUBSTANCE = {
    "CHEBI": re.compile(r"CHEBI:(\d+)"),
    "PUBCHEM.COMPOUND": re.compile(r"CID:(\d+)"),
    "DRUGBANK": re.compile(r"(?:DRUGBANK:)?(DB\d+)"),
}
# Species are positive numbers; -1 and -2 say that no organism was involved.
_OTHER_SPECIES = r"(?:^|;)\s*(?!9606\b)\d+"

#: The terms of the 2016 release, which its file does not name.
LICENCE_OF_2016 = "CC BY-NC 4.0"

Members = Mapping[str, list[str]]


def read(files: Files) -> Iterator[Chunk]:
    """Read what complexes and families consist of, then the relations."""
    complexes: dict[str, list[str]] | None = None
    families: set[str] = set()
    if "complexes" in files:
        complexes = {}
        yield from _complexes(files["complexes"], complexes)
    if "families" in files:
        yield from _families(files["families"], families)
    yield from _relations(files["relations"], complexes, families)


def _relations(file: SourceFile, complexes: Members | None, families: set[str]) -> Iterator[Chunk]:
    drugs: set[str] = set()
    licence = LICENCE_OF_2016 if len(file.layout.names) == len(OF_2016) else None
    for rows in file.frames():
        rows = pd.concat([rows, _ends(rows, "A"), _ends(rows, "B")], axis=1)
        rows["type"] = _edge_type(rows["EFFECT"])
        reason = _reasons(rows, complexes)
        yield Chunk.rejects(file.name, _rejected(rows, reason))
        rows = rows[reason.isna()].reset_index(drop=True)
        yield Chunk.nodes("Family", file.name, _fresh(rows, "Family", families))
        yield Chunk.nodes("Drug", file.name, _fresh(rows, "Drug", drugs))
        statements = _statements(rows).assign(licence=licence)
        drug = rows["label_A"].eq("Drug")
        yield Chunk.statements("TARGETS", file.name, _targets(rows[drug], statements[drug]))
        for name in (*SIGNALS, "PART_OF"):
            yield Chunk.statements(name, file.name, statements[rows["type"].eq(name) & ~drug])


def _ends(rows: pd.DataFrame, end: str) -> pd.DataFrame:
    """Tell what stands at an end: ``label_A`` and ``ref_A``, None where it is not read."""
    kind = rows[f"TYPE{end}"].str.upper().str.replace(" ", "")
    database = rows[f"DATABASE{end}"].str.upper()
    written = kind + "\t" + database + "\t" + rows[f"ID{end}"].str.strip()
    table = {text: _entity(*text.split("\t")) for text in written.dropna().unique()}
    labels = {text: found[0] for text, found in table.items() if found}
    refs = {text: found[1] for text, found in table.items() if found}
    return pd.DataFrame(
        {f"label_{end}": translated(written, labels), f"ref_{end}": translated(written, refs)}
    )


def _entity(kind: str, database: str, written: str) -> tuple[str, str] | None:
    """Give the label and the reference of an entity; None for a phenotype, a stimulus, an RNA."""
    if kind == "PROTEIN" and database == "UNIPROT":
        return "Protein", f"UniProtKB:{written}"
    if kind == "COMPLEX" and _COMPLEX.fullmatch(written):
        return "Complex", f"SIGNOR:{written}"
    if kind == "PROTEINFAMILY" and _FAMILY.fullmatch(written):
        return "Family", f"SIGNOR:{written}"
    reference = _substance(written) if kind in SUBSTANCES else None
    return ("Drug", reference) if reference else None


def _substance(written: str) -> str | None:
    for prefix, pattern in _SUBSTANCE.items():
        if found := pattern.fullmatch(written):
            return f"{prefix}:{found[1]}"
    return None


def _edge_type(effects: pd.Series[str]) -> pd.Series[str]:
    table = {text: _effect(text) for text in effects.dropna().unique()}
    return translated(effects, table)


def _effect(text: str) -> str | None:
    """Give the type of edge that an effect makes; None where it makes none."""
    words = text.strip().lower()
    return next((name for name, pattern in EFFECTS if pattern.match(words)), None)


def _reasons(rows: pd.DataFrame, complexes: Members | None) -> pd.Series[str]:
    """Say of each row why it is no fact; None where it is one."""
    listed = [f"SIGNOR:{name}" for name in complexes or {}]
    unlisted = pd.Series(False, index=rows.index)
    for end in "AB":
        unlisted |= rows[f"label_{end}"].eq("Complex") & ~rows[f"ref_{end}"].isin(listed)
    no_members = (
        "a complex is named by its members: put SIGNOR_complexes.csv beside the relations"
        if complexes is None
        else "the complex is not listed in SIGNOR_complexes.csv"
    )
    forms = rows["type"].eq("PART_OF")
    tests = {
        "not human": rows["TAX_ID"].str.contains(_OTHER_SPECIES, na=False),
        "an end is no protein, complex, family or substance with an id that is read": (
            rows["ref_A"].isna() | rows["ref_B"].isna()
        ),
        "the target is a substance": rows["label_B"].eq("Drug"),
        "the effect is no regulation": rows["type"].isna(),
        "the complex that is formed is not named": forms & rows["label_B"].ne("Complex"),
        no_members: unlisted,
        "what forms the complex is not a protein that it lists": forms
        & ~_is_member(rows, complexes),
    }
    reason = pd.Series(None, index=rows.index, dtype=object)
    for text, found in tests.items():
        reason = reason.mask(reason.isna() & found, text)
    return reason


def _is_member(rows: pd.DataFrame, complexes: Members | None) -> pd.Series[bool]:
    pairs = {
        f"{member} SIGNOR:{name}" for name, all_ in (complexes or {}).items() for member in all_
    }
    return rows["label_A"].eq("Protein") & (rows["ref_A"] + " " + rows["ref_B"]).isin(list(pairs))


def _rejected(rows: pd.DataFrame, reason: pd.Series[str]) -> pd.DataFrame:
    ends = [
        rows[f"TYPE{end}"].fillna("?")
        + " "
        + rows[f"DATABASE{end}"].fillna("?")
        + ":"
        + rows[f"ID{end}"].fillna("?")
        for end in "AB"
    ]
    value = ends[0] + " → " + ends[1]
    value = value.mask(reason.eq("the effect is no regulation"), rows["EFFECT"])
    value = value.mask(reason.eq("not human"), rows["TAX_ID"])
    table = pd.DataFrame({"reason": reason, "value": value, "line": rows["line"]})
    return table[reason.notna()]


def _fresh(rows: pd.DataFrame, label: str, declared: set[str]) -> pd.DataFrame:
    """One row per entity of a label that neither a file of members nor a chunk has declared."""
    ends = [
        pd.DataFrame(
            {
                "id": rows[f"ref_{end}"],
                "name": normal_form(rows[f"ENTITY{end}"]),
                "line": rows["line"],
            }
        )[rows[f"label_{end}"].eq(label)]
        for end in "AB"
    ]
    found = pd.concat(ends).sort_values("line", kind="stable").drop_duplicates("id")
    found = found[~found["id"].isin(list(declared))]
    declared.update(found["id"])
    return found


def _targets(rows: pd.DataFrame, statements: pd.DataFrame) -> pd.DataFrame:
    amount = rows["EFFECT"].str.contains("quantity", case=False)
    action = [ACTIONS.get((kind, on)) for kind, on in zip(rows["type"], amount, strict=True)]
    return statements.assign(
        sign=translated(rows["type"], SIGNS), action=pd.Series(action, rows.index, dtype=object)
    )


def _complexes(file: SourceFile, complexes: dict[str, list[str]]) -> Iterator[Chunk]:
    """Declare the complexes; one that is listed as a part of another stands for its own parts."""
    rows, rejected = read_member_lists(file, COMPLEX_LIST, _part)
    yield Chunk.rejects(file.name, rejected)
    complexes.update(zip(rows["id"], rows["members"], strict=True))
    reference = references("SIGNOR", rows["id"])
    xrefs = pd.Series([[ref] for ref in reference], rows.index, dtype=object)
    declared = rows.drop(columns="id").assign(ref=reference, xrefs=xrefs)
    yield Chunk.complexes(file.name, declared)


def _families(file: SourceFile, declared: set[str]) -> Iterator[Chunk]:
    """Declare the families and their members; a family within another stands for its members."""
    rows, rejected = read_member_lists(file, FAMILY_LIST, _part)
    yield Chunk.rejects(file.name, rejected)
    rows = rows.assign(record_id=rows["id"], id=references("SIGNOR", rows["id"]))
    declared.update(rows["id"])
    yield Chunk.nodes("Family", file.name, rows[["id", "name", "line"]])
    pairs = rows.explode("members").drop_duplicates(["id", "members"])
    protein = pairs["members"].str.startswith("UniProtKB:").eq(True)
    yield Chunk.statements("MEMBER_OF", file.name, _memberships(pairs[protein]))
    other = pairs[~protein]
    reason = "the member of the family is no protein"
    rejects = pd.DataFrame({"reason": reason, "value": other["members"], "line": other["line"]})
    yield Chunk.rejects(file.name, rejects)


def _memberships(pairs: pd.DataFrame) -> pd.DataFrame:
    ends = {"members": "source_ref", "id": "target_ref"}
    said = pairs.drop(columns="name").rename(columns=ends)
    return said.assign(source_label="Protein", target_label="Family")


def _part(written: str) -> str:
    if _ACCESSION.fullmatch(written):
        return f"UniProtKB:{written}"
    return _substance(written) or f"SIGNOR:{written}"


def _statements(rows: pd.DataFrame) -> pd.DataFrame:
    score = numbers(rows["SCORE"]) if "SCORE" in rows else None
    return pd.DataFrame(
        {
            "source_ref": rows["ref_A"],
            "source_label": rows["label_A"],
            "target_ref": rows["ref_B"],
            "target_label": rows["label_B"],
            "record_id": rows["SIGNOR_ID"],
            "pmids": items(rows["PMID"].where(rows["PMID"].str.isdigit().eq(True))),
            "sentence": _repaired(rows["SENTENCE"]),
            "mechanism": rows["MECHANISM"].str.lower(),
            "residue": rows["RESIDUE"],
            "direct": translated(rows["DIRECT"].str.upper(), DIRECT),
            "score": score,
            "line": rows["line"],
        }
    )


def _repaired(sentences: pd.Series[str]) -> pd.Series[str]:
    """Undo UTF-8 that was once read as another encoding: ``Î±`` was a Greek alpha."""
    damaged = sentences[sentences.str.contains(_BEYOND_ASCII, na=False)].unique()
    table = {text: fix_encoding(text) for text in damaged}
    return normal_form(pd.Series([table.get(s, s) for s in sentences], index=sentences.index))


def _is_headerless(head: list[str]) -> bool:
    fields = head[0].split("\t")
    columns = [names for names in HEADERLESS if len(names) == len(fields)]
    return any(fields[names.index("SIGNOR_ID")].startswith("SIGNOR-") for names in columns)


def _is_quoted(head: list[str]) -> bool:
    """Whether an effect stands in quotes; a quote in a sentence tells nothing."""
    at = OF_2016.index("EFFECT")  # the same in every layout
    effects = ["".join(line.split("\t")[at : at + 1]) for line in head]
    return any(effect.startswith('"') and effect.endswith('"') for effect in effects)


SOURCE = Source(
    name="signor",
    title="SIGNOR, the SIGnaling Network Open Resource",
    gives="causal relations between proteins, complexes, families and substances, with sign, "
    "mechanism, sentence and publication",
    url="https://signor.uniroma2.it/downloads.php",
    licence=Licence("CC-BY-4.0", "https://signor.uniroma2.it/about/"),
    citation="Lo Surdo P et al., SIGNOR 3.0, the SIGnaling network open resource 3.0: 2022 update, "
    "Nucleic Acids Research 51:D631 (2023), doi:10.1093/nar/gkac883",
    files=(
        FileSpec(
            "relations",
            ("signor*.tsv", "signor*.txt", "all_data_*.tsv"),
            columns=COLUMNS,
            names=HEADERLESS[0],
            or_names=HEADERLESS[1:],
            quoted_if=_is_quoted,
            recognise=_is_headerless,
            layouts=(("3.0 (with scores)", ("SCORE",)), ("with a header", ())),
        ),
        FileSpec(
            "complexes",
            ("signor_complexes*.csv",),
            columns=COMPLEX_LIST,
            separator=";",
            quoted=True,
            optional=True,
            adds="members of complexes, without which no relation of a complex is read",
        ),
        FileSpec(
            "families",
            ("signor_pf*.csv",),
            columns=FAMILY_LIST,
            separator=";",
            quoted=True,
            optional=True,
            adds="members of protein families, without which a family is a name only",
        ),
    ),
    read=read,
    revision=5,
    # As SIGNOR writes it; whether the day or the year comes first cannot be told.
    version=in_names(r"(?<=all_data_)\d\d_\d\d_\d\d|[A-Z][a-z]{2}\d{4}(?=_release)"),
    downloads=(
        Download(
            "relations",
            "https://signor.uniroma2.it/getData.php?organism=9606",
            "signor_human.tsv",
        ),
    ),
    by_hand="choose the human data, and the lists of complexes and of protein families, on "
    "https://signor.uniroma2.it/downloads.php",
)
