// Drugs whose signed action opposes a change of a protein: directly, or through what acts on it.
// @param protein Protein The protein, by id, symbol or name. e.g. TP53
// @param change sign How the protein is changed: 1 raised, -1 lowered. e.g. 1
// @param limit integer = 1000 Rows at most. e.g. 20
// @column steps 1 where the drug acts on the protein itself, 2 where it acts on a regulator of it.
// @column drug_id Id of the drug.
// @column drug Its name.
// @column action What it does to its target.
// @column target_id Id of its target: the protein, or the regulator.
// @column target_symbol Symbol of the target; null for a complex or a family.
// @column target Name of the target.
// @column effect What the regulator does to the protein; null where the drug acts on it directly.
// @column signs Sign of each step; their product is the opposite of the change.
// @column edge_ids Id of the fact behind each step, for edge_evidence.
// @column sources Sources of each step.
// @column pmids Publications behind each step.
// :param protein => 'TP53'
// :param change => 1
// :param limit => 1000
MATCH (p:Protein) WHERE p.id = $protein OR p.symbol = $protein OR p.name = $protein
MATCH q = (p)<-[:ACTIVATES|INHIBITS*0..1]-(u:Protein|Complex|Family)
WHERE length(q) = 0 OR u.id <> p.id
MATCH (d:Drug)-[t:TARGETS]->(u)
WITH d, u, t, q, [t] + relationships(q) AS steps
WHERE reduce(sign = 1, r IN steps | sign * r.sign) = -$change
RETURN size(steps) AS steps, d.id AS drug_id, d.name AS drug, t.action AS action,
       u.id AS target_id, u.symbol AS target_symbol, u.name AS target,
       head([r IN relationships(q) | type(r)]) AS effect, [r IN steps | r.sign] AS signs,
       [r IN steps | r.edge_id] AS edge_ids, [r IN steps | r.sources] AS sources,
       [r IN steps | r.pmids] AS pmids
ORDER BY steps, drug_id, target_id, edge_ids
LIMIT $limit
