"""Builds for the tests of the databases: the tiny graph, made harder to keep."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

from tests.tiny import INTEGRIN, Row, _edge, protein, tiny_tables, write_build
from tosg_graph.build.tables import Build
from tosg_graph.schema import SIGNALLING

#: Everything that a text may hold and a loader may lose.
NASTY = (
    'a "quoted" word, a \'single\' one, ""two"", a back\\slash, an end \\" \\\' \\n',
    "line one\nline two\r\nline three\ttabbed\n\n  ends with blanks  ",
    "κ-λ µ é ﬁ 日本語 עברית 👩🏽‍🔬 😀 \u2028 \u00a0 \ufeff",
    "; , | \x1f \x01 {a: 1} $x `tick` // no comment /* none */ \\x1f ; DROP",
    "0123456789abcde\n" * 327_680,  # 5 MiB
)


def nasty_tables() -> dict[str, list[Row]]:
    """The tiny graph with nasty texts in nodes and edges, and with ends of every kind."""
    tables = copy.deepcopy(tiny_tables())
    for row, text in zip(tables["nodes/Protein"], NASTY, strict=False):
        row["text"] = text
        row["description"] = text[:1000]
    tables["nodes/Gene"][0] |= {"synonyms": [t[:200] for t in NASTY], "name": NASTY[0]}
    tables["nodes/Gene"][1] |= {"name": None, "text": None, "synonyms": None, "xrefs": None}
    tables["nodes/Protein"][5] |= {"length": 2**62, "receptor": False}
    tables["nodes/Protein"][6] |= {"length": -1}
    edges = tables["edges/TARGETS"]
    edges[0] |= {"action": NASTY[1], "mechanisms": [NASTY[0], NASTY[3]], "affinity": 1e-300}
    edges[1] |= {"affinity": 0.1 + 0.2, "mechanism_of_action": False}
    tables["edges/BINDS"] += [
        _edge("BINDS", INTEGRIN, "Complex", protein("CD14"), "Protein", "cellphonedb", ("12",)),
        _edge("BINDS", protein("EGF"), "Protein", INTEGRIN, "Complex", "cellphonedb"),
    ]
    tables["edges/REGULATES"] += [
        _edge(
            "REGULATES", protein("KRAS"), "Protein", protein("KRAS"), "Protein", "signor", ("7",)
        ),
        _edge("REGULATES", INTEGRIN, "Complex", INTEGRIN, "Complex", "signor", ("8", "9")),
    ]
    for name, rows in (*denser_nodes().items(), *denser_edges().items()):
        tables[name] = [*tables.get(name, []), *rows]
    for name, rows in tables.items():
        kind = name.partition("/")[0]
        if kind in ("nodes", "edges"):
            rows.sort(key=lambda row: (row["id"],) if kind == "nodes" else _ends(row))
    return tables


def _ends(row: Row) -> tuple[str, str]:
    return row["source"], row["target"]


FAMILY = "SIGNOR:SIGNOR-PF1"
NUCLEUS, MEMBRANE = "GO:0005634", "GO:0005886"
NUTLIN = "DrugCentral:9001"


def denser_nodes() -> dict[str, list[Row]]:
    """Nodes of the labels that the tiny graph lacks, and a drug with a signed action."""
    return {
        "nodes/Family": [
            {"id": FAMILY, "name": "ERK1/2", "synonyms": ["p44/42"], "sources": ["signor"]},
            {"id": "SIGNOR:SIGNOR-PF2", "name": "MEK1/2", "sources": ["signor"]},
        ],
        "nodes/Compartment": [
            {"id": NUCLEUS, "name": "nucleus", "sources": ["uniprot"]},
            {"id": MEMBRANE, "name": "plasma membrane", "sources": ["uniprot"]},
        ],
        "nodes/Drug": [{"id": NUTLIN, "name": "nutlin-3", "sources": ["drugcentral"]}],
    }


#: Loops of one to four steps, both signs on one pair, chains to a transcription factor.
_MORE_SIGNALS: tuple[tuple[str, str, str, str | None, tuple[str, ...]], ...] = (
    ("EGFR", "ACTIVATES", "ABL1", "phosphorylation", ("21",)),
    ("EGFR", "REGULATES", "MAP2K1", None, ()),
    ("EGFR", "REGULATES", FAMILY, "binding", ("20",)),
    ("ITGB1", "INHIBITS", "ABL1", "binding", ("22",)),
    ("ITGA2", "ACTIVATES", "ABL1", None, ()),
    (INTEGRIN, "ACTIVATES", "ABL1", None, ("23", "24")),
    (INTEGRIN, "INHIBITS", "ABL1", None, ()),
    ("ABL1", "ACTIVATES", INTEGRIN, "binding", ("25",)),
    ("ABL1", "ACTIVATES", "TP53", "phosphorylation", ("26",)),
    ("ABL1", "INHIBITS", "TP53", "phosphorylation", ()),
    ("ABL1", "ACTIVATES", "ABL1", "phosphorylation", ("27",)),
    ("MAP2K1", "INHIBITS", "TP53", "phosphorylation", ("28",)),
    ("MAP2K1", "REGULATES", FAMILY, "phosphorylation", ("28",)),
    (FAMILY, "ACTIVATES", "TP53", "phosphorylation", ("29",)),
    ("TP53", "INHIBITS", FAMILY, "transcriptional regulation", ("30",)),
    ("TP53", "REGULATES", INTEGRIN, "transcriptional regulation", ()),
    ("TP53", "REGULATES", "EGF", "transcriptional regulation", ("31",)),
    ("MAPK1", "INHIBITS", "BRAF", "phosphorylation", ("32",)),
    ("MAPK1", "REGULATES", "KRAS", None, ()),
    ("MAP2K1", "INHIBITS", "BRAF", None, ("33",)),
    ("GRB2", "ACTIVATES", "EGFR", None, ("34",)),
    ("MDM2", "ACTIVATES", "TP53", None, ()),
    # A receptor that is the kinase; what phosphorylates and is none; a kinase that acts on a gene;
    # a ligand that does.
    ("EGFR", "INHIBITS", "TP53", "phosphorylation", ("40",)),
    ("GRB2", "REGULATES", "TP53", "phosphorylation", ("41",)),
    ("MAPK1", "ACTIVATES", "MDM2", "transcriptional activation", ("42",)),
    ("ABL1", "ACTIVATES", "EGF", "phosphorylation", ()),
    ("EGF", "ACTIVATES", "MDM2", "transcriptional regulation", ("43",)),
)


def _actor(name: str) -> tuple[str, str]:
    if name.startswith("COMPLEX:"):
        return name, "Complex"
    return (name, "Family") if name.startswith("SIGNOR:") else (protein(name), "Protein")


def denser_edges() -> dict[str, list[Row]]:
    """Facts between the nodes of the tiny graph and those of :func:`denser_nodes`."""
    found: dict[str, list[Row]] = {}

    def add(
        kind: str, source: tuple[str, str], target: tuple[str, str], *words: Any, **own: Any
    ) -> None:
        found.setdefault(f"edges/{kind}", []).append(_edge(kind, *source, *target, *words, **own))

    for a, kind, b, mechanism, pmids in _MORE_SIGNALS:
        add(
            kind,
            _actor(a),
            _actor(b),
            "omnipath" if mechanism is None else "signor",
            pmids,
            mechanism,
        )
    for symbol in ("MAPK1", "MAP2K1"):
        add("MEMBER_OF", _actor(symbol), _actor(FAMILY), "signor")
    add("MEMBER_OF", _actor("MAP2K1"), _actor("SIGNOR:SIGNOR-PF2"), "signor", ("35",))
    for symbol in ("KRAS", "ABL1"):
        add("MEMBER_OF", _actor(symbol), ("REACT:R-HSA-177929", "Pathway"), "reactome", ("36",))
    add(
        "LOCATED_IN",
        _actor("TP53"),
        (NUCLEUS, "Compartment"),
        "uniprot",
        ("37",),
        reliability="Enhanced",
    )
    add("LOCATED_IN", _actor("TP53"), (MEMBRANE, "Compartment"), "uniprot")
    add("LOCATED_IN", _actor("EGFR"), (MEMBRANE, "Compartment"), "uniprot", reliability="Approved")
    drug = (NUTLIN, "Drug")
    signed = {"sign": -1, "action": "INHIBITOR", "mechanism_of_action": True}
    add("TARGETS", drug, _actor("MDM2"), "drugcentral", ("38",), **signed)
    add("TARGETS", drug, _actor(FAMILY), "drugcentral", **signed)
    add("TARGETS", drug, _actor("ABL1"), "gtopdb", sign=1, action="ACTIVATOR", affinity=6.5)
    add("TARGETS", drug, _actor("TP53"), "gtopdb", ("39",), sign=1, action="ACTIVATOR")
    add("TARGETS", drug, _actor(INTEGRIN), "gtopdb", sign=None, action="BINDER")
    add("TARGETS", ("DrugCentral:1045", "Drug"), _actor("TP53"), "gtopdb", **signed)
    add("TARGETS", ("DrugCentral:1423", "Drug"), _actor(FAMILY), "gtopdb", **signed)
    return found


def n_nodes(tables: dict[str, list[Row]]) -> int:
    return sum(len(rows) for name, rows in tables.items() if name.startswith("nodes/"))


def nasty_build(folder: Path) -> Build:
    return write_build(folder, nasty_tables(), "nasty000nasty000")


def crowded_tables() -> dict[str, list[Row]]:
    """Thousands of paths: 40 proteins and complexes with 500 signals of every type between them."""
    chance = random.Random(7)
    proteins = [f"UniProtKB:T{i:05}" for i in range(34)]
    complexes = [f"COMPLEX:T{i:05}-T{i + 1:05}" for i in range(6)]
    label = dict.fromkeys(proteins, "Protein") | dict.fromkeys(complexes, "Complex")
    pairs = chance.sample([(a, b) for a in label for b in label], 400)
    facts = {(a, kind, b) for a, b in pairs for kind in chance.sample(SIGNALLING, 1 + (a < b) % 2)}
    edges: dict[str, list[Row]] = {f"edges/{kind}": [] for kind in SIGNALLING}
    for a, kind, b in sorted(facts):
        pmids = [str(chance.randrange(1, 99))] if chance.random() < 0.5 else []
        origin = chance.choice(["signor", "omnipath"])
        edges[f"edges/{kind}"].append(_edge(kind, a, label[a], b, label[b], origin, pmids))
    nodes = {"Protein": proteins, "Complex": complexes}
    return {
        **{
            f"nodes/{kind}": [{"id": n, "name": f"name of {n}", "sources": ["signor"]} for n in ids]
            for kind, ids in nodes.items()
        },
        **edges,
    }


def small_build(folder: Path) -> Build:
    """Two nodes of each label and no edges: what replaces a larger build."""
    tables = {name: rows[:2] for name, rows in tiny_tables().items() if name.startswith("nodes/")}
    return write_build(folder, tables, "small000small000")
