"""Simulate people walking through a shop, with known true answers.

``python -m simulation OUT --scene shop`` writes an archive. The tests, the benchmarks and the files below
``data/`` come from here. The package ``ptrack_analysis`` does not import this one.
"""
