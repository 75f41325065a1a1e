// The same question for the embedded graph, in parts that it joins in this order. What a part hands
// on are the values that are returned: whole nodes and edges would be read with all their texts.
MATCH (p:Protein)-[:PART_OF*0..1]->(l:Protein|Complex)-[b:BINDS]->(r:Protein|Complex)
WHERE p.id = $ligand OR p.symbol = $ligand OR p.name = $ligand
OPTIONAL MATCH (u:Protein)-[:PART_OF]->(r)
WITH [l.id, r.id] AS ids, [l.symbol, r.symbol] AS symbols, b.edge_id AS b_id, b.sign AS b_sign,
     b.mechanisms AS b_mechanisms, b.sources AS b_sources, b.pmids AS b_pmids,
     collect(DISTINCT u.id) AS subunits
UNWIND list_append(subunits, ids[2]) AS actor
MATCH (a:Protein|Complex)-[s:ACTIVATES|INHIBITS|REGULATES]->(k:Protein|Complex|Family)
WHERE a.id = actor AND a.id <> k.id
WITH ids, symbols, b_id, b_sign, b_mechanisms, b_sources, b_pmids,
     a.id AS a_id, a.symbol AS a_symbol, type(s) AS s_type, s.edge_id AS s_id, s.sign AS s_sign,
     s.mechanisms AS s_mechanisms, s.sources AS s_sources, s.pmids AS s_pmids, k
MATCH (k)-[h:ACTIVATES|INHIBITS|REGULATES]->(:Protein|Complex|Family)
WHERE 'phosphorylation' IN h.mechanisms
WITH ids, symbols, b_id, b_sign, b_mechanisms, b_sources, b_pmids,
     a_id, a_symbol, s_type, s_id, s_sign, s_mechanisms, s_sources, s_pmids, k,
     min(h.edge_id) AS kinase_edge_id
MATCH (k)-[t:ACTIVATES|INHIBITS|REGULATES]->(f:Protein|Complex|Family)
WHERE a_id <> f.id AND k.id <> f.id
WITH ids, symbols, b_id, b_sign, b_mechanisms, b_sources, b_pmids,
     a_id, a_symbol, s_type, s_id, s_sign, s_mechanisms, s_sources, s_pmids,
     k.id AS k_id, k.symbol AS k_symbol, kinase_edge_id, t, f
MATCH (f)-[g:ACTIVATES|INHIBITS|REGULATES]->(x:Protein|Complex|Family)
WHERE any(m IN g.mechanisms WHERE m IN ['transcriptional regulation', 'transcriptional activation',
                                        'transcriptional repression'])
  AND a_id <> x.id AND k_id <> x.id AND f.id <> x.id
RETURN s_sign * t.sign * g.sign AS sign, list_concat(ids, [a_id, k_id, f.id, x.id]) AS nodes,
       list_concat(symbols, [a_symbol, k_symbol, f.symbol, x.symbol]) AS symbols, kinase_edge_id,
       ['BINDS', s_type, type(t), type(g)] AS effects, [b_sign, s_sign, t.sign, g.sign] AS signs,
       [b_mechanisms, s_mechanisms, t.mechanisms, g.mechanisms] AS mechanisms,
       [b_id, s_id, t.edge_id, g.edge_id] AS edge_ids,
       [b_sources, s_sources, t.sources, g.sources] AS sources,
       [b_pmids, s_pmids, t.pmids, g.pmids] AS pmids
ORDER BY ids[1], ids[2], a_id, k_id, f.id, x.id, b_id, s_id, t.edge_id, g.edge_id
LIMIT $limit
