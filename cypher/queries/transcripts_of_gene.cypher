// Transcripts of a gene, the representative one first.
// @param gene Gene The gene, by id, symbol or name. e.g. EGFR
// @param limit integer = 1000 Rows at most. e.g. 20
// @column transcript_id Id of the transcript.
// @column transcript Its name.
// @column biotype Biotype of Ensembl, such as protein_coding.
// @column mane_select Whether MANE chose the transcript.
// @column version Version of the id in the source that named it.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param gene => 'EGFR'
// :param limit => 1000
MATCH (g:Gene)-[r:TRANSCRIBED_TO]->(t:Transcript)
WHERE g.id = $gene OR g.symbol = $gene OR g.name = $gene
RETURN t.id AS transcript_id, t.name AS transcript, t.biotype AS biotype,
       t.mane_select AS mane_select, t.version AS version,
       r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY coalesce(t.mane_select, false) DESC, transcript_id, edge_id
LIMIT $limit
