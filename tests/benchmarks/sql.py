"""Dwell and occupancy of an exported dataset: ours, and plain SQL in DuckDB over the same Parquet files."""

import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from ptrack_analysis import (
    compute_occupancy,
    compute_tracks,
    compute_trajectories,
    export_dataset,
    open_dataset,
    read_tracking,
)

from .inputs import archive
from .rounds import Line, against, alternate

GAP = 2000
_HELD = """
WITH rows AS (
  SELECT person_index, timestamp_ms AS t FROM read_parquet('{files}')
), steps AS (
  SELECT lead(t) OVER (ORDER BY t) - t AS step FROM (SELECT DISTINCT t FROM rows)
), period AS (
  SELECT quantile_disc(step, 0.5) AS period FROM steps WHERE step <= {gap}
), neighbors AS (
  SELECT *, lead(t) OVER (PARTITION BY person_index ORDER BY t) AS after FROM rows
), held AS (
  SELECT *, CASE WHEN after - t <= {gap} THEN after - t ELSE least(period, {duration} - t) END AS held
  FROM neighbors, period
)"""
_DWELL = "SELECT person_index, sum(held)::BIGINT AS dwell FROM held GROUP BY ALL ORDER BY ALL"
_OCCUPANCY = """, changes AS (
  SELECT t, 1 AS change FROM held UNION ALL SELECT t + held, -1 FROM held
), moments AS (
  SELECT t, sum(change) AS change FROM changes WHERE t < {duration} GROUP BY t HAVING sum(change) <> 0
)
SELECT t::BIGINT AS t, (sum(change) OVER (ORDER BY t))::BIGINT AS persons FROM moments ORDER BY t"""


def run(options):
    """Ask both the same two questions, from the files on disk to the finished table."""
    if not find_spec("duckdb"):
        return [Line("DuckDB", "left out: it is not installed")]
    import duckdb  # noqa: PLC0415 - a rival is imported when it runs

    pages = archive(options.cache).pages
    _, video = read_tracking(pages)
    with tempfile.TemporaryDirectory(dir=options.cache) as folder:
        out = Path(folder, "out")
        export_dataset(pages, out, tables=["detections"])
        facts = {
            "files": out / "detections/*.parquet",
            "gap": GAP,
            "duration": video.duration // pd.Timedelta("1ms"),
        }
        their_dwell, their_occupancy = (
            query.format(**facts) for query in (_HELD + _DWELL, _HELD + _OCCUPANCY)
        )

        def asked(query):
            with duckdb.connect(config={"threads": 1}) as connection:
                return connection.execute(query).fetchnumpy()

        def trajectories():
            return compute_trajectories(open_dataset(out).read("detections", videos=video.name), video)

        def dwell():
            return compute_tracks(trajectories())["time_in_scene"]

        def occupancy():
            return compute_occupancy(trajectories(), video)["persons"]

        differs = (
            _dwell_differs(dwell(), asked(their_dwell)),
            _occupancy_differs(occupancy(), asked(their_occupancy)),
        )
        times = alternate(
            dwell,
            partial(asked, their_dwell),
            occupancy,
            partial(asked, their_occupancy),
            rounds=options.rounds,
        )
    note = "files to table; computes all columns of trajectories"
    lines = []
    for name, differ, ours, theirs in zip(
        ("dwell", "occupancy"), differs, times[::2], times[1::2], strict=True
    ):
        lines += [
            Line(f"DuckDB, {name}", "window functions over detections/*.parquet", theirs),
            against(ours, theirs, differs=differ, name=name, note=note),
        ]
    return lines


def _dwell_differs(ours, theirs):
    same = np.array_equal(ours.index, theirs["person_index"]) and np.array_equal(
        ours // pd.Timedelta("1ms"), theirs["dwell"]
    )
    return "" if same else "persons or their dwell differ"


def _occupancy_differs(ours, theirs):
    """Compare the moments at which the number changes, and the number from then on."""
    ours = ours[ours.ne(ours.shift(fill_value=0))]
    moments = ours.index.get_level_values("timestamp") // pd.Timedelta("1ms")
    same = np.array_equal(moments, theirs["t"]) and np.array_equal(ours, theirs["persons"])
    return "" if same else "moments or numbers of persons differ"
