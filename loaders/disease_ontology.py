"""Disease Ontology: human diseases, their other names and ids, and which is a kind of which."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.columns import normal_form, translated
from tosg_graph.sources.obo import header, is_obo, quoted, read_terms, unescaped
from tosg_graph.sources.source import Files

PREFIX = "DOID"
#: Prefixes as releases since 2012 wrote them, and as Biolink writes them. Others stay away: they
#: are web addresses, notes and slips of the pen.
XREF_PREFIXES = {
    "EFO": "EFO",
    "GARD": "GARD",
    "HP": "HP",
    "IC10CM": "ICD10CM",
    "ICD10": "ICD10",
    "ICD10CM": "ICD10CM",
    "ICD11": "ICD11",
    "ICD9": "ICD9",
    "ICD9CM": "ICD9",
    "KEGG": "KEGG",
    "MEDDRA": "MEDDRA",
    "MESH": "MESH",
    "MIM": "OMIM",
    "MeSH": "MESH",
    "NCI": "NCIT",
    "OMIM": "OMIM",
    "ORDO": "orphanet",
    "Orphanet": "orphanet",
    "SNOMEDCT": "SNOMEDCT",
    "UMLS": "UMLS",
    "UMLS_CUI": "UMLS",
}
#: Narrower and broader synonyms name other diseases.
SCOPES = ("EXACT", "RELATED")

_DATED = re.compile(r"_US_\d{4}_\d{2}_\d{2}$|\d{4}_\w+$")
_RELEASE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LICENCE = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)")


def read(files: Files) -> Iterator[Chunk]:
    """Read diseases, then their hierarchy; obsolete terms are rejected with what replaces them."""
    file = files["ontology"]
    terms = read_terms(file)
    terms = terms[terms["term"].str.startswith(f"{PREFIX}:")]
    obsolete = set(terms.loc[terms["tag"].eq("is_obsolete") & terms["value"].eq("true"), "term"])
    retired = terms[terms["term"].isin(obsolete)]
    current = terms[~terms["term"].isin(obsolete)]
    yield Chunk.nodes("Disease", file.name, _diseases(current, _successors(retired)))
    yield Chunk.statements("IS_A", file.name, _hierarchy(current, _stated_licence(file)))
    yield Chunk.rejects(file.name, _obsolete(retired))


def version(files: Files) -> str | None:
    """Read the date of the release from the header."""
    found = _RELEASE.search(header(files["ontology"]).get("data-version", ""))
    return found[0] if found else None


def _diseases(terms: pd.DataFrame, successors: pd.DataFrame) -> pd.DataFrame:
    first = _tagged(terms, "id").drop_duplicates("term").set_index("term")
    names = _tagged(terms, "name").drop_duplicates("term").set_index("term")["value"]
    definitions = _tagged(terms, "def").drop_duplicates("term").set_index("term")["value"]
    synonyms = _tagged(terms, "synonym")
    synonyms = synonyms.assign(**quoted(synonyms["value"]))
    synonyms = synonyms[synonyms["scope"].isin(SCOPES)]
    former = pd.concat([_tagged(terms, "alt_id"), successors])
    columns = {
        "name": normal_form(unescaped(names)),
        "description": normal_form(quoted(definitions)["text"]),
        "synonyms": _lists(synonyms["term"], normal_form(synonyms["text"])),
        "xrefs": _lists(*_xrefs(_tagged(terms, "xref"))),
        "former_ids": _lists(former["term"], former["value"]),
        "line": first["line"],
    }
    return pd.DataFrame(columns, index=first.index).rename_axis("id").reset_index()


def _tagged(terms: pd.DataFrame, tag: str) -> pd.DataFrame:
    return terms.loc[terms["tag"].eq(tag), ["term", "value", "line"]]


def _lists(terms: pd.Series[str], values: pd.Series[str]) -> pd.Series[str]:
    """Gather the values of each term in a list, in file order, each once."""
    pairs = pd.DataFrame({"term": terms, "value": values}).dropna().drop_duplicates()
    return pairs.groupby("term", sort=False)["value"].agg(list)


def _xrefs(rows: pd.DataFrame) -> tuple[pd.Series[str], pd.Series[str]]:
    parts = unescaped(rows["value"]).str.extract(r"^([^:\s]+):\s*([^\s\"]+)")
    prefix = translated(parts[0].str.replace(_DATED, "", regex=True), XREF_PREFIXES)
    return rows["term"], prefix + ":" + parts[1]


def _hierarchy(terms: pd.DataFrame, licence: str | None) -> pd.DataFrame:
    rows = _tagged(terms, "is_a")
    rows = rows[rows["value"].str.startswith(f"{PREFIX}:")]
    return pd.DataFrame(
        {
            "source_ref": rows["term"],
            "source_label": "Disease",
            "target_ref": rows["value"],
            "target_label": "Disease",
            "licence": licence,
            "line": rows["line"],
        }
    )


def _stated_licence(file: SourceFile) -> str | None:
    """Name the licence that the file states: releases before 2018 were not yet CC0."""
    found = _LICENCE.search(" ".join(header(file).values()))
    return f"CC-{found[1].upper()}-{found[2]}" if found else None


def _successors(retired: pd.DataFrame) -> pd.DataFrame:
    """Give the replacing term of each obsolete one that has one, and the obsolete one as value."""
    rows = _tagged(retired, "replaced_by")
    return rows.rename(columns={"term": "value", "value": "term"})


def _obsolete(retired: pd.DataFrame) -> pd.DataFrame:
    first = _tagged(retired, "id").drop_duplicates("term").set_index("term")
    value = pd.Series(first.index, index=first.index)
    for tag, words in (("replaced_by", "replaced by"), ("consider", "consider")):
        others = _tagged(retired, tag)
        joined = _lists(others["term"], others["value"]).str.join(", ")
        value += (f", {words} " + joined).reindex(first.index).fillna("").astype(str)
    return pd.DataFrame({"reason": "obsolete term", "value": value, "line": first["line"]})


SOURCE = Source(
    name="disease_ontology",
    title="Human Disease Ontology",
    gives="diseases with synonyms, definitions and ids elsewhere, and their hierarchy",
    url="https://disease-ontology.org/",
    licence=Licence("CC0-1.0", "https://disease-ontology.org/about/use-do/"),
    citation="Baron JA et al., The DO-KB Knowledgebase: a 20-year journey developing the disease "
    "open science ecosystem, Nucleic Acids Research 52:D1305 (2024), doi:10.1093/nar/gkad1051",
    files=(
        FileSpec(
            "ontology",
            ("doid*.obo",),
            recognise=lambda head: is_obo(head, PREFIX),
            expects="an OBO file with terms DOID:…",
        ),
    ),
    read=read,
    version=version,
)
