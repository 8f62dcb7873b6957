"""Keeps pytest from importing the benchmarks."""

collect_ignore_glob = ["*.py"]
