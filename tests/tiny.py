"""A graph build small enough to read: real ids, symbols, signs and PMIDs, written by hand.

It is the common ground of the tests of everything downstream of the build. What it holds is
stated here once; tests compare with these constants, not with what the code under test returns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from tosg_graph.build.tables import Build, edge_id, table_schema, write_parquet
from tosg_graph.schema import EDGE_TYPE, EDGE_TYPES, LABELS, SCHEMA_VERSION

BUILD_ID = "tiny0000tiny0000"

# symbol: (HGNC, UniProt accession, Ensembl gene, Entrez, full name, synonyms, previous symbols)
GENES: dict[str, tuple[str, str, str, str, str, tuple[str, ...], tuple[str, ...]]] = {
    "ABL1": (
        "HGNC:76",
        "P00519",
        "ENSG00000097007",
        "25",
        "ABL proto-oncogene 1, non-receptor tyrosine kinase",
        ("JTK7", "c-ABL", "p150"),
        ("ABL",),
    ),
    "BRAF": (
        "HGNC:1097",
        "P15056",
        "ENSG00000157764",
        "673",
        "B-Raf proto-oncogene, serine/threonine kinase",
        ("BRAF1",),
        (),
    ),
    "CD14": ("HGNC:1628", "P08571", "ENSG00000170458", "929", "CD14 molecule", (), ()),
    "CD19": ("HGNC:1633", "P15391", "ENSG00000177455", "930", "CD19 molecule", (), ()),
    "EGF": ("HGNC:3229", "P01133", "ENSG00000138798", "1950", "epidermal growth factor", (), ()),
    "EGFR": (
        "HGNC:3236",
        "P00533",
        "ENSG00000146648",
        "1956",
        "epidermal growth factor receptor",
        ("ERBB1", "ERRP"),
        ("ERBB",),
    ),
    "FCGR3A": (
        "HGNC:3619",
        "P08637",
        "ENSG00000203747",
        "2214",
        "Fc gamma receptor IIIa",
        ("CD16", "CD16a"),
        ("FCG3", "FCGR3"),
    ),
    "FCGR3B": (
        "HGNC:3620",
        "O75015",
        "ENSG00000162747",
        "2215",
        "Fc gamma receptor IIIb",
        ("CD16", "CD16b"),
        (),
    ),
    "GRB2": (
        "HGNC:4566",
        "P62993",
        "ENSG00000177885",
        "2885",
        "growth factor receptor bound protein 2",
        ("NCKAP2",),
        (),
    ),
    "ITGA2": (
        "HGNC:6137",
        "P17301",
        "ENSG00000164171",
        "3673",
        "integrin subunit alpha 2",
        ("CD49b",),
        ("CD49B",),
    ),
    "ITGB1": (
        "HGNC:6153",
        "P05556",
        "ENSG00000150093",
        "3688",
        "integrin subunit beta 1",
        ("CD29", "GPIIA"),
        ("FNRB",),
    ),
    "KRAS": (
        "HGNC:6407",
        "P01116",
        "ENSG00000133703",
        "3845",
        "KRAS proto-oncogene, GTPase",
        ("KRAS1",),
        ("KRAS2",),
    ),
    "MAP2K1": (
        "HGNC:6840",
        "Q02750",
        "ENSG00000169032",
        "5604",
        "mitogen-activated protein kinase kinase 1",
        ("MAPKK1", "MEK1"),
        ("PRKMK1",),
    ),
    "MAPK1": (
        "HGNC:6871",
        "P28482",
        "ENSG00000100030",
        "5594",
        "mitogen-activated protein kinase 1",
        ("ERK", "ERK2", "p41mapk"),
        ("PRKM1", "PRKM2"),
    ),
    "MDM2": (
        "HGNC:6973",
        "Q00987",
        "ENSG00000135679",
        "4193",
        "MDM2 proto-oncogene",
        ("HDM2",),
        (),
    ),
    "PTEN": (
        "HGNC:9588",
        "P60484",
        "ENSG00000171862",
        "5728",
        "phosphatase and tensin homolog",
        ("MMAC1", "TEP1"),
        ("BZS", "MHAM"),
    ),
    "SOS1": (
        "HGNC:11187",
        "Q07889",
        "ENSG00000115904",
        "6654",
        "SOS Ras/Rac guanine nucleotide exchange factor 1",
        ("GF1", "HGF"),
        ("GINGF",),
    ),
    "TP53": (
        "HGNC:11998",
        "P04637",
        "ENSG00000141510",
        "7157",
        "tumor protein p53",
        ("LFS1", "p53"),
        (),
    ),
}
RECEPTORS = ("CD14", "EGFR", "FCGR3A", "FCGR3B")
NOT_RECEPTORS = ("EGF", "GRB2")
SECRETED = ("EGF",)

TRANSCRIPTS = {"EGFR": ("ENSEMBL:ENST00000275493", "7"), "TP53": ("ENSEMBL:ENST00000269305", "9")}
INTEGRIN = "COMPLEX:P05556-P17301"
PATHWAYS = {
    "REACT:R-HSA-162582": ("Signal Transduction", None),
    "REACT:R-HSA-177929": ("Signaling by EGFR", "REACT:R-HSA-162582"),
    "REACT:R-HSA-5683057": ("MAPK family signaling cascades", "REACT:R-HSA-162582"),
}
MEMBERS = {
    "REACT:R-HSA-177929": ("EGF", "EGFR", "GRB2", "KRAS", "SOS1"),
    "REACT:R-HSA-5683057": ("BRAF", "KRAS", "MAP2K1", "MAPK1"),
}
DISEASES = {
    "DOID:4": ("disease", None, ()),
    "DOID:162": ("cancer", "DOID:4", ("malignant neoplasm",)),
    "DOID:1324": ("lung cancer", "DOID:162", ("lung neoplasm",)),
    "DOID:8552": ("chronic myeloid leukemia", "DOID:162", ("CML",)),
}
DRUGS = {
    "DrugCentral:1045": ("erlotinib", ("Tarceva",), ("DRUGBANK:DB00530",)),
    "DrugCentral:1423": ("imatinib", ("Gleevec", "STI-571"), ("DRUGBANK:DB00619",)),
}
CELL_TYPES = {
    "CL:0000000": ("cell", None),
    "CL:0000576": ("monocyte", "CL:0000000"),
    "CL:0001054": ("CD14-positive monocyte", "CL:0000576"),
    "CL:0000236": ("B cell", "CL:0000000"),
}
TISSUES = {
    "UBERON:0001062": ("anatomical entity", None),
    "UBERON:0000178": ("blood", "UBERON:0001062"),
}

# source symbol, type, target symbol, mechanism, PMIDs, direct
SIGNALS: tuple[tuple[str, str, str, str | None, tuple[str, ...], bool | None], ...] = (
    ("EGF", "ACTIVATES", "EGFR", "binding", ("12297049", "2231"), True),
    ("EGFR", "ACTIVATES", "GRB2", "binding", ("8479536",), True),
    ("GRB2", "ACTIVATES", "SOS1", "binding", ("8479540",), True),
    ("SOS1", "ACTIVATES", "KRAS", "guanine nucleotide exchange factor", ("8493579",), True),
    ("KRAS", "ACTIVATES", "BRAF", "binding", ("7706312",), True),
    ("BRAF", "ACTIVATES", "MAP2K1", "phosphorylation", ("8131746",), True),
    ("MAP2K1", "ACTIVATES", "MAPK1", "phosphorylation", ("8388392",), True),
    ("MAPK1", "INHIBITS", "SOS1", "phosphorylation", ("7592688",), True),
    ("MDM2", "INHIBITS", "TP53", "ubiquitination", ("9153395",), True),
    ("TP53", "ACTIVATES", "MDM2", "transcriptional regulation", ("8319905",), False),
    ("TP53", "ACTIVATES", "PTEN", "transcriptional regulation", ("11545734",), False),
    ("TP53", "INHIBITS", "PTEN", None, ("99999901",), None),
    ("ABL1", "REGULATES", "TP53", None, (), None),
)

Row = dict[str, Any]


def gene(symbol: str) -> str:
    return GENES[symbol][0]


def protein(symbol: str) -> str:
    return f"UniProtKB:{GENES[symbol][1]}"


#: symbol: publications behind what is told of its protein
DESCRIBED_IN = {"EGFR": ["2790960", "10805725", "15118125", "21516087"]}


def node_rows() -> dict[str, list[Row]]:
    """Every node of the tiny graph, by label."""
    rows: dict[str, list[Row]] = {label.name: [] for label in LABELS}
    for symbol, (hgnc, acc, ensg, entrez, name, synonyms, previous) in GENES.items():
        rows["Gene"].append(
            {
                "id": hgnc,
                "name": name,
                "symbol": symbol,
                "locus_group": "protein-coding gene",
                "synonyms": sorted({*synonyms, *previous}) or None,
                "xrefs": [f"ENSEMBL:{ensg}", f"NCBIGene:{entrez}"],
                "text": f"{symbol} ({name}) is a protein-coding gene.",
                "sources": ["hgnc"],
            }
        )
        rows["Protein"].append(
            {
                "id": f"UniProtKB:{acc}",
                "name": name.capitalize(),
                "symbol": symbol,
                "accession": acc,
                "entry_name": f"{symbol}_HUMAN",
                "text": f"{name.capitalize()} is the product of {symbol}.",
                "receptor": True
                if symbol in RECEPTORS
                else False
                if symbol in NOT_RECEPTORS
                else None,
                "secreted": True if symbol in SECRETED else None,
                "description_pmids": DESCRIBED_IN.get(symbol),
                "sources": ["uniprot"],
            }
        )
    for symbol, (enst, version) in TRANSCRIPTS.items():
        rows["Transcript"].append(
            {
                "id": enst,
                "name": f"{symbol} MANE Select transcript",
                "symbol": symbol,
                "version": version,
                "mane_select": True,
                "sources": ["hgnc"],
            }
        )
    rows["Complex"].append(
        {
            "id": INTEGRIN,
            "name": "integrin a2b1 complex",
            "receptor": True,
            "members": [protein("ITGB1"), protein("ITGA2")],
            "sources": ["cellphonedb"],
        }
    )
    for pathway, (name, _) in PATHWAYS.items():
        rows["Pathway"].append({"id": pathway, "name": name, "sources": ["reactome"]})
    for disease, (name, _, synonyms) in DISEASES.items():
        rows["Disease"].append(
            {
                "id": disease,
                "name": name,
                "synonyms": list(synonyms) or None,
                "sources": ["disease_ontology"],
            }
        )
    for drug, (name, synonyms, xrefs) in DRUGS.items():
        rows["Drug"].append(
            {
                "id": drug,
                "name": name,
                "synonyms": list(synonyms),
                "xrefs": list(xrefs),
                "sources": ["drugcentral"],
            }
        )
    for cell_type, (name, _) in CELL_TYPES.items():
        rows["CellType"].append({"id": cell_type, "name": name, "sources": ["cell_ontology"]})
    for tissue, (name, _) in TISSUES.items():
        rows["Tissue"].append({"id": tissue, "name": name, "sources": ["uberon"]})
    return {label: sorted(found, key=lambda r: r["id"]) for label, found in rows.items() if found}


def _edge(
    kind: str,
    source: str,
    source_label: str,
    target: str,
    target_label: str,
    origin: str,
    pmids: Sequence[str] = (),
    mechanism: str | None = None,
    licence: str = "CC-BY-4.0",
    **own: Any,
) -> Row:
    edge = EDGE_TYPE[kind]
    return {
        "source": source,
        "target": target,
        "source_label": source_label,
        "target_label": target_label,
        "edge_id": edge_id(source, kind, target),
        "sign": own.pop("sign", edge.sign),
        "directed": edge.directed,
        "mechanisms": [mechanism] if mechanism else None,
        "sources": [origin],
        "licences": [licence],
        "pmids": sorted(pmids, key=int) or None,
        "n_evidence": max(1, len(pmids)),
        **own,
    }


def edge_rows() -> dict[str, list[Row]]:
    """Every fact of the tiny graph, by type."""
    rows: dict[str, list[Row]] = {edge.name: [] for edge in EDGE_TYPES}
    for symbol in GENES:
        rows["ENCODES"].append(
            _edge(
                "ENCODES", gene(symbol), "Gene", protein(symbol), "Protein", "hgnc", canonical=True
            )
        )
    for symbol, (enst, _) in TRANSCRIPTS.items():
        rows["TRANSCRIBED_TO"].append(
            _edge("TRANSCRIBED_TO", gene(symbol), "Gene", enst, "Transcript", "hgnc")
        )
        rows["TRANSLATED_TO"].append(
            _edge("TRANSLATED_TO", enst, "Transcript", protein(symbol), "Protein", "hgnc")
        )
    for subunit in ("ITGA2", "ITGB1"):
        rows["PART_OF"].append(
            _edge(
                "PART_OF",
                protein(subunit),
                "Protein",
                INTEGRIN,
                "Complex",
                "cellphonedb",
                licence="MIT",
                stoichiometry=1,
            )
        )
    for source, kind, target, mechanism, pmids, _ in SIGNALS:
        rows[kind].append(
            _edge(
                kind,
                protein(source),
                "Protein",
                protein(target),
                "Protein",
                "signor",
                pmids,
                mechanism,
            )
        )
    rows["BINDS"].append(
        _edge(
            "BINDS",
            protein("EGF"),
            "Protein",
            protein("EGFR"),
            "Protein",
            "cellphonedb",
            ("12297050",),
            licence="MIT",
        )
    )
    rows["INTERACTS_WITH"].append(
        _edge(
            "INTERACTS_WITH",
            protein("CD14"),
            "Protein",
            INTEGRIN,
            "Complex",
            "cellphonedb",
            licence="MIT",
        )
    )
    for pathway, (_, parent) in PATHWAYS.items():
        if parent:
            rows["CHILD_OF"].append(
                _edge(
                    "CHILD_OF", pathway, "Pathway", parent, "Pathway", "reactome", licence="CC0-1.0"
                )
            )
        for member in MEMBERS.get(pathway, ()):
            rows["MEMBER_OF"].append(
                _edge(
                    "MEMBER_OF",
                    gene(member),
                    "Gene",
                    pathway,
                    "Pathway",
                    "reactome",
                    licence="CC0-1.0",
                )
            )
    for label, table in (("Disease", DISEASES), ("CellType", CELL_TYPES), ("Tissue", TISSUES)):
        for node, (_, parent, *_rest) in table.items():
            if parent:
                rows["IS_A"].append(_edge("IS_A", node, label, parent, label, label.lower()))
    for symbol, disease in (("EGFR", "DOID:1324"), ("KRAS", "DOID:1324"), ("ABL1", "DOID:8552")):
        rows["ASSOCIATED_WITH"].append(
            _edge(
                "ASSOCIATED_WITH",
                gene(symbol),
                "Gene",
                disease,
                "Disease",
                "hetionet",
                licence="CC0-1.0",
            )
        )
    for drug, symbol, action, affinity, moa in (
        ("DrugCentral:1423", "ABL1", "INHIBITOR", 8.7, True),
        ("DrugCentral:1423", "EGFR", None, 4.5, None),
        ("DrugCentral:1045", "EGFR", "INHIBITOR", 9.0, True),
    ):
        rows["TARGETS"].append(
            _edge(
                "TARGETS",
                drug,
                "Drug",
                protein(symbol),
                "Protein",
                "drugcentral",
                licence="CC-BY-SA-4.0",
                sign=-1 if action else None,
                action=action,
                affinity=affinity,
                mechanism_of_action=moa,
            )
        )
    rows["TREATS"].append(
        _edge(
            "TREATS",
            "DrugCentral:1423",
            "Drug",
            "DOID:8552",
            "Disease",
            "hetionet",
            licence="CC0-1.0",
        )
    )
    rows["TREATS"].append(
        _edge(
            "TREATS",
            "DrugCentral:1045",
            "Drug",
            "DOID:1324",
            "Disease",
            "hetionet",
            licence="CC0-1.0",
        )
    )
    rows["PALLIATES"].append(
        _edge(
            "PALLIATES",
            "DrugCentral:1423",
            "Drug",
            "DOID:162",
            "Disease",
            "hetionet",
            licence="CC0-1.0",
        )
    )
    return {
        kind: sorted(found, key=lambda r: (r["source"], r["target"]))
        for kind, found in rows.items()
        if found
    }


def alias_rows() -> list[Row]:
    rows: list[Row] = []

    def add(
        label: str, node: str, source: str, kind: str, values: Iterable[str], curie: bool = False
    ) -> None:
        for value in values:
            prefix, _, local = value.partition(":")
            rows.append(
                {
                    "alias": local if curie else value,
                    "namespace": prefix if curie else None,
                    "kind": kind,
                    "label": label,
                    "id": node,
                    "source": source,
                }
            )

    for label, nodes in node_rows().items():
        for node in nodes:
            origin = node["sources"][0]
            previous = GENES[node["symbol"]][6] if label == "Gene" else ()
            add(label, node["id"], origin, "id", [node["id"]], curie=True)
            add(label, node["id"], origin, "xref", node.get("xrefs") or (), curie=True)
            add(
                label,
                node["id"],
                origin,
                "symbol",
                [node["symbol"]] if node.get("symbol") and label != "Transcript" else (),
            )
            add(label, node["id"], origin, "name", [node["name"]])
            add(label, node["id"], origin, "previous", previous)
            add(
                label,
                node["id"],
                origin,
                "synonym",
                [s for s in node.get("synonyms") or () if s not in previous],
            )
    return sorted(
        rows, key=lambda r: (r["alias"], r["namespace"] or "", r["kind"], r["label"], r["id"])
    )


def evidence_rows() -> list[Row]:
    rows: list[Row] = []
    direct = {edge_id(protein(a), kind, protein(b)): flag for a, kind, b, _, _, flag in SIGNALS}
    line = 0
    for kind, edges in edge_rows().items():
        for edge in edges:
            for pmid in edge["pmids"] or [None]:
                line += 1
                rows.append(
                    {
                        "edge_id": edge["edge_id"],
                        "source": edge["sources"][0],
                        "record_id": f"TINY-{line}",
                        "pmids": [pmid] if pmid else None,
                        "mechanism": (edge["mechanisms"] or [None])[0],
                        "direct": direct.get(edge["edge_id"]),
                        "sign": edge["sign"],
                        "licence": edge["licences"][0],
                        "source_as_written": edge["source"],
                        "target_as_written": edge["target"],
                        "file": f"{kind.lower()}.tsv",
                        "line": line,
                        **{
                            name: edge.get(name)
                            for name in (
                                "action",
                                "affinity",
                                "mechanism_of_action",
                                "stoichiometry",
                                "canonical",
                            )
                        },
                    }
                )
    return sorted(rows, key=lambda r: (r["edge_id"], r["source"], r["file"], r["line"]))


def write_build(folder: Path, tables: Mapping[str, list[Row]], build_id: str = BUILD_ID) -> Build:
    """Write tables of plain rows as a build folder."""
    manifest: dict[str, Any] = {
        "format": 1,
        "build_id": build_id,
        "schema_version": SCHEMA_VERSION,
        "tool_version": "0",
        "use": "academic",
        "sources": {},
        "tables": {},
        "report": {},
    }
    for name, rows in tables.items():
        table = pa.Table.from_pylist(rows, schema=table_schema(name))
        path = folder / f"{name}.parquet"
        write_parquet(table, path)
        manifest["tables"][name] = {
            "rows": table.num_rows,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return Build.open(folder)


def tiny_tables() -> dict[str, list[Row]]:
    return {
        **{f"nodes/{label}": rows for label, rows in node_rows().items()},
        **{f"edges/{kind}": rows for kind, rows in edge_rows().items()},
        "evidence": evidence_rows(),
        "aliases": alias_rows(),
    }


def tiny_build(folder: Path) -> Build:
    """Write the tiny graph as a build folder and open it."""
    return write_build(folder, tiny_tables())
