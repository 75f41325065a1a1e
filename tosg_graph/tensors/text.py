"""Texts of nodes as vectors.

An embedder is any callable from texts to an array with one row per text; :class:`TfidfSvd` is the
one that needs no network and no model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.subgraph import Subgraph

DEFAULT_DIMS = 64
_WORD = r"(?u)\b\w+\b"
_POWER_ITERATIONS = 5


class Embedder(Protocol):
    """Anything that turns n texts into an array [n, d] of numbers."""

    def __call__(self, texts: Sequence[str], /) -> npt.NDArray[Any]:
        """Return one row per text, in the order of the texts."""
        ...


@dataclass(frozen=True)
class TfidfSvd:
    """Term frequencies (TF-IDF), projected on their leading singular vectors.

    The vectors are fitted to the texts that they describe: those of two calls are comparable only
    if the texts were the same. The same texts, dims and seed give the same bytes on one machine.

    Parameters
    ----------
    dims
        Length of a vector. Where the texts have fewer independent terms, the rest is zero.
    seed
        Seed of the randomised decomposition.
    """

    dims: int = DEFAULT_DIMS
    seed: int = 0

    def __call__(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return float32 [n, dims].

        Raises
        ------
        UsageError
            If ``dims`` is below 1.
        MissingExtra
            If scikit-learn is not installed.
        """
        if self.dims < 1:
            raise UsageError(f"dims={self.dims} found, a number from 1 up expected")
        vectors = np.zeros((len(texts), self.dims), dtype=np.float32)
        if any(re.search(_WORD, text) for text in texts):
            found = self._project(texts)
            vectors[:, : found.shape[1]] = found
        return vectors

    def _project(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        extraction = require("sklearn.feature_extraction.text")
        linear = require("sklearn.utils.extmath")
        terms = extraction.TfidfVectorizer(sublinear_tf=True, token_pattern=_WORD)
        # One thread: the order of a sum, and with it the last bit, must not hang on their number.
        with require("threadpoolctl").threadpool_limits(1):
            weights = terms.fit_transform(texts)
            rank = min(self.dims, *weights.shape)
            left, scale, right = linear.randomized_svd(
                weights, rank, n_iter=_POWER_ITERATIONS, random_state=self.seed
            )
        return np.asarray(left * scale * _signs(right))


def _signs(components: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return +1 or −1 per component: with it, the largest loading is positive."""
    largest = np.abs(components).argmax(axis=1)
    return np.where(components[np.arange(len(components)), largest] < 0, -1.0, 1.0)


def node_texts(build: Build, subgraph: Subgraph) -> dict[str, list[str]]:
    """Per label, the text of each node in order; without text its name, without both ""."""
    texts = {}
    for label in subgraph.labels:
        table = build.nodes(label, ["id", "text", "name"])
        rows = pc.index_in(subgraph.nodes[label]["id"], value_set=table["id"].combine_chunks())
        text = pc.coalesce(table["text"], table["name"], "")
        texts[label] = text.take(rows).to_pylist()
    return texts


def text_vectors(
    build: Build, subgraph: Subgraph, *, embedder: Embedder | None = None
) -> dict[str, npt.NDArray[np.float32]]:
    """Vectors of the texts of all nodes of a subgraph, in one space for all labels.

    Parameters
    ----------
    build
        The build that the subgraph was taken from.
    subgraph
        The nodes.
    embedder
        Turns texts into vectors; None stands for ``TfidfSvd()``.

    Returns
    -------
    dict
        Per label, float32 [N, d]. A node without text and name has the zero vector.

    Raises
    ------
    UsageError
        If the subgraph is of another build, or the embedder does not return one vector per text.
    MissingExtra
        If the default embedder is wanted and scikit-learn is not installed.
    """
    if build.id != subgraph.build_id:
        raise UsageError(
            f"the subgraph was taken from the build {subgraph.build_id}, not from {build.id}"
        )
    by_label = node_texts(build, subgraph)
    flat = [text for texts in by_label.values() for text in texts]
    vectors = _embed(flat, TfidfSvd() if embedder is None else embedder)
    return _split(vectors, {label: len(texts) for label, texts in by_label.items()})


def _embed(texts: Sequence[str], embedder: Embedder) -> npt.NDArray[np.float32]:
    """Embed the texts that say something; the others are zero."""
    spoken = np.array([bool(text.strip()) for text in texts])
    wanted = [text for text, keep in zip(texts, spoken, strict=True) if keep]
    found = np.asarray(embedder(wanted), dtype=np.float32)
    if found.ndim != 2 or len(found) != len(wanted):
        raise UsageError(
            f"the embedder returned an array of shape {found.shape} for {len(wanted)} texts; "
            "expected one row per text"
        )
    vectors = np.zeros((len(texts), found.shape[1]), dtype=np.float32)
    vectors[spoken] = found
    return vectors


def _split(
    vectors: npt.NDArray[np.float32], lengths: Mapping[str, int]
) -> dict[str, npt.NDArray[np.float32]]:
    ends = np.cumsum(list(lengths.values()))[:-1]
    return dict(zip(lengths, np.split(vectors, ends), strict=True))


def vectors_of_texts(
    build: Build, *, embedder: Embedder | None = None
) -> dict[str, tuple[list[str], npt.NDArray[np.float32]]]:
    """Vectors of the texts of a whole build, in one space; memory is that of all its texts.

    Parameters
    ----------
    build
        The build. A node without ``text`` has no vector, a label without any is left out.
    embedder
        Turns texts into vectors; None stands for ``TfidfSvd()``.

    Returns
    -------
    dict
        Per label, ids [n] in the order of the build, and float32 [n, d].

    Raises
    ------
    UsageError
        If the embedder does not return one vector per text.
    MissingExtra
        If the default embedder is wanted and scikit-learn is not installed.
    """
    ids, flat = {}, []
    for label in build.labels:
        table = build.nodes(label, ["id", "text"])
        table = table.filter(pc.is_valid(table["text"]))
        if table.num_rows:
            ids[label] = table["id"].to_pylist()
            flat += table["text"].to_pylist()
    if not flat:
        return {}
    vectors = _embed(flat, TfidfSvd() if embedder is None else embedder)
    rows = _split(vectors, {label: len(names) for label, names in ids.items()})
    return {label: (names, rows[label]) for label, names in ids.items()}
