"""Tables as a person reads them: in a pipe, on a narrow terminal, with paths, with nothing."""

from __future__ import annotations

import io
import re

import pytest

from tosg_graph import display

PATH = ("UniProtKB:P01133", "UniProtKB:Q07889", "UniProtKB:P01116")
COLUMNS = ("hops", "nodes", "symbols", "signs", "edge_ids")
ROWS = [
    (2, list(PATH), ["EGF", None, "KRAS"], [1, None], ["ad6ca221b1bcc2b7", "788b47113207303a"]),
    (1, list(PATH[1:]), ["SOS1", "KRAS"], [-1], ["788b47113207303a"]),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def narrow(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 48 characters without colours."""
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("COLUMNS", "48")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    return screen


def test_a_path_has_a_line_per_step_and_says_what_is_not_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    display.print_table(COLUMNS, ROWS, unfold=True)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        list(COLUMNS),
        ["2", PATH[0], "EGF", "1", "ad6ca221b1bcc2b7"],
        [PATH[1], "–", "–", "788b47113207303a"],
        [PATH[2], "KRAS"],
        [],
        ["1", PATH[1], "SOS1", "-1", "788b47113207303a"],
        [PATH[2], "KRAS"],
    ]


def test_a_narrow_terminal_gets_blocks_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = narrow(monkeypatch)
    display.print_table(COLUMNS, ROWS, unfold=True)
    said = re.sub(r"\x1b\[\d*m", "", screen.getvalue())
    assert all(len(line) <= 48 for line in said.splitlines())
    for word in (*COLUMNS, *PATH, "788b47113207303a", "EGF → – → KRAS", "1 → –"):
        assert word in " ".join(said.split()), word


def test_a_pipe_gets_all_columns_however_many(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [f"column_{number}" for number in range(40)]
    row = [f"word_of_column_{number}.tsv.gz" for number in range(40)]
    display.print_table(columns, [row])
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == columns
    assert line.split() == row


def test_long_texts_give_way_to_short_words(capsys: pytest.CaptureFixture[str]) -> None:
    text = "a sentence of many words " * 20
    display.print_table(("id", "text", "file"), [("HGNC:3236", text, "targets.tsv.gz")])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= display.PIPE_WIDTH
    assert "HGNC:3236" in out
    assert "targets.tsv.gz" in out
    assert out.count("sentence") == 20
    assert all(line == line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["EGF", None, "KRAS"], "EGF, –, KRAS"),
        (["15972446"] * 9, "15972446, 15972446 +7"),
        ([1, -1, 1, 1, None, 1], "1, -1, 1, 1, –, 1"),
        ([], ""),
        (None, ""),
        (True, "yes"),
        (0.123456, "0.1235"),
    ],
)
def test_a_value(value: object, said: str) -> None:
    assert display.cell_text(value) == said


def test_nothing_found_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    display.print_table(("a", "b"), [], none="no rows: drug_targets drug=x")
    assert capsys.readouterr().out == "no rows: drug_targets drug=x\n"


@pytest.mark.parametrize(("number", "said"), [(1, "1 more row;"), (3, "3 more rows;")])
def test_how_many_rows_more(number: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    display.print_table(("a",), [(n,) for n in range(number + 1)], most=1)
    assert f"… {said}" in capsys.readouterr().out
