"""The same questions on a real Neo4j: the same answers as on the embedded graph."""

from __future__ import annotations

import pytest

from tests.ask.wordings import WORDINGS
from tosg_graph.ask.answer import Answer
from tosg_graph.ask.ask import ask
from tosg_graph.ask.link import Linker
from tosg_graph.ask.run import guarded_read
from tosg_graph.build.tables import Build
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import Refused
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.neo4j import Neo4jStore

pytestmark = pytest.mark.neo4j

QUESTIONS = [
    *(question for _, questions in WORDINGS.values() for question in questions[:2]),
    "Which receptors detected in CD14+ monocytes are targeted by a drug?",
    "Which drugs target receptors detected in monocytes?",
    "Which proteins are targeted by the most drugs?",
    "Which agonists of EGFR are there?",
    "What is EGFR?",
    "Is EGF a receptor?",
    "Is CD14 detected in monocytes?",
    "In which cell types is KRAS detected?",
    "What is the path from KRAS to SOS1?",
    "Top 1 drugs targeting EGFR by affinity",
]


def same_part(found: Answer) -> dict[str, object]:
    """What must not depend on the engine."""
    whole = found.to_dict()
    return {name: value for name, value in whole.items() if name not in ("cypher", "timings")}


def test_both_engines_answer_alike(
    neo4j_tiny: Neo4jStore,
    tiny_store: EmbeddedStore,
    tiny: Build,
    tiny_cells: CellStore,
    linker: Linker,
) -> None:
    stores = (tiny_store, neo4j_tiny)
    for question in QUESTIONS:
        one, other = (
            ask(question, build=tiny, store=store, cells={"tiny": tiny_cells}, linker=linker)
            for store in stores
        )
        assert same_part(one) == same_part(other), question
        assert one.status in ("answered", "empty"), question


def test_a_write_is_refused_before_the_server_sees_it(neo4j_tiny: Neo4jStore) -> None:
    with pytest.raises(Refused, match="CREATE"):
        guarded_read(neo4j_tiny, "CREATE (:Gene {id: 'x'})")
    assert len(guarded_read(neo4j_tiny, "MATCH (g:Gene) RETURN g.id AS id LIMIT 3")) == 3
