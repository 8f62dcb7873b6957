"""Faces: estimates of attention from the direction of faces."""
