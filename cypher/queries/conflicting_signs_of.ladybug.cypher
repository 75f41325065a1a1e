// The same question for the embedded graph, which has no subqueries.
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
MATCH (p)-[i:INHIBITS]-(o:Protein|Complex|Family)
WITH DISTINCT i.edge_id AS inhibits, p, o
MATCH (a:Protein|Complex|Family)-[y:INHIBITS]->(b:Protein|Complex|Family), (a)-[x:ACTIVATES]->(b)
WHERE y.edge_id = inhibits AND (a.id = p.id OR a.id = o.id)
RETURN a.id AS source_id, a.symbol AS source_symbol, b.id AS target_id, b.symbol AS target_symbol,
       [x.n_evidence, y.n_evidence] AS n_evidence, [x.edge_id, y.edge_id] AS edge_ids,
       [x.sources, y.sources] AS sources, [x.pmids, y.pmids] AS pmids
ORDER BY source_id, target_id, x.edge_id, y.edge_id
LIMIT $limit
