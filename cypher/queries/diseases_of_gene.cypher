// Diseases that a gene is associated with.
// @param gene Gene The gene, by id, symbol or name. e.g. EGFR
// @param limit integer = 1000 Rows at most. e.g. 20
// @column disease_id Id of the disease.
// @column disease Its name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param gene => 'EGFR'
// :param limit => 1000
MATCH (g:Gene)-[a:ASSOCIATED_WITH]->(d:Disease)
WHERE g.id = $gene OR g.symbol = $gene OR g.name = $gene
RETURN d.id AS disease_id, d.name AS disease,
       a.edge_id AS edge_id, a.sources AS sources, a.pmids AS pmids
ORDER BY disease_id, edge_id
LIMIT $limit
