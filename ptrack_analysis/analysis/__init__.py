"""Analyses: each is a function that computes a new table from tables."""
