"""How often intervals contain the truth, in simulated visits: lognormal, several per person."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist

import numpy as np
from scipy import sparse

from ptrack_analysis.analysis.heat.permutation import Design, compare_cells
from ptrack_analysis.analysis.uncertainty.estimates import (
    Interval,
    estimate_count,
    estimate_daily_count,
    estimate_difference,
    estimate_ratio,
)
from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_restricted_mean,
    estimate_survival,
    find_quantile,
    find_quantile_interval,
    shares_at,
)

SIGMA, ICC, MEDIAN, TARGET, HORIZON, VISITS = 1.0, 0.36, 10_000.0, 20_000, 30_000, 8
_NORMAL = NormalDist().cdf
MEAN = MEDIAN * np.exp(SIGMA**2 / 2)
BELOW_HORIZON = np.log(HORIZON / MEDIAN)
TRUTH = {
    "median": MEDIAN,
    "share within 20 s": _NORMAL(np.log(TARGET / MEDIAN)),
    "restricted mean": MEAN * _NORMAL(BELOW_HORIZON - 1) + HORIZON * (1 - _NORMAL(BELOW_HORIZON)),
    "mean": MEAN,
    "visits per person": (VISITS + 1) / 2,
}


@dataclass
class Cover:
    """How many intervals there were, how many contained the truth, how many were blank."""

    held: int = 0
    blank: int = 0
    widths: list[float] = field(default_factory=list)

    def add(self, interval, truth):
        """Count an interval; an open end reaches everywhere."""
        low, high = interval.low, interval.high
        if np.isnan(low) and np.isnan(high):
            self.blank += 1
            return
        self.held += not (low > truth or high < truth)
        self.widths.append(high - low)

    @property
    def share(self):
        """The share of the intervals given that contain the truth."""
        return self.held / len(self.widths) if self.widths else np.nan


def draw_visits(chance, people, *, censored):
    """Draw 1 to 8 visits per person; about a third are censored, or none."""
    count = chance.integers(1, VISITS + 1, people)
    unit = np.repeat(np.arange(people), count)
    own, each = chance.standard_normal(people)[unit], chance.standard_normal(len(unit))
    length = (MEDIAN * np.exp(SIGMA * (np.sqrt(ICC) * own + np.sqrt(1 - ICC) * each))).round().astype("int64")
    ended = np.ones(len(unit), dtype=bool)
    if censored:
        until = chance.exponential(3 * MEDIAN, len(unit)).round().astype("int64")
        ended, length = length <= until, np.minimum(length, until)
    return Lengths(length, ended, np.full(len(unit), -1), unit)


def estimate_dwell(visits, *, censored):
    """Return the interval of each figure of dwell with its estimate."""
    curve = estimate_survival(visits)
    longer, low, high = (values.item() for values in shares_at(curve, np.array([TARGET])))
    found = {
        "median": (find_quantile(curve, 0.5), find_quantile_interval(curve, 0.5)),
        "share within 20 s": (1 - longer, Interval(1 - high, 1 - low)),
        "restricted mean": estimate_restricted_mean(visits, curve, HORIZON),
    }
    if not censored:
        ones, first = np.ones(len(visits.unit)), np.diff(visits.unit, prepend=-1).astype("float64")
        found["mean"] = estimate_ratio(visits.length.astype("float64"), ones, visits.unit)
        found["visits per person"] = estimate_ratio(ones, first, visits.unit)
    return found


def cover_dwell(people, *, censored, replications):
    """Return the coverage of each figure of dwell, and the CPU seconds."""
    covers = {name: Cover() for name in TRUTH if not censored or name not in {"mean", "visits per person"}}
    start = time.process_time()
    for seed in range(replications):
        visits = draw_visits(np.random.default_rng([people, censored, seed]), people, censored=censored)
        for name, (_, interval) in estimate_dwell(visits, censored=censored).items():
            covers[name].add(interval, TRUTH[name])
    return covers, time.process_time() - start


def cover_differences(people, *, censored, replications):
    """Return how often the interval of a difference of two like samples contains 0, and the CPU seconds."""
    covers = {name: Cover() for name in TRUTH if not censored or name not in {"mean", "visits per person"}}
    start = time.process_time()
    for seed in range(replications):
        chance = np.random.default_rng([people, 7, censored, seed])
        one, other = (
            estimate_dwell(draw_visits(chance, people, censored=censored), censored=censored)
            for _ in range(2)
        )
        for name, cover in covers.items():
            cover.add(estimate_difference(*one[name], *other[name]), 0.0)
    return covers, time.process_time() - start


def cover_counts(mean, sizes, *, replications):
    """Return the coverage of a count of people who come in groups of these sizes, and the CPU seconds."""
    cover, start = Cover(), time.process_time()
    groups = mean / np.mean(sizes)
    for seed in range(replications):
        chance = np.random.default_rng([int(10 * mean), len(sizes), seed])
        cover.add(estimate_count(chance.choice(sizes, chance.poisson(groups))), mean)
    return cover, time.process_time() - start


def cover_days(mean, days, *, spread, replications):
    """Return the coverage of a mean per day; ``spread`` is the relative deviation from day to day."""
    cover, start = Cover(), time.process_time()
    for seed in range(replications):
        chance = np.random.default_rng([int(10 * mean), days, int(100 * spread), seed])
        rate = mean * chance.gamma(spread**-2, spread**2, days) if spread else np.full(days, mean)
        cover.add(estimate_daily_count(chance.poisson(rate))[1], mean)
    return cover, time.process_time() - start


CELLS, PERMUTATIONS, LEVEL = 12, 199, 0.05


def draw_groups(chance, sizes, groups):
    """Draw the time [ms] of each person in each cell, and the group of each person; members stay together."""
    group = np.repeat(np.arange(groups), chance.choice(sizes, groups))
    shared = chance.lognormal(9, 1, (groups, CELLS)) * (chance.random((groups, CELLS)) < 0.5)
    return shared[group] * chance.lognormal(0, 0.2, (len(group), CELLS)), group


def find_false_positives(sizes, *, groups, recall=1.0, by_person=False, replications):
    """Return the share of comparisons without any difference that have a p of at most 0.05, and CPU seconds.

    ``recall`` is the share of the groups that detection finds; people of the others count on their own.
    """
    found, start = 0, time.process_time()
    for seed in range(replications):
        chance = np.random.default_rng([groups, *sizes, seed])
        held, group = draw_groups(chance, sizes, groups)
        first = chance.permutation(groups) < groups // 2
        order = np.argsort(~first[group], kind="stable")
        held, group = held[order], group[order]
        number = np.arange(len(group)) if by_person else group
        if recall < 1:
            number = np.where((chance.random(groups) < recall)[group], group, groups + np.arange(len(group)))
        number = np.unique(number, return_inverse=True)[1]
        number = np.argsort(np.argsort(np.unique(number, return_index=True)[1]))[number]
        ours = int(first[group].sum())
        members = sparse.coo_array((np.ones(len(group)), (number, np.arange(len(group))))).tocsr()
        design = Design((ours, len(group) - ours), members, None, PERMUTATIONS)
        _, p = compare_cells(sparse.csc_array(members @ sparse.csr_array(held)), design, PERMUTATIONS, seed)
        found += (p <= LEVEL).any()
    return found / replications, time.process_time() - start


REPLICATIONS = 2000
PEOPLE = (6, 10, 20, 50, 100)
SIZES = {"singles": [1], "pairs": [2], "triples": [3], "mixed, 1 to 3": [1, 2, 3]}


def measure(replications=REPLICATIONS):
    """Return all tables: title -> (headings, rows, CPU seconds); shares as numbers, None where blank."""
    return {
        "Dwell": _dwell_table(cover_dwell, replications),
        "Differences": _dwell_table(cover_differences, replications),
        "Counts": _count_table(replications),
        "Days": _day_table(replications),
        "Heatmaps": _heatmap_table(replications),
    }


def _dwell_table(cover, replications):
    rows, total = [], 0.0
    for censored in (False, True):
        for people in PEOPLE:
            covers, seconds = cover(people, censored=censored, replications=replications)
            total += seconds
            shares = [
                None if name not in covers or covers[name].blank > replications / 2 else covers[name].share
                for name in TRUTH
            ]
            rows.append(["about 40 % censored" if censored else "none censored", people, *shares])
    return ["ends", "people", *TRUTH], rows, total


def _count_table(replications):
    rows, total = [], 0.0
    for mean in (1, 3, 10, 30, 100):
        found = [cover_counts(mean, np.array(sizes), replications=replications) for sizes in SIZES.values()]
        total += sum(seconds for _, seconds in found)
        rows.append([mean, *(cover.share for cover, _ in found)])
    return ["expected count", *SIZES], rows, total


def _day_table(replications):
    rows, total = [], 0.0
    for mean in (5, 50, 500):
        for days in (3, 7, 14):
            found = [cover_days(mean, days, spread=spread, replications=replications) for spread in (0, 0.2)]
            total += sum(seconds for _, seconds in found)
            rows.append([mean, days, *(cover.share for cover, _ in found)])
    return ["mean per day", "days", "days alike", "days differ by 20 %"], rows, total


def _heatmap_table(replications):
    rows, total = [], 0.0
    kinds = ({}, {"by_person": True}, {"recall": 0.7})
    for name, sizes in SIZES.items():
        found = [find_false_positives(sizes, groups=24, replications=replications, **kind) for kind in kinds]
        total += sum(seconds for _, seconds in found)
        rows.append([name, *(float(share) for share, _ in found)])
    return ["people come as", "groups given", "by person", "groups detected (70 % found)"], rows, total


TEXT = {
    "Dwell": "Share of the 95 % intervals that contain the true value. A dash: the interval is blank in most "
    "videos of so few people. Dwell is lognormal (sigma 1, median 10 s), with 1 to 8 visits per person and "
    "an intraclass correlation of 0.36. The restricted mean is up to 30 s.",
    "Differences": "Share of the 95 % intervals of a difference that contain 0, for two independent samples "
    "of as many people from the same distribution. The rest are differences that are wrongly not marked as "
    "`may be chance`.",
    "Counts": "Share of the 95 % intervals of a count in one video that contain the expected count, for "
    "people who come in groups. A count of 0 does not show how large groups are, so for groups and expected "
    "counts of a few groups, the coverage may be below 95 %.",
    "Days": "Share of the 95 % intervals of a mean count per day that contain the true mean.",
    "Heatmaps": "Share of comparisons of two sets of people from the same distribution in which at least "
    "one cell has a `p` of 0.05 or less: 24 groups, 12 cells, 199 permutations.",
}


def write(tables, replications=REPLICATIONS):
    """Return the tables as Markdown."""
    parts = [
        "# Coverage of confidence intervals",
        (
            "How often do the intervals of [Quality and uncertainty](quality.md#confidence-intervals) "
            "contain the true value? Measured in simulated videos with known truth: "
            f"{replications} replications per row, with fixed seeds. A share of 0.95 is ideal for 95 % "
            "intervals. Below 0.95, intervals are too narrow. Above 0.95, they are wider than necessary."
        ),
        (
            "`python tests/covering.py docs/coverage.md` writes this page, and "
            "`tests/analysis/uncertainty/test_coverage.py` checks the shares."
        ),
    ]
    for title, (headings, rows, seconds) in tables.items():
        lines = [headings, ["---"] * len(headings), *([_cell(value) for value in row] for row in rows)]
        parts += [
            f"## {title}",
            TEXT[title],
            "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines),
            f"CPU time: {seconds:.0f} s.",
        ]
    return "\n\n".join(parts) + "\n"


def _cell(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else value


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(write(measure()), encoding="utf-8")
