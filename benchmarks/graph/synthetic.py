"""A signalling graph of OmniCellTOSG's size and shape, as files in the formats of public sources.

    python benchmarks/graph/synthetic.py --scale 1.0 --out /tmp/synthetic

At scale 1: 40,000 genes (HGNC), 372,039 transcripts (GENCODE GTF), 121,419 proteins (UniProt), in
all 533,458 nodes; 16.6 million facts, of which 12.3 million interactions (STRING, each pair written
in both directions), 3.4 million signed ones (OmniPath) and 100,000 with mechanism, publication and
sentence (SIGNOR), the rest from gene to transcript to protein. Around them stand drugs, diseases,
pathways, complexes, families and places (:mod:`surroundings`). Degrees are skewed: an end is drawn
with a probability that falls with its rank as a power law. Names and texts are made up. The same
scale and seed give the same bytes. ``--lacking 0`` and ``--lacking 100`` give two releases: each
lacks every 200th interaction and signed fact, and no fact is lacking in both, so that one hundredth
of these facts differs.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
from made_up import accessions, numbered, pairs, symbols, table, texts
from surroundings import Around

from loaders.hgnc import COLUMNS

GENES, TRANSCRIPTS, PROTEINS = 40_000, 372_039, 121_419
INTERACTIONS, SIGNED, CAUSAL = 12_300_000, 3_400_000, 100_000
#: A release lacks one row of so many.
CYCLE = 200


@dataclass(frozen=True)
class Sizes:
    """How many of each there are at a scale."""

    genes: int
    transcripts: int
    proteins: int
    interactions: int
    signed: int
    causal: int

    @classmethod
    def at(cls, scale: float) -> Sizes:
        """Scale every number alike."""
        numbers = (GENES, TRANSCRIPTS, PROTEINS, INTERACTIONS, SIGNED, CAUSAL)
        return cls(*(max(10, round(n * scale)) for n in numbers))


def write(out: Path, scale: float, seed: int = 0, lacking: int | None = None) -> Sizes:
    """Write all files; returns the sizes."""
    out.mkdir(parents=True, exist_ok=True)
    sizes = Sizes.at(scale)
    rng = np.random.default_rng(seed)
    _hgnc(out / "hgnc_complete_set.txt", sizes)
    _gencode(out / "gencode.v99.annotation.gtf", sizes)
    _uniprot(out / "uniprot_synthetic.tsv", sizes, rng)
    _string(out, sizes, rng, lacking)
    _omnipath(out / "omnipath_carnival.tsv", sizes, rng, lacking)
    _signor(out / "signor_synthetic.tsv", sizes, rng)
    Around(out, sizes.genes, scale, np.random.default_rng([seed, 1])).write()
    return sizes


def kept(n: int, lacking: int | None) -> pa.Array:
    """Which of ``n`` rows a release has."""
    return pa.array(np.ones(n, bool) if lacking is None else np.arange(n) % CYCLE != lacking)


def _hgnc(path: Path, sizes: Sizes) -> None:
    ids = np.arange(1, sizes.genes + 1)
    n = len(ids)
    columns = dict.fromkeys(COLUMNS, pa.array([""] * n))
    columns |= {
        "hgnc_id": numbered("HGNC:", ids, 1),
        "symbol": symbols(ids),
        "name": numbered("synthetic gene ", ids, 1),
        "locus_group": pa.array(["protein-coding gene"] * n),
        "locus_type": pa.array(["gene with protein product"] * n),
        "status": pa.array(["Approved"] * n),
        "ensembl_gene_id": numbered("ENSG", ids, 11),
        "entrez_id": numbered("", ids, 1),
        "uniprot_ids": accessions(ids),
    }
    table(path, columns)


def _gencode(path: Path, sizes: Sizes) -> None:
    """Gene, transcript and CDS lines; transcript ``i`` is of gene ``i mod genes``."""
    gene = np.arange(1, sizes.genes + 1)
    transcript = np.arange(1, sizes.transcripts + 1)
    of_gene = (transcript - 1) % sizes.genes + 1
    coding = transcript <= sizes.proteins
    with path.open("wb") as out:
        out.write(b"##description: synthetic annotation\n##format: gtf\n")
        _features(out, "gene", _attributes(gene, None, None))
        _features(out, "transcript", _attributes(of_gene, transcript, None))
        coded = transcript[coding]
        _features(out, "CDS", _attributes(of_gene[coding], coded, coded))


def _attributes(
    gene: np.ndarray, transcript: np.ndarray | None, protein: np.ndarray | None
) -> pa.Array:
    parts = ['gene_id "', numbered("ENSG", gene, 11), '.1"; ']
    if transcript is not None:
        parts += ['transcript_id "', numbered("ENST", transcript, 11), '.1"; ']
    parts += ['gene_type "protein_coding"; gene_name "', symbols(gene), '"; ']
    if transcript is not None:
        parts += ['transcript_type "protein_coding"; transcript_name "', symbols(gene), "-"]
        parts += [pa.array(transcript).cast(pa.string()), '"; ']
    if protein is not None:
        parts += ['protein_id "', numbered("ENSP", protein, 11), '.1"; ']
    return pc.binary_join_element_wise(*parts, "")


def _features(out: IO[bytes], kind: str, attributes: pa.Array) -> None:
    lines = pc.binary_join_element_wise(f"chr1\tSYN\t{kind}\t1\t1000\t.\t+\t.", attributes, "\t")
    out.write(("\n".join(lines.to_pylist()) + "\n").encode())


def _uniprot(path: Path, sizes: Sizes, rng: np.random.Generator) -> None:
    ids = np.arange(1, sizes.proteins + 1)
    n = len(ids)
    first = pa.array(ids <= sizes.genes)
    columns = {
        "Entry": accessions(ids),
        "Entry Name": pc.binary_join_element_wise(accessions(ids), "HUMAN", "_"),
        "Reviewed": pc.if_else(first, "reviewed", "unreviewed"),
        "Protein names": numbered("Synthetic protein ", ids, 1),
        "Gene Names": pc.if_else(first, symbols(ids), symbols((ids - 1) % sizes.genes + 1)),
        "Organism": pa.array(["Homo sapiens (Human)"] * n),
        "Length": pa.array(rng.integers(50, 3000, n)).cast(pa.string()),
        "Function [CC]": pc.binary_join_element_wise("FUNCTION: ", texts(rng, n, 20), "."),
    }
    table(path, columns)


def _string(out: Path, sizes: Sizes, rng: np.random.Generator, lacking: int | None) -> None:
    both = pairs(rng, sizes.proteins, sizes.interactions, ordered=False) + 1
    score = pa.array(rng.integers(400, 1000, len(both))).cast(pa.string())
    there = kept(len(both), lacking)
    ends = [numbered("9606.ENSP", both[:, i], 11) for i in (0, 1)]
    options = pcsv.WriteOptions(include_header=False, delimiter=" ", quoting_style="none")
    with (out / "9606.protein.links.v12.0.txt").open("wb") as file:
        file.write(b"protein1 protein2 combined_score\n")
        for a, b in (ends, ends[::-1]):
            rows = pa.table([a, b, score], names=["a", "b", "s"]).filter(there)
            pcsv.write_csv(rows, file, options)
    ids = np.arange(1, sizes.proteins + 1)
    protein = numbered("9606.ENSP", ids, 11)
    table(
        out / "9606.protein.aliases.v12.0.txt",
        {
            "#string_protein_id": protein,
            "alias": accessions(ids),
            "source": pa.array(["UniProt_AC"] * len(ids)),
        },
    )


def _omnipath(path: Path, sizes: Sizes, rng: np.random.Generator, lacking: int | None) -> None:
    ends = pairs(rng, sizes.genes, sizes.signed, ordered=True) + 1
    sign = pa.array(np.where(rng.random(len(ends)) < 0.6, "1", "-1"))
    columns = {"source": symbols(ends[:, 0]), "interaction": sign, "target": symbols(ends[:, 1])}
    there = kept(len(ends), lacking)
    table(path, {name: column.filter(there) for name, column in columns.items()})


def _signor(path: Path, sizes: Sizes, rng: np.random.Generator) -> None:
    ends = pairs(rng, sizes.genes, sizes.causal, ordered=True) + 1
    n = len(ends)
    columns: dict[str, pa.Array] = {}
    for end, ids in zip("AB", (ends[:, 0], ends[:, 1]), strict=True):
        columns[f"ENTITY{end}"] = symbols(ids)
        columns[f"TYPE{end}"] = pa.array(["protein"] * n)
        columns[f"ID{end}"] = accessions(ids)
        columns[f"DATABASE{end}"] = pa.array(["UNIPROT"] * n)
    effects = np.array(["up-regulates activity", "down-regulates activity"])
    mechanisms = np.array(["phosphorylation", "binding", "transcriptional regulation"])
    columns |= {
        "EFFECT": pa.array(effects[rng.integers(0, 2, n)]),
        "MECHANISM": pa.array(mechanisms[rng.integers(0, 3, n)]),
        "RESIDUE": pa.array([""] * n),
        "SEQUENCE": pa.array([""] * n),
        "TAX_ID": pa.array(["9606"] * n),
        "PMID": numbered("", rng.integers(1_000_000, 39_000_000, n), 1),
        "DIRECT": pa.array(np.where(rng.random(n) < 0.7, "YES", "NO")),
        "SENTENCE": texts(rng, n, 24),
        "SIGNOR_ID": numbered("SIGNOR-", np.arange(1, n + 1), 6),
        "SCORE": pa.array(np.round(rng.random(n), 3)).cast(pa.string()),
    }
    table(path, columns)


def main() -> None:
    """Write the files and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lacking", type=int)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    print(write(given.out, given.scale, given.seed, given.lacking))
    for path in sorted(given.out.iterdir()):
        print(f"{path.stat().st_size / 1e6:9.1f} MB  {path.name}")


if __name__ == "__main__":
    main()
