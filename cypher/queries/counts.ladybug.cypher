// The same question for the embedded graph, table by table, which it counts without reading them.
MATCH ()-[r:ACTIVATES]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'ACTIVATES' AS name, number
ORDER BY kind, name;
MATCH ()-[r:ASSOCIATED_WITH]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'ASSOCIATED_WITH' AS name, number
ORDER BY kind, name;
MATCH ()-[r:BINDS]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'BINDS' AS name, number
ORDER BY kind, name;
MATCH ()-[r:CHILD_OF]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'CHILD_OF' AS name, number
ORDER BY kind, name;
MATCH ()-[r:ENCODES]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'ENCODES' AS name, number
ORDER BY kind, name;
MATCH ()-[r:INHIBITS]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'INHIBITS' AS name, number
ORDER BY kind, name;
MATCH ()-[r:INTERACTS_WITH]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'INTERACTS_WITH' AS name, number
ORDER BY kind, name;
MATCH ()-[r:IS_A]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'IS_A' AS name, number
ORDER BY kind, name;
MATCH ()-[r:LOCATED_IN]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'LOCATED_IN' AS name, number
ORDER BY kind, name;
MATCH ()-[r:MEMBER_OF]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'MEMBER_OF' AS name, number
ORDER BY kind, name;
MATCH ()-[r:PALLIATES]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'PALLIATES' AS name, number
ORDER BY kind, name;
MATCH ()-[r:PART_OF]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'PART_OF' AS name, number
ORDER BY kind, name;
MATCH ()-[r:REGULATES]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'REGULATES' AS name, number
ORDER BY kind, name;
MATCH ()-[r:TARGETS]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'TARGETS' AS name, number
ORDER BY kind, name;
MATCH ()-[r:TRANSCRIBED_TO]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'TRANSCRIBED_TO' AS name, number
ORDER BY kind, name;
MATCH ()-[r:TRANSLATED_TO]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'TRANSLATED_TO' AS name, number
ORDER BY kind, name;
MATCH ()-[r:TREATS]->()
WITH count(*) AS number WHERE number > 0
RETURN 'edge' AS kind, 'TREATS' AS name, number
ORDER BY kind, name;
MATCH (n:CellType)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'CellType' AS name, number
ORDER BY kind, name;
MATCH (n:Compartment)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Compartment' AS name, number
ORDER BY kind, name;
MATCH (n:Complex)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Complex' AS name, number
ORDER BY kind, name;
MATCH (n:Disease)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Disease' AS name, number
ORDER BY kind, name;
MATCH (n:Drug)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Drug' AS name, number
ORDER BY kind, name;
MATCH (n:Family)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Family' AS name, number
ORDER BY kind, name;
MATCH (n:Gene)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Gene' AS name, number
ORDER BY kind, name;
MATCH (n:Pathway)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Pathway' AS name, number
ORDER BY kind, name;
MATCH (n:Protein)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Protein' AS name, number
ORDER BY kind, name;
MATCH (n:Tissue)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Tissue' AS name, number
ORDER BY kind, name;
MATCH (n:Transcript)
WITH count(*) AS number WHERE number > 0
RETURN 'node' AS kind, 'Transcript' AS name, number
ORDER BY kind, name
