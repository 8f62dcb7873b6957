"""`python -m tests.fuzz.one TARGET CORPUS [FLAG ...]`: one target under atheris, with libFuzzer's flags."""

import random
import sys
import warnings
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent))
with atheris.instrument_imports(include=["ptrack_analysis"], enable_loader_override=False):
    from tests.fuzz.mutation import mutate
    from tests.fuzz.seeds import SEEDS
    from tests.fuzz.targets import TARGETS


def _mutated(content, limit, seed):
    """Change values within their form three times of four, else bytes as libFuzzer does."""
    made = mutate(content, seed, limit) if random.Random(seed).random() < 0.75 else None
    return made if made is not None else atheris.Mutate(content, limit)


def main():
    """Write the seeds to the corpus, and fuzz until the time is over or something breaks."""
    name, corpus = sys.argv[1:3]
    kept = [
        path.read_bytes()
        for path in sorted((Path(__file__).parent / "found" / name).glob("*"))
        if path.is_file()
    ]
    for number, seed in enumerate([*SEEDS[name], *kept]):
        Path(corpus, f"seed-{number:03}").write_bytes(seed)
    warnings.simplefilter("error")  # as under the tests
    target = TARGETS[name]
    atheris.Setup(
        [sys.argv[0], corpus, *sys.argv[3:]], lambda content: target(bytes(content)), custom_mutator=_mutated
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
