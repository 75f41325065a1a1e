// Nodes whose symbol or name begins so; upper and lower case count.
// @param beginning string How the symbol or the name begins. e.g. MAP2K
// @param limit integer = 100 Rows at most. e.g. 20
// @column node_id Id of the node.
// @column label Its label.
// @column symbol Its symbol; null where its label has none.
// @column name Its name.
// :param beginning => 'MAP2K'
// :param limit => 100
CALL () {
  MATCH (x:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment)
  WHERE x.name STARTS WITH $beginning
  RETURN x
  UNION
  MATCH (x:Gene|Transcript|Protein)
  WHERE x.symbol STARTS WITH $beginning
  RETURN x
}
RETURN x.id AS node_id, labels(x)[0] AS label, x.symbol AS symbol, x.name AS name
ORDER BY node_id, label
LIMIT $limit
