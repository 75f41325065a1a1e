// Pathways inside a pathway, at every depth.
// @param pathway Pathway The pathway, by id or name. e.g. REACT:R-HSA-162582
// @param limit integer = 1000 Rows at most. e.g. 20
// @column pathway_id Id of the sub-pathway.
// @column pathway Its name.
// @column depth Steps up to the pathway asked for, the fewest.
// :param pathway => 'REACT:R-HSA-162582'
// :param limit => 1000
MATCH q = (s:Pathway)-[:CHILD_OF*1..15]->(p:Pathway)
WHERE p.id = $pathway OR p.name = $pathway
RETURN s.id AS pathway_id, s.name AS pathway, min(length(q)) AS depth
ORDER BY depth, pathway_id
LIMIT $limit
