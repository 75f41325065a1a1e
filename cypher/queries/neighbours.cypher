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
MATCH (x)-[r]-(y)
RETURN DISTINCT x.id AS node_id,
       CASE WHEN r.directed = false THEN 'both' WHEN startNode(r) = x THEN 'out' ELSE 'in' END AS direction,
       type(r) AS type, y.id AS neighbour_id, labels(y)[0] AS label, y.name AS neighbour,
       r.sign AS sign, r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY node_id, type, direction, neighbour_id, edge_id
LIMIT $limit
