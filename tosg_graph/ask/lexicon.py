"""The words that a question may be made of, and what each stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tosg_graph.ask.normalise import Token, tokens

T = TypeVar("T")


class Phrases(Generic[T]):
    """Phrases by their first word; what begins at a token is found longest first."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, value in entries:
            parts = tuple(token.lower for token in tokens(phrase))
            self._by_first.setdefault(parts[0], []).append((parts, value))
        for found in self._by_first.values():
            found.sort(key=lambda entry: -len(entry[0]))

    def at(self, found: tuple[Token, ...], start: int) -> Iterator[tuple[T, int]]:
        """Values of the phrases that begin at a token, and the position after each."""
        if start >= len(found):
            return
        for parts, value in self._by_first.get(found[start].lower, ()):
            end = start + len(parts)
            if end <= len(found) and all(
                token.lower == part for token, part in zip(found[start:end], parts, strict=True)
            ):
                yield value, end

    def without_last(
        self, found: tuple[Token, ...], start: int, last: str
    ) -> Iterator[tuple[T, int]]:
        """Give the same for phrases whose last word stands elsewhere."""
        word = found[start].lower if start < len(found) else ""
        for parts, value in self._by_first.get(word, ()):
            end = start + len(parts) - 1
            here = tuple(token.lower for token in found[start:end])
            if len(parts) > 1 and parts[-1] == last and here == parts[:-1]:
                yield value, end

    def vocabulary(self) -> set[str]:
        """Every word of every phrase."""
        return {part for found in self._by_first.values() for parts, _ in found for part in parts}


@dataclass(frozen=True, slots=True)
class Link:
    """A relation, read from its subject (or, ``back``, from its object)."""

    relation: str
    back: bool = False

    @property
    def flipped(self) -> Link:
        """The same relation from its other end."""
        return Link(self.relation, not self.back)


Links = tuple[Link, ...]


def _links(text: str) -> Links:
    """Read ``~target regulate``: relations in order of preference, ``~`` for the other end."""
    return tuple(Link(word.removeprefix("~"), word.startswith("~")) for word in text.split())


@dataclass(frozen=True, slots=True)
class Kind:
    """A noun that stands for a set of nodes.

    Parameters
    ----------
    labels
        Labels of the nodes; none for any.
    says
        Its plural, as a reader sees it.
    filters
        Properties that the nodes must have.
    links
        A relation that they must have to anything.
    modality
        The counts that detection is then read from.
    """

    labels: tuple[str, ...]
    says: str
    filters: tuple[tuple[str, bool | str], ...] = ()
    links: Links = ()
    modality: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A noun that stands for what has a relation to something: "ligands of …"."""

    links: Links
    says: str
    labels: tuple[str, ...] = ()


_ACTORS = ("Protein", "Complex")

_KINDS: tuple[tuple[str, Kind], ...] = (
    ("gene|genes", Kind(("Gene",), "genes")),
    ("transcript|transcripts|mrna|mrnas", Kind(("Transcript",), "transcripts")),
    ("protein|proteins", Kind(("Protein",), "proteins")),
    ("complex|complexes|protein complex|protein complexes", Kind(("Complex",), "complexes")),
    ("pathway|pathways", Kind(("Pathway",), "pathways")),
    ("disease|diseases|disorder|disorders|illness|illnesses", Kind(("Disease",), "diseases")),
    (
        "drug|drugs|compound|compounds|medicine|medicines|medication|medications|substance|substances|"
        "pharmaceutical|pharmaceuticals",
        Kind(("Drug",), "drugs"),
    ),
    ("cell type|cell types", Kind(("CellType",), "cell types")),
    ("tissue|tissues|organ|organs", Kind(("Tissue",), "tissues")),
    ("receptor|receptors", Kind(_ACTORS, "receptors", (("receptor", True),))),
    (
        "receptor protein|receptor proteins",
        Kind(("Protein",), "receptor proteins", (("receptor", True),)),
    ),
    (
        "receptor complex|receptor complexes",
        Kind(("Complex",), "receptor complexes", (("receptor", True),)),
    ),
    ("ligand|ligands", Kind(_ACTORS, "ligands", links=_links("ligand"))),
    (
        "surface protein|surface proteins|surface marker|surface markers|surface antigen|"
        "surface antigens|cell surface protein|cell surface proteins",
        Kind(_ACTORS, "surface proteins", modality="protein"),
    ),
    (
        "drug target|drug targets|target of a drug|targets of drugs",
        Kind(("Protein",), "drug targets", links=_links("~target")),
    ),
    ("inhibitor|inhibitors", Kind(("Drug",), "inhibitors", links=_links("inhibit"))),
)

_ADJECTIVES: tuple[tuple[str, tuple[str, bool | str] | None], ...] = (
    ("secreted|secretory", ("secreted", True)),
    ("transmembrane|membrane spanning", ("transmembrane", True)),
    ("mane select", ("mane_select", True)),
    ("protein coding", ("locus_group", "protein-coding gene")),
    # The graph is human, and what is in it is known: these take nothing away.
    ("human|known|recorded|reported|annotated|different|distinct", None),
)

_ROLES: tuple[tuple[str, Role], ...] = (
    ("target|targets|target protein|target proteins", Role(_links("~target ~regulate"), "targets")),
    ("ligand|ligands", Role(_links("ligand"), "ligands")),
    ("receptor|receptors", Role(_links("~ligand"), "receptors")),
    ("member|members", Role(_links("member subunit"), "members")),
    (
        "subunit|subunits|component|components|constituent|constituents|part|parts",
        Role(_links("subunit member child"), "parts"),
    ),
    (
        "subpathway|subpathways|sub-pathway|sub-pathways|child pathway|child pathways|child|"
        "children",
        Role(_links("child kind"), "sub-pathways"),
    ),
    (
        "parent|parents|parent pathway|parent pathways|super-pathway|super-pathways",
        Role(_links("~child ~kind"), "parents"),
    ),
    (
        "subtype|subtypes|sub-type|sub-types|type|types|kind|kinds|form|forms|subclass|subclasses",
        Role(_links("kind"), "kinds"),
    ),
    ("regulator|regulators|modifier|modifiers", Role(_links("regulate"), "regulators")),
    ("activator|activators|stimulator|stimulators", Role(_links("activate"), "activators")),
    ("inhibitor|inhibitors", Role(_links("inhibit"), "inhibitors", ("Drug",))),
    (
        "suppressor|suppressors|repressor|repressors|protein inhibitor|protein inhibitors|"
        "negative regulator|negative regulators",
        Role(_links("inhibit"), "negative regulators", _ACTORS),
    ),
    (
        "positive regulator|positive regulators|protein activator|protein activators",
        Role(_links("activate"), "positive regulators", _ACTORS),
    ),
    ("agonist|agonists", Role(_links("agonist"), "agonists")),
    ("antagonist|antagonists", Role(_links("antagonist"), "antagonists")),
    ("blocker|blockers", Role(_links("blocker"), "blockers")),
    ("opener|openers", Role(_links("opener"), "openers")),
    ("modulator|modulators", Role(_links("modulator"), "modulators")),
    ("substrate|substrates", Role(_links("~phosphorylate"), "substrates")),
    (
        "effector|effectors|downstream effector|downstream effectors|downstream target|"
        "downstream targets|downstream protein|downstream proteins|downstream signalling|"
        "downstream signaling",
        Role(_links("~signal"), "downstream targets"),
    ),
    (
        "upstream regulator|upstream regulators|upstream protein|upstream proteins|"
        "upstream signalling|upstream signaling",
        Role(_links("signal"), "upstream regulators"),
    ),
    (
        "interactor|interactors|interaction partner|interaction partners|partner|partners",
        Role(_links("interact"), "interaction partners"),
    ),
    ("binding partner|binding partners|binder|binders", Role(_links("bind"), "binding partners")),
    (
        "treatment|treatments|therapy|therapies|remedy|remedies|therapeutic|therapeutics|"
        "drug|drugs|medication|medications|medicine|medicines",
        Role(_links("use target"), "drugs", ("Drug",)),
    ),
    ("indication|indications", Role(_links("~use"), "indications")),
    ("gene product|gene products|product|products", Role(_links("~encode"), "products")),
    ("transcript|transcripts|mrna|mrnas", Role(_links("~transcribe"), "transcripts")),
)

# Lemma (with its particle) → relations.
_VERBS: tuple[tuple[str, str], ...] = (
    ("target|hit|act through|work through", "target"),
    ("bind|bind to", "bind"),
    ("interact with", "interact"),
    ("activate|stimulate|upregulate|up-regulate|turn on|switch on", "activate"),
    (
        "inhibit|block|repress|suppress|inactivate|antagonise|antagonize|downregulate|down-regulate|"
        "turn off|switch off",
        "inhibit",
    ),
    ("regulate|control|signal to|activate or inhibit|inhibit or activate", "regulate"),
    ("act on|affect|influence|modulate", "act"),
    ("encode|code for", "encode"),
    ("produce|give rise to", "encode transcribe"),
    ("contain|include|comprise|consist of", "~subunit ~member ~child"),
    ("belong to|take part in|participate in|play a role in|function in", "member subunit child"),
    ("involve", "~member"),
    ("treat", "treat"),
    ("palliate|ease|relieve|alleviate", "palliate"),
    ("phosphorylate", "phosphorylate"),
    ("dephosphorylate", "dephosphorylate"),
    ("ubiquitinate|ubiquitylate", "ubiquitinate"),
    ("cleave", "cleave"),
    ("acetylate", "acetylate"),
    ("deacetylate", "deacetylate"),
    ("methylate", "methylate"),
)

_IRREGULAR = {
    "bind": ("binds", "binding", "bound"),
    "hit": ("hits", "hitting", "hit"),
    "take": ("takes", "taking", "taken"),
    "give": ("gives", "giving", "given"),
    "signal": ("signals", "signalling", "signalled"),
    "control": ("controls", "controlling", "controlled"),
}

# Words that follow "are", or a noun directly → relations.
_STATES: tuple[tuple[str, str], ...] = (
    ("associated with|related to", "associate ~associate"),
    ("linked to|linked with", "associate ~associate connect"),
    ("implicated in", "associate member"),
    ("involved in", "member associate"),
    ("part of|contained in|included in|found in", "subunit member child"),
    ("downstream of|downstream from", "~signal"),
    ("upstream of|upstream from", "signal"),
    ("transcribed from", "~transcribe"),
    ("transcribed to|transcribed into", "transcribe"),
    ("translated from", "~translate"),
    ("translated to|translated into", "translate"),
    ("made of|made up of|composed of|built from", "~subunit"),
    (
        "used for|used to treat|used against|used in|indicated for|indicated in|prescribed for",
        "use",
    ),
    ("active against|directed against|directed at|aimed at", "target"),
    ("joined to|connected to|connected with", "connect"),
    ("below|under", "child kind"),
    ("above", "~child ~kind"),
)

# Words between a noun and what it belongs to → relations, the likeliest first.
_PREPOSITIONS: tuple[tuple[str, str], ...] = (
    ("for", "use associate target ligand ~ligand"),
    ("against", "use target"),
    (
        "of",
        "target use associate ~associate member ~member subunit ~subunit ~transcribe ~encode "
        "encode ~translate child kind",
    ),
    ("in|within|inside", "member subunit child"),
    ("from", "~transcribe ~encode"),
    ("on", "target"),
)

# What says that a feature is counted in a group of cells → the modality it means.
_DETECTED: tuple[tuple[str, str | None], ...] = (
    ("detected in|detected on|expressed in|expressed by|expressed on", None),
    ("found in|found on|present in|present on|measured in|observed in|seen in|counted in", None),
    (
        "detected on the surface of|found on the surface of|present on the surface of|"
        "expressed on the surface of|on the surface of|detected as protein in|"
        "detected as a protein in|detected at the protein level in|detected by antibody in|"
        "detected by antibodies in|detected as surface protein in|detected as a surface protein in",
        "protein",
    ),
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All phrase tables. One instance, :data:`LEXICON`, is made at import and never changed."""

    kinds: Phrases[Kind]
    adjectives: Phrases[tuple[str, bool | str] | None]
    roles: Phrases[Role]
    verbs: Mapping[str, Phrases[Links]]
    states: Phrases[Links]
    prepositions: Phrases[Links]
    detected: Phrases[str | None]
    words: frozenset[str] = field(default=frozenset())


def _alternatives(table: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    for phrases, value in table:
        for phrase in phrases.split("|"):
            yield phrase, value


def _conjugate(lemma: str) -> tuple[str, str, str]:
    """Third person, -ing form and participle of a verb's first word."""
    if lemma in _IRREGULAR:
        return _IRREGULAR[lemma]
    stem = lemma.removesuffix("e")
    third = lemma + ("es" if lemma.endswith(("s", "sh", "ch", "x")) else "s")
    if lemma.endswith("y") and lemma[-2] not in "aeou":
        return lemma[:-1] + "ies", lemma + "ing", lemma[:-1] + "ied"
    return third, stem + "ing", stem + "ed"


def _verb_forms() -> dict[str, Phrases[Links]]:
    """Verbs in the forms ``base``, ``third``, ``ing`` and ``participle``, particles kept."""
    forms: dict[str, list[tuple[str, Links]]] = {
        name: [] for name in ("base", "third", "ing", "participle")
    }
    for phrase, links in _alternatives(_VERBS):
        parts = phrase.replace("-", " ").split(" ")
        # "up-regulate" bends its last word, "act on" its first.
        bent = len(parts) - 1 if parts[0] in ("up", "down") else 0
        bends = zip(forms, (parts[bent], *_conjugate(parts[bent])), strict=True)
        for name, word in bends:
            written = " ".join([*parts[:bent], word, *parts[bent + 1 :]])
            forms[name].append((written, _links(links)))
    return {name: Phrases(entries) for name, entries in forms.items()}


def _make() -> Lexicon:
    verbs = _verb_forms()
    linked = [
        Phrases((p, _links(v)) for p, v in _alternatives(t)) for t in (_STATES, _PREPOSITIONS)
    ]
    kinds, roles = Phrases(_alternatives(_KINDS)), Phrases(_alternatives(_ROLES))
    adjectives, detected = Phrases(_alternatives(_ADJECTIVES)), Phrases(_alternatives(_DETECTED))
    tables: list[Phrases[object]] = [kinds, roles, adjectives, detected, *linked, *verbs.values()]  # type: ignore[list-item]
    words = frozenset().union(*(table.vocabulary() for table in tables))
    return Lexicon(kinds, adjectives, roles, verbs, linked[0], linked[1], detected, words)


LEXICON = _make()
#: The relations that "of" and "in" can mean.
OF: Links = next(_links(v) for p, v in _PREPOSITIONS if p == "of")
IN: Links = next(_links(v) for p, v in _PREPOSITIONS if p.startswith("in"))
