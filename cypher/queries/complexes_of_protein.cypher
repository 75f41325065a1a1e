// Complexes that a protein is a subunit of.
// @param protein Protein The protein, by id, symbol or name. e.g. ITGB1
// @param limit integer = 1000 Rows at most. e.g. 20
// @column complex_id Id of the complex.
// @column complex Its name.
// @column stoichiometry Copies of the protein in it.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param protein => 'ITGB1'
// :param limit => 1000
MATCH (p:Protein)-[m:PART_OF]->(c:Complex)
WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
RETURN c.id AS complex_id, c.name AS complex, m.stoichiometry AS stoichiometry,
       m.edge_id AS edge_id, m.sources AS sources, m.pmids AS pmids
ORDER BY complex_id, edge_id
LIMIT $limit
