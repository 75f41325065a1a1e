// The same question for the embedded graph, which has no subqueries.
MATCH (n) WHERE label(n) = $label
OPTIONAL MATCH (n)-[r]->() WHERE label(r) = $type
WITH n, count(r) AS outgoing
OPTIONAL MATCH (n)<-[s]-() WHERE label(s) = $type
WITH n, outgoing, count(s) AS incoming
WHERE outgoing + incoming > 0
RETURN n.id AS node_id, n.symbol AS symbol, n.name AS name,
       outgoing + incoming AS degree, outgoing, incoming
ORDER BY degree DESC, node_id
LIMIT $limit
