"""Disease ontologies in OBO: their terms as diseases, their hierarchy, and what became of old ids.

A cross-reference is exact where a qualifier of its line says so (``MONDO:equivalentTo``); any
other only points to something near.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

import pandas as pd

from tosg_graph.sources.chunks import Chunk
from tosg_graph.sources.columns import normal_form, pmids, translated
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.obo import header, quoted, read_terms, unescaped
from tosg_graph.sources.source import Files

#: Prefixes as releases since 2012 wrote them, and as Biolink writes them. Others stay away: they
#: are web addresses, notes and slips of the pen.
XREF_PREFIXES = {
    "DOID": "DOID",
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
    "MEDGEN": "MEDGEN",
    "MESH": "MESH",
    "MIM": "OMIM",
    "MONDO": "MONDO",
    "MeSH": "MESH",
    "MedDRA": "MEDDRA",
    "NCI": "NCIT",
    "NCIT": "NCIT",
    "OMIM": "OMIM",
    "OMIMPS": "OMIM.PS",
    "ORDO": "orphanet",
    "Orphanet": "orphanet",
    "SCTID": "SNOMEDCT",
    "SNOMEDCT": "SNOMEDCT",
    "UMLS": "UMLS",
    "UMLS_CUI": "UMLS",
}
#: Narrower and broader synonyms name other diseases.
SCOPES = ("EXACT", "RELATED")

_DATED = re.compile(r"_US_\d{4}_\d{2}_\d{2}$|\d{4}_\w+$")
_RELEASE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXACT = r'source="MONDO:equivalentTo"'


def read_diseases(
    file: SourceFile,
    prefix: str,
    *,
    licence: str | None = None,
    left_out: Callable[[pd.DataFrame], Collection[str]] = lambda terms: (),
    why_left_out: str = "term left out",
) -> Iterator[Chunk]:
    """Read diseases, then their hierarchy; obsolete terms are rejected with what replaces them.

    Parameters
    ----------
    file
        The OBO file.
    prefix
        Prefix of the terms that are read; a file may hold imported ones beside them.
    licence
        Licence that the file states, where it is not that of the source.
    left_out
        Gives the ids of current terms that are not read, from the rows of all current terms.
    why_left_out
        The reason with which each of them is rejected.
    """
    terms = read_terms(file)
    terms = terms[terms["term"].str.startswith(f"{prefix}:")]
    obsolete = set(terms.loc[terms["tag"].eq("is_obsolete") & terms["value"].eq("true"), "term"])
    retired = terms[terms["term"].isin(obsolete)]
    current = terms[~terms["term"].isin(obsolete)]
    outside = current["term"].isin(list(left_out(current)))
    inside = current[~outside]
    yield Chunk.nodes("Disease", file.name, _diseases(inside, _successors(retired)))
    yield Chunk.statements("IS_A", file.name, _hierarchy(inside, prefix, licence))
    yield Chunk.rejects(file.name, _obsolete(retired))
    yield Chunk.rejects(file.name, _passed(current[outside], why_left_out))


def release(files: Files) -> str | None:
    """Read the date of the release from the header."""
    found = _RELEASE.search(header(files["ontology"]).get("data-version", ""))
    return found[0] if found else None


def descendants(terms: pd.DataFrame, root: str) -> set[str]:
    """Find a term and all that are, over any number of steps, a kind of it."""
    pairs = _tagged(terms, "is_a")
    found = {root}
    while True:
        below = set(pairs.loc[pairs["value"].isin(list(found)), "term"])
        if below <= found:
            return found
        found |= below


def _diseases(terms: pd.DataFrame, successors: pd.DataFrame) -> pd.DataFrame:
    first, defined = _firsts(terms, "id"), _firsts(terms, "def")["value"]
    synonyms = _tagged(terms, "synonym")
    synonyms = synonyms.assign(**quoted(synonyms["value"]))
    synonyms = synonyms[synonyms["scope"].isin(SCOPES)]
    former = pd.concat([_tagged(terms, "alt_id"), successors])
    xrefs = _tagged(terms, "xref")
    exact = xrefs["qualifiers"].str.contains(_EXACT, regex=False)
    columns = {
        "name": normal_form(unescaped(_firsts(terms, "name")["value"])),
        "description": normal_form(quoted(defined)["text"]),
        "description_pmids": pmids(defined),
        "synonyms": _lists(synonyms["term"], normal_form(synonyms["text"])),
        "xrefs": _lists(*_xrefs(xrefs[~exact])),
        "same_as": _lists(*_xrefs(xrefs[exact])),
        "former_ids": _lists(former["term"], former["value"]),
        "line": first["line"],
    }
    return pd.DataFrame(columns, index=first.index).rename_axis("id").reset_index()


def _tagged(terms: pd.DataFrame, tag: str) -> pd.DataFrame:
    return terms.loc[terms["tag"].eq(tag), ["term", "value", "qualifiers", "line"]]


def _firsts(terms: pd.DataFrame, tag: str) -> pd.DataFrame:
    return _tagged(terms, tag).drop_duplicates("term").set_index("term")


def _lists(terms: pd.Series[str], values: pd.Series[str]) -> pd.Series[str]:
    """Gather the values of each term in a list, in file order, each once."""
    pairs = pd.DataFrame({"term": terms, "value": values}).dropna().drop_duplicates()
    return pairs.groupby("term", sort=False)["value"].agg(list)


def _xrefs(rows: pd.DataFrame) -> tuple[pd.Series[str], pd.Series[str]]:
    parts = unescaped(rows["value"]).str.extract(r"^([^:\s]+):\s*([^\s\"]+)")
    prefix = translated(parts[0].str.replace(_DATED, "", regex=True), XREF_PREFIXES)
    return rows["term"], prefix + ":" + parts[1]


def _hierarchy(terms: pd.DataFrame, prefix: str, licence: str | None) -> pd.DataFrame:
    rows = _tagged(terms, "is_a")
    rows = rows[rows["value"].str.startswith(f"{prefix}:")]
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


def _successors(retired: pd.DataFrame) -> pd.DataFrame:
    """Give the replacing term of each obsolete one that has one, and the obsolete one as value."""
    rows = _tagged(retired, "replaced_by")
    return rows.rename(columns={"term": "value", "value": "term"})


def _obsolete(retired: pd.DataFrame) -> pd.DataFrame:
    first = _firsts(retired, "id")
    value = pd.Series(first.index, index=first.index)
    for tag, words in (("replaced_by", "replaced by"), ("consider", "consider")):
        others = _tagged(retired, tag)
        joined = _lists(others["term"], others["value"]).str.join(", ")
        value += (f", {words} " + joined).reindex(first.index).fillna("").astype(str)
    return pd.DataFrame({"reason": "obsolete term", "value": value, "line": first["line"]})


def _passed(terms: pd.DataFrame, why: str) -> pd.DataFrame:
    first = _firsts(terms, "id")
    return pd.DataFrame({"reason": why, "value": first.index, "line": first["line"]})
