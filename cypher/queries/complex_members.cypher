// Subunits of a complex.
// @param complex Complex The complex, by id or name. e.g. integrin a2b1 complex
// @param limit integer = 1000 Rows at most. e.g. 20
// @column protein_id Id of the subunit.
// @column symbol Symbol of its gene.
// @column protein Its name.
// @column stoichiometry Copies in the complex.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param complex => 'integrin a2b1 complex'
// :param limit => 1000
MATCH (p:Protein)-[m:PART_OF]->(c:Complex)
WHERE c.id = $complex OR c.name = $complex
RETURN p.id AS protein_id, p.symbol AS symbol, p.name AS protein, m.stoichiometry AS stoichiometry,
       m.edge_id AS edge_id, m.sources AS sources, m.pmids AS pmids
ORDER BY protein_id, edge_id
LIMIT $limit
