"""Questions in several wordings, with what the tiny graph must answer."""

from __future__ import annotations

from typing import Any

from tests.ask.brute import (
    CANCER,
    CML,
    EGFR_PATHWAY,
    ERLOTINIB,
    IMATINIB,
    INTEGRIN,
    LUNG,
    N_EDGES,
    N_NODES,
    RECEPTORS,
    ROOT_PATHWAY,
    downstream,
    gene,
    genes,
    joined,
    neighbours,
    pmids,
    protein,
    proteins,
    upstream,
    with_sign,
)
from tests.tiny import MEMBERS, SIGNALS, TRANSCRIPTS

EGFR, KRAS, TP53 = protein("EGFR"), protein("KRAS"), protein("TP53")

#: Kind of question → (what must be answered, wordings).
WORDINGS: dict[str, tuple[set[Any], tuple[str, ...]]] = {
    "targets of a drug": (
        joined("TARGETS", source=IMATINIB),
        (
            "What does imatinib target?",
            "Which proteins does imatinib target?",
            "Which proteins are targeted by imatinib?",
            "What are the targets of imatinib?",
            "List the targets of Gleevec.",
            "imatinib targets",
            "What is targeted by STI-571?",
            "Show me all proteins targeted by imatinib",
            "Please list imatinib's targets",
            "Which proteins does DrugCentral:1423 act on?",
            "Which proteins does DRUGBANK:DB00619 hit?",
            "Can you tell me which proteins are targeted by imatinib?",
        ),
    ),
    "drugs of a target": (
        joined("TARGETS", target=EGFR),
        (
            "Which drugs target EGFR?",
            "What targets EGFR?",
            "By which drugs is EGFR targeted?",
            "Which drugs is EGFR targeted by?",
            "List drugs targeting ERBB1",
            "Drugs that target the EGFR protein",
            "Which compounds act on P00533?",
            "Which medicines hit epidermal growth factor receptor?",
            "EGFR drugs",
            "Are there any drugs that target EGFR?",
            "which drugs target egfr",
            "WHICH DRUGS TARGET EGFR?",
            "Which drugs can target the gene EGFR?",
        ),
    ),
    "inhibiting drugs": (
        {ERLOTINIB},
        (
            "Which drugs inhibit EGFR?",
            "EGFR inhibitors",
            "What are the inhibitors of EGFR?",
            "By which drugs is EGFR inhibited?",
            "Which drugs block EGFR?",
            "List the drugs inhibiting EGFR",
        ),
    ),
    "downstream, one step": (
        downstream(TP53, 1),
        (
            "What is downstream of TP53?",
            "Which proteins are downstream of p53?",
            "What does TP53 regulate?",
            "Which proteins are regulated by TP53?",
            "List the downstream targets of TP53",
            "Which proteins does TP53 control?",
            "What is directly downstream of TP53?",
        ),
    ),
    "downstream, three steps": (
        downstream(protein("EGF"), 3),
        (
            "What is downstream of EGF within 3 steps?",
            "Which proteins are downstream of EGF within three steps?",
            "List proteins downstream of EGF within 3 hops",
            "Which proteins are downstream of EGF up to 3 steps?",
            "What are the downstream effectors of EGF within 3 steps?",
        ),
    ),
    "upstream": (
        upstream(TP53, 1),
        (
            "What is upstream of TP53?",
            "Which proteins are upstream of TP53?",
            "What regulates TP53?",
            "Which proteins regulate TP53?",
            "What are the regulators of TP53?",
            "By which proteins is TP53 regulated?",
            "TP53 regulators",
        ),
    ),
    "activated by": (
        with_sign(1, source=TP53),
        (
            "What does TP53 activate?",
            "Which proteins are activated by TP53?",
            "Which proteins does p53 stimulate?",
            "List proteins activated by TP53",
            "What is activated by TP53?",
        ),
    ),
    "inhibited by": (
        with_sign(-1, target=TP53),
        (
            "What inhibits TP53?",
            "Which proteins inhibit TP53?",
            "Which proteins repress p53?",
            "What is TP53 inhibited by?",
            "By which proteins is TP53 inhibited?",
        ),
    ),
    "path": (
        {protein(s) for s in ("EGF", "EGFR", "GRB2", "SOS1", "KRAS")},
        (
            "How does EGF activate KRAS?",
            "How does EGF signal to KRAS?",
            "What is the path from EGF to KRAS?",
            "Show the shortest path between EGF and KRAS",
            "How is EGF connected to KRAS?",
            "How are EGF and KRAS linked?",
            "Find a signalling path from EGF to KRAS",
        ),
    ),
    "ligands": (
        joined("BINDS", target=EGFR),
        (
            "Which ligands bind EGFR?",
            "What are the ligands of EGFR?",
            "EGFR ligands",
            "Which ligands does EGFR have?",
            "What are EGFR's ligands?",
            "Which proteins are ligands of EGFR?",
            "List ligands for EGFR",
        ),
    ),
    "receptors": (
        joined("BINDS", source=protein("EGF")),
        (
            "What are the receptors of EGF?",
            "Which receptors bind EGF?",
            "Which receptors does EGF bind?",
            "Which receptors does EGF have?",
            "EGF receptors",
            "What is the receptor for EGF?",
        ),
    ),
    "members of a pathway": (
        genes(*MEMBERS[EGFR_PATHWAY]),
        (
            "Which genes are members of Signaling by EGFR?",
            "What are the members of the pathway Signaling by EGFR?",
            "Which genes are in the Signaling by EGFR pathway?",
            "Genes in R-HSA-177929",
            "Which genes take part in Signalling by EGFR?",
            "List the genes of the pathway Signaling by EGFR",
            "Which genes belong to REACT:R-HSA-177929?",
            "Which genes participate in EGFR signaling?",
            "Which genes does Signaling by EGFR contain?",
        ),
    ),
    "pathways of a gene": (
        joined("MEMBER_OF", source=gene("KRAS")),
        (
            "Which pathways is KRAS part of?",
            "In which pathways does KRAS take part?",
            "Which pathways is KRAS a member of?",
            "Which pathways contain KRAS?",
            "Which pathways is KRAS in?",
            "Which pathways involve KRAS?",
            "KRAS pathways",
            "List the pathways of KRAS",
        ),
    ),
    "sub-pathways": (
        joined("CHILD_OF", target=ROOT_PATHWAY),
        (
            "What are the sub-pathways of Signal Transduction?",
            "Which pathways are sub-pathways of Signal Transduction?",
            "List the subpathways of R-HSA-162582",
            "Which pathways are part of Signal Transduction?",
            "Signal Transduction sub-pathways",
            "Which child pathways does Signal Transduction have?",
        ),
    ),
    "genes of a disease": (
        joined("ASSOCIATED_WITH", target=LUNG),
        (
            "Which genes are associated with lung cancer?",
            "What is associated with lung cancer?",
            "Which genes are linked to lung cancer?",
            "lung cancer genes",
            "With which genes is lung cancer associated?",
            "Genes implicated in lung neoplasm",
            "Which genes are associated with DOID:1324?",
            "Which genes is lung cancer associated with?",
        ),
    ),
    "diseases of a gene": (
        joined("ASSOCIATED_WITH", source=gene("EGFR")),
        (
            "Which diseases is EGFR associated with?",
            "With which diseases is EGFR associated?",
            "Which diseases are associated with EGFR?",
            "What diseases are linked to EGFR?",
            "EGFR diseases",
            "List the diseases of the EGFR gene",
        ),
    ),
    "drugs of a disease": (
        joined("TREATS", "PALLIATES", target=CANCER),
        (
            "Which drugs are used for cancer?",
            "Drugs for cancer",
            "Which drugs are used against cancer?",
            "What are the drugs for cancer?",
            "cancer drugs",
            "Which drugs are used to treat cancer?",
            "List the treatments for malignant neoplasm",
        ),
    ),
    "treats": (
        joined("TREATS", target=CML),
        (
            "Which drugs treat chronic myeloid leukemia?",
            "What treats CML?",
            "Which drugs treat chronic myeloid leukaemia?",
            "By which drugs is CML treated?",
            "What is CML treated by?",
        ),
    ),
    "chain": (
        {gene("EGFR"), TRANSCRIPTS["EGFR"][0], EGFR},
        (
            "Show the Gene→Transcript→Protein chain of EGFR",
            "What is the gene to transcript to protein chain of EGFR?",
            "Show the central dogma for EGFR",
            "Which transcripts and proteins does EGFR encode?",
            "What are the transcripts and proteins of EGFR?",
            "List the transcripts and proteins of ENSG00000146648",
        ),
    ),
    "transcripts": (
        {TRANSCRIPTS["EGFR"][0]},
        (
            "Which transcripts does EGFR have?",
            "What are the transcripts of EGFR?",
            "EGFR transcripts",
            "Which transcripts are transcribed from EGFR?",
            "Which MANE Select transcripts are transcribed from EGFR?",
        ),
    ),
    "products": (
        {EGFR},
        (
            "Which protein does EGFR encode?",
            "Which proteins are encoded by EGFR?",
            "What does the gene EGFR encode?",
            "What are the products of EGFR?",
            "Which protein is encoded by HGNC:3236?",
        ),
    ),
    "members of a complex": (
        joined("PART_OF", target=INTEGRIN),
        (
            "What are the subunits of the integrin a2b1 complex?",
            "Which proteins are subunits of integrin a2b1 complex?",
            "Which proteins does the integrin a2b1 complex contain?",
            "Which subunits does integrin a2b1 complex have?",
            "Which proteins are part of integrin a2b1 complex?",
            "List the components of integrin a2b1 complex",
        ),
    ),
    "complexes of a protein": (
        joined("PART_OF", source=protein("ITGB1")),
        (
            "Which complexes is ITGB1 part of?",
            "Which complexes contain CD29?",
            "Which complexes is ITGB1 a subunit of?",
            "ITGB1 complexes",
            "Of which complexes is ITGB1 a subunit?",
        ),
    ),
    "neighbours": (
        neighbours(IMATINIB),
        (
            "What are the neighbours of imatinib?",
            "Show the neighbors of imatinib",
            "What is connected to imatinib?",
            "Which nodes are linked to imatinib?",
            "imatinib neighbours",
            "What is joined to imatinib?",
        ),
    ),
    "evidence": (
        pmids("EGF", "ACTIVATES", "EGFR"),
        (
            "What is the evidence that EGF activates EGFR?",
            "What evidence is there that EGF activates EGFR?",
            "Which papers show that EGF activates EGFR?",
            "Evidence for EGF activating EGFR",
            "What is the evidence for the activation of EGFR by EGF?",
            "Which publications support that EGFR is activated by EGF?",
            "How do we know that EGF activates EGFR?",
        ),
    ),
    "counts of nodes": (
        {N_NODES},
        (
            "How many nodes are there?",
            "How many nodes are there in the graph?",
            "Count the nodes",
            "What is the number of nodes?",
            "number of nodes in the graph",
        ),
    ),
    "counts of everything": (
        {N_NODES, N_EDGES},
        (
            "What is in the graph?",
            "How big is the graph?",
            "Count everything",
            "What does the graph contain?",
            "How many nodes and edges are there?",
        ),
    ),
    "how many": (
        {2},
        (
            "How many drugs target EGFR?",
            "How many drugs is EGFR targeted by?",
            "What is the number of drugs that target EGFR?",
            "Count the drugs targeting EGFR",
            "How many drugs are there that target EGFR?",
            "number of drugs of EGFR",
        ),
    ),
    "yes": (
        {True},
        (
            "Does imatinib target EGFR?",
            "Is EGFR targeted by imatinib?",
            "Is EGFR a target of imatinib?",
            "Can imatinib target EGFR?",
            "Is EGFR a receptor?",
            "Is KRAS associated with lung cancer?",
            "Does EGF bind EGFR?",
            "Is EGFR in the pathway Signaling by EGFR?",
        ),
    ),
    "several conditions": (
        {ERLOTINIB},
        (
            "Which drugs that target EGFR treat lung cancer?",
            "Which drugs target EGFR and treat lung cancer?",
            "Which drugs targeting EGFR are used for lung cancer?",
            "Which drugs for lung cancer target EGFR?",
            "Which drugs treat lung cancer and target a receptor?",
        ),
    ),
    "several names": (
        {IMATINIB},
        (
            "Which drugs target EGFR and ABL1?",
            "Which drugs target both ABL1 and EGFR?",
            "Which drugs that target ABL1 also target EGFR?",
            "Drugs targeting EGFR and c-ABL",
            "Which drugs target ABL1 or JTK7?",
        ),
    ),
    "through genes": (
        genes("EGFR"),
        (
            "Which genes encode receptors that are targeted by a drug?",
            "Which genes associated with lung cancer encode a receptor?",
            "Which genes are targeted by erlotinib?",
            "Which genes of the pathway Signaling by EGFR are targeted by a drug?",
            "Which genes associated with lung cancer are targeted by imatinib?",
        ),
    ),
    "kinds of nodes": (
        {*proteins(*RECEPTORS), INTEGRIN},
        (
            "Which receptors are there?",
            "List all receptors",
            "Show me the receptors",
            "receptors",
            "List known human receptors",
        ),
    ),
    "mechanism": (
        {protein(b) for a, _, b, m, *_ in SIGNALS if (a, m) == ("MAP2K1", "phosphorylation")},
        (
            "Which proteins does MAP2K1 phosphorylate?",
            "What does MEK1 phosphorylate?",
            "Which proteins are phosphorylated by MEK1?",
            "substrates of MEK1",
            "MAP2K1 substrates",
        ),
    ),
    "kinds of a disease": (
        joined("IS_A", target=CANCER),
        (
            "Which diseases are kinds of cancer?",
            "What are the subtypes of cancer?",
            "What are the forms of cancer?",
            "Which diseases are types of cancer?",
            "List the subtypes of DOID:162",
        ),
    ),
}

CASES = [
    (f"{kind}: {question}", question, expected)
    for kind, (expected, questions) in WORDINGS.items()
    for question in questions
]
