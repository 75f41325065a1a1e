// Drugs that treat a disease, or ease it.
// @param disease Disease The disease, by id or name. e.g. lung cancer
// @param limit integer = 1000 Rows at most. e.g. 20
// @column drug_id Id of the drug.
// @column drug Its name.
// @column effect TREATS or PALLIATES.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param disease => 'lung cancer'
// :param limit => 1000
MATCH (d:Drug)-[r:TREATS|PALLIATES]->(s:Disease)
WHERE s.id = $disease OR s.name = $disease
RETURN d.id AS drug_id, d.name AS drug, type(r) AS effect,
       r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY drug_id, effect, edge_id
LIMIT $limit
