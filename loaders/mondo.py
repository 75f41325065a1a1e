"""MONDO: human diseases under one id each, with the ids that other vocabularies give them.

What MONDO calls equivalent (``source="MONDO:equivalentTo"``) is an exact cross-reference: the build
makes one node of a disease that the Disease Ontology and MONDO both name. Diseases of other
animals are left out. Injuries and susceptibilities are read: studies associate genes with them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.disease_terms import descendants, read_diseases, release
from tosg_graph.sources.obo import is_obo
from tosg_graph.sources.source import Files

PREFIX = "MONDO"
#: The term above the diseases of other animals.
NON_HUMAN = "MONDO:0005583"


def read(files: Files) -> Iterator[Chunk]:
    """Read human diseases, then their hierarchy; obsolete and non-human terms are rejected."""
    yield from read_diseases(
        files["ontology"],
        PREFIX,
        left_out=_non_human,
        why_left_out="disease of another animal",
    )


def _non_human(terms: pd.DataFrame) -> set[str]:
    return descendants(terms, NON_HUMAN)


def _is_mondo(head: list[str]) -> bool:
    """Whether it is the ontology; its long header may fill the head before the first term."""
    obo = head[0].startswith("format-version:")
    return is_obo(head, PREFIX) or (obo and "ontology: mondo" in head)


SOURCE = Source(
    name="mondo",
    title="Mondo Disease Ontology",
    gives="diseases with synonyms, definitions and equivalent ids, and their hierarchy",
    url="https://mondo.monarchinitiative.org/",
    licence=Licence("CC-BY-4.0", "https://obofoundry.org/ontology/mondo.html"),
    citation="Vasilevsky NA et al., Mondo: Unifying diseases for the world, by the world, "
    "medRxiv 2022.04.13.22273750 (2022), doi:10.1101/2022.04.13.22273750",
    files=(
        FileSpec(
            "ontology",
            ("mondo*.obo",),
            recognise=_is_mondo,
            expects="an OBO file with terms MONDO:…",
        ),
    ),
    read=read,
    version=release,
    downloads=(Download("ontology", "https://purl.obolibrary.org/obo/mondo.obo", "mondo.obo"),),
)
