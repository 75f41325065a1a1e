// Diseases that a drug treats, or eases.
// @param drug Drug The drug, by id or name. e.g. imatinib
// @param limit integer = 1000 Rows at most. e.g. 20
// @column disease_id Id of the disease.
// @column disease Its name.
// @column effect TREATS or PALLIATES.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param drug => 'imatinib'
// :param limit => 1000
MATCH (d:Drug)-[r:TREATS|PALLIATES]->(s:Disease)
WHERE d.id = $drug OR d.name = $drug
RETURN s.id AS disease_id, s.name AS disease, type(r) AS effect,
       r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY disease_id, effect, edge_id
LIMIT $limit
