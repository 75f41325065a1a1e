// The same question for the embedded graph, which looks through a list of proteins one by one: the
// largest pathway of a graph of 16 million edges took over 15 seconds.
MATCH (m:Gene|Protein)-[:MEMBER_OF]->(w:Pathway)
WHERE w.id = $pathway OR w.name = $pathway
OPTIONAL MATCH (m)-[:ENCODES]->(e:Protein)
WITH DISTINCT coalesce(e.id, m.id) AS member
MATCH (p:Protein)-[r:ACTIVATES|INHIBITS|REGULATES]->(t:Protein)
WHERE p.id = member
WITH p, r, t
WHERE EXISTS { MATCH (t)-[:MEMBER_OF]->(v:Pathway) WHERE v.id = $pathway OR v.name = $pathway }
   OR EXISTS { MATCH (t)<-[:ENCODES]-(:Gene)-[:MEMBER_OF]->(v:Pathway)
               WHERE v.id = $pathway OR v.name = $pathway }
RETURN p.id AS regulator_id, p.symbol AS regulator_symbol, label(r) AS effect, r.sign AS sign,
       t.id AS target_id, t.symbol AS target_symbol, r.mechanisms AS mechanisms,
       r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY regulator_id, target_id, effect, edge_id
LIMIT $limit
