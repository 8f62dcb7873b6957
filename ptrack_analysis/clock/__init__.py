"""Wall-clock time: when each video was recorded, and what happened in which hour of its place."""
