"""Visits made up for ways from zone to zone."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from shapely.geometry import box

from ptrack_analysis import Zone
from ptrack_analysis.schema import ENTRIES, EXITS, VISITS, assemble

SQUARE = box(0, 0, 1, 1)
MISSING = np.iinfo("int64").min


def make_zones(names):
    """Make zones of these names, which nobody need have visited."""
    return [Zone(name, SQUARE, "m") for name in names]


def make_visits(rows):
    """Make visits: (zone, person, entered [ms], exited [ms], entry, exit), by default both crossed."""
    rows = sorted((*row, "crossed", "crossed")[:6] if len(row) == 4 else row for row in rows)
    numbers, count = [], {}
    for zone, person, *_ in rows:
        count[zone, person] = count.get((zone, person), 0) + 1
        numbers.append(count[zone, person])
    entered, exited = (np.array([row[place] for row in rows], dtype="int64") for place in (2, 3))
    arrays = {
        "zone": [row[0] for row in rows],
        "person_index": np.array([row[1] for row in rows], dtype="int64"),
        "visit": np.array(numbers, dtype="int64"),
        "entered": entered,
        "exited": exited,
        "dwell": exited - entered,
        "entry": np.array([ENTRIES.index(row[4]) for row in rows], dtype="int8"),
        "exit": np.array([EXITS.index(row[5]) for row in rows], dtype="int8"),
        "detections": np.ones(len(rows), dtype="int64"),
        "interpolated": np.zeros(len(rows), dtype="int64"),
        "bridged": np.zeros(len(rows), dtype="int64"),
        "since_previous_visit": np.full(len(rows), MISSING),
    }
    return assemble(VISITS, arrays)


def plain(visits):
    """Give visits as tuples: zone, person, number, entered, exited, entry, exit."""
    times = [visits[name].to_numpy().astype("int64").tolist() for name in ("entered", "exited")]
    ends = [visits[name].tolist() for name in ("entry", "exit")]
    return [(*key, *row) for key, *row in zip(visits.index, *times, *ends, strict=True)]


def rows_of(table):
    """Give transitions as the slow walk does."""
    spans = [
        [None if pd.isna(span) else round(span.total_seconds() * 1000) for span in table[name]]
        for name in ("mean_travel", "median_travel")
    ]
    numbers = [table[name].tolist() for name in ("transitions", "persons", "share")]
    return {key: tuple(row) for key, *row in zip(table.index, *numbers, *spans, strict=True)}


def stays(zone, person, cuts, kinds):
    """Cut moments in growing order into stays of one person in one zone that do not touch one another."""
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return [(zone, person, at, to, *kind) for (at, to), kind in zip(pairs, kinds, strict=False)]


def random_rows(seed, persons=6, zones="abcd", until=60):
    """Make rows of visits at random, to zones that overlap."""
    chance = np.random.default_rng(seed)
    rows = []
    for zone in zones:
        for person in range(persons):
            cuts = np.unique(chance.integers(0, until, chance.integers(0, 9))).tolist()
            kinds = [(str(chance.choice(ENTRIES)), str(chance.choice(EXITS))) for _ in cuts]
            rows += stays(zone, person, cuts, kinds)
    return rows


@st.composite
def visit_rows(draw):
    """Draw rows of visits of up to three persons to up to three zones."""
    kinds = st.lists(st.tuples(st.sampled_from(ENTRIES), st.sampled_from(EXITS)), min_size=3, max_size=3)
    moments = st.lists(st.integers(0, 30), unique=True, max_size=6).map(sorted)
    return [
        row
        for zone in "abc"
        for person in range(3)
        for row in stays(zone, person, draw(moments), draw(kinds))
    ]
