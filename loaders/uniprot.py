"""UniProt: the human proteins with their names, lengths, texts, and the diseases of their genes.

What a protein does and how it is modified becomes its description; sentences that name who
modifies it are left out, because the text of a node does not say what its edges say. Diseases with
a MIM number become statements about the gene, with the publications of their evidence tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.arrays import prefixed, repeated, singly
from tosg_graph.sources.columns import (
    integers,
    items,
    merged,
    plain,
    pmids,
    references,
    translated,
)
from tosg_graph.sources.source import Files

COLUMNS = ("Entry", "Entry name", "Protein names", "Gene names", "Organism", "Length")
# The website renamed columns in 2022; both layouts are read.
SPELLINGS = (("Entry Name", "Entry name"), ("Gene Names", "Gene names"), ("Status", "Reviewed"))

_PARTS = re.compile(r" \[(?:Cleaved into|Includes): .*$")
_NO_NAME = re.compile(r"EC [\d.n-]+|Fragments?")
# "{ECO:0000269|PubMed:12345, ECO:0000305}" is the evidence for what stands before it, with a full
# stop of its own behind a sentence: "A sentence. {ECO:…}."; "(PubMed:12345)" stands in the text.
_CITED = r"(?:PubMed:\d+|Ref\.\d+)"
_MARK = rf"\s*(?:\{{ECO:[^{{}}]*\}}|\({_CITED}(?:(?:[,;]| and)\s*{_CITED})*\))"
_MARKS_BEHIND_STOP = rf"([.!?])(?:{_MARK})+\."
_STOP = r"\.(?:\s+|$)"
# A comment may be about one product only: "[Isoform 2]: Secreted.", "[Interleukin-1 beta]: …".
_OF_ISOFORM = r"^\[Isoform (.+?)\]:"
_OF_PRODUCT = r"^\[[^\]]+\]:\s*"
_NOTE = r"(?:^|\s+)Note=.*$"
# The isoform whose sequence the entry shows, among all that it lists.
_SHOWN = r"\bName=([^;]+?)\s*;(?:\s*Synonyms=[^;]*;)?\s*IsoId=[^;]*;\s*Sequence=Displayed"
_MIM = r"\[MIM:(?P<mim>\d+)\]"
_SENTENCE = re.compile(r"(?<=[.])\s+")
_BY = re.compile(r"\bby\b")
_SECRETED = r"\bSecreted\b"
_TRANSMEMBRANE = r"(?i)(?:single|multi)-pass\b[^.;{]* membrane protein"
_ANTIGEN = re.compile(r"CD antigen (CD\w+)")


def read(files: Files) -> Iterator[Chunk]:
    """Read proteins, and the genes that the file names as theirs."""
    file = files["proteins"]
    known: list[str] = []
    for rows in file.frames():
        human = rows["Organism"].str.startswith("Homo sapiens", na=False)
        yield Chunk.rejects(file.name, _foreign(rows[~human]))
        proteins = rows[human].reset_index(drop=True)
        yield Chunk.nodes("Protein", file.name, _proteins(proteins))
        yield Chunk.statements("ENCODES", file.name, _encodes(proteins))
        diseases = _diseases(proteins)
        named = diseases["mim"].notna()
        yield Chunk.statements("ASSOCIATED_WITH", file.name, _associated(diseases[named]))
        yield Chunk.rejects(file.name, _unnamed(diseases[~named]))
        known += proteins["Entry"].to_list()
    if "secondary" in files:
        yield from _secondary(files["secondary"], set(known))
    if "idmapping" in files:
        yield from _mapped(files["idmapping"], pa.array(known, pa.string()))


def _secondary(file: SourceFile, known: set[str]) -> Iterator[Chunk]:
    """Let former accessions of the proteins here name them; the file covers all species."""
    for rows in file.lines():
        parts = rows["text"].str.extract(r"^([A-Z0-9]{6,10})\s+([A-Z0-9]{6,10})\s*$")
        rows = rows.assign(old=parts[0], new=parts[1])
        rows = rows[rows["new"].isin(known)]
        former = [[f"UniProtKB:{old}"] for old in rows["old"]]
        said = {"id": references("UniProtKB", rows["new"]), "former_ids": former}
        yield Chunk.nodes("Protein", file.name, pd.DataFrame({**said, "line": rows["line"]}))


def _mapped(file: SourceFile, known: pa.Array) -> Iterator[Chunk]:
    """Read ids of the protein itself, and its transcripts, of the proteins known here."""
    for block in file.tables():
        accession = pc.replace_substring_regex(block["accession"], r"-\d+$", "")
        rows = block.append_column("protein", accession)
        rows = rows.filter(pc.is_in(accession, value_set=known))
        bare = pc.replace_substring_regex(rows["other"], r"\.\d+$", "")
        rows = rows.append_column("bare", bare)
        for kind, namespace in (("Ensembl_PRO", "ENSEMBL"), ("RefSeq", "RefSeq")):
            some = rows.filter(pc.equal(rows["type"], kind))
            yield Chunk.annotations("Protein", file.name, _xrefs(some, namespace))
        some = rows.filter(pc.equal(rows["type"], "Ensembl_TRS"))
        yield Chunk.statements("TRANSLATED_TO", file.name, _translated(some))


def _xrefs(rows: pa.Table, namespace: str) -> pa.Table:
    return pa.table(
        {
            "ref": prefixed("UniProtKB", rows["protein"]),
            "xrefs": singly(prefixed(namespace, rows["bare"])),
            "line": rows["line"],
        }
    )


def _translated(rows: pa.Table) -> pa.Table:
    return pa.table(
        {
            "source_ref": prefixed("ENSEMBL", rows["bare"]),
            "source_label": repeated("Transcript", len(rows)),
            "target_ref": prefixed("UniProtKB", rows["accession"]),
            "target_label": repeated("Protein", len(rows)),
            "record_id": rows["protein"],
            "line": rows["line"],
        }
    )


def names_of(text: str) -> tuple[str, list[str]]:
    """Take a field of protein names apart: the recommended name, and the other ones.

    The recommended name may hold parentheses itself (``DNA (cytosine-5)-methyltransferase 1``), so
    the names in parentheses are peeled off from the end, each with its parentheses in balance.
    Names of fragments and of included domains belong to other things; EC numbers are classes of
    reactions and no names.
    """
    rest = _PARTS.sub("", text).strip()
    found: list[str] = []
    while (start := _last_group(rest)) > 0:
        found.append(rest[start + 2 : -1])
        rest = rest[:start].rstrip()
    names = [_ANTIGEN.sub(r"\1", name) for name in reversed(found) if not _NO_NAME.fullmatch(name)]
    return rest, names


def _last_group(text: str) -> int:
    """Where the blank before the parenthesised end of a text stands, or 0 if it has no such end."""
    if not text.endswith(")"):
        return 0
    depth = 0
    for position in range(len(text) - 1, 0, -1):
        depth += (text[position] == ")") - (text[position] == "(")
        if depth == 0:
            return position - 1 if text[position - 1] == " " else 0
    return 0


def _proteins(rows: pd.DataFrame) -> pd.DataFrame:
    names = [names_of(text or "") for text in rows["Protein names"]]
    function = _comments(rows, "Function [CC]", "FUNCTION")
    modified = _comments(rows, "Post-translational modification", "PTM")
    modified = modified[_unattributed(_plain_text(modified)).ne("")]
    places = _places(rows)
    located = _plain_text(places)
    said = (_plain_text(function), _unattributed(_plain_text(modified)), _located(located))
    cited = function, modified, places
    return pd.DataFrame(
        {
            "id": references("UniProtKB", rows["Entry"]),
            "name": [name for name, _ in names],
            "synonyms": [others for _, others in names],
            "accession": rows["Entry"],
            "entry_name": rows["Entry name"],
            "length": integers(rows["Length"]),
            "description": _joined(pd.concat(said), rows),
            "description_pmids": merged(pmids(_joined(pd.concat(cited), rows))),
            "reviewed": translated(
                _field(rows, "Reviewed"), {"reviewed": True, "unreviewed": False}
            ),
            "secreted": _said(_joined(located, rows), _SECRETED),
            "transmembrane": _said(_joined(located, rows), _TRANSMEMBRANE),
            "line": rows["line"],
        }
    )


def _field(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column that the file may lack."""
    return rows.get(column, pd.Series(None, index=rows.index, dtype=object))


def _comments(rows: pd.DataFrame, column: str, kind: str) -> pd.Series:
    """One value per comment, under the index of its row: they stand behind a heading each."""
    parts = _field(rows, column).astype("string").str.split(rf"(?:^|;?\s+){kind}: ", regex=True)
    each = parts.astype(object).explode().astype("string").str.strip()
    return each[each.fillna("").ne("")]


def _plain_text(comments: pd.Series) -> pd.Series:
    """Take evidence out, each mark with the full stop that is its own; end with a full stop."""
    text = comments.str.replace(_MARKS_BEHIND_STOP, r"\1", regex=True)
    text = text.str.replace(_MARK, "", regex=True).str.strip()
    return text.where(text.str.contains(r"[.!?]$"), text + ".")


def _joined(said: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """Put what is said of each row together."""
    whole = said[said.fillna("").ne("")].astype(object).groupby(level=0).agg(" ".join)
    return plain(whole.reindex(rows.index))


def _places(rows: pd.DataFrame) -> pd.Series:
    """Where the protein is, one comment each with its evidence, without notes.

    What holds of another isoform than the one that the entry shows does not hold of the protein.
    """
    comments = _comments(rows, "Subcellular location [CC]", "SUBCELLULAR LOCATION")
    isoform = comments.str.extract(_OF_ISOFORM, expand=False)
    variants = _field(rows, "Alternative products (isoforms)").astype("string")
    variants = variants.str.replace(_MARK, "", regex=True)
    shown = variants.str.extract(_SHOWN, expand=False).reindex(comments.index)
    own = isoform.isna() | isoform.eq(shown).fillna(False)
    places = comments[own].str.replace(_OF_PRODUCT, "", regex=True)
    places = places.str.replace(_NOTE, "", regex=True).str.strip()
    return places[places.ne("")]


def _located(places: pd.Series) -> pd.Series:
    """Write the places as one sentence; how it lies in a membrane stands behind a ``;``."""
    each = places.str.split(_STOP, regex=True).astype(object).explode().astype("string")
    each = each.str.partition(";")[0].str.strip() if len(each) else each
    each = each[each.fillna("").ne("") & ~each.str.startswith("Secreted", na=False)]
    listed = each.astype(object).groupby(level=0).agg(lambda names: "; ".join(dict.fromkeys(names)))
    return "Located in: " + listed.astype("string") + "."


def _unattributed(texts: pd.Series) -> pd.Series:
    """Leave out the sentences that say by whom."""
    kept = [" ".join(s for s in _SENTENCE.split(text) if not _BY.search(s)) for text in texts]
    return pd.Series(kept, index=texts.index, dtype="string")


def _diseases(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per comment on a disease: ``Entry, comment, mim, line``."""
    comments = _comments(rows, "Involvement in disease", "DISEASE")
    pairs = rows[["Entry", "line"]].join(comments.rename("comment"), how="inner")
    return pairs.reset_index(drop=True).assign(mim=lambda p: p["comment"].str.extract(_MIM)["mim"])


def _associated(diseases: pd.DataFrame) -> pd.DataFrame:
    """The gene that encodes the protein is associated with the disease."""
    comments = diseases["comment"].astype("string")
    return pd.DataFrame(
        {
            "source_ref": references("UniProtKB", diseases["Entry"]),
            "source_label": "Gene",
            "target_ref": references("OMIM", diseases["mim"]),
            "target_label": "Disease",
            "record_id": diseases["Entry"],
            "pmids": merged(pmids(comments)),
            "sentence": plain(_plain_text(comments).astype(object)),
            "line": diseases["line"],
        }
    )


def _unnamed(diseases: pd.DataFrame) -> pd.DataFrame:
    reason = "disease without a MIM number"
    return pd.DataFrame({"reason": reason, "value": diseases["Entry"], "line": diseases["line"]})


def _said(column: pd.Series, pattern: str) -> pd.Series:
    """True where a text says so; a text that does not say so denies nothing."""
    pattern_of = re.compile(pattern)
    found = [bool(pattern_of.search(v)) or None if isinstance(v, str) else None for v in column]
    return pd.Series(found, index=column.index, dtype=object)


def _is_secondary(head: list[str]) -> bool:
    return any(line.startswith("Secondary AC") for line in head)


def _is_idmapping(head: list[str]) -> bool:
    return "\tUniProtKB-ID\t" in head[0]


def _encodes(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per gene: groups are separated by ``;``, the first name of a group is the gene's."""
    pairs = rows[["Entry", "line"]].assign(group=items(rows["Gene names"], ";"))
    pairs = pairs.explode("group", ignore_index=True).dropna(subset="group")
    return pd.DataFrame(
        {
            "source_ref": references("symbol", pairs["group"].str.split().str[0]),
            "source_label": "Gene",
            "target_ref": references("UniProtKB", pairs["Entry"]),
            "target_label": "Protein",
            "record_id": pairs["Entry"],
            "line": pairs["line"],
        }
    )


def _foreign(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"reason": "not human", "value": rows["Organism"], "line": rows["line"]})


_REST = (
    "https://rest.uniprot.org/uniprotkb/stream?compressed=true&format=tsv"
    "&fields=accession,reviewed,id,protein_name,gene_names,organism_name,length,cc_function,"
    "cc_subcellular_location,cc_disease,cc_ptm,cc_alternative_products"
    "&query=(organism_id:9606)+AND+(reviewed:true)"
)
_FTP = "https://ftp.uniprot.org/pub/databases/uniprot/current_release/knowledgebase"

SOURCE = Source(
    name="uniprot",
    title="UniProt Knowledgebase",
    gives="proteins with their names, accessions, lengths and texts; diseases of their genes",
    url="https://www.uniprot.org/uniprotkb?query=organism_id:9606+AND+reviewed:true",
    licence=Licence("CC-BY-4.0", "https://www.uniprot.org/help/license"),
    citation="The UniProt Consortium, UniProt: the Universal Protein Knowledgebase in 2025, "
    "Nucleic Acids Research 53:D609 (2025), doi:10.1093/nar/gkae1010",
    files=(
        FileSpec(
            "proteins",
            ("uniprot*.tab", "uniprot*.tsv"),
            columns=COLUMNS,
            also=SPELLINGS,
            layouts=(("since 2022", ("Entry Name", "Gene Names")), ("before 2022", ())),
        ),
        FileSpec(
            "idmapping",
            ("human_9606_idmapping.dat",),
            names=("accession", "type", "other"),
            optional=True,
            adds="ids of Ensembl and RefSeq of proteins, and their transcripts",
            recognise=_is_idmapping,
            expects="accession, type of id and id, without a header",
        ),
        FileSpec(
            "secondary",
            ("sec_ac*.txt",),
            optional=True,
            adds="former accessions of proteins",
            recognise=_is_secondary,
            expects="UniProt's list of secondary accessions",
        ),
    ),
    read=read,
    revision=4,
    downloads=(
        Download("proteins", _REST, "uniprot_human_reviewed.tsv.gz"),
        Download(
            "idmapping",
            f"{_FTP}/idmapping/by_organism/HUMAN_9606_idmapping.dat.gz",
            "HUMAN_9606_idmapping.dat.gz",
        ),
        Download("secondary", f"{_FTP}/complete/docs/sec_ac.txt", "sec_ac.txt"),
    ),
)
