"""IntAct and IMEx: interactions of human proteins in PSI-MITAB, each with experiment and score.

A field of MITAB is ``database:identifier(text)``, and ``|`` separates several; ``-`` is an empty
one. An end is a protein where its identifier is a UniProt accession, with or without an isoform or
a chain; substances, genes, RNAs and what has an identifier of IntAct's own only are counted, not
read. So are other species.

Many rows come of *expanding* a complex that was pulled down with a bait: the bait is paired with
each of the others, which it need not touch. Such a pair is kept, is not direct, and its mechanism
says so. One that pairs a protein with itself is not what the source found, and is rejected; where
no complex was expanded, both ends naming the same participant means that it binds itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.accessions import UNIPROT
from tosg_graph.sources.arrays import TEXTS, by_value, prefixed, repeated, without
from tosg_graph.sources.source import Files
from tosg_graph.sources.tally import Tally

NOTHING = "-"
ENDS = ("A", "B")
IDS = tuple(f"ID(s) interactor {end}" for end in ENDS)
TAXA = tuple(f"Taxid interactor {end}" for end in ENDS)
METHOD = "Interaction detection method(s)"
TYPE = "Interaction type(s)"
PUBLICATION = "Publication Identifier(s)"
RECORD = "Interaction identifier(s)"
SCORES = "Confidence value(s)"
EXPANSION = "Expansion method(s)"
NEGATIVE = "Negative"
COLUMNS = (*IDS, METHOD, PUBLICATION, *TAXA, TYPE, RECORD, SCORES)

#: Types of interactions that are no contact.
NO_CONTACT = r"^(colocalization|functional association|.*\bgenetic\b.*)$"
#: Types that say that two proteins touch: a direct interaction (MI:0407), and what is one.
CONTACT = r"^(direct interaction|covalent binding|disulfide bond|self interaction|.* reaction)$"

_HUMAN = r"(^|\|)taxid:9606(\(|\||$)"
# an accession, with or without an isoform (-2) or a chain (-PRO_…)
_PROTEIN = rf"^uniprotkb:(?P<accession>{UNIPROT}(?:-\d+|-PRO_\d+)?)$"
_NAME = re.compile(r'^[^:]*:(?:"[^"]*"|[^(]*)\((.*)\)$')
_PMID = re.compile(r"(?:^|\|)pubmed:(\d+)(?=\||$)")
_SCORE = r"(?:^|\|)intact-miscore:(?P<score>\d*\.?\d+)(?:\||$)"
_RECORD = r"^[^:|]+:(?P<id>[^|]+)"


def read(files: Files) -> Iterator[Chunk]:
    """Read interactions in file order, then what was passed over, by kind."""
    file = files["interactions"]
    other, foreign, apart = Tally(), Tally(), Tally()
    reasons = (
        (other, _unread_end, "an end is no protein with a UniProt accession"),
        (foreign, _species, "not human"),
        (apart, _no_contact, "no physical interaction"),
    )
    for table in file.tables([*COLUMNS, EXPANSION, NEGATIVE]):
        for tally, kind_of, _ in reasons:
            kind = kind_of(table)
            found = pc.is_valid(kind)
            tally.add_columns(kind.filter(found), table["line"].filter(found))
            table = table.filter(pc.invert(found))
        reason = _reason(table)
        yield Chunk.rejects(file.name, _turned_away(table, reason))
        yield Chunk.statements(
            "INTERACTS_WITH", file.name, _facts(table.filter(pc.is_null(reason)))
        )
    for tally, _, reason in reasons:
        yield Chunk.rejects(file.name, tally.rows(reason))


def _unread_end(table: pa.Table) -> pa.ChunkedArray:
    """Say what an end is that is no protein: the database of its identifier; null where none is."""
    nothing = pa.scalar(None, pa.string())
    ends = []
    for name in IDS:
        written = pc.fill_null(table[name], NOTHING)
        database = by_value(written, _database)
        ends.append(pc.if_else(pc.is_valid(_accession(table[name])), nothing, database))
    return pc.coalesce(*ends)


def _database(identifier: str) -> str:
    if identifier == NOTHING:
        return "one participant only"
    database = identifier.partition(":")[0]
    return "uniprotkb, but no accession" if database == "uniprotkb" else database


def _accession(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.struct_field(pc.extract_regex(column, _PROTEIN), "accession")


def _species(table: pa.Table) -> pa.ChunkedArray:
    """Say that an end is of another species; null where both are human."""
    human = pc.and_(*(_fits(table[name], _HUMAN) for name in TAXA))
    return pc.if_else(human, pa.scalar(None, pa.string()), "an end of another species")


def _no_contact(table: pa.Table) -> pa.ChunkedArray:
    """Say which type of interaction is no contact; null where it may be one."""
    kind = pc.utf8_lower(by_value(table[TYPE], _name))
    return pc.if_else(_fits(kind, NO_CONTACT), kind, pa.scalar(None, pa.string()))


def _reason(table: pa.Table) -> pa.ChunkedArray:
    """Say why a row of two human proteins is no fact; null where it is one."""
    nothing = pa.scalar(None, pa.string())
    negative = pc.fill_null(pc.equal(pc.utf8_lower(table[NEGATIVE]), "true"), False)
    itself = pc.equal(table[IDS[0]], table[IDS[1]])
    made = pc.and_(itself, pc.is_valid(without(table[EXPANSION], NOTHING)))
    return pc.coalesce(
        pc.if_else(negative, "negative: the two were found not to interact", nothing),
        pc.if_else(made, "self-interaction that comes of expanding a complex", nothing),
    )


def _turned_away(table: pa.Table, reason: pa.ChunkedArray) -> pa.Table:
    pair = pc.binary_join_element_wise(*(table[name] for name in IDS), " – ")
    rows = pa.table({"reason": reason, "value": pair, "line": table["line"]})
    return rows.filter(pc.is_valid(reason))


def _facts(table: pa.Table) -> pa.Table:
    label = repeated("Protein", len(table))
    kind = by_value(table[TYPE], _name)
    expansion = by_value(without(table[EXPANSION], NOTHING), _name)
    scores = pc.struct_field(pc.extract_regex(table[SCORES], _SCORE), "score")
    return pa.table(
        {
            "source_ref": prefixed("UniProtKB", _accession(table[IDS[0]])),
            "source_label": label,
            "target_ref": prefixed("UniProtKB", _accession(table[IDS[1]])),
            "target_label": label,
            "record_id": pc.struct_field(pc.extract_regex(table[RECORD], _RECORD), "id"),
            "pmids": by_value(table[PUBLICATION], _PMID.findall, TEXTS),
            "mechanism": _mechanism(by_value(table[METHOD], _name), kind, expansion),
            "direct": _direct(kind, expansion),
            "score": scores.cast(pa.float64()),
            "line": table["line"],
        }
    )


def _mechanism(
    method: pa.ChunkedArray, kind: pa.ChunkedArray, expansion: pa.ChunkedArray
) -> pa.ChunkedArray:
    """Word it as ``pull down (association, spoke expansion)``, without what is not known."""
    said = pc.coalesce(pc.binary_join_element_wise(kind, expansion, ", "), kind, expansion)
    within = pc.binary_join_element_wise(method, " (", said, ")", "")
    return pc.coalesce(within, method, said)


def _direct(kind: pa.ChunkedArray, expansion: pa.ChunkedArray) -> pa.ChunkedArray:
    """Say whether the two touch: yes by type, no where a complex was expanded, else not known."""
    touching = pc.if_else(_fits(kind, CONTACT), pa.scalar(True), pa.scalar(None, pa.bool_()))
    return pc.if_else(pc.is_valid(expansion), pa.scalar(False), touching)


def _fits(column: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(column, pattern), False)


def _name(field: str) -> str | None:
    """``psi-mi:"MI:0018"(two hybrid)`` is called ``two hybrid``; of several, the first counts."""
    first = field.split("|")[0]
    if first == NOTHING:
        return None
    found = _NAME.fullmatch(first)
    return (found[1].strip('"') if found else first) or None


SOURCE = Source(
    name="intact",
    title="IntAct",
    gives="interactions between proteins, with experiment, publication and score",
    url="https://www.ebi.ac.uk/intact/",
    licence=Licence("CC-BY-4.0", "https://www.ebi.ac.uk/intact/download"),
    citation="Del Toro N et al., The IntAct database: efficient access to fine-grained molecular "
    "interaction data, Nucleic Acids Research 50:D648 (2022), doi:10.1093/nar/gkab1006",
    files=(
        FileSpec(
            "interactions",
            ("intact.txt", "intact_human*.txt", "human.txt"),
            columns=COLUMNS,
            layouts=(
                ("MITAB 2.7", (EXPANSION, NEGATIVE, "Stoichiometry(s) interactor A")),
                ("MITAB 2.6", (EXPANSION, NEGATIVE)),
                ("MITAB 2.5", ()),
            ),
        ),
    ),
    read=read,
    downloads=(
        Download(
            "interactions",
            "https://ftp.ebi.ac.uk/pub/databases/intact/current/psimitab/species/human.zip",
            "human.txt",
            member="human.txt",
        ),
    ),
    by_hand="take human.zip from https://ftp.ebi.ac.uk/pub/databases/intact/current/psimitab/species/",
)
