"""A seeded simulation of people walking through a shop, whose true answers are known."""
