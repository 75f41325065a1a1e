"""How results of the workspace read in a terminal: builds, loads, cells, answers, exports."""

from tosg_graph.reports.answers import (
    compared_text,
    print_answer,
    print_export,
    print_verdict,
    selection_text,
)
from tosg_graph.reports.builds import build_dict, print_build, print_load, print_unused
from tosg_graph.reports.cells import (
    cell_store_dict,
    print_cell_store,
    print_cells_added,
    print_rejoined,
)
from tosg_graph.reports.schema import print_query, print_schema, query_dict, schema_dict

__all__ = [
    "build_dict",
    "cell_store_dict",
    "compared_text",
    "print_answer",
    "print_build",
    "print_cell_store",
    "print_cells_added",
    "print_export",
    "print_load",
    "print_query",
    "print_rejoined",
    "print_schema",
    "print_unused",
    "print_verdict",
    "query_dict",
    "schema_dict",
    "selection_text",
]
