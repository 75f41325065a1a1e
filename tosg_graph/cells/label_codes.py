"""Labels of cells as codes: as narrow as they may be, and mapped from a file if they are many.

The codes of a large store are kept under its folder, by the hash of the store and the column, where
that folder can be written; from then on they are mapped, and every process shares the pages. Memory
while they are made, and where they cannot be kept: 1 byte per cell for up to 127 labels, 2 for up
to 32,767, else 4.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tosg_graph.cells.codes import Words, WordsReader
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError

#: The code of a label that is not known.
UNKNOWN = -1
#: Cells from which on codes are kept in a file.
KEPT_FROM = 1 << 20
_STEP = 1 << 18
_REVISION = 1


@dataclass(frozen=True, eq=False)
class LabelCodes:
    """Codes of labels.

    Parameters
    ----------
    names
        The label values, sorted.
    codes
        int8, int16 or int32 [cells]: place of each cell's label in ``names``, −1 where it is not
        known.
    path
        The file that the codes are mapped from, if they are. Another process that such codes are
        sent to maps the file anew.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[Any] = field(repr=False)
    path: Path | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path is None:
            return LabelCodes, (self.names, np.asarray(self.codes))
        return _mapped, (self.path,)

    def of(self, cells: Any) -> npt.NDArray[np.int64]:
        """Codes of cells by position, int64."""
        found: npt.NDArray[np.int64] = self.codes[cells].astype(np.int64)
        return found

    def sizes(self) -> npt.NDArray[np.int64]:
        """Cells of each label, int64 [labels]."""
        found = np.zeros(len(self.names) + 1, np.int64)
        for first in range(0, len(self.codes), _STEP):
            part = self.codes[first : first + _STEP].astype(np.int64)
            found += np.bincount(part + 1, minlength=len(found))
        return found[1:]


def label_codes_of(store: CellStore, column: str | None) -> LabelCodes:
    """Read the codes of a column of a store's cells; None: no label of any cell is known.

    Raises
    ------
    UsageError
        If the store has no such column.
    """
    if column is None:
        return LabelCodes((), np.full(store.n_cells, UNKNOWN, np.int8))
    store.check_column(column)
    if store.n_cells < KEPT_FROM:
        return _read(store, column)
    path = _path(store, column)
    found = _kept(path, store.n_cells)
    if found is None:
        found = _read(store, column)
        _keep(found, path)
        found = _kept(path, store.n_cells) or found
    return found


def _read(store: CellStore, column: str) -> LabelCodes:
    reader = WordsReader(store.n_cells)
    for table in store.obs_files.pieces([column]):
        reader.add(table.column(column))
    return sorted_codes(reader.finish())


def sorted_codes(words: Words) -> LabelCodes:
    """Number the values that any cell has by their sorted order; takes the array of codes over."""
    values, codes = words.values, words.codes
    used = LabelCodes(values, codes).sizes() > 0
    names = tuple(sorted(v for v, u in zip(values, used, strict=True) if u and v is not None))
    place = {name: number for number, name in enumerate(names)}
    table = np.array([place.get(value, UNKNOWN) for value in values] + [UNKNOWN], codes.dtype)
    for first in range(0, len(codes), _STEP):
        codes[first : first + _STEP] = table[codes[first : first + _STEP]]
    return LabelCodes(names, codes)


def _path(store: CellStore, column: str) -> Path:
    key = f"{_REVISION}|{store.hash}|{column}"
    return store.folder / "labels" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.arrow"


def _mapped(path: Path) -> LabelCodes:
    """Map codes from their file.

    Raises
    ------
    CellsError
        If the file is gone or damaged.
    """
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        about = json.loads(table.schema.metadata[b"tosg"])
        codes = np.asarray(table.column("code").chunk(0))
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, IndexError) as error:
        raise CellsError(f"{path} cannot be read ({error}); make the loader again") from error
    if hashlib.sha256(codes.data).hexdigest() != about["sha256"]:
        raise CellsError(f"{path} is damaged; remove it and make the loader again")
    return LabelCodes(tuple(about["names"]), codes, path)


def _kept(path: Path, n_cells: int) -> LabelCodes | None:
    """Map codes that were kept, unless there are none or they are not whole."""
    with suppress(CellsError):
        found = _mapped(path)
        return found if len(found.codes) == n_cells else None
    return None


def _keep(found: LabelCodes, path: Path) -> None:
    """Write codes beside their place and move them there; a store that is only read is no error."""
    about = {"names": found.names, "sha256": hashlib.sha256(found.codes.data).hexdigest()}
    table = pa.table({"code": pa.array(found.codes)})
    table = table.replace_schema_metadata({"tosg": json.dumps(about)})
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
            fresh = Path(folder) / path.name
            with pa.OSFile(str(fresh), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
            fresh.replace(path)
