"""Trajectories: position, time present and speed of each detection."""

from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.frame_edges import BoxFlags, find_outside, flag_boxes
from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.presence import (
    PersonRows,
    choose_max_gap,
    choose_period,
    compute_time_present,
    find_video_end,
    rows_by_person,
    warn_of_long_options,
    warn_of_long_steps,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Anchor, Bools, Floats, Integers, anchor_points
from ptrack_analysis.schema import (
    DETECTIONS,
    INTERPOLATED,
    MERGED_FROM,
    POINTS,
    POSITION_STATUSES,
    TRACKER_COLUMNS,
    TRAJECTORIES,
    Table,
    choice,
    find_unit,
    validate,
)
from ptrack_analysis.video import Duration, Plane, Video, milliseconds, validate_plane, validate_video

SPEED_WINDOW = pd.Timedelta("500ms")
SMOOTHING = pd.Timedelta("500ms")
_BOX, _INTERPOLATED, _NO = range(len(POSITION_STATUSES))


def compute_trajectories(
    detections: pd.DataFrame,
    video: Video | None = None,
    *,
    plane: Plane | None = None,
    max_gap: Duration | None = None,
    period: Duration | None = None,
    max_interpolation: Duration | None = None,
    speed_window: Duration = SPEED_WINDOW,
    smoothing: Duration = SMOOTHING,
    anchor: Anchor = "bottom_center",
    clip_boxes: bool = False,
) -> pd.DataFrame:
    """Compute each person's position, time present and speed at each detection.

    A detection represents the time until the person's next detection if that comes within ``max_gap``,
    otherwise one sampling period, and never time after the video's end. A tracklet is a part of the track
    without a longer gap.

    The position is the foot point, the bottom center of the box. A point on the right or bottom edge of the
    frame, or up to 1e-6 beyond, counts as just inside. If a detection has no body box, its position is
    interpolated linearly in time between the neighboring positions of the tracklet, provided that they are
    at most ``max_interpolation`` apart. Otherwise it has no position. Detections are never dropped.

    Speed and heading are computed from two mean positions: half a window before and half a window after the
    timestamp. Each mean is taken over ``smoothing``, which shrinks on both sides near an end of the known
    positions. The window is cut at this end as well: speed and heading are NaN where less than half of it
    remains. Heading is also NaN if the person did not move.

    POINTS are positions without boxes (laser, UWB, PedPy files). A missing position (NaN) is interpolated
    like a missing box, and the plane is given by their columns. An empty table gives an empty table.

    Parameters
    ----------
    detections
        DETECTIONS, or POINTS with ``x_m y_m`` or ``x_px y_px``; rows in any order.
    video
        The video, for its frame size, rate and duration; points do not need it. The duration is ignored if a
        detection is later.
    plane
        The plane of the positions: a floor plan [m]; by default the image [px].
    max_gap
        The longest time without a detection that does not interrupt presence; by default 2 s, or three
        sampling periods if that is longer.
    period
        The sampling period; by default ``video.sampling_period``, or ``estimate_sampling_period`` of the
        detections.
    max_interpolation
        The longest time between two positions for interpolation between them; by default ``max_gap``.
    speed_window
        Length of the window for speed and heading.
    smoothing
        Length of the window for the mean positions that speed and heading are computed from. With 0,
        the positions themselves are used.
    anchor
        The point of the box that is the person's position: ``"bottom_center"``, ``"center"``,
        ``"top_center"`` or fractions of the box's width and height.
    clip_boxes
        Whether to clip boxes to the frame before taking the position. By default, boxes are not clipped, and
        a position below the image counts as outside the image.

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES, one row per detection, sorted by person and time. The flags ``interpolated`` and
        ``merged_from`` and further columns of the detections are kept.

    Raises
    ------
    SchemaError
        If ``detections`` is neither a DETECTIONS nor a POINTS table.
    ParameterError
        If a duration is negative or not in whole milliseconds, or ``max_gap`` is below the period; if the
        frame size is unknown; if points are passed with a plane.

    Notes
    -----
    O(n log n). A gap of at most ``max_gap`` counts as presence even if the person left and came back
    unobserved: a longer ``max_gap`` errs toward longer dwell.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> trajectories[["x_px", "y_px", "position_status"]].head(3).round(1).reset_index()
       person_index              timestamp    x_px   y_px position_status
    0             0 0 days 00:00:00.000000  1039.0  433.8        detected
    1             0 0 days 00:00:00.080000  1038.7  433.7        detected
    2             0 0 days 00:00:00.160000  1039.7  433.7        detected

    With a floor plan, positions are in meters:

    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> pta.compute_trajectories(detections, video, plane=plan)[["x_m", "y_m"]].head(3).round(2).reset_index()
       person_index              timestamp   x_m  y_m
    0             0 0 days 00:00:00.000000  9.06  5.0
    1             0 0 days 00:00:00.080000  9.06  5.0
    2             0 0 days 00:00:00.160000  9.07  5.0
    """
    if video is not None:
        validate_video(video)
    validate_plane(plane)
    video = video or Video()
    warn_of_long_options(video, stacklevel=3, max_gap=max_gap, max_interpolation=max_interpolation)
    raw = None
    if isinstance(detections, pd.DataFrame) and detections.index.names == POINTS.key_names:
        if plane is not None and "time_present" not in detections.columns:
            raise ParameterError("plane must be None for points: their columns define the plane")
        validate(detections, DETECTIONS if "time_present" in detections.columns else POINTS, "detections")
        schema, unit = POINTS, find_unit(detections, POINTS)
        rows = rows_by_person(detections)
        x, y = (detections[f"{axis}_{unit}"].to_numpy()[rows.order] for axis in "xy")
        positions = x, y, ~(np.isfinite(x) & np.isfinite(y))
    else:
        validate(detections, DETECTIONS)
        rows = rows_by_person(detections)
        plane = plane or video.pixels
        boxes = np.column_stack(
            [detections[name].to_numpy()[rows.order] for name in ("left", "top", "width", "height")]
        )
        used = _clip(boxes) if clip_boxes else boxes
        points = anchor_points(used, anchor)
        schema, unit, raw = DETECTIONS, plane.unit, (boxes, find_outside(points), anchor)
        positions = _project_points(points, plane)
    return _trajectories(
        detections,
        schema,
        rows,
        positions,
        boxes=raw,
        video=video,
        unit=unit,
        max_gap=max_gap,
        period=period,
        max_interpolation=max_interpolation,
        windows=(speed_window, smoothing),
    )


def _clip(boxes: Floats) -> Floats:
    """Clip boxes to the frame."""
    corners = np.clip(np.column_stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]), 0.0, 1.0)
    return np.column_stack([corners[:, :2], corners[:, 2:] - corners[:, :2]])


def _project_points(points: Floats, plane: Plane) -> tuple[Floats, Floats, Bools]:
    """Return x and y of each point in the plane, and which rows have no box."""
    bare = ~(np.isfinite(points[:, 0]) & np.isfinite(points[:, 1]))
    points = plane.project(points)
    return np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1]), bare


def _trajectories(
    table: pd.DataFrame,
    schema: Table,
    rows: PersonRows,
    positions: tuple[Floats, Floats, Bools],
    *,
    video: Video,
    unit: str,
    max_gap: Duration | None,
    period: Duration | None,
    max_interpolation: Duration | None,
    windows: tuple[Duration, Duration],
    boxes: tuple[Floats, Bools, Anchor] | None = None,
) -> pd.DataFrame:
    """Add presence, interpolated positions, steps and speeds to the positions of the rows."""
    sampled = choose_period(rows, video, period)
    gap = choose_max_gap(max_gap, sampled)
    warn_of_long_steps(rows, gap, sampled, stacklevel=4)
    longest = gap if max_interpolation is None else milliseconds(max_interpolation, "max_interpolation")
    half, smoothing = parse_speed_windows(*windows)
    end = find_video_end(video, int(rows.time.max(initial=0)))
    present, begins = compute_time_present(rows, max_gap=gap, period=sampled, end=end)
    run = np.cumsum(begins, dtype="int64")
    x, y, bare = positions
    unknown = ~(np.isfinite(x) & np.isfinite(y))
    x[unknown] = y[unknown] = np.nan
    filled = kernels.fill_between(rows.time, run, x, y, bare & unknown, longest=longest)
    status = np.where(unknown, _NO, _BOX).astype("int8")
    status[filled | (_find_interpolated(table, rows) & ~unknown)] = _INTERPOLATED
    way = kernels.steps(run, x, y)[0]
    vx, vy = kernels.velocity(rows.time, run, x, y, half=half, smoothing=smoothing)
    columns = {
        f"x_{unit}": x,
        f"y_{unit}": y,
        "position_status": choice(TRAJECTORIES, "position_status", status),
        "time_present": present.view("timedelta64[ms]"),
        "tracklet": _counted_by_person(rows, run),
        f"step_{unit}": way,
        f"speed_{unit}_per_s": np.sqrt(vx * vx + vy * vy),
        "heading": kernels.direction(vx, vy),
    }
    del vx, vy
    if boxes is not None:
        raw, outside, anchor = boxes
        flags = flag_boxes(
            raw, anchor, time=rows.time, run=run, status=status, period=sampled, outside=outside
        )
        columns |= {name: getattr(flags, name) for name in BoxFlags.__slots__}
    return _table(table, schema, rows, columns)


def parse_speed_windows(
    speed_window: Duration, smoothing: Duration, name: str = "speed_window"
) -> tuple[int, int]:
    """Return half of the window for speed and half of the window for mean positions [ms].

    Raises
    ------
    ParameterError
        If the window for speed is shorter than 2 ms, or one of the windows is not a duration.
    """
    half = milliseconds(speed_window, name) // 2
    if half == 0:
        raise ParameterError(f"{name} must be at least 2 ms, got {speed_window!r}")
    return half, milliseconds(smoothing, "smoothing") // 2


def _find_interpolated(table: pd.DataFrame, rows: PersonRows) -> Bools:
    """Return which rows were interpolated in gaps."""
    if INTERPOLATED.name not in table.columns:
        return np.zeros(len(rows.time), dtype=bool)
    interpolated: Bools = table[INTERPOLATED.name].to_numpy()[rows.order]
    return interpolated


def _counted_by_person(rows: PersonRows, run: Integers) -> Integers:
    """Return the number of each tracklet within its person, from 1."""
    before = run[rows.first] - 1
    counted: Integers = run - before[np.cumsum(rows.first) - 1]
    return counted


def _table(table: pd.DataFrame, schema: Table, rows: PersonRows, columns: dict[str, object]) -> pd.DataFrame:
    keys: Any = table.index
    index = keys[rows.order].reorder_levels(TRAJECTORIES.key_names)
    known = {column.named(unit) for column in schema.columns for unit in schema.units} | set(columns)
    known -= {column.name for column in (INTERPOLATED, MERGED_FROM, *TRACKER_COLUMNS)}
    extra = {name: table[name].array[rows.order] for name in table.columns if name not in known}
    return pd.DataFrame(columns | extra, index=index, copy=False)
