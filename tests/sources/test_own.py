"""A user's own facts reach the graph without a loader, and every mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import world as w
from tosg_graph.build.assemble import build_graph
from tosg_graph.errors import SourceError, UsageError
from tosg_graph.sources.own import edge_table_source, gmt_source, sssom_source

MAPPING = """\
source: {column: regulator, namespace: symbol, label: Protein}
target: {column: to, namespace: UniProtKB, label: Protein}
type: {column: effect, values: {up: ACTIVATES, down: INHIBITS}}
pmids: pubmed
score: score
licence: {column: terms}
"""
TABLE = """\
regulator\tto\teffect\tpubmed\tscore\tterms
EGF\tP00533\tup\t123;456\t0.5\tCC0-1.0
EGFR\tP01133\tdown\t\t\t
EGF\tP00533\tsideways\t1\t\tCC0-1.0
"""


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def built(folder: Path, *own, use: str = "academic"):
    found = w.located(folder / "data", *w.base()).joined(own)
    return build_graph(found, folder / "graph", use=use)


def edges(tmp_path: Path):
    return edge_table_source(
        put(tmp_path, "my facts.tsv", TABLE), put(tmp_path, "my.yaml", MAPPING)
    )


def test_facts_of_a_table_have_sign_publications_and_score(tmp_path):
    build = built(tmp_path, edges(tmp_path))
    (up,) = w.rows(build, "edges/ACTIVATES")
    assert (up["source"], up["target"]) == ("UniProtKB:P01133", "UniProtKB:P00533")
    assert (up["sign"], up["pmids"], up["score"]) == (1, ["123", "456"], 0.5)
    assert up["sources"] == ["own_my_facts"]
    (down,) = w.rows(build, "edges/INHIBITS")
    assert down["licences"] == ["unspecified"]
    (reject,) = w.rows(build, "rejects")
    assert (reject["value"], reject["line"]) == ("sideways", 4)


def test_a_row_without_a_licence_is_for_academic_use_only(tmp_path):
    build = built(tmp_path, edges(tmp_path), use="redistribute")
    assert len(w.rows(build, "edges/ACTIVATES")) == 1
    assert w.rows(build, "edges/INHIBITS") == []


def test_another_mapping_is_another_build(tmp_path):
    first = built(tmp_path, edges(tmp_path))
    put(tmp_path, "my.yaml", MAPPING.replace("score: score\n", ""))
    table, mapping = tmp_path / "my facts.tsv", tmp_path / "my.yaml"
    assert built(tmp_path, edge_table_source(table, mapping)).id != first.id


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("pmids:", "pmid:", "unknown key 'pmid'; did you mean 'pmids'"),
        ("down: INHIBITS", "down: INHIBIT", "unknown edge type 'INHIBIT'"),
        ("label: Protein}\ntarget", "label: Drug}\ntarget", "cannot join Drug → Protein"),
        ("namespace: symbol, ", "", "exactly the keys"),
        ("column: regulator", "column: regulater", "lacks 'regulater' (nearest: 'regulator')"),
        ("{column: effect", "{column: [effect", "no valid YAML"),
        ("column: regulator, namespace: symbol", "column: regulator, namespace: 5", "must be text"),
        ("{column: terms}", "[CC0-1.0]", "'licence' must be text; found ['CC0-1.0']"),
        ("{column: terms}", "{columns: terms}", "or has the key 'column'"),
        ("pmids: pubmed", "pmids: 12", "'pmids' must be text; found 12"),
        ("pmids: pubmed", "separator: 12", "'separator' is one character; found 12"),
        ("pmids: pubmed", "pmids: 2001-02-30", "no valid YAML"),
    ],
)
def test_mistakes_in_a_mapping_are_named(tmp_path, old, new, words):
    table = put(tmp_path, "my.tsv", TABLE)
    mapping = put(tmp_path, "my.yaml", MAPPING.replace(old, new, 1))
    with pytest.raises(SourceError) as caught:
        edge_table_source(table, mapping)
    assert words in str(caught.value)


def read_whole(table: Path, mapping: Path) -> None:
    source, files = edge_table_source(table, mapping)
    for _ in source.read(files):
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty; mend it"),
        (TABLE.replace("effect", "how"), "Mend the file, or what is said of it"),
        (TABLE + "EGF\tP00533\n", ":5: the row has 2 fields; expected 6"),
    ],
)
def test_nobody_is_told_to_download_a_table_of_their_own(tmp_path, text, words):
    table, mapping = put(tmp_path, "my.tsv", text), put(tmp_path, "my.yaml", MAPPING)
    with pytest.raises(SourceError) as caught:
        read_whole(table, mapping)
    assert words in str(caught.value)
    assert "mend" in str(caught.value).lower()
    assert "ownload" not in str(caught.value)


def test_gene_sets_become_pathways(tmp_path):
    sets = put(tmp_path, "mine.gmt", "good\thttps://x\tEGFR\t1950\t\nempty\tx\n")
    build = built(tmp_path, gmt_source(sets))
    assert set(w.by_id(build, "Pathway")) == {"GMT:mine/good"}
    members = {row["source"] for row in w.rows(build, "edges/MEMBER_OF")}
    assert members == {"HGNC:3236", "HGNC:3229"}
    assert [row["line"] for row in w.rows(build, "rejects")] == [2]


def test_mappings_give_names_and_our_own_file_reads_back(tmp_path):
    text = (
        "#curie_map:\n#  HGNC: x\n"
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "HGNC:3236\tskos:exactMatch\tOWN:7\tsemapv:ManualMappingCuration\n"
    )
    build = built(tmp_path, sssom_source(put(tmp_path, "ids.sssom.tsv", text)))
    assert "OWN:7" in w.by_id(build, "Gene")["HGNC:3236"]["xrefs"]
    source, files = sssom_source(build.path / "mappings.sssom.tsv")
    (chunk,) = list(source.read(files))
    lines = (build.path / "mappings.sssom.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if not line.startswith("#")][1:]
    assert chunk.table.num_rows == len(rows) > 0


def test_two_files_of_one_name_are_refused(tmp_path):
    sets = put(tmp_path, "mine.gmt", "good\tx\tEGFR\n")
    with pytest.raises(UsageError, match="own_mine"):
        built(tmp_path, gmt_source(sets), gmt_source(sets))
