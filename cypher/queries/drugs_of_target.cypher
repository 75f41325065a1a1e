// Drugs that act on or bind a protein, strongest affinity first.
// @param protein Protein The protein, by id, symbol or name. e.g. EGFR
// @param limit integer = 1000 Rows at most. e.g. 20
// @column drug_id Id of the drug.
// @column drug Name of the drug.
// @column action What the drug does to the protein.
// @column affinity Strongest affinity, as -log10 of the molar value.
// @column mechanism_of_action Whether the drug works through this protein.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param protein => 'EGFR'
// :param limit => 1000
MATCH (d:Drug)-[t:TARGETS]->(p:Protein)
WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
RETURN d.id AS drug_id, d.name AS drug,
       t.action AS action, t.affinity AS affinity, t.mechanism_of_action AS mechanism_of_action,
       t.edge_id AS edge_id, t.sources AS sources, t.pmids AS pmids
ORDER BY coalesce(t.affinity, 0.0) DESC, drug_id, edge_id
LIMIT $limit
