"""Cleaning: gaps, jitter, jumps, short tracks and broken identities."""
