"""Crowds: density, flow, encounters and groups."""
