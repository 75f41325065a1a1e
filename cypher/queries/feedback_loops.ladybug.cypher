// The same question for the embedded graph: no list comprehension.
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
MATCH (p)-[a:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)-[m:ACTIVATES|INHIBITS|REGULATES*0..1]->(y:Protein|Complex|Family)-[b:ACTIVATES|INHIBITS|REGULATES]->(p)
WHERE x.id <> p.id AND y.id <> p.id AND (length(m) = 0 OR x.id <> y.id)
WITH p, x, y, a, b, length(m) + 2 AS hops, properties(rels(m), '_LABEL') AS inner_effects,
     properties(rels(m), 'sign') AS inner_signs, properties(rels(m), 'edge_id') AS inner_edge_ids,
     properties(rels(m), 'sources') AS inner_sources, properties(rels(m), 'pmids') AS inner_pmids
RETURN hops, a.sign * b.sign * CASE WHEN hops = 2 THEN 1 ELSE inner_signs[1] END AS sign,
       CASE WHEN hops = 2 THEN [p.id, x.id] ELSE [p.id, x.id, y.id] END AS nodes,
       CASE WHEN hops = 2 THEN [p.symbol, x.symbol] ELSE [p.symbol, x.symbol, y.symbol] END AS symbols,
       CASE WHEN hops = 2 THEN [p.name, x.name] ELSE [p.name, x.name, y.name] END AS names,
       list_concat(list_concat([label(a)], inner_effects), [label(b)]) AS effects,
       list_concat(list_concat([a.sign], inner_signs), [b.sign]) AS signs,
       list_concat(list_concat([a.edge_id], inner_edge_ids), [b.edge_id]) AS edge_ids,
       list_concat(list_concat([a.sources], inner_sources), [b.sources]) AS sources,
       list_concat(list_concat([a.pmids], inner_pmids), [b.pmids]) AS pmids
ORDER BY hops, list_to_string(' ', nodes), list_to_string(' ', edge_ids)
LIMIT $limit
