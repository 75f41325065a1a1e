"""What is asked of a workspace: named queries, Cypher, names, questions in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tosg_graph.config import ReadLimits, Settings
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    from tosg_graph.ask.answer import Answer
    from tosg_graph.ask.link import Linker
    from tosg_graph.graph.queries import NamedQuery
    from tosg_graph.graph.result import ResultTable
    from tosg_graph.workspace.builds import Builds
    from tosg_graph.workspace.cell_stores import CellStores
    from tosg_graph.workspace.databases import Databases


class Questions:
    """Reads the database, the build behind it and the cells.

    Parameters
    ----------
    settings
        What a read may cost.
    builds, databases, cells
        What is asked.
    """

    def __init__(
        self, settings: Settings, builds: Builds, databases: Databases, cells: CellStores
    ) -> None:
        self.settings, self._builds, self._databases, self._cells = (
            settings,
            builds,
            databases,
            cells,
        )
        self._linker: tuple[str | None, Linker] | None = None

    def queries(self) -> dict[str, NamedQuery]:
        """The named queries by name, sorted."""
        from tosg_graph.graph.queries import load_queries

        return load_queries()

    def query(
        self,
        /,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: ReadLimits | None = None,
        **named: Any,
    ) -> ResultTable:
        """Run a named query: ``ws.query("drug_targets", drug="imatinib")``.

        A parameter that stands for a node takes its id, its name, or any alias that is one node's.
        Where the database holds another build than the workspace, or the workspace has none, the
        names are looked up in the database itself.
        """
        from tosg_graph.ask.link import node_parameter
        from tosg_graph.graph.queries import find_query

        found = find_query(name)
        bound = found.bind({**(parameters or {}), **named})
        limits = limits or self.settings.limits
        nodes = [p for p in found.parameters if p.is_node and bound.get(p.name) is not None]
        if nodes:
            linker = self._linker_of_store(limits)
            for p in nodes:
                try:
                    bound[p.name] = node_parameter(linker, str(bound[p.name]), label=p.label)
                except UsageError as error:
                    raise UsageError("; ".join([str(error), *self.query_notes(name)])) from None
        return found.run(self._databases.store, bound, limits=limits)

    def query_notes(self, name: str) -> list[str]:
        """Say what the database lacks of that a named query needs, so that it gives no rows."""
        from tosg_graph.graph.gaps import gap
        from tosg_graph.graph.queries import find_query

        current = self._builds.current()
        if current is None or self._databases.store.build_id() != current:
            return []
        missing = gap(find_query(name), self._builds.graph)
        return [missing] if missing else []

    def _linker_of_store(self, limits: ReadLimits) -> Linker:
        """Knows the names of what the database holds."""
        from tosg_graph.ask.served import ServedLinker

        current = self._builds.current()
        if current is not None and self._databases.store.build_id() == current:
            return self.linker
        return ServedLinker(self._databases.store, limits)

    def cypher(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: ReadLimits | None = None,
    ) -> ResultTable:
        """Run a query of the caller's own, after the read gate has passed it.

        Raises
        ------
        Refused
            If it could do anything but read, or names a label or type that the graph has not.
        """
        from tosg_graph.ask.run import guarded_read

        return guarded_read(
            self._databases.store, text, parameters or {}, limits or self.settings.limits
        )

    def cypher_notes(self, text: str) -> tuple[str, ...]:
        """What is odd about a query that the gate passes, such as a property that no node has."""
        from tosg_graph.ask.gate import check

        return tuple(check(text, engine=self._databases.store.engine).warnings)

    def resolve(self, texts: Sequence[str], *, label: str | None = None) -> ResultTable:
        """What identifiers and names would become in the current build, and why."""
        from tosg_graph.ask.resolve import COLUMNS, resolve
        from tosg_graph.graph.result import ResultTable

        return ResultTable(COLUMNS, resolve(self._builds.graph, self.linker, texts, label=label))

    @property
    def linker(self) -> Linker:
        """Finds the nodes that a text names."""
        from tosg_graph.ask.link import Linker

        current = self._builds.current()
        if self._linker is None or self._linker[0] != current:
            self._linker = current, Linker.of(self._builds.graph)
        return self._linker[1]

    def similar(self, node: str, *, label: str | None = None, k: int = 10) -> ResultTable:
        """Nodes whose texts are most like that of a node: ``id, label, name, score``.

        Parameters
        ----------
        node
            A node by id, symbol or name.
        label
            Look among nodes of this label; default: all.
        k
            How many.
        """
        from tosg_graph.ask.link import node_parameter

        server = self._databases.server
        return server.similar_to(node_parameter(self.linker, node, label=None), label, k)

    def ask(
        self, question: str, *, cells: str | None = None, limits: ReadLimits | None = None
    ) -> Answer:
        """Answer a question in English from the graph and, where it asks for it, a cell store.

        Parameters
        ----------
        question
            One question.
        cells
            Name of the cell store that abundance is read from; default: those of the workspace.
        limits
            Time, rows and bytes that a read may cost.
        """
        from tosg_graph.ask.ask import ask

        names = [cells] if cells is not None else self._cells.cell_names()
        stores = {name: self._cells.cells(name) for name in names}
        return ask(
            question,
            build=self._builds.graph,
            store=self._databases.store,
            cells=stores,
            linker=self.linker,
            limits=limits or self.settings.limits,
        )
