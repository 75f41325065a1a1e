"""What the licence of a row allows, and which rows a build for a given use may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tosg_graph.errors import UsageError
from tosg_graph.sources.source import Licence

#: Where nobody has granted anything, rows are kept for academic use only.
UNSPECIFIED = "unspecified"

#: What a use demands of the licence of a row.
USES: Mapping[str, Callable[[Licence], bool]] = {
    "academic": lambda licence: True,
    "commercial": lambda licence: licence.commercial,
    "redistribute": lambda licence: licence.redistribute,
}

_CREATIVE_COMMONS = re.compile(r"(?i)CC[- ]?BY((?:-NC|-SA|-ND)*)[- ]v?(\d\.\d)")
_OPEN = {
    "cc0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "cc0 1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "cc0-1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "odbl 1.0": ("ODbL-1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "odbl-1.0": ("ODbL-1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "mit": ("MIT", "https://opensource.org/license/mit"),
    "apache 2.0": ("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
    "apache-2.0": ("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
}


def check_use(use: str) -> None:
    """Refuse a use that is none.

    Raises
    ------
    UsageError
        If the use is not one of :data:`USES`.
    """
    if use not in USES:
        raise UsageError(f"unknown use {use!r}; known: {', '.join(USES)}")


def terms(written: str | None, own: Licence) -> Licence:
    """Read the licence of a row.

    Parameters
    ----------
    written
        What the row says; None where the licence of its source applies.
    own
        The licence of its source.

    Returns
    -------
    Licence
        With the SPDX id as its name. What is not known allows neither commerce nor passing on.

    Examples
    --------
    >>> own = Licence("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/")
    >>> terms("CC BY-NC 4.0", own).name, terms("CC BY-NC 4.0", own).commercial
    ('CC-BY-NC-4.0', False)
    """
    if written is None or written == own.name:
        return own
    text = " ".join(written.split())
    if known := _OPEN.get(text.lower()):
        return Licence(*known)
    if found := _CREATIVE_COMMONS.fullmatch(text):
        parts, version = found[1].upper(), found[2]
        path = f"by{parts.lower()}/{version}"
        # ND allows passing on what was not changed; a row in a graph is changed.
        return Licence(
            f"CC-BY{parts}-{version}",
            f"https://creativecommons.org/licenses/{path}/",
            redistribute="-ND" not in parts,
            commercial="-NC" not in parts,
        )
    return Licence(text or UNSPECIFIED, "", redistribute=False, commercial=False)
