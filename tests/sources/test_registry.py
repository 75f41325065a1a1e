from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES
from tosg_graph.errors import SourceError, UsageError
from tosg_graph.sources import Chunk, FileSpec, Licence, Source
from tosg_graph.sources.registry import discover, find_files, select

#: What the package itself declares, read from the folder and not through the registry.
NAMES = sorted(
    path.stem
    for path in (Path(__file__).resolve().parents[2] / "loaders").glob("*.py")
    if path.stem != "__init__"
)
#: Those that files are at hand for in the folder of public data.
PUBLIC = [
    "cell_ontology",
    "cellphonedb",
    "disease_ontology",
    "drugcentral",
    "gencode",
    "hetionet",
    "hgnc",
    "omnipath",
    "reactome",
    "refseq",
    "signor",
    "uberon",
    "uniprot",
]


def read_nothing(files: object) -> Iterator[Chunk]:
    yield from ()


def source(name: str, *files: FileSpec) -> Source:
    licence = Licence("CC0-1.0", "https://example.org")
    return Source(
        name, name, "nothing", "https://example.org", licence, "none", files, read_nothing
    )


ANIMALS = source("animals", FileSpec("animals", ("animals*.tsv",), columns=("animal", "legs")))
ZOO = source(
    "zoo",
    FileSpec("cages", ("cages.tsv",), columns=("cage",)),
    FileSpec("keepers", ("keepers.tsv",), columns=("keeper",)),
    FileSpec("visitors", ("visitors.tsv",), columns=("visitor",), optional=True),
)


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- which sources there are -----------------------------------------------------------------


def test_all_loaders_are_found_in_the_order_of_the_alphabet() -> None:
    assert list(discover()) == NAMES
    assert [found.name for found in select(None)] == NAMES


def test_select_is_free_of_order_and_repetition() -> None:
    assert [found.name for found in select(["signor", "hgnc", "signor"])] == ["hgnc", "signor"]


def test_unknown_source_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        select(["hgnc", "signr"])
    assert "unknown source 'signr'; did you mean 'signor'?" in str(caught.value)
    assert "Known: " + ", ".join(NAMES) in str(caught.value)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, entry: str, module: str) -> None:
    """Put a package with one loader on the path, as pip would."""
    put(folder, "outside.py", module)
    put(
        folder, "outside-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: outside\nVersion: 1\n"
    )
    put(folder, "outside-1.dist-info/entry_points.txt", f"[tosg_graph.loaders]\n{entry}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(__import__("sys").modules, "outside", raising=False)


def test_a_loader_of_another_package_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "from tosg_graph.sources import Licence, Source\n"
        "def read(files):\n    yield from ()\n"
        "SOURCE = Source('moon', 'Moon', 'rocks', 'https://example.org',\n"
        "    Licence('CC0-1.0', 'https://example.org'), 'none', (), read)\n"
    )
    install(tmp_path, monkeypatch, "moon = outside:SOURCE", text)
    assert list(discover()) == sorted([*NAMES, "moon"])


@pytest.mark.parametrize(
    ("entry", "module", "message"),
    [
        ("moon = outside:SOURCE", "import no_such_module", "ModuleNotFoundError"),
        ("moon = outside:SOURCE", "x = 1", "AttributeError"),
        ("moon = outside:SOURCE", "def (", "SyntaxError"),
        ("moon = outside:SOURCE", "SOURCE = 1", "is int; expected a tosg_graph Source"),
        ("moon = loaders.hgnc:SOURCE", "", "calls its source 'hgnc'"),
        ("hgnc = loaders.signor:SOURCE", "", "hgnc"),
    ],
)
def test_a_broken_loader_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, module: str, message: str
) -> None:
    install(tmp_path, monkeypatch, entry, module)
    with pytest.raises(SourceError) as caught:
        discover()
    assert f"loader '{entry.split()[0]}'" in str(caught.value)
    assert message in str(caught.value)


# ---- which files belong to them --------------------------------------------------------------


def test_every_source_is_found_among_all_the_fixtures(tmp_path: Path) -> None:
    for name in NAMES:
        shutil.copytree(FIXTURES / name, tmp_path / "some" / "where" / name)
    located = find_files(tmp_path, select(None), {})
    assert [found.name for found in located.sources] == NAMES
    assert located.left_out == {}
    assert {found.by for found in located.found} == {"name"}
    assert [path.name for path in located.unused] == ["gene_input.csv"]


def test_every_file_is_found_by_its_content_when_a_mirror_renamed_it(tmp_path: Path) -> None:
    # What is published in parts is told by name and folder: other data sets have its columns.
    told = [s for s in select(NAMES) if not any(spec.parts for spec in s.files)]
    paths = sorted(p for source in told for p in (FIXTURES / source.name).iterdir())
    for i, path in enumerate(paths):
        put(tmp_path, f"{i}.dat", gzip.compress(path.read_bytes()))
    located = find_files(tmp_path, told, {}, required=True)
    original = {(f.source, f.role): paths[int(f.path.stem)].parent.name for f in located.found}
    assert {source for source, _ in original} == {source.name for source in told}
    assert all(folder == source for (source, _), folder in original.items())
    assert {found.by for found in located.found} == {"header"}
    assert [paths[int(path.stem)].name for path in located.unused] == ["gene_input.csv"]


def test_other_files_of_the_same_make_are_not_taken(tmp_path: Path) -> None:
    stages = '{"HsapDv:0000000":{"ancestors":{},"label":"life cycle stage","deprecated":false}}'
    put(tmp_path, "HsapDv-ontology-v2025-01-23.json", stages)
    put(tmp_path, "animals.tsv", "animal\tlegs\n")
    put(tmp_path, "counts.h5ad", b"\x89HDF\r\n\x1a\n\xff\xfe")
    put(tmp_path, ".hidden/animals.tsv", "animal\tlegs\n")
    located = find_files(tmp_path, [*select(["cell_ontology", "uberon"]), ANIMALS], {})
    assert [found.name for found in located.sources] == ["animals"]
    assert sorted(located.left_out) == ["cell_ontology", "uberon"]
    assert located.report()["unused"] == ["HsapDv-ontology-v2025-01-23.json", "counts.h5ad"]


def test_report_is_plain(tmp_path: Path) -> None:
    put(tmp_path, "animals_2024.tsv.gz", gzip.compress(b"animal\tlegs\n"))
    located = find_files(tmp_path, [ANIMALS, ZOO], {})
    report = located.report()
    assert report["files"] == [
        {
            "source": "animals",
            "role": "animals",
            "file": "animals_2024.tsv.gz",
            "found_by": "name",
            "layout": None,
        }
    ]
    assert set(report["left_out"]) == {"zoo"}
    assert "cages (named like cages.tsv, or with the columns cage)" in report["left_out"]["zoo"]


def test_a_source_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    put(tmp_path, "cages.tsv", "cage\n")
    with pytest.raises(SourceError) as caught:
        find_files(tmp_path, [ZOO], {}, required=True)
    assert "zoo" in str(caught.value)
    assert "keepers (named like keepers.tsv" in str(caught.value)
    assert "cages (" not in str(caught.value)
    assert "--file zoo.keepers=PATH" in str(caught.value)


def test_optional_file_may_be_missing(tmp_path: Path) -> None:
    put(tmp_path, "cages.tsv", "cage\n")
    put(tmp_path, "keepers.tsv", "keeper\n")
    assert set(find_files(tmp_path, [ZOO], {}).files["zoo"]) == {"cages", "keepers"}
    put(tmp_path, "visitors.tsv", "visitor\n")
    assert set(find_files(tmp_path, [ZOO], {}).files["zoo"]) == {"cages", "keepers", "visitors"}


def test_right_name_and_wrong_header_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    path = put(tmp_path, "animals.tsv", "animal\tlimbs\n")
    with pytest.raises(SourceError, match=re.escape(f"{path}:1: the header lacks 'legs'")):
        find_files(tmp_path, [ANIMALS], {})


def test_wrong_header_is_an_error_even_where_another_file_is_missing(tmp_path: Path) -> None:
    put(tmp_path, "cages.tsv", "box\n")
    with pytest.raises(SourceError, match="the header lacks 'cage'"):
        find_files(tmp_path, [ZOO], {})


def test_cut_off_file_is_an_error_with_its_name_and_line(tmp_path: Path) -> None:
    path = put(tmp_path, "animals.tsv.gz", gzip.compress(b"animal\tlegs\n")[:-9])
    with pytest.raises(SourceError, match=re.escape(f"{path}:2: the file is cut off or damaged")):
        find_files(tmp_path, [ANIMALS], {})


def test_right_name_and_wrong_content_of_a_file_without_header(tmp_path: Path) -> None:
    put(tmp_path, "doid.obo", "ontology of something else\n")
    with pytest.raises(SourceError, match="expected an OBO file with terms DOID:"):
        find_files(tmp_path, select(["disease_ontology"]), {})


@pytest.mark.parametrize("names", [("a/animals.tsv", "animals_b.tsv"), ("1.txt", "2.txt")])
def test_two_candidates_are_both_named(tmp_path: Path, names: tuple[str, str]) -> None:
    paths = [put(tmp_path, name, "animal\tlegs\n") for name in names]
    with pytest.raises(SourceError) as caught:
        find_files(tmp_path, [ANIMALS], {})
    assert all(str(path) in str(caught.value) for path in paths)
    assert "--file animals=PATH" in str(caught.value)


def test_a_name_is_better_than_a_header(tmp_path: Path) -> None:
    put(tmp_path, "0.txt", "animal\tlegs\n")
    named = put(tmp_path, "animals.tsv", "animal\tlegs\n")
    assert find_files(tmp_path, [ANIMALS], {}).files["animals"]["animals"].path == named


def test_file_said_outright(tmp_path: Path) -> None:
    put(tmp_path, "data/animals.tsv", "animal\tlegs\n")
    mine = put(tmp_path, "mine.txt", "animal\tlegs\tname\n")
    located = find_files(tmp_path / "data", [ANIMALS], {"animals": mine})
    assert located.files["animals"]["animals"].path == mine
    assert [found.by for found in located.found] == ["--file"]
    alone = find_files(None, [ANIMALS, ZOO], {"animals": mine})
    assert [found.name for found in alone.sources] == ["animals"]


def test_file_said_by_role(tmp_path: Path) -> None:
    put(tmp_path, "cages.tsv", "cage\n")
    keepers = put(tmp_path, "people.tsv", "keeper\n")
    assert (
        find_files(tmp_path, [ZOO], {"zoo.keepers": keepers}).files["zoo"]["keepers"].path
        == keepers
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("animal", "unknown source 'animal'; did you mean 'animals'? Known: animals, zoo"),
        ("zoo.keeper", "unknown file of zoo 'keeper'; did you mean 'keepers'?"),
        ("zoo", "--file zoo.cages=PATH, --file zoo.keepers=PATH"),
        ("animals", "there is no such file"),
    ],
)
def test_wrong_overrides(tmp_path: Path, key: str, message: str) -> None:
    path = tmp_path / "none.tsv"
    if key != "animals":
        put(tmp_path, "none.tsv", "animal\tlegs\n")
    with pytest.raises(UsageError, match=re.escape(message)):
        find_files(tmp_path, [ANIMALS, ZOO], {key: path})


def test_a_source_with_an_override_is_required(tmp_path: Path) -> None:
    cages = put(tmp_path, "cages.tsv", "cage\n")
    with pytest.raises(SourceError, match="no data folder was given: keepers"):
        find_files(None, [ZOO], {"zoo.cages": cages})


def test_nothing_found_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        find_files(tmp_path, [ANIMALS, ZOO], {})
    assert f"no source was found in {tmp_path}" in str(caught.value)
    assert "animals*.tsv" in str(caught.value)


def test_data_folder_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        find_files(tmp_path / "none", [ANIMALS], {})
    with pytest.raises(UsageError, match="is a file, not a folder"):
        find_files(put(tmp_path, "x", "y"), [ANIMALS], {})


@pytest.mark.real
def test_all_public_files_are_told_apart(real_data: Path) -> None:
    located = find_files(real_data, select(None), {})
    assert [found.name for found in located.sources] == PUBLIC
    assert {found.by for found in located.found} == {"name"}
    assert {
        "HsapDv-ontology-v2025-01-23.json.zst",
        "bmg_gene_index.csv.gz",
        "pbmc_facs_3774.h5ad",
    } <= set(located.report()["unused"])


@pytest.mark.real
def test_public_files_are_told_by_content_too(real_data: Path, tmp_path: Path) -> None:
    by_name = find_files(real_data, select(None), {})
    for i, path in enumerate([*(f.path for f in by_name.found), *by_name.unused]):
        (tmp_path / str(i)).symlink_to(path)
    by_header = find_files(tmp_path, select(None), {})
    assert {(f.source, f.role, f.path.resolve()) for f in by_header.found} == {
        (f.source, f.role, f.path.resolve()) for f in by_name.found
    }
