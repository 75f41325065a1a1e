"""From checked rows to a graph build: a folder of Parquet tables with a manifest."""
