"""Benchmarks: how fast, in how much memory, beside what else does it; `python -m tests.benchmarks`."""
