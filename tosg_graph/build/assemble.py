"""From the files of the sources to a finished graph build.

The steps: stage the rows of each source as Parquet · declare nodes, make aliases of their names ·
choose the canonical product of each gene · add annotations · resolve complexes · resolve
statements, gather evidence and facts · compose texts · write. Joins and aggregations run in DuckDB,
out of core: memory is bounded by the engine (:data:`tosg_graph.build.engine.MEMORY`), one chunk of
a loader and one row group of a table. Every table has one order that depends on its rows alone, so
the bytes do not depend on threads, on the order of the sources, or on the size of chunks.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tosg_graph.build import (
    complexes,
    evidence,
    manifest,
    merging,
    nodes,
    products,
    report,
    text,
)
from tosg_graph.build.engine import Engine
from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.licences import check_use
from tosg_graph.build.mappings import write_mappings
from tosg_graph.build.reuse import StagedSources
from tosg_graph.build.staging import Staged, staged_schema
from tosg_graph.build.tables import (
    Build,
    table_schema,
    write_batches,
)
from tosg_graph.errors import BuildError, UsageError
from tosg_graph.filing import commit_folder, remove_abandoned, sha256
from tosg_graph.schema import EDGE_TYPES, LABEL, LABELS
from tosg_graph.sources.registry import Located

Progress = Callable[[str], None]
Tables = dict[str, dict[str, Any]]


def build_graph(
    located: Located,
    into: Path,
    *,
    use: str = "academic",
    threads: int | None = None,
    keep: Path | None = None,
    reuse: bool = True,
    progress: Progress | None = None,
) -> Build:
    """Make a graph build from the files that were found.

    Parameters
    ----------
    located
        The sources and their files.
    into
        Folder of builds; the build goes to ``into/<build id>``.
    use
        ``academic``, ``commercial`` or ``redistribute``: rows whose licence forbids it are left
        out, and the report counts them.
    threads
        Threads at most; default: one per core. The result does not depend on it.
    keep
        Folder of staged sources that earlier builds kept, and where this one keeps its own, for one
        build at a time; default: nothing is reused and nothing kept. The result does not depend on
        it.
    reuse
        Whether to take a build, or staged sources, that are there already.
    progress
        Called with a line of text when a step begins.

    Returns
    -------
    Build
        The finished build; one that was there already, whole and of the same input, is reused.
        Its ``reused`` names the sources that were not read.

    Raises
    ------
    UsageError
        If the use is unknown or there is nothing to build from.
    SourceError, BuildError
        If the rows cannot become a build; nothing of it is left behind.
    """
    check_use(use)
    if not located.sources:
        raise UsageError("nothing to build from: no source was found; name a folder with --data")
    say = progress or _silent
    say("hashing the files")
    inputs = {s.name: manifest.inputs_of(located.files[s.name]) for s in located.sources}
    build_id = manifest.build_id(located.sources, inputs, use)
    final = into / build_id
    if reuse and (build := manifest.finished(final)) is not None:
        say(f"build {build_id} is there already")
        return build
    with _temporary(into, build_id) as folder:
        kept = StagedSources(keep or folder / "staged", use, say, reuse=reuse)
        staged = _stage(located, inputs, kept)
        out = folder / "build"
        out.mkdir()
        with Engine(spill=folder / "spill", threads=threads) as engine:
            _look_at(engine, staged)
            _join(engine, say)
            tables = _write(engine, out, build_id, say)
            described = _describe(located, inputs, staged, report.licences_of_rows(engine))
            made = report.make_report(engine, out, staged, tables, located)
        manifest.write_manifest(
            out, build=build_id, use=use, sources=described, tables=tables, report=made
        )
        commit_folder(out, final)
        kept.prune()
    return replace(Build.open(final), reused=tuple(kept.reused))


def _describe(
    located: Located,
    inputs: Mapping[str, list[dict[str, Any]]],
    staged: Mapping[str, Staged],
    licences: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    return {
        source.name: manifest.source_entry(
            source,
            located.files[source.name],
            inputs[source.name],
            staged[source.name].rows,
            sorted(licences.get(source.name, {})),
        )
        | ({"left_out": True} if staged[source.name].left_out else {})
        for source in located.sources
    }


def _silent(_: str) -> None:
    return


@contextmanager
def _temporary(into: Path, build_id: str) -> Iterator[Path]:
    """Make a folder beside the final one, and remove it whatever happens."""
    fresh = not into.exists()
    into.mkdir(parents=True, exist_ok=True)
    remove_abandoned(into, "building")
    folder = Path(tempfile.mkdtemp(prefix=f".building-{os.getpid()}-{build_id}-", dir=into))
    try:
        yield folder
    except OSError as error:
        raise BuildError(
            f"the build cannot be written in {into}: {error}; nothing of it is kept: "
            "free space on that disk, or name another workspace"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if fresh and not any(into.iterdir()):
            into.rmdir()


def _stage(
    located: Located, inputs: Mapping[str, list[dict[str, Any]]], kept: StagedSources
) -> dict[str, Staged]:
    return {
        source.name: kept.take(source, located.files[source.name], inputs[source.name])
        for source in sorted(located.sources, key=lambda source: source.name)
    }


def _look_at(engine: Engine, staged: Mapping[str, Staged]) -> None:
    per_label = [f"{kind}_{label}" for kind in ("nodes", "annotations") for label in LABEL]
    for name in (*per_label, "complexes", "mappings", "statements", "rejected"):
        files = [one.files[name] for one in staged.values() if name in one.files]
        engine.view(name, files, staged_schema(name))


def _join(engine: Engine, say: Progress) -> None:
    say("joining identifiers")
    resolver = Resolver(engine)
    nodes.start(engine)
    simple = [label for label in LABELS if label.name != "Complex"]
    merging.start(engine)
    for label in simple:
        nodes.declare(engine, label)
        merging.merge(engine, label)
        nodes.name_aliases(engine, label)
    products.start(engine, resolver)
    resolver.learn_names(nodes.ALIAS_ROWS)
    products.choose(engine, resolver)
    renamed = [label for label in simple if nodes.annotate(engine, label, resolver)]
    for label in renamed:
        nodes.name_aliases(engine, label)
    if renamed:  # a gene or a protein may be known by more names now
        resolver.learn_names(nodes.ALIAS_ROWS)
        products.choose(engine, resolver)
    products.name_products(engine)
    complexes.gather(engine, resolver)
    resolver.learn_names(nodes.ALIAS_ROWS)
    if nodes.annotate(engine, LABEL["Complex"], resolver):
        complexes.name(engine)
        resolver.learn_names(nodes.ALIAS_ROWS)
    say("gathering evidence")
    evidence.gather(engine, resolver)


def _write(engine: Engine, out: Path, build_id: str, say: Progress) -> Tables:
    say("composing texts")
    for label in LABELS:
        nodes.unite(engine, label)
    products.apply_symbols(engine)
    complexes.list_symbols(engine)
    complexes.apply_names(engine)
    for name in ("Protein", "Complex"):
        nodes.name_fallbacks(engine, LABEL[name])
    nodes.settle_aliases(engine)
    text.prepare(engine)
    say("writing tables")
    queries = {f"nodes/{label.name}": text.nodes_query(label) for label in LABELS}
    queries |= {f"edges/{edge.name}": evidence.facts_query(edge) for edge in EDGE_TYPES}
    queries |= {
        "evidence": evidence.evidence_query(),
        "aliases": nodes.aliases_query(),
        "rejects": evidence.rejects_query(),
    }
    tables: Tables = {}
    for name, query in queries.items():
        path = out / f"{name}.parquet"
        rows = write_batches(engine.stream(query, table_schema(name)), path)
        if not rows and "/" in name:  # a label or a type that nothing has
            path.unlink()
            continue
        tables[name] = {"rows": rows, "sha256": sha256(path)}
    joined = ["ends", "member_ends", *(f"annotated_{label}" for label in LABEL)]
    write_mappings(engine, joined, out / manifest.MAPPINGS, build_id)
    return tables
