"""Human Protein Atlas: where in the cell a protein was seen, by immunofluorescence.

Each gene lists its places in four columns, one per reliability; the ids of the places stand in a
fifth. An *uncertain* place contradicts what else is known of the protein, or lacks RNA in its
support. As an edge it would read like any other place, so it is rejected, one row per place.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.columns import items, kept, normal_form, references
from tosg_graph.sources.source import Files

#: Columns of places, the surest first.
RELIABILITIES = ("Enhanced", "Supported", "Approved", "Uncertain")
UNCERTAIN = RELIABILITIES[-1]
#: Columns that say how much of the protein is there; releases before 2019 lack them.
WEIGHTS = ("Main location", "Additional location")

# "Cytosol (GO:0005829)"; a few places have nothing between the parentheses.
_PLACE = r"^(?P<place>.*?)\s*\((?P<go>GO:\d{7})?\)$"


def read(files: Files) -> Iterator[Chunk]:
    """Read each place once, then which protein was seen where."""
    file = files["locations"]
    declared: set[tuple[str, str]] = set()
    for rows in file.frames():
        ids = _ids(rows)
        yield Chunk.nodes("Compartment", file.name, _compartments(ids, declared))
        places = _places(rows, ids)
        uncertain, nowhere = places["reliability"].eq(UNCERTAIN), places["go"].isna()
        for reason, which in (
            ("uncertain location", uncertain),
            ("location without a GO id", nowhere & ~uncertain),
        ):
            yield Chunk.rejects(file.name, _rejected(places[which], reason))
        yield Chunk.statements("LOCATED_IN", file.name, _located(places[~uncertain & ~nowhere]))


def _ids(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per gene and place that has an id: ``row, place, go, line``."""
    named = _one_each(rows, "GO id")
    parts = named["place"].str.extract(_PLACE)
    return named.assign(place=parts["place"], go=parts["go"]).dropna(subset="go")


def _one_each(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """One row per gene and item of a column: ``row, Gene, line, place``."""
    listed = rows[["Gene", "line"]].assign(place=items(rows[column], ";"), row=rows.index)
    return listed.explode("place", ignore_index=True).dropna(subset="place")


def _compartments(ids: pd.DataFrame, declared: set[tuple[str, str]]) -> pd.DataFrame:
    """One row per id and name that no earlier chunk has; two names may share an id."""
    found = ids.drop_duplicates(["go", "place"])
    pairs = list(zip(found["go"], found["place"], strict=True))
    fresh = kept(found, (pair not in declared for pair in pairs))
    declared.update(pairs)
    return pd.DataFrame(
        {"id": fresh["go"], "name": normal_form(fresh["place"]), "line": fresh["line"]}
    )


def _places(rows: pd.DataFrame, ids: pd.DataFrame) -> pd.DataFrame:
    """One row per gene and place: ``Gene, place, reliability, go, weight, line``, by line."""
    parts = [_one_each(rows, name).assign(reliability=name) for name in RELIABILITIES]
    places = pd.concat(parts, ignore_index=True).sort_values("line", kind="stable")
    columns = [_one_each(rows, name).assign(weight=name) for name in WEIGHTS if name in rows]
    weights = pd.concat(columns) if columns else ids.assign(weight=None)
    for table in (ids[["row", "place", "go"]], weights[["row", "place", "weight"]]):
        places = places.merge(table.drop_duplicates(["row", "place"]), "left", ["row", "place"])
    return places.dropna(subset="Gene")


def _located(places: pd.DataFrame) -> pd.DataFrame:
    """A gene stands for its canonical protein: the antibodies are not told apart by product."""
    return pd.DataFrame(
        {
            "source_ref": references("ENSEMBL", places["Gene"]),
            "source_label": "Protein",
            "target_ref": places["go"],
            "target_label": "Compartment",
            "record_id": places["Gene"],
            "mechanism": places["weight"].str.lower(),
            "reliability": places["reliability"],
            "line": places["line"],
        }
    )


def _rejected(places: pd.DataFrame, reason: str) -> pd.DataFrame:
    value = places["Gene"] + ": " + places["place"]
    return pd.DataFrame({"reason": reason, "value": value, "line": places["line"]})


SOURCE = Source(
    name="hpa",
    title="Human Protein Atlas, subcellular section",
    gives="compartments of the cell, and the proteins that were seen in them",
    url="https://www.proteinatlas.org/humanproteome/subcellular",
    licence=Licence("CC-BY-SA-4.0", "https://www.proteinatlas.org/about/licence"),
    citation="Thul PJ et al., A subcellular map of the human proteome, Science 356:eaal3321 "
    "(2017), doi:10.1126/science.aal3321",
    files=(
        FileSpec(
            "locations",
            ("subcellular_location*.tsv",),
            columns=("Gene", "Gene name", *RELIABILITIES, "GO id"),
        ),
    ),
    read=read,
    downloads=(
        Download(
            "locations",
            "https://www.proteinatlas.org/download/tsv/subcellular_location.tsv.zip",
            "subcellular_location.tsv",
            member="subcellular_location.tsv",
        ),
    ),
    by_hand="get subcellular_location.tsv.zip from the downloads page and unpack it",
)
