"""The key figures of one video, each from the table that defines it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.density import MINUTE, measure_active_time
from ptrack_analysis.analysis.dwell.survival import is_complete
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.quality.verdict import find_affecting_checks, index_checks
from ptrack_analysis.analysis.uncertainty.estimates import CONFIDENCE
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.estimates import count_in_and_out, estimate_bounds, seconds, summarize_stay
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import QUALITY, empty_table
from ptrack_analysis.video import milliseconds, timedelta


def number(value: Any) -> float | None:
    """Return a number; None if it is missing."""
    return None if pd.isna(value) else float(value)


def select_zone(table: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Return the rows of one zone."""
    return table[table.index.get_level_values("zone") == zone]


def plain_occupancy(occupancy: pd.DataFrame, zone: Zone | None = None) -> dict[str, Any]:
    """Summarize the occupancy of the scene or of one zone.

    ``at_end`` is the closing row, which repeats the number of people until the end. ``mean`` is taken over
    the time in which the zone is active, and None if the zone is never active.
    """
    rows = select_zone(occupancy, "" if zone is None else zone.name)
    timestamps = rows.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = rows["persons"].to_numpy()
    watched = timestamps[-1:] - timestamps[0]
    duration = int((watched if zone is None else measure_active_time(zone, timestamps[:1], watched))[0])
    peak = int(persons.max())
    return {
        "at_end": int(persons[-1]),
        "mean": int((persons[:-1] * np.diff(timestamps)).sum()) / duration if duration else None,
        "peak": peak,
        "peak_at_s": seconds(timestamps[persons.argmax()]) if peak else None,
    }


HOUR = pd.Timedelta("1h")
_FEWEST = 3
"""Minimum number of windows of a video for a busiest window."""


def find_busiest_window(occupancy: pd.DataFrame) -> dict[str, Any] | None:
    """Find the earliest minute, or hour of a long video, with the most person-seconds.

    All windows of that length within the video are compared, wherever they start.
    Returns None if the video has fewer than three windows or no people.

    Parameters
    ----------
    occupancy
        The OCCUPANCY_CHANGES of the scene.

    Notes
    -----
    O(n): the person-seconds of a window change linearly between rows, so the busiest window starts or ends
    at a row.
    """
    time = occupancy.index.get_level_values("timestamp").to_numpy().astype("int64")
    count = occupancy["persons"].to_numpy()
    begin, end = int(time[0]), int(time[-1])
    every = HOUR if timedelta(end - begin) >= _FEWEST * HOUR else MINUTE
    length = milliseconds(every, "every")
    if end - begin < _FEWEST * length or not count[:-1].any():
        return None
    area = np.append(0, np.cumsum(count[:-1] * np.diff(time)))
    starts = np.clip(np.concatenate([time, time - length]), begin, end - length)
    starts.sort(kind="stable")  # merges two sorted halves in O(n)
    total = _sum_until(time, count, area, starts + length) - _sum_until(time, count, area, starts)
    start = int(starts[total.argmax()])
    within = (time < start + length) & (np.append(time[1:], end) > start)
    return {
        "every_s": seconds(length),
        "start_s": seconds(start),
        "length_s": seconds(length),
        "person_seconds": seconds(int(total.max())),
        "mean_persons": float(total.max() / length),
        "max_persons": int(count[within].max()),
    }


def _sum_until(time: Integers, count: Integers, area: Integers, moment: Integers) -> Integers:
    """Return the person-milliseconds up to each time."""
    row = np.searchsorted(time, moment, side="right") - 1
    summed: Integers = area[row] + count[row] * (moment - time[row])
    return summed


def busiest_cell(heatmap: Heatmap) -> dict[str, Any] | None:
    """Find the first cell of the foot point heatmap with the most time; None if it is empty."""
    if not heatmap.values.any():
        return None
    row, column = np.unravel_index(int(heatmap.values.argmax()), heatmap.shape)
    (x0, y0, x1, y1), (rows, columns) = heatmap.bounds, heatmap.shape
    width, height = (x1 - x0) / columns, (y1 - y0) / rows
    return {
        "row": int(row),
        "column": int(column),
        f"x_{heatmap.unit}": float(x0 + (column + 0.5) * width),
        f"y_{heatmap.unit}": float(y0 + (row + 0.5) * height),
        f"width_{heatmap.unit}": width,
        f"height_{heatmap.unit}": height,
        "stood_s": float(heatmap.values[row, column]),
    }


_SPANS = ("median", "median_low", "median_high", "observed_mean")


def zone_figures(
    zones: Sequence[Zone],
    visits: pd.DataFrame,
    dwell: pd.DataFrame,
    occupancy: pd.DataFrame,
    *,
    complete: Bools,
    quality: pd.DataFrame,
) -> list[dict[str, Any]]:
    """List the figures of each zone, in the order of its file; zeros for a zone without visits."""
    checks = index_checks(quality)
    return [
        {
            **_figures(
                zone.name,
                select_zone(visits, zone.name),
                select_zone(dwell, zone.name),
                complete[visits.index.get_level_values("zone") == zone.name],
            ),
            "occupancy": plain_occupancy(occupancy, zone),
            "affected_by": find_affecting_checks(checks, _ZONE_OUTPUTS, zone.name),
        }
        for zone in zones
    ]


def _figures(name: str, visits: pd.DataFrame, dwell: pd.DataFrame, complete: Bools) -> dict[str, Any]:
    stays, end_unobserved, start_unobserved = (
        int(dwell[count].sum()) for count in ("visits", "end_unobserved", "start_unobserved")
    )
    fewest, most = estimate_bounds(visits)
    median, low, high, mean = (seconds(dwell[span].iloc[0]) if stays else None for span in _SPANS)
    return {
        "zone": name,
        "visitors": int(visits.index.get_level_values("person_index").nunique()),
        "visits": stays,
        "visits_low": fewest,
        "visits_high": most,
        "total_dwell_s": seconds(int(visits["dwell"].to_numpy().view("int64").sum())),
        "median_dwell_s": median,
        "median_dwell_low_s": low,
        "median_dwell_high_s": high,
        "dwell_note": str(dwell["note"].iloc[0]) if stays else "",
        "naive_mean_dwell_s": mean,
        "end_unobserved": end_unobserved,
        "start_unobserved": start_unobserved,
        "censored_share": float(1.0 - complete.mean()) if stays else None,
    }


MOST_TRANSITIONS = 5
FIGURE_OUTPUTS: dict[str, tuple[str, ...]] = {
    "persons": ("tracks",),
    "present_s": ("occupancy",),
    "stay_in_scene": ("tracks",),
    "speed": ("kinematics",),
    "occupancy": ("occupancy",),
    "busiest_interval": ("occupancy",),
    "busiest_cell": ("heatmap",),
    "transitions": ("transitions",),
    "balance": ("count_drift", "crossings"),
}
"""The outputs behind each figure of the complete video, for the checks that affect it."""
_ZONE_OUTPUTS, _LINE_OUTPUTS = ("visits", "dwell"), ("crossings", "counts")
_ASK_ZONES = "zones and transitions need polygons in a GeoJSON file. Pass it with --zones FILE"
_ASK_LINES = "lines need a LineString in the GeoJSON file of --zones FILE"


def gather_key_figures(analysis: VideoAnalysis) -> dict[str, Any]:
    """Collect the key figures of one video.

    Each figure comes from the table that defines it:

    * persons and time without position from TRACKS
    * ``stay_in_scene`` from SCENE_STAY (Kaplan-Meier; None without people)
    * ``occupancy`` from OCCUPANCY_CHANGES
    * the busiest ``interval`` from OCCUPANCY_CHANGES: the earliest minute, or hour if the video has three
      hours or more, with the most person-seconds, starting at any time
    * the busiest ``cell`` from the heatmap of foot points without truncated boxes: the first cell with the
      most time
    * ``zones`` from VISITS, DWELL and OCCUPANCY_CHANGES
    * ``transitions`` from TRANSITIONS: the most frequent transitions between zones
    * ``lines`` from CROSSINGS, ``balance`` from the last row of COUNT_DRIFT
    * ``trust`` from QUALITY

    ``at_end`` is the number of people present until the end. ``mean`` is weighted by time; the mean of a zone
    is taken over the time in which the zone is active. ``peak_at_s`` is the first time of the peak.
    ``censored_share`` is the share of visits whose start or end was not observed. ``_low`` and ``_high`` are
    the confidence bounds of a figure at the level ``confidence``; bounds of a count are Garwood's, with the
    person as the independent unit. ``trust`` has the verdict and the checks that are not good or unknown.
    ``affected`` and ``affected_by`` list the checks that make a figure, a zone or a line doubtful or bad.

    Parameters
    ----------
    analysis
        The video with its configuration.

    Returns
    -------
    dict
        JSON values, always with the same keys in the same order: times in s (``_s``), positions in the
        plane's unit (``_px``, ``_m``), None for unknown figures. ``zones`` and ``transitions`` are None
        without zones, ``lines`` and ``balance`` without lines; ``unavailable`` explains how to get them.

    Raises
    ------
    ParameterError
        If the frame size is not known, or a zone is named like a state of TRANSITIONS.

    Notes
    -----
    The tables determine the runtime and the errors of the figures; ``trust`` lists the figures to check.
    """
    occupancy = analysis["occupancy_changes"]
    timestamps = occupancy.index.get_level_values("timestamp")
    tracks = analysis["tracks"]
    present, unlocated = (
        int(tracks[name].to_numpy().view("int64").sum()) for name in ("time_in_scene", "without_position")
    )
    outside, truncated = (
        None if analysis.has_points else int(tracks[name].to_numpy().view("int64").sum())
        for name in ("time_outside_image", "time_box_truncated")
    )
    located = present - unlocated
    visits = analysis["visits"] if analysis.zones else None
    return {
        "video": analysis.name,
        "unit": analysis.unit,
        "start_s": seconds(timestamps.min()),
        "end_s": seconds(timestamps.max()),
        "persons": len(tracks),
        "persons_in_zones": None if visits is None else _distinct(visits),
        "present_s": seconds(present),
        "stay_in_scene": summarize_stay(analysis["stay_in_scene"]),
        "without_position_s": seconds(unlocated),
        "without_position_share": unlocated / present if present else None,
        "outside_image_s": None if outside is None else seconds(outside),
        "box_truncated_s": None if truncated is None else seconds(truncated),
        "box_truncated_share": truncated / located if located and truncated is not None else None,
        "speed": mean_speed(analysis.trajectories, analysis.unit),
        "occupancy": plain_occupancy(occupancy),
        "busiest": {
            "interval": find_busiest_window(select_zone(occupancy, "")),
            "cell": busiest_cell(analysis.heatmap(basis="foot_points", truncated=False)),
        },
        "confidence": CONFIDENCE,
        "zones": None
        if visits is None
        else zone_figures(
            analysis.zones,
            visits,
            analysis["dwell"],
            occupancy,
            complete=is_complete(visits, **analysis.observed),
            quality=read_quality(analysis),
        ),
        "transitions": None if visits is None else _transitions(analysis["transitions"]),
        "lines": _lines(analysis) if analysis.lines else None,
        "balance": _balance(analysis) if analysis.lines else None,
        "trust": _trust(analysis),
        "read_report": analysis.reading.report.to_dict(),
        "unavailable": _left_out(analysis),
    }


def read_quality(analysis: VideoAnalysis) -> pd.DataFrame:
    """Return the quality checks; empty for points, because the checks need boxes."""
    return empty_table(QUALITY) if analysis.quality is None else analysis.quality


def mean_speed(trajectories: pd.DataFrame, unit: str) -> dict[str, Any]:
    """Return the mean speed of all people, weighted by ``time_present``, and the maximum.

    Both are taken over all rows with a speed. ``speed_time_s`` is the time of these rows. If it is less than
    half of the time present, the mean is None.
    """
    speed = trajectories[f"speed_{unit}_per_s"].to_numpy()
    present = trajectories["time_present"].to_numpy().view("int64")
    known = np.isfinite(speed)
    maximum = float(speed[known].max()) if known.any() else None
    time, mean = int(present[known].sum()), None
    if maximum is not None and time > 0 and 2 * time >= present.sum():
        mean = min(float((speed * present)[known].sum() / time), maximum)
    return {
        f"mean_{unit}_per_s": mean,
        f"max_{unit}_per_s": maximum,
        "speed_time_s": seconds(time),
    }


def _left_out(analysis: VideoAnalysis) -> list[str]:
    """Name the missing figures, and explain how to get them."""
    if analysis.scene is not None and not analysis.zones and not analysis.lines:
        source = analysis.config.zones or "The given scene"
        return [f"{source} has no zones and lines for this video"]
    return [text for text, has in ((_ASK_ZONES, analysis.zones), (_ASK_LINES, analysis.lines)) if not has]


def _distinct(visits: pd.DataFrame) -> int:
    return int(visits.index.get_level_values("person_index").nunique())


def _transitions(table: pd.DataFrame) -> list[dict[str, Any]]:
    """List the most frequent transitions between zones; equal counts are sorted by name."""
    table = table[table["mean_travel"].notna().to_numpy()]  # without transitions to or from other states
    most = np.argsort(-table["transitions"].to_numpy(), kind="stable")[:MOST_TRANSITIONS]
    return [
        {
            "origin": origin,
            "destination": destination,
            "transitions": int(row["transitions"]),
            "persons": int(row["persons"]),
            "share": float(row["share"]),
            "mean_travel_s": seconds(row["mean_travel"]),
            "median_travel_s": seconds(row["median_travel"]),
        }
        for (origin, destination), row in zip(
            table.index[most], table.iloc[most].to_dict("records"), strict=True
        )
    ]


def _lines(analysis: VideoAnalysis) -> list[dict[str, Any]]:
    """List the crossings of each line, in the order of its file."""
    crossings = analysis["crossings"]
    line_of_row = crossings.index.get_level_values("line")
    checks = index_checks(read_quality(analysis))
    return [
        {
            "line": line.name,
            **count_in_and_out(crossings[line_of_row == line.name]),
            "affected_by": find_affecting_checks(checks, _LINE_OUTPUTS, line.name),
        }
        for line in analysis.lines
    ]


def _balance(analysis: VideoAnalysis) -> dict[str, Any]:
    """Compare the counts over the boundary lines with the people present at the end."""
    last, crossings = analysis["count_drift"].iloc[-1], analysis["crossings"]
    lines = [line.name for line in analysis.boundary_lines]
    counted = count_in_and_out(crossings[crossings.index.get_level_values("line").isin(lines)])
    bounds = {name: value for name, value in counted.items() if not name.endswith("_total")}
    names = ("in_total", "out_total", "counted", "present", "drift")
    return {"lines": lines, **{name: int(last[name]) for name in names}, **bounds}


def _trust(analysis: VideoAnalysis) -> dict[str, Any]:
    """Return the verdict on the tracking, and the checks that are not good or unknown."""
    quality = read_quality(analysis)
    rows = quality.astype({"verdict": str}).reset_index().to_dict("records")
    suspect = [
        {
            "check": row["check"],
            "name": row["name"],
            "verdict": row["verdict"],
            "value": number(row["value"]),
            "value_unit": row["value_unit"],
            "doubtful_above": number(row["doubtful_above"]),
            "bad_above": number(row["bad_above"]),
            "affects": row["affects"].split(", "),
            "meaning": row["meaning"],
            "advice": row["advice"],
        }
        for verdict in ("bad", "doubtful")
        for row in rows
        if row["verdict"] == verdict
    ]
    return {
        "verdict": str(analysis.verdict),
        "checks": suspect,
        "unknown": [
            {"check": row["check"], "needs": row["advice"]}
            for row in rows
            if row["verdict"] == "unknown" and not row["name"]
        ],
        "affected": {
            figure: find_affecting_checks(quality, outputs) for figure, outputs in FIGURE_OUTPUTS.items()
        },
    }
