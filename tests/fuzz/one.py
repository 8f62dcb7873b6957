"""`python -m tests.fuzz.one TARGET CORPUS [FLAG ...]`: one target under atheris, with libFuzzer's flags."""

import random
import sys
import warnings
from functools import cache
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent))
with atheris.instrument_imports(include=["ptrack_analysis"], enable_loader_override=False):
    from ptrack_analysis import limits
    from tests.fuzz.mutation import mutate
    from tests.fuzz.seeds import WORDS, list_cases
    from tests.fuzz.targets import TARGETS, is_deep


def main():
    """Write the seeds to the corpus, and fuzz until the time is over or something breaks."""
    name, corpus = sys.argv[1:3]
    target, words = TARGETS[name], WORDS.get(name, ())

    def change(content, limit, seed):
        """Change values within their form three times of four, otherwise bytes as libFuzzer does."""
        made = mutate(content, seed, limit, words) if random.Random(seed).random() < 0.75 else None
        return made if made is not None else atheris.Mutate(content, limit)

    for number, (_, content) in enumerate(list_cases(name)):
        Path(corpus, f"seed-{number:03}").write_bytes(content)
    warnings.simplefilter("error")  # as in the tests
    limits.available_memory = cache(limits.available_memory)  # takes as long as reading a small file
    atheris.Setup(
        [sys.argv[0], corpus, *sys.argv[3:]],
        lambda content: target(bytes(content), deep=is_deep(content)),
        custom_mutator=change,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
