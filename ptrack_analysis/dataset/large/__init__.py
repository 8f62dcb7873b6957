"""A video that is larger than memory: measured block after block, with the same bytes as a whole."""
