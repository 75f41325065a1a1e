"""The tables of figures of the graph, and that of the README."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from results import OURS, READERS, best_peer, result, row, table

#: What the results call the graph of real files among the scales.
PUBLIC = "public files"
#: Queries that count over all edges of a type, or of all.
WHOLE = ("counts", "conflicting_signs", "hubs")

# ---- README ----------------------------------------------------------------------------------


def figures() -> str:
    """The table of figures in the README."""
    line, feed = result("line"), result("feed")
    rows = [
        f"| {what} | {run['median_s']:.1f} s ({run['range_s'][0]:.1f}–{run['range_s'][1]:.1f}), "
        f"{run['peak_mb']:,} MB | `benchmarks/line.py` |"
        for what, run in line["commands"].items()
    ]
    sizes = line["sizes_mb"]
    rows.append(
        f"| on disk: builds and names, embedded graph, cells | {sizes['graph']:.0f}, "
        f"{sizes['embedded']:.0f}, {sizes['cells']:.0f} MB | `benchmarks/line.py` |"
    )
    for order, name in (("random", "in random order"), ("block_64", "in shuffled blocks of 64")):
        ours = feed["readers"]["hot"][order]["cells_per_s"]
        best, rate = best_peer(feed, order)
        rows.append(
            f"| cells per second into sparse tensors, {name} | {ours:,} ({ours / rate:.1f} × "
            f"{READERS[best]}, the best of {len(feed['readers']) - len(OURS)} peers) | "
            "`benchmarks/cells/feed.py` |"
        )
    return "\n".join(["| what | figure | script |", "|---|---|---|", *rows])


# ---- the graph -------------------------------------------------------------------------------


def graph_sizes() -> str:
    """From sources to a build, to tensors, into the embedded graph."""
    return table(
        "| share | nodes | edges | sources → build | → `HeteroData` | → embedded |",
        (
            f"| {_share(share)} | {run['rows']['nodes']:,} | {run['rows']['edges']:,} | "
            f"{_cost(run['build'])} | {_cost(run['topology'])} | {_cost(run.get('embedded'))} |"
            for share, run in _by_size("graph")
        ),
    )


def _by_size(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The scales of a result, the public files first, then by their share."""
    scales = result(name)["scales"].items()
    return sorted(scales, key=lambda item: 0.0 if item[0] == PUBLIC else float(item[0]))


def _share(scale: str) -> str:
    return scale if scale == PUBLIC else f"{float(scale):.0%}"


def _cost(step: dict[str, float] | None) -> str:
    if step is None:
        return "not measured"
    seconds = step.get("seconds_without_imports", step["seconds"])
    return f"{seconds:.1f} s, {step['peak_mb']:,} MB"


def server() -> str:
    """What a server costs, at every scale that was measured."""
    return table(
        "| share | edges | import | `neo4j-admin` alone | share of it | update of 1 % | "
        "rebuild + import + indexes | share of it | topology through Bolt |",
        (
            f"| {_share(share)} | {run['edges']:,} | {median(run['offline']['ours_s']):.1f} s "
            f"| {median(run['offline']['bare_s']):.1f} s | {run['offline']['ratio']:.2f} | "
            f"{_update(run.get('update'))} | {_seconds(run.get('topology'))} |"
            for share, run in _by_size("neo4j")
        ),
    )


def _update(step: dict[str, float] | None) -> str:
    if step is None:
        return "| |"
    return f"{step['seconds']:.1f} s | {step['again_s']:.1f} s | {step['share_of_again']:.3f}"


def _seconds(step: dict[str, float] | None) -> str:
    return "not measured" if step is None else f"{step['seconds']:.1f} s"


def living() -> str:
    """What 100,000 edges into a running server cost, beside other tools."""
    run = result("neo4j")["living"]
    ours = median(run["ours_s"])
    peers = {
        "driver alone, the same batches": median(run["bare_s"]),
        **{
            name: run[script]["nodes_s"] + run[script]["edges_s"]
            for name, script in (
                ("py2neo, bulk helpers", "py2neo_bulk.py"),
                ("BioCypher, online", "biocypher_online.py"),
            )
            if script in run
        },
    }
    rows = [f"| `tosg load` | {ours:.1f} s | |"]
    rows += [f"| {name} | {s:.1f} s | {s / ours:.2f} × ours |" for name, s in peers.items()]
    return table(f"| {run['nodes']:,} nodes, {run['edges']:,} edges | wall | |", rows)


def query_costs() -> str:
    """What every named query costs, on every graph and engine that was measured."""
    runs = {
        f"{run['queries']['edges']:,} edges, {run['queries']['engine']}": run["queries"]["queries"]
        for scale in ("1.0", PUBLIC)
        for name in ("graph", "neo4j")
        if "queries" in (run := result(name)["scales"].get(scale, {}))
    }
    names = sorted({name for run in runs.values() for name in run})
    return table(
        f"| query | {' | '.join(runs)} |",
        (
            f"| `{name}` | {' | '.join(_times(run.get(name)) for run in runs.values())} |"
            for name in names
            if any(run.get(name) for run in runs.values())
        ),
    )


def _times(cost: dict[str, float] | None) -> str:
    if cost is None:
        return ""
    stopped = f", {cost['stopped']} stopped" if cost["stopped"] else ""
    return f"{cost['p50']:.3f} s, {cost['p95']:.3f} s{stopped}"


def graph_targets() -> str:
    """Every target of the graph, beside what was measured."""
    whole, server_run = result("graph")["scales"]["1.0"], result("neo4j")["scales"]["1.0"]
    living_run = result("neo4j")["living"]
    build, topology = whole["build"], whole["topology"]
    offline, update_share = server_run["offline"], server_run["update"]["share_of_again"]
    import_s = median(offline["ours_s"])
    load = whole["embedded"]["seconds"]
    reading = topology.get("seconds_without_imports", topology["seconds"])
    ours = median(living_run["ours_s"])
    bare = median(living_run["bare_s"]) / ours
    peer = sum(living_run["py2neo_bulk.py"][k] for k in ("nodes_s", "edges_s")) / ours
    slow = {
        f"`{name}` on {run['queries']['engine']} ({cost['p95']:.1f} s)"
        for run in (whole, server_run)
        for name, cost in run["queries"]["queries"].items()
        if cost and cost["p95"] > 1 and name not in WHOLE
    }
    return table(
        "| what | target | measured | |",
        [
            row(
                "sources → build",
                "≤ 6 min, ≤ 4 GB",
                f"{build['seconds']:.0f} s, {build['peak_mb']:,} MB",
                met=build["seconds"] <= 360 and build["peak_mb"] <= 4000,
            ),
            row(
                "build → Neo4j, offline",
                "≤ 1.3 × `neo4j-admin`, ≤ 3 min",
                f"{offline['ratio']:.2f} ×, {import_s:.0f} s",
                met=offline["ratio"] <= 1.3 and import_s <= 180,
            ),
            row("build → embedded", "≤ 90 s", f"{load:.0f} s", met=load <= 90),
            row("living database", "≥ 0.8 × the bare driver", f"{bare:.2f} ×", met=bare >= 0.8),
            row("the same, py2neo", "≥ 5 × as fast", f"{peer:.2f} ×", met=peer >= 5),
            row("update of 1 %", "≤ 1/10 of anew", f"{update_share:.3f}", met=update_share <= 0.1),
            row(
                "topology into `HeteroData`",
                "≤ 10 s, ≤ 3 GB",
                f"{reading:.1f} s, {topology['peak_mb']:,} MB",
                met=reading <= 10 and topology["peak_mb"] <= 3000,
            ),
            row(
                "named queries, p95, but for those that read a whole type",
                "≤ 1 s",
                ", ".join(sorted(slow)) or "all",
                met=not slow,
            ),
        ],
    )


#: The tables of docs/scale.md, by the name of their place.
TABLES: dict[str, Callable[[], str]] = {
    "graph targets": graph_targets,
    "graph": graph_sizes,
    "server": server,
    "living": living,
    "queries": query_costs,
}
