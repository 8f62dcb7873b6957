"""Motion: velocity, path length, stops and simplified paths."""
