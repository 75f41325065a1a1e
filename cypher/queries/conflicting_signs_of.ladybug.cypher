// The same question for the embedded graph, which has no subqueries: the ids of both kinds of facts, in what
// the protein does and in what is done to it, and then all of these facts.
// @gives agents inhibits
MATCH (p:Protein)-[y:INHIBITS]->(b:Protein|Complex|Family)<-[x:ACTIVATES]-(q:Protein)
WHERE (p.id = $protein OR p.symbol = $protein OR p.name = $protein)
  AND (q.id = $protein OR q.symbol = $protein OR q.name = $protein) AND p.id = q.id
HINT (((p JOIN y) JOIN b) JOIN (q JOIN x))
RETURN DISTINCT p.id AS agents, y.edge_id AS inhibits;
// @gives agents inhibits
MATCH (p:Protein)<-[y:INHIBITS]-(a:Protein|Complex|Family)-[x:ACTIVATES]->(q:Protein)
WHERE (p.id = $protein OR p.symbol = $protein OR p.name = $protein)
  AND (q.id = $protein OR q.symbol = $protein OR q.name = $protein) AND p.id = q.id
HINT (((p JOIN y) JOIN a) JOIN (q JOIN x))
RETURN DISTINCT a.id AS agents, y.edge_id AS inhibits;
MATCH (a:Protein|Complex|Family)-[y:INHIBITS]->(b:Protein|Complex|Family)<-[x:ACTIVATES]-(c:Protein|Complex|Family)
WHERE a.id IN $agents AND c.id IN $agents AND a.id = c.id
  AND y.edge_id IN $inhibits
HINT (((a JOIN y) JOIN b) JOIN (c JOIN x))
RETURN a.id AS source_id, a.symbol AS source_symbol, b.id AS target_id, b.symbol AS target_symbol,
       [x.n_evidence, y.n_evidence] AS n_evidence, [x.edge_id, y.edge_id] AS edge_ids,
       [x.sources, y.sources] AS sources, [x.pmids, y.pmids] AS pmids
ORDER BY source_id, target_id, x.edge_id, y.edge_id
LIMIT $limit
