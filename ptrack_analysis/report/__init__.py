"""The report: one self-contained page about a video, or about the many of a dataset."""
