"""The tables of figures, from what the benchmark scripts wrote. Nothing here is measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"

#: As many cells as OmniCellTOSG has.
WHOLE = 120_000_000
#: How readers are called in the table.
READERS = {
    "hot": "TOSG Graph, hot",
    "compact": "TOSG Graph, compact (LZ4)",
    "annbatch": "annbatch",
    "scdl": "BioNeMo-SCDL",
    "scdataset": "scDataset on h5ad",
    "lance": "Lance",
    "soma": "TileDB-SOMA-ML",
    "backed": "h5ad, backed",
}


@lru_cache
def result(name: str) -> Any:
    """What a script wrote."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(head: str, rows: Iterable[str]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = "|---|" + "--:|" * (head.count("|") - 2)
    return "\n".join([head, rule, *rows])


# ---- README ----------------------------------------------------------------------------------


def figures() -> str:
    """The table of figures in the README."""
    line, feed = result("line"), result("feed")["readers"]
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
        ours = feed["hot"][order]["cells_per_s"]
        others = {n: f[order]["cells_per_s"] for n, f in feed.items() if n not in OURS}
        best = max(others, key=lambda n: others[n])
        rows.append(
            f"| cells per second into sparse tensors, {name} | {ours:,} "
            f"({ours / others[best]:.1f} × {READERS[best]}, the best of {len(others)} peers) | "
            "`benchmarks/cells/feed.py` |"
        )
    return "\n".join(["| what | figure | script |", "|---|---|---|", *rows])


# ---- the graph -------------------------------------------------------------------------------


def graph_sizes() -> str:
    """From sources to a build, to tensors, into the embedded graph."""
    return table(
        "| share | nodes | edges | sources → build | → `HeteroData` | → embedded |",
        (
            f"| {float(share):.0%} | {run['rows']['nodes']:,} | {run['rows']['edges']:,} | "
            f"{_cost(run['build'])} | {_cost(run['topology'])} | {_cost(run.get('embedded'))} |"
            for share, run in result("graph")["scales"].items()
        ),
    )


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
            f"| {float(share):.0%} | {run['edges']:,} | {_median(run['offline']['ours_s']):.1f} s "
            f"| {_median(run['offline']['bare_s']):.1f} s | {run['offline']['ratio']:.2f} | "
            f"{run['update']['seconds']:.1f} s | {run['update']['again_s']:.1f} s | "
            f"{run['update']['share_of_again']:.3f} | {_seconds(run.get('topology'))} |"
            for share, run in sorted(result("neo4j")["scales"].items(), key=lambda s: float(s[0]))
        ),
    )


def _median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def _seconds(step: dict[str, float] | None) -> str:
    return "not measured" if step is None else f"{step['seconds']:.1f} s"


def living() -> str:
    """What 100,000 edges into a running server cost, beside other tools."""
    run = result("neo4j")["living"]
    ours = _median(run["ours_s"])
    peers = {
        "driver alone, the same batches": _median(run["bare_s"]),
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
        for name in ("graph", "neo4j")
        for run in result(name)["scales"].values()
        if "queries" in run and run["queries"]["edges"] > 10**7
    }
    runs |= {
        f"{name}: {run['edges']:,} edges, {run['engine']}": run["queries"]
        for name, run in result("queries")["runs"].items()
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


# ---- cells -----------------------------------------------------------------------------------

OURS = ("hot", "compact")


def tiers() -> str:
    """Bytes and speed of the tiers, and of conversion."""
    found = result("cells_convert")
    options, here = found["options"], found["conversion"][0]
    rows = [
        f"| {tier} | {run['bytes_per_cell']:,} | {run['cells_per_cpu_second']:,} |"
        for tier, run in found["tiers"].items()
    ]
    return "\n".join(
        [
            table("| tier | bytes per cell | cells per CPU second |", rows),
            "",
            f"Converting them from h5ad ({found['source_bytes_per_cell']:,} bytes per cell, "
            f"{options['cells']:,} cells): {here['cells_per_cpu_second']:,} cells per CPU second "
            "in one process, joining the features included, "
            f"{here['peak_memory_mb']['this_process']} MB at most.",
        ]
    )


def feed() -> str:
    """Cells per second of this project and of others."""
    found = result("feed")
    orders = ("block_64", "random")
    rows = [
        f"| {READERS[name]} | {run['bytes_per_cell']:,} | "
        + " | ".join(
            f"{run[o]['cells_per_s']:,} | {run[o]['per_cpu_s']:,} | {run[o]['anonymous_mb']:,}"
            for o in orders
        )
        + " |"
        for name, run in found["readers"].items()
    ]
    head = (
        "| reader | bytes per cell | blocks of 64: cells/s | per CPU s | MB | "
        "random: cells/s | per CPU s | MB |"
    )
    mixed = ", ".join(
        f"{100 * share:.1f} % for {order.replace('_', ' of ')}"
        for order, share in found["entropy_of_random"].items()
    )
    shared = found["shared_topology"]
    return "\n".join(
        [
            table(head, rows),
            "",
            "Entropy of the labels of a batch, as a share of that under true random order, where "
            f"the cells of each of 50 labels lie together: {mixed}.",
            "",
            "Batches of 512 cells on a shared topology of 20,000 nodes and 200,000 edges: "
            f"{shared['ours_cells_per_s']:,} cells/s "
            f"against {shared['pyg_cells_per_s']:,} with `Batch.from_data_list` "
            f"({shared['times']:,.0f} ×).",
        ]
    )


def store_sizes() -> str:
    """What reading costs as a store grows."""
    rows = [
        f"| {tier} | {int(cells):,} | {run['open_s']:.2f} s | {run['first_batch_s']:.2f} s | "
        f"{run['cells_per_s']:,.0f} | {run['per_cpu_s']:,.0f} | "
        f"{run['before_mb']:,.0f} → {run['most_mb']:,.0f} |"
        for tier, sizes in result("cells_scale")["stores"].items()
        for cells, run in sizes.items()
    ]
    return table(
        "| tier | cells | open | open and first batch | cells/s | per CPU s | "
        "anonymous MB, before → most |",
        rows,
    )


def whole() -> str:
    """All of it for 120 million cells, on paper."""
    convert, cohort = result("cells_convert"), result("cells_cohort")
    feeding, stored = result("feed")["readers"], convert["tiers"]
    file_bytes = cohort["file_mb"] * 1e6 / cohort["options"]["cells"]
    query = cohort["results"]["joined"]["choose"]["median_s"]
    rows = [
        _bytes("sources, h5ad", convert["source_bytes_per_cell"], "convert.py"),
        *(
            _bytes(f"store, {tier}", run["bytes_per_cell"], "convert.py")
            for tier, run in stored.items()
        ),
        _bytes("table of cells, columns of the cohort queries", file_bytes, "cohort.py"),
        _hours("conversion", convert["conversion"][0]["cells_per_cpu_second"], "convert.py"),
        _hours("packing (LZ4)", stored["lz4"]["packed_per_cpu_second"], "convert.py"),
        *(
            _hours(
                f"an epoch, {tier}, blocks of 64", feeding[tier]["block_64"]["per_cpu_s"], "feed.py"
            )
            for tier in OURS
        ),
        f"| a cohort query of five conditions | {query:.2f} s for 10 M cells | "
        f"{query * 12:.0f} s | `cohort.py` |",
    ]
    return table("| what | measured | 120 million cells | script |", rows)


def _bytes(what: str, each: float, script: str) -> str:
    total = each * WHOLE / 1e9
    shown = f"{total / 1000:.1f} TB" if total >= 1000 else f"{total:.0f} GB"
    return f"| {what} | {each:,.0f} bytes per cell | {shown} | `{script}` |"


def _hours(what: str, rate: float, script: str) -> str:
    hours = WHOLE / rate / 3600
    return f"| {what} | {rate:,} cells per CPU second | {hours:.1f} core-hours | `{script}` |"


#: The tables of docs/scale.md, by the name of their place.
SCALE: dict[str, Callable[[], str]] = {
    "graph": graph_sizes,
    "server": server,
    "living": living,
    "queries": query_costs,
    "feed": feed,
    "stores": store_sizes,
    "whole": whole,
}
