"""Heatmaps: time, visits, people and speed per grid cell."""
