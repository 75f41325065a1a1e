// The same question for the embedded graph. The hints say where the two halves of a path meet: left to
// itself, the engine follows all paths from the one end and then looks which of them reach the other.
MATCH (a:Protein)-[r1:ACTIVATES|INHIBITS|REGULATES]->(b:Protein)
WHERE (a.id = $source OR a.symbol = $source OR a.name = $source)
  AND (b.id = $target OR b.symbol = $target OR b.name = $target)
  AND a.id <> b.id
RETURN 1 AS hops, r1.sign AS sign,
       [a.id, b.id] AS nodes,
       [a.symbol, b.symbol] AS symbols,
       [a.name, b.name] AS names,
       [type(r1)] AS effects,
       [r1.sign] AS signs,
       [r1.edge_id] AS edge_ids,
       [r1.sources] AS sources,
       [r1.pmids] AS pmids
ORDER BY a.id, b.id, r1.edge_id
LIMIT $limit;
MATCH (a:Protein)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(b:Protein)
WHERE (a.id = $source OR a.symbol = $source OR a.name = $source)
  AND (b.id = $target OR b.symbol = $target OR b.name = $target)
  AND a.id <> x.id AND a.id <> b.id
  AND x.id <> b.id
HINT (((a JOIN r1) JOIN x) JOIN (b JOIN r2))
RETURN 2 AS hops, r1.sign * r2.sign AS sign,
       [a.id, x.id, b.id] AS nodes,
       [a.symbol, x.symbol, b.symbol] AS symbols,
       [a.name, x.name, b.name] AS names,
       [type(r1), type(r2)] AS effects,
       [r1.sign, r2.sign] AS signs,
       [r1.edge_id, r2.edge_id] AS edge_ids,
       [r1.sources, r2.sources] AS sources,
       [r1.pmids, r2.pmids] AS pmids
ORDER BY a.id, x.id, b.id, r1.edge_id, r2.edge_id
LIMIT $limit;
MATCH (a:Protein)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
      -[r3:ACTIVATES|INHIBITS|REGULATES]->(b:Protein)
WHERE (a.id = $source OR a.symbol = $source OR a.name = $source)
  AND (b.id = $target OR b.symbol = $target OR b.name = $target)
  AND a.id <> x.id AND a.id <> y.id AND a.id <> b.id
  AND x.id <> y.id AND x.id <> b.id
  AND y.id <> b.id
HINT (((((a JOIN r1) JOIN x) JOIN r2) JOIN y) JOIN (b JOIN r3))
RETURN 3 AS hops, r1.sign * r2.sign * r3.sign AS sign,
       [a.id, x.id, y.id, b.id] AS nodes,
       [a.symbol, x.symbol, y.symbol, b.symbol] AS symbols,
       [a.name, x.name, y.name, b.name] AS names,
       [type(r1), type(r2), type(r3)] AS effects,
       [r1.sign, r2.sign, r3.sign] AS signs,
       [r1.edge_id, r2.edge_id, r3.edge_id] AS edge_ids,
       [r1.sources, r2.sources, r3.sources] AS sources,
       [r1.pmids, r2.pmids, r3.pmids] AS pmids
ORDER BY a.id, x.id, y.id, b.id, r1.edge_id, r2.edge_id, r3.edge_id
LIMIT $limit;
MATCH (a:Protein)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
      -[r3:ACTIVATES|INHIBITS|REGULATES]->(z:Protein|Complex|Family)
      -[r4:ACTIVATES|INHIBITS|REGULATES]->(b:Protein)
WHERE (a.id = $source OR a.symbol = $source OR a.name = $source)
  AND (b.id = $target OR b.symbol = $target OR b.name = $target)
  AND a.id <> x.id AND a.id <> y.id AND a.id <> z.id AND a.id <> b.id
  AND x.id <> y.id AND x.id <> z.id AND x.id <> b.id
  AND y.id <> z.id AND y.id <> b.id
  AND z.id <> b.id
HINT (((((a JOIN r1) JOIN x) JOIN r2) JOIN y) JOIN ((((b JOIN r4) JOIN z) JOIN r3)))
RETURN 4 AS hops, r1.sign * r2.sign * r3.sign * r4.sign AS sign,
       [a.id, x.id, y.id, z.id, b.id] AS nodes,
       [a.symbol, x.symbol, y.symbol, z.symbol, b.symbol] AS symbols,
       [a.name, x.name, y.name, z.name, b.name] AS names,
       [type(r1), type(r2), type(r3), type(r4)] AS effects,
       [r1.sign, r2.sign, r3.sign, r4.sign] AS signs,
       [r1.edge_id, r2.edge_id, r3.edge_id, r4.edge_id] AS edge_ids,
       [r1.sources, r2.sources, r3.sources, r4.sources] AS sources,
       [r1.pmids, r2.pmids, r3.pmids, r4.pmids] AS pmids
ORDER BY a.id, x.id, y.id, z.id, b.id, r1.edge_id, r2.edge_id, r3.edge_id, r4.edge_id
LIMIT $limit
