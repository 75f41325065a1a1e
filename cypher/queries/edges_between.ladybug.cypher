// The same question for the embedded graph: no subquery, and no startNode that can be relied on.
MATCH (x)-[r]-(y)
WHERE (x.id = $first OR x.name = $first OR x.symbol = $first)
  AND (y.id = $second OR y.name = $second OR y.symbol = $second)
WITH x, r, y, struct_extract(r, '_SRC') = id(x) AS forward
RETURN DISTINCT
       CASE WHEN forward THEN x.id ELSE y.id END AS source_id,
       CASE WHEN forward THEN x.name ELSE y.name END AS source, type(r) AS type,
       CASE WHEN forward THEN y.id ELSE x.id END AS target_id,
       CASE WHEN forward THEN y.name ELSE x.name END AS target,
       r.sign AS sign, r.directed AS directed, r.mechanisms AS mechanisms,
       r.n_evidence AS n_evidence, r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY source_id, type, target_id, edge_id
LIMIT $limit
