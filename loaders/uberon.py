"""UBERON: parts of the body, their names, and what each is a kind of.

The published edition does not tell *is a* from *part of*: the cortex of the kidney has both the
cortex and the kidney one step above it. Both are read as ``IS_A``.
"""

from __future__ import annotations

from tosg_graph.sources import Licence, Source
from tosg_graph.sources.ontology_json import (
    ontology_download,
    ontology_reader,
    ontology_spec,
    release,
)

SOURCE = Source(
    name="uberon",
    title="UBERON, in the edition of CELLxGENE",
    gives="parts of the body with synonyms, definitions and hierarchy",
    url="https://github.com/chanzuckerberg/cellxgene-ontology-guide",
    licence=Licence("CC-BY-3.0", "https://obofoundry.org/ontology/uberon.html"),
    citation="Mungall CJ et al., Uberon, an integrative multi-species anatomy ontology, "
    "Genome Biology 13:R5 (2012), doi:10.1186/gb-2012-13-1-r5",
    files=(ontology_spec("UBERON"),),
    read=ontology_reader("Tissue"),
    version=release,
    downloads=(
        ontology_download(
            "c51c0eb950250f83fbcbc238aa5dcc007ebdf7d5",
            "UBERON-ontology-v2026-04-01.json.zst",
        ),
    ),
)
