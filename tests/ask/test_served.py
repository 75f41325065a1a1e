"""Names looked up in the database itself: what the table of aliases would say, as far as nodes tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neo4j_server import Server
from tests.tiny import INTEGRIN, gene, protein, write_build
from tosg_graph.ask.link import Linker, node_parameter
from tosg_graph.ask.served import ServedLinker
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings, ReadLimits, Settings
from tosg_graph.errors import UsageError
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.workspace import Workspace

LIMITS = ReadLimits()
IMATINIB = "DrugCentral:1423"

#: Text and label, and the id that it names.
NAMED = [
    (IMATINIB, "Drug", IMATINIB),
    ("imatinib", "Drug", IMATINIB),
    ("IMATINIB", "Drug", IMATINIB),
    ("Gleevec", "Drug", IMATINIB),
    ("gleevec", None, IMATINIB),
    ("P00533", "Protein", protein("EGFR")),
    (protein("EGFR"), None, protein("EGFR")),
    ("EGFR", "Protein", protein("EGFR")),
    ("EGFR", "Gene", gene("EGFR")),
    ("EGFR", None, protein("EGFR")),
    ("egfr", "Protein", protein("EGFR")),
    ("ERBB1", "Protein", protein("EGFR")),  # a synonym of the gene only
    ("ERBB", "Gene", gene("EGFR")),
    ("P00533", "Gene", gene("EGFR")),
    ("HGF", "Protein", protein("SOS1")),
    ("Epidermal growth factor receptor", "Protein", protein("EGFR")),
    ("epidermal growth factor receptor", "Gene", gene("EGFR")),
    ("CD14 positive Monocyte", "CellType", "CL:0001054"),
    ("CML", "Disease", "DOID:8552"),
    ("Lung Neoplasm", "Disease", "DOID:1324"),
    ("signaling by egfr", "Pathway", "REACT:R-HSA-177929"),
    ("integrin a2b1 complex", "Complex", INTEGRIN),
    ("integrin a2b1 complex", None, INTEGRIN),
]
#: Text and label that name no one node, and what the error says.
NOT_NAMED = [
    ("CD16", "Protein", r"'CD16' names several things: .*P08637 \(FCGR3A\).*O75015 \(FCGR3B\)"),
    ("cd16", "Gene", r"'cd16' names several things: HGNC:3619 .*HGNC:3620 .*; give the id of one"),
    ("imatinob", "Drug", r"no drug in this graph is called 'imatinob'; near to it: imatinib \(Drug"),
    ("lung cancr", "Disease", r"no disease .*; near to it: lung cancer \(DOID:1324\)"),
    ("imatinib", "Protein", r"no protein in this graph is called 'imatinib'"),
    ("qqqqqq", None, r"no node in this graph is called 'qqqqqq'$"),
    ('") OR *:* //', "Gene", r"no gene in this graph"),
    ("1956", "Gene", r"no gene in this graph"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "label", "node"), NAMED)
def test_a_name_on_the_embedded_graph(
    embedded: EmbeddedStore, tiny: Build, text: str, label: str | None, node: str
) -> None:
    assert node_parameter(Linker.of(tiny), text, label=label) == node
    assert node_parameter(ServedLinker(embedded, LIMITS), text, label=label) == node


@pytest.mark.parametrize(("text", "label", "message"), NOT_NAMED)
def test_no_name_on_the_embedded_graph(
    embedded: EmbeddedStore, text: str, label: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        node_parameter(ServedLinker(embedded, LIMITS), text, label=label)


@pytest.mark.neo4j
@pytest.mark.parametrize(("text", "label", "node"), NAMED)
def test_a_name_on_a_server(
    neo4j_tiny: Neo4jStore, text: str, label: str | None, node: str
) -> None:
    assert node_parameter(ServedLinker(neo4j_tiny, LIMITS), text, label=label) == node


@pytest.mark.neo4j
@pytest.mark.parametrize(("text", "label", "message"), NOT_NAMED)
def test_no_name_on_a_server(
    neo4j_tiny: Neo4jStore, text: str, label: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        node_parameter(ServedLinker(neo4j_tiny, LIMITS), text, label=label)


@pytest.mark.parametrize(("text", "label", "message"), NOT_NAMED[:4])
def test_the_errors_are_those_of_a_build(
    embedded: EmbeddedStore, tiny: Build, text: str, label: str | None, message: str
) -> None:
    said = []
    for linker in (Linker.of(tiny), ServedLinker(embedded, LIMITS)):
        with pytest.raises(UsageError) as raised:
            node_parameter(linker, text, label=label)
        said.append(str(raised.value))
    assert said[0] == said[1]


@pytest.fixture(scope="module")
def embedded(tiny: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    path = tmp_path_factory.mktemp("served") / "graph.lbug"
    with EmbeddedStore(path) as store:
        store.load(tiny)
    with EmbeddedStore(path, read_only=True) as store:
        yield store


# ---- which of the two a workspace asks ---------------------------------------------------------


def asks_for_imatinib(workspace: Workspace) -> list[str]:
    found = workspace.query("drug_targets", drug="Gleevec")
    return sorted(found.column("symbol"))


@pytest.mark.neo4j
def test_a_workspace_without_a_build_asks_the_server(
    neo4j_tiny: Neo4jStore, neo4j_server: Server, tmp_path: Path
) -> None:
    with Workspace(tmp_path / "none", settings=Settings(neo4j=neo4j_server.settings)) as ws:
        assert asks_for_imatinib(ws) == ["ABL1", "EGFR"]
        assert ws.query("edges_between", first="p53", second="MDM2").column("type")
        assert ws.cypher("MATCH (d:Drug) RETURN count(d) AS n").rows == [(2,)]
        with pytest.raises(UsageError, match="near to it: imatinib"):
            ws.query("drug_targets", drug="imatinob")
    assert not (tmp_path / "none").exists()


@pytest.mark.neo4j
def test_every_look_up_uses_an_index(neo4j_tiny: Neo4jStore) -> None:
    asked: list[tuple[str, str]] = []

    class Watched(Neo4jStore):
        def read(self, query, parameters=None, *, limits=LIMITS):  # type: ignore[no-untyped-def]
            asked.append((query, self.explain(query, parameters).plan))
            return super().read(query, parameters, limits=limits)

    settings: Neo4jSettings = neo4j_tiny.settings
    with Watched(settings) as store:
        linker = ServedLinker(store, LIMITS)
        for text, label in (("imatinib", "Drug"), ("Gleevec", "Drug"), ("ERBB1", "Protein")):
            node_parameter(linker, text, label=label)
        with pytest.raises(UsageError):
            node_parameter(linker, "imatinob", label="Drug")
    assert len(asked) > 8
    assert not [(query, plan) for query, plan in asked if "Scan" in plan]


def test_another_build_in_the_database_is_what_counts(tiny: Build, tmp_path: Path) -> None:
    """The workspace went on to a build without the drug; the database still holds it."""
    with Workspace(tmp_path) as ws:
        other = write_build(tmp_path / "graph" / "other", {"aliases": []}, "other")
        (tmp_path / "graph" / "current").write_text(f"{other.id}\n")
        with EmbeddedStore(tmp_path / "embedded" / "graph.lbug") as store:
            store.load(tiny)
        assert asks_for_imatinib(ws) == ["ABL1", "EGFR"]


def test_the_build_counts_where_the_database_holds_it(tiny: Build, tmp_path: Path) -> None:
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / tiny.id).symlink_to(tiny.path)
    (tmp_path / "graph" / "current").write_text(f"{tiny.id}\n")
    with Workspace(tmp_path) as ws:
        ws.load()
        # A cross-reference stands in the table of aliases, and in no index of a database.
        assert ws.query("drug_targets", drug="DB00619").column("symbol") == ["ABL1", "EGFR"]
