"""What a person is told beside the tables: where it was written, what to type next."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Tosg
from tosg_graph.example import data_folder


def test_sources_that_are_not_there_are_one_line_of_a_build(tosg: Tosg, tmp_path: Path) -> None:
    ran = tosg("build", "--data", data_folder(), "-w", tmp_path / "w")
    (line,) = [line for line in ran.out.splitlines() if line.startswith("left out")]
    assert "string" in line
    assert line.endswith(f"(how to get them: tosg sources --data {data_folder()})")
    assert "named like" not in ran.out


def test_sources_say_how_to_get_one_that_is_wholly_missing(tosg: Tosg, tmp_path: Path) -> None:
    data = tmp_path / "my data"
    data.mkdir()
    lines = tosg("sources", "--data", data).out.splitlines()
    assert f"missing: hgnc: tosg fetch --source hgnc --data '{data}'" in lines
    (by_hand,) = [line for line in lines if line.startswith("missing: opentargets: by hand: ")]
    assert "https://platform.opentargets.org" in by_hand


def test_a_build_from_an_empty_folder_says_how_to_fill_it(tosg: Tosg, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    ran = tosg("build", "--data", tmp_path / "data", "-w", tmp_path / "w")
    assert ran.code == 1
    assert f"tosg fetch --data {tmp_path / 'data'}" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_cells_that_are_added_are_not_called_all(tosg: Tosg, mine: Path) -> None:
    words = ("cells", "add", mine / "cells.h5ad", "--name", "grown", "-w", mine / "work")
    assert tosg(*words).out.startswith("grown: 600 cells (counts)")
    ran = tosg(*words, "--append", "--dataset-name", "more")
    assert ran.out.startswith("grown: 600 cells added, 1,200 now (counts)")


def test_labels_without_a_chosen_cell_are_not_listed(
    tosg: Tosg,
    mine: Path,
    tmp_path: Path,
) -> None:
    chosen = "cell_type under monocyte or cell_type under 'B cell'"
    saved = tmp_path / "chosen.parquet"
    assert tosg("cells", "cohort", "blood", chosen, "--save", saved, "-w", mine / "work").code == 0
    words = ("--pathway", "R-HSA-1280215", "--cells", "blood", "--where", saved)
    words = (*words, "--threshold", "min_donors=99")
    ran = tosg("export", *words, "--out", tmp_path / "e", "-w", mine / "work")
    assert "cohort: caution" in ran.out
    assert "220 cells by celltype: CD14+ Monocyte 120, CD19+ B 100\n" in ran.out
    first = ran.out.splitlines()[0]
    assert first.startswith(
        f"{tmp_path / 'e'}: pathway REACT:R-HSA-1280215 with its sub-pathways, of build "
    )


def test_a_file_of_a_subgraph_is_named(tosg: Tosg, work: Path, tmp_path: Path) -> None:
    file = tmp_path / "egfr.graphml"
    ran = tosg("subgraph", "--around", "EGFR", "--graphml", file, "-w", work)
    assert str(file) in ran.out.splitlines()


def test_what_a_query_searched_is_said_where_it_found_nothing(tosg: Tosg, work: Path) -> None:
    ran = tosg("query", "drugs_of_target", "protein=GRB2", "-w", work)
    assert ran.out == "no rows: drugs_of_target protein=GRB2\n"


def test_equal_to_a_term_above_the_cells_suggests_under(tosg: Tosg, mine: Path) -> None:
    words = ("cells", "match", "blood", "cell_type = lymphocyte", "cell_type = 'B cell'")
    ran = tosg(*words, "-w", mine / "work")
    assert ran.code == 2
    assert "cells are of its kinds: cell_type under 'lymphocyte'" in ran.err
    ran = tosg("cells", "cohort", "blood", "zzz = male", "-w", mine / "work")
    assert "no column 'zzz'. Columns: cell_id" in ran.err
