"""Comparison of two trackings of one video: matches, agreement and standard metrics."""
