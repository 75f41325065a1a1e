// Pairs of which some source says that the one activates the other, and some that it inhibits it.
// @param limit integer = 1000 Rows at most. e.g. 20
// @column source_id Id of the protein, complex or family that acts.
// @column source_symbol Symbol of its gene; null for a complex or a family.
// @column target_id Id of what it acts on.
// @column target_symbol Symbol of its gene; null for a complex or a family.
// @column n_evidence Statements that it activates, and that it inhibits.
// @column edge_ids Ids of the two facts, ACTIVATES first, for edge_evidence.
// @column sources Sources that say activates, and sources that say inhibits.
// @column pmids Publications behind each of the two facts.
// :param limit => 1000
// Both types join proteins, complexes and families only: a look at the labels of each end costs more than the join.
MATCH (a)-[y:INHIBITS]->(b)
MATCH (a)-[x:ACTIVATES]->(b)
USING JOIN ON a, b
RETURN a.id AS source_id, a.symbol AS source_symbol, b.id AS target_id, b.symbol AS target_symbol,
       [x.n_evidence, y.n_evidence] AS n_evidence, [x.edge_id, y.edge_id] AS edge_ids,
       [x.sources, y.sources] AS sources, [x.pmids, y.pmids] AS pmids
ORDER BY source_id, target_id, x.edge_id, y.edge_id
LIMIT $limit
