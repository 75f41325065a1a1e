"""From counted cells to a cell store keyed to the graph, and back out at memory speed."""
