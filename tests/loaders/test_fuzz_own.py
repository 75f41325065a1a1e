"""Damaged files of the user's own: sound rows, or an error of ours that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.loaders.test_fuzz import FUZZ, damaged, number_of_lines
from tosg_graph.errors import TosgError
from tosg_graph.sources.own import edge_table_source, gmt_source, sssom_source

EDGES = b"from\tto\teffect\tpapers\tweight\nEGF\tEGFR\tup\t1; 2\t0.5\nTNF\tP19438\tdown\t\tx\n"
MAPPING = b"""source: {column: from, namespace: symbol, label: Protein}
target: {column: to, namespace: symbol, label: Protein}
type: {column: effect, values: {up: ACTIVATES, down: INHIBITS}}
pmids: papers
score: weight
licence: CC0-1.0
"""
SETS = b"set one\twhere from\tEGF\tEGFR\nset two\t\t1956\t7124\n"
MAPPINGS = b"""#curie_map:
subject_id\tpredicate_id\tobject_id\tmapping_justification\tlicense
HGNC:3236\tskos:exactMatch\tNCBIGene:1956\tsemapv:ManualMappingCuration\tCC0-1.0
"""
MAKERS: dict[str, tuple[tuple[bytes, ...], Callable]] = {
    "edges": ((EDGES, MAPPING), edge_table_source),
    "sets": ((SETS,), gmt_source),
    "mappings": ((MAPPINGS,), sssom_source),
}


@pytest.mark.parametrize("name", MAKERS)
def test_sound_rows_or_an_error_of_ours(name: str, tmp_path: Path) -> None:
    contents, maker = MAKERS[name]

    @settings(FUZZ, max_examples=150)
    @given(damage=damaged(contents))
    def check(damage: tuple[int, bytes]) -> None:
        paths = [tmp_path / f"{name}{number}" for number in range(len(contents))]
        for number, path in enumerate(paths):
            path.write_bytes(damage[1] if number == damage[0] else contents[number])
        try:
            source, files = maker(*paths)
            chunks = list(source.read(files))
        except TosgError:
            return
        for chunk in chunks:
            chunk.table.validate(full=True)
            last = next(number_of_lines(f) for f in files.values() if f.name == chunk.file)
            assert all(1 <= line <= last for line in chunk.table["line"].to_pylist())

    check()
