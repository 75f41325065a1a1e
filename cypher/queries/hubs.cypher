// Nodes of a label with the most facts of a type.
// @param label label Label of the nodes. e.g. Protein
// @param type type Type of the edges. e.g. ACTIVATES
// @param limit integer = 20 Rows at most. e.g. 5
// @column node_id Id of the node.
// @column symbol Its symbol; null where its label has none.
// @column name Its name.
// @column degree Edges of the type at the node; an edge from it to itself counts twice.
// @column outgoing Those that begin there; without meaning for a type that has no direction.
// @column incoming Those that end there.
// :param label => 'Protein'
// :param type => 'ACTIVATES'
// :param limit => 20
CALL () {
  MATCH (n:Gene) WHERE $label = 'Gene' RETURN n
  UNION ALL
  MATCH (n:Transcript) WHERE $label = 'Transcript' RETURN n
  UNION ALL
  MATCH (n:Protein) WHERE $label = 'Protein' RETURN n
  UNION ALL
  MATCH (n:Complex) WHERE $label = 'Complex' RETURN n
  UNION ALL
  MATCH (n:Family) WHERE $label = 'Family' RETURN n
  UNION ALL
  MATCH (n:Pathway) WHERE $label = 'Pathway' RETURN n
  UNION ALL
  MATCH (n:Disease) WHERE $label = 'Disease' RETURN n
  UNION ALL
  MATCH (n:Drug) WHERE $label = 'Drug' RETURN n
  UNION ALL
  MATCH (n:CellType) WHERE $label = 'CellType' RETURN n
  UNION ALL
  MATCH (n:Tissue) WHERE $label = 'Tissue' RETURN n
  UNION ALL
  MATCH (n:Compartment) WHERE $label = 'Compartment' RETURN n
}
WITH n,
     CASE $type
       WHEN 'TRANSCRIBED_TO' THEN COUNT { (n)-[:TRANSCRIBED_TO]->() }
       WHEN 'TRANSLATED_TO' THEN COUNT { (n)-[:TRANSLATED_TO]->() }
       WHEN 'ENCODES' THEN COUNT { (n)-[:ENCODES]->() }
       WHEN 'PART_OF' THEN COUNT { (n)-[:PART_OF]->() }
       WHEN 'ACTIVATES' THEN COUNT { (n)-[:ACTIVATES]->() }
       WHEN 'INHIBITS' THEN COUNT { (n)-[:INHIBITS]->() }
       WHEN 'REGULATES' THEN COUNT { (n)-[:REGULATES]->() }
       WHEN 'BINDS' THEN COUNT { (n)-[:BINDS]->() }
       WHEN 'INTERACTS_WITH' THEN COUNT { (n)-[:INTERACTS_WITH]->() }
       WHEN 'MEMBER_OF' THEN COUNT { (n)-[:MEMBER_OF]->() }
       WHEN 'LOCATED_IN' THEN COUNT { (n)-[:LOCATED_IN]->() }
       WHEN 'IS_A' THEN COUNT { (n)-[:IS_A]->() }
       WHEN 'CHILD_OF' THEN COUNT { (n)-[:CHILD_OF]->() }
       WHEN 'ASSOCIATED_WITH' THEN COUNT { (n)-[:ASSOCIATED_WITH]->() }
       WHEN 'TARGETS' THEN COUNT { (n)-[:TARGETS]->() }
       WHEN 'TREATS' THEN COUNT { (n)-[:TREATS]->() }
       WHEN 'PALLIATES' THEN COUNT { (n)-[:PALLIATES]->() }
     END AS outgoing,
     CASE $type
       WHEN 'TRANSCRIBED_TO' THEN COUNT { (n)<-[:TRANSCRIBED_TO]-() }
       WHEN 'TRANSLATED_TO' THEN COUNT { (n)<-[:TRANSLATED_TO]-() }
       WHEN 'ENCODES' THEN COUNT { (n)<-[:ENCODES]-() }
       WHEN 'PART_OF' THEN COUNT { (n)<-[:PART_OF]-() }
       WHEN 'ACTIVATES' THEN COUNT { (n)<-[:ACTIVATES]-() }
       WHEN 'INHIBITS' THEN COUNT { (n)<-[:INHIBITS]-() }
       WHEN 'REGULATES' THEN COUNT { (n)<-[:REGULATES]-() }
       WHEN 'BINDS' THEN COUNT { (n)<-[:BINDS]-() }
       WHEN 'INTERACTS_WITH' THEN COUNT { (n)<-[:INTERACTS_WITH]-() }
       WHEN 'MEMBER_OF' THEN COUNT { (n)<-[:MEMBER_OF]-() }
       WHEN 'LOCATED_IN' THEN COUNT { (n)<-[:LOCATED_IN]-() }
       WHEN 'IS_A' THEN COUNT { (n)<-[:IS_A]-() }
       WHEN 'CHILD_OF' THEN COUNT { (n)<-[:CHILD_OF]-() }
       WHEN 'ASSOCIATED_WITH' THEN COUNT { (n)<-[:ASSOCIATED_WITH]-() }
       WHEN 'TARGETS' THEN COUNT { (n)<-[:TARGETS]-() }
       WHEN 'TREATS' THEN COUNT { (n)<-[:TREATS]-() }
       WHEN 'PALLIATES' THEN COUNT { (n)<-[:PALLIATES]-() }
     END AS incoming
WHERE outgoing + incoming > 0
RETURN n.id AS node_id, n.symbol AS symbol, n.name AS name,
       outgoing + incoming AS degree, outgoing, incoming
ORDER BY degree DESC, node_id
LIMIT $limit
