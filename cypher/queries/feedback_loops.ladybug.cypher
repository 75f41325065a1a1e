// The same question for the embedded graph. The hint says where the two halves of a loop meet. The first
// nodes of the loops that are returned are found by ids alone, before all else is read.
MATCH (p:Protein)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(p)
WHERE (p.id = $protein OR p.symbol = $protein OR p.name = $protein)
  AND p.id <> x.id
RETURN 2 AS hops, r1.sign * r2.sign AS sign,
       [p.id, x.id] AS nodes,
       [p.symbol, x.symbol] AS symbols,
       [p.name, x.name] AS names,
       [type(r1), type(r2)] AS effects,
       [r1.sign, r2.sign] AS signs,
       [r1.edge_id, r2.edge_id] AS edge_ids,
       [r1.sources, r2.sources] AS sources,
       [r1.pmids, r2.pmids] AS pmids
ORDER BY p.id, x.id, r1.edge_id, r2.edge_id
LIMIT $limit;
// @gives proteins firsts
MATCH (p:Protein)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
      -[r3:ACTIVATES|INHIBITS|REGULATES]->(q:Protein)
WHERE (p.id = $protein OR p.symbol = $protein OR p.name = $protein)
  AND (q.id = $protein OR q.symbol = $protein OR q.name = $protein)
  AND p.id = q.id AND p.id <> x.id AND p.id <> y.id AND x.id <> y.id
HINT (((((p JOIN r1) JOIN x) JOIN r2) JOIN y) JOIN (q JOIN r3))
RETURN DISTINCT p.id AS proteins, x.id AS firsts
ORDER BY proteins, firsts
LIMIT $limit;
MATCH (p:Protein)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
      -[r3:ACTIVATES|INHIBITS|REGULATES]->(q:Protein)
WHERE (p.id = $protein OR p.symbol = $protein OR p.name = $protein)
  AND (q.id = $protein OR q.symbol = $protein OR q.name = $protein)
  AND p.id = q.id AND p.id <> x.id AND p.id <> y.id AND x.id <> y.id AND p.id IN $proteins AND x.id IN $firsts
HINT (((((p JOIN r1) JOIN x) JOIN r2) JOIN y) JOIN (q JOIN r3))
RETURN 3 AS hops, r1.sign * r2.sign * r3.sign AS sign,
       [p.id, x.id, y.id] AS nodes,
       [p.symbol, x.symbol, y.symbol] AS symbols,
       [p.name, x.name, y.name] AS names,
       [type(r1), type(r2), type(r3)] AS effects,
       [r1.sign, r2.sign, r3.sign] AS signs,
       [r1.edge_id, r2.edge_id, r3.edge_id] AS edge_ids,
       [r1.sources, r2.sources, r3.sources] AS sources,
       [r1.pmids, r2.pmids, r3.pmids] AS pmids
ORDER BY p.id, x.id, y.id, r1.edge_id, r2.edge_id, r3.edge_id
LIMIT $limit
