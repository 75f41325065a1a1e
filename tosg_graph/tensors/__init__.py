"""From a graph build and a cell store to tensors: subgraph, text, hetero, batch, splits, export.

Only :mod:`~tosg_graph.tensors.subgraph` works without the extra ``pyg``.
"""
