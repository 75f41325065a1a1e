// Families that a protein is one of.
// @param protein Protein The protein, by id, symbol or name. e.g. MAPK1
// @param limit integer = 1000 Rows at most. e.g. 20
// @column family_id Id of the family.
// @column family Its name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param protein => 'MAPK1'
// :param limit => 1000
MATCH (p:Protein)-[m:MEMBER_OF]->(f:Family)
WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
RETURN f.id AS family_id, f.name AS family,
       m.edge_id AS edge_id, m.sources AS sources, m.pmids AS pmids
ORDER BY family_id, edge_id
LIMIT $limit
