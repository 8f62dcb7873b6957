"""Many videos on an Executor."""
