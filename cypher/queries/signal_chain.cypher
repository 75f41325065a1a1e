// Chains from a ligand over its receptor, a kinase and a transcription factor to a gene product.
// @param ligand Protein The ligand, by id, symbol or name. e.g. TGFB1
// @param limit integer = 1000 Rows at most. e.g. 20
// @column sign Product of the signs of the steps after the binding, null if one is not known.
// @column nodes Ids: what binds (the ligand, or a complex that it is part of), the receptor, the kinase unless the receptor is it, the transcription factor, the target.
// @column symbols Symbols of the nodes; null for a complex or a family.
// @column actor_id Id of what acts for the receptor: itself, or a subunit of it.
// @column kinase_id Id of the kinase: a node of the chain, or what acts for the receptor.
// @column kinase_edge_id Id of a fact by which the kinase is one: that it phosphorylates something.
// @column effects Type of each step: the binding, then the steps of signalling.
// @column signs Sign of each step; null for the binding.
// @column mechanisms Mechanisms of each step; the last names transcription.
// @column edge_ids Id of the fact behind each step, for edge_evidence.
// @column sources Sources of each step.
// @column pmids Publications behind each step.
// :param ligand => 'TGFB1'
// :param limit => 1000
MATCH (p:Protein) WHERE p.id = $ligand OR p.symbol = $ligand OR p.name = $ligand
MATCH (p)-[:PART_OF*0..1]->(l:Protein|Complex)-[b:BINDS]->(r:Protein|Complex)<-[:PART_OF*0..1]-(k:Protein|Complex)
WITH DISTINCT l, b, r, k
WHERE NOT k:Protein OR NOT coalesce(k.name, '') CONTAINS 'binding protein' AND (
    any(n IN [coalesce(k.name, '')] + coalesce(k.synonyms, []) WHERE toLower(n) CONTAINS 'kinase')
    OR coalesce(k.receptor, false) AND NOT coalesce(k.name, '') CONTAINS 'nterleukin'
       AND NOT coalesce(k.name, '') CONTAINS 'ecrosis factor')
MATCH (k)-[h:ACTIVATES|INHIBITS|REGULATES]->(:Protein|Complex|Family)
WHERE 'phosphorylation' IN h.mechanisms
WITH l, b, r, k, min(h.edge_id) AS kinase_edge_id, l.id AS first, r.id AS second, k.id AS actor
ORDER BY first, second, actor
MATCH (k)-[t:ACTIVATES|INHIBITS|REGULATES]->(f:Protein|Complex|Family)
WHERE NOT toLower(coalesce(f.name, '')) CONTAINS 'kinase' AND NOT coalesce(f.secreted, false) AND f <> k
WITH l, b, r, k, kinase_edge_id, t, f, first, second, actor, f.id AS factor
ORDER BY first, second, actor, factor
CALL (k, f) {
  MATCH (f)-[g:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
  WHERE any(m IN g.mechanisms WHERE m IN ['transcriptional regulation', 'transcriptional activation',
                                          'transcriptional repression'])
    AND x <> k AND x <> f
  RETURN g, x, x.id AS target
}
WITH l, b, r, k, kinase_edge_id, t, f, g, x, first, second, actor, factor, target
ORDER BY first, second, actor, factor, target, b.edge_id, t.edge_id, g.edge_id
LIMIT $limit
RETURN t.sign * g.sign AS sign, [l.id, r.id, f.id, x.id] AS nodes,
       [l.symbol, r.symbol, f.symbol, x.symbol] AS symbols, k.id AS actor_id, k.id AS kinase_id, kinase_edge_id,
       [type(b), type(t), type(g)] AS effects, [b.sign, t.sign, g.sign] AS signs,
       [b.mechanisms, t.mechanisms, g.mechanisms] AS mechanisms,
       [b.edge_id, t.edge_id, g.edge_id] AS edge_ids,
       [b.sources, t.sources, g.sources] AS sources,
       [b.pmids, t.pmids, g.pmids] AS pmids
ORDER BY first, second, actor, factor, target, b.edge_id, t.edge_id, g.edge_id
LIMIT $limit;
MATCH (p:Protein) WHERE p.id = $ligand OR p.symbol = $ligand OR p.name = $ligand
MATCH (p)-[:PART_OF*0..1]->(:Protein|Complex)-[:BINDS]->(:Protein|Complex)<-[:PART_OF*0..1]-(:Protein|Complex)-[:ACTIVATES|INHIBITS|REGULATES]->(k:Protein|Complex|Family)
WITH DISTINCT p, k
WHERE NOT k:Protein OR NOT coalesce(k.name, '') CONTAINS 'binding protein' AND (
    any(n IN [coalesce(k.name, '')] + coalesce(k.synonyms, []) WHERE toLower(n) CONTAINS 'kinase')
    OR coalesce(k.receptor, false) AND NOT coalesce(k.name, '') CONTAINS 'nterleukin'
       AND NOT coalesce(k.name, '') CONTAINS 'ecrosis factor')
MATCH (k)-[h:ACTIVATES|INHIBITS|REGULATES]->(:Protein|Complex|Family)
WHERE 'phosphorylation' IN h.mechanisms
WITH p, k, min(h.edge_id) AS kinase_edge_id
MATCH (p)-[:PART_OF*0..1]->(l:Protein|Complex)-[b:BINDS]->(r:Protein|Complex)<-[:PART_OF*0..1]-(a:Protein|Complex)-[s:ACTIVATES|INHIBITS|REGULATES]->(k)
WHERE a <> k
WITH l, b, r, a, s, k, kinase_edge_id, l.id AS first, r.id AS second, a.id AS actor, k.id AS kinase
ORDER BY first, second, actor, kinase
MATCH (k)-[t:ACTIVATES|INHIBITS|REGULATES]->(f:Protein|Complex|Family)
WHERE NOT toLower(coalesce(f.name, '')) CONTAINS 'kinase' AND NOT coalesce(f.secreted, false)
  AND f <> a AND f <> k
WITH l, b, r, a, s, k, kinase_edge_id, t, f, first, second, actor, kinase, f.id AS factor
ORDER BY first, second, actor, kinase, factor
CALL (a, k, f) {
  MATCH (f)-[g:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
  WHERE any(m IN g.mechanisms WHERE m IN ['transcriptional regulation', 'transcriptional activation',
                                          'transcriptional repression'])
    AND x <> a AND x <> k AND x <> f
  RETURN g, x, x.id AS target
}
WITH l, b, r, a, s, k, kinase_edge_id, t, f, g, x, first, second, actor, kinase, factor, target
ORDER BY first, second, actor, kinase, factor, target, b.edge_id, s.edge_id, t.edge_id, g.edge_id
LIMIT $limit
RETURN s.sign * t.sign * g.sign AS sign, [l.id, r.id, k.id, f.id, x.id] AS nodes,
       [l.symbol, r.symbol, k.symbol, f.symbol, x.symbol] AS symbols, a.id AS actor_id, k.id AS kinase_id, kinase_edge_id,
       [type(b), type(s), type(t), type(g)] AS effects, [b.sign, s.sign, t.sign, g.sign] AS signs,
       [b.mechanisms, s.mechanisms, t.mechanisms, g.mechanisms] AS mechanisms,
       [b.edge_id, s.edge_id, t.edge_id, g.edge_id] AS edge_ids,
       [b.sources, s.sources, t.sources, g.sources] AS sources,
       [b.pmids, s.pmids, t.pmids, g.pmids] AS pmids
ORDER BY first, second, actor, kinase, factor, target, b.edge_id, s.edge_id, t.edge_id, g.edge_id
LIMIT $limit
