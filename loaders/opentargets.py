"""Open Targets: genes associated with diseases, with the overall score of each association.

Read are the *direct* associations over all kinds of evidence: the evidence for a disease itself,
not for one of its kinds. They are published in parts, as Parquet (to release 24.09 as JSON lines
too). Diseases are those of EFO, which takes many over from MONDO, Orphanet and others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceError, SourceFile
from tosg_graph.sources.arrays import by_value, prefixed, repeated
from tosg_graph.sources.columns import kept, numbers
from tosg_graph.sources.disease_terms import XREF_PREFIXES
from tosg_graph.sources.source import Files

COLUMNS = ("targetId", "diseaseId", "score")
#: What the column of the score is called since release 25.
SCORE = "associationScore"
#: Folders of the data set, by the names of its releases, the present one first.
FOLDERS = ("association_overall_direct", "associationbyoveralldirect")
ROLES = ("associations", "json")

_JSON = pa.schema([("targetId", pa.string()), ("diseaseId", pa.string()), ("score", pa.float64())])


def read(files: Files) -> Iterator[Chunk]:
    """Read the associations of every part; JSON is read where there is nothing else."""
    tables = [file for file in files.values() if file.spec.role == ROLES[0]]
    lines = [file for file in files.values() if file.spec.role == ROLES[1]]
    for file in tables:
        for table in file.tables(COLUMNS):
            yield from _associations(file, table)
    for file in lines:
        if tables:
            yield Chunk.rejects(file.name, _unread(tables[0].name))
            continue
        for frame in file.lines():
            yield from _associations(file, _parsed(file, frame))


def _associations(file: SourceFile, table: pa.Table) -> Iterator[Chunk]:
    whole = pc.and_(*(pc.is_valid(table[name]) for name in COLUMNS[:2]))
    yield Chunk.rejects(file.name, _rejected(table.filter(pc.invert(whole))))
    rows = table.filter(whole)
    facts = pa.table(
        {
            "source_ref": prefixed("ENSEMBL", rows["targetId"]),
            "source_label": repeated("Gene", len(rows)),
            "target_ref": by_value(rows["diseaseId"], disease),
            "target_label": repeated("Disease", len(rows)),
            "score": _scores(file, rows),
            "line": rows["line"],
        }
    )
    yield Chunk.statements("ASSOCIATED_WITH", file.name, facts)


def disease(written: str) -> str:
    """Write the id of a disease as a CURIE: ``MONDO_0005148`` becomes ``MONDO:0005148``."""
    prefix, _, local = written.replace(":", "_", 1).partition("_")
    return f"{XREF_PREFIXES.get(prefix, prefix)}:{local}"


def _scores(file: SourceFile, rows: pa.Table) -> pa.Array:
    scores = numbers(rows["score"].to_pandas()).to_numpy()
    wrong = ~((scores >= 0) & (scores <= 1))
    if wrong.any():
        row = rows.slice(int(wrong.argmax()), 1).to_pylist()[0]
        raise SourceError(
            f"the score is {row['score']!r}; expected a number from 0 to 1. "
            "The file is damaged, or it is another data set of Open Targets: download it again",
            path=file.path,
            line=row["line"],
        )
    return pa.array(scores)


def _parsed(file: SourceFile, frame: pd.DataFrame) -> pa.Table:
    """Read lines of JSON; fields other than those of an association are passed over."""
    rows = frame[frame["text"].str.strip() != ""]
    text = "\n".join(rows["text"]).encode()
    options = pj.ParseOptions(explicit_schema=_JSON, unexpected_field_behavior="ignore")
    whole = pj.ReadOptions(use_threads=False, block_size=max(len(text), 1))
    try:
        table = pj.read_json(pa.BufferReader(text), parse_options=options, read_options=whole)
    except pa.ArrowInvalid as error:
        raise _no_association(file, rows, str(error)) from error
    if len(table) != len(rows):
        raise _no_association(file, rows, "not one object per line")
    return table.append_column("line", pa.array(rows["line"]))


def _no_association(file: SourceFile, rows: pd.DataFrame, why: str) -> SourceError:
    broken = kept(rows, (_broken(text) for text in rows["text"]))["line"]
    return SourceError(
        f"expected one JSON object per line with {', '.join(COLUMNS)} ({why}); "
        "download the file again",
        path=file.path,
        line=None if broken.empty else int(broken.iloc[0]),
    )


def _broken(text: str) -> bool:
    try:
        return not isinstance(json.loads(text), dict)
    except ValueError:
        return True


def _rejected(rows: pa.Table) -> pa.Table:
    value = pc.coalesce(rows["targetId"], rows["diseaseId"])
    reason = repeated("no gene or no disease", len(rows))
    return pa.table({"reason": reason, "value": value, "line": rows["line"]})


def _unread(instead: str) -> pd.DataFrame:
    reason = "not read: the associations are there as a table too"
    return pd.DataFrame({"reason": [reason], "value": [instead], "line": [1]})


def _is_json(head: list[str]) -> bool:
    return head[0].startswith("{") and '"targetId"' in head[0] and '"diseaseId"' in head[0]


def _named(*suffixes: str) -> tuple[str, ...]:
    whole = [f"{folder}*{suffix}" for folder in FOLDERS for suffix in suffixes]
    return (*whole, *(f"{folder}/*{suffix}" for folder in FOLDERS for suffix in suffixes))


SOURCE = Source(
    name="opentargets",
    title="Open Targets Platform",
    gives="genes associated with diseases, with an overall score",
    url="https://platform.opentargets.org/downloads",
    licence=Licence("CC0-1.0", "https://platform-docs.opentargets.org/licence"),
    citation="Buniello A et al., Open Targets Platform: facilitating therapeutic hypotheses "
    "building in drug discovery, Nucleic Acids Research 53:D1467 (2025), doi:10.1093/nar/gkae1128",
    files=(
        FileSpec(
            ROLES[0],
            _named(".parquet", ".tsv"),
            columns=COLUMNS,
            also=((SCORE, "score"),),
            optional=True,
            parts=True,
        ),
        FileSpec(
            ROLES[1],
            _named(".json", ".jsonl"),
            optional=True,
            recognise=_is_json,
            expects="JSON lines with targetId, diseaseId and score",
            parts=True,
        ),
    ),
    read=read,
    by_hand="get the folder association_overall_direct of a release from the downloads page; "
    "its name tells it from the indirect associations, whose columns are the same",
    infores="open-targets",
)
