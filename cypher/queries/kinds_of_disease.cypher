// Diseases that are kinds of a disease, at every depth.
// @param disease Disease The disease, by id or name. e.g. cancer
// @param limit integer = 1000 Rows at most. e.g. 20
// @column disease_id Id of the narrower disease.
// @column disease Its name.
// @column depth Steps up to the disease asked for, the fewest.
// :param disease => 'cancer'
// :param limit => 1000
MATCH q = (s:Disease)-[:IS_A*1..15]->(d:Disease)
WHERE d.id = $disease OR d.name = $disease
RETURN s.id AS disease_id, s.name AS disease, min(length(q)) AS depth
ORDER BY depth, disease_id
LIMIT $limit
