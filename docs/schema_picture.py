"""The picture of the schema: labels as boxes, edge types as arrows, from ``tosg_graph/schema.py``.

Where a box stands is set by hand in :data:`PLACES`; what is joined to what comes from the schema. A
type that joins all of several labels to all of them is an arrow of their common frame to itself.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from tosg_graph.schema import EDGE_TYPES, LABELS, EdgeType

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom

SIZE = (1210, 640)
LETTER = 7.6  # width of a letter of the words, at about
HALF = (64, 21)  # half the width and the height of a box
#: The middle of the box of each label.
PLACES: dict[str, Point] = {
    "Gene": (110, 100),
    "Transcript": (110, 270),
    "Compartment": (110, 440),
    "CellType": (110, 570),
    "Pathway": (470, 100),
    "Protein": (470, 270),
    "Complex": (470, 440),
    "Tissue": (470, 570),
    "Family": (760, 270),
    "Drug": (1070, 360),
    "Disease": (1070, 100),
}
#: Labels that stand together, each with the room around its boxes: left, top, right, bottom.
FRAMES: dict[tuple[str, ...], Box] = {
    ("Protein", "Complex"): (20, 24, 20, 20),
    ("Protein", "Complex", "Family"): (40, 44, 40, 40),
}
#: Corners of arrows that are not straight.
CORNERS: dict[tuple[str, str], tuple[Point, ...]] = {
    ("Gene", "Disease"): ((110, 30), (1070, 30)),
}
#: Where the words of an arrow stand if not in its middle; of a frame's arrow, where it is drawn.
WORDS: dict[tuple[str, str], Point] = {
    ("Gene", "Disease"): (590, 30),
    ("Protein", "Family"): (630, 270),
    ("Protein+Complex", "Protein+Complex"): (554, 355),
    ("Protein+Complex+Family", "Protein+Complex+Family"): (864, 440),
}
INK, SOFT, FRAME, FILL, WORD = "#1f2933", "#52606d", "#9aa5b1", "#eef4fb", "#243b53"
STYLE = f"""<style>
text {{ font-family: Helvetica, Arial, sans-serif; fill: {INK}; }}
.label {{ font-size: 15px; font-weight: bold; text-anchor: middle; }}
.word {{ font-size: 11px; fill: {WORD}; text-anchor: middle; }}
.start {{ text-anchor: start; }}
.box {{ fill: {FILL}; stroke: {INK}; stroke-width: 1.4; }}
.frame {{ fill: none; stroke: {FRAME}; stroke-width: 1.2; stroke-dasharray: 5 4; }}
.arrow {{ fill: none; stroke: {SOFT}; stroke-width: 1.4; }}
</style>"""
MARKER = (
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
    f'markerHeight="8" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="{SOFT}"/>'
    "</marker></defs>"
)


def schema_picture() -> str:
    """Draw the schema as SVG.

    Raises
    ------
    ValueError
        If a label has no place.
    """
    missing = [label.name for label in LABELS if label.name not in PLACES]
    if missing:
        raise ValueError(f"give {', '.join(missing)} a place in docs/schema_picture.py")
    shapes = {label.name: _box_of(label.name) for label in LABELS}
    shapes |= {_name(labels): _frame_of(labels) for labels in FRAMES}
    width, height = SIZE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>Labels and edge types of the graph</title>",
        STYLE,
        MARKER,
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *[_rect(shapes[_name(labels)], "frame") for labels in FRAMES],
    ]
    arrows = _arrows()
    lines = [_arrow(ends, shapes, directed) for ends, (_, directed) in arrows.items()]
    parts += [line for line, _ in lines]
    parts += [_label(label.name, shapes[label.name]) for label in LABELS]
    parts += [
        _words(names, ends, place)
        for (ends, (names, _)), (_, place) in zip(arrows.items(), lines, strict=True)
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _arrows() -> dict[tuple[str, str], tuple[list[str], bool]]:
    """The names of the types that join two shapes, in schema order, and whether one has a tip."""
    found: dict[tuple[str, str], tuple[list[str], bool]] = {}
    for edge in EDGE_TYPES:
        for ends in _ends(edge):
            names, directed = found.get(ends, ([], False))
            found[ends] = ([*names, edge.name], directed or edge.directed)
    return found


def _ends(edge: EdgeType) -> list[tuple[str, str]]:
    """The shapes that a type joins: boxes, or frames where it joins all that stands in them."""
    pairs = set(edge.ends) | (set() if edge.directed else {(b, a) for a, b in edge.ends})
    for labels in sorted(FRAMES, key=len, reverse=True):
        frame = _name(labels)
        if pairs == {(a, b) for a in labels for b in labels}:
            return [(frame, frame)]
        sources = {a for a, _ in pairs}
        if len(sources) == 1 and pairs == {(a, b) for a in sources for b in labels}:
            return [(sources.pop(), frame)]
    return list(edge.ends)


# ---- shapes ----------------------------------------------------------------------------------


def _name(labels: tuple[str, ...]) -> str:
    return "+".join(labels)


def _box_of(label: str) -> Box:
    (x, y), (w, h) = PLACES[label], HALF
    return (x - w, y - h, x + w, y + h)


def _frame_of(labels: tuple[str, ...]) -> Box:
    boxes, room = [_box_of(label) for label in labels], FRAMES[labels]
    return (
        min(b[0] for b in boxes) - room[0],
        min(b[1] for b in boxes) - room[1],
        max(b[2] for b in boxes) + room[2],
        max(b[3] for b in boxes) + room[3],
    )


def _rect(box: Box, kind: str) -> str:
    left, top, right, bottom = box
    return (
        f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{right - left:g}" '
        f'height="{bottom - top:g}" rx="8"/>'
    )


def _label(name: str, box: Box) -> str:
    x, y = PLACES[name]
    return f'{_rect(box, "box")}<text class="label" x="{x:g}" y="{y + 5:g}">{escape(name)}</text>'


def _middle(box: Box) -> Point:
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def _edge_of(box: Box, towards: Point) -> Point:
    """Where a line from the middle of a box leaves it."""
    x, y = _middle(box)
    dx, dy = towards[0] - x, towards[1] - y
    reach = [
        half / abs(d) for half, d in (((box[2] - box[0]) / 2, dx), ((box[3] - box[1]) / 2, dy)) if d
    ]
    return (x + dx * min(reach), y + dy * min(reach))


# ---- arrows ----------------------------------------------------------------------------------


def _arrow(ends: tuple[str, str], shapes: dict[str, Box], directed: bool) -> tuple[str, Point]:
    """Draw an arrow; give the place of its words as well."""
    a, b = ends
    if a == b:
        return _loop(a, shapes[a])
    first, last = shapes[a], shapes[b]
    level = _level(first, last)
    corners = CORNERS.get(ends, ())
    start = _edge_of(first, corners[0] if corners else level)
    end = _edge_of(last, corners[-1]) if corners else _end(first, last, level)
    points = (start, *corners, end)
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    place = WORDS.get(ends, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    tip = ' marker-end="url(#tip)"' if directed else ""
    return f'<path class="arrow" d="{path}"{tip}/>', place


def _level(first: Box, last: Box) -> Point:
    """Aim at the middle of a shape, or straight across at a frame that is as high or as wide."""
    y, (to_x, to_y) = _middle(first)[1], _middle(last)
    return (to_x, y if last[1] < y < last[3] else to_y)


def _end(first: Box, last: Box, aim: Point) -> Point:
    (x, y) = _middle(first)
    if aim[1] == y:
        return (last[2] if x > aim[0] else last[0], y)
    return _edge_of(last, (x, y))


def _loop(name: str, box: Box) -> tuple[str, Point]:
    """Draw an arrow of a shape to itself: at its right side, or where :data:`WORDS` says."""
    x, y = WORDS.get((name, name), (box[2], (box[1] + box[3]) / 2))
    if (name, name) in WORDS:
        x = box[2]
    path = f"M{x:g} {y - 10:g}C{x + 34:g} {y - 22:g} {x + 34:g} {y + 22:g} {x:g} {y + 10:g}"
    return f'<path class="arrow" d="{path}" marker-end="url(#tip)"/>', (x + 32, y)


def _words(names: list[str], ends: tuple[str, str], place: Point) -> str:
    x, y = place
    loop = ends[0] == ends[1]
    first = y + 4 - 7 * (len(names) - 1)
    lines = []
    for i, name in enumerate(names):
        at = first + 14 * i
        if not loop:  # the line of the arrow does not run through its words
            wide = LETTER * len(name) + 4
            ground = f'x="{x - wide / 2:g}" y="{at - 11:g}" width="{wide:g}" height="14"'
            lines.append(f'<rect {ground} fill="white"/>')
        kind = "word start" if loop else "word"
        lines.append(f'<text class="{kind}" x="{x:g}" y="{at:g}">{escape(name)}</text>')
    return "\n".join(lines)
