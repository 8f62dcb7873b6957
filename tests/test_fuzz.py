"""Readers of others' files under random input: the seeds, all that was ever found, and a short search.

``python -m tests.fuzz`` searches for longer, guided by coverage.
"""

from pathlib import Path

import pytest

from tests.fuzz.mutation import mutate
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "fuzz" / "found"
LENGTH, CHAINS, CHANGES = 65_536, 20, 8


def cases(name):
    """Give the seeds of a target and what broke it once, each with its name."""
    for number, content in enumerate(SEEDS[name]):
        yield f"seed {number}", content
    for file in sorted(path for path in (FOUND / name).glob("*") if path.is_file()):
        yield file.name, file.read_bytes()


@pytest.mark.parametrize("name", TARGETS)
def test_what_broke_a_reader_once_does_so_no_more(name):
    for case, content in cases(name):
        try:
            TARGETS[name](content)
        except Exception as error:
            raise AssertionError(f"{name}: {case}: {content!r:.200}") from error


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_give_the_right_tables_or_one_sentence_with_a_place(name):
    seeds = SEEDS[name]
    for chain in range(CHAINS):
        content = seeds[chain % len(seeds)]
        for change in range(CHANGES):
            content = mutate(content, 1000 * chain + change, LENGTH) or content
            try:
                TARGETS[name](content)
            except Exception as error:
                raise AssertionError(f"{name}: {content!r:.2000}") from error
