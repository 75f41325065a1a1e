// Genes that are associated with a disease.
// @param disease Disease The disease, by id or name. e.g. lung cancer
// @param limit integer = 1000 Rows at most. e.g. 20
// @column gene_id Id of the gene.
// @column symbol Its symbol.
// @column gene Its name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param disease => 'lung cancer'
// :param limit => 1000
MATCH (g:Gene)-[a:ASSOCIATED_WITH]->(d:Disease)
WHERE d.id = $disease OR d.name = $disease
RETURN g.id AS gene_id, g.symbol AS symbol, g.name AS gene,
       a.edge_id AS edge_id, a.sources AS sources, a.pmids AS pmids
ORDER BY gene_id, edge_id
LIMIT $limit
