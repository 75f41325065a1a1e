// Signalling between two proteins of a pathway, by the one that acts.
// @param pathway Pathway The pathway, by id or name. e.g. REACT:R-HSA-177929
// @param limit integer = 1000 Rows at most. e.g. 20
// @column regulator_id Id of the protein that acts.
// @column regulator_symbol Symbol of its gene.
// @column effect ACTIVATES, INHIBITS or REGULATES.
// @column sign +1 raises, -1 lowers, null where not known.
// @column target_id Id of the protein that is acted on.
// @column target_symbol Symbol of its gene.
// @column mechanisms Mechanisms that the sources name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param pathway => 'REACT:R-HSA-177929'
// :param limit => 1000
MATCH (m:Gene|Protein)-[:MEMBER_OF]->(w:Pathway)
WHERE w.id = $pathway OR w.name = $pathway
OPTIONAL MATCH (m)-[:ENCODES]->(e:Protein)
WITH w, collect(DISTINCT coalesce(e.id, m.id)) AS inside
UNWIND inside AS member
MATCH (p:Protein)-[r:ACTIVATES|INHIBITS|REGULATES]->(t:Protein)
WHERE p.id = member AND t.id IN inside
WITH DISTINCT p, r, t
RETURN p.id AS regulator_id, p.symbol AS regulator_symbol, type(r) AS effect, r.sign AS sign,
       t.id AS target_id, t.symbol AS target_symbol, r.mechanisms AS mechanisms,
       r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY regulator_id, target_id, effect, edge_id
LIMIT $limit
