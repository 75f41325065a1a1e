"""What the grammar makes of a question: phrases and clauses, before names become ids."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tosg_graph.ask.index import Alias
from tosg_graph.ask.lexicon import Kind, Links
from tosg_graph.ask.plan import Form, Rank


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that name something; without aliases nothing of that name is known."""

    text: str
    aliases: tuple[Alias, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def looks_like_a_name(self) -> bool:
        """Whether something has the name, or it has a digit or capitals, as symbols have."""
        capitals = sum(character.isupper() for character in self.text)
        return bool(self.aliases) or capitals > 1 or any(c.isdigit() for c in self.text)


@dataclass(frozen=True, slots=True)
class Group:
    """Words that name a group of cells."""

    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Words such as "detected in at least 25 % of B cells and monocytes": in each of the groups."""

    group: Group
    modality: str | None = None
    share: float | None = None
    strict: bool = False
    also: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """A relation to what a phrase stands for; the first that fits is meant."""

    links: Links
    object: Phrase
    hops: int | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Being:
    """Words such as "… are receptors"."""

    phrase: Phrase


Clause = Seen | Related | Being


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: a kind of thing, or named things; and what is said of it.

    Parameters
    ----------
    kind
        What the noun stands for; None for "what" and for bare names.
    mentions
        The named things.
    every
        Whether all of them are meant ("and"), not any ("or").
    clauses
        What is said of it.
    top, most
        "top 5"; "the most".
    """

    kind: Kind | None = None
    mentions: tuple[Mention, ...] = ()
    every: bool = True
    clauses: tuple[Clause, ...] = ()
    top: int | None = None
    most: bool = False
    ranked: bool = False

    def saying(self, *clauses: Clause) -> Phrase:
        """Give the same phrase with more said of it."""
        return replace(self, clauses=(*self.clauses, *clauses))


#: "what": anything.
ANYTHING = Phrase()


@dataclass(frozen=True, slots=True)
class Question:
    """One reading of a question."""

    form: Form
    subject: Phrase
    to: Phrase | None = None
    rank: Rank | None = None
    what: str | None = None
    group: Seen | None = None
