// How many nodes of each label and edges of each type there are.
// @column kind node or edge.
// @column name The label or the type.
// @column number How many there are.
CALL () {
  MATCH (n:Gene) RETURN 'node' AS kind, 'Gene' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Transcript) RETURN 'node' AS kind, 'Transcript' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Protein) RETURN 'node' AS kind, 'Protein' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Complex) RETURN 'node' AS kind, 'Complex' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Family) RETURN 'node' AS kind, 'Family' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Pathway) RETURN 'node' AS kind, 'Pathway' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Disease) RETURN 'node' AS kind, 'Disease' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Drug) RETURN 'node' AS kind, 'Drug' AS name, count(n) AS number
  UNION ALL
  MATCH (n:CellType) RETURN 'node' AS kind, 'CellType' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Tissue) RETURN 'node' AS kind, 'Tissue' AS name, count(n) AS number
  UNION ALL
  MATCH (n:Compartment) RETURN 'node' AS kind, 'Compartment' AS name, count(n) AS number
  UNION ALL
  MATCH ()-[r:TRANSCRIBED_TO]->() RETURN 'edge' AS kind, 'TRANSCRIBED_TO' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:TRANSLATED_TO]->() RETURN 'edge' AS kind, 'TRANSLATED_TO' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:ENCODES]->() RETURN 'edge' AS kind, 'ENCODES' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:PART_OF]->() RETURN 'edge' AS kind, 'PART_OF' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:ACTIVATES]->() RETURN 'edge' AS kind, 'ACTIVATES' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:INHIBITS]->() RETURN 'edge' AS kind, 'INHIBITS' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:REGULATES]->() RETURN 'edge' AS kind, 'REGULATES' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:BINDS]->() RETURN 'edge' AS kind, 'BINDS' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:INTERACTS_WITH]->() RETURN 'edge' AS kind, 'INTERACTS_WITH' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:MEMBER_OF]->() RETURN 'edge' AS kind, 'MEMBER_OF' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:LOCATED_IN]->() RETURN 'edge' AS kind, 'LOCATED_IN' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:IS_A]->() RETURN 'edge' AS kind, 'IS_A' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:CHILD_OF]->() RETURN 'edge' AS kind, 'CHILD_OF' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:ASSOCIATED_WITH]->() RETURN 'edge' AS kind, 'ASSOCIATED_WITH' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:TARGETS]->() RETURN 'edge' AS kind, 'TARGETS' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:TREATS]->() RETURN 'edge' AS kind, 'TREATS' AS name, count(r) AS number
  UNION ALL
  MATCH ()-[r:PALLIATES]->() RETURN 'edge' AS kind, 'PALLIATES' AS name, count(r) AS number
}
WITH kind, name, number WHERE number > 0
RETURN kind, name, number
ORDER BY kind, name
