"""What the graph's edges mean in English: each relation with its edges, signs and wordings."""

from __future__ import annotations

from dataclasses import dataclass

from tosg_graph.schema import EDGE_TYPES, SIGNALLING


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between a subject and an object.

    Parameters
    ----------
    edges
        The edge types that state it.
    says
        How it reads from subject to object, after "that".
    says_back
        How it reads from object to subject.
    directed
        Whether the edges run from subject to object; else either way.
    sign, actions, mechanism
        Only edges with this sign, one of these actions, this mechanism.
    chain
        Whether several edges in a row count too.
    """

    edges: tuple[str, ...]
    says: str
    says_back: str
    directed: bool = True
    sign: int | None = None
    actions: tuple[str, ...] = ()
    mechanism: str | None = None
    chain: bool = False


def _by_action(noun: str, *actions: str) -> Relation:
    return Relation(("TARGETS",), f"are {noun}s of", f"have as {noun}s", actions=actions)


def _by_mechanism(verb: str, participle: str, mechanism: str) -> Relation:
    return Relation(SIGNALLING, verb, f"are {participle} by", mechanism=mechanism)


RELATIONS: dict[str, Relation] = {
    "target": Relation(("TARGETS",), "target", "are targeted by"),
    "bind": Relation(("BINDS", "TARGETS"), "bind", "bind or are bound by", directed=False),
    "interact": Relation(
        ("INTERACTS_WITH", "BINDS"),
        "interact with or bind",
        "interact with or bind",
        directed=False,
    ),
    "activate": Relation(("ACTIVATES", "TARGETS"), "activate", "are activated by", sign=1),
    "inhibit": Relation(("INHIBITS", "TARGETS"), "inhibit", "are inhibited by", sign=-1),
    "regulate": Relation(
        SIGNALLING, "activate, inhibit or regulate", "are activated, inhibited or regulated by"
    ),
    "act": Relation((*SIGNALLING, "TARGETS"), "act on", "are acted on by"),
    "signal": Relation(SIGNALLING, "are upstream of", "are downstream of", chain=True),
    "encode": Relation(("ENCODES",), "encode", "are encoded by"),
    "transcribe": Relation(("TRANSCRIBED_TO",), "are transcribed to", "are transcribed from"),
    "translate": Relation(("TRANSLATED_TO",), "are translated to", "are translated from"),
    "subunit": Relation(("PART_OF",), "are subunits of", "contain"),
    "member": Relation(("MEMBER_OF",), "take part in", "contain"),
    "child": Relation(("CHILD_OF",), "are sub-pathways of", "are the parent pathways of"),
    "kind": Relation(("IS_A",), "are kinds of", "include as a kind"),
    "associate": Relation(("ASSOCIATED_WITH",), "are associated with", "are associated with"),
    "treat": Relation(("TREATS",), "treat", "are treated by"),
    "palliate": Relation(("PALLIATES",), "palliate", "are palliated by"),
    "use": Relation(("TREATS", "PALLIATES"), "treat or palliate", "are treated or palliated by"),
    "ligand": Relation(("BINDS",), "are ligands of", "are receptors of"),
    "connect": Relation(
        tuple(edge.name for edge in EDGE_TYPES), "are joined to", "are joined to", directed=False
    ),
    "agonist": _by_action("agonist", "AGONIST", "PARTIAL AGONIST", "INVERSE AGONIST"),
    "antagonist": _by_action("antagonist", "ANTAGONIST", "ALLOSTERIC ANTAGONIST"),
    "blocker": _by_action("blocker", "BLOCKER"),
    "opener": _by_action("opener", "OPENER"),
    "modulator": _by_action(
        "modulator",
        "MODULATOR",
        "POSITIVE MODULATOR",
        "NEGATIVE MODULATOR",
        "POSITIVE ALLOSTERIC MODULATOR",
        "NEGATIVE ALLOSTERIC MODULATOR",
    ),
    "phosphorylate": _by_mechanism("phosphorylate", "phosphorylated", "phosphorylation"),
    "dephosphorylate": _by_mechanism("dephosphorylate", "dephosphorylated", "dephosphorylation"),
    "ubiquitinate": _by_mechanism("ubiquitinate", "ubiquitinated", "ubiquitination"),
    "cleave": _by_mechanism("cleave", "cleaved", "cleavage"),
    "acetylate": _by_mechanism("acetylate", "acetylated", "acetylation"),
    "deacetylate": _by_mechanism("deacetylate", "deacetylated", "deacetylation"),
    "methylate": _by_mechanism("methylate", "methylated", "methylation"),
}
