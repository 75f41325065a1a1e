"""The picture of the schema shows every label and every edge type, and nothing lies on another."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

from tosg_graph.schema import EDGE_TYPES, LABELS

SVG = "{http://www.w3.org/2000/svg}"
ROOT = ET.parse(Path(__file__).resolve().parents[2] / "docs" / "schema.svg").getroot()
NAMES = {edge.name for edge in EDGE_TYPES}


def texts(kind: str) -> list[ET.Element]:
    return [t for t in ROOT.iter(f"{SVG}text") if kind in (t.get("class") or "").split()]


def rects(kind: str) -> list[tuple[float, float, float, float]]:
    found = [r for r in ROOT.iter(f"{SVG}rect") if r.get("class") == kind]
    sides = [[float(r.get(name) or 0) for name in ("x", "y", "width", "height")] for r in found]
    return [(x, y, x + w, y + h) for x, y, w, h in sides]


def apart(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_every_label_is_a_box_and_every_type_an_arrow() -> None:
    assert sorted(t.text or "" for t in texts("label")) == sorted(label.name for label in LABELS)
    assert {t.text for t in texts("word")} == NAMES
    assert len(rects("box")) == len(LABELS)


def test_boxes_and_words_lie_apart_and_within_the_picture() -> None:
    boxes, words = rects("box"), []
    for text in texts("word"):
        x, y, wide = (
            float(text.get("x") or 0),
            float(text.get("y") or 0),
            7.2 * len(text.text or ""),
        )
        left = x if "start" in (text.get("class") or "") else x - wide / 2
        words.append((left, y - 9, left + wide, y + 3))
    _, _, width, height = map(float, (ROOT.get("viewBox") or "").split())
    for one, other in itertools.combinations([*boxes, *words], 2):
        assert apart(one, other), (one, other)
    assert all(
        r[0] >= 0 and r[1] >= 0 and r[2] <= width and r[3] <= height for r in [*boxes, *words]
    )
