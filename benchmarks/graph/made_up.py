"""Names, texts and skewed ends of a synthetic graph, and how its tables are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

_SKEW = 2.2
_WORDS = np.array(
    [
        "kinase",
        "receptor",
        "binds",
        "signal",
        "membrane",
        "factor",
        "nuclear",
        "domain",
        "cell",
        "growth",
        "pathway",
        "surface",
        "transcription",
        "response",
        "stress",
        "repair",
        "active",
        "site",
        "subunit",
        "complex",
        "ligand",
    ]
)


def numbered(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    """Texts such as ``ENSG00000000017``."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def symbols(numbers: np.ndarray) -> pa.Array:
    """Symbols of genes."""
    return pc.binary_join_element_wise("GEN", pa.array(numbers).cast(pa.string()), "")


def accessions(numbers: np.ndarray) -> pa.Array:
    """Accessions of ten characters, in the form that UniProt gives since 2014."""
    digits = numbered("", numbers, 6)
    first, last = (pc.utf8_slice_codeunits(digits, i, i + 3) for i in (0, 3))
    return pc.binary_join_element_wise("A0A", first, "A", last, "")


def texts(rng: np.random.Generator, n: int, words: int) -> pa.Array:
    """Sentences of so many words."""
    parts = [pa.array(_WORDS[rng.integers(0, len(_WORDS), n)]) for _ in range(words)]
    return pc.binary_join_element_wise(*parts, " ")


def skewed(rng: np.random.Generator, n: int, size: int) -> np.ndarray:
    """Numbers below ``n``, the low ones far more often than the others."""
    return (n * rng.random(size) ** _SKEW).astype(int)


def pairs(rng: np.random.Generator, n: int, most: int, *, ordered: bool) -> np.ndarray:
    """Distinct pairs of different numbers below ``n``, with skewed degrees; shape [pairs, 2]."""
    most = min(most, n * (n - 1) // (2 if not ordered else 1) // 2)
    places = rng.permutation(n)
    found = np.empty(0, dtype=np.int64)
    while len(found) < most:
        draw = int((most - len(found)) * 1.3) + 1000
        a, b = places[skewed(rng, n, 2 * draw).reshape(2, draw)]
        if not ordered:
            a, b = np.minimum(a, b), np.maximum(a, b)
        found = np.unique(np.concatenate([found, (a * n + b)[a != b]]))
    keep = rng.permutation(found)[:most]
    return np.stack([keep // n, keep % n], axis=1)


def table(
    path: Path, columns: dict[str, pa.Array], *, header: bool = True, delimiter: str = "\t"
) -> None:
    """Write columns of text."""
    options = pcsv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style="none")
    with path.open("wb") as out:
        if header:
            out.write((delimiter.join(columns) + "\n").encode())
        pcsv.write_csv(pa.table(columns), out, options)
