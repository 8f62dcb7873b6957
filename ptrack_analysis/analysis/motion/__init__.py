"""How people moved: velocity, the way walked, stops, simpler paths."""
