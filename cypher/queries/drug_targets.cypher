// Proteins that a drug acts on or binds, strongest affinity first.
// @param drug Drug The drug, by id or name. e.g. imatinib
// @param limit integer = 1000 Rows at most. e.g. 20
// @column protein_id Id of the protein.
// @column symbol Symbol of its gene.
// @column protein Name of the protein.
// @column action What the drug does to it.
// @column affinity Strongest affinity, as -log10 of the molar value.
// @column mechanism_of_action Whether the drug works through this protein.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param drug => 'imatinib'
// :param limit => 1000
MATCH (d:Drug)-[t:TARGETS]->(p:Protein)
WHERE d.id = $drug OR d.name = $drug
RETURN p.id AS protein_id, p.symbol AS symbol, p.name AS protein,
       t.action AS action, t.affinity AS affinity, t.mechanism_of_action AS mechanism_of_action,
       t.edge_id AS edge_id, t.sources AS sources, t.pmids AS pmids
ORDER BY coalesce(t.affinity, 0.0) DESC, protein_id, edge_id
LIMIT $limit
