// The same question for the embedded graph. properties() and not list_transform(): over the nodes and
// edges of a path that one gives values of other paths (LadybugDB 0.22.0), and ACYCLIC lets cycles pass.
MATCH (a:Protein) WHERE a.id = $source OR a.symbol = $source OR a.name = $source
MATCH (b:Protein) WHERE b.id = $target OR b.symbol = $target OR b.name = $target
MATCH p = (a)-[:ACTIVATES|INHIBITS|REGULATES* TRAIL 1..4]->(b)
WHERE is_acyclic(p)
WITH length(p) AS hops, list_reduce(properties(rels(p), 'sign'), (x, y) -> x * y) AS sign,
     properties(nodes(p), 'id') AS nodes, properties(nodes(p), 'symbol') AS symbols,
     properties(nodes(p), 'name') AS names, properties(rels(p), '_LABEL') AS effects,
     properties(rels(p), 'sign') AS signs, properties(rels(p), 'edge_id') AS edge_ids,
     properties(rels(p), 'sources') AS sources, properties(rels(p), 'pmids') AS pmids
RETURN hops, sign, nodes, symbols, names, effects, signs, edge_ids, sources, pmids
ORDER BY hops, list_to_string(' ', nodes), list_to_string(' ', edge_ids)
LIMIT $limit
