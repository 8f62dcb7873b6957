"""Who was in zones: visits, occupancy, overlaps."""
