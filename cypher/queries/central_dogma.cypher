// The proteins that a gene encodes, and the transcript between them where one is known.
// @param gene Gene The gene, by id, symbol or name. e.g. EGFR
// @param limit integer = 1000 Rows at most. e.g. 20
// @column gene_id Id of the gene.
// @column symbol Its symbol.
// @column transcript_id Id of the transcript, or null.
// @column mane_select Whether MANE chose the transcript.
// @column protein_id Id of the protein.
// @column protein Name of the protein.
// @column canonical Whether a bare symbol stands for this protein.
// @column edge_ids Ids of the facts: gene to transcript, transcript to protein, gene to protein.
// @column sources Sources that state that the gene encodes the protein.
// @column pmids Publications behind that.
// :param gene => 'EGFR'
// :param limit => 1000
MATCH (g:Gene)-[e:ENCODES]->(p:Protein)
WHERE g.id = $gene OR g.symbol = $gene OR g.name = $gene
OPTIONAL MATCH (g)-[a:TRANSCRIBED_TO]->(t:Transcript)-[b:TRANSLATED_TO]->(p)
RETURN g.id AS gene_id, g.symbol AS symbol, t.id AS transcript_id, t.mane_select AS mane_select,
       p.id AS protein_id, p.name AS protein, e.canonical AS canonical,
       [a.edge_id, b.edge_id, e.edge_id] AS edge_ids, e.sources AS sources, e.pmids AS pmids
ORDER BY gene_id, protein_id, coalesce(transcript_id, '')
LIMIT $limit
