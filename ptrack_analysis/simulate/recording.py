"""One simulated video: who walks through it, with which number, seen how."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.simulate.detector import Sighting, detect, sample_times
from ptrack_analysis.simulate.truth import Truth, observe
from ptrack_analysis.simulate.walkers import make_walk

FRAME_RATE = 25.0  # [frames per second]
EARLIEST = -30_000  # who came before is gone, or nearly, when the video starts [ms]
LATEST = 10_000  # before the video's end, somebody may still come [ms]


@dataclass(frozen=True)
class Plan:
    """What shall be filmed.

    Attributes
    ----------
    name : the video's name
    duration : its length [ms]
    persons : how many persons come into sight
    """

    name: str
    duration: int
    persons: int


@dataclass(frozen=True)
class Recording:
    """A video's persons, true and reported; a person's number is the place in these tuples.

    Attributes
    ----------
    plan : what was to be filmed
    truths : where each person truly was
    sightings : what the service reports of each
    """

    plan: Plan
    truths: tuple[Truth, ...]
    sightings: tuple[Sighting, ...]


SCENES = {
    "shop": (Plan("shop", 180_000, 13),),
    "day": (Plan("morning", 75_000, 5), Plan("noon", 75_000, 8), Plan("evening", 60_000, 5)),
}


def record(plan: Plan, seed: int, number: int = 0) -> Recording:
    """Film one video; persons come about evenly, and are numbered in the order of their first detection.

    Parameters
    ----------
    plan : what shall be filmed
    seed : source of all chance
    number : which video of the scene this is
    """
    times = sample_times(np.random.default_rng([seed, number]), plan.duration, FRAME_RATE)
    spacing = (plan.duration - LATEST - EARLIEST) / plan.persons
    seen = []
    for person in range(plan.persons):
        rng = np.random.default_rng([seed, number, person + 1])
        arrival = int(EARLIEST + spacing * (person + rng.random()))
        walk = make_walk(rng, arrival, plan.duration)
        seen.append((observe(walk), detect(rng, walk, times)))
    seen.sort(key=lambda pair: pair[1].timestamps[0])
    return Recording(plan, tuple(truth for truth, _ in seen), tuple(sighting for _, sighting in seen))
