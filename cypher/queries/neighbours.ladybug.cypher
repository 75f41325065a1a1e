// The same question for the embedded graph: no subquery, label(y), and no startNode that can be relied on.
MATCH (x)
WHERE x.id = $node OR x.name = $node OR x.symbol = $node
MATCH (x)-[r]-(y)
RETURN DISTINCT x.id AS node_id,
       CASE WHEN r.directed = false THEN 'both'
            WHEN struct_extract(r, '_SRC') = id(x) THEN 'out'
            ELSE 'in' END AS direction,
       label(r) AS type, y.id AS neighbour_id, label(y) AS label, y.name AS neighbour,
       r.sign AS sign, r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY node_id, type, direction, neighbour_id, edge_id
LIMIT $limit
