"""The report: one self-contained page about a video or a dataset."""
