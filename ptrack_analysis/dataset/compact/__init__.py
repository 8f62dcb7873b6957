"""Compacting a dataset: the same tables as few large files."""
