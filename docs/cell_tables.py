"""The tables of figures of the cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from results import OURS, READERS, best_peer, result, row, table

#: As many cells as OmniCellTOSG has.
WHOLE = 120_000_000


def tiers() -> str:
    """Bytes and speed of the tiers, and of conversion."""
    found = result("cells_convert")
    rows = [
        f"| {tier} | {run['bytes_per_cell']:,} | {run['cells_per_cpu_second']:,} |"
        for tier, run in found["tiers"].items()
    ]
    return table("| tier | bytes per cell | cells per CPU second |", rows)


def conversion() -> str:
    """Conversion by one process and by several."""
    found = result("cells_convert_many")
    rows = [
        f"| {run['processes']} | {run['cells_per_second']:,} | {run['cells_per_cpu_second']:,} | "
        f"{run['speedup']:.2f} | {run['speedup_of_ranges']:.2f} | "
        f"{max(run['peak_memory_mb'].values()):,} |"
        for run in found["conversion"]
    ]
    return "\n".join(
        [
            table(
                "| processes, each with a core | cells/s | cells per CPU s | × one | "
                "× one, while ranges are converted | MB, the largest |",
                rows,
            ),
            "",
            f"{found['options']['cells']:,} cells with {found['options']['values']:,} values each "
            f"from h5ad, {found['source_bytes_per_cell']:,} bytes per cell; joining the features "
            "and starting the processes are included. Two conversions that share nothing, at the "
            f"same time, together did {found['two_at_once']:.2f} times what one alone does.",
        ]
    )


def feed() -> str:
    """Cells per second of this project and of others, entropy, and a shared topology."""
    found = result("feed")
    mixed = ", ".join(
        f"{100 * share:.1f} % for {order.replace('_', ' of ')}"
        for order, share in found["entropy_of_random"].items()
    )
    shared = found["shared_topology"]
    return "\n".join(
        [
            readers(found),
            "",
            "Entropy of the labels of a batch, as a share of that under true random order, where "
            f"the cells of each of 50 labels lie together: {mixed}.",
            "",
            f"Batches of 512 cells on a shared topology of {shared['nodes']:,} nodes and "
            f"{shared['edges']:,} edges, from the store to the tensors: "
            f"{shared['dense_cells_per_s']:,} cells/s dense ({shared['dense_times']:,.0f} ×), "
            f"{shared['sparse_cells_per_s']:,} sparse ({shared['sparse_times']:,.0f} ×), against "
            f"{shared['pyg_cells_per_s']:,} with `Batch.from_data_list`, given its tensors.",
        ]
    )


def real_feed() -> str:
    """The same of the counts of a real file, again and again."""
    return readers(result("feed_real"))


def readers(found: Any) -> str:
    """Cells per second of every reader."""
    orders = ("block_64", "random")
    rows = [
        f"| {READERS[name]} | {run['bytes_per_cell']:,} | "
        + " | ".join(
            f"{run[o]['cells_per_s']:,} | {run[o]['per_cpu_s']:,} | {run[o]['anonymous_mb']:,} | "
            f"{run[o]['cells_per_s'] / best_peer(found, o)[1]:.2g}"
            for o in orders
        )
        + " |"
        for name, run in found["readers"].items()
    ]
    head = (
        "| reader | bytes per cell | blocks of 64: cells/s | per CPU s | MB | × best peer | "
        "random: cells/s | per CPU s | MB | × best peer |"
    )
    return table(head, rows)


def store_sizes() -> str:
    """What reading costs as a store grows."""
    rows = [
        f"| {tier} | {int(cells):,} | {run['open_s']:.2f} s | {run['first_batch_s']:.2f} s | "
        f"{run['cells_per_s']:,.0f} | {run['per_cpu_s']:,.0f} | "
        f"{run['before_mb']:,.0f} → {run['most_mb']:,.0f} ({run['with_topology_mb']:,.0f}) |"
        for tier, sizes in result("cells_scale")["stores"].items()
        for cells, run in sizes.items()
    ]
    return table(
        "| tier | cells | open | open and first batch | cells/s | per CPU s | "
        "anonymous MB, before → most (with the topology) |",
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
        _hours(
            "conversion, two processes",
            result("cells_convert_many")["conversion"][-1]["cells_per_cpu_second"],
            "convert.py",
        ),
        _hours("packing (LZ4)", stored["lz4"]["packed_per_cpu_second"], "convert.py"),
        *(
            _hours(
                f"an epoch, {tier}, blocks of 64", feeding[tier]["block_64"]["per_cpu_s"], "feed.py"
            )
            for tier in OURS
        ),
        f"| a cohort query of five conditions | {query:.2f} s for 10 M cells | "
        f"{query * 12:.0f} s | | `cohort.py` |",
    ]
    return table("| what | measured | 120 million cells | on 32 cores | script |", rows)


def kept() -> str:
    """What is kept beside the store, as it grows to 120 million cells."""
    paper, cohort = result("cells_paper"), result("cells_cohort")
    manifest, order, labels, audit = (paper[k] for k in ("manifest", "order", "labels", "audit"))
    query = cohort["results"]["joined"]["choose"]
    cells = cohort["options"]["cells"]
    return table(
        "| what | grows with | at 120 million cells | measured |",
        [
            f"| manifest | shards of 65,536 | {manifest['bytes'] / 1e6:.1f} MB, "
            f"{manifest['seconds'] * 1e3:.0f} ms to parse | {manifest['shards']:,} records |",
            "| order | nothing (random), blocks (weighted: 8 bytes each) | "
            f"{max(order['memory_mb'], 0.1):.1f} MB; 15 MB | {order['blocks_us_per_cell']:.2f} µs "
            f"per cell in blocks, {order['random_us_per_cell']:.2f} µs at random, at that size |",
            f"| label codes, 600 labels | cells | {labels['bytes_per_cell'] * 120} MB in a file, "
            f"mapped; {labels['us_per_cell'] * 120:.0f} CPU seconds to make once | "
            f"{paper['rows']:,} cells |",
            f"| audit of an epoch, per rank | deliveries | with a folder: those of the last "
            f"million; without: {audit['bytes_per_delivery'] * 120:,.0f} MB | "
            f"{paper['rows']:,} deliveries, {audit['us_per_delivery']:.2f} µs each |",
            f"| cohort query | columns that it names | "
            f"{query['median_s'] * WHOLE / cells:.0f} s | {cells:,} cells |",
        ],
    )


def cell_targets() -> str:
    """Every target of the cells, beside what was measured."""
    feed, stores = result("feed"), result("cells_scale")["stores"]
    convert, cohort = result("cells_convert_many"), result("cells_cohort")
    hot, compact = (feed["readers"][tier] for tier in OURS)
    blocks, random = hot["block_64"]["cells_per_s"], hot["random"]["cells_per_s"]
    times = blocks / best_peer(feed, "block_64")[1]
    packed, size = compact["block_64"]["cells_per_s"], compact["bytes_per_cell"]
    by_64, by_16 = feed["entropy_of_random"].values()
    most = {tier: max(run["most_mb"] for run in sizes.values()) for tier, sizes in stores.items()}
    first = max(list(sizes.values())[-1]["first_batch_s"] for sizes in stores.values())
    falls = {
        tier: 1 - rates[-1] / rates[0]
        for tier, sizes in stores.items()
        for rates in [[run["cells_per_s"] for run in sizes.values()]]
    }
    runs = {run["processes"]: run for run in convert["conversion"]}
    each = runs[1]["cells_per_second"]
    memory = max(max(run["peak_memory_mb"].values()) for run in runs.values())
    shared = feed["shared_topology"]["dense_times"]
    query = cohort["results"]["joined"]["choose"]["median_s"]
    return table(
        "| what | target | measured | |",
        [
            row("hot, blocks of 64", "≥ 120,000 cells/s", f"{blocks:,}", met=blocks >= 120_000),
            row("the same, against the best peer", "≥ 2 ×", f"{times:.1f} ×", met=times >= 2),
            row("hot, random order", "≥ 100,000 cells/s", f"{random:,}", met=random >= 100_000),
            row("compact, blocks of 64", "≥ 70,000 cells/s", f"{packed:,}", met=packed >= 70_000),
            row("compact, bytes per cell", "≤ 2,400", f"{size:,}", met=size <= 2400),
            row("label entropy, blocks of 64", "≥ 97 %", f"{by_64:.1%}", met=by_64 >= 0.97),
            row("label entropy, blocks of 16", "≥ 99.5 %", f"{by_16:.1%}", met=by_16 >= 0.995),
            *(
                row(f"anonymous memory, {tier}", "≤ 600 MB", f"{mb:,.0f} MB", met=mb <= 600)
                for tier, mb in most.items()
            ),
            row("first batch, 2 million cells", "≤ 1 s", f"{first:.2f} s", met=first <= 1),
            *(
                row(
                    f"20,000 to 2 million cells, {tier}",
                    "falls by ≤ 10 %",
                    f"by {fall:.0%}" if fall > 0 else "does not fall",
                    met=fall <= 0.1,
                )
                for tier, fall in falls.items()
            ),
            row("conversion, one process", "≥ 15,000 cells/s", f"{each:,}", met=each >= 15_000),
            row("conversion, memory", "≤ 1.5 GB", f"{memory:,} MB", met=memory <= 1500),
            *(
                row(
                    f"conversion, a second process{where}",
                    "twice as fast",
                    f"{rate:.2f} ×",
                    met=rate >= 1.95,
                )
                for where, rate in (
                    (", while ranges are converted", runs[2]["speedup_of_ranges"]),
                    (f", {convert['options']['cells']:,} cells in all", runs[2]["speedup"]),
                )
            ),
            row("shared topology against PyG", "≥ 50 ×", f"{shared:,.0f} ×", met=shared >= 50),
            row("cohort query over 10 million", "≤ 1 s", f"{query:.2f} s", met=query <= 1),
        ],
    )


def _bytes(what: str, each: float, script: str) -> str:
    total = each * WHOLE / 1e9
    shown = f"{total / 1000:.1f} TB" if total >= 1000 else f"{total:.0f} GB"
    return f"| {what} | {each:,.0f} bytes per cell | {shown} | | `{script}` |"


def _hours(what: str, rate: float, script: str) -> str:
    hours = WHOLE / rate / 3600
    minutes = f"{hours * 60 / 32:.1f} min"
    return (
        f"| {what} | {rate:,} cells per CPU second | {hours:.1f} core-hours | {minutes} | "
        f"`{script}` |"
    )


#: The tables of docs/scale.md, by the name of their place.
TABLES: dict[str, Callable[[], str]] = {
    "cell targets": cell_targets,
    "feed": feed,
    "real feed": real_feed,
    "conversion": conversion,
    "stores": store_sizes,
    "whole": whole,
    "kept": kept,
}
