// Drugs that act on or bind a protein of a pathway, or a product of a gene in it.
// @param pathway Pathway The pathway, by id or name. e.g. REACT:R-HSA-177929
// @param limit integer = 1000 Rows at most. e.g. 20
// @column drug_id Id of the drug.
// @column drug Its name.
// @column protein_id Id of the protein that it acts on.
// @column symbol Symbol of its gene.
// @column action What the drug does to it.
// @column affinity Strongest affinity, as -log10 of the molar value.
// @column mechanism_of_action Whether the drug works through this protein.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param pathway => 'REACT:R-HSA-177929'
// :param limit => 1000
MATCH (m:Gene|Protein)-[:MEMBER_OF]->(w:Pathway)
WHERE w.id = $pathway OR w.name = $pathway
OPTIONAL MATCH (m)-[:ENCODES]->(e:Protein)
WITH DISTINCT coalesce(e.id, m.id) AS member
MATCH (d:Drug)-[t:TARGETS]->(p:Protein)
WHERE p.id = member
RETURN d.id AS drug_id, d.name AS drug, p.id AS protein_id, p.symbol AS symbol,
       t.action AS action, t.affinity AS affinity, t.mechanism_of_action AS mechanism_of_action,
       t.edge_id AS edge_id, t.sources AS sources, t.pmids AS pmids
ORDER BY drug_id, protein_id, edge_id
LIMIT $limit
