"""Other trackers' files: one room a format, all ending in the same tables."""
