"""Confidence intervals of all figures: survival curves, means, rates, counts and differences."""
