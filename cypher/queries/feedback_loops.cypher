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
MATCH (p)-[a:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
MATCH (x)-[m:ACTIVATES|INHIBITS|REGULATES*0..1]->(y:Protein|Complex|Family)-[b:ACTIVATES|INHIBITS|REGULATES]->(p)
WHERE x <> p AND y <> p AND (size(m) = 0 OR x <> y)
WITH [a] + m + [b] AS steps, CASE WHEN x = y THEN [p, x] ELSE [p, x, y] END AS ring
WITH steps, ring, [n IN ring | n.id] AS nodes, [r IN steps | r.edge_id] AS edge_ids
ORDER BY size(steps), nodes, edge_ids
LIMIT $limit
RETURN size(steps) AS hops, reduce(s = 1, r IN steps | s * r.sign) AS sign, nodes,
       [n IN ring | n.symbol] AS symbols, [n IN ring | n.name] AS names,
       [r IN steps | type(r)] AS effects, [r IN steps | r.sign] AS signs, edge_ids,
       [r IN steps | r.sources] AS sources, [r IN steps | r.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
