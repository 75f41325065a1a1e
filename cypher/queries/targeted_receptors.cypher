// Receptors that a drug acts on or binds, with the drugs.
// @param limit integer = 1000 Rows at most. e.g. 20
// @column protein_id Id of the receptor.
// @column symbol Symbol of its gene.
// @column drug_id Id of the drug.
// @column drug Name of the drug.
// @column action What the drug does to the receptor.
// @column mechanism_of_action Whether the drug works through this receptor.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param limit => 1000
MATCH (d:Drug)-[t:TARGETS]->(p:Protein)
WHERE p.receptor = true
RETURN p.id AS protein_id, p.symbol AS symbol, d.id AS drug_id, d.name AS drug,
       t.action AS action, t.mechanism_of_action AS mechanism_of_action,
       t.edge_id AS edge_id, t.sources AS sources, t.pmids AS pmids
ORDER BY protein_id, drug_id, edge_id
LIMIT $limit
