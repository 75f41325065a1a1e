"""OmniPath: interactions of proteins and complexes out of many resources, in two layouts.

*Web service.* The columns of ``omnipathdb.org/interactions`` and of its archive. A row is a pair;
each resource behind it becomes a statement of its own, named by its record id, with those of the
publications that OmniPath ascribes to it. A publication that is ascribed to nobody goes to the only
resource of the row, else to OmniPath itself. Where a row says stimulation and inhibition, both are
stated. ``X_Y`` is resource X as resource Y quotes it; publications of Y stay with Y.

*CARNIVAL.* Three columns: symbol, sign, symbol; no resources and no publications.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial, reduce

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.arrays import by_value, repeated
from tosg_graph.sources.composites import Composites, label_of, reference_of, statement_ends
from tosg_graph.sources.source import Download, Files
from tosg_graph.sources.tally import Tally

NAME = "omnipath"
HUMAN = "9606"
COLUMNS = ("source", "interaction", "target")
TYPES = {"1": "ACTIVATES", "-1": "INHIBITS"}
FLAGS = ("is_directed", "is_stimulation", "is_inhibition")
SERVICE = ("source", "target", *FLAGS)
RESOURCES = ("sources", "references")
TAXA = ("ncbi_tax_id_source", "ncbi_tax_id_target")
ENTITIES = ("entity_type_source", "entity_type_target")
#: Types of interactions whose ends are proteins or complexes; ``PPI`` and ``TF`` are former names.
PROTEIN_TYPES = ("post_translational", "transcriptional", "PPI", "TF")
#: The terms of resources that are read from their own files too; of all others the strictest hold.
LICENCES = {
    "BioGRID": "MIT",
    "CellPhoneDB": "MIT",
    "IntAct": "CC BY 4.0",
    "Reactome": "CC0-1.0",
    "SIGNOR": "CC BY 4.0",
}
#: Who is named for publications that the file ascribes to no resource.
ITSELF = "OmniPath"


def read(files: Files) -> Iterator[Chunk]:
    """Read each of the files that are there; a complex is declared once, before it is spoken of."""
    complexes = Composites(NAME)
    if "service" in files:
        yield from _service(files["service"], complexes)
    if "interactions" in files:
        yield from _carnival(files["interactions"], complexes)


# ---- the web service -------------------------------------------------------------------------


def _service(file: SourceFile, complexes: Composites) -> Iterator[Chunk]:
    other_kinds, foreign = Tally(), Tally()
    for table in file.tables([*SERVICE, *RESOURCES, "type", *TAXA, *ENTITIES]):
        kind = _kind(table)
        _count(other_kinds, table, kind)
        table = table.filter(pc.is_null(kind))
        species = _species(table)
        _count(foreign, table, species)
        table = table.filter(pc.is_null(species))
        reason = _reason(table)
        yield Chunk.rejects(file.name, _turned_away(table, reason))
        table = table.filter(pc.is_null(reason))
        yield Chunk.complexes(file.name, _named(table, complexes))
        yield from _signed(file, table)
    yield Chunk.rejects(file.name, other_kinds.rows("an end is no protein or complex"))
    yield Chunk.rejects(file.name, foreign.rows("not human"))


def _count(tally: Tally, table: pa.Table, kind: pa.ChunkedArray) -> None:
    found = pc.is_valid(kind)
    tally.add_columns(kind.filter(found), table["line"].filter(found))


def _kind(table: pa.Table) -> pa.ChunkedArray:
    """Say what a row is that is no interaction of proteins and complexes; null where it is one."""
    nothing = pa.scalar(None, pa.string())
    ends = [
        pc.if_else(
            pc.is_in(table[name], pa.array(["protein", "complex", None])), nothing, table[name]
        )
        for name in ENTITIES
    ]
    known = pc.is_in(table["type"], pa.array([*PROTEIN_TYPES, None]))
    return pc.coalesce(pc.if_else(known, nothing, table["type"]), *ends)


def _species(table: pa.Table) -> pa.ChunkedArray:
    """Say which other species an end is of; a file without the columns is of human proteins."""
    nothing = pa.scalar(None, pa.string())
    ends = (
        pc.if_else(pc.is_in(table[name], pa.array([HUMAN, None])), nothing, table[name])
        for name in TAXA
    )
    return pc.binary_join_element_wise("taxon ", pc.coalesce(*ends), "")


def _reason(table: pa.Table) -> pa.ChunkedArray:
    """Say why a row states nothing; null where it does."""
    nothing = pa.scalar(None, pa.string())
    directed, up, down = (_flag(table, name) for name in FLAGS)
    unread = reduce(pc.or_, (pc.is_null(flag) for flag in (directed, up, down)))
    signed = pc.fill_null(pc.or_(up, down), False)
    endless = pc.or_(pc.is_null(table["source"]), pc.is_null(table["target"]))
    return pc.coalesce(
        pc.if_else(endless, "an end is missing", nothing),
        pc.if_else(
            unread, "is_directed, is_stimulation or is_inhibition is no truth value", nothing
        ),
        pc.if_else(
            pc.and_not(signed, pc.fill_null(directed, True)), "a sign without a direction", nothing
        ),
    )


def _flag(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Read ``True``, ``False``, ``1`` and ``0``; anything else is null."""
    words = {"true": True, "false": False, "1": True, "0": False}
    return by_value(table[name], lambda word: words.get(word.lower()), pa.bool_())


def _turned_away(table: pa.Table, reason: pa.ChunkedArray) -> pa.Table:
    found = pc.is_valid(reason)
    ends = (pc.fill_null(table[name], "?") for name in ("source", "target"))
    rows = pa.table(
        {
            "reason": reason,
            "value": pc.binary_join_element_wise(*ends, " → "),
            "line": table["line"],
        }
    )
    return rows.filter(found)


def _named(table: pa.Table, complexes: Composites) -> pd.DataFrame:
    """Give the complexes that were not declared yet; only distinct ends become Python objects."""
    ends = [
        table.select([end, "line"]).rename_columns(["node", "line"]) for end in ("source", "target")
    ]
    nodes = pa.concat_tables(ends).group_by("node", use_threads=False).aggregate([("line", "min")])
    first = nodes.to_pandas()
    return complexes.fresh(first["node"], first["line_min"])


def _signed(file: SourceFile, table: pa.Table) -> Iterator[Chunk]:
    directed, up, down = (_flag(table, name) for name in FLAGS)
    neither = pc.invert(pc.or_(up, down))
    said = {
        "ACTIVATES": up,
        "INHIBITS": down,
        "REGULATES": pc.and_(directed, neither),
        "INTERACTS_WITH": pc.invert(directed),
    }
    for edge_type, rows in said.items():
        facts = _by_resource(table.filter(rows))
        if edge_type == "INTERACTS_WITH":
            facts = _protein_first(facts)
        yield Chunk.statements(edge_type, file.name, facts)


def _by_resource(table: pa.Table) -> pa.Table:
    """State each row once per resource, with the publications of that resource."""
    said = _ascribed(table)
    rows = table.take(said["row"])
    return pa.table(
        {
            "source_ref": by_value(rows["source"], partial(reference_of, source=NAME)),
            "source_label": by_value(rows["source"], partial(label_of, source=NAME)),
            "target_ref": by_value(rows["target"], partial(reference_of, source=NAME)),
            "target_label": by_value(rows["target"], partial(label_of, source=NAME)),
            "record_id": said["resource"],
            "pmids": said["pmids"],
            "mechanism": rows["type"],
            "licence": by_value(said["resource"], LICENCES.get),
            "line": rows["line"],
        }
    )


def _ascribed(table: pa.Table) -> pa.Table:
    """Pair every row with its resources: ``row`` (position), ``resource``, ``pmids``.

    A resource that only a reference names is one of them; a row that names none is OmniPath's own.
    """
    listed = _items(table["sources"])
    cited = _references(table["references"], listed)
    pairs = pa.concat_tables([listed, cited.select(["row", "item"])])
    silent = _positions(table).filter(
        pc.invert(pc.is_in(_positions(table), pairs["row"].combine_chunks()))
    )
    own = pa.table({"row": silent, "item": repeated(ITSELF, len(silent))})
    pairs = (
        pa.concat_tables([pairs, own]).group_by(["row", "item"], use_threads=False).aggregate([])
    )
    pairs = pairs.take(pc.sort_indices(pairs, [("row", "ascending"), ("item", "ascending")]))
    lists = cited.group_by(["row", "item"], use_threads=False).aggregate([("pmid", "list")])
    place = pc.index_in(_key(pairs), value_set=_key(lists).combine_chunks())
    return pa.table(
        {
            "row": pairs["row"],
            "resource": pairs["item"],
            "pmids": lists["pmid_list"].take(place).cast(pa.list_(pa.string())),
        }
    )


def _items(column: pa.ChunkedArray) -> pa.Table:
    """Split what ``;`` separates: ``row`` (position of the field), ``item``; nothing empty."""
    lists = pc.split_pattern(column.combine_chunks(), ";")
    rows = pa.table(
        {
            "row": pc.list_parent_indices(lists).cast(pa.int64()),
            "item": pc.utf8_trim_whitespace(pc.list_flatten(lists)),
        }
    )
    return rows.filter(pc.not_equal(rows["item"], ""))


def _references(column: pa.ChunkedArray, listed: pa.Table) -> pa.Table:
    """Read ``SIGNOR:10753941;12345``: ``row``, ``item`` (the resource), ``pmid``."""
    written = _items(column)
    parts = pc.extract_regex(written["item"], r"^(?:(?P<resource>.+):)?(?P<pmid>\d{1,8})$")
    rows = pa.table(
        {
            "row": written["row"],
            "item": pc.struct_field(parts, "resource"),
            "pmid": pc.struct_field(parts, "pmid"),
        }
    ).filter(pc.is_valid(parts))
    nobody = pc.equal(pc.fill_null(rows["item"], ""), "")
    only = listed.group_by("row", use_threads=False).aggregate([("item", "count"), ("item", "min")])
    only = only.filter(pc.equal(only["item_count"], 1))
    place = pc.index_in(rows["row"], value_set=only["row"].combine_chunks())
    owner = pc.coalesce(only["item_min"].take(place), pa.scalar(ITSELF))
    return rows.set_column(1, "item", pc.if_else(nobody, owner, rows["item"]))


def _positions(table: pa.Table) -> pa.Array:
    return pa.array(np.arange(len(table)))


def _key(pairs: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(pairs["row"].cast(pa.string()), pairs["item"], "\t")


def _protein_first(facts: pa.Table) -> pa.Table:
    """Turn the pairs of a complex with a protein round: neither end acts on the other."""
    turned = pc.and_(
        pc.equal(facts["source_label"], "Complex"), pc.equal(facts["target_label"], "Protein")
    )
    ends = ("source_ref", "source_label", "target_ref", "target_label")
    for name, other in zip(ends, (*ends[2:], *ends[:2]), strict=True):
        column = pc.if_else(turned, facts[other], facts[name])
        facts = facts.append_column(f"new {name}", column)
    kept = [name for name in facts.column_names if name not in ends]
    return facts.select(kept).rename_columns([name.removeprefix("new ") for name in kept])


# ---- CARNIVAL --------------------------------------------------------------------------------


def _carnival(file: SourceFile, complexes: Composites) -> Iterator[Chunk]:
    for rows in file.frames():
        whole = rows["source"].notna() & rows["target"].notna() & rows["interaction"].isin(TYPES)
        yield Chunk.rejects(file.name, _rejected(rows[~whole]))
        rows = rows[whole].reset_index(drop=True)
        ends = rows[["source", "target", "line"]].melt("line", value_name="node")
        yield Chunk.complexes(file.name, complexes.fresh(ends["node"], ends["line"]))
        statements = _statements(rows)
        for sign, edge_type in TYPES.items():
            yield Chunk.statements(edge_type, file.name, statements[rows["interaction"].eq(sign)])


def _statements(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **statement_ends(rows["source"], rows["target"], source=NAME),
            "line": rows["line"],
        }
    )


def _rejected(rows: pd.DataFrame) -> pd.DataFrame:
    value = rows["source"].fillna("") + " " + rows["interaction"].fillna("") + " "
    return pd.DataFrame(
        {
            "reason": "the interaction lacks an end, or its sign is neither 1 nor -1",
            "value": value + rows["target"].fillna(""),
            "line": rows["line"],
        }
    )


_AT = (
    "https://omnipathdb.org/interactions?format=tsv&genesymbols=1&organisms=9606"
    "&fields=sources,references,type,entity_type"
)

SOURCE = Source(
    name=NAME,
    title="OmniPath",
    gives="signed, directed interactions between proteins and complexes, by resource",
    url="https://omnipathdb.org/",
    licence=Licence(
        "LicenseRef-OmniPath-composite-academic",
        "https://omnipathdb.org/info",
        redistribute=False,
        commercial=False,
    ),
    citation="Türei D et al., Integrated intra- and intercellular signaling knowledge for "
    "multicellular omics analysis, Molecular Systems Biology 17:e9923 (2021), "
    "doi:10.15252/msb.20209923",
    files=(
        FileSpec(
            "interactions",
            ("omnipath_carnival*.tsv", "omnipath_carnival*.txt"),
            columns=COLUMNS,
            optional=True,
        ),
        FileSpec(
            "service",
            ("omnipath_interactions*.tsv", "omnipath_webservice_interactions*.tsv"),
            columns=SERVICE,
            optional=True,
            layouts=(
                ("web service with evidences", (*RESOURCES, "evidences", *TAXA)),
                ("web service with species", (*RESOURCES, *TAXA)),
                ("web service", RESOURCES),
                ("web service without resources", ()),
            ),
        ),
    ),
    read=read,
    revision=2,
    downloads=(Download("service", _AT, "omnipath_interactions.tsv"),),
)
