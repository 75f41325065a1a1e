"""The pages of the documentation: each stands in the index, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tosg_graph.sources.registry import discover

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
MENTION = re.compile(r"`((?:docs|benchmarks|cypher|examples|tests|tosg_graph)/[\w./-]+)`")


def linked(page: Path) -> list[str]:
    found = [link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
    return [link for link in found if link and "://" not in link and not link.startswith("mailto:")]


def test_every_page_stands_once_in_the_index() -> None:
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {INDEX.name}
    assert sorted(linked(INDEX)) == sorted(pages)
    items = [line for line in INDEX.read_text(encoding="utf-8").splitlines() if line[:1] == "-"]
    assert len(items) == len(pages)


def test_every_source_has_a_page() -> None:
    assert {page.stem for page in (DOCS / "sources").glob("*.md")} == set(discover())


@pytest.mark.parametrize("name", sorted(discover()))
def test_the_page_of_a_source_says_how_much_it_gives(name: str) -> None:
    """Counts of a public file, or that none was there to count."""
    text = (DOCS / "sources" / f"{name}.md").read_text(encoding="utf-8")
    assert "not at hand" in text or re.search(r"\b\d{1,3},\d{3}\b|\| \d+ *\|", text)
    licence = discover()[name].licence.name.partition("-")[0]  # CC0, CC, MIT, ODbL
    assert licence in text or licence == "LicenseRef"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lost = [link for link in linked(page) if not (page.parent / link).exists()]
    lost += [path for path in MENTION.findall(text) if not (ROOT / path).exists()]
    assert lost == []
