// The same question for the embedded graph: no list comprehension.
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
MATCH q = (p)<-[:ACTIVATES|INHIBITS*0..1]-(u:Protein|Complex|Family)
WHERE length(q) = 0 OR u.id <> p.id
MATCH (d:Drug)-[t:TARGETS]->(u)
WITH d, u, t, length(q) + 1 AS steps, properties(rels(q), '_LABEL') AS second_effects,
     properties(rels(q), 'sign') AS second_signs, properties(rels(q), 'edge_id') AS second_edge_ids,
     properties(rels(q), 'sources') AS second_sources, properties(rels(q), 'pmids') AS second_pmids
WHERE CASE WHEN steps = 1 THEN t.sign ELSE t.sign * second_signs[1] END = -$change
RETURN steps, d.id AS drug_id, d.name AS drug, t.action AS action,
       u.id AS target_id, u.symbol AS target_symbol, u.name AS target,
       CASE WHEN steps = 2 THEN second_effects[1] END AS effect,
       list_concat([t.sign], second_signs) AS signs,
       list_concat([t.edge_id], second_edge_ids) AS edge_ids,
       list_concat([t.sources], second_sources) AS sources,
       list_concat([t.pmids], second_pmids) AS pmids
ORDER BY steps, drug_id, target_id, list_to_string(' ', edge_ids)
LIMIT $limit
