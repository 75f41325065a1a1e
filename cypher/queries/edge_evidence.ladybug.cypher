// The same question for the embedded graph, which has no index of edges: where the fact begins is found by
// reading the ids alone, and the rest is read of the edges that begin there.
// @gives begins
MATCH (a)-[r:TRANSCRIBED_TO|TRANSLATED_TO|ENCODES|PART_OF|ACTIVATES|INHIBITS|REGULATES|BINDS
           |INTERACTS_WITH|MEMBER_OF|LOCATED_IN|IS_A|CHILD_OF|ASSOCIATED_WITH|TARGETS|TREATS|PALLIATES]->()
WHERE r.edge_id = $edge_id
RETURN DISTINCT a.id AS begins;
MATCH (a)-[r:TRANSCRIBED_TO|TRANSLATED_TO|ENCODES|PART_OF|ACTIVATES|INHIBITS|REGULATES|BINDS
           |INTERACTS_WITH|MEMBER_OF|LOCATED_IN|IS_A|CHILD_OF|ASSOCIATED_WITH|TARGETS|TREATS|PALLIATES]->(b)
WHERE a.id IN $begins AND r.edge_id = $edge_id
RETURN a.id AS source_id, a.name AS source, type(r) AS type, b.id AS target_id, b.name AS target,
       r.sign AS sign, r.mechanisms AS mechanisms, r.sources AS sources, r.licences AS licences,
       r.pmids AS pmids, r.n_evidence AS n_evidence
ORDER BY source_id, type, target_id
