// The same question for the embedded graph, which takes no hints.
MATCH (a:Protein|Complex|Family)-[y:INHIBITS]->(b:Protein|Complex|Family)
MATCH (a)-[x:ACTIVATES]->(b)
RETURN a.id AS source_id, a.symbol AS source_symbol, b.id AS target_id, b.symbol AS target_symbol,
       [x.n_evidence, y.n_evidence] AS n_evidence, [x.edge_id, y.edge_id] AS edge_ids,
       [x.sources, y.sources] AS sources, [x.pmids, y.pmids] AS pmids
ORDER BY source_id, target_id, x.edge_id, y.edge_id
LIMIT $limit
