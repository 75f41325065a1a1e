"""Cell Ontology: types of cells, their names, and which is a kind of which."""

from __future__ import annotations

from tosg_graph.sources import Licence, Source
from tosg_graph.sources.ontology_json import (
    ontology_download,
    ontology_reader,
    ontology_spec,
    release,
)

SOURCE = Source(
    name="cell_ontology",
    title="Cell Ontology, in the edition of CELLxGENE",
    gives="types of cells with synonyms, definitions and hierarchy",
    url="https://github.com/chanzuckerberg/cellxgene-ontology-guide",
    licence=Licence("CC-BY-4.0", "https://obofoundry.org/ontology/cl.html"),
    citation="Tan SZK et al., The Cell Ontology in the age of single-cell omics, "
    "arXiv:2506.10037 (2025)",
    files=(ontology_spec("CL"),),
    read=ontology_reader("CellType"),
    version=release,
    downloads=(
        ontology_download(
            "c497943397ee4e0959d5fe391f42e44be1439fb7",
            "CL-ontology-v2026-03-26.json.zst",
        ),
    ),
    infores="cl",
)
