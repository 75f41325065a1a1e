"""Commands by topic; :mod:`tosg_graph.cli` puts them under their names."""
