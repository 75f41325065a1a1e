from __future__ import annotations

import math

import pandas as pd

from tosg_graph.sources import columns
from tosg_graph.sources.actions import SIGNS, action_words, signs
from tosg_graph.sources.tally import Tally


def column(*values: str | None) -> pd.Series:
    return pd.Series(list(values), dtype=object, index=range(10, 10 + len(values)))


def test_references_keep_nothing_nothing() -> None:
    found = columns.references("symbol", column("EGFR", None, " TP53 "))
    assert found.to_list() == ["symbol:EGFR", None, "symbol:TP53"]
    assert found.index.to_list() == [10, 11, 12]


def test_references_of_an_empty_column() -> None:
    assert columns.references("symbol", column()).to_list() == []
    assert columns.references("symbol", column(None, None)).to_list() == [None, None]


def test_first_known() -> None:
    first, second = column("a", None, "", None), column("b", "c", "d", None)
    found = columns.first_known(first, second)
    assert found.to_list() == ["a", "c", "d", None]
    assert found.index.to_list() == [10, 11, 12, 13]
    assert columns.first_known(column(None), column(None)).to_list() == [None]


def test_items() -> None:
    assert columns.items(column("a|b ", "|", None, "a")).to_list() == [
        ["a", "b"],
        None,
        None,
        ["a"],
    ]
    assert columns.items(column("a; b;"), ";").to_list() == [["a", "b"]]
    assert columns.listed("OMIM", column("1|2", None)).to_list() == [["OMIM:1", "OMIM:2"], None]


def test_pmids_in_free_text() -> None:
    texts = column(
        "uniprot;PMID: 12297049",
        "PMID:1;PMID:22",
        "PBMID: 8524316; PMID 10520600",
        "{ECO:0000269|PubMed:21516087, ECO:0000269|pubmed:7} PubMed ID: 2001396",
        "http://www.ncbi.nlm.nih.gov/pubmed/23327728, http://example.org/12",
        "www.ncbi.nlm.nih.gov/pubmed/?term=19372706, www.ncbi.nlm.nih.gov/pubmed?term=18296366",
        "(PMIDs: 20625391, 20625392 and 15146457), 12345678 of them; PMID: 9, 4 of 5",
        "PMC2194005",
        None,
    )
    assert columns.pmids(texts).to_list() == [
        ["12297049"],
        ["1", "22"],
        ["8524316", "10520600"],
        ["21516087", "7", "2001396"],
        ["23327728"],
        ["19372706", "18296366"],
        ["20625391", "20625392", "15146457", "9"],
        None,
        None,
    ]


def test_merged_keeps_order_and_drops_repetition() -> None:
    lists = pd.Series([["a", "b"], None, None], dtype=object)
    texts = pd.Series(["b", "c", None], dtype=object)
    assert columns.merged(lists, texts).to_list() == [["a", "b"], ["c"], None]


def test_flags_are_strings_in_many_spellings() -> None:
    found = columns.flags(column("TRUE", "False", "true", "1", "0", "", "maybe", None))
    assert found.to_list() == [True, False, True, True, False, None, None, None]


def test_numbers() -> None:
    found = columns.numbers(column("1.5", "x", None))
    assert found.to_list()[0] == 1.5
    assert math.isnan(found.to_list()[1])
    assert columns.integers(column("7", None)).isna().to_list() == [False, True]


def test_normal_form() -> None:
    assert columns.normal_form(column(" e\u0301 ", "  ", None)).to_list() == ["\u00e9", None, None]


def test_action_words_and_their_sign() -> None:
    words = action_words(
        column("inhibitor", "Antagonist |substrate", "agonist|antagonist", "other/unknown", None)
    )
    assert words.to_list() == [
        ["INHIBITOR"],
        ["ANTAGONIST", "SUBSTRATE"],
        ["AGONIST", "ANTAGONIST"],
        None,
        None,
    ]
    assert signs(words).astype(object).where(signs(words).notna(), None).to_list() == [
        -1,
        -1,
        None,
        None,
        None,
    ]
    assert set(SIGNS.values()) == {1, -1}
    assert all(word == word.upper() for word in SIGNS)


def test_tally_counts_over_chunks_and_remembers_the_first_line() -> None:
    tally = Tally()
    tally.add(pd.Series(["mouse", "rat", "mouse"]), pd.Series([5, 7, 9]))
    tally.add(pd.Series(["rat"] * 1_000), pd.Series(range(11, 1_011)))
    tally.add(pd.Series([], dtype=object), pd.Series([], dtype="int64"))
    assert tally.rows("not human").to_dict("records") == [
        {"reason": "not human", "value": "mouse: 2 rows", "rows": 2, "line": 5},
        {"reason": "not human", "value": "rat: 1,001 rows", "rows": 1_001, "line": 7},
    ]
    assert len(Tally().rows("nothing")) == 0


def test_tally_may_have_a_reason_for_each_kind() -> None:
    tally = Tally()
    tally.add(pd.Series(["mouse", "man", "rat"]), pd.Series([5, 6, 7]))
    assert tally.counts == {"mouse": 1, "man": 1, "rat": 1}
    rows = tally.rows({"mouse": "too small", "rat": "too quick"}.get).to_dict("records")
    assert rows == [
        {"reason": "too small", "value": "mouse: 1 row", "rows": 1, "line": 5},
        {"reason": "too quick", "value": "rat: 1 row", "rows": 1, "line": 7},
    ]


def test_numbers_are_finite() -> None:
    found = columns.numbers(column("1.5", "inf", "-inf", "nan", "x", None, "1e999", " 2 "))
    assert [None if math.isnan(x) else x for x in found] == [1.5, *[None] * 6, 2.0]


def test_integers_are_whole_and_exact() -> None:
    written = column("1210", "1.0", "1.5", "9" * 400, "9007199254740992", "9" * 18, "x", None)
    found = columns.integers(written)
    assert found.dtype == "Int64"
    assert [None if pd.isna(x) else x for x in found] == [1210, 1, None, None, 2**53, *[None] * 3]
