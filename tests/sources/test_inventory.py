"""Which file of a folder is what, and what is said of those that cannot be told."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES
from tests.sources.zoo import animals
from tosg_graph.errors import SourceError
from tosg_graph.filing import sha256
from tosg_graph.sources import FileSpec, Source
from tosg_graph.sources.inventory import Inventory, Place, take_inventory
from tosg_graph.sources.registry import discover, find_files, select

#: The layout of each fixture whose loader reads several, by looking at the files.
LAYOUTS = {
    "BIOGRID-ORGANISM-Homo_sapiens-4.4.240.tab3.txt": "tab3",
    "interaction_input.csv": "4.1",
    "complex_input.csv": "with cross-references",
    "human_lr_pair.txt": "with genes",
    "human.txt": "MITAB 2.7",
    "omni_resource.csv": "with accessions",
    "omnipath_interactions.tsv": "web service with evidences",
    "gencode.v49.annotation.gtf": "GENCODE",
    "ligand_id_mapping.tsv": "with Ligand id",
    "all_data_26_05_24.tsv": "3.0 (with scores)",
    "9606.protein.links.detailed.v12.0.txt": "links.detailed",
    "uniprotkb_human.tsv": "since 2022",
}
#: Belongs to a source that does not read it; is told by its folder only, since other data sets of
#: its source have the same columns.
NOBODYS = {"gene_input.csv", "associationByOverallDirect.json"}


def fixtures() -> list[Path]:
    return sorted(path for name in discover() for path in (FIXTURES / name).iterdir())


def scrambled(folder: Path, seed: int) -> dict[Path, Path]:
    """Copy all fixtures under names that say nothing, into folders at random, some compressed."""
    draw = random.Random(seed)
    copies = {}
    for path in fixtures():
        place = folder / f"{draw.getrandbits(16):04x}" / f"{draw.getrandbits(64):016x}"
        place = place.with_suffix(draw.choice(["", ".bin", ".dat"]))
        place.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        place.write_bytes(gzip.compress(content) if draw.random() < 0.5 else content)
        copies[place] = path
    return copies


def places(inventory: Inventory) -> dict[str, Place]:
    return {
        f"{stock.source.name}.{place.role}": place
        for stock in inventory.stocks
        for place in stock.places
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_files_of_unknown_names_are_told_by_their_headers(tmp_path: Path, seed: int) -> None:
    copies = scrambled(tmp_path, seed)
    inventory = take_inventory(select(None), tmp_path)
    taken: set[Path] = set()
    for name, place in places(inventory).items():
        if place.file is None:
            continue
        original = copies[place.file]
        taken.add(original)
        assert (original.parent.name, place.by, place.problem) == (
            name.partition(".")[0],
            "header",
            None,
        )
        assert place.layout == LAYOUTS.get(original.name), original
    assert set(fixtures()) - taken == {p for p in fixtures() if p.name in NOBODYS}
    assert {(copies[path].name, like) for path, like in inventory.unused} == {
        ("gene_input.csv", ()),
        ("associationByOverallDirect.json", (("opentargets", "json"),)),
    }
    assert {s.source.name for s in inventory.stocks if s.state != "there"} == {"opentargets"}


def test_each_is_told_as_it_is_by_its_own_name(tmp_path: Path) -> None:
    copies = scrambled(tmp_path / "scrambled", 3)
    by_header = places(take_inventory(select(None), tmp_path / "scrambled"))
    for path in fixtures():
        place = tmp_path / "named" / path.parent.name / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    by_name = places(take_inventory(select(None), tmp_path / "named"))
    told = by_name.pop("opentargets.json").file
    assert (told and told.name) in NOBODYS
    assert by_header.pop("opentargets.json").file is None
    assert {n: p.file and p.file.name for n, p in by_name.items()} == {
        n: p.file and copies[p.file].name for n, p in by_header.items()
    }
    assert {n: p.layout for n, p in by_name.items()} == {n: p.layout for n, p in by_header.items()}
    assert {p.by for p in by_name.values() if p.file} == {"name"}


def twins() -> list[Source]:
    """Two sources that read files of the same columns."""
    return [
        animals("", name=name, files=(FileSpec("rows", (f"{name}*.tsv",), ("animal", "legs")),))
        for name in ("cats", "dogs")
    ]


def test_where_a_header_cannot_tell_nothing_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_text("animal\tlegs\n")
    inventory = take_inventory(twins(), tmp_path)
    assert {stock.state for stock in inventory.stocks} == {"missing"}
    could_be = (("cats", "rows"), ("dogs", "rows"))
    assert inventory.unused == ((tmp_path / "x.dat", could_be),)
    (tmp_path / "dogs.tsv").write_text("animal\tlegs\n")
    located = find_files(tmp_path, twins(), {})
    # With the dogs found by name, the cats are all that the other file can be.
    assert {f.source: (f.path.name, f.by) for f in located.found} == {
        "dogs": ("dogs.tsv", "name"),
        "cats": ("x.dat", "header"),
    }


def test_a_source_that_reads_one_layout_in_two_roles_gets_it_for_one(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_text("animal\tlegs\n")
    specs = tuple(FileSpec(r, (f"{r}.tsv",), ("animal", "legs"), optional=True) for r in "ab")
    (stock,) = take_inventory([animals("", files=specs)], tmp_path).stocks
    assert [place.file and place.file.name for place in stock.places] == [None, "x.dat"]


def test_a_build_says_what_an_unused_file_looks_like(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_text("animal\tlegs\n")
    (tmp_path / "animals.tsv").write_text("animal\tlegs\n")
    report = find_files(tmp_path, [animals("")], {}).report()
    assert report["unused"] == ["x.dat"]
    assert report["looks_like"] == {"x.dat": ["animals.animals"]}
    (tmp_path / "animals.tsv").unlink()
    with pytest.raises(SourceError, match="no source was found"):
        find_files(tmp_path, twins(), {})


def test_what_is_wrong_is_said_of_its_file_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "cats.tsv").write_text("animal\tlimbs\n")
    for name in ("dogs.tsv", "dogs_2.tsv"):
        (tmp_path / name).write_text("animal\tlegs\n")
    inventory = take_inventory([*twins(), animals("")], tmp_path)
    cats, dogs, rest = inventory.stocks
    assert (cats.state, dogs.state, rest.state) == ("wrong", "wrong", "missing")
    assert "the header lacks 'legs'" in str(cats.places[0].problem)
    assert "dogs_2.tsv" in str(dogs.places[0].problem)


def test_the_version_is_that_of_the_file_or_of_the_record(tmp_path: Path) -> None:
    path = tmp_path / "animals.tsv"
    path.write_text("animal\tlegs\n")
    (one,) = take_inventory([animals("")], tmp_path).stocks
    assert (one.version, one.places[0].fetched) == (None, None)
    record = {"version": "7", "fetched": "2025-06-05", "url": "u", "sha256": sha256(path)}
    (tmp_path / "animals.tsv.source.json").write_text(json.dumps(record))
    (one,) = take_inventory([animals("")], tmp_path).stocks
    assert one.version == "7"
    assert one.places[0].fetched == {"version": "7", "date": "2025-06-05", "url": "u"}
    (one,) = take_inventory([animals("", version=lambda files: "8")], tmp_path).stocks
    assert one.version == "8"


def test_without_a_folder_nothing_is_looked_for() -> None:
    inventory = take_inventory(select(None))
    assert [stock.source.name for stock in inventory.stocks] == list(discover())
    assert {stock.state for stock in inventory.stocks} == {"missing"}
