"""One video and what is computed of it: configuration, analysis object and list of outputs."""
