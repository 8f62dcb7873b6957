"""Zones: visits, occupancy, transitions, retail metrics."""
