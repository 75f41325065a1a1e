// Conflicting signs in what a protein does and in what is done to it: both ACTIVATES and INHIBITS are stated.
// @param protein Protein The protein, by id, symbol or name. e.g. MAPK1
// @param limit integer = 1000 Rows at most. e.g. 20
// @column source_id Id of the protein, complex or family that acts.
// @column source_symbol Symbol of its gene; null for a complex or a family.
// @column target_id Id of what it acts on.
// @column target_symbol Symbol of its gene; null for a complex or a family.
// @column n_evidence Statements that it activates, and that it inhibits.
// @column edge_ids Ids of the two facts, ACTIVATES first, for edge_evidence.
// @column sources Sources that say activates, and sources that say inhibits.
// @column pmids Publications behind each of the two facts.
// :param protein => 'MAPK1'
// :param limit => 1000
CALL () {
  MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
  MATCH (p)-[y:INHIBITS]->(b:Protein|Complex|Family)
  RETURN p AS a, y, b
  UNION
  MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
  MATCH (a:Protein|Complex|Family)-[y:INHIBITS]->(p)
  RETURN a, y, p AS b
}
MATCH (a)-[x:ACTIVATES]->(b)
RETURN a.id AS source_id, a.symbol AS source_symbol, b.id AS target_id, b.symbol AS target_symbol,
       [x.n_evidence, y.n_evidence] AS n_evidence, [x.edge_id, y.edge_id] AS edge_ids,
       [x.sources, y.sources] AS sources, [x.pmids, y.pmids] AS pmids
ORDER BY source_id, target_id, x.edge_id, y.edge_id
LIMIT $limit
