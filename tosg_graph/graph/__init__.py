"""From a graph build to Cypher: two engines behind one protocol, and the named queries."""
