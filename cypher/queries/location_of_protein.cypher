// Compartments that a protein was found in.
// @param protein Protein The protein, by id, symbol or name. e.g. TP53
// @param limit integer = 1000 Rows at most. e.g. 20
// @column compartment_id Id of the compartment.
// @column compartment Its name.
// @column reliability How sure a source is, in its own word.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param protein => 'TP53'
// :param limit => 1000
MATCH (p:Protein)-[l:LOCATED_IN]->(c:Compartment)
WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
RETURN c.id AS compartment_id, c.name AS compartment, l.reliability AS reliability,
       l.edge_id AS edge_id, l.sources AS sources, l.pmids AS pmids
ORDER BY compartment_id, edge_id
LIMIT $limit
