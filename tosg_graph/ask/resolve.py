"""What an identifier or a name becomes in a build, and why.

Three looks, in this order: by the rules of the build, as a loader's reference would be read · as a
name written otherwise (case, hyphens, spaces, Greek letters), as a question would be read · names
that hold the text or are written much like it, as candidates only, unless the text has the form of
an identifier: one identifier says nothing of another that looks like it. A later look is taken
only where the earlier found nothing: it says what a person may have meant, and changes nothing of
what a build does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tosg_graph.ask.index import Alias, NearMiss
from tosg_graph.ask.link import Linker
from tosg_graph.ask.nodes import NodeName
from tosg_graph.ask.normalise import GREEK, fold, key, plain
from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.schema import LABEL
from tosg_graph.sources.accessions import UNIPROT

COLUMNS = ("text", "label", "id", "name", "found as", "candidates", "why")
Row = tuple[str, str | None, str | None, str | None, str, list[str] | None, str]

_ACCESSION = re.compile(rf"{UNIPROT}(-\d+)?")
_ENSEMBL = re.compile(r"ENS[GTP]\d{11}(\.\d+)?")
_CURIE = re.compile(r"[A-Za-z][\w.]*:\S+")
_NUMBER = re.compile(r"\d+")
_DRUGBANK = re.compile(r"DB\d{5}")
_REFSEQ = re.compile(r"[NX][CGMPRTW]_\d+(\.\d+)?")
_PREFIXES = tuple(f"{prefix}:" for label in LABEL.values() for prefix in label.prefixes)
_VERSION = re.compile(r"(?<=\d)\.(\d+)(?:_PAR_Y)?$")
_ISOFORM = re.compile(r"-(\d+)$")
_CHAIN = re.compile(r"[-:](PRO_\d+)$")
_GREEK_WORD = re.compile("|".join(sorted(set(GREEK.values()), key=len, reverse=True)))
_GREEK_LETTER = re.compile("|".join({*GREEK, *(letter.upper() for letter in GREEK)}))

_KINDS = {
    "id": "the id",
    "symbol": "approved symbol",
    "name": "name",
    "previous": "previous symbol or name",
    "synonym": "synonym",
}
_CROSSED = {"Protein": "canonical product of its gene", "Gene": "gene of its protein"}
#: Names listed in a sentence at most.
_LISTED = 5
#: A text that is shorter is part of too many names.
_LEAST_PART = 4


def resolve(
    build: Build, linker: Linker, texts: Sequence[str], *, label: str | None = None
) -> list[Row]:
    """Say what each text becomes in the build, and why.

    Parameters
    ----------
    linker
        Knows the names of the build.
    texts
        Identifiers or names: a CURIE, an Ensembl id, a UniProt accession, a symbol, a name.
    label
        Look among the nodes of this label only.

    Returns
    -------
    list of tuple
        :data:`COLUMNS`, one row per text and label that knows it, or one row without a label.
        ``found as`` is a kind of name, ``ambiguous``, ``no_product``, ``near`` (only candidates
        that are written much like it) or ``unmapped``; ``candidates`` are ids.

    Raises
    ------
    UsageError
        If there is no such label.
    """
    if label is not None and label not in LABEL:
        raise UsageError(f"unknown label {label!r}; known: {', '.join(LABEL)}")
    labels = [label] if label else list(LABEL)
    found = _by_the_rules(build, linker, texts, labels)
    rows: list[Row] = []
    for text in texts:
        rows += (
            found[text]
            or _otherwise_written(linker, text, labels)
            or [_near(linker, text, labels, label)]
        )
    return rows


# ---- as a loader's reference -----------------------------------------------------------------


def _by_the_rules(
    build: Build, linker: Linker, texts: Sequence[str], labels: Sequence[str]
) -> dict[str, list[Row]]:
    resolver = Resolver.of(build)
    references = [_reference(text) for text in texts]
    found: dict[str, list[Row]] = {text: [] for text in texts}
    for label in labels:
        answers = resolver.resolve(references, label=label).to_pylist()
        for text, reference, answer in zip(texts, references, answers, strict=True):
            row = _row_of(_Found(linker, text, reference, label, **answer))
            if answer["kind"] != "unmapped" and row not in found[text]:
                found[text].append(row)
    return found


def _reference(text: str) -> str:
    """Give a text the namespace that its form tells; a name is looked for among all names."""
    text = text.strip()
    if _ENSEMBL.fullmatch(text):
        return f"ENSEMBL:{text}"
    if _ACCESSION.fullmatch(text):
        return f"UniProtKB:{text}"
    if _NUMBER.fullmatch(text):
        return f"NCBIGene:{text}"
    return text if _CURIE.fullmatch(text) else f"name:{text}"


def _is_identifier(text: str) -> bool:
    """Whether a text has the form of an identifier, and so is no misspelt name."""
    text = text.strip()
    forms = (_ENSEMBL, _ACCESSION, _NUMBER, _DRUGBANK, _REFSEQ)
    return any(form.fullmatch(text) for form in forms) or text.startswith(_PREFIXES)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the rules of the build made of a reference."""

    linker: Linker
    text: str
    reference: str
    label: str
    value: str
    id: str | None
    kind: str
    candidates: list[str] | None

    @property
    def names(self) -> list[NodeName]:
        ids = [self.id] if self.id else self.candidates or []
        return [self.linker.names.get(i, self.label) for i in ids]


def _row_of(found: _Found) -> Row:
    name = found.names[0].name if found.id else None
    why = _why(found) if found.kind != "unmapped" else ""
    return (found.text, found.label, found.id, name, found.kind, found.candidates, why)


def _why(found: _Found) -> str:
    shown = _listed(found.names)
    if found.kind == "ambiguous":
        return f"ambiguous: a name of {shown}; give the id of one"
    if found.kind == "no_product":
        genes = _listed([found.linker.names.get(i, "Gene") for i in found.candidates or []])
        return f"names the gene {genes}, which has no protein in this graph"
    prefix, _, written = found.reference.partition(":")
    if prefix in ("name", "symbol"):
        return _KINDS[found.kind] + f" of {shown}"
    return _why_of_id(found, prefix, written, shown)


def _why_of_id(found: _Found, prefix: str, written: str, shown: str) -> str:
    bare, stripped = _bare(found.linker, prefix, written)
    said = ["read as an id of NCBI Gene"] if _NUMBER.fullmatch(found.text.strip()) else []
    said += [stripped] if stripped else []
    curie = f"{prefix}:{bare}"
    if curie == found.id:
        said.append(f"the id of {shown}")
    elif found.label in _CROSSED and _crosses(found, prefix):
        said.append(f"{shown} is the {_CROSSED[found.label]}")
    elif prefix == found.names[0].id.partition(":")[0]:
        said.append(f"{'secondary accession' if prefix == 'UniProtKB' else 'former id'} of {shown}")
    else:
        said.append(f"cross-reference of {shown}")
    return "; ".join(said)


def _crosses(found: _Found, prefix: str) -> bool:
    """Whether the identifier is one of the other of gene and protein."""
    other = "Gene" if found.label == "Protein" else "Protein"
    known = {alias.label for alias in found.linker.index.find(key(found.reference))}
    bare = found.linker.index.find(key(_stripped(prefix, found.reference)))
    known |= {alias.label for alias in bare}
    return other in known and found.label not in known


def _bare(linker: Linker, prefix: str, written: str) -> tuple[str, str | None]:
    """Drop a version or an isoform, unless the build knows the identifier as written."""
    if any(a.alias == written and a.namespace == prefix for a in linker.index.find(key(written))):
        return written, None
    bare = _stripped(prefix, written)
    if bare == written:
        return written, None
    rest = written[len(bare) :]
    if prefix == "UniProtKB" and (found := _ISOFORM.fullmatch(rest)):
        return bare, f"isoform {found[1]} of {bare}, read as the protein"
    if prefix == "UniProtKB" and (found := _CHAIN.fullmatch(rest)):
        return bare, f"chain {found[1]} of {bare}, read as the protein"
    return bare, f"version suffix {rest} stripped"


def _stripped(prefix: str, written: str) -> str:
    if prefix == "UniProtKB":
        return _CHAIN.sub("", _ISOFORM.sub("", _VERSION.sub("", written)))
    return _VERSION.sub("", written) if prefix in ("ENSEMBL", "RefSeq") else written


# ---- as a name written otherwise -------------------------------------------------------------


def _otherwise_written(linker: Linker, text: str, labels: Sequence[str]) -> list[Row]:
    aliases = linker.lookup(text)
    rows: list[Row] = []
    for label in labels:
        found = linker.resolve(plain(text), aliases, [label])
        if found.candidates:
            ids = [c.id for c in found.candidates]
            named = [linker.names.get(i, label) for i in ids]
            why = f"ambiguous: a name of {_listed(named)}; give the id of one"
            rows.append((text, label, None, None, "ambiguous", ids, why))
        for node in found.nodes:
            alias = _alias_of(linker, node, aliases)
            why = _why_otherwise(text, node, alias)
            rows.append((text, label, node.id, node.name, alias.kind, None, why))
    return rows


def _why_otherwise(text: str, node: NodeName, alias: Alias) -> str:
    written = alias.alias if alias.namespace is None else f"{alias.namespace}:{alias.alias}"
    if alias.alias == plain(text):
        kind = "cross-reference" if alias.kind == "xref" else _KINDS[alias.kind]
        return f"{kind} of {node.short}; read as {written!r}"
    return f"{_KINDS.get(alias.kind, 'id')} of {node.short}; {_difference(text, alias.alias)}"


def _alias_of(linker: Linker, node: NodeName, aliases: Sequence[Alias]) -> Alias:
    """Find the name by which a node was found: its own, else that of its gene or its protein."""
    related = {node.id, *linker.names.genes(node.id), *linker.names.products(node.id)}
    own = [alias for alias in aliases if alias.id == node.id]
    return (own or [alias for alias in aliases if alias.id in related] or list(aliases))[0]


def _difference(text: str, alias: str) -> str:
    """Say in which way a text is another writing of an alias."""
    if bool(_GREEK_LETTER.search(text)) != bool(_GREEK_LETTER.search(alias)):
        if _GREEK_WORD.search(fold(alias)):
            return f"Greek letter spelt out: {alias!r}"
        return f"Greek letter for a Latin one: {alias!r}"
    if key(text) != key(alias):
        return f"read as {alias!r}"
    if plain(text).casefold() == plain(alias).casefold():
        return f"written {alias!r}; case aside"
    return f"written {alias!r}; hyphens, spaces and case aside"


# ---- candidates ------------------------------------------------------------------------------


def _near(linker: Linker, text: str, labels: Sequence[str], label: str | None) -> Row:
    if _is_identifier(text):
        why = "has the form of an identifier, and the graph knows none that is equal"
        return (text, label, None, None, "unmapped", None, why)
    holding = linker.index.holding(text, labels, limit=_LISTED) if _may_be_part(text) else []
    near = holding or linker.near_misses(text, labels)
    wanted = [miss for miss in near if miss.label in labels]
    if not wanted:
        return (text, label, None, None, "unmapped", None, "no name or identifier like it")
    how = "part of" if holding else "written much like"
    shown = ", ".join(f"{m.alias} ({_short(linker, m)})" for m in wanted)
    ids = list(dict.fromkeys(miss.id for miss in wanted))
    return (text, label, None, None, "near", ids, f"not known; {how} {shown}")


def _may_be_part(text: str) -> bool:
    return len(key(text)) >= _LEAST_PART


def _short(linker: Linker, miss: NearMiss) -> str:
    return linker.names.get(miss.id, miss.label).short


def _listed(names: Sequence[NodeName]) -> str:
    shown = list(dict.fromkeys(name.short for name in names))
    more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    return ", ".join(shown[:_LISTED]) + more
