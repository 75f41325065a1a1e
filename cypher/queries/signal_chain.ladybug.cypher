// The same question for the embedded graph, in steps: what may act, then which of these are kinases and
// which kinases they act on, then the chains over these. The engine follows a pattern from a list that is
// given, and reads all edges where a step before gives one.
// @gives actors
MATCH (p:Protein)-[:PART_OF*0..1]->(:Protein|Complex)-[:BINDS]->(r:Protein|Complex)
WHERE p.id = $ligand OR p.symbol = $ligand OR p.name = $ligand
OPTIONAL MATCH (u:Protein)-[:PART_OF]->(r)
WITH r.id AS receptor, collect(DISTINCT u.id) AS subunits
UNWIND list_append(subunits, receptor) AS actor
RETURN DISTINCT actor AS actors;
// @gives kinases kinase_facts
MATCH (k:Protein|Complex)-[h:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
WHERE k.id IN $actors AND 'phosphorylation' IN h.mechanisms
  AND (label(k) <> 'Protein' OR NOT coalesce(k.name, '') CONTAINS 'binding protein' AND (
    lower(coalesce(k.name, '')) CONTAINS 'kinase'
    OR any(n IN k.synonyms WHERE lower(n) CONTAINS 'kinase')
    OR coalesce(k.receptor, false) AND NOT coalesce(k.name, '') CONTAINS 'nterleukin'
       AND NOT coalesce(k.name, '') CONTAINS 'ecrosis factor'))
RETURN k.id AS kinases, min(h.edge_id) AS kinase_facts;
// @gives kinases kinase_facts
MATCH (a:Protein|Complex)-[s:ACTIVATES|INHIBITS|REGULATES]->(k:Protein|Complex|Family)
      -[h:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
WHERE a.id IN $actors AND a.id <> k.id AND 'phosphorylation' IN h.mechanisms
  AND (label(k) <> 'Protein' OR NOT coalesce(k.name, '') CONTAINS 'binding protein' AND (
    lower(coalesce(k.name, '')) CONTAINS 'kinase'
    OR any(n IN k.synonyms WHERE lower(n) CONTAINS 'kinase')
    OR coalesce(k.receptor, false) AND NOT coalesce(k.name, '') CONTAINS 'nterleukin'
       AND NOT coalesce(k.name, '') CONTAINS 'ecrosis factor'))
HINT ((((a JOIN s) JOIN k) JOIN h) JOIN y)
RETURN k.id AS kinases, min(h.edge_id) AS kinase_facts;
MATCH (p:Protein)-[:PART_OF*0..1]->(l:Protein|Complex)-[b:BINDS]->(r:Protein|Complex)
WHERE p.id = $ligand OR p.symbol = $ligand OR p.name = $ligand
OPTIONAL MATCH (u:Protein)-[:PART_OF]->(r)
WITH [l.id, r.id] AS ids, [l.symbol, r.symbol] AS symbols, b.edge_id AS b_id, b.sign AS b_sign,
     b.mechanisms AS b_mechanisms, b.sources AS b_sources, b.pmids AS b_pmids,
     collect(DISTINCT u.id) AS subunits
UNWIND list_append(subunits, ids[2]) AS actor
MATCH (k:Protein|Complex)-[t:ACTIVATES|INHIBITS|REGULATES]->(f:Protein|Complex|Family)
      -[g:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family),
      (k)-[h:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
WHERE k.id = actor AND k.id IN $actors AND k.id IN $kinases AND h.edge_id IN $kinase_facts
  AND any(m IN g.mechanisms WHERE m IN ['transcriptional regulation', 'transcriptional activation',
                                        'transcriptional repression'])
  AND NOT lower(coalesce(f.name, '')) CONTAINS 'kinase' AND NOT coalesce(f.secreted, false)
  AND k.id <> f.id AND k.id <> x.id AND f.id <> x.id
HINT ((((((k JOIN h) JOIN y) JOIN t) JOIN f) JOIN g) JOIN x)
RETURN t.sign * g.sign AS sign, list_concat(ids, [f.id, x.id]) AS nodes,
       list_concat(symbols, [f.symbol, x.symbol]) AS symbols, k.id AS actor_id, k.id AS kinase_id,
       h.edge_id AS kinase_edge_id,
       ['BINDS', type(t), type(g)] AS effects, [b_sign, t.sign, g.sign] AS signs,
       [b_mechanisms, t.mechanisms, g.mechanisms] AS mechanisms,
       [b_id, t.edge_id, g.edge_id] AS edge_ids,
       [b_sources, t.sources, g.sources] AS sources,
       [b_pmids, t.pmids, g.pmids] AS pmids
ORDER BY ids[1], ids[2], k.id, f.id, x.id, b_id, t.edge_id, g.edge_id
LIMIT $limit;
MATCH (p:Protein)-[:PART_OF*0..1]->(l:Protein|Complex)-[b:BINDS]->(r:Protein|Complex)
WHERE p.id = $ligand OR p.symbol = $ligand OR p.name = $ligand
OPTIONAL MATCH (u:Protein)-[:PART_OF]->(r)
WITH [l.id, r.id] AS ids, [l.symbol, r.symbol] AS symbols, b.edge_id AS b_id, b.sign AS b_sign,
     b.mechanisms AS b_mechanisms, b.sources AS b_sources, b.pmids AS b_pmids,
     collect(DISTINCT u.id) AS subunits
UNWIND list_append(subunits, ids[2]) AS actor
MATCH (a:Protein|Complex)-[s:ACTIVATES|INHIBITS|REGULATES]->(k:Protein|Complex|Family)
      -[t:ACTIVATES|INHIBITS|REGULATES]->(f:Protein|Complex|Family)
      -[g:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family),
      (k)-[h:ACTIVATES|INHIBITS|REGULATES]->(y:Protein|Complex|Family)
WHERE a.id = actor AND a.id IN $actors AND k.id IN $kinases AND h.edge_id IN $kinase_facts
  AND any(m IN g.mechanisms WHERE m IN ['transcriptional regulation', 'transcriptional activation',
                                        'transcriptional repression'])
  AND NOT lower(coalesce(f.name, '')) CONTAINS 'kinase' AND NOT coalesce(f.secreted, false)
  AND a.id <> k.id AND a.id <> f.id AND a.id <> x.id AND k.id <> f.id AND k.id <> x.id AND f.id <> x.id
HINT ((((((((a JOIN s) JOIN k) JOIN h) JOIN y) JOIN t) JOIN f) JOIN g) JOIN x)
RETURN s.sign * t.sign * g.sign AS sign, list_concat(ids, [k.id, f.id, x.id]) AS nodes,
       list_concat(symbols, [k.symbol, f.symbol, x.symbol]) AS symbols, a.id AS actor_id, k.id AS kinase_id,
       h.edge_id AS kinase_edge_id,
       ['BINDS', type(s), type(t), type(g)] AS effects, [b_sign, s.sign, t.sign, g.sign] AS signs,
       [b_mechanisms, s.mechanisms, t.mechanisms, g.mechanisms] AS mechanisms,
       [b_id, s.edge_id, t.edge_id, g.edge_id] AS edge_ids,
       [b_sources, s.sources, t.sources, g.sources] AS sources,
       [b_pmids, s.pmids, t.pmids, g.pmids] AS pmids
ORDER BY ids[1], ids[2], a.id, k.id, f.id, x.id, b_id, s.edge_id, t.edge_id, g.edge_id
LIMIT $limit
