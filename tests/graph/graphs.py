"""Builds for the tests of the databases: the tiny graph, made harder to keep."""

from __future__ import annotations

import copy
import random
from pathlib import Path

from tests.tiny import INTEGRIN, Row, _edge, protein, tiny_tables, write_build
from tosg_graph.build.tables import Build
from tosg_graph.schema import SIGNALLING

#: Everything that a text may hold and a loader may lose.
NASTY = (
    'a "quoted" word, a \'single\' one, ""two"", a back\\slash, an end \\" \\\' \\n',
    "line one\nline two\r\nline three\ttabbed\n\n  ends with blanks  ",
    "κ-λ µ é ﬁ 日本語 עברית 👩🏽‍🔬 😀 \u2028 \u00a0 \ufeff",
    "; , | \x1f \x01 {a: 1} $x `tick` // no comment /* none */ \\x1f ; DROP",
    "0123456789abcde\n" * 65_536,  # 1 MiB
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
    for name in ("edges/BINDS", "edges/REGULATES"):
        tables[name].sort(key=lambda row: (row["source"], row["target"]))
    return tables


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
