"""The analysis of one video: configuration, analysis object and list of outputs."""
