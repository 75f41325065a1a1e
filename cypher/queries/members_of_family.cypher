// Proteins that are one of a family.
// @param family Family The family, by id or name. e.g. ERK1/2
// @param limit integer = 1000 Rows at most. e.g. 20
// @column protein_id Id of the protein.
// @column symbol Symbol of its gene.
// @column protein Its name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param family => 'ERK1/2'
// :param limit => 1000
MATCH (p:Protein)-[m:MEMBER_OF]->(f:Family)
WHERE f.id = $family OR f.name = $family
RETURN p.id AS protein_id, p.symbol AS symbol, p.name AS protein,
       m.edge_id AS edge_id, m.sources AS sources, m.pmids AS pmids
ORDER BY protein_id, edge_id
LIMIT $limit
