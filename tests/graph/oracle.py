"""The named queries once more, in plain Python over rows: what a database must answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.tiny import INTEGRIN, Row, gene, protein
from tosg_graph.schema import LABEL

Rows = list[tuple[Any, ...]]
TRANSCRIPTION = {f"transcriptional {word}" for word in ("activation", "regulation", "repression")}
SIGNALLING = ("ACTIVATES", "INHIBITS", "REGULATES")


class Graph:
    """Rows of a build, by id."""

    def __init__(self, tables: Mapping[str, list[Row]]) -> None:
        self.nodes: dict[str, Row] = {}
        self.edges: list[Row] = []
        for name, rows in tables.items():
            kind, _, subject = name.partition("/")
            if kind == "nodes":
                self.nodes |= {row["id"]: {"label": subject, **row} for row in rows}
            elif kind == "edges":
                self.edges += [{"type": subject, **row} for row in rows]
        self.pairs: dict[tuple[str, str], list[Row]] = {}
        for edge in self.edges:
            self.pairs.setdefault((edge["source"], edge["target"]), []).append(edge)
        self.signals: dict[str, list[Row]] = {}
        for edge in self.of(*SIGNALLING):
            self.signals.setdefault(edge["source"], []).append(edge)

    def named(self, value: str, *labels: str) -> set[str]:
        """Ids of nodes of the labels that have the value as id, name or symbol."""
        return {
            node
            for node, row in self.nodes.items()
            if row["label"] in labels and value in (node, row.get("name"), row.get("symbol"))
        }

    def get(self, node: str, name: str) -> Any:
        return self.nodes[node].get(name)

    def of(self, *types: str) -> Iterator[Row]:
        return (edge for edge in self.edges if edge["type"] in types)

    def between(self, source: str, target: str) -> list[Row]:
        return self.pairs.get((source, target), [])

    def one_step(
        self, types: tuple[str, ...], asked: set[str], end: str, *names: str
    ) -> Iterator[tuple[str, Row]]:
        """Edges whose ``end`` was asked for, with the id at their other end."""
        other = "source" if end == "target" else "target"
        return ((edge[other], edge) for edge in self.of(*types) if edge[end] in asked)


def cite(edge: Row) -> tuple[Any, ...]:
    return edge["edge_id"], edge["sources"], edge["pmids"]


def by_affinity(found: list[tuple[str, Row, tuple[Any, ...]]]) -> Rows:
    found.sort(key=lambda f: (-(f[1].get("affinity") or 0.0), f[0], f[1]["edge_id"]))
    return [row for _, _, row in found]


def drug_targets(g: Graph, drug: str) -> Rows:
    steps = g.one_step(("TARGETS",), g.named(drug, "Drug"), "source")
    return by_affinity([
        (p, e, (p, g.get(p, "symbol"), g.get(p, "name"), e.get("action"), e.get("affinity"),
                e.get("mechanism_of_action"), *cite(e)))
        for p, e in steps if g.get(p, "label") == "Protein"
    ])  # fmt: skip


def drugs_of_target(g: Graph, protein: str) -> Rows:
    steps = g.one_step(("TARGETS",), g.named(protein, "Protein"), "target")
    return by_affinity([
        (d, e, (d, g.get(d, "name"), e.get("action"), e.get("affinity"),
                e.get("mechanism_of_action"), *cite(e)))
        for d, e in steps
    ])  # fmt: skip


def targeted_receptors(g: Graph) -> Rows:
    return sorted(
        ((e["target"], g.get(e["target"], "symbol"), e["source"], g.get(e["source"], "name"),
          e.get("action"), e.get("mechanism_of_action"), *cite(e))
         for e in g.of("TARGETS")
         if g.get(e["target"], "label") == "Protein" and g.get(e["target"], "receptor")),
        key=lambda row: (row[0], row[2], row[6]),
    )  # fmt: skip


def signalling(g: Graph, asked: str, end: str) -> Rows:
    steps = g.one_step(SIGNALLING, g.named(asked, "Protein"), end)
    return sorted(
        ((n, g.get(n, "symbol"), g.get(n, "name"), e["type"], e["sign"], e["mechanisms"], *cite(e))
         for n, e in steps),
        key=lambda row: (row[0], row[3], row[6]),
    )  # fmt: skip


def simple_paths(g: Graph, source: str, target: str, most: int) -> Iterator[list[Row]]:
    def extend(path: list[Row], seen: list[str]) -> Iterator[list[Row]]:
        if path and seen[-1] == target:
            yield path
        elif len(path) < most:
            for edge in g.signals.get(seen[-1], ()):
                if edge["target"] not in seen:
                    yield from extend([*path, edge], [*seen, edge["target"]])

    return extend([], [source])


def signed_path(g: Graph, source: str, target: str) -> Rows:
    rows = []
    for a in g.named(source, "Protein"):
        for b in g.named(target, "Protein"):
            for path in simple_paths(g, a, b, 4):
                nodes = [a, *(e["target"] for e in path)]
                signs = [e["sign"] for e in path]
                sign: int | None = 1
                for s in signs:
                    sign = None if sign is None or s is None else sign * s
                names = [[g.get(n, name) for n in nodes] for name in ("symbol", "name")]
                rows.append((
                    len(path), sign, nodes, *names, [e["type"] for e in path], signs,
                    [e["edge_id"] for e in path], [e["sources"] for e in path],
                    [e["pmids"] for e in path],
                ))  # fmt: skip
    return sorted(rows, key=lambda row: (row[0], row[2], row[7]))


def binding(g: Graph, asked: str, end: str) -> Rows:
    """Partners in BINDS of a protein, and of the complexes that it is a part of."""
    ids = g.named(asked, "Protein")
    ids |= {e["target"] for e in g.of("PART_OF") if e["source"] in ids}
    return sorted(
        ((n, g.get(n, "symbol"), g.get(n, "name"), e[end], *cite(e))
         for n, e in g.one_step(("BINDS",), ids, end)),
        key=lambda row: (row[0], row[3], row[4]),
    )  # fmt: skip


def listing(g: Graph, types: tuple[str, ...], asked: set[str], end: str, *names: str) -> Rows:
    """Id and some properties of what is at the other end, the citation, sorted by id."""
    found = [
        (n, *(e["type"] if name == "type" else e.get(name[1:]) if name[0] == "." else g.get(n, name)
              for name in names), *cite(e))
        for n, e in g.one_step(types, asked, end)
    ]  # fmt: skip
    place = 1 + names.index("type") if "type" in names else 0
    return sorted(found, key=lambda row: (row[0], row[place], row[len(names) + 1]))


def below(g: Graph, kind: str, tops: set[str], most: int = 15) -> Rows:
    """Descendants with the fewest steps up."""
    depth: dict[str, int] = {}
    level = tops
    for step in range(1, most + 1):
        level = {e["source"] for e in g.of(kind) if e["target"] in level}
        for node in level:
            depth.setdefault(node, step)
    rows = [(node, g.get(node, "name"), n) for node, n in depth.items()]
    return sorted(rows, key=lambda row: (row[2], row[0]))


def central_dogma(g: Graph, gene: str) -> Rows:
    rows: Rows = []
    for p, e in g.one_step(("ENCODES",), g.named(gene, "Gene"), "source"):
        first = [a for a in g.of("TRANSCRIBED_TO") if a["source"] == e["source"]]
        second = [b for b in g.of("TRANSLATED_TO") if b["target"] == p]
        chains = [(a, b) for a in first for b in second if a["target"] == b["source"]]
        chains = chains or [(None, None)]
        for a, b in chains:
            t = a["target"] if a else None
            rows.append((
                e["source"], g.get(e["source"], "symbol"), t, g.get(t, "mane_select") if t else None,
                p, g.get(p, "name"), e.get("canonical"),
                [a and a["edge_id"], b and b["edge_id"], e["edge_id"]], e["sources"], e["pmids"],
            ))  # fmt: skip
    return sorted(rows, key=lambda row: (row[0], row[4], row[2] or ""))


def neighbours(g: Graph, node: str) -> Rows:
    asked = g.named(node, "Complex", "Pathway", "Disease", "Drug", "CellType", "Tissue")
    asked |= g.named(node, "Gene", "Transcript", "Protein")
    rows = []
    for end, word in (("source", "out"), ("target", "in")):
        for n, e in g.one_step(tuple({e["type"] for e in g.edges}), asked, end):
            if e["source"] == e["target"] and end == "target":
                continue  # a self-loop is one edge
            direction = word if e["directed"] else "both"
            rows.append((e[end], direction, e["type"], n, g.get(n, "label"), g.get(n, "name"),
                         e["sign"], *cite(e)))  # fmt: skip
    return sorted(rows, key=lambda row: (row[0], row[2], row[1], row[3], row[7]))


def edge_evidence(g: Graph, edge_id: str) -> Rows:
    return [
        (e["source"], g.get(e["source"], "name"), e["type"], e["target"], g.get(e["target"], "name"),
         e["sign"], e["mechanisms"], e["sources"], e["licences"], e["pmids"], e["n_evidence"])
        for e in g.edges if e["edge_id"] == edge_id
    ]  # fmt: skip


def counts(g: Graph) -> Rows:
    total: dict[tuple[str, str], int] = {}
    for kind, rows, key in (("node", g.nodes.values(), "label"), ("edge", g.edges, "type")):
        for row in rows:
            total[kind, row[key]] = total.get((kind, row[key]), 0) + 1
    return sorted((kind, name, n) for (kind, name), n in total.items())


def in_label(g: Graph, label: str, rows: Rows) -> Rows:
    return [row for row in rows if g.get(row[0], "label") == label]


def transcripts_of_gene(g: Graph, gene: str) -> Rows:
    names = ("name", "biotype", "mane_select", "version")
    rows = listing(g, ("TRANSCRIBED_TO",), g.named(gene, "Gene"), "source", *names)
    return sorted(rows, key=lambda row: not row[3])


def touching(g: Graph, asked: set[str]) -> Rows:
    """Pairs with both signs, at an end of which one of the nodes stands."""
    rows = []
    for x in g.of("ACTIVATES"):
        for y in g.between(x["source"], x["target"]):
            if y["type"] == "INHIBITS" and asked & {x["source"], x["target"]}:
                ends = [v for n in (x["source"], x["target"]) for v in (n, g.get(n, "symbol"))]
                rows.append((*ends, [x["n_evidence"], y["n_evidence"]], *cites(x, y)))
    return sorted(rows, key=lambda row: (row[0], row[2], row[5]))


def cites(*edges: Row) -> tuple[list[Any], ...]:
    return tuple([edge[name] for edge in edges] for name in ("edge_id", "sources", "pmids"))


def edges_between(g: Graph, first: str, second: str) -> Rows:
    a, b = (g.named(value, *LABEL) for value in (first, second))
    return sorted(
        ((e["source"], g.get(e["source"], "name"), e["type"], e["target"], g.get(e["target"], "name"),
          e["sign"], e["directed"], e["mechanisms"], e["n_evidence"], *cite(e))
         for e in g.edges
         if (e["source"] in a and e["target"] in b) or (e["source"] in b and e["target"] in a)),
        key=lambda row: (row[0], row[2], row[3], row[9]),
    )  # fmt: skip


def find_nodes(g: Graph, beginning: str) -> Rows:
    return sorted(
        ((n, row["label"], row.get("symbol"), row.get("name")) for n, row in g.nodes.items()
         if any((row.get(name) or "").startswith(beginning) for name in ("name", "symbol"))),
        key=lambda row: row[:2],
    )  # fmt: skip


def hubs(g: Graph, label: str, type: str) -> Rows:  # noqa: A002
    out, into = (Counter(e[end] for e in g.of(type)) for end in ("source", "target"))
    rows = [
        (n, g.get(n, "symbol"), g.get(n, "name"), out[n] + into[n], out[n], into[n])
        for n in {*out, *into}
        if g.get(n, "label") == label
    ]
    return sorted(rows, key=lambda row: (-row[3], row[0]))


def members(g: Graph, pathway: str) -> set[str]:
    """Proteins in a pathway, themselves or by a gene that encodes them."""
    inside = {e["source"] for e in g.of("MEMBER_OF") if e["target"] == pathway}
    coded = {e["target"] for e in g.of("ENCODES") if e["source"] in inside}
    return coded | {n for n in inside if g.get(n, "label") == "Protein"}


def drugs_of_pathway(g: Graph, pathway: str) -> Rows:
    inside = set().union(*(members(g, w) for w in g.named(pathway, "Pathway")))
    return sorted(
        ((e["source"], g.get(e["source"], "name"), e["target"], g.get(e["target"], "symbol"),
          e.get("action"), e.get("affinity"), e.get("mechanism_of_action"), *cite(e))
         for e in g.of("TARGETS") if e["target"] in inside),
        key=lambda row: (row[0], row[2], row[7]),
    )  # fmt: skip


def regulators_in_pathway(g: Graph, pathway: str) -> Rows:
    rows = {}
    for w in g.named(pathway, "Pathway"):
        inside = members(g, w)
        for e in g.of(*SIGNALLING):
            a, b = e["source"], e["target"]
            if a in inside and b in inside:
                rows[e["edge_id"]] = (a, g.get(a, "symbol"), e["type"], e["sign"], b,
                                      g.get(b, "symbol"), e["mechanisms"], *cite(e))  # fmt: skip
    return sorted(rows.values(), key=lambda row: (row[0], row[4], row[2], row[7]))


def common(
    g: Graph, types: tuple[str, ...], ends: tuple[set[str], set[str]], end: str, *values: str
) -> Rows:
    """What both of two nodes are joined to, with values of the one and of the other edge."""
    other = "source" if end == "target" else "target"
    rows = []
    for t in g.of(*types):
        for u in g.of(*types) if t[end] in ends[0] else ():
            if u[end] in ends[1] and u[other] == t[other] and u[end] != t[end]:
                n = t[other]
                pairs = [[t.get(v), u.get(v)] for v in values]
                rows.append((n, g.get(n, "symbol"), g.get(n, "name"), *pairs, *cites(t, u)))
    return sorted(rows, key=lambda row: (row[0], row[5]))


def shared_targets(g: Graph, first: str, second: str) -> Rows:
    ends = g.named(first, "Drug"), g.named(second, "Drug")
    return common(g, ("TARGETS",), ends, "source", "action", "affinity")


def shared_regulators(g: Graph, first: str, second: str) -> Rows:
    ends = g.named(first, "Protein"), g.named(second, "Protein")
    return common(g, SIGNALLING, ends, "target", "type", "sign")


def opposing_drugs(g: Graph, protein: str, change: str) -> Rows:
    rows = []
    for p in g.named(protein, "Protein"):
        above = [e for e in g.of("ACTIVATES", "INHIBITS") if e["target"] == p and e["source"] != p]
        for t in g.of("TARGETS"):
            steps = [[t]] if t["target"] == p else []
            steps += [[t, e] for e in above if e["source"] == t["target"]]
            for way in steps:
                signs = [e["sign"] for e in way]
                if None not in signs and math.prod(signs) == -int(change):
                    u = t["target"]
                    rows.append((
                        len(way), t["source"], g.get(t["source"], "name"), t.get("action"), u,
                        g.get(u, "symbol"), g.get(u, "name"), way[1]["type"] if way[1:] else None,
                        signs, *cites(*way),
                    ))  # fmt: skip
    return sorted(rows, key=lambda row: (row[0], row[1], row[4], row[9]))


def product(signs: list[int | None]) -> int | None:
    return None if None in signs else math.prod(s for s in signs if s is not None)


def feedback_loops(g: Graph, protein: str) -> Rows:
    rows = []
    for p in g.named(protein, "Protein"):
        for first in g.signals.get(p, ()):
            for rest in simple_paths(g, first["target"], p, 2):
                way = [first, *rest]
                nodes, signs = [e["source"] for e in way], [e["sign"] for e in way]
                rows.append((
                    len(way), product(signs), nodes, [g.get(n, "symbol") for n in nodes],
                    [g.get(n, "name") for n in nodes], [e["type"] for e in way], signs, *cites(*way),
                ))  # fmt: skip
    return sorted(rows, key=lambda row: (row[0], row[2], row[7]))


def says_kinase(*names: str | None) -> bool:
    return any("kinase" in (name or "").lower() for name in names)


def may_be_kinase(g: Graph, node: str) -> bool:
    """A protein that its names call a kinase, or a receptor of growth factors and the like."""
    if g.get(node, "label") != "Protein":
        return True
    name = g.get(node, "name") or ""
    if "binding protein" in name:
        return False
    if says_kinase(name, *(g.get(node, "synonyms") or ())):
        return True
    cytokine = any(word in name for word in ("nterleukin", "ecrosis factor"))
    return bool(g.get(node, "receptor")) and not cytokine


def may_be_factor(g: Graph, node: str) -> bool:
    return not says_kinase(g.get(node, "name")) and not g.get(node, "secreted")


def signal_chain(g: Graph, ligand: str) -> Rows:
    of: dict[str, list[str]] = {}  # complexes of a protein
    parts: dict[str, list[str]] = {}
    for e in g.of("PART_OF"):
        of.setdefault(e["source"], []).append(e["target"])
        parts.setdefault(e["target"], []).append(e["source"])
    kinase: dict[str, str] = {}
    for e in g.of(*SIGNALLING):
        if "phosphorylation" in (e["mechanisms"] or ()) and may_be_kinase(g, e["source"]):
            kinase[e["source"]] = min(e["edge_id"], kinase.get(e["source"], "~"))
    rows = []
    for p in g.named(ligand, "Protein"):
        for b in g.of("BINDS"):
            if b["source"] not in (p, *of.get(p, ())):
                continue
            r = b["target"]
            for a in (r, *parts.get(r, ())):
                before = [(a, [])] if a in kinase else []
                before += [
                    (s["target"], [s]) for s in g.signals.get(a, ()) if s["target"] in kinase
                ]
                for k, first in before:
                    for t in g.signals.get(k, ()):
                        for x in g.signals.get(t["target"], ()):
                            way = [*first, t, x]
                            ends = [a, *(e["target"] for e in way)]
                            if len(set(ends)) <= len(way) or not may_be_factor(g, t["target"]):
                                continue
                            if not TRANSCRIPTION & {*(x["mechanisms"] or ())}:
                                continue
                            nodes, way = [b["source"], r, *ends[1:]], [b, *way]
                            rows.append((
                                product([e["sign"] for e in way[1:]]), nodes,
                                [g.get(n, "symbol") for n in nodes], a, k, kinase[k],
                                *([e[v] for e in way] for v in ("type", "sign", "mechanisms")),
                                *cites(*way),
                            ))  # fmt: skip
    return sorted(rows, key=lambda row: (len(row[1]), row[1][:2], row[3], row[1][2:], row[9]))


ANSWER: dict[str, Callable[..., Rows]] = {
    "central_dogma": central_dogma,
    "complex_members": lambda g, **given: listing(
        g,
        ("PART_OF",),
        g.named(given["complex"], "Complex"),
        "target",
        "symbol",
        "name",
        ".stoichiometry",
    ),
    "complexes_of_protein": lambda g, protein: listing(
        g, ("PART_OF",), g.named(protein, "Protein"), "source", "name", ".stoichiometry"
    ),
    "conflicting_signs": lambda g: touching(g, set(g.nodes)),
    "conflicting_signs_of": lambda g, protein: touching(g, g.named(protein, "Protein")),
    "counts": counts,
    "disease_genes": lambda g, disease: listing(
        g, ("ASSOCIATED_WITH",), g.named(disease, "Disease"), "target", "symbol", "name"
    ),
    "diseases_of_drug": lambda g, drug: listing(
        g, ("TREATS", "PALLIATES"), g.named(drug, "Drug"), "source", "name", "type"
    ),
    "diseases_of_gene": lambda g, gene: listing(
        g, ("ASSOCIATED_WITH",), g.named(gene, "Gene"), "source", "name"
    ),
    "downstream": lambda g, protein: signalling(g, protein, "source"),
    "drug_targets": drug_targets,
    "drugs_of_disease": lambda g, disease: listing(
        g, ("TREATS", "PALLIATES"), g.named(disease, "Disease"), "target", "name", "type"
    ),
    "drugs_of_target": drugs_of_target,
    "drugs_of_pathway": drugs_of_pathway,
    "edge_evidence": edge_evidence,
    "edges_between": edges_between,
    "families_of_protein": lambda g, protein: in_label(
        g, "Family", listing(g, ("MEMBER_OF",), g.named(protein, "Protein"), "source", "name")
    ),
    "feedback_loops": feedback_loops,
    "find_nodes": find_nodes,
    "hubs": hubs,
    "kinds_of_disease": lambda g, disease: below(g, "IS_A", g.named(disease, "Disease")),
    "ligands_of": lambda g, protein: binding(g, protein, "target"),
    "location_of_protein": lambda g, protein: listing(
        g, ("LOCATED_IN",), g.named(protein, "Protein"), "source", "name", ".reliability"
    ),
    "members_of_family": lambda g, family: listing(
        g, ("MEMBER_OF",), g.named(family, "Family"), "target", "symbol", "name"
    ),
    "neighbours": neighbours,
    "opposing_drugs": opposing_drugs,
    "pathway_members": lambda g, pathway: listing(
        g, ("MEMBER_OF",), g.named(pathway, "Pathway"), "target", "symbol", "name"
    ),
    "pathways_of_gene": lambda g, gene: listing(
        g, ("MEMBER_OF",), g.named(gene, "Gene"), "source", "name"
    ),
    "receptors_of": lambda g, protein: binding(g, protein, "source"),
    "regulators_in_pathway": regulators_in_pathway,
    "shared_regulators": shared_regulators,
    "shared_targets": shared_targets,
    "signal_chain": signal_chain,
    "signed_path": signed_path,
    "sub_pathways": lambda g, pathway: below(g, "CHILD_OF", g.named(pathway, "Pathway")),
    "targeted_receptors": targeted_receptors,
    "transcripts_of_gene": transcripts_of_gene,
    "upstream": lambda g, protein: signalling(g, protein, "target"),
}

#: Every query with values that find something, by id, by symbol and by name; and one that does not.
CASES: list[tuple[str, dict[str, str]]] = [
    ("central_dogma", {"gene": "EGFR"}),
    ("central_dogma", {"gene": gene("KRAS")}),
    ("complex_members", {"complex": "integrin a2b1 complex"}),
    ("complexes_of_protein", {"protein": "ITGB1"}),
    ("conflicting_signs", {}),
    ("conflicting_signs_of", {"protein": "TP53"}),
    ("conflicting_signs_of", {"protein": "ABL1"}),
    ("counts", {}),
    ("disease_genes", {"disease": "lung cancer"}),
    ("diseases_of_drug", {"drug": "imatinib"}),
    ("diseases_of_gene", {"gene": "EGFR"}),
    ("downstream", {"protein": "TP53"}),
    ("downstream", {"protein": "KRAS"}),
    ("downstream", {"protein": "no such protein"}),
    ("drug_targets", {"drug": "imatinib"}),
    ("drug_targets", {"drug": "DrugCentral:1045"}),
    ("drugs_of_disease", {"disease": "DOID:8552"}),
    ("drugs_of_target", {"protein": "EGFR"}),
    ("drugs_of_pathway", {"pathway": "Signaling by EGFR"}),
    ("drugs_of_pathway", {"pathway": "REACT:R-HSA-5683057"}),
    ("edges_between", {"first": "TP53", "second": "MDM2"}),
    ("edges_between", {"first": protein("KRAS"), "second": "KRAS"}),
    ("edges_between", {"first": "SIGNOR:SIGNOR-PF1", "second": protein("MAPK1")}),
    ("edges_between", {"first": "imatinib", "second": "ABL1"}),
    ("families_of_protein", {"protein": "MAP2K1"}),
    ("feedback_loops", {"protein": "TP53"}),
    ("feedback_loops", {"protein": "BRAF"}),
    ("feedback_loops", {"protein": "KRAS"}),
    ("feedback_loops", {"protein": "CD19"}),
    ("find_nodes", {"beginning": "EG"}),
    ("find_nodes", {"beginning": "integrin a2"}),
    ("hubs", {"label": "Protein", "type": "ACTIVATES"}),
    ("hubs", {"label": "Complex", "type": "REGULATES"}),
    ("hubs", {"label": "Gene", "type": "INTERACTS_WITH"}),
    ("location_of_protein", {"protein": "TP53"}),
    ("members_of_family", {"family": "ERK1/2"}),
    ("opposing_drugs", {"protein": "TP53", "change": "-1"}),
    ("opposing_drugs", {"protein": "TP53", "change": "1"}),
    ("opposing_drugs", {"protein": "ABL1", "change": "1"}),
    ("edge_evidence", {"edge_id": "fb9a415ddc90fc78"}),
    ("kinds_of_disease", {"disease": "disease"}),
    ("ligands_of", {"protein": "EGFR"}),
    ("ligands_of", {"protein": "ITGA2"}),
    ("neighbours", {"node": protein("TP53")}),
    ("neighbours", {"node": "KRAS"}),
    ("neighbours", {"node": INTEGRIN}),
    ("neighbours", {"node": "imatinib"}),
    ("pathway_members", {"pathway": "Signaling by EGFR"}),
    ("pathways_of_gene", {"gene": "KRAS"}),
    ("receptors_of", {"protein": "EGF"}),
    ("receptors_of", {"protein": "ITGB1"}),
    ("regulators_in_pathway", {"pathway": "Signaling by EGFR"}),
    ("regulators_in_pathway", {"pathway": "Signal Transduction"}),
    ("regulators_in_pathway", {"pathway": "REACT:R-HSA-5683057"}),
    ("shared_regulators", {"first": "TP53", "second": "MDM2"}),
    ("shared_regulators", {"first": "ABL1", "second": "TP53"}),
    ("shared_targets", {"first": "imatinib", "second": "DrugCentral:1045"}),
    ("shared_targets", {"first": "imatinib", "second": "nutlin-3"}),
    ("shared_targets", {"first": "imatinib", "second": "imatinib"}),
    ("signal_chain", {"ligand": "EGF"}),
    ("signal_chain", {"ligand": "NGF"}),
    ("conflicting_signs_of", {"protein": "SRC"}),
    ("feedback_loops", {"protein": "SRC"}),
    ("signed_path", {"source": "EGF", "target": "KRAS"}),
    ("signed_path", {"source": "TP53", "target": "PTEN"}),
    ("signed_path", {"source": "ABL1", "target": "MDM2"}),
    ("signed_path", {"source": "EGF", "target": "MAPK1"}),
    ("sub_pathways", {"pathway": "Signal Transduction"}),
    ("targeted_receptors", {}),
    ("transcripts_of_gene", {"gene": "EGFR"}),
    ("upstream", {"protein": "SOS1"}),
]
