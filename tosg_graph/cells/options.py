"""What a user says when cells are added to a store: the one place where each option is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from tosg_graph.cells.manifest import BATCH_CELLS, SHARD_CELLS
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
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
