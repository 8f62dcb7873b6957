"""Saved GetPersonTracking pages: decoding, rows, jobs, completeness."""
