"""What is said of cells beside their source: a table by barcode, and values that all of them share.

What 10x writes has names of cells and nothing else; sequencing cores hand out the rest as a table.
Tasks of a conversion read matrices only, so that what is added here is joined once, where the
conversion is planned and committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.barcode_table import BarcodeTable
from tosg_graph.cells.obs import to_arrow
from tosg_graph.errors import CellsError, UsageError

#: One value for all cells.
Constant = str | int | float | bool

#: The end of a barcode that says which of several runs it is of.
_SUFFIX = r"-\d+$"


@dataclass(frozen=True)
class Annotation:
    """Columns that are added to the table of cells.

    Parameters
    ----------
    table
        What is said of each cell.
    constants
        Column → the value of all cells.
    """

    table: BarcodeTable | None = None
    constants: dict[str, Constant] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        obs: Path | str | pd.DataFrame | pa.Table | None,
        constants: Mapping[str, Constant] | None,
    ) -> Self:
        """Read what was given.

        Raises
        ------
        UsageError
            If there is no such file, or a constant is no text, number or truth value.
        CellsError
            If the table is not what it should be.
        """
        for name, value in (constants or {}).items():
            if not name or not isinstance(value, Constant) or value == "":
                raise UsageError(
                    f"the constant {name!r} is {value!r}; the name of a column and a text, a "
                    "number or a truth value were expected"
                )
        return cls(None if obs is None else BarcodeTable.read(obs), dict(constants or {}))

    @property
    def record(self) -> dict[str, Any]:
        """What the record of a data set keeps: file and checksum of the table, the constants."""
        table = {} if self.table is None else {"obs": self.table.record}
        return {**table, **({"constants": self.constants} if self.constants else {})}

    def join(
        self, obs: pd.DataFrame, cells: Sequence[str], where: Path
    ) -> tuple[pd.DataFrame, list[str]]:
        """Add the columns to a table of cells; also what a user should know.

        Parameters
        ----------
        obs
            The table of the source.
        cells
            Names of its cells, in order.
        where
            The source, for messages.

        Raises
        ------
        CellsError
            If no cell is in the table, or a column that is there says something else.
        """
        notes: list[str] = []
        if self.table is not None:
            found = _matched(self.table, cells, where, notes)
            frame = self.table.columns.take(found).to_pandas(
                types_mapper=_nullable, strings_to_categorical=True
            )
            obs = _added(obs, frame, f"{where} and {self.table.where}")
        if self.constants:
            values = {name: _repeated(value, len(cells)) for name, value in self.constants.items()}
            obs = _added(obs, pd.DataFrame(values), f"{where} and the constants (--set)")
        return obs, notes


def _matched(table: BarcodeTable, cells: Sequence[str], where: Path, notes: list[str]) -> pa.Array:
    """Row of each cell in the table, null where it has none."""
    names = pa.array(cells, pa.string())
    found = pc.index_in(names, value_set=table.barcodes)
    known = len(names) - found.null_count
    if not known:
        raise CellsError(_none_matches(table, names, where))
    if found.null_count:
        example = names.filter(pc.is_null(found))[0].as_py()
        notes.append(
            f"{found.null_count:,} of {len(names):,} cells have no row in {table.where}, for "
            f"example {example!r}: what it says is not known of them"
        )
    if others := len(table.barcodes) - known:
        notes.append(
            f"{others:,} of {len(table.barcodes):,} rows of {table.where} are of cells that "
            f"{where.name} has not"
        )
    return found


def _none_matches(table: BarcodeTable, names: pa.Array, where: Path) -> str:
    """Say that no name is the same, and whether it is the suffix that differs."""
    ours, theirs = names[0].as_py(), table.barcodes[0].as_py()
    bare = [pc.replace_substring_regex(found, _SUFFIX, "") for found in (names, table.barcodes)]
    alike = int(pc.sum(pc.is_in(bare[0], value_set=bare[1])).as_py() or 0)
    advice = "Write the barcodes of the table as the source has them"
    if alike:
        at = pc.index_in(bare[0], value_set=bare[1])
        first = pc.index(pc.is_valid(at), True).as_py()
        ours, theirs = names[first].as_py(), table.barcodes[at[first].as_py()].as_py()
        advice = f"Without the suffix {alike:,} cells are the same. {advice}"
    return (
        f"none of the {len(names):,} cells of {where} is in {table.where}: the source writes "
        f"{ours!r}, the table {theirs!r}. {advice}"
    )


def _nullable(kind: pa.DataType) -> Any:
    """A type of pandas that keeps integers and truth values as such beside missing ones."""
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_integer(kind):
        return pd.UInt64Dtype() if kind == pa.uint64() else pd.Int64Dtype()
    return None


def _repeated(value: Constant, number: int) -> Any:
    if isinstance(value, str):
        return pd.Categorical([value]).repeat(number)
    return np.full(number, value)


def _added(obs: pd.DataFrame, frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Put columns beside those of obs; one that is there already must say the same."""
    known = {str(name): position for position, name in enumerate(obs.columns)}
    for name in [name for name in frame.columns if name in known]:
        _check_same(obs.iloc[:, known[name]], frame[name], where)
    fresh = frame[[name for name in frame.columns if name not in known]]
    return pd.concat([obs, fresh.set_axis(obs.index, axis=0)], axis=1)


def _check_same(ours: pd.Series, theirs: pd.Series, where: str) -> None:
    """Compare a column that both have, where the table says anything."""
    pair = [to_arrow(column)[0] for column in (ours, theirs)]
    numbers = all(pa.types.is_integer(a.type) or pa.types.is_floating(a.type) for a in pair)
    a, b = (column.cast(pa.float64() if numbers else pa.string()) for column in pair)
    differs = pc.and_(pc.is_valid(b), pc.invert(pc.fill_null(pc.equal(a, b), False)))
    if number := pc.sum(differs).as_py():
        at = pc.index(differs, True).as_py()
        raise CellsError(
            f"{where} both have a column {ours.name!r}, and {number:,} cells differ, for example "
            f"{ours.index[at]}: {pair[0][at].as_py()!r} and {pair[1][at].as_py()!r}; rename or "
            "leave out one of them"
        )
