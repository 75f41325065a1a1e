// The same question for the embedded graph, in parts that it joins in this order.
MATCH (p:Protein)-[:PART_OF*0..1]->(l:Protein|Complex)-[b:BINDS]->(r:Protein|Complex)
WHERE p.id = $ligand OR p.symbol = $ligand OR p.name = $ligand
OPTIONAL MATCH (u:Protein)-[:PART_OF]->(r)
WITH l, b, r, list_concat([r.id], collect(DISTINCT u.id)) AS actors
UNWIND actors AS actor
MATCH (a:Protein|Complex)-[s:ACTIVATES|INHIBITS|REGULATES]->(k:Protein|Complex|Family)
WHERE a.id = actor AND a.id <> k.id
WITH DISTINCT l, b, r, a, s, k
MATCH (k)-[h:ACTIVATES|INHIBITS|REGULATES]->(:Protein|Complex|Family)
WHERE 'phosphorylation' IN h.mechanisms
WITH l, b, r, a, s, k, min(h.edge_id) AS kinase_edge_id
MATCH (k)-[t:ACTIVATES|INHIBITS|REGULATES]->(f:Protein|Complex|Family)
WHERE a.id <> f.id AND k.id <> f.id
WITH l, b, r, a, s, k, kinase_edge_id, t, f
MATCH (f)-[g:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
WHERE any(m IN g.mechanisms WHERE m IN ['transcriptional regulation', 'transcriptional activation', 'transcriptional repression'])
  AND a.id <> x.id AND k.id <> x.id AND f.id <> x.id
RETURN s.sign * t.sign * g.sign AS sign, [l.id, r.id, a.id, k.id, f.id, x.id] AS nodes,
       [l.symbol, r.symbol, a.symbol, k.symbol, f.symbol, x.symbol] AS symbols, kinase_edge_id,
       [type(b), type(s), type(t), type(g)] AS effects, [b.sign, s.sign, t.sign, g.sign] AS signs,
       [b.mechanisms, s.mechanisms, t.mechanisms, g.mechanisms] AS mechanisms,
       [b.edge_id, s.edge_id, t.edge_id, g.edge_id] AS edge_ids,
       [b.sources, s.sources, t.sources, g.sources] AS sources,
       [b.pmids, s.pmids, t.pmids, g.pmids] AS pmids
ORDER BY l.id, r.id, a.id, k.id, f.id, x.id, b.edge_id, s.edge_id, t.edge_id, g.edge_id
LIMIT $limit
