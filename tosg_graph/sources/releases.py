"""Which release of a source the names of its files say."""

from __future__ import annotations

import re
from collections.abc import Callable

from tosg_graph.sources.source import Files


def in_names(pattern: str) -> Callable[[Files], str | None]:
    r"""Read the release out of the names of the files, as it is written there.

    Parameters
    ----------
    pattern
        Regular expression of the release, with what stands around it looked at and not taken
        (``(?<=hetionet-v)[\d.]+``). The first file whose name has it is believed.

    Examples
    --------
    >>> version = in_names(r"(?<=-v)[\d.]+(?=-)")
    >>> version({})
    """

    def version(files: Files) -> str | None:
        found = (re.search(pattern, file.name) for file in files.values())
        return next((release[0] for release in found if release), None)

    return version
