"""Crossings of lines, and counts per bin."""
