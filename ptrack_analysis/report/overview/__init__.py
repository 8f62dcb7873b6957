"""The overview of a dataset: its videos side by side, and by hour and day."""
