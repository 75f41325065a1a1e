"""From a question in English to an answer that rows support."""
