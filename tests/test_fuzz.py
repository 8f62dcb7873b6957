"""Readers and servers with random input: the seeds, all input that once broke them, and a short search.

``python -m tests.fuzz`` searches for longer, guided by coverage.
"""

import pytest

from ptrack_analysis.sources.trackers.formats import TRACKERS
from tests.fuzz.mutation import mutate
from tests.fuzz.seeds import SEEDS, WORDS, list_cases
from tests.fuzz.targets import FAMILIES, TARGETS, is_deep

LENGTH, CHAINS, CHANGES = 65_536, 20, 8


@pytest.mark.parametrize("name", TARGETS)
def test_input_that_once_broke_a_target_passes(name):
    for case, content in list_cases(name):
        try:
            TARGETS[name](content, deep=not case.startswith("seed") or is_deep(content))
        except Exception as error:
            raise AssertionError(f"{name}: {case}: {content!r:.200}") from error


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_give_correct_tables_or_an_error_of_one_line_that_names_the_file(name):
    seeds = SEEDS[name]
    for chain in range(CHAINS):
        content = seeds[chain * len(seeds) // CHAINS]
        for change in range(CHANGES):
            content = mutate(content, 1000 * chain + change, LENGTH, WORDS.get(name, ())) or content
            try:
                TARGETS[name](content, deep=is_deep(content))
            except Exception as error:
                raise AssertionError(f"{name}: {content!r:.2000}") from error


def test_every_tracker_format_is_fuzzed_from_a_seed():
    seeds = {
        content[1:].split(b"\n")[0].decode()
        for name in FAMILIES
        for content in SEEDS[name]
        if content[:1] == b"\1"
    }
    assert {*TRACKERS} <= seeds
