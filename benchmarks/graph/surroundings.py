"""What stands around the facts of a synthetic graph: so that every named query has what it reads.

At scale 1, sizes as in the public files: 2,600 pathways with their hierarchy, genes and proteins
(Reactome); 11,000 diseases in a hierarchy (Disease Ontology) with 300,000 associated genes
(DISEASES); 4,000 drugs with 25,000 targets (DrugCentral), 1,500 of them also by an id of Hetionet,
which says what they treat and ease; ligands, receptors, complexes and transcription factors
(CellPhoneDB); families (SIGNOR); 35 places of 12,000 proteins (Human Protein Atlas).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from made_up import accessions, numbered, skewed, symbols, table, texts

#: Numbers at scale 1; as many treated diseases as Hetionet has, at any scale.
PATHWAYS, DISEASES, DRUGS, NAMED_TWICE = 2_600, 11_000, 4_000, 1_500
IN_PATHWAYS, ASSOCIATED, TARGETED = 120_000, 300_000, 25_000
ROLES, BOUND, COMPLEXES, FACTORS, FAMILIES, LOCATED = 1_400, 3_000, 500, 1_000, 500, 12_000
TREATED, EASED = 755, 390
PLACES = 35


@dataclass(frozen=True)
class Around:
    """Writes the files beside those of the facts.

    Parameters
    ----------
    out
        The folder.
    genes
        Number of genes; the first proteins are their canonical products, in the same order.
    scale
        Of all other numbers.
    rng
        What is random.
    """

    out: Path
    genes: int
    scale: float
    rng: np.random.Generator

    def write(self) -> None:
        """Write all files."""
        self._pathways()
        self._diseases()
        self._drugs()
        self._treated()
        self._ligands()
        self._families()
        self._places()

    def _n(self, number: int) -> int:
        return max(10, round(number * self.scale))

    def _pairs(self, rows: int, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
        """Distinct pairs of numbers from 1, up to ``rows``, both ends with skewed degrees."""
        drawn = skewed(self.rng, first, rows) * second + skewed(self.rng, second, rows)
        found = np.unique(drawn)
        return found // second + 1, found % second + 1

    def _pathways(self) -> None:
        n, out = self._n(PATHWAYS), self.out
        ids = np.arange(1, n + 1)
        names = numbered("Synthetic pathway ", ids, 1)
        human = pa.array(["Homo sapiens"] * n)
        columns = {"id": numbered("R-HSA-", ids, 6), "name": names, "species": human}
        table(out / "ReactomePathways.txt", columns, header=False)
        table(
            out / "ReactomePathwaysRelation.txt",
            {
                "parent": numbered("R-HSA-", ids[1:] // 3 + 1, 6),
                "child": numbered("R-HSA-", ids[1:], 6),
            },
            header=False,
        )
        gene, pathway = self._pairs(self._n(IN_PATHWAYS), self.genes, n)
        order = np.argsort(pathway, kind="stable")
        with (out / "ReactomePathways.gmt").open("w") as file:
            for one in np.split(order, np.flatnonzero(np.diff(pathway[order])) + 1):
                number = pathway[one[0]]
                members = "\t".join(symbols(gene[one]).to_pylist())
                file.write(f"Synthetic pathway {number}\tR-HSA-{number:06d}\t{members}\n")
        m = len(gene)
        table(
            out / "UniProt2Reactome_All_Levels.txt",
            {
                "accession": accessions(gene),
                "pathway": numbered("R-HSA-", pathway, 6),
                "url": numbered("https://reactome.org/PathwayBrowser/#/R-HSA-", pathway, 6),
                "event": numbered("Synthetic pathway ", pathway, 1),
                "code": pa.array(["TAS"] * m),
                "species": pa.array(["Homo sapiens"] * m),
            },
            header=False,
        )

    def _diseases(self) -> None:
        n = self._n(DISEASES)
        lines = ["format-version: 1.2", "data-version: releases/2026-01-01", "ontology: doid", ""]
        defined = texts(self.rng, n, 12).to_pylist()
        for i in range(n):
            lines += ["[Term]", f"id: {_doid(i)}", f"name: synthetic disease {i}"]
            lines.append(f'def: "{defined[i]}." [url:http\\://example.org]')
            if i:
                lines.append(f"is_a: {_doid((i - 1) // 4)} ! synthetic disease {(i - 1) // 4}")
            lines.append("")
        (self.out / "doid.obo").write_text("\n".join(lines))
        gene, disease = self._pairs(self._n(ASSOCIATED), self.genes, n)
        m = len(gene)
        table(
            self.out / "human_disease_knowledge_filtered.tsv",
            {
                "gene_id": numbered("ENSP", gene, 11),
                "symbol": symbols(gene),
                "disease_id": numbered("DOID:", disease - 1 + _FIRST, 1),
                "disease": numbered("synthetic disease ", disease - 1, 1),
                "database": pa.array(["Synthetic"] * m),
                "evidence": pa.array(["CURATED"] * m),
                "confidence": pa.array(self.rng.integers(1, 6, m)).cast(pa.string()),
            },
            header=False,
        )

    def _drugs(self) -> None:
        drug, gene = self._pairs(self._n(TARGETED), self._n(DRUGS), self.genes)
        n = len(drug)
        empty = pa.array([""] * n)
        actions = np.array(["INHIBITOR", "AGONIST", "ANTAGONIST", "BLOCKER", ""])
        table(
            self.out / "drug.target.interaction.tsv",
            {
                "DRUG_NAME": numbered("synthetic drug ", drug, 1),
                "STRUCT_ID": numbered("", drug, 1),
                "ACCESSION": accessions(gene),
                "ACT_VALUE": pa.array(np.round(4 + 6 * self.rng.random(n), 2)).cast(pa.string()),
                "ACT_TYPE": pa.array(["Ki"] * n),
                "RELATION": pa.array(["="] * n),
                "MOA": pa.array(np.where(self.rng.random(n) < 0.2, "1", "")),
                "ACT_SOURCE_URL": empty,
                "MOA_SOURCE_URL": empty,
                "ACTION_TYPE": pa.array(actions[self.rng.integers(0, len(actions), n)]),
                "ORGANISM": pa.array(["Homo sapiens"] * n),
            },
        )

    def _treated(self) -> None:
        drugs, diseases = self._n(NAMED_TWICE), self._n(DISEASES)
        ids = np.arange(1, drugs + 1)
        table(
            self.out / "hetionet-v1.0-nodes.tsv",
            {
                "id": numbered("Compound::DB", ids, 5),
                "name": numbered("synthetic drug ", ids, 1),
                "kind": pa.array(["Compound"] * drugs),
            },
        )
        parts = []
        for kind, most in (("CtD", TREATED), ("CpD", EASED)):
            drug, disease = self._pairs(self._n(most), drugs, diseases)
            parts.append(
                pa.table(
                    {
                        "source": numbered("Compound::DB", drug, 5),
                        "metaedge": pa.array([kind] * len(drug)),
                        "target": numbered("Disease::DOID:", disease - 1 + _FIRST, 1),
                    }
                )
            )
        edges = pa.concat_tables(parts)
        columns = {name: edges[name] for name in edges.column_names}
        table(self.out / "hetionet-v1.0-edges.sif", columns)

    def _ligands(self) -> None:
        """Even numbers are receptors, odd ones ligands; a complex is of two receptors."""
        n = min(self._n(ROLES), self.genes)
        known = np.sort(self.rng.permutation(self.genes)[:n]) + 1
        receptor = np.arange(n) % 2 == 0
        receptors, ligands = known[receptor], known[~receptor]
        yes, no = np.array(["True", "False"]), np.array(["False", "True"])
        roles = {"transmembrane": yes, "receptor": yes, "secreted": no}
        flags = {name: pa.array(said[(~receptor).astype(int)]) for name, said in roles.items()}
        table(
            self.out / "protein_input.csv",
            {
                "uniprot": accessions(known),
                "protein_name": pc.binary_join_element_wise(accessions(known), "HUMAN", "_"),
                **flags,
                **dict.fromkeys(("peripheral", "integrin", "other"), pa.array(["False"] * n)),
            },
            delimiter=",",
        )
        m = self._n(COMPLEXES)
        two = receptors[self.rng.integers(0, len(receptors), (2, m))]
        names = numbered("synthetic complex ", np.arange(1, m + 1), 1)
        table(
            self.out / "complex_input.csv",
            {
                "complex_name": names,
                "uniprot_1": accessions(two[0]),
                "uniprot_2": accessions(two[1]),
                **dict.fromkeys(("transmembrane", "receptor"), pa.array(["True"] * m)),
                **dict.fromkeys(
                    ("secreted", "peripheral", "integrin", "other"), pa.array(["False"] * m)
                ),
            },
            delimiter=",",
        )
        a, b = self._pairs(self._n(BOUND), len(ligands), len(receptors))
        whole = self.rng.random(len(a)) < 0.2
        partner = pc.if_else(
            pa.array(whole), names.take(pa.array((b - 1) % m)), accessions(receptors[b - 1])
        )
        pmids = numbered("PMID:", self.rng.integers(1_000_000, 39_000_000, len(a)), 1)
        table(
            self.out / "interaction_input.csv",
            {
                "id_cp_interaction": numbered("CPI-", np.arange(1, len(a) + 1), 6),
                "partner_a": accessions(ligands[a - 1]),
                "partner_b": partner,
                "source": pmids,
                "is_ppi": pa.array(["True"] * len(a)),
                "interactors": numbered("pair ", np.arange(1, len(a) + 1), 1),
                "classification": pa.array(["Signaling"] * len(a)),
                "directionality": pa.array(["Ligand-Receptor"] * len(a)),
                "modulatory_effect": pa.array([""] * len(a)),
            },
            delimiter=",",
        )

    def _families(self) -> None:
        n = self._n(FAMILIES)
        members = accessions(self.rng.integers(1, self.genes + 1, 6 * n)).to_pylist()
        lines = ['"SIGNOR ID";"PROT. FAMILY NAME";"LIST OF ENTITIES"']
        for i in range(n):
            listed = ",  ".join(members[6 * i : 6 * i + 6])
            lines.append(f'SIGNOR-PF{i + 1};"synthetic family {i + 1}";"{listed}"')
        (self.out / "SIGNOR_PF.csv").write_text("\n".join(lines) + "\n")

    def _places(self) -> None:
        n = min(self._n(LOCATED), self.genes)
        gene = np.sort(self.rng.permutation(self.genes)[:n]) + 1
        place = skewed(self.rng, PLACES, n)
        named = numbered("place ", place, 1)
        empty = pa.array([""] * n)
        table(
            self.out / "subcellular_location.tsv",
            {
                "Gene": numbered("ENSG", gene, 11),
                "Gene name": symbols(gene),
                "Main location": named,
                "Enhanced": empty,
                "Supported": named,
                "Approved": empty,
                "Uncertain": empty,
                "GO id": pc.binary_join_element_wise(
                    named, " (", numbered("GO:", place + 1, 7), ")", ""
                ),
            },
        )


#: Number of the first disease.
_FIRST = 1_000


def _doid(number: int) -> str:
    return f"DOID:{number + _FIRST}"
