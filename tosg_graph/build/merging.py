"""Nodes that several vocabularies name: which of them are one thing, and which id it keeps.

Two things make nodes of a label one: an exact cross-reference (a source calls an id the same thing
as its own, or a mapping with ``skos:exactMatch`` does; two nodes that are the same as a third id
are the same), and for some labels an equal name, of all that a node is declared with. Nodes that
*one* source tells apart are never merged: the group is left as it is, and an exact cross-reference
that asks for it is rejected with its candidates. The id whose prefix stands first in the label is
kept; the others become cross-references. Every merge is a row of ``merged``, and so of
``mappings.sssom.tsv``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tosg_graph.build.engine import Engine, literals
from tosg_graph.schema import LABEL, Label

_EXACT = "skos:exactMatch"
#: From a gene to its product and back (Relation Ontology): two things, and no name of one another.
HAS_PRODUCT, PRODUCT_OF = "RO:0002205", "RO:0002204"
_BY_NAME, _BY_XREF = "same name", "cross-reference"
_MERGED = ("label", "other", "id", "name", "why")
_REJECTED = "cross-reference between nodes that one source tells apart"
# Mappings come after every row that declares or describes a node.
_AFTER = 2_000_000_000_000


def start(engine: Engine) -> None:
    """Make the empty tables of merges, of those that were refused, and of mappings in use."""
    columns = ", ".join(f"{name} VARCHAR" for name in _MERGED)
    engine.run(f"CREATE OR REPLACE TABLE merged ({columns})")
    engine.run(
        "CREATE OR REPLACE TABLE merge_rejects (source VARCHAR, file VARCHAR, line BIGINT, "
        "reason VARCHAR, value VARCHAR, candidates VARCHAR[])"
    )
    engine.run("CREATE OR REPLACE TABLE mapped (source VARCHAR, row BIGINT)")


def merge(engine: Engine, label: Label) -> None:
    """Make one node of those of a label that are one thing, in ``rows_<Label>``.

    Memory is bounded by the ids of the label and its exact cross-references.
    """
    _take_mappings(engine, label)
    exact = engine.arrow(
        f"SELECT DISTINCT id AS a, unnest(same_as) AS b FROM rows_{label.name} ORDER BY ALL"
    ).to_pandas()
    if len(exact):
        same, unclear = same_ids(_declared(engine, label), exact, label)
        _apply(engine, label, same, _BY_XREF)
        _reject(engine, label, unclear)
    if label.merge_by_name:
        _apply(engine, label, same_names(_names(engine, label), label), _BY_NAME)


def rejects() -> str:
    """Give the query of the mappings and cross-references that nothing came of."""
    return """SELECT * FROM merge_rejects
    UNION ALL SELECT source, file, line, 'mapping between unknown identifiers' AS reason,
        subject_ref || ' ' || predicate || ' ' || object_ref AS value, NULL AS candidates
    FROM mappings ANTI JOIN mapped USING (source, row)"""


def same_ids(
    nodes: pd.DataFrame, pairs: pd.DataFrame, label: Label
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find groups of nodes that exact cross-references join, also over ids that are no node.

    Parameters
    ----------
    nodes
        ``id``, ``name`` and ``sources`` (list of names), one row per node.
    pairs
        ``a`` and ``b``: ids that are called the same.

    Returns
    -------
    same, unclear
        ``other, id, name``: the id that goes, the id that stays, its name, sorted by ``other``;
        and ``id, group``: the nodes of groups in which one source has several nodes.
    """
    group = _groups(pairs["a"], pairs["b"])
    joined = nodes[nodes["id"].isin(group.index)]
    return _one_per_group(joined.assign(key=group.loc[joined["id"]].to_numpy()), label)


def same_names(names: pd.DataFrame, label: Label) -> pd.DataFrame:
    """Find nodes of different sources that share a name, and the id that each group keeps.

    Names are compared without case and with single blanks. A name that two nodes of *one* source
    bear tells them apart by nothing, and merges nothing.

    Parameters
    ----------
    names
        ``id``, ``name`` and ``sources`` of the node (list of names): one row per name that a node
        is declared with, the name that it goes by first.

    Returns
    -------
    pandas.DataFrame
        ``other, id, name``: the id that goes, the id that stays, and its name; sorted by ``other``.
    """
    known = names.dropna(subset="name")
    key = known["name"].str.split().str.join(" ").str.casefold()
    borne = known.assign(key=key).drop_duplicates(["id", "key"])
    each = borne[["key", "sources"]].explode("sources")
    borne = borne[~borne["key"].isin(each.loc[each.duplicated().to_numpy(), "key"])]
    if borne.empty:
        return pd.DataFrame(columns=["other", "id", "name"], dtype=object)
    # two blanks stand in no id, and in no name that was folded: the two are never taken for one
    group = _groups(borne["id"], "  " + borne["key"])
    nodes = known.drop_duplicates("id")
    nodes = nodes[nodes["id"].isin(borne["id"])]
    return _one_per_group(nodes.assign(key=group.loc[nodes["id"]].to_numpy()), label)[0]


def _groups(one: pd.Series[str], other: pd.Series[str]) -> pd.Series[int]:
    """Number the groups that pairs join, directly or over others; indexed by what is joined."""
    codes, joined = pd.factorize(pd.concat([one, other]), sort=True)
    n = len(one)
    edges = coo_matrix((np.ones(n, bool), (codes[:n], codes[n:])), shape=(len(joined),) * 2)
    return pd.Series(connected_components(edges, directed=False)[1], index=joined)


def _one_per_group(nodes: pd.DataFrame, label: Label) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose the id that each group (``key``) keeps; give the unclear groups apart."""
    nodes = nodes[nodes["key"].duplicated(keep=False)]
    prefixes = {prefix: rank for rank, prefix in enumerate(LABEL[label.name].prefixes)}
    rank = nodes["id"].str.split(":").str[0].map(prefixes)
    nodes = nodes.assign(rank=rank).sort_values(["key", "rank", "id"])
    declared = nodes.explode("sources")[["key", "sources"]]
    unclear = nodes["key"].isin(declared.loc[declared.duplicated().to_numpy(), "key"])
    clear = nodes[~unclear]
    kept = clear.groupby("key")[["id", "name"]].transform("first")
    gone = clear["id"].ne(kept["id"])
    found = pd.DataFrame(
        {"other": clear["id"], "id": kept["id"], "name": kept["name"]}, dtype=object
    )
    left = nodes.loc[unclear, ["id", "key"]].rename(columns={"key": "group"})
    return found[gone].sort_values("other").reset_index(drop=True), left


def _declared(engine: Engine, label: Label) -> pd.DataFrame:
    frame: pd.DataFrame = engine.arrow(
        f"""SELECT id, arg_min(name, prio) FILTER (WHERE name IS NOT NULL) AS name,
        list_sort(list(DISTINCT source)) AS sources FROM rows_{label.name}
        WHERE declares GROUP BY id ORDER BY id"""
    ).to_pandas()
    return frame


def _names(engine: Engine, label: Label) -> pd.DataFrame:
    """Every name that a node is declared with, in the order of precedence."""
    frame: pd.DataFrame = engine.arrow(
        f"""SELECT id, name, sources FROM (
            SELECT id, name, min(prio) AS prio FROM rows_{label.name}
            WHERE declares AND name IS NOT NULL GROUP BY id, name
        ) JOIN (
            SELECT id, list_sort(list(DISTINCT source)) AS sources FROM rows_{label.name}
            WHERE declares GROUP BY id
        ) USING (id) ORDER BY id, prio"""
    ).to_pandas()
    return frame


def _take_mappings(engine: Engine, label: Label) -> None:
    """Give the nodes that a mapping names the identifier at its other end."""
    rows = f"rows_{label.name}"
    ends = (("subject_ref", "object_ref"), ("object_ref", "subject_ref"))
    known = " UNION ALL ".join(
        f"""SELECT {a} AS id, {b} AS other, predicate, source, row FROM mappings
        WHERE {a} IN (SELECT id FROM {rows})"""
        for a, b in ends
    )
    engine.make("mapped_here", known)
    engine.run("INSERT INTO mapped SELECT source, row FROM mapped_here")
    engine.run(
        f"""INSERT INTO {rows} BY NAME SELECT id, source, {_AFTER} + row AS prio, false AS declares,
        CASE WHEN predicate <> '{_EXACT}' THEN [other] END AS xrefs,
        CASE WHEN predicate = '{_EXACT}' THEN [other] END AS same_as FROM mapped_here
        WHERE predicate NOT IN {literals((HAS_PRODUCT, PRODUCT_OF))}"""
    )


def _apply(engine: Engine, label: Label, same: pd.DataFrame, why: str) -> None:
    """Rename the rows of nodes that became one with another, and record the merges."""
    if not len(same):
        return
    rows = f"rows_{label.name}"
    schema = pa.schema([(name, pa.string()) for name in same.columns])
    engine.take("same", pa.Table.from_pandas(same, schema=schema, preserve_index=False))
    engine.run(f"INSERT INTO merged SELECT '{label.name}', other, id, name, '{why}' FROM same")
    engine.make(
        rows,
        f"""SELECT r.* REPLACE (
            coalesce(same.id, r.id) AS id,
            CASE WHEN same.id IS NULL THEN former_ids
                ELSE list_append(coalesce(former_ids, []), r.id) END AS former_ids
        ) FROM {rows} r LEFT JOIN same ON same.other = r.id""",
    )


def _reject(engine: Engine, label: Label, unclear: pd.DataFrame) -> None:
    """Reject, once per group, the cross-references that would merge what a source tells apart."""
    if not len(unclear):
        return
    groups = pa.table({"id": unclear["id"].to_list(), "grp": unclear["group"].to_list()})
    engine.take("unclear", groups)
    engine.run(
        f"""INSERT INTO merge_rejects
        SELECT source, file, line, '{_REJECTED}', id, candidates FROM (
            SELECT u.id, grp, n.source, n.file, n.line, n.row, candidates,
                row_number() OVER (PARTITION BY grp ORDER BY n.source, n.file, n.line, u.id) AS turn
            FROM unclear u JOIN nodes_{label.name} n ON n.id = u.id AND n.same_as IS NOT NULL
            JOIN (SELECT grp, list_sort(list(id)) AS candidates FROM unclear GROUP BY grp)
                USING (grp)
        ) WHERE turn = 1"""
    )
