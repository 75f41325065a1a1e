"""What leaves a workspace for learning: subgraphs, batches of cells, tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tosg_graph.config import ReadLimits
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from tosg_graph.cells.diagnostics import Thresholds
    from tosg_graph.cells.selection import Cohort
    from tosg_graph.tensors.batch import CellLoader
    from tosg_graph.tensors.export import Export
    from tosg_graph.tensors.graphml import GraphmlFile
    from tosg_graph.tensors.subgraph import Subgraph
    from tosg_graph.workspace.builds import Builds
    from tosg_graph.workspace.cell_stores import CellStores
    from tosg_graph.workspace.questions import Questions


class Exports:
    """Chooses a part of the graph and writes it, alone or with cells.

    Parameters
    ----------
    builds, cells, questions
        Where it comes from, and how nodes are named.
    """

    def __init__(self, builds: Builds, cells: CellStores, questions: Questions) -> None:
        self._builds, self._cells, self._questions = builds, cells, questions

    def subgraph(
        self,
        *,
        pathway: str | None = None,
        seeds: Sequence[str] | None = None,
        hops: int = 1,
        cypher: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Subgraph:
        """Choose nodes and every edge between them.

        Parameters
        ----------
        pathway
            A pathway by id or name, with its sub-pathways.
        seeds, hops
            Nodes by id, symbol or name, and how many edges to go from them.
        cypher, parameters
            A query whose columns hold node ids, nodes or paths; it passes the read gate.

        Without any of them the whole graph is chosen.
        """
        from tosg_graph.ask.link import node_parameter
        from tosg_graph.tensors.subgraph import Subgraph

        if sum(choice is not None for choice in (pathway, seeds, cypher)) > 1:
            raise UsageError("choose a subgraph by pathway, by seeds or by Cypher, not by several")
        if pathway is not None:
            node = node_parameter(self._questions.linker, pathway, label="Pathway")
            return Subgraph.pathway(self._builds.graph, node)
        if seeds is not None:
            nodes = [node_parameter(self._questions.linker, seed, label=None) for seed in seeds]
            return Subgraph.around(self._builds.graph, nodes, hops=hops)
        if cypher is not None:
            unlimited = ReadLimits(timeout=60.0, max_rows=1_000_000, max_bytes=200_000_000)
            result = self._questions.cypher(cypher, parameters, limits=unlimited)
            return Subgraph.of_ids(self._builds.graph, result.node_ids(), query=cypher)
        return Subgraph.whole(self._builds.graph)

    def write_graphml(
        self, path: Path | str, subgraph: Subgraph | None = None, *, overwrite: bool = False
    ) -> GraphmlFile:
        """Write a subgraph (default: all of the graph) with all its properties as GraphML.

        See :func:`tosg_graph.tensors.graphml.write_graphml`.
        """
        from tosg_graph.tensors.graphml import write_graphml

        chosen = subgraph if subgraph is not None else self.subgraph()
        return write_graphml(self._builds.graph, chosen, Path(path), overwrite=overwrite)

    def cell_loader(self, cells: str, subgraph: Subgraph, /, **options: Any) -> CellLoader:
        """Batches of cells on the shared topology of a subgraph; see :class:`CellLoader`."""
        from tosg_graph.tensors.batch import CellLoader

        return CellLoader(self._cells.cells(cells), subgraph, **options)

    def export(
        self,
        out: Path | str,
        *,
        subgraph: Subgraph | None = None,
        cells: str | None = None,
        selected: np.ndarray | Cohort | Path | str | None = None,
        primary: bool = False,
        label: str | None = None,
        split: str | None = "auto",
        text_dims: int = 64,
        seed: int = 0,
        overwrite: bool = False,
        thresholds: Thresholds | None = None,
    ) -> Export:
        """Write a subgraph, joined with the abundance of cells, as a folder of tensors.

        Parameters
        ----------
        out
            The folder to write.
        subgraph
            What :meth:`subgraph` chose; default: the whole graph.
        cells
            Name of the cell store; without one the topology and the texts are exported.
        selected
            Positions of the cells to take (int64), a cohort, its query, or its file;
            default: all.
        primary
            Leave out copies, cells that are another data set's own, of all cells or of a query.
        label
            Column of ``obs`` that is the label; default: the store's own.
        split
            ``auto`` (by donor where donors are known, else by label), ``donor``, ``study``,
            ``label`` or None.
        text_dims
            Length of the text vectors; 0 leaves them out.
        seed
            Seed of the text vectors and of the split.
        overwrite
            Whether an earlier export in that folder may be replaced.
        thresholds
            Those of the diagnostics in the manifest; default: see
            :class:`tosg_graph.cells.diagnostics.Thresholds`.
        """
        from tosg_graph.cells.selection import Cohort
        from tosg_graph.tensors.export import write_export

        if primary and selected is not None and not isinstance(selected, (Path, str)):
            raise UsageError("primary goes with a query; choose the cohort with primary=True")
        if isinstance(selected, (Path, str)) or primary:
            if cells is None:
                raise UsageError("a query chooses among the cells of a store; name it (--cells)")
            query = selected if isinstance(selected, (Path, str)) else "all"
            selected = self._cells.cohort(cells, query, primary=primary)
        store = None if cells is None else self._cells.cells(cells)
        if store is not None:
            store.check_shards(selected.cells if isinstance(selected, Cohort) else selected)
        return write_export(
            Path(out),
            build=self._builds.graph,
            subgraph=subgraph if subgraph is not None else self.subgraph(),
            store=store,
            cells=selected,
            label=label,
            split=None if cells is None else split,
            text_dims=text_dims,
            seed=seed,
            overwrite=overwrite,
            thresholds=thresholds,
        )
