// Everything that is one edge away from a node.
// @param node Node The node, by id, name or symbol. e.g. UniProtKB:P00533
// @param limit integer = 1000 Rows at most. e.g. 20
// @column node_id Id of the node asked for.
// @column direction out, in, or both where the fact has no direction.
// @column type Type of the edge.
// @column neighbour_id Id of the neighbour.
// @column label Its label.
// @column neighbour Its name.
// @column sign +1 raises, -1 lowers, null where not known.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param node => 'UniProtKB:P00533'
// :param limit => 1000
CALL () {
  MATCH (x:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment)
  WHERE x.id = $node
  RETURN x
  UNION
  MATCH (x:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment)
  WHERE x.name = $node
  RETURN x
  UNION
  MATCH (x:Gene|Transcript|Protein)
  WHERE x.symbol = $node
  RETURN x
}
// Only what orders the rows is read of every edge of a hub; the rest of those that are given.
MATCH (x)-[r]-(y)
WITH DISTINCT x, r, y, type(r) AS type,
     CASE WHEN r.directed = false THEN 'both' WHEN startNode(r) = x THEN 'out' ELSE 'in' END AS direction
WITH x, r, y, type, direction, x.id AS node_id, y.id AS neighbour_id, r.edge_id AS edge_id
ORDER BY node_id, type, direction, neighbour_id, edge_id
LIMIT $limit
RETURN node_id, direction, type, neighbour_id, labels(y)[0] AS label, y.name AS neighbour,
       r.sign AS sign, edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY node_id, type, direction, neighbour_id, edge_id
