"""What is asked of cells in every data set, whatever a file calls it. Declared here, once.

A *field* is such a question: cell type, tissue, disease, sex, stage, assay, data set, donor. For
each of them ``obs`` has a column of that name with the words of the source, and one with ontology
ids (:func:`tosg_graph.cells.obs.ontology_column`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Completed age in years, and whether a sample was taken before birth; both from stage and age.
AGE = "age_years"
BEFORE_BIRTH = "before_birth"
DONOR = "donor_id"
DATASET = "dataset"


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Parameters
    ----------
    name
        Its name, and that of its column.
    columns
        What files call it; the first that is there is taken.
    label
        The node label whose terms it has, for a field that a graph build knows.
    shipped
        The table of terms that comes with the package, for a field that a build does not know.
    of_donor
        Whether a donor has one value, so that two of them contradict each other.
    """

    name: str
    columns: tuple[str, ...]
    label: str | None = None
    shipped: str | None = None
    of_donor: bool = False

    def column_in(self, names: Iterable[str]) -> str | None:
        """Find the column of this field: as written, else but for case and separators."""
        present: dict[str, str] = {}
        for name in names:
            present.setdefault(_plain(name), name)
        written = [name for name in self.columns if name in present.values()]
        alike = [present[_plain(name)] for name in self.columns if _plain(name) in present]
        return next(iter([*written, *alike]), None)


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace(".", "").replace(" ", "").replace("-", "")


FIELDS = (
    Field(
        "cell_type",
        ("cell_type", "cell_type_ontology_term_id", "cell_type_label", "cell_ontology_class"),
        label="CellType",
    ),
    Field(
        "tissue",
        ("tissue", "tissue_ontology_term_id", "organ", "tissue_label", "body_part"),
        label="Tissue",
    ),
    Field(
        "disease",
        ("disease", "disease_ontology_term_id", "disease_state", "diagnosis"),
        label="Disease",
    ),
    Field("sex", ("sex", "sex_ontology_term_id", "gender"), shipped="sexes", of_donor=True),
    Field(
        "stage",
        ("development_stage", "development_stage_ontology_term_id", "developmental_stage", "stage"),
        shipped="stages",
        of_donor=True,
    ),
    Field(
        "assay",
        ("assay", "assay_ontology_term_id", "technology", "chemistry"),
        shipped="assays",
    ),
)
FIELD = {field.name: field for field in FIELDS}

#: Columns with an age; numbers without a unit are years.
AGE_COLUMNS = Field(
    "age", ("source_age_years", "age", "donor_age", "age_at_collection", "age_years"), of_donor=True
)
#: Fields whose values a report of metadata lists.
LISTED = (*FIELD, AGE_COLUMNS.name)
#: Columns with the data set, or the study.
DATASET_COLUMNS = Field(DATASET, ("dataset", "dataset_id", "study", "study_id", "collection_id"))

#: The id of a donor without a disease, and what that is called. Never what *unknown* becomes.
HEALTHY = "PATO:0000461"
HEALTHY_NAMES = ("normal", "healthy", "healthy control", "control", "healthy donor", "no disease")
