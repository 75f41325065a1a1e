// Ways from a protein back to it in two or three signalling steps, with their sign.
// @param protein Protein The protein, by id, symbol or name. e.g. TP53
// @param limit integer = 1000 Rows at most. e.g. 20
// @column hops Number of steps.
// @column sign Product of the signs: +1 is positive feedback, -1 negative, null if one is not known.
// @column nodes Ids on the way, the protein first; none twice.
// @column symbols Symbols of the nodes; null for a complex or a family.
// @column names Names of the nodes.
// @column effects Type of each step.
// @column signs Sign of each step.
// @column edge_ids Id of the fact behind each step.
// @column sources Sources of each step.
// @column pmids Publications behind each step.
// :param protein => 'TP53'
// :param limit => 1000
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
WITH p
MATCH (p)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
      -[r2:ACTIVATES|INHIBITS|REGULATES]->(p)
WHERE x <> p
WITH p, x, r1, r2
ORDER BY p.id, x.id, r1.edge_id, r2.edge_id
LIMIT $limit
RETURN 2 AS hops, r1.sign * r2.sign AS sign,
       [p.id, x.id] AS nodes, [p.symbol, x.symbol] AS symbols,
       [p.name, x.name] AS names, [type(r1), type(r2)] AS effects,
       [r1.sign, r2.sign] AS signs, [r1.edge_id, r2.edge_id] AS edge_ids,
       [r1.sources, r2.sources] AS sources, [r1.pmids, r2.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
LIMIT $limit;
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
WITH p
MATCH (p)-[:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
WHERE x <> p
WITH DISTINCT p, x, p.id AS first, x.id AS second
ORDER BY first, second
CALL (p, x) {
  MATCH (x)-[r2:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
  WHERE y <> p AND y <> x
  MATCH (y)-[r3:ACTIVATES|INHIBITS|REGULATES]->(p)
  MATCH (p)-[r1:ACTIVATES|INHIBITS|REGULATES]->(x)
  RETURN r1, r2, r3, y, y.id AS third
}
WITH p, x, y, r1, r2, r3, first, second, third
ORDER BY first, second, third, r1.edge_id, r2.edge_id, r3.edge_id
LIMIT $limit
RETURN 3 AS hops, r1.sign * r2.sign * r3.sign AS sign,
       [p.id, x.id, y.id] AS nodes, [p.symbol, x.symbol, y.symbol] AS symbols,
       [p.name, x.name, y.name] AS names, [type(r1), type(r2), type(r3)] AS effects,
       [r1.sign, r2.sign, r3.sign] AS signs, [r1.edge_id, r2.edge_id, r3.edge_id] AS edge_ids,
       [r1.sources, r2.sources, r3.sources] AS sources, [r1.pmids, r2.pmids, r3.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
LIMIT $limit
