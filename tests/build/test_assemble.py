"""A build is a function of its input: same rows, same bytes; and it is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.build import world as w
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.tables import Build, table_schema
from tosg_graph.errors import SourceError, UsageError
from tosg_graph.sources.registry import Located

EGFR, EGF = "UniProtKB:P00533", "UniProtKB:P01133"


def world(pieces: int | None = None, **options):
    signor = w.source(
        "signor",
        w.facts("ACTIVATES", *({"a": "symbol:EGF", "b": EGFR, "pmids": [str(i % 7)], "line": i} for i in range(50))),
        w.facts("INHIBITS", {"a": EGFR, "b": "symbol:CALM2"}, {"a": EGFR, "b": "symbol:CD16"}),
        pieces=pieces,
    )  # fmt: skip
    other = w.source(
        "aaa",
        w.nodes(
            "Drug",
            {"id": "DRUGBANK:DB1", "name": "x", "synonyms": ["z", "y"]},
            {"id": "DRUGBANK:DB2", "name": "y"},
        ),
        w.complexes(
            {"ref": "aaa:c", "members": ["symbol:EGF", EGFR]},
            {"ref": "aaa:d", "members": [EGFR, EGF]},
        ),
        w.nodes("Protein", {"id": EGFR, "name": "another name", "length": 1}),
        w.rejects({"reason": "odd", "value": "v"}, {"reason": "odd"}),
        pieces=pieces,
    )
    drugs = w.source(
        "drugcentral", w.nodes("Drug", {"id": "DrugCentral:1", "name": "X"}), pieces=pieces
    )
    return (*w.base(pieces=pieces, **options), signor, other, drugs)


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Build:
    return w.build(tmp_path_factory.mktemp("first"), *world(), threads=1)


@pytest.mark.parametrize(
    ("threads", "pieces", "turned"),
    [(4, None, False), (2, 1, False), (None, 3, True), (1, None, True)],
)
def test_the_bytes_do_not_depend_on_threads_chunks_or_the_order_of_sources(
    tmp_path, first, threads, pieces, turned
):
    sources = world(pieces)[:: -1 if turned else 1]
    again = w.build(tmp_path, *sources, threads=threads)
    assert again.id == first.id
    assert w.bytes_of(again.path) == w.bytes_of(first.path)


def test_tables_have_their_schema_their_order_and_their_hash(first):
    keys = {
        "evidence": ("edge_id", "source", "file", "line"),
        "rejects": ("source", "file", "line"),
    }
    for name, table in first.manifest["tables"].items():
        rows = first.table(name)
        assert rows.schema.equals(table_schema(name)), name
        assert rows.num_rows == table["rows"]
        assert hashlib.sha256(first.file(name).read_bytes()).hexdigest() == table["sha256"]
        order = keys.get(name) or (("id",) if name.startswith("nodes/") else ("source", "target"))
        if name != "aliases":
            values = list(zip(*(rows[column].to_pylist() for column in order), strict=True))
            assert values == sorted(values), name
    listed = {f"{name}.parquet" for name in first.manifest["tables"]}
    assert {f for f in w.bytes_of(first.path) if f.endswith(".parquet")} == listed
    assert {"evidence.parquet", "aliases.parquet", "rejects.parquet"} <= listed


def test_every_fact_has_evidence_and_every_end_is_a_node(first):
    nodes = {label: set(w.by_id(first, label)) for label in first.labels}
    evidence = [row["edge_id"] for row in w.rows(first, "evidence")]
    counted = {}
    for edge_type in first.edge_types:
        for row in w.rows(first, f"edges/{edge_type}"):
            assert row["source"] in nodes[row["source_label"]]
            assert row["target"] in nodes[row["target_label"]]
            counted[row["edge_id"]] = row["n_evidence"]
    assert counted == {e: evidence.count(e) for e in set(evidence)}


def test_every_statement_is_evidence_a_repeat_or_a_reject(first):
    for name, report in first.manifest["report"]["sources"].items():
        made_by_complexes = sum(
            row["n_evidence"] for row in w.rows(first, "edges/PART_OF") if name in row["sources"]
        )
        rejected = sum(report["rejects"].values()) - report["rows"].get("rejects", 0)
        said = report["rows"].get("statements", 0)
        assert report["evidence"] + report["repeated"] + rejected == said + made_by_complexes, name


def test_the_manifest_names_files_and_no_place_or_time(first):
    manifest = json.loads((first.path / "manifest.json").read_text())
    assert set(manifest) == {
        "build_id", "files", "format", "report", "schema_version", "sources", "tables", "tool_version", "use",
    }  # fmt: skip
    signor = manifest["sources"]["signor"]
    content = b"rows of signor\n"
    assert signor["files"] == [
        {
            "role": "rows",
            "name": "signor.tsv",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "layout": None,
            "fetched": None,
        }
    ]
    assert signor["licence"]["name"] == "CC0-1.0"
    assert signor["rows"] == {"statements": 52}
    assert manifest["report"]["sources"]["signor"]["joins"] == [
        {"what": "statements", "namespace": "UniProtKB", "label": "Protein", "total": 52, "resolved": 52,
         "rate": 1.0, "distinct": 1, "distinct_resolved": 1, "kinds": {"id": 52}},
        {"what": "statements", "namespace": "symbol", "label": "Protein", "total": 52, "resolved": 51,
         "rate": round(51 / 52, 6), "distinct": 3, "distinct_resolved": 2, "kinds": {"ambiguous": 1, "symbol": 51}},
    ]  # fmt: skip
    assert str(first.path.parent) not in json.dumps(manifest)
    assert len(first.id) == 16


def test_what_was_recorded_of_a_file_says_its_version_address_and_day(tmp_path, first):
    def build(record):
        found = w.located(tmp_path, *world())
        for name, content in record.items():
            place = found.files["signor"]["rows"].path
            (place.parent / f"{place.name}{name}").write_text(content)
        return build_graph(found, tmp_path / "graph")

    digest = hashlib.sha256(b"rows of signor\n").hexdigest()
    said = {
        "url": "https://example.org/s?key=***",
        "fetched": "2025-06-05",
        "version": "2025-06-02",
    }
    made = build({".source.json": json.dumps({**said, "sha256": digest})})
    signor = made.manifest["sources"]["signor"]
    assert signor["version"] == "2025-06-02"
    assert signor["files"][0]["fetched"] == {
        "url": "https://example.org/s?key=***",
        "date": "2025-06-05",
        "version": "2025-06-02",
    }
    assert made.id == first.id  # the bytes of the files decide, not where they are from
    attribution = (made.path / "ATTRIBUTION.md").read_text()
    assert "signor.tsv on 2025-06-05 from https://example.org/s?key=***" in attribution
    assert "2025-06-02" in attribution


def test_a_record_of_another_file_does_not_count(tmp_path):
    found = w.located(tmp_path, *world())
    place = found.files["signor"]["rows"].path
    record = json.dumps({"url": "x", "version": "1", "fetched": "2025-06-05", "sha256": "0" * 64})
    (place.parent / f"{place.name}.source.json").write_text(record)
    signor = build_graph(found, tmp_path / "graph").manifest["sources"]["signor"]
    assert signor["version"] is None
    assert signor["files"][0]["fetched"] is None


def test_the_id_changes_with_whatever_decides_the_rows(tmp_path, first):
    hgnc, uniprot, *rest = world()
    ids = {first.id}
    ids.add(w.build(tmp_path / "revision", replace(hgnc, revision=2), uniprot, *rest).id)
    ids.add(w.build(tmp_path / "fewer", hgnc, uniprot).id)
    ids.add(w.build(tmp_path / "use", hgnc, uniprot, *rest, use="commercial").id)
    found = w.located(tmp_path / "content" / "data", hgnc, uniprot, *rest)
    (tmp_path / "content" / "data" / "signor.tsv").write_text("another release")
    ids.add(build_graph(found, tmp_path / "content" / "graph").id)
    assert len(ids) == 5


def test_a_finished_build_is_reused_and_a_damaged_one_made_again(tmp_path):
    said: list[str] = []
    built = w.build(tmp_path, *world())
    stamp = built.file("nodes/Gene").stat().st_mtime_ns
    again = w.build(tmp_path, *world(), progress=said.append)
    assert again.file("nodes/Gene").stat().st_mtime_ns == stamp
    assert said[-1] == f"build {built.id} is there already"
    whole = w.bytes_of(built.path)
    built.file("nodes/Gene").write_bytes(b"cut off")
    assert w.bytes_of(w.build(tmp_path, *world()).path) == whole
    assert [path.name for path in (tmp_path / "graph").iterdir()] == [built.id]


def test_progress_is_told_in_order(tmp_path):
    said: list[str] = []
    w.build(tmp_path, *w.base(), progress=said.append)
    assert said == [
        "hashing the files",
        "reading hgnc",
        "reading uniprot",
        "joining identifiers",
        "gathering evidence",
        "composing texts",
        "writing tables",
    ]


def broken(name: str, error: Exception):
    def read(files):
        yield w.GENES("broken.tsv")
        raise error

    return replace(w.source(name), read=read)


@pytest.mark.parametrize("earlier", [False, True])
def test_nothing_of_a_failed_build_is_left(tmp_path, earlier):
    if earlier:
        kept = w.build(tmp_path, *w.base())
    error = SourceError("cut off", path=Path("broken.tsv"), line=3)
    with pytest.raises(SourceError, match=r"broken\.tsv:3: cut off"):
        w.build(tmp_path, *w.base(), broken("broken", error))
    left = (
        sorted(path.name for path in (tmp_path / "graph").iterdir())
        if (tmp_path / "graph").exists()
        else []
    )
    assert left == ([kept.id] if earlier else [])


def test_without_a_source_there_is_nothing_to_build(tmp_path):
    with pytest.raises(UsageError, match="nothing to build from"):
        build_graph(Located(sources=(), files={}, found=()), tmp_path / "graph")
    assert not (tmp_path / "graph").exists()
