"""Detections and trajectories cleaned: gaps, jitter, jumps, short tracks, broken identities."""
