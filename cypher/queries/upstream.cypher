// What acts on a protein directly, with sign and publications.
// @param protein Protein The protein, by id, symbol or name. e.g. TP53
// @param limit integer = 1000 Rows at most. e.g. 20
// @column source_id Id of the protein or complex.
// @column symbol Symbol of its gene; null for a complex.
// @column name Its name.
// @column effect ACTIVATES, INHIBITS or REGULATES.
// @column sign +1 raises, -1 lowers, null where not known.
// @column mechanisms Mechanisms that the sources name.
// @column edge_id Id of the fact, for edge_evidence.
// @column sources Sources that state the fact.
// @column pmids Publications behind the fact.
// :param protein => 'TP53'
// :param limit => 1000
MATCH (s:Protein|Complex|Family)-[r:ACTIVATES|INHIBITS|REGULATES]->(t:Protein)
WHERE t.id = $protein OR t.symbol = $protein OR t.name = $protein
RETURN s.id AS source_id, s.symbol AS symbol, s.name AS name, type(r) AS effect,
       r.sign AS sign, r.mechanisms AS mechanisms,
       r.edge_id AS edge_id, r.sources AS sources, r.pmids AS pmids
ORDER BY source_id, effect, edge_id
LIMIT $limit
