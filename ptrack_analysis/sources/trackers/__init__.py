"""Files of other trackers: one reader per format, all ending in the same tables."""
