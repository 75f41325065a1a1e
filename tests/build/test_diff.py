"""What a comparison of two builds finds, against plain Python over the same rows."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults import full_disk
from tests.graph.changing import Tables, random_tables, tiny_changed
from tests.tiny import tiny_tables, write_build
from tosg_graph.build import compare
from tosg_graph.build.diff import diff
from tosg_graph.build.history import find_build
from tosg_graph.errors import BuildError, UsageError

ENDS = ("source", "target", "source_label", "target_label")


def keyed(tables: Tables) -> dict[tuple[Any, ...], dict[str, str]]:
    """Rows of a graph by table and key; values as text, where -0.0 is not 0.0."""
    return {
        (name, row.get("id") or row["edge_id"], *(row.get(end) for end in ENDS)): {
            key: repr(value) for key, value in row.items() if value is not None
        }
        for name, rows in tables.items()
        if "/" in name
        for row in rows
    }


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_it_finds_what_a_comparison_row_by_row_finds(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, chance = tmp_path_factory.mktemp("pair"), random.Random(seed)
    tables = random_tables(chance), random_tables(chance)
    old, new = map(keyed, tables)
    a, b = (write_build(folder / n, t, n) for n, t in zip("ab", tables, strict=True))
    made = diff(a, b, folder / "diffs")
    expected = Counter((key[0], "added") for key in new.keys() - old.keys())
    expected.update((key[0], "withdrawn") for key in old.keys() - new.keys())
    expected.update((k[0], "changed") for k in old.keys() & new.keys() if old[k] != new[k])
    found = {
        (name, kind): made.rows(name, kind)
        for name in made.manifest["tables"]
        for kind in ("added", "withdrawn", "changed")
        if made.rows(name, kind)
    }
    assert found == dict(expected)


def test_properties_sources_and_statements(tmp_path: Path) -> None:
    a = write_build(tmp_path / "a", tiny_tables(), "a")
    b = write_build(tmp_path / "b", tiny_changed(), "b")
    made = diff(a, b, tmp_path)
    assert made.manifest["tables"]["nodes/Gene"]["properties"] == {
        "location": 1,
        "name": 1,
        "synonyms": 1,
    }
    sources = made.manifest["sources"]
    assert sources["hetionet"]["facts"]["added"] == 1  # it states a fact that it did not before
    statements = Counter()
    for counts in sources.values():
        statements.update(counts["statements"])
    assert statements == {"added": 1, "withdrawn": 1}  # one moved in its file: the same statement
    (row,) = pq.read_table(made.file("nodes/Gene", "changed")).to_pylist()
    assert row["before"]["name"] == tiny_tables()["nodes/Gene"][0]["name"]
    assert row["name"] == "a new name"
    assert not list(tmp_path.glob(".comparing-*"))
    assert diff(a, a, tmp_path).empty


def test_statements_are_compared_when_they_are_asked_for(tmp_path: Path) -> None:
    a = write_build(tmp_path / "a", tiny_tables(), "a")
    b = write_build(tmp_path / "b", tiny_changed(), "b")
    quick = diff(a, b, tmp_path / "quick", statements=False)
    assert not any("statements" in counts for counts in quick.manifest["sources"].values())
    whole = diff(a, b, tmp_path / "whole")
    assert quick.manifest["tables"] == whole.manifest["tables"]
    again = diff(a, b, tmp_path / "quick")
    assert again.manifest == whole.manifest
    assert diff(a, b, tmp_path / "quick", statements=False).manifest == whole.manifest


def test_small_ranges_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": f"X:{i:06}", "name": f"n{i}"} for i in range(300_000)]
    a = write_build(tmp_path / "a", {"nodes/Protein": rows}, "a")
    later = [{**row, "name": "new"} if i % 1000 == 0 else row for i, row in enumerate(rows[7:])]
    b = write_build(tmp_path / "b", {"nodes/Protein": later}, "b")
    monkeypatch.setattr(compare, "RANGE_ROWS", 100_000)
    assert len(list(compare._ranges(a, b, "nodes/Protein"))) == 3
    made = diff(a, b, tmp_path)
    assert made.counts()["nodes"] == {"added": 0, "withdrawn": 7, "changed": 300}
    ids = pq.read_table(made.file("nodes/Protein", "changed"))["id"].to_pylist()
    assert ids == sorted(ids)


def test_words_that_name_a_build(tmp_path: Path) -> None:
    for name in ("aa11", "aa22"):
        (tmp_path / name).mkdir()
        write_build(tmp_path / name, {}, name)
    assert find_build(tmp_path, "previous", "aa11").id == "aa22"
    assert find_build(tmp_path, "aa2", "aa11").id == "aa22"
    assert find_build(tmp_path, str(tmp_path / "aa11"), None).id == "aa11"
    with pytest.raises(UsageError, match=r"'zz' names no build; .*aa11 \(current\)"):
        find_build(tmp_path, "zz", "aa11")
    with pytest.raises(UsageError, match="'aa' names 2 builds"):
        find_build(tmp_path, "aa", "aa11")


def test_with_one_build_only_the_next_step_is_said(tmp_path: Path) -> None:
    (tmp_path / "graph" / "aa11").mkdir(parents=True)
    write_build(tmp_path / "graph" / "aa11", {}, "aa11")
    with pytest.raises(UsageError) as said:
        find_build(tmp_path / "graph", "previous", "aa11")
    assert "one build only, aa11" in str(said.value)
    assert f"tosg build --data DIR -w {tmp_path})" in str(said.value)


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    before = write_build(tmp_path / "a", tiny_tables(), "a")
    after = write_build(tmp_path / "b", tiny_changed(), "b")
    with (
        full_disk(1_000),
        pytest.raises(BuildError, match=r"diff-a-b cannot be written.*free space"),
    ):
        diff(before, after, tmp_path / "diffs")
    assert list((tmp_path / "diffs").iterdir()) == []
