"""Every command there is, with and without ``--json``, as it should be used and as it should not.

A command that is added fails here until it stands in :data:`WORDS`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Tosg
from tests.cli.test_commands import commands
from tosg_graph.example import data_folder

FACT = "fb9a415ddc90fc78"
PATHWAY = "R-HSA-1280215"
MONOCYTES, B_CELLS = "cell_type under monocyte", "cell_type under 'B cell'"

#: What each command is given in good use: ``{work}`` is a workspace, ``{new}`` a new path.
WORDS: dict[str, tuple[str, ...]] = {
    "build": ("--data", str(data_folder())),
    "load": (),
    "fetch": ("--data", "{new}", "--source", "celltalkdb"),
    "sources": ("--data", str(data_folder())),
    "doctor": (),
    "rejects": ("--sample", "1"),
    "resolve": ("EGFR", "CD16", "nonsense"),
    "update": (),
    "diff": ("current", "current"),
    "builds": (),
    "kgx": ("--out", "{new}"),
    "subgraph": ("--around", "EGFR", "--graphml", "{new}"),
    "embed": (),
    "similar": ("EGFR",),
    "schema": (),
    "query": ("drug_targets", "drug=imatinib"),
    "cypher": ("MATCH (d:Drug) RETURN d.name, d.text LIMIT 3",),
    "evidence": (FACT,),
    "ask": ("What does imatinib target?",),
    "export": ("--pathway", PATHWAY, "--cells", "blood", "--out", "{new}"),
    "demo": (),
    "cells add": ("{cells}", "--name", "more", "--label", "celltype", "--replace"),
    "cells convert-task": ("{new}", "0"),
    "cells list": (),
    "cells info": ("blood",),
    "cells pack": ("blood",),
    "cells rejoin": ("blood",),
    "cells split": ("blood", "--by", "donor", "--save", "{new}"),
    "cells unpack": ("blood",),
    "cells verify": ("blood", "--source", "{cells}"),
    "cells remove": ("twice", "again"),
    "cells versions": ("blood",),
    "cells prune": ("blood",),
    "cells profile": ("blood", "B cells"),
    "cells vocabulary": ("blood",),
    "cells cohort": ("blood", MONOCYTES, "--by", "cell_type"),
    "cells match": ("blood", MONOCYTES, B_CELLS, "--by", "donor_id", "--save", "{new}"),
    "cells diagnose": ("blood", "--label", "celltype"),
    "cells pseudobulk": ("blood", "--by", "donor_id", "--out", "{new}"),
    "cells compare": ("blood", MONOCYTES, B_CELLS, "--out", "{new}"),
    "cells metacells": ("blood", "--into", "meta", "--size", "20", "--within", "donor_id",
                        "--replace"),
}  # fmt: skip

#: Commands that cannot do their work here, and how they end: without a server, address or job.
ENDS = {"fetch": 1, "embed": 2, "similar": 2, "cells convert-task": 1}
#: Of these what could not be done is itself a result.
TELLS = {"fetch"}
#: Commands that need no workspace.
WITHOUT = {"fetch", "sources", "schema", "cells convert-task"}
#: Commands that can begin in an empty workspace; what they need is given otherwise.
BEGINS = {"build", "demo", "doctor", "builds", "cells list"}

CACHES = {".lock", ".names", "profiles"}

EVERY = [" ".join(words) for words in commands()]


def words_of(command: str, folder: Path, new: Path, workspace: Path) -> list[str]:
    given = {"{new}": str(new), "{cells}": str(folder / "cells.h5ad")}
    words = [*command.split(), *(given.get(word, word) for word in WORDS[command])]
    return words if command in WITHOUT else [*words, "-w", str(workspace)]


def kept(workspace: Path) -> set[Path]:
    """What stands in a workspace, but for the lock and what is kept for speed."""
    return {path for path in workspace.rglob("*") if not CACHES & set(path.parts)}


def test_every_command_stands_here() -> None:
    assert set(WORDS) == set(EVERY)


@pytest.mark.parametrize("command", EVERY)
def test_json_is_one_document_and_people_get_something_else(
    command: str, tosg: Tosg, mine: Path, tmp_path: Path
) -> None:
    if command == "cells remove":  # the first time takes the data set away
        shutil.copytree(mine / "work", tmp_path / "work")
    for_people = tosg(*words_of(command, mine, tmp_path / "new", mine / "work"))
    workspace = tmp_path / "work" if command == "cells remove" else mine / "work"
    words = words_of(command, mine, tmp_path / "newer", workspace)
    for_programs = tosg(*words, "--json")
    assert for_people.code == for_programs.code == ENDS.get(command, 0), for_programs.err
    assert "Traceback" not in for_people.err + for_programs.err
    if ENDS.get(command) and command not in TELLS:
        assert for_people.out == for_programs.out == ""
        assert for_people.err.startswith("tosg: ")
        return
    document = for_programs.out
    value, end = json.JSONDecoder().raw_decode(document)
    assert isinstance(value, dict)
    assert document[end:] == "\n"
    assert for_people.out.strip()
    assert not for_people.out.startswith("{")
    assert all(line == line.rstrip() for line in for_people.out.splitlines())


@pytest.mark.parametrize("command", [c for c in EVERY if c not in WITHOUT | BEGINS])
def test_without_a_workspace_it_is_said_how_to_make_one(
    command: str, tosg: Tosg, mine: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    ran = tosg(*words_of(command, mine, tmp_path / "new", nowhere), "--json")
    assert ran.code == 2
    assert ran.out == ""
    said = [line for line in ran.err.splitlines() if line.startswith("tosg: ")]
    assert len(said) == 1
    assert "tosg " in said[0].removeprefix("tosg: ") or "TOSG_NEO4J_URI" in said[0]
    assert not nowhere.exists()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", EVERY)
def test_a_wrong_option_is_wrong_use(command: str, tosg: Tosg) -> None:
    ran = tosg(*command.split(), "--no-such-option")
    assert ran.code == 2
    assert ran.out == ""
    assert "no-such-option" in ran.err


@pytest.mark.parametrize("words", [
    ("build", "--data", "{new}"),
    ("build", "--data", str(data_folder()), "--use", "fun"),
    ("build", "--data", str(data_folder()), "--source", "hgcn"),
    ("build", "--file", "hgnc={new}"),
    ("build", "--file", "hgnc"),
    ("build", "--data", str(data_folder()), "--edges", "{new}", "--mapping", "{new}"),
    ("build", "--data", str(data_folder()), "--gmt", "{new}"),
    ("build", "--data", str(data_folder()), "--sssom", "{new}"),
    ("sources", "--data", "{new}"),
    ("fetch", "--data", "{new}", "--source", "hgcn"),
    ("rejects", "--source", "hgcn"),
    ("rejects", "--reason", "unmaped"),
    ("resolve", "EGFR", "--label", "Gen"),
    ("diff", "0123", "current"),
    ("kgx", "--out", "{new}", "--format", "csv"),
    ("subgraph", "--pathway", "no such pathway"),
    ("subgraph", "--around", "EGRF"),
    ("query", "drug_target", "drug=imatinib"),
    ("query", "drug_targets"),
    ("query", "drug_targets", "drug"),
    ("evidence", "0123"),
    ("export", "--pathway", PATHWAY, "--cells", "blod", "--out", "{new}"),
    ("export", "--pathway", PATHWAY, "--cells", "blood", "--split", "half", "--out", "{new}"),
    ("export", "--pathway", PATHWAY, "--cells", "blood", "--label", "cels", "--out", "{new}"),
    ("export", "--pathway", PATHWAY, "--cells", "blood", "--where", "sx = male", "--out", "{new}"),
    ("ask", "What does imatinib target?", "--cells", "blod"),
    ("cells", "add", "{new}", "--name", "new"),
    ("cells", "add", "{cells}", "--name", "blood"),
    ("cells", "add", "{cells}", "--name", "new", "--label", "cels"),
    ("cells", "add", "{cells}", "--name", "new", "--matrix", "layers/none"),
    ("cells", "info", "blod"),
    ("cells", "pack", "blood", "--codec", "zip"),
    ("cells", "verify", "blood", "--source", "{new}"),
    ("cells", "verify", "blood", "--version", "99"),
    ("cells", "remove", "blood", "blod"),
    ("cells", "profile", "blood", "Z cells"),
    ("cells", "profile", "blood", "B cells", "--modality", "dna"),
    ("cells", "vocabulary", "blood", "--field", "tisue"),
    ("cells", "cohort", "blood", "cell_type under"),
    ("cells", "cohort", "blood", "cell_type = 'Z cell'"),
    ("cells", "match", "blood", "cell_type = lymphocyte", B_CELLS),
    ("cells", "diagnose", "blood", "--label", "cels"),
    ("cells", "pseudobulk", "blood", "--by", "cels"),
    ("cells", "compare", "blood", MONOCYTES, "cell_type = lymphocyte"),
    ("cells", "metacells", "blood", "--within", "cels"),
], ids=lambda words: " ".join(words)[:60])  # fmt: skip
def test_what_is_named_wrong_is_wrong_use_and_named(
    words: tuple[str, ...], tosg: Tosg, mine: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    given = {"{new}": str(new), "{cells}": str(mine / "cells.h5ad")}
    told = [given.get(word, word).replace("{new}", str(new)) for word in words]
    where = () if words[0] in WITHOUT else ("-w", str(mine / "work"))
    before = kept(mine / "work")
    ran = tosg(*told, *where)
    assert ran.code == 2, ran.err
    assert ran.out == ""
    assert ran.err.splitlines()[-1]
    assert "tosg: " in ran.err
    assert not new.exists()
    assert kept(mine / "work") == before
