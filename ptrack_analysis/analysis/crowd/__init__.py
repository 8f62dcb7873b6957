"""Crowds: how dense, how fast, who is near whom."""
