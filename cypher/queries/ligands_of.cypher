// Ligands that bind a protein, or a complex that it is part of.
// @param protein Protein The protein, by id, symbol or name. e.g. EGFR
// @param limit integer = 1000 Rows at most. e.g. 20
// @column ligand_id Id of the ligand, a protein or a complex.
// @column symbol Symbol of its gene; null for a complex.
// @column ligand Name of the ligand.
// @column receptor_id What it binds: the protein, or the complex.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param protein => 'EGFR'
// :param limit => 1000
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
MATCH (p)-[:PART_OF*0..1]->(r:Protein|Complex)<-[b:BINDS]-(l:Protein|Complex)
RETURN l.id AS ligand_id, l.symbol AS symbol, l.name AS ligand, r.id AS receptor_id,
       b.edge_id AS edge_id, b.sources AS sources, b.pmids AS pmids
ORDER BY ligand_id, receptor_id, edge_id
LIMIT $limit
