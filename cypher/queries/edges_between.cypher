// Every fact between two nodes, in either direction.
// @param first Node One node, by id, name or symbol. e.g. UniProtKB:P04637
// @param second Node The other node, by id, name or symbol. e.g. UniProtKB:Q00987
// @param limit integer = 1000 Rows at most. e.g. 20
// @column source_id Id of the source of the fact.
// @column source Its name.
// @column type Type of the edge.
// @column target_id Id of its target.
// @column target Name of the target.
// @column sign +1 raises, -1 lowers, null where not known.
// @column directed Whether source and target play different parts.
// @column mechanisms Mechanisms that the sources name.
// @column n_evidence Number of statements behind the fact.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param first => 'UniProtKB:P04637'
// :param second => 'UniProtKB:Q00987'
// :param limit => 1000
CALL () {
  MATCH (x:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment)
  WHERE x.id = $first
  RETURN x
  UNION
  MATCH (x:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment)
  WHERE x.name = $first
  RETURN x
  UNION
  MATCH (x:Gene|Transcript|Protein)
  WHERE x.symbol = $first
  RETURN x
}
CALL () {
  MATCH (y:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment)
  WHERE y.id = $second
  RETURN y
  UNION
  MATCH (y:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment)
  WHERE y.name = $second
  RETURN y
  UNION
  MATCH (y:Gene|Transcript|Protein)
  WHERE y.symbol = $second
  RETURN y
}
MATCH (x)-[r]-(y)
WITH DISTINCT startNode(r) AS a, r, endNode(r) AS b
RETURN a.id AS source_id, a.name AS source, type(r) AS type, b.id AS target_id, b.name AS target,
       r.sign AS sign, r.directed AS directed, r.mechanisms AS mechanisms,
       r.n_evidence AS n_evidence, r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY source_id, type, target_id, edge_id
LIMIT $limit
