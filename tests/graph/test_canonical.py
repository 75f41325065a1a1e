"""The fingerprint sees every difference and no order."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.graph.graphs import nasty_tables
from tests.tiny import Row, write_build
from tosg_graph.build.tables import Build
from tosg_graph.errors import BuildError
from tosg_graph.graph.canonical import Fingerprint, fingerprint_of_build

Tables = dict[str, list[Row]]


def of(tables: Tables, folder: Path) -> str:
    return fingerprint_of_build(write_build(folder, tables))


def shuffled(tables: Tables) -> None:
    for rows in tables.values():
        random.Random(1).shuffle(rows)


def test_order_does_not_matter(tmp_path: Path) -> None:
    tables = nasty_tables()
    first = of(tables, tmp_path / "a")
    shuffled(tables)
    assert of(tables, tmp_path / "b") == first
    assert len(first) == 64


CHANGES: dict[str, Callable[[Tables], object]] = {
    "a node goes": lambda t: t["nodes/Tissue"].pop(),
    "an edge goes": lambda t: t["edges/TREATS"].pop(),
    "a text changes": lambda t: t["nodes/Gene"][3].update(text="other"),
    "a blank is lost": lambda t: t["nodes/Protein"][1].update(text=t["nodes/Protein"][1]["text"].strip()),
    "a value goes": lambda t: t["nodes/Gene"][3].update(text=None),
    "a list is sorted anew": lambda t: t["nodes/Drug"][1]["synonyms"].reverse(),
    "a list becomes a text": lambda t: t["nodes/Drug"][1].update(synonyms=["Gleevec, STI-571"]),
    "a number in its last digit": lambda t: t["edges/TARGETS"][1].update(affinity=0.3),
    "a direction": lambda t: t["edges/BINDS"][0].update(
        source=t["edges/BINDS"][0]["target"], target=t["edges/BINDS"][0]["source"],
        source_label=t["edges/BINDS"][0]["target_label"], target_label=t["edges/BINDS"][0]["source_label"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_difference_is_seen(change: str, tmp_path: Path) -> None:
    before = nasty_tables()
    after = copy.deepcopy(before)
    CHANGES[change](after)
    assert after != before
    assert of(after, tmp_path / "after") != of(before, tmp_path / "before")


def test_nodes_and_edges_do_not_make_up_for_each_other() -> None:
    one, two = Fingerprint(), Fingerprint()
    one.add_nodes([(["Gene"], {"id": "a"}), (["Gene"], {"id": "a"})])
    two.add_nodes([(["Gene"], {"id": "a"})])
    assert one.value() != two.value()
    two.add_edges([("T", ("Gene", "a"), ("Gene", "a"), {"x": None})])
    same = Fingerprint()
    same.add_nodes([(["Gene"], {"id": "a"})])
    same.add_edges([("T", ("Gene", "a"), ("Gene", "a"), {})])
    assert two.value() == same.value()


def test_an_empty_text_or_list_in_a_build_is_refused(tmp_path: Path) -> None:
    for value, field in (("", "text"), ([], "synonyms"), ([""], "xrefs"), (["a", None], "xrefs")):
        tables = nasty_tables()
        tables["nodes/Gene"][2][field] = value
        with pytest.raises(BuildError, match=f"nodes/Gene .* empty text or list in '{field}'"):
            of(tables, tmp_path / f"{field}{len(str(value))}")


def test_an_edge_between_wrong_labels_is_refused(tmp_path: Path) -> None:
    tables = nasty_tables()
    tables["edges/TREATS"][0]["target_label"] = "Gene"
    with pytest.raises(BuildError, match="1 edges between labels that TREATS does not join"):
        of(tables, tmp_path)


def test_a_missing_or_damaged_table_is_named(tmp_path: Path) -> None:
    build = write_build(tmp_path, nasty_tables())
    build.file("nodes/Drug").write_bytes(b"no parquet")
    with pytest.raises(BuildError, match=r"Drug\.parquet is damaged .*; build again"):
        fingerprint_of_build(Build.open(tmp_path))
    build.file("nodes/Drug").unlink()
    with pytest.raises(BuildError, match=r"Drug\.parquet is missing; build again"):
        fingerprint_of_build(Build.open(tmp_path))
