"""Which features differ between two cohorts, with donors as the samples.

Cells of one donor are no independent samples: a test over cells finds differences between donors
and calls them significant (Squair et al., Nature Communications 12:5692 (2021),
doi:10.1038/s41467-021-25960-2). So counts are added up per donor, and the donors compared, with
DESeq2's model as PyDESeq2 implements it (Muzellec et al., Bioinformatics 39:btad547 (2023),
doi:10.1093/bioinformatics/btad547).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from tosg_graph.cells.diagnostics import Diagnostics, Thresholds, diagnose_classes
from tosg_graph.cells.extras import require
from tosg_graph.cells.fields import DONOR
from tosg_graph.cells.pseudobulk import Pseudobulk, origin, pseudobulk, write_aggregate
from tosg_graph.cells.selection import Cohort
from tosg_graph.errors import UsageError

#: Donors per side, at least: with fewer there is no telling a difference from a person.
MIN_DONORS = 3
#: Cells of a donor, at least: a sum over fewer is noise.
MIN_CELLS = 10
#: Counts of a feature over all donors, at least; others are not tested.
MIN_COUNT = 10

_EXTRA = "stats"
_KIND = "tosg comparison"
_FORMAT = 1
_COLUMNS = {
    "baseMean": "base_mean",
    "log2FoldChange": "log2_fold_change",
    "lfcSE": "standard_error",
    "stat": "statistic",
    "pvalue": "p_value",
    "padj": "p_adjusted",
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Features of two cohorts compared, cases over controls.

    Parameters
    ----------
    cases, controls
        The cohorts.
    modality
        ``rna`` or ``protein``.
    design
        The formula; with ``donor`` in it where every donor is on both sides.
    donors
        Samples: ``side``, ``donor_id``, ``cells``, ``total``.
    left_out
        Donors with too few cells, and on which side.
    table
        One row per tested feature, the smallest p-value first: ``graph_id, source_id, name,
        base_mean`` (mean of counts normalised by size factors), ``log2_fold_change,
        standard_error, statistic, p_value, p_adjusted`` (Benjamini and Hochberg; null where
        filtered or an outlier).
    not_tested
        Features that all samples measured, with too few counts.
    not_measured
        Features that not every cell of every sample measured: they cannot be compared, whatever
        they count where they were measured.
    diagnostics
        Whether the two sides can be compared, by all that ``obs`` says of their cells.
    notes
        What the model had to say.
    """

    cases: Cohort
    controls: Cohort
    modality: str
    design: str
    donors: pa.Table
    left_out: tuple[tuple[str, str, int], ...]
    table: pa.Table
    not_tested: int
    not_measured: int
    diagnostics: Diagnostics
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Say what was compared and how, as its manifest does."""
        return {
            "kind": _KIND,
            "format": _FORMAT,
            "cases": origin(self.cases, self.modality),
            "controls": origin(self.controls, self.modality),
            "method": f"pydeseq2 {version('pydeseq2')}",
            "design": self.design,
            "donors": self.donors.to_pylist(),
            "left_out": [list(row) for row in self.left_out],
            "tested": self.table.num_rows,
            "not_tested": self.not_tested,
            "not_measured": self.not_measured,
            "diagnostics": self.diagnostics.to_dict(),
            "notes": list(self.notes),
        }

    def save(self, folder: Path | str) -> None:
        """Write ``features.parquet``, ``donors.parquet`` and a manifest to a new folder."""
        tables = {"features.parquet": self.table, "donors.parquet": self.donors}
        write_aggregate(Path(folder), tables, self.record())


def compare(
    cases: Cohort,
    controls: Cohort,
    *,
    modality: str | None = None,
    min_donors: int = MIN_DONORS,
    min_cells: int = MIN_CELLS,
    min_count: int = MIN_COUNT,
    thresholds: Thresholds | None = None,
) -> Comparison:
    """Compare two cohorts of a store, feature by feature, with donors as the samples.

    Parameters
    ----------
    cases, controls
        The cohorts, without a common cell. Where every donor is on both sides, such as two kinds
        of cells of the same donors, the donors are paired.
    modality
        ``rna`` or ``protein``; default: the store's first.
    min_donors
        Donors per side, at least 2.
    min_cells
        Cells of a donor on a side; donors with fewer are left out of that side.
    min_count
        Counts of a feature over all donors; features with fewer are not tested, nor are those that
        a data set with cells in the comparison did not measure.
    thresholds
        From where on a diagnostic of the two sides is a reason for caution.

    Raises
    ------
    UsageError
        If a side has too few donors: cells are never taken as samples in their place. If no
        feature was measured in all samples, or none of those has the counts.
    MissingExtra
        If PyDESeq2 is not installed.
    """
    require("pydeseq2.dds", _EXTRA)
    _check(cases, controls, min_donors)
    sides = {"case": cases, "control": controls}
    sums = {side: pseudobulk(c, by=(DONOR,), modality=modality) for side, c in _known(sides)}
    samples = pd.concat([_samples(side, bulk) for side, bulk in sums.items()], ignore_index=True)
    kept = samples["cells"] >= min_cells
    few = samples.loc[~kept, ["side", DONOR, "cells"]]
    left_out = tuple(few.itertuples(index=False, name=None))
    design = _design(samples[kept], min_donors, min_cells)
    counts = np.vstack([bulk.counts.toarray() for bulk in sums.values()])[kept.to_numpy()]
    measured = _measured(list(sums.values()), kept.to_numpy())
    tested = measured & (counts.sum(axis=0) >= min_count)
    if not tested.any():
        raise UsageError(f"no feature has {min_count} counts; nothing can be tested")
    results, notes = _deseq2(counts[:, tested], samples[kept], design)
    bulk = next(iter(sums.values()))
    return Comparison(
        cases=cases,
        controls=controls,
        modality=bulk.modality,
        design=design,
        donors=pa.Table.from_pandas(samples[kept].reset_index(drop=True), preserve_index=False),
        left_out=left_out,
        table=_table(bulk.features.filter(pa.array(tested)), results),
        not_tested=int((measured & ~tested).sum()),
        not_measured=int((~measured).sum()),
        diagnostics=diagnose_classes(
            cases.columns, {"case": cases.mask, "control": controls.mask}, thresholds=thresholds
        ),
        notes=notes,
    )


def _check(cases: Cohort, controls: Cohort, min_donors: int) -> None:
    if min_donors < 2:
        raise UsageError(f"min_donors={min_donors} found; without two donors there is no variance")
    if cases.store.hash != controls.store.hash:
        raise UsageError("cases and controls are of two stores; put them into one")
    shared = int(np.count_nonzero(cases.mask & controls.mask))
    if shared:
        raise UsageError(f"{shared:,} cells are both cases and controls; name them apart")


def _known(sides: dict[str, Cohort]) -> list[tuple[str, Cohort]]:
    """Check that somebody is known on each side."""
    for side, cohort in sides.items():
        if not (cohort.columns.donors().codes[cohort.mask] >= 0).any():
            raise UsageError(
                f"no donor of a {side} cell is known ({cohort.query}); cohorts are compared donor "
                "by donor, never cell by cell: name the column of donors when cells are added "
                "(--donor)"
            )
    return list(sides.items())


def _measured(sums: list[Pseudobulk], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Features that every cell of every sample measured."""
    measured = np.asarray(np.vstack([b.measured for b in sums])[kept].all(axis=0))
    if not measured.any():
        used = np.vstack([b.datasets for b in sums])[kept].any(axis=0)
        names = np.array(sums[0].cohort.store.dataset_names)[used]
        raise UsageError(
            f"no {sums[0].modality} feature was measured in all samples: their cells are of the "
            f"data sets {', '.join(names)}, which have none in common; choose cells of data sets "
            "that measured the same features (data_set in (…))"
        )
    return measured


def _samples(side: str, bulk: Pseudobulk) -> pd.DataFrame:
    groups: pd.DataFrame = bulk.groups.to_pandas()
    return groups.assign(side=side)[["side", DONOR, "cells", "total"]]


def _design(samples: pd.DataFrame, min_donors: int, min_cells: int) -> str:
    """Pair donors that are all on both sides; refuse few donors, and some on both sides."""
    donors = {side: set(rows[DONOR]) for side, rows in samples.groupby("side")}
    for side in ("case", "control"):
        number = len(donors.get(side, ()))
        if number < min_donors:
            raise UsageError(
                f"{number} donors with at least {min_cells} {side} cells found, {min_donors} per "
                "side needed; cells of one donor are no independent samples, so cells are not "
                "tested in their place. Add donors, or describe the cells with profiles"
            )
    both = donors["case"] & donors["control"]
    if not both:
        return "~side"
    if donors["case"] == donors["control"]:
        return "~donor + side"
    raise UsageError(
        f"{len(both)} of {len(donors['case'] | donors['control'])} donors are on both sides "
        f"({', '.join(sorted(both)[:3])}); compare cohorts that share all donors, or none"
    )


def _deseq2(
    counts: Any, samples: pd.DataFrame, design: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fit DESeq2's model and test cases against controls."""
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.ds import DeseqStats

    names = [f"sample{number}" for number in range(len(samples))]
    metadata = pd.DataFrame({"side": samples["side"].to_numpy()}, index=names)
    if "donor" in design:
        place = {donor: f"d{at}" for at, donor in enumerate(sorted(set(samples[DONOR])))}
        metadata["donor"] = [place[donor] for donor in samples[DONOR]]
    frame = pd.DataFrame(counts, index=names, columns=[f"f{n}" for n in range(counts.shape[1])])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        data = DeseqDataSet(counts=frame, metadata=metadata, design=design, quiet=True, n_cpus=1)
        data.deseq2()
        stats = DeseqStats(data, contrast=["side", "case", "control"], quiet=True, n_cpus=1)
        stats.summary()
    notes = [str(w.message).strip() for w in said if issubclass(w.category, UserWarning)]
    results: pd.DataFrame = stats.results_df
    return results, tuple(dict.fromkeys(notes))


def _table(features: pa.Table, results: pd.DataFrame) -> pa.Table:
    found = features.select(["graph_id", "source_id", "name"])
    for theirs, ours in _COLUMNS.items():
        found = found.append_column(ours, pa.array(results[theirs].to_numpy(), from_pandas=True))
    return found.sort_by([("p_value", "ascending"), ("source_id", "ascending")])
