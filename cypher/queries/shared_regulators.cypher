// What acts on both of two proteins directly.
// @param first Protein One protein, by id, symbol or name. e.g. TP53
// @param second Protein The other protein, by id, symbol or name. e.g. MDM2
// @param limit integer = 1000 Rows at most. e.g. 20
// @column regulator_id Id of the protein, complex or family that acts on both.
// @column symbol Symbol of its gene; null for a complex or a family.
// @column regulator Its name.
// @column effects Type of its fact with the first protein, and with the second.
// @column signs Sign of each.
// @column edge_ids Ids of the two facts, for edge_evidence.
// @column sources Sources of each fact.
// @column pmids Publications behind each fact.
// :param first => 'TP53'
// :param second => 'MDM2'
// :param limit => 1000
MATCH (a:Protein) WHERE a.id = $first OR a.symbol = $first OR a.name = $first
MATCH (b:Protein) WHERE b.id = $second OR b.symbol = $second OR b.name = $second
MATCH (a)<-[t:ACTIVATES|INHIBITS|REGULATES]-(s:Protein|Complex|Family)-[u:ACTIVATES|INHIBITS|REGULATES]->(b)
WHERE a.id <> b.id
RETURN s.id AS regulator_id, s.symbol AS symbol, s.name AS regulator,
       [type(t), type(u)] AS effects, [t.sign, u.sign] AS signs,
       [t.edge_id, u.edge_id] AS edge_ids, [t.sources, u.sources] AS sources,
       [t.pmids, u.pmids] AS pmids
ORDER BY regulator_id, t.edge_id, u.edge_id
LIMIT $limit
