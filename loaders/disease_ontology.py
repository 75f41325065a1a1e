"""Disease Ontology: human diseases, their other names and ids, and which is a kind of which."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.disease_terms import read_diseases, release
from tosg_graph.sources.obo import header, is_obo
from tosg_graph.sources.source import Files

PREFIX = "DOID"
_LICENCE = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)")


def read(files: Files) -> Iterator[Chunk]:
    """Read diseases, then their hierarchy; obsolete terms are rejected with what replaces them."""
    file = files["ontology"]
    yield from read_diseases(file, PREFIX, licence=_stated_licence(file))


def _stated_licence(file: SourceFile) -> str | None:
    """Name the licence that the file states: releases before 2018 were not yet CC0."""
    found = _LICENCE.search(" ".join(header(file).values()))
    return f"CC-{found[1].upper()}-{found[2]}" if found else None


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
    revision=2,
    version=release,
    downloads=(Download("ontology", "https://purl.obolibrary.org/obo/doid.obo", "doid.obo"),),
)
