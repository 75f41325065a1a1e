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
MATCH p = (a)-[:ACTIVATES|INHIBITS|REGULATES*1..4]->(b)
WHERE all(n IN nodes(p) WHERE single(m IN nodes(p) WHERE m = n))
WITH p, reduce(s = 1, r IN relationships(p) | s * r.sign) AS sign,
     [n IN nodes(p) | n.id] AS nodes, [r IN relationships(p) | r.edge_id] AS edge_ids
RETURN length(p) AS hops, sign, nodes,
       [n IN nodes(p) | n.symbol] AS symbols, [n IN nodes(p) | n.name] AS names,
       [r IN relationships(p) | type(r)] AS effects, [r IN relationships(p) | r.sign] AS signs,
       edge_ids, [r IN relationships(p) | r.sources] AS sources,
       [r IN relationships(p) | r.pmids] AS pmids
ORDER BY hops, nodes, edge_ids
LIMIT $limit
