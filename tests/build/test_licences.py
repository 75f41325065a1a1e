"""A build for a use holds nothing that the licence of a row forbids."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.build import world as w
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.licences import USES, terms
from tosg_graph.errors import UsageError
from tosg_graph.sources import Licence
from tosg_graph.sources.registry import find_files, select

EGFR, EGF, CALM = "UniProtKB:P00533", "UniProtKB:P01133", "UniProtKB:P0DP23"


@pytest.mark.parametrize(
    ("written", "name", "commercial", "redistribute"),
    [
        (None, "CC0-1.0", True, True),
        ("CC BY-NC 4.0", "CC-BY-NC-4.0", False, True),
        ("CC BY-SA 3.0", "CC-BY-SA-3.0", True, True),
        ("CC-BY-NC-ND-4.0", "CC-BY-NC-ND-4.0", False, False),
        ("CC BY 4.0", "CC-BY-4.0", True, True),
        ("CC0 1.0", "CC0-1.0", True, True),
        ("ODbL 1.0", "ODbL-1.0", True, True),
        ("unspecified", "unspecified", False, False),
        ("Custom terms", "Custom terms", False, False),
    ],
)
def test_what_a_row_says_of_its_licence(written, name, commercial, redistribute):
    found = terms(written, w.FREE)
    assert (found.name, found.commercial, found.redistribute) == (name, commercial, redistribute)


def test_the_name_of_the_licence_of_the_source_means_its_terms():
    own = Licence("House rules", "https://example.org", redistribute=False, commercial=True)
    assert terms("House rules", own) is own


def sources():
    mixed = w.source(
        "mixed",
        w.nodes("Drug", {"id": "DrugCentral:1", "name": "x"}),
        w.facts(
            "ACTIVATES",
            {"a": EGF, "b": EGFR, "licence": "CC BY-NC 4.0"},
            {"a": EGFR, "b": CALM, "licence": "unspecified"},
            {"a": EGF, "b": CALM},
        ),
    )
    closed = w.source(
        "closed",
        w.nodes("Disease", {"id": "DOID:1", "name": "only in closed"}),
        w.annotations(
            "Gene", {"ref": "HGNC:3236", "description": "undisclosed", "synonyms": ["hush"]}
        ),
        w.complexes({"ref": "closed:pair", "name": "closed pair", "members": [EGFR, EGF]}),
        w.facts("ACTIVATES", {"a": EGF, "b": CALM}, {"a": "symbol:SECRET", "b": CALM}),
        licence=w.ACADEMIC,
    )
    return (*w.base(), mixed, closed)


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("licences")
    return {
        use: w.build(folder / use, *sources(), use=use)
        for use in ("academic", "commercial", "redistribute")
    }


def facts(built):
    return {
        (r["source"], r["target"]): (r["licences"], r["n_evidence"])
        for r in w.rows(built, "edges/ACTIVATES")
    }


def test_academic_use_keeps_everything_and_names_each_licence(builds):
    assert facts(builds["academic"]) == {
        (EGF, EGFR): (["CC-BY-NC-4.0"], 1),
        (EGFR, CALM): (["unspecified"], 1),
        (EGF, CALM): (["CC0-1.0", "LicenseRef-academic"], 2),
    }


@pytest.mark.parametrize(("use", "kept"), [("commercial", set()), ("redistribute", {(EGF, EGFR)})])
def test_a_fact_with_no_evidence_left_disappears(builds, use, kept):
    assert set(facts(builds[use])) == {(EGF, CALM), *kept}
    assert facts(builds[use])[EGF, CALM] == (["CC0-1.0"], 1)


@pytest.mark.parametrize("use", ["commercial", "redistribute"])
def test_nothing_of_a_forbidden_source_is_left_in_any_file(builds, use):
    built = builds[use]
    everything = (
        b"".join(str(built.table(name).to_pylist()).encode() for name in built.manifest["tables"])
        + (built.path / "mappings.sssom.tsv").read_bytes()
    )
    for word in (b"undisclosed", b"SECRET", b"hush", b"closed:pair", b"only in"):
        assert word not in everything
    assert "Complex" not in built.labels
    assert "Disease" not in built.labels


def test_the_report_says_what_was_dropped(builds):
    reports = {use: built.manifest["report"]["sources"] for use, built in builds.items()}
    assert reports["academic"]["mixed"]["dropped"] == {}
    assert reports["commercial"]["mixed"]["dropped"] == {"CC-BY-NC-4.0": 1, "unspecified": 1}
    assert reports["redistribute"]["mixed"]["dropped"] == {"unspecified": 1}
    assert reports["redistribute"]["closed"]["dropped"] == {"LicenseRef-academic": 5}
    assert reports["redistribute"]["closed"]["nodes"] == 0 < reports["academic"]["closed"]["nodes"]
    assert builds["redistribute"].manifest["use"] == "redistribute"
    assert len({built.id for built in builds.values()}) == 3


def test_an_unknown_use_lists_the_known(tmp_path):
    with pytest.raises(UsageError, match="'private'; known: academic, commercial, redistribute"):
        w.build(tmp_path, *w.base(), use="private")


def test_the_attribution_names_licence_and_citation_of_each_source(builds):
    text = (builds["academic"].path / "ATTRIBUTION.md").read_text()
    assert "## Mixed" in text
    assert "The closed of this test" in text
    assert "- Licences of single rows: CC-BY-NC-4.0, unspecified" in text


def test_a_build_for_a_use_is_that_of_the_rows_it_allows(tmp_path, builds):
    """Leaving rows out afterwards and never having had them is the same."""
    free = w.source(
        "mixed",
        w.nodes("Drug", {"id": "DrugCentral:1", "name": "x"}),
        w.facts("ACTIVATES", {"a": EGF, "b": CALM, "line": 4}),
    )
    never = w.build(tmp_path, *w.base(), free)
    kept = builds["commercial"]
    assert kept.manifest["tables"].keys() == never.manifest["tables"].keys()
    for name in never.manifest["tables"]:
        assert w.rows(kept, name) == w.rows(never, name), name


@pytest.mark.parametrize("use", ["commercial", "redistribute"])
def test_every_statement_that_is_left_allows_the_use(builds, use):
    for row in w.rows(builds[use], "evidence"):
        assert USES[use](terms(row["licence"], w.FREE)), row


def test_the_attribution_leaves_out_what_left_the_build(builds):
    text = (builds["redistribute"].path / "ATTRIBUTION.md").read_text()
    assert "The build was made for this use:\nredistribute." in text
    assert "unspecified" not in text
    assert "- Licences of single rows: CC-BY-NC-4.0" in text
    assert "## Closed" not in text
    assert "## Left out\n\nThe use forbids every row of: Closed (LicenseRef-academic)." in text
    assert "Left out" not in (builds["academic"].path / "ATTRIBUTION.md").read_text()


@pytest.mark.real
@pytest.mark.parametrize("use", ["commercial", "redistribute"])
def test_rows_of_hetionet_are_left_out_by_their_own_licence(real_data, tmp_path, use):
    names = ["hgnc", "uniprot", "disease_ontology", "drugcentral", "hetionet", "omnipath"]
    built = build_graph(find_files(real_data, select(names), {}), tmp_path, use=use)
    raw = pd.concat(
        pd.read_csv(real_data / "hetionet" / name, sep="\t", dtype=str, keep_default_na=False)["license"]
        for name in ("DaG-association.tsv.gz", "CbG-binding.tsv.gz")
    )  # fmt: skip
    # by hand: of the texts of these two files, these do not grant the use
    forbidden = {"", "CC BY-NC 4.0"} if use == "commercial" else {""}
    counts = raw.value_counts()
    assert "" in counts
    dropped = built.manifest["report"]["sources"]["hetionet"]["dropped"]
    assert sum(dropped.values()) == sum(n for text, n in counts.items() if text in forbidden)
    assert dropped["unspecified"] == counts[""]
    omnipath = built.manifest["report"]["sources"]["omnipath"]
    assert (omnipath["evidence"], omnipath["facts"]) == (0, 0)
    assert sum(omnipath["dropped"].values()) == sum(omnipath["rows"].values()) - omnipath["rows"].get("rejects", 0)  # fmt: skip
    assert not {"Complex"} & set(built.labels)
