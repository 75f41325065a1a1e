// Generated from tosg_graph/schema.py by: python -m tosg_graph.graph.ddl

// An id is unique within its label.
CREATE CONSTRAINT tosg_Gene_id IF NOT EXISTS FOR (n:Gene) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Transcript_id IF NOT EXISTS FOR (n:Transcript) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Protein_id IF NOT EXISTS FOR (n:Protein) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Complex_id IF NOT EXISTS FOR (n:Complex) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Family_id IF NOT EXISTS FOR (n:Family) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Pathway_id IF NOT EXISTS FOR (n:Pathway) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Disease_id IF NOT EXISTS FOR (n:Disease) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Drug_id IF NOT EXISTS FOR (n:Drug) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_CellType_id IF NOT EXISTS FOR (n:CellType) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Tissue_id IF NOT EXISTS FOR (n:Tissue) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT tosg_Compartment_id IF NOT EXISTS FOR (n:Compartment) REQUIRE n.id IS UNIQUE;

// What is looked up: names, symbols and accessions of nodes, ids of facts.
CREATE RANGE INDEX tosg_Gene_name IF NOT EXISTS FOR (n:Gene) ON (n.name);
CREATE RANGE INDEX tosg_Gene_symbol IF NOT EXISTS FOR (n:Gene) ON (n.symbol);
CREATE RANGE INDEX tosg_Transcript_name IF NOT EXISTS FOR (n:Transcript) ON (n.name);
CREATE RANGE INDEX tosg_Transcript_symbol IF NOT EXISTS FOR (n:Transcript) ON (n.symbol);
CREATE RANGE INDEX tosg_Protein_name IF NOT EXISTS FOR (n:Protein) ON (n.name);
CREATE RANGE INDEX tosg_Protein_symbol IF NOT EXISTS FOR (n:Protein) ON (n.symbol);
CREATE RANGE INDEX tosg_Protein_accession IF NOT EXISTS FOR (n:Protein) ON (n.accession);
CREATE RANGE INDEX tosg_Protein_entry_name IF NOT EXISTS FOR (n:Protein) ON (n.entry_name);
CREATE RANGE INDEX tosg_Complex_name IF NOT EXISTS FOR (n:Complex) ON (n.name);
CREATE RANGE INDEX tosg_Family_name IF NOT EXISTS FOR (n:Family) ON (n.name);
CREATE RANGE INDEX tosg_Pathway_name IF NOT EXISTS FOR (n:Pathway) ON (n.name);
CREATE RANGE INDEX tosg_Disease_name IF NOT EXISTS FOR (n:Disease) ON (n.name);
CREATE RANGE INDEX tosg_Drug_name IF NOT EXISTS FOR (n:Drug) ON (n.name);
CREATE RANGE INDEX tosg_CellType_name IF NOT EXISTS FOR (n:CellType) ON (n.name);
CREATE RANGE INDEX tosg_Tissue_name IF NOT EXISTS FOR (n:Tissue) ON (n.name);
CREATE RANGE INDEX tosg_Compartment_name IF NOT EXISTS FOR (n:Compartment) ON (n.name);
CREATE RANGE INDEX tosg_TRANSCRIBED_TO_edge_id IF NOT EXISTS FOR ()-[r:TRANSCRIBED_TO]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_TRANSLATED_TO_edge_id IF NOT EXISTS FOR ()-[r:TRANSLATED_TO]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_ENCODES_edge_id IF NOT EXISTS FOR ()-[r:ENCODES]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_PART_OF_edge_id IF NOT EXISTS FOR ()-[r:PART_OF]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_ACTIVATES_edge_id IF NOT EXISTS FOR ()-[r:ACTIVATES]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_INHIBITS_edge_id IF NOT EXISTS FOR ()-[r:INHIBITS]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_REGULATES_edge_id IF NOT EXISTS FOR ()-[r:REGULATES]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_BINDS_edge_id IF NOT EXISTS FOR ()-[r:BINDS]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_INTERACTS_WITH_edge_id IF NOT EXISTS FOR ()-[r:INTERACTS_WITH]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_MEMBER_OF_edge_id IF NOT EXISTS FOR ()-[r:MEMBER_OF]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_LOCATED_IN_edge_id IF NOT EXISTS FOR ()-[r:LOCATED_IN]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_IS_A_edge_id IF NOT EXISTS FOR ()-[r:IS_A]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_CHILD_OF_edge_id IF NOT EXISTS FOR ()-[r:CHILD_OF]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_ASSOCIATED_WITH_edge_id IF NOT EXISTS FOR ()-[r:ASSOCIATED_WITH]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_TARGETS_edge_id IF NOT EXISTS FOR ()-[r:TARGETS]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_TREATS_edge_id IF NOT EXISTS FOR ()-[r:TREATS]-() ON (r.edge_id);
CREATE RANGE INDEX tosg_PALLIATES_edge_id IF NOT EXISTS FOR ()-[r:PALLIATES]-() ON (r.edge_id);
CREATE FULLTEXT INDEX tosg_names IF NOT EXISTS FOR (n:Gene|Transcript|Protein|Complex|Family|Pathway|Disease|Drug|CellType|Tissue|Compartment) ON EACH [n.name, n.synonyms, n.symbol] OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words'}};
