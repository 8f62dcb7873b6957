"""Where time was spent: heatmaps and their grids."""
