"""Read an export back: the graph, the cells, their counts, and batches of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from tosg_graph.cells.label_codes import LabelCodes
from tosg_graph.cells.rows import SparseRows
from tosg_graph.errors import ExportError, UsageError
from tosg_graph.schema import LABELS
from tosg_graph.tensors.abundance import Channel, Counts, Mask, Totals, channels_of
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.hetero import Topology
from tosg_graph.tensors.labels import CellLabels
from tosg_graph.tensors.layout import (
    ABUNDANCE,
    CELLS,
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    TOPOLOGY,
    channel_key,
    edge_file,
    edge_key,
    file_record,
    node_file,
)
from tosg_graph.tensors.splits import check_drawn
from tosg_graph.tensors.subgraph import Index, Triplet

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

    from tosg_graph.tensors.batch import BatchLoader
    from tosg_graph.tensors.options import LoaderOptions

_LABELS = tuple(label.name for label in LABELS)

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class ExportAbundance:
    """The counts of an export, in memory in sparse form.

    Parameters
    ----------
    matrices
        Per (label, modality): scipy CSR [cells, nodes].
    measured_by
        Per label: bool [data sets, nodes, channels].
    datasets
        Number of the data set of each cell, int64 [cells].
    all_totals
        Per modality: the sum over all features of the store, float64 [cells].
    value_kind
        ``counts`` or ``normalised``.
    """

    matrices: Mapping[Channel, Any] = field(repr=False)
    measured_by: Mapping[str, Mask] = field(repr=False)
    datasets: Index = field(repr=False)
    all_totals: Mapping[str, Totals] = field(repr=False)
    value_kind: str

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(next(iter(self.matrices.values())).shape[0])

    @property
    def channels(self) -> dict[str, tuple[str, ...]]:
        """Per label, the modalities whose counts reach its nodes."""
        return channels_of(list(self.matrices))

    def datasets_of(self, cells: Index) -> Index:
        """Number of the data set of each cell, int64 [cells]."""
        return self.datasets[cells]

    def counts(
        self,
        cells: Index,
        *,
        dtype: npt.DTypeLike | None = None,
        totals: bool = True,
        ordered: bool = True,
    ) -> Counts:
        """Return the counts of cells by position in the export, in the order asked for."""
        kind = dtype or (np.int64 if self.value_kind == "counts" else np.float64)
        return Counts(
            {channel: _rows(matrix[cells], kind) for channel, matrix in self.matrices.items()},
            {m: values[cells] for m, values in self.all_totals.items() if totals},
        )


def _rows(matrix: Any, kind: npt.DTypeLike) -> SparseRows:
    indptr = matrix.indptr.astype(np.int64, copy=False)
    counts = matrix.data.astype(kind, copy=False)
    return SparseRows(indptr, matrix.indices, counts, matrix.shape[1])


@dataclass(frozen=True, eq=False)
class Export:
    """An export folder, opened for reading.

    Parameters
    ----------
    path
        The folder.
    manifest
        What ``manifest.json`` says (``docs/tensors.md``).
    """

    path: Path
    manifest: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(cls, path: Path | str, *, verify: bool = True) -> Self:
        """Open an export folder; see :func:`load_export`."""
        folder = Path(path)
        export = cls(folder, _read_manifest(folder))
        if verify:
            export.verify()
        return export

    def verify(self) -> None:
        """Hash every file again.

        Raises
        ------
        ExportError
            Naming the first file that is missing or not what the manifest says.
        """
        for name, expected in self.manifest["files"].items():
            path = self.path / name
            if not path.is_file():
                raise ExportError(f"{path} is missing; export again")
            found = file_record(path)
            if found != expected:
                raise ExportError(
                    f"{path} is damaged: {found['bytes']} bytes with SHA-256 "
                    f"{found['sha256'][:12]}… found, {expected['bytes']} bytes with "
                    f"{expected['sha256'][:12]}… expected; export again"
                )

    @property
    def build_id(self) -> str:
        """Id of the build that the graph was taken from."""
        return str(self.manifest["build_id"])

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that have nodes, in schema order."""
        return tuple(self.topology.num_nodes)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The label values of the cells; a code is a place in it."""
        return tuple(self._cell_record["label_names"])

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the parts of the split; empty without one."""
        split = self._cell_record["split"]
        return () if split is None else tuple(split["parts"])

    def nodes(self, label: str) -> pa.Table:
        """Return the id table of a label: ``index, id, name``, and ``symbol`` where it has one.

        Raises
        ------
        UsageError
            If the export has no node of the label.
        """
        if label not in self.manifest["nodes"]:
            known = ", ".join(self.manifest["nodes"])
            raise UsageError(f"the export has no {label} nodes; labels: {known}")
        return self._arrow(node_file(label))

    def node_ids(self, label: str) -> list[str]:
        """Return the ids of the nodes of a label; the place in the list is the node's number."""
        return list(self.nodes(label)["id"].to_pylist())

    def edges(self, triplet: Triplet) -> pa.Table:
        """Return the id table of a triplet, in the order of its ``edge_index``.

        Columns ``source, target`` (node numbers), ``edge_id, sign, direct, n_evidence``.

        Raises
        ------
        UsageError
            If the export has no such edges.
        """
        if triplet not in self.topology.edge_index:
            known = ", ".join("-".join(t) for t in self.topology.edge_index)
            raise UsageError(f"the export has no edges {'-'.join(triplet)}; it has {known}")
        return self._arrow(edge_file(triplet))

    @cached_property
    def topology(self) -> Topology:
        """The graph as numpy arrays."""
        arrays = self._safetensors(TOPOLOGY)
        nodes = self.manifest["nodes"]
        order = sorted(nodes, key=_LABELS.index)
        triplets = [(e["source"], e["type"], e["target"]) for e in self.manifest["edges"]]
        return Topology(
            build_id=self.build_id,
            num_nodes={label: nodes[label]["rows"] for label in order},
            id_hashes={label: nodes[label]["id_sha256"] for label in order},
            edge_index={t: arrays[edge_key(t, "edge_index")] for t in triplets},
            edge_attr={t: arrays[edge_key(t, "edge_attr")] for t in triplets},
            x_text={k: arrays[f"{k}/x_text"] for k in order if f"{k}/x_text" in arrays},
        )

    def hetero_data(self, *, reverse: bool = False) -> HeteroData:
        """Return the graph as ``HeteroData``, as :meth:`Subgraph.to_hetero_data` does.

        Raises
        ------
        MissingExtra
            If torch or torch_geometric is not installed.
        """
        return self.topology.to_hetero_data(reverse=reverse)

    @cached_property
    def cells(self) -> pa.Table:
        """One row per cell, in the order of the counts.

        Columns ``cell_id, store_index, label, code`` (−1 where the label is not known),
        ``donor_id``, ``<modality>_total``, and ``split`` if the cells were split.
        """
        _ = self._cell_record
        return self._arrow(CELLS)

    @cached_property
    def abundance(self) -> ExportAbundance:
        """All counts."""
        record = self._cell_record
        arrays = self._safetensors(ABUNDANCE)
        channels = [(k, m) for k in _LABELS for m in record["channels"].get(k, ())]
        modalities = dict.fromkeys(modality for _, modality in channels)
        return ExportAbundance(
            matrices={c: self._matrix(arrays, c) for c in channels},
            measured_by={k: arrays[f"{k}/measured_by"] for k in channels_of(channels)},
            datasets=np.asarray(self.cells["data_set"].to_numpy(), dtype=np.int64),
            all_totals={m: self.cells[f"{m}_total"].to_numpy() for m in modalities},
            value_kind=record["value_kind"],
        )

    def counts(self, label: str, modality: str = "rna") -> Any:
        """Return the counts of a channel: scipy CSR [cells, nodes].

        Raises
        ------
        UsageError
            If the export has no such channel.
        """
        found = self.abundance.matrices.get((label, modality))
        if found is None:
            known = ", ".join(f"{a}/{b}" for a, b in self.abundance.matrices)
            raise UsageError(f"the export has no counts {label}/{modality}; it has {known}")
        return found

    def measured(self, label: str) -> Mask:
        """Return bool [nodes, channels]: whether any data set of the store measured the node."""
        found = self.abundance.measured_by.get(label)
        if found is None:
            known = ", ".join(self.abundance.measured_by)
            raise UsageError(f"no counts reach {label} nodes; they reach {known}")
        return np.asarray(found.any(axis=0))

    def cells_of(self, split: str | None) -> Index:
        """Positions of the cells of a part of the split; of all cells for None.

        Raises
        ------
        UsageError
            If there is no such part.
        """
        if split is None:
            return np.arange(self.cells.num_rows, dtype=np.int64)
        if split not in self.splits:
            known = ", ".join(self.splits) or "none; export with split='auto'"
            raise UsageError(f"the export has no part {split!r}; parts: {known}")
        return np.flatnonzero(np.array(self.cells["split"].to_pylist(), dtype=object) == split)

    def loader(
        self,
        *,
        split: str | None = None,
        topology: HeteroData | None = None,
        **options: Unpack[LoaderOptions],
    ) -> BatchLoader:
        """Return a loader of the cells of a part of the split, or of chosen cells, or of all.

        It yields the batches that a :class:`~tosg_graph.tensors.batch.CellLoader` over the store
        would; ``cell_index`` is the position in :attr:`cells`.

        Parameters
        ----------
        split
            Part of the split.
        topology
            The graph to hand out; None stands for :meth:`hetero_data`, when it is asked for.
        **options
            As in :class:`~tosg_graph.tensors.batch.BatchLoader`. ``cells``, positions in
            :attr:`cells`, takes the place of a part.

        Raises
        ------
        UsageError
            If the export has no cells or no such part, both ``split`` and ``cells`` are given, or
            cells of a part other than ``train`` are to be drawn with replacement.
        """
        from tosg_graph.tensors.batch import BatchLoader
        from tosg_graph.tensors.options import check_names

        if "cohort" in options:
            raise UsageError(
                "an export has no cohorts; export one (selected=cohort), or choose cells of the "
                "export with split= or cells="
            )
        check_names(options, "split", "topology")
        check_drawn(split, options.get("order"))
        graph = self.hetero_data if topology is None else lambda: topology
        if split is not None:
            if options.get("cells") is not None:
                raise UsageError("split and cells are both given; one of them chooses the cells")
            options["cells"] = self.cells_of(split)
        return BatchLoader(self.abundance, graph, self._labels, of=self.cells_hash, **options)

    @property
    def cells_hash(self) -> str:
        """SHA-256 of the table of cells: what an audit, or a state of a loader, is one of.

        Raises
        ------
        UsageError
            If the export has no cells.
        """
        _ = self._cell_record
        return str(self.manifest["files"][CELLS]["sha256"])

    @property
    def _labels(self) -> CellLabels:
        ids = self.cells["cell_id"].combine_chunks()
        kind = np.min_scalar_type(-len(self.label_names) - 1)
        codes = self.cells["code"].to_numpy().astype(kind)
        return CellLabels(
            lambda cells: ids.take(pa.array(cells)), LabelCodes(self.label_names, codes)
        )

    @property
    def _cell_record(self) -> Mapping[str, Any]:
        record = self.manifest["cells"]
        if record is None:
            raise UsageError(f"the export {self.path} was written without cells")
        return dict(record)

    def _matrix(self, arrays: Arrays, channel: Channel) -> Any:
        parts = [arrays[channel_key(channel, what)] for what in ("count", "node", "indptr")]
        shape = (self.cells.num_rows, self.manifest["nodes"][channel[0]]["rows"])
        return sparse.csr_matrix(tuple(parts), shape=shape)

    def _arrow(self, name: str) -> pa.Table:
        try:
            with pa.memory_map(str(self.path / name)) as source:
                return pa.ipc.open_file(source).read_all()
        except FileNotFoundError:
            raise ExportError(f"{self.path / name} is missing; export again") from None
        except pa.ArrowInvalid as error:
            raise ExportError(f"{self.path / name} is damaged ({error}); export again") from error

    def _safetensors(self, name: str) -> Arrays:
        library = require("safetensors")
        try:
            return dict(require("safetensors.numpy").load_file(self.path / name))
        except FileNotFoundError:
            raise ExportError(f"{self.path / name} is missing; export again") from None
        except library.SafetensorError as error:
            raise ExportError(f"{self.path / name} is damaged ({error}); export again") from error


def load_export(path: Path | str, *, verify: bool = True) -> Export:
    """Open an export folder.

    Parameters
    ----------
    path
        The folder.
    verify
        Whether to hash every file first; worth leaving out for very large exports only.

    Raises
    ------
    ExportError
        If the folder holds no export of this format, or a file of it is missing or damaged.
    """
    return Export.open(path, verify=verify)


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ExportError(f"{folder} holds no export: {MANIFEST} is missing") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ExportError(f"{path} is damaged: {error}; export again") from error
    found = (
        (manifest.get("format"), manifest.get("format_version"))
        if isinstance(manifest, dict)
        else (None, None)
    )
    if found != (FORMAT, FORMAT_VERSION):
        raise ExportError(
            f"{path}: format {found[0]!r} version {found[1]!r} found, {FORMAT!r} version "
            f"{FORMAT_VERSION} expected; export again with this version"
        )
    return dict(manifest)
