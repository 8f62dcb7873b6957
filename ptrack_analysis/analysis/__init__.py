"""Analyses: one file a question, each a function from tables to a new table."""
