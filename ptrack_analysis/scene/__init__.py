"""Zones, lines, floor plans and background images."""
