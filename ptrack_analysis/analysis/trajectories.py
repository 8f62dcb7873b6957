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
from ptrack_analysis.video import Plane, Video, milliseconds

SPEED_WINDOW = pd.Timedelta("500ms")
SMOOTHING = pd.Timedelta("500ms")
_BOX, _INTERPOLATED, _NO = range(len(POSITION_STATUSES))


def compute_trajectories(
    detections: pd.DataFrame,
    video: Video | None = None,
    *,
    plane: Plane | None = None,
    max_gap: pd.Timedelta | str | None = None,
    period: pd.Timedelta | str | None = None,
    max_interpolation: pd.Timedelta | str | None = None,
    speed_window: pd.Timedelta | str = SPEED_WINDOW,
    smoothing: pd.Timedelta | str = SMOOTHING,
    anchor: Anchor = "bottom_center",
    clip_boxes: bool = False,
) -> pd.DataFrame:
    """Compute each person's position, time present and speed at each detection.

    A detection stands for the time until the same person's next detection if that comes within ``max_gap``,
    otherwise for one sampling period, never beyond the video's end; a tracklet is a stretch without a longer
    gap. The position is the foot point, the middle of the box's lower edge; a point on the frame's right or
    lower edge, or up to 1e-6 beyond, counts as just inside. A detection without a body box is interpolated
    linearly in time between the positions around it in the same tracklet, if these are at most
    ``max_interpolation`` apart; otherwise it has no position. It is never dropped. Speed and heading are
    those of the displacement between the mean position half a window before and that half a window after.
    The mean position is taken over ``smoothing``, which shrinks on both sides towards an end of the located
    stretch. The window is cut there: NaN where less than half of it is left, and heading also where the
    person did not move.

    POINTS are positions without boxes (laser, UWB, PedPy files): a missing one (NaN) is interpolated like a
    missing box, and the plane is that of their columns. An empty table gives an empty one.

    Parameters
    ----------
    detections
        DETECTIONS, or POINTS with ``x_m y_m`` or ``x_px y_px``; rows in any order.
    video
        The video, for its frame size, rate and duration; points need none. A duration is ignored if a
        detection is later than that.
    plane
        Where distances are measured: a floor plan [m]; by default the image [px].
    max_gap
        The longest time without a detection that does not interrupt presence [ms]; by default 2 s, or three
        sampling periods if that is longer.
    period
        The sampling period [ms]; by default ``video.sampling_period``, or ``estimate_sampling_period`` of the
        detections.
    max_interpolation
        The longest time between two positions to interpolate between [ms]; by default ``max_gap``.
    speed_window
        Length of the window for speed and heading [ms].
    smoothing
        Length of the window for the mean positions that speed and heading are taken from; with 0, they are
        taken from the positions themselves [ms].
    anchor
        The point of the box that stands for the person: ``"bottom_center"``, ``"center"``, ``"top_center"``
        or fractions of the box's width and height.
    clip_boxes
        Whether boxes are clipped to the frame before the position is taken. By default, a position below
        the image stays there and counts as outside the image.

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES, one row per detection, sorted by person and time; the flags ``interpolated`` and
        ``merged_from`` and further columns of the detections are carried along.

    Raises
    ------
    SchemaError
        If ``detections`` is neither a DETECTIONS nor a POINTS table.
    ParameterError
        If a duration is negative or not whole milliseconds, or ``max_gap`` is below the period; if the frame
        size is not known; if points come with a plane.

    Notes
    -----
    O(n log n). A gap in which a person left and came back unobserved counts as presence if it is at most
    ``max_gap``: a longer ``max_gap`` errs towards longer dwell.

    Examples
    --------
    >>> from ptrack_analysis import Video
    >>> from ptrack_analysis.schema import DETECTIONS, empty_table
    >>> list(compute_trajectories(empty_table(DETECTIONS), Video(width=640, height=360)).columns[:4])
    ['x_px', 'y_px', 'position_status', 'time_present']
    """
    video = video or Video()
    raw = None
    if isinstance(detections, pd.DataFrame) and detections.index.names == POINTS.key_names:
        if plane is not None:
            raise ParameterError("points are in the plane of their columns already; plane must be None")
        validate(detections, POINTS)
        schema, unit = POINTS, find_unit(detections, POINTS)
        rows = rows_by_person(detections)
        x, y = (detections[f"{axis}_{unit}"].to_numpy()[rows.order] for axis in "xy")
        places = x, y, ~(np.isfinite(x) & np.isfinite(y))
    else:
        validate(detections, DETECTIONS)
        rows = rows_by_person(detections)
        plane = plane or video.pixels
        if not hasattr(plane, "project"):
            raise ParameterError(f"plane is {plane!r:.60}, not a floor plan: read_floor_plan gives one")
        boxes = np.column_stack(
            [detections[name].to_numpy()[rows.order] for name in ("left", "top", "width", "height")]
        )
        used = _clip(boxes) if clip_boxes else boxes
        points = anchor_points(used, anchor)
        schema, unit, raw = DETECTIONS, plane.unit, (boxes, find_outside(points), anchor)
        places = _project_points(points, plane)
    return _trajectories(
        detections,
        schema,
        rows,
        places,
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
    """Return x and y of each point in the plane, and where there is no box."""
    bare = ~(np.isfinite(points[:, 0]) & np.isfinite(points[:, 1]))
    points = plane.project(points)
    return np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1]), bare


def _trajectories(
    table: pd.DataFrame,
    schema: Table,
    rows: PersonRows,
    places: tuple[Floats, Floats, Bools],
    *,
    video: Video,
    unit: str,
    max_gap: pd.Timedelta | str | None,
    period: pd.Timedelta | str | None,
    max_interpolation: pd.Timedelta | str | None,
    windows: tuple[pd.Timedelta | str, pd.Timedelta | str],
    boxes: tuple[Floats, Bools, Anchor] | None = None,
) -> pd.DataFrame:
    """Add presence, interpolated positions, steps and speed to the rows' places."""
    sampled = choose_period(rows, video, period)
    gap = choose_max_gap(max_gap, sampled)
    warn_of_long_steps(rows, gap, sampled, stacklevel=4)
    longest = gap if max_interpolation is None else milliseconds(max_interpolation, "max_interpolation")
    half, smoothing = parse_speed_windows(*windows)
    end = find_video_end(video, int(rows.time.max(initial=0)))
    held, begins = compute_time_present(rows, max_gap=gap, period=sampled, end=end)
    run = np.cumsum(begins, dtype="int64")
    x, y, bare = places
    unknown = ~(np.isfinite(x) & np.isfinite(y))
    x[unknown] = y[unknown] = np.nan
    filled = kernels.fill_between(rows.time, run, x, y, bare & unknown, longest=longest)
    located = np.where(unknown, _NO, _BOX).astype("int8")
    located[filled | (_put_in(table, rows) & ~unknown)] = _INTERPOLATED
    way = kernels.steps(run, x, y)[0]
    vx, vy = kernels.velocity(rows.time, run, x, y, half=half, smoothing=smoothing)
    columns = {
        f"x_{unit}": x,
        f"y_{unit}": y,
        "position_status": choice(TRAJECTORIES, "position_status", located),
        "time_present": held.view("timedelta64[ms]"),
        "tracklet": _counted_by_person(rows, run),
        f"step_{unit}": way,
        f"speed_{unit}_per_s": np.sqrt(vx * vx + vy * vy),
        "heading": kernels.direction(vx, vy),
    }
    del vx, vy
    if boxes is not None:
        raw, outside, anchor = boxes
        flags = flag_boxes(
            raw, anchor, time=rows.time, run=run, status=located, period=sampled, outside=outside
        )
        columns |= {name: getattr(flags, name) for name in BoxFlags.__slots__}
    return _table(table, schema, rows, columns)


def parse_speed_windows(
    speed_window: pd.Timedelta | str, smoothing: pd.Timedelta | str, name: str = "speed_window"
) -> tuple[int, int]:
    """Return half of the window for speed and half of that for mean positions [ms].

    Raises
    ------
    ParameterError
        If the window for speed is shorter than 2 ms, or one of them is not a duration.
    """
    half = milliseconds(speed_window, name) // 2
    if half == 0:
        raise ParameterError(f"{name} is {speed_window!r}, not at least 2 ms")
    return half, milliseconds(smoothing, "smoothing") // 2


def _put_in(table: pd.DataFrame, rows: PersonRows) -> Bools:
    """Return which rows were put into gaps."""
    if INTERPOLATED.name not in table.columns:
        return np.zeros(len(rows.time), dtype=bool)
    put_in: Bools = table[INTERPOLATED.name].to_numpy()[rows.order]
    return put_in


def _counted_by_person(rows: PersonRows, run: Integers) -> Integers:
    """Count the runs of each person from 1."""
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
