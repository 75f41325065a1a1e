"""One public source per file; found by the entry-point group ``tosg_graph.loaders``."""
