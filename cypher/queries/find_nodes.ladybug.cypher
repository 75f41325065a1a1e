// The same question for the embedded graph, which has no subqueries, and label(x).
MATCH (x)
WHERE x.name STARTS WITH $beginning OR x.symbol STARTS WITH $beginning
RETURN x.id AS node_id, label(x) AS label, x.symbol AS symbol, x.name AS name
ORDER BY node_id, label
LIMIT $limit
