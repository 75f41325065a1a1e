// Genes and proteins that take part in a pathway.
// @param pathway Pathway The pathway, by id or name. e.g. REACT:R-HSA-177929
// @param limit integer = 1000 Rows at most. e.g. 20
// @column member_id Id of the gene or protein.
// @column symbol Its symbol.
// @column name Its name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param pathway => 'REACT:R-HSA-177929'
// :param limit => 1000
MATCH (g:Gene|Protein)-[m:MEMBER_OF]->(p:Pathway)
WHERE p.id = $pathway OR p.name = $pathway
RETURN g.id AS member_id, g.symbol AS symbol, g.name AS name,
       m.edge_id AS edge_id, m.sources AS sources, m.pmids AS pmids
ORDER BY member_id, edge_id
LIMIT $limit
