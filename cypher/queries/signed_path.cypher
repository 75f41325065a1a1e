// Paths of at most four signalling steps from one protein to another, shortest first, with their sign.
// @param source Protein Where the path begins, by id, symbol or name. e.g. EGF
// @param target Protein Where it ends, by id, symbol or name. e.g. KRAS
// @param limit integer = 20 Rows at most. e.g. 5
// @column hops Number of steps.
// @column sign Product of the signs of the steps, null if one is not known.
// @column nodes Ids on the path, in order; none twice.
// @column symbols Symbols of the nodes; null for a complex.
// @column names Names of the nodes.
// @column effects Type of each step.
// @column signs Sign of each step.
// @column edge_ids Id of the fact behind each step.
// @column sources Sources of each step.
// @column pmids Publications behind each step.
// :param source => 'EGF'
// :param target => 'KRAS'
// :param limit => 20
MATCH (a:Protein) WHERE a.id = $source OR a.symbol = $source OR a.name = $source
MATCH (b:Protein) WHERE b.id = $target OR b.symbol = $target OR b.name = $target
WITH a, b WHERE a <> b
MATCH (a)-[r1:ACTIVATES|INHIBITS|REGULATES]->(b)
WITH a, b, r1
ORDER BY a.id, b.id, r1.edge_id
LIMIT $limit
RETURN 1 AS hops, r1.sign AS sign,
       [a.id, b.id] AS nodes, [a.symbol, b.symbol] AS symbols,
       [a.name, b.name] AS names, [type(r1)] AS effects,
       [r1.sign] AS signs, [r1.edge_id] AS edge_ids,
       [r1.sources] AS sources, [r1.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
LIMIT $limit;
MATCH (a:Protein) WHERE a.id = $source OR a.symbol = $source OR a.name = $source
MATCH (b:Protein) WHERE b.id = $target OR b.symbol = $target OR b.name = $target
WITH a, b WHERE a <> b
MATCH (a)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(b)
WHERE x <> a AND x <> b
WITH a, x, b, r1, r2
ORDER BY a.id, x.id, b.id, r1.edge_id, r2.edge_id
LIMIT $limit
RETURN 2 AS hops, r1.sign * r2.sign AS sign,
       [a.id, x.id, b.id] AS nodes, [a.symbol, x.symbol, b.symbol] AS symbols,
       [a.name, x.name, b.name] AS names, [type(r1), type(r2)] AS effects,
       [r1.sign, r2.sign] AS signs, [r1.edge_id, r2.edge_id] AS edge_ids,
       [r1.sources, r2.sources] AS sources, [r1.pmids, r2.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
LIMIT $limit;
MATCH (a:Protein) WHERE a.id = $source OR a.symbol = $source OR a.name = $source
MATCH (b:Protein) WHERE b.id = $target OR b.symbol = $target OR b.name = $target
WITH a, b WHERE a <> b
MATCH (a)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)-[r3:ACTIVATES|INHIBITS|REGULATES]->(b)
WHERE x <> a AND x <> b AND y <> a AND y <> b AND x <> y
WITH a, x, y, b, r1, r2, r3
ORDER BY a.id, x.id, y.id, b.id, r1.edge_id, r2.edge_id, r3.edge_id
LIMIT $limit
RETURN 3 AS hops, r1.sign * r2.sign * r3.sign AS sign,
       [a.id, x.id, y.id, b.id] AS nodes, [a.symbol, x.symbol, y.symbol, b.symbol] AS symbols,
       [a.name, x.name, y.name, b.name] AS names, [type(r1), type(r2), type(r3)] AS effects,
       [r1.sign, r2.sign, r3.sign] AS signs, [r1.edge_id, r2.edge_id, r3.edge_id] AS edge_ids,
       [r1.sources, r2.sources, r3.sources] AS sources, [r1.pmids, r2.pmids, r3.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
LIMIT $limit;
MATCH (a:Protein) WHERE a.id = $source OR a.symbol = $source OR a.name = $source
MATCH (b:Protein) WHERE b.id = $target OR b.symbol = $target OR b.name = $target
WITH a, b WHERE a <> b
MATCH (a)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
WHERE x <> a AND x <> b AND y <> a AND y <> b AND x <> y
WITH a, b, y, collect([r1, x, r2]) AS ways
MATCH (y)-[r3:ACTIVATES|INHIBITS|REGULATES]->(z:Protein|Complex|Family)
      -[r4:ACTIVATES|INHIBITS|REGULATES]->(b)
WHERE z <> a AND z <> b AND z <> y
UNWIND ways AS way
WITH a, way[0] AS r1, way[1] AS x, way[2] AS r2, y, r3, z, r4, b
WHERE x <> z
WITH a, x, y, z, b, r1, r2, r3, r4
ORDER BY a.id, x.id, y.id, z.id, b.id, r1.edge_id, r2.edge_id, r3.edge_id, r4.edge_id
LIMIT $limit
RETURN 4 AS hops, r1.sign * r2.sign * r3.sign * r4.sign AS sign,
       [a.id, x.id, y.id, z.id, b.id] AS nodes, [a.symbol, x.symbol, y.symbol, z.symbol, b.symbol] AS symbols,
       [a.name, x.name, y.name, z.name, b.name] AS names, [type(r1), type(r2), type(r3), type(r4)] AS effects,
       [r1.sign, r2.sign, r3.sign, r4.sign] AS signs, [r1.edge_id, r2.edge_id, r3.edge_id, r4.edge_id] AS edge_ids,
       [r1.sources, r2.sources, r3.sources, r4.sources] AS sources, [r1.pmids, r2.pmids, r3.pmids, r4.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
LIMIT $limit
