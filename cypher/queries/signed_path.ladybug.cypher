// The same question for the embedded graph: other list functions, and walks where Neo4j has trails.
MATCH (a:Protein) WHERE a.id = $source OR a.symbol = $source OR a.name = $source
MATCH (b:Protein) WHERE b.id = $target OR b.symbol = $target OR b.name = $target
MATCH p = (a)-[:ACTIVATES|INHIBITS|REGULATES* TRAIL 1..4]->(b)
WHERE is_acyclic(p)
WITH length(p) AS hops, list_reduce(list_transform(rels(p), r -> r.sign), (x, y) -> x * y) AS sign,
     list_transform(nodes(p), n -> n.id) AS nodes,
     list_transform(nodes(p), n -> coalesce(n.symbol, n.name)) AS names,
     list_transform(rels(p), r -> label(r)) AS effects,
     list_transform(rels(p), r -> r.sign) AS signs,
     list_transform(rels(p), r -> r.edge_id) AS edge_ids,
     list_transform(rels(p), r -> r.sources) AS sources,
     list_transform(rels(p), r -> r.pmids) AS pmids
RETURN hops, sign, nodes, names, effects, signs, edge_ids, sources, pmids
ORDER BY hops, list_to_string(' ', nodes), list_to_string(' ', edge_ids)
LIMIT $limit
