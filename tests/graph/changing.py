"""Random pairs of small graphs: what an older and a newer build may hold."""

from __future__ import annotations

import copy
import random
from typing import Any

from tests.tiny import Row, _edge, tiny_tables

Tables = dict[str, list[Row]]

#: Labels between which facts of a type are drawn: the same id may move from one label to another.
_ENDS = {
    "ACTIVATES": ("Protein", "Complex", "Family"),
    "INHIBITS": ("Protein", "Complex", "Family"),
    "BINDS": ("Protein", "Complex"),
}
_VALUES: dict[str, tuple[Any, ...]] = {
    "name": ("one", "two", 'a "third"\n\tname', None),
    "text": ("A text.", "Another text.", None),
    "synonyms": (["a"], ["a", "b"], ["b", "a"], None),
    "sources": (["hgnc"], ["hgnc", "signor"], ["signor"]),
}
_EDGE_VALUES: dict[str, tuple[Any, ...]] = {
    "pmids": (["1"], ["1", "22"], None),
    "n_evidence": (1, 2, 3),
    "score": (0.1, 0.1 + 0.2, 0.3, 0.0, -0.0, None),
    "mechanisms": (["binding"], None),
    "sources": (["omnipath"], ["omnipath", "signor"], ["signor"]),
}


def random_tables(chance: random.Random) -> Tables:
    """A graph of a dozen nodes, each of which has one label of three, and facts between them."""
    label = {
        f"X:{i}": chance.choice(("Protein", "Complex", "Family"))
        for i in range(12)
        if chance.random() < 0.8
    }
    tables: Tables = {}
    for node in sorted(label):
        row = {"id": node, **{name: chance.choice(found) for name, found in _VALUES.items()}}
        tables.setdefault(f"nodes/{label[node]}", []).append(row)
    for kind, allowed in _ENDS.items():
        able = sorted(node for node in label if label[node] in allowed)
        pairs = sorted((a, b) for a in able for b in able if chance.random() < 0.25)
        rows = [_edge(kind, a, label[a], b, label[b], "signor") for a, b in pairs]
        for row in rows:
            row |= {name: chance.choice(found) for name, found in _EDGE_VALUES.items()}
        if rows:
            tables[f"edges/{kind}"] = rows
    return tables


def tiny_changed() -> Tables:
    """The tiny graph, in which something of every kind has changed."""
    tables = copy.deepcopy(tiny_tables())
    drugs, targets = tables["nodes/Drug"], tables["edges/TARGETS"]
    gone = drugs.pop(0)["id"]
    for name in ("edges/TARGETS", "edges/TREATS", "edges/PALLIATES"):
        tables[name] = [row for row in tables[name] if row["source"] != gone]
    targets = tables["edges/TARGETS"]
    targets[0] |= {"action": "BINDER", "sources": ["drugcentral", "hetionet"], "affinity": None}
    tables["nodes/Gene"][0] |= {"name": "a new name", "synonyms": None, "location": "1q"}
    tables["nodes/Family"] = [{"id": "SIGNOR:F1", "name": "a family", "sources": ["signor"]}]
    tables["edges/MEMBER_OF"].append(
        _edge("MEMBER_OF", "UniProtKB:P00533", "Protein", "SIGNOR:F1", "Family", "signor")
    )
    del tables["edges/BINDS"]
    tables["evidence"][3]["sentence"] = "Said otherwise."
    tables["evidence"][5]["line"] += 1000
    return tables
