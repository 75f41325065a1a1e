"""Which nodes of a build are chosen: by pathway, by reach from seeds, by their ids, or all.

A function here returns the ids that it chose, per label. It reads the tables of the build and
needs no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.schema import EDGE_ENDS, EDGE_TYPE, LABEL

#: The chosen ids of each label.
Chosen = dict[str, set[str]]

_SHOWN = 5


def all_ids(build: Build) -> Chosen:
    """Choose every node of the build."""
    return {label: set(build.nodes(label, ["id"])["id"].to_pylist()) for label in build.labels}


def given_ids(build: Build, ids: Iterable[str]) -> Chosen:
    """Choose the nodes with these ids; an id that two labels share chooses both nodes.

    Raises
    ------
    UsageError
        If no id is given, or the build does not have all of them.
    """
    wanted = {ids} if isinstance(ids, str) else set(ids)
    if not wanted:
        raise UsageError("no node is chosen: the list of ids is empty")
    value_set = pa.array(sorted(wanted), pa.string())
    chosen: Chosen = {}
    for label in build.labels:
        column = build.nodes(label, ["id"])["id"]
        found = column.filter(pc.is_in(column, value_set=value_set)).to_pylist()
        if found:
            chosen[label] = set(found)
    _refuse_unknown(wanted - set().union(*chosen.values()), build)
    return chosen


def _refuse_unknown(unknown: Collection[str], build: Build) -> None:
    if not unknown:
        return
    shown = ", ".join(repr(i) for i in sorted(unknown)[:_SHOWN])
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    raise UsageError(
        f"the build {build.id} has no node with the id {shown}{more}; "
        "expected ids as the build writes them, such as HGNC:3236 or UniProtKB:P00533"
    )


def find_pathway(build: Build, given: str) -> str:
    """Return the id of a pathway, which may be given without its prefix (``R-HSA-1280215``).

    Raises
    ------
    UsageError
        If the build has no such pathway.
    """
    known = set(build.nodes("Pathway", ["id"])["id"].to_pylist())
    for candidate in (given, *(f"{prefix}:{given}" for prefix in LABEL["Pathway"].prefixes)):
        if candidate in known:
            return candidate
    raise UsageError(
        f"the build {build.id} has no pathway {given!r}; expected the id of one of its "
        f"{len(known)} pathways, such as REACT:R-HSA-1280215"
    )


def pathway_ids(build: Build, pathway: str, *, sub_pathways: bool) -> Chosen:
    """Choose a pathway and what takes part in it.

    Genes and proteins that are members of the pathway (or of any pathway below it), the genes that
    encode such proteins, the transcripts and proteins of such genes, and the complexes whose
    resolved subunits are all chosen (a complex with no resolved subunit is not).

    Raises
    ------
    UsageError
        If the pathway has no member.
    """
    pathways = _below(build, pathway) if sub_pathways else {pathway}
    genes, proteins = _members(build, pathways)
    if not genes and not proteins:
        hint = "" if sub_pathways else "; its sub-pathways were left out (sub_pathways=False)"
        raise UsageError(f"no node is chosen: the pathway {pathway} has no member{hint}")
    encodes = _pairs(build, "ENCODES")
    genes |= {gene for gene, protein in encodes if protein in proteins}
    proteins |= {protein for gene, protein in encodes if gene in genes}
    chosen = {
        "Gene": genes,
        "Transcript": {t for gene, t in _pairs(build, "TRANSCRIBED_TO") if gene in genes},
        "Protein": proteins,
        "Complex": _complete_complexes(build, proteins),
        "Pathway": pathways,
    }
    return {label: ids for label, ids in chosen.items() if ids}


def _pairs(build: Build, edge_type: str) -> list[tuple[str, str]]:
    table = build.edges(edge_type, ["source", "target"])
    return list(zip(table["source"].to_pylist(), table["target"].to_pylist(), strict=True))


def _below(build: Build, pathway: str) -> set[str]:
    """Return the pathway and every pathway below it; a cycle does no harm."""
    children = defaultdict(list)
    for child, parent in _pairs(build, "CHILD_OF"):
        children[parent].append(child)
    found = {pathway}
    todo = [pathway]
    while todo:
        new = [child for child in children[todo.pop()] if child not in found]
        found.update(new)
        todo.extend(new)
    return found


def _members(build: Build, pathways: Collection[str]) -> tuple[set[str], set[str]]:
    table = build.edges("MEMBER_OF", ["source", "target", "source_label"])
    table = table.filter(pc.is_in(table["target"], value_set=_strings(pathways)))
    members: Chosen = defaultdict(set)
    for label in ("Gene", "Protein"):
        rows = table.filter(pc.equal(table["source_label"], label))
        members[label] = set(rows["source"].to_pylist())
    return members["Gene"], members["Protein"]


def _complete_complexes(build: Build, proteins: Collection[str]) -> set[str]:
    subunits: Chosen = defaultdict(set)
    for protein, complex_ in _pairs(build, "PART_OF"):
        subunits[complex_].add(protein)
    return {complex_ for complex_, parts in subunits.items() if parts <= set(proteins)}


def check_edge_types(edge_types: Sequence[str] | None) -> tuple[str, ...]:
    """Return the edge types in schema order; all of them when none is given.

    Raises
    ------
    UsageError
        If one is not of the schema.
    """
    if edge_types is None:
        return tuple(EDGE_TYPE)
    unknown = sorted(set(edge_types) - set(EDGE_TYPE))
    if unknown:
        raise UsageError(f"unknown edge types {unknown}; known: {', '.join(EDGE_TYPE)}")
    return tuple(name for name in EDGE_TYPE if name in set(edge_types))


def reached_ids(
    build: Build, seeds: Iterable[str], *, hops: int, edge_types: Sequence[str], max_nodes: int
) -> Chosen:
    """Choose the seeds and what can be reached from them in some hops, along or against edges.

    Raises
    ------
    UsageError
        If a seed is unknown, ``hops`` is negative, or more than ``max_nodes`` nodes are reached.
    """
    if hops < 0:
        raise UsageError(f"hops={hops} found, a number from 0 up expected")
    reached = given_ids(build, seeds)
    frontier = reached
    links = _links(build, edge_types) if hops else []
    for hop in range(1, hops + 1):
        step = _one_hop(links, frontier)
        frontier = {label: ids - reached.get(label, set()) for label, ids in step.items()}
        for label, ids in frontier.items():
            reached[label] = reached.get(label, set()) | ids
        _refuse_flood(reached, hop, max_nodes)
    return reached


def _refuse_flood(reached: Chosen, hop: int, max_nodes: int) -> None:
    found = sum(map(len, reached.values()))
    if found > max_nodes:
        raise UsageError(
            f"{found} nodes are within {hop} hops of the seeds, at most {max_nodes} are allowed; "
            "take fewer hops, name edge_types, or raise max_nodes"
        )


def _links(build: Build, edge_types: Sequence[str]) -> list[tuple[str, str, pa.Table]]:
    """Return the edges to walk, as (label, label, table of source and target)."""
    links: list[tuple[str, str, pa.Table]] = []
    for edge_type in edge_types:
        table = build.edges(edge_type, EDGE_ENDS)
        links.extend((a, b, ends_between(table, a, b)) for a, b in EDGE_TYPE[edge_type].ends)
    return [link for link in links if link[2].num_rows]


def ends_between(table: pa.Table, source_label: str, target_label: str) -> pa.Table:
    """Rows of an edge table that lead from one label to the other."""
    return table.filter(
        pc.and_(
            pc.equal(table["source_label"], source_label),
            pc.equal(table["target_label"], target_label),
        )
    )


def _one_hop(links: Iterable[tuple[str, str, pa.Table]], frontier: Chosen) -> Chosen:
    found: Chosen = defaultdict(set)
    for a, b, table in links:
        found[b] |= _across(table, "source", frontier.get(a), "target")
        found[a] |= _across(table, "target", frontier.get(b), "source")
    return found


def _across(table: pa.Table, near: str, ids: Collection[str] | None, far: str) -> set[str]:
    if not ids:
        return set()
    return set(table[far].filter(pc.is_in(table[near], value_set=_strings(ids))).to_pylist())


def _strings(values: Collection[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
