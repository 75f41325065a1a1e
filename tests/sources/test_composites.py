from __future__ import annotations

import pandas as pd
import pytest

from tosg_graph.sources.composites import Composites, label_of, members_of, reference_of


@pytest.mark.parametrize(
    ("node", "members"),
    [
        ("EGFR", ["symbol:EGFR"]),
        ("NKX2-1_GRB2", ["symbol:NKX2-1", "symbol:GRB2"]),
        ("C4B_2", ["symbol:C4B_2"]),
        ("_C2_C4A_C4B_2", ["here:unnamed", "symbol:C2", "symbol:C4A", "symbol:C4B_2"]),
        ("CHEBI_16038_CHEBI_28494", ["CHEBI:16038", "CHEBI:28494"]),
        ("P03200_UBE2I", ["UniProtKB:P03200", "symbol:UBE2I"]),
        ("RET/PTC2", ["symbol:RET/PTC2"]),
        ("P00533-2", ["UniProtKB:P00533-2"]),
        ("A0A024RBG1", ["UniProtKB:A0A024RBG1"]),
        ("COMPLEX:P05556_P17301", ["UniProtKB:P05556", "UniProtKB:P17301"]),
        ("COMPLEX:P01375", ["UniProtKB:P01375"]),
    ],
)
def test_members_of_a_node(node: str, members: list[str]) -> None:
    assert members_of(node, source="here") == members


def test_a_complex_has_a_local_name_and_a_protein_its_own() -> None:
    named = {n: (label_of(n, source="s"), reference_of(n, source="s")) for n in NODES}
    assert named == {
        "EGFR": ("Protein", "symbol:EGFR"),
        "COMPLEX:P1375A_P2": ("Complex", "s:P1375A_P2"),
        "A_B": ("Complex", "s:A_B"),
    }


NODES = ("EGFR", "COMPLEX:P1375A_P2", "A_B")


def test_a_complex_is_fresh_once_on_its_first_line() -> None:
    complexes = Composites("s")
    first = complexes.fresh(pd.Series(["B_C", "A_B", "A", "A_B"]), pd.Series([9, 7, 2, 3]))
    assert first.to_dict("records") == [
        {"ref": "s:A_B", "members": ["symbol:A", "symbol:B"], "line": 3},
        {"ref": "s:B_C", "members": ["symbol:B", "symbol:C"], "line": 9},
    ]
    again = complexes.fresh(pd.Series(["COMPLEX:A_B", "C_D"]), pd.Series([10, 11]))
    assert list(again["ref"]) == ["s:C_D"]
    assert complexes.fresh(pd.Series([], dtype=object), pd.Series([], dtype="int64")).empty
