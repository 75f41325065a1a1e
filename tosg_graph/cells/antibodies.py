"""Names of antibodies → the genes that their targets are products of.

An antibody has no identifier: its name is what a panel called it, such as ``B7-H1 (PD-L1)``,
``anti-human CD3`` or ``TCRb``. Each name in it is looked up among the symbols, former symbols and
synonyms of genes: as written, then without regard to case, then without regard to punctuation. The
names of one antibody that are known must agree, and none of them may be ambiguous.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.build.tables import Build

#: The kinds of alias that an antibody's name may be, strongest first.
_KINDS = ("symbol", "previous", "synonym")

_GREEK = str.maketrans(
    {"α": "a", "β": "b", "γ": "g", "δ": "d", "ε": "e", "κ": "k", "λ": "l", "Β": "B"}
)
_ISOTYPE = re.compile(
    r"""^(?:(?:mouse|rat|armenian\ hamster|hamster|rabbit|goat)[\s_-]+)?
        (?:IgG\d?[abc]?)(?:[\s,_-]*(?:kappa|lambda|k|l))?$""",
    re.VERBOSE | re.IGNORECASE,
)
_CONTROL_WORD = re.compile(r"isotype|\bctrl\b|\bcontrol\b", re.IGNORECASE)
_PREFIX = re.compile(
    r"^(?:anti[\s_-]+(?:(?:human|mouse)[\s_-]+)*|(?:ADT|prot)[_:-]+)", re.IGNORECASE
)
_SUFFIX = re.compile(r"[\s_-]+(?:TotalSeq[ABC]?|ADT|prot|protein|antibody)$", re.IGNORECASE)
_BRACKETS = re.compile(r"^(?P<outer>[^()]+?)\s*\((?P<inner>[^()]+)\)$")


@dataclass(frozen=True, slots=True)
class Target:
    """What an antibody's name stands for.

    Parameters
    ----------
    kind
        ``symbol``, ``previous``, ``synonym``, ``ambiguous``, ``control`` or ``unmapped``.
    genes
        Ids of the gene, of all candidates where ambiguous, or nothing.
    """

    kind: str
    genes: tuple[str, ...] = ()


def is_control(name: str) -> bool:
    """Whether an antibody binds no target: an isotype control, such as ``IgG1``.

    ``IgM`` and ``IgD`` alone are not: B cells carry them.
    """
    return bool(_ISOTYPE.match(name.strip()) or _CONTROL_WORD.search(name))


def names_of(antibody: str) -> list[str]:
    """Take an antibody's name apart into the names that it is made of, in order.

    Examples
    --------
    >>> names_of("B7-H1 (PD-L1)")
    ['B7-H1', 'PD-L1']
    >>> names_of("anti-human CD3_TotalSeqB")
    ['CD3']
    """
    bare = unicodedata.normalize("NFKC", antibody).strip()
    bare = _SUFFIX.sub("", _PREFIX.sub("", bare)).strip()
    brackets = _BRACKETS.match(bare)
    parts = [brackets["outer"], brackets["inner"]] if brackets else [bare]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


class AntibodyNames:
    """The names under which genes are known, ready to be asked for an antibody's.

    Parameters
    ----------
    aliases
        Columns ``alias``, ``kind`` and ``id``: symbols and names of genes.
    """

    def __init__(self, aliases: pa.Table) -> None:
        self._levels: tuple[dict[str, dict[str, set[str]]], ...] = tuple(
            defaultdict(lambda: defaultdict(set)) for _ in range(3)
        )
        columns = (aliases.column(name).to_pylist() for name in ("alias", "kind", "id"))
        for alias, kind, gene in zip(*columns, strict=True):
            for level, form in zip(self._levels, _forms(alias), strict=True):
                level[form][kind].add(gene)

    @classmethod
    def of(cls, build: Build) -> AntibodyNames:
        """Read the names of genes from a build."""
        aliases = build.table("aliases", ["alias", "namespace", "kind", "label", "id"])
        mask = pc.and_(
            pc.equal(aliases["label"], "Gene"),
            pc.and_(
                pc.is_null(aliases["namespace"]),
                pc.is_in(aliases["kind"], value_set=pa.array(_KINDS)),
            ),
        )
        return cls(aliases.filter(mask))

    def target(self, antibody: str) -> Target:
        """Find what an antibody's name stands for."""
        if is_control(antibody):
            return Target("control")
        found = [target for name in names_of(antibody) if (target := self._find(name))]
        genes = {gene for target in found for gene in target.genes}
        if not found:
            return Target("unmapped")
        if len(genes) > 1:
            return Target("ambiguous", tuple(sorted(genes)))
        return min(found, key=lambda target: _KINDS.index(target.kind))

    def _find(self, name: str) -> Target | None:
        for level, form in zip(self._levels, _forms(name), strict=True):
            kinds = level.get(form, {})
            for kind in _KINDS:
                if genes := kinds.get(kind):
                    return Target(kind, tuple(sorted(genes)))
        return None


def _forms(name: str) -> Iterator[str]:
    """Yield a name as written, without case, and without punctuation; Greek as Latin."""
    yield name
    folded = name.translate(_GREEK).casefold()
    yield folded
    yield re.sub(r"[^a-z0-9]", "", folded)
