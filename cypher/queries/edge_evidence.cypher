// What is known of one fact: its ends, its sources, their licences and publications.
// @param edge_id string The edge_id that another query shows. e.g. fb9a415ddc90fc78
// @column source_id Id of its source.
// @column source Name of its source.
// @column type Type of the edge.
// @column target_id Id of its target.
// @column target Name of its target.
// @column sign +1 raises, -1 lowers, null where not known.
// @column mechanisms Mechanisms that the sources name.
// @column sources Sources that state the fact.
// @column licences Licences of the statements.
// @column pmids Publications behind the fact.
// @column n_evidence Number of statements behind the fact.
// :param edge_id => 'fb9a415ddc90fc78'
MATCH (a)-[r:TRANSCRIBED_TO|TRANSLATED_TO|ENCODES|PART_OF|ACTIVATES|INHIBITS|REGULATES|BINDS
           |INTERACTS_WITH|MEMBER_OF|LOCATED_IN|IS_A|CHILD_OF|ASSOCIATED_WITH|TARGETS|TREATS|PALLIATES]->(b)
WHERE r.edge_id = $edge_id
RETURN a.id AS source_id, a.name AS source, type(r) AS type, b.id AS target_id, b.name AS target,
       r.sign AS sign, r.mechanisms AS mechanisms, r.sources AS sources, r.licences AS licences,
       r.pmids AS pmids, r.n_evidence AS n_evidence
ORDER BY source_id, type, target_id
