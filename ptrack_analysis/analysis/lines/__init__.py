"""Who crossed lines: crossings, counts, their balance."""
