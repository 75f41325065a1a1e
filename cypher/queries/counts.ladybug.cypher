// The same question for the embedded graph, which has no subqueries.
MATCH (n)
WITH label(n) AS name, count(*) AS number
WITH collect({kind: 'node', name: name, number: number}) AS nodes
MATCH ()-[r]->()
WITH nodes, label(r) AS name, count(*) AS number
WITH nodes, collect({kind: 'edge', name: name, number: number}) AS edges
UNWIND list_concat(nodes, edges) AS x
RETURN x.kind AS kind, x.name AS name, x.number AS number
ORDER BY kind, name
