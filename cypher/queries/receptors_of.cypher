// Receptors that a ligand binds, alone or as part of a complex.
// @param protein Protein The protein, by id, symbol or name. e.g. EGF
// @param limit integer = 1000 Rows at most. e.g. 20
// @column receptor_id Id of the receptor, a protein or a complex.
// @column symbol Symbol of its gene; null for a complex.
// @column receptor Name of the receptor.
// @column ligand_id What binds it: the protein, or the complex.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param protein => 'EGF'
// :param limit => 1000
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
MATCH (p)-[:PART_OF*0..1]->(l:Protein|Complex)-[b:BINDS]->(r:Protein|Complex)
RETURN r.id AS receptor_id, r.symbol AS symbol, r.name AS receptor, l.id AS ligand_id,
       b.edge_id AS edge_id, b.sources AS sources, b.pmids AS pmids
ORDER BY receptor_id, ligand_id, edge_id
LIMIT $limit
