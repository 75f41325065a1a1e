"""Classes of unequal size: weights for the loss, or more draws of the rare ones in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tosg_graph.errors import UsageError
from tosg_graph.tensors.labels import label_codes
from tosg_graph.tensors.splits import Split
from tosg_graph.tensors.subgraph import Index

_TRAIN = "train"


def class_weights(labels: Sequence[str | None], *, split: Split | None = None) -> dict[str, float]:
    """Weigh each class by n / (k · n_c), so that the classes weigh the same in all.

    Parameters
    ----------
    labels
        Label of each cell; unknown ones are in no class.
    split
        Only its training cells are counted: the sizes of the classes in the test are not known
        beforehand.

    Raises
    ------
    UsageError
        If no label is known.
    """
    codes, names = label_codes(labels)
    if split is not None:
        codes = codes[split.cells(_TRAIN)]
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    present = np.flatnonzero(sizes)
    if not len(present):
        raise UsageError("no cell has a known label; there is nothing to weigh")
    total = int(sizes.sum())
    return {names[c]: total / (len(present) * int(sizes[c])) for c in present}


def upsampled(labels: Sequence[str | None], split: Split, *, seed: int = 0) -> Index:
    """Training cells, those of the smaller classes several times, so that classes are equal.

    Every training cell with a known label is there once; the rest are seeded draws with
    replacement from the same class. Cells of any other part never are.

    Returns
    -------
    numpy.ndarray
        Positions, int64, in a seeded order.
    """
    codes, names = label_codes(labels)
    training = split.cells(_TRAIN)
    rng = np.random.default_rng(seed)
    of_class = [training[codes[training] == code] for code in range(len(names))]
    most = max((len(cells) for cells in of_class), default=0)
    drawn = [
        np.concatenate([cells, rng.choice(cells, most - len(cells))])
        for cells in of_class
        if len(cells)
    ]
    if not drawn:
        raise UsageError("no training cell has a known label; there is nothing to draw")
    return rng.permutation(np.concatenate(drawn))
