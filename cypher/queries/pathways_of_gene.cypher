// Pathways that a gene takes part in.
// @param gene Gene The gene, by id, symbol or name. e.g. KRAS
// @param limit integer = 1000 Rows at most. e.g. 20
// @column pathway_id Id of the pathway.
// @column pathway Its name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param gene => 'KRAS'
// :param limit => 1000
MATCH (g:Gene)-[m:MEMBER_OF]->(p:Pathway)
WHERE g.id = $gene OR g.symbol = $gene OR g.name = $gene
RETURN p.id AS pathway_id, p.name AS pathway,
       m.edge_id AS edge_id, m.sources AS sources, m.pmids AS pmids
ORDER BY pathway_id, edge_id
LIMIT $limit
