"""Retired identifiers: where each of them leads, over others that were retired later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping


def ends(
    old: str, into: Mapping[str, Collection[str]], is_current: Callable[[str], bool]
) -> set[str]:
    """Follow a retired identifier to the current ones that it leads to.

    Parameters
    ----------
    old
        The retired identifier.
    into
        What each retired identifier went into; several where it was split.
    is_current
        Whether an identifier is in use.

    Returns
    -------
    set of str
        Empty where it leads nowhere, or in a circle; several where it was split.

    Examples
    --------
    >>> ends("a", {"a": ["b"], "b": ["c"]}, {"c"}.__contains__)
    {'c'}
    """
    seen, ahead, found = {old}, list(into.get(old, ())), set()
    while ahead:
        new = ahead.pop()
        if is_current(new):
            found.add(new)
        elif new not in seen:
            seen.add(new)
            ahead += into.get(new, ())
    return found
