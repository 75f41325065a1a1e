"""A tokenizer and a parser for the part of Cypher that reads; the read gate is built on them."""
