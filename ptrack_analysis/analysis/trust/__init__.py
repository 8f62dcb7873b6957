"""How far to trust the numbers: quality, intervals, sensitivity, tallies."""
