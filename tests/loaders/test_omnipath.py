from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from loaders.omnipath import members_of
from tests.loaders.reading import read


@pytest.mark.parametrize(
    ("node", "members"),
    [
        ("EGFR", ["symbol:EGFR"]),
        ("NKX2-1_GRB2", ["symbol:NKX2-1", "symbol:GRB2"]),
        ("C4B_2", ["symbol:C4B_2"]),
        ("_C2_C4A_C4B_2", ["omnipath:unnamed", "symbol:C2", "symbol:C4A", "symbol:C4B_2"]),
        ("CHEBI_16038_CHEBI_28494", ["CHEBI:16038", "CHEBI:28494"]),
        ("P03200_UBE2I", ["UniProtKB:P03200", "symbol:UBE2I"]),
        ("RET/PTC2", ["symbol:RET/PTC2"]),
    ],
)
def test_members_of_a_node(node: str, members: list[str]) -> None:
    assert members_of(node) == members


def test_complexes_are_declared_once_and_first() -> None:
    found = read("omnipath")
    assert [
        (row["ref"], row["members"], row["line"]) for row in found.rows("complexes", "Complex")
    ] == [
        ("omnipath:CHUK_IKBKB_IKBKG", ["symbol:CHUK", "symbol:IKBKB", "symbol:IKBKG"], 3),
        (
            "omnipath:_CHEBI_18420_DIS3L_EXOSC1",
            ["omnipath:unnamed", "CHEBI:18420", "symbol:DIS3L", "symbol:EXOSC1"],
            7,
        ),
        ("omnipath:P03200_UBE2I", ["UniProtKB:P03200", "symbol:UBE2I"], 8),
        (
            "omnipath:_C2_C4A_C4B_2",
            ["omnipath:unnamed", "symbol:C2", "symbol:C4A", "symbol:C4B_2"],
            9,
        ),
    ]


def test_signs_and_ends() -> None:
    found = read("omnipath")
    assert found.pairs("INHIBITS") == [
        ("symbol:CALM3", "symbol:TRPC1"),
        ("omnipath:CHUK_IKBKB_IKBKG", "symbol:NFKBIA"),
        ("omnipath:P03200_UBE2I", "symbol:TP53"),
    ]
    up = found.rows("statements", "ACTIVATES")
    assert [(row["source_label"], row["target_label"], row["line"]) for row in up[:3]] == [
        ("Protein", "Protein", 4),
        ("Protein", "Complex", 5),
        ("Protein", "Protein", 6),
    ]


def test_sign_that_is_none_is_rejected() -> None:
    [(reason, value, line)] = read("omnipath").rejects()
    assert "neither 1 nor -1" in reason
    assert (value, line) == ("EGF 0 EGFR", 10)


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(real_data / "omnipath/omnipath_carnival.tsv.gz", sep="\t", dtype=str)
    found = read("omnipath", real_data)
    signs = raw["interaction"].value_counts()
    assert found.count("statements", "ACTIVATES") == signs["1"] == 14_350
    assert found.count("statements", "INHIBITS") == signs["-1"] == 5_457
    nodes = pd.concat([raw["source"], raw["target"]])
    with_parts = set(nodes[nodes.str.contains("_")])
    # The one approved symbol among them that has an underscore itself
    assert {row["ref"].removeprefix("omnipath:") for row in found.rows("complexes", "Complex")} == (
        with_parts - {"C4B_2"}
    )
