// What two drugs both act on or bind.
// @param first Drug One drug, by id or name. e.g. imatinib
// @param second Drug The other drug, by id or name. e.g. erlotinib
// @param limit integer = 1000 Rows at most. e.g. 20
// @column target_id Id of the protein, complex or family.
// @column symbol Symbol of its gene; null for a complex or a family.
// @column target Its name.
// @column actions What the first drug does to it, and what the second does.
// @column affinities Strongest affinity of each, as -log10 of the molar value.
// @column edge_ids Ids of the two facts, for edge_evidence.
// @column sources Sources of each fact.
// @column pmids Publications behind each fact.
// :param first => 'imatinib'
// :param second => 'erlotinib'
// :param limit => 1000
MATCH (a:Drug) WHERE a.id = $first OR a.name = $first
MATCH (b:Drug) WHERE b.id = $second OR b.name = $second
MATCH (a)-[t:TARGETS]->(p:Protein|Complex|Family)<-[u:TARGETS]-(b)
WHERE a.id <> b.id
RETURN p.id AS target_id, p.symbol AS symbol, p.name AS target, [t.action, u.action] AS actions,
       [t.affinity, u.affinity] AS affinities, [t.edge_id, u.edge_id] AS edge_ids,
       [t.sources, u.sources] AS sources, [t.pmids, u.pmids] AS pmids
ORDER BY target_id, t.edge_id, u.edge_id
LIMIT $limit
