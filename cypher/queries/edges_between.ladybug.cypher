// The same question for the embedded graph: no subquery, and no startNode that can be relied on.
MATCH (a)-[r]->(b)
WHERE ((a.id = $first OR a.name = $first OR a.symbol = $first)
       AND (b.id = $second OR b.name = $second OR b.symbol = $second))
   OR ((a.id = $second OR a.name = $second OR a.symbol = $second)
       AND (b.id = $first OR b.name = $first OR b.symbol = $first))
RETURN a.id AS source_id, a.name AS source, type(r) AS type, b.id AS target_id, b.name AS target,
       r.sign AS sign, r.directed AS directed, r.mechanisms AS mechanisms,
       r.n_evidence AS n_evidence, r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY source_id, type, target_id, edge_id
LIMIT $limit
