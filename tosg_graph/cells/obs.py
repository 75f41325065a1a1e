"""The table of cells: what a file says of each, in columns of one type each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.codes import Words, as_words, joint_codes, nothing_known
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    from tosg_graph.cells.labels import LabelTerm

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())

#: What data sets write where something is not known, folded.
_UNKNOWN = frozenset(
    {"", "nan", "na", "n/a", "none", "null", "unknown", "unassigned", "not available"}
)

#: What CELLxGENE writes for a donor where several people were not told apart, folded.
_POOLED = "pooled"


def total_names(modality: str) -> tuple[str, str]:
    """Names of the columns with the sum of a cell's values and its number of features."""
    prefix = "" if modality == "rna" else f"{modality}_"
    return f"{prefix}total_count", f"{prefix}n_features"


def ontology_column(label: str) -> str:
    """Name of the column with the ontology ids of a label column."""
    return f"{label}_ontology_id"


def check_column(obs: pd.DataFrame, name: str, where: Path, what: str) -> None:
    """Check that the cells have a column.

    Raises
    ------
    UsageError
        Naming the columns that there are, and the one that was perhaps meant.
    """
    if name in obs.columns:
        return
    known = [str(column) for column in obs.columns]
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    advice = f"Add columns from a table (--obs TABLE), or one value for all (--set {name}=VALUE)"
    listed = ", ".join(known) or "none"
    raise UsageError(
        f"{where}: obs has no column {name!r} for the {what}{hint} Columns: {listed}. {advice}"
    )


class ObsTable:
    """Collects columns of the table of cells; the first of a name wins, others are renamed.

    Parameters
    ----------
    cells
        Names of the cells.
    reserved
        Names that the store itself gives to columns.
    """

    def __init__(self, cells: Sequence[str], reserved: Iterable[str]) -> None:
        self._columns: dict[str, pa.Array] = {"cell_id": pa.array(cells, pa.string())}
        self._reserved = {*reserved, "cell_id"}
        self._kept: dict[str, str] = {}
        self.warnings: list[str] = []

    def add_frame(self, obs: pd.DataFrame, *, as_text: Iterable[str] = ()) -> None:
        """Add the columns of the file; those in ``as_text`` as strings whatever they hold."""
        text = set(as_text)
        for position, name in enumerate(map(str, obs.columns)):
            kept = name
            while kept in self._reserved or kept in self._columns:
                kept = f"source_{kept}"
            if kept != name:
                self.warnings.append(
                    f"obs column {name!r} is kept as {kept!r}: the store has its own"
                )
            array, warning = to_arrow(obs.iloc[:, position], as_text=name in text)
            self._columns[kept] = array
            self._kept[name] = kept
            if warning:
                self.warnings.append(f"obs column {name!r} {warning}")

    def kept_as(self, name: str) -> str:
        """Under which name a column of the file is kept; one that it has not keeps its name."""
        return self._kept.get(name, name)

    def add_terms(self, label: str, name: str, terms: Sequence[LabelTerm]) -> None:
        """Add a column with the ontology ids of the label column."""
        ids = {term.label: term.ontology_id for term in terms}
        labels = self._columns[label]
        said = [ids.get(value) for value in labels.dictionary.to_pylist()]
        self.add_strings(name, as_dictionary(said, labels.indices))

    def add_strings(self, name: str, column: pa.DictionaryArray) -> None:
        """Add a column of strings, dictionary-encoded."""
        self._columns[name] = column

    def add_numbers(self, name: str, values: np.ndarray[Any, np.dtype[Any]]) -> None:
        """Add a column of numbers."""
        self._columns[name] = pa.array(values)

    def labels(self, name: str) -> list[str]:
        """Distinct values of a text column, sorted."""
        return sorted(set(self._columns[name].unique().to_pylist()) - {None})

    def table(self) -> pa.Table:
        """Put the columns together."""
        return pa.table(self._columns)


def to_arrow(values: pd.Series, *, as_text: bool = False) -> tuple[pa.Array, str | None]:
    """One column in one type: strings (dictionary-encoded), numbers or booleans.

    Missing values and empty strings are null. A column of several types becomes strings. Categories
    and columns of one type are never looked at cell by cell.

    Returns
    -------
    tuple
        The column, and what had to be done to it, if anything.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _by_category(values, as_text)
    plain = _of_one_type(values)
    if plain is not None and (pa.types.is_dictionary(plain.type) or not as_text):
        return plain, None
    if values.dtype == object:
        return _item_by_item(values, as_text)
    codes, distinct = pd.factorize(values)
    column, warning = _item_by_item(pd.Series(distinct), as_text)
    return _taken(column, codes), warning


def _by_category(values: pd.Series, as_text: bool) -> tuple[pa.Array, str | None]:
    used = values.cat.remove_unused_categories().cat
    if not len(used.categories):
        return pa.nulls(len(values), _DICTIONARY), None
    column, warning = to_arrow(pd.Series(used.categories), as_text=as_text)
    return _taken(column, used.codes.to_numpy()), warning


def _taken(column: pa.Array, codes: np.ndarray[Any, np.dtype[Any]]) -> pa.Array:
    """The value of each code; null where the code is -1."""
    return column.take(pa.array(codes, mask=codes < 0))


def _of_one_type(values: pd.Series) -> pa.Array | None:
    """The column as Arrow reads it, if that is text, numbers or booleans."""
    try:
        column = pa.chunked_array(pa.array(values, from_pandas=True))
        if pa.types.is_null(column.type):
            return pa.nulls(len(values), _DICTIONARY)
        if pa.types.is_boolean(column.type):
            return column.combine_chunks()
        if pa.types.is_integer(column.type):
            return column.cast(pa.int64()).combine_chunks()
        if pa.types.is_floating(column.type):
            return column.cast(pa.float64()).combine_chunks()
    except (pa.ArrowException, OverflowError):  # several types, or numbers that are too large
        return None
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    if pc.any(blank).as_py():
        column = pc.if_else(blank, pa.scalar(None, column.type), column)
    return column.dictionary_encode().combine_chunks().cast(_DICTIONARY)


def _item_by_item(values: pd.Series, as_text: bool) -> tuple[pa.Array, str | None]:
    """A column of several types, of none that Arrow knows, or whose numbers are to be text."""
    items = [None if _missing(item) else item for item in values.astype(object)]
    kinds = {_kind(item) for item in items if item is not None}
    if not as_text:
        if kinds == {"boolean"}:
            return pa.array([None if i is None else bool(i) for i in items], pa.bool_()), None
        if kinds == {"integer"}:
            return _integers(items)
        if kinds and kinds <= {"integer", "float"}:
            return pa.array([None if i is None else float(i) for i in items], pa.float64()), None
    texts = [None if item is None else _text(item) for item in items]
    column = pa.array(texts, pa.string()).dictionary_encode().cast(_DICTIONARY)
    if len(kinds) > 1:
        return column, f"holds {' and '.join(sorted(kinds))} values; it is kept as text"
    odd = kinds - {"text", "boolean", "integer", "float"}
    return column, f"holds {odd.pop()} values; it is kept as text" if odd else None


def _missing(item: Any) -> bool:
    return not item.strip() if isinstance(item, str) else bool(np.any(pd.isna(item)))


def _integers(items: Sequence[Any]) -> tuple[pa.Array, str | None]:
    try:
        return pa.array([None if i is None else int(i) for i in items], pa.int64()), None
    except OverflowError:
        texts = [None if i is None else str(i) for i in items]
        return pa.array(texts).dictionary_encode(), "holds integers of over 64 bits; kept as text"


def _kind(item: object) -> str:
    if isinstance(item, str):
        return "text"
    if isinstance(item, (bool, np.bool_)):
        return "boolean"
    if isinstance(item, (int, np.integer)):
        return "integer"
    if isinstance(item, (float, np.floating)):
        return "float"
    return type(item).__name__


def _text(item: object) -> str:
    return item.isoformat() if isinstance(item, pd.Timestamp) else str(item)


def as_dictionary(values: Sequence[str | None], places: pa.Array) -> pa.DictionaryArray:
    """A column of strings, from few values and the place of each cell's among them."""
    return pa.array(values, pa.string()).dictionary_encode().take(places).cast(_DICTIONARY)


def donor_ids(
    obs: pd.DataFrame, donor: str | None, *, source: str, dataset: str | None
) -> pa.DictionaryArray:
    """Compose ``source/dataset/donor``; null where the donor is not known.

    Two studies may both have a donor 1, and so may two files: the id keeps them apart. ``pooled``
    is no donor: such cells are of several people, nobody knows which of whom.

    Parameters
    ----------
    donor
        Column of the donor; None: no donor is known.
    source
        What the file is called as a data set of the store; no two have one name.
    dataset
        Column of the study; where it is None or says nothing, ``source`` stands for it.
    """
    if donor is None:
        return pa.nulls(len(obs), _DICTIONARY)
    studies = nothing_known(len(obs)) if dataset is None else _words(obs[dataset])
    pairs, places = joint_codes([studies, _words(obs[donor])])
    names = [
        None if _nobody(who) else f"{source}/{source if is_unknown(part) else part}/{who}"
        for part, who in pairs
    ]
    return as_dictionary(names, pa.array(places))


def _words(values: pd.Series) -> Words:
    return as_words(pa.chunked_array(to_arrow(values, as_text=True)[0]))


def _nobody(who: object) -> bool:
    return is_unknown(who) or str(who).strip().casefold() == _POOLED


def is_unknown(value: object) -> bool:
    """Whether a value says that nothing is known: null, empty, ``unknown`` or ``NA``."""
    return _missing(value) or str(value).strip().casefold() in _UNKNOWN


def paired_terms(obs: pd.DataFrame, label: str) -> Mapping[str, str]:
    """Label → CURIE where the file has ``<label>_ontology_term_id`` and pairs them one to one."""
    column = f"{label}_ontology_term_id"
    if column not in obs.columns:
        return {}
    pairs = obs[[label, column]].drop_duplicates().dropna().astype(str).drop_duplicates()
    once = pairs[~pairs[label].duplicated(keep=False) & pairs[column].str.contains(":")]
    return dict(zip(once[label], once[column], strict=True))
