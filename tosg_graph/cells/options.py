"""What a user says when cells are added to a store: the one place where each option is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from tosg_graph.cells.manifest import BATCH_CELLS, SHARD_CELLS
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tosg_graph.cells.annotation import Constant
    from tosg_graph.cells.executors import Executor


class SourceOptions(TypedDict, total=False):
    """What is said about a source of cells; :class:`Options` has the defaults.

    Parameters
    ----------
    label, donor, dataset
        Columns of obs: the label, such as the cell type; the donor; the study of each cell
        (default: a column called ``dataset``, ``study`` or the like, else the whole is one study).
        Sources that name such columns themselves (CELLxGENE, OmniCellTOSG) need not be told.
    label_map
        A table (``label``, ``ontology_id``; tabs) that maps labels to ontology terms, beside the
        one that is built in.
    obs
        A table that adds columns to those of the source (CSV or TSV, gzipped or not, Parquet, a
        pandas DataFrame or a pyarrow Table), with the names of the cells in its index, in a column
        ``barcode``, ``cell_id`` or ``index``, or in its first column.
    constants
        Column → value that all cells have, such as ``{"donor": "P1"}``.
    normalised
        Keep values that are not counts, as 32-bit floats; everything downstream knows.
    matrix, antibodies
        Where the counts are: ``X``, ``raw/X`` or ``layers/<name>`` (default: the first that holds
        whole numbers); the key under ``obsm`` of the antibody counts (default: the one whose name
        says so).
    dataset_name
        What the cells are called as a data set of the store; default: the name of the source.
    shard_cells
        Cells of a shard, a multiple of 1,024.
    """

    label: str | None
    label_map: Path | None
    donor: str | None
    dataset: str | None
    obs: Path | str | pd.DataFrame | pa.Table | None
    constants: Mapping[str, Constant] | None
    normalised: bool
    matrix: str | None
    antibodies: str | None
    dataset_name: str | None
    shard_cells: int | None


class AddOptions(SourceOptions, total=False):
    """How cells are added, beside what is said about their source.

    Parameters
    ----------
    append
        Add the cells to the store of that name, as a data set of their own; no shard is rewritten.
    replace
        Whether a store of that name may be replaced.
    executor
        Who does the tasks (:mod:`tosg_graph.cells.executors`); default: this process.
    progress
        Called with a line of text now and then.
    """

    append: bool
    replace: bool
    executor: Executor | None
    progress: Callable[[str], None] | None


@dataclass(frozen=True, slots=True)
class Options:
    """What was said about a source of cells, and for the rest the defaults.

    Raises
    ------
    UsageError
        If the cells of a shard are no multiple of 1,024.
    """

    label: str | None = None
    label_map: Path | None = None
    donor: str | None = None
    dataset: str | None = None
    obs: Path | str | pd.DataFrame | pa.Table | None = None
    constants: Mapping[str, Constant] | None = None
    normalised: bool = False
    matrix: str | None = None
    antibodies: str | None = None
    dataset_name: str | None = None
    shard_cells: int = SHARD_CELLS

    def __post_init__(self) -> None:
        if self.shard_cells <= 0 or self.shard_cells % BATCH_CELLS:
            raise UsageError(
                f"shard_cells (--shard-cells) is {self.shard_cells}; expected a multiple of "
                f"{BATCH_CELLS:,}, such as {SHARD_CELLS:,}"
            )

    @classmethod
    def of(cls, said: SourceOptions) -> Options:
        """Take what was said; None stands for the default."""
        given: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
        return cls(**given)

    def given(self) -> dict[str, Any]:
        """Give every option that was said, by its name."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value is not None}
