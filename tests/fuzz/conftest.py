"""Keeps pytest from importing the fuzzer, which needs atheris."""

collect_ignore_glob = ["*.py"]
