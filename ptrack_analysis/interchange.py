"""Exchange with PedPy, MovingPandas, GeoPandas, supervision and MOTChallenge.

Each package is imported when its function is called. ``pip install 'ptrack-analysis[neighbors]'`` installs
them. In the other direction, ``read_zones`` and ``zones=`` of ``open_video`` accept a GeoDataFrame and zones
of supervision, and ``TrackingSink`` accepts the results of a running tracker.
"""

import warnings
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.walks import Walks
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above, validate_path
from ptrack_analysis.public_names import describe_missing
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import DETECTIONS, TRAJECTORIES, find_unit, validate
from ptrack_analysis.storage.files import write_output
from ptrack_analysis.video import Video, timestamps_to_frames, validate_video

__all__ = ["to_geopandas", "to_mot", "to_movingpandas", "to_pedpy", "to_supervision"]

if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)


_SIDES = ("left", "top", "width", "height")
_LOCAL_CRS = (
    'ENGCRS["local plane",EDATUM["camera"],CS[Cartesian,2],AXIS["x",unspecified],AXIS["y",unspecified],'
    'LENGTHUNIT["{unit}",1]]'
)
_UNIT_NAMES = {"m": "metre", "px": "pixel"}
_STEPS = (0, 1, -1, 2, -2)
"""Neighbors of a rounded coordinate that may give the exact fraction, in units of the last digit."""
_LONGEST_STEP = 1.5
"""Longest step between successive frames, in frames: timestamps are rounded to milliseconds."""
_MOST_LONGER = 0.01
"""Share of longer steps above which ``to_pedpy`` warns."""
_ROUNDING = 1e-6
"""Rounding error of a time in frames."""
_DECIMALS = 6
"""Number of decimals that trackers write for pixels."""


def to_pedpy(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    frame_rate: float | None = None,
    resample: float | None = None,
) -> Any:
    """Convert trajectories in meters to ``pedpy.TrajectoryData``.

    Frame numbers follow from the timestamps and the frame rate. If only every k-th frame has detections,
    these frames are numbered 0, 1, 2 and so on, and the frame rate is divided by k, because PedPy computes
    speeds from successive frames. PedPy does not know gaps; its speed next to a gap is the mean speed across
    the gap. Rows without a position are excluded with a warning.

    PedPy finds a crossing only between two successive frames, and its densities count only people with a row
    in the frame. If people are not detected in regular frames, pass ``resample``; a warning says so if more
    than 1 % of the steps are longer than a frame.

    Parameters
    ----------
    trajectories
        TRAJECTORIES in m.
    video
        The video, for its frame rate.
    frame_rate
        Frames per second; by default the frame rate of the video.
    resample
        Frames per second of the result: positions are interpolated linearly to regular frames, but not
        across gaps and unknown positions. By default, the rows are not changed.

    Returns
    -------
    pedpy.TrajectoryData
        The trajectories.

    Raises
    ------
    ParameterError
        If the positions are in px, the frame rate is unknown, a timestamp does not belong to a frame, or
        ``resample`` is not above 0.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> trajectories = pta.compute_trajectories(detections, video, plane=plan).dropna(subset=["x_m"])
    >>> data = pta.interchange.to_pedpy(trajectories, video, resample=12.5)
    >>> data.frame_rate, data.data["id"].nunique(), len(data.data)
    (12.5, 13, 6122)
    """
    from pedpy import TrajectoryData

    validate_video(video)
    if resample is not None:
        resample = above(resample, "resample")
    table, unit = _located(trajectories)
    if unit != "m":
        raise ParameterError(
            f"trajectories are in {unit}, but PedPy computes in meters. Pass plane=read_floor_plan(...) to "
            "compute_trajectories."
        )
    parts = _find_parts(trajectories)
    if resample is not None:
        return TrajectoryData(_resample(parts, resample), frame_rate=float(resample))
    rate = _find_rate(video, frame_rate)
    frames = timestamps_to_frames(_read_times(table), rate)
    stride = int(np.gcd.reduce(frames - frames[0])) if len(frames) else 1
    stride = max(stride, 1)
    _warn_of_steps(parts, rate / stride, video)
    columns = {
        "id": _read_people(table),
        "frame": frames // stride,
        "x": table["x_m"].to_numpy(),
        "y": table["y_m"].to_numpy(),
    }
    return TrajectoryData(pd.DataFrame(columns), frame_rate=rate / stride)


def to_movingpandas(trajectories: pd.DataFrame, video: Video) -> Any:
    """Convert trajectories to a ``movingpandas.TrajectoryCollection``.

    Each tracklet is one trajectory, named ``person/tracklet``, so that lengths and speeds do not bridge gaps.
    ``obj_id`` is the person. Timestamps count from ``video.started_at`` in UTC, otherwise from 1970. The CRS
    is a local plane in the unit of the trajectories, because MovingPandas reads coordinates without a CRS as
    degrees. Rows without a position are excluded with a warning. MovingPandas excludes tracklets of one row.

    Parameters
    ----------
    trajectories
        TRAJECTORIES.
    video
        The video, for the start of the recording.

    Returns
    -------
    movingpandas.TrajectoryCollection
        The trajectories.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> trajectories = pta.compute_trajectories(detections, video, plane=plan).dropna(subset=["x_m"])
    >>> collection = pta.interchange.to_movingpandas(trajectories, video)
    >>> len(collection)
    13
    >>> first = collection.trajectories[0]
    >>> first.id, round(first.get_length(), 2)
    ('0/1', 17.83)
    """
    from movingpandas import TrajectoryCollection

    points = to_geopandas(trajectories, video)
    points = points.set_crs(_LOCAL_CRS.format(unit=_UNIT_NAMES[points.attrs["unit"]]))
    people, tracklets = _read_people(points).astype(str), points["tracklet"].to_numpy().astype(str)
    flat = points.reset_index("timestamp", drop=True).reset_index()
    flat["trajectory"] = np.char.add(np.char.add(people, "/"), tracklets)
    start = pd.Timestamp(0) if video.started_at is None else pd.Timestamp(video.started_at)
    if start.tzinfo is not None:
        start = start.tz_convert("UTC").tz_localize(None)
    flat.index = pd.DatetimeIndex(start + points.index.get_level_values("timestamp"), name="t")
    return TrajectoryCollection(flat, traj_id_col="trajectory", obj_id_col="person_index")


def to_geopandas(data: pd.DataFrame | Sequence[Zone | Line], video: Video | None = None) -> Any:  # noqa: ARG001 - the same arguments as the others
    """Convert trajectories, zones or lines to a ``geopandas.GeoDataFrame``.

    Each row of trajectories becomes a point with all columns except x and y. Rows without a position are
    excluded with a warning. Each zone or line becomes a row with the columns ``name``, ``kind``, ``from``,
    ``to``, ``video`` and ``camera``, which ``read_zones`` can read. ``attrs["unit"]`` is the unit. The CRS is
    not set.

    Parameters
    ----------
    data
        TRAJECTORIES, or a list of zones and lines in one unit.
    video
        Unused; for the same arguments as in the other functions.

    Returns
    -------
    geopandas.GeoDataFrame
        The points, or the outlines of the zones and lines.

    Raises
    ------
    ParameterError
        If zones and lines are in several units.

    Examples
    --------
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", pta.Video(width=1280, height=720))
    >>> frame = pta.interchange.to_geopandas(zones)
    >>> dict(zip(frame["name"], frame.area.round().astype(int), strict=True))
    {'entrance': 21317, 'shelves': 29474, 'table': 74654, 'checkout': 21548}
    >>> frame.attrs["unit"]
    'px'
    """
    from geopandas import GeoDataFrame, points_from_xy

    if isinstance(data, pd.DataFrame):
        table, unit = _located(data)
        x, y = f"x_{unit}", f"y_{unit}"
        made = GeoDataFrame(table.drop(columns=[x, y]), geometry=points_from_xy(table[x], table[y]))
    else:
        units = sorted({thing.unit for thing in data})
        if len(units) > 1:
            raise ParameterError(f"data has zones in {' and '.join(units)}. Pass zones in one unit.")
        unit = units[0] if units else "px"
        columns: dict[str, list[Any]] = {
            "name": [thing.name for thing in data],
            "kind": [thing.kind for thing in data],
            "from": [getattr(thing, "start", None) for thing in data],
            "to": [getattr(thing, "end", None) for thing in data],
            "video": [list(thing.videos) or None for thing in data],
            "camera": [list(thing.cameras) or None for thing in data],
        }
        made = GeoDataFrame(columns, geometry=[thing.outline for thing in data])
    made.attrs["unit"] = unit
    return made


def to_supervision(detections: pd.DataFrame, video: Video) -> Iterator[tuple[pd.Timedelta, Any]]:
    """Yield the detections of each timestamp as ``supervision.Detections``.

    Boxes are in px, and ``tracker_id`` is the person. ``confidence``, ``class_id`` and ``data["class_name"]``
    are set if the table has them. Rows without a body box are excluded with a warning. Timestamps without
    boxes are skipped.

    Parameters
    ----------
    detections
        DETECTIONS.
    video
        The video, for its frame size.

    Yields
    ------
    tuple
        The timestamp and its ``supervision.Detections``.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> detections = detections.dropna(subset=["left"])
    >>> frames = pta.interchange.to_supervision(detections, video)
    >>> timestamp, people = next(frames)
    >>> people.tracker_id.tolist()
    [0, 1]
    >>> people.xyxy.round(1).tolist()
    [[1008.4, 245.1, 1069.6, 433.8], [588.7, 172.4, 634.5, 323.3]]
    """
    validate_video(video)
    return _list_frames(*_boxed(detections), video)


def _list_frames(table: pd.DataFrame, boxes: Floats, video: Video) -> Iterator[tuple[pd.Timedelta, Any]]:
    from supervision import Detections

    size = np.array([video.pixels.width, video.pixels.height] * 2, dtype="float64")
    boxes[:, 2:] += boxes[:, :2]
    people, xyxy = _read_people(table), boxes * size
    times, first = np.unique(_read_times(table), return_index=True)
    known = {name: table[name].to_numpy() for name in ("confidence", "class_id") if name in table.columns}
    if "class_id" in known and table["class_id"].isna().any():
        del known["class_id"]
    names = table["class_name"].to_numpy(dtype=object) if "class_name" in table.columns else None
    for moment, start, stop in zip(times, first, [*first[1:], len(table)], strict=True):
        rows = slice(start, stop)
        own = {name: values[rows] for name, values in known.items()}
        yield (
            pd.Timedelta(np.timedelta64(int(moment), "ms")),
            Detections(
                xyxy=xyxy[rows],
                tracker_id=people[rows],
                data={} if names is None else {"class_name": names[rows]},
                **own,
            ),
        )


def to_mot(
    detections: pd.DataFrame,
    video: Video,
    path: str | PathLike[str],
    *,
    frame_rate: float | None = None,
    first_pixel: int = 0,
) -> Path:
    """Write detections as MOTChallenge text.

    A row is ``frame,id,left,top,width,height,conf,-1,-1,-1``. Frames are counted from 1, and pixels from
    ``first_pixel``. ``read_tracking`` with the same ``first_pixel`` and video returns the same boxes: exactly
    if they were integer or decimal px in a tracker's file, otherwise up to the last bit. ``conf`` is -1 if
    the table has no confidence. Rows without a body box are excluded with a warning. Faces and classes are
    not written.

    Parameters
    ----------
    detections
        DETECTIONS.
    video
        The video, for its frame size and frame rate.
    path
        The file. An existing file is replaced.
    frame_rate
        Frames per second; by default the frame rate of the video.
    first_pixel
        Coordinate of the upper left pixel: 0 as in trackers' files, or 1 as in ground truth of MOTChallenge.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ParameterError
        If the frame size or frame rate is unknown, or a timestamp does not belong to a frame.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> detections, video = pta.read_tracking(
    ...     "data/tracker/morning.csv",
    ...     video=pta.Video(width=1280, height=720, frame_rate=25),
    ...     columns={
    ...         "frame": "frame", "id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"
    ...     },
    ... )
    >>> path = pta.interchange.to_mot(detections, video, "morning.txt")
    >>> path.read_text().splitlines()[1]
    '1,11,554.3,193.9,41.0,140.1,-1.0,-1,-1,-1'
    """
    validate_path(path, "path")
    validate_video(video)
    if isinstance(first_pixel, bool) or not isinstance(first_pixel, int) or first_pixel not in {0, 1}:
        raise ParameterError(f"first_pixel must be 0 or 1, got {first_pixel!r}")
    table, boxes = _boxed(detections)
    frames = timestamps_to_frames(_read_times(table), _find_rate(video, frame_rate)) + 1
    width, height = video.pixels.width, video.pixels.height
    sides = [_find_pixels(boxes[:, at], size) for at, size in enumerate((width, height, width, height))]
    sides[:2] = [side + first_pixel for side in sides[:2]]
    confidence = np.full(len(table), -1.0)
    if "confidence" in table.columns:
        confidence = np.nan_to_num(table["confidence"].to_numpy(dtype="float64"), nan=-1.0)
    columns = [frames, _read_people(table), *sides, confidence, *[np.full(len(table), -1)] * 3]
    text = pd.DataFrame(dict(enumerate(columns))).to_csv(header=False, index=False, lineterminator="\n")
    write_output(path, text.encode("utf-8"))
    return Path(path)


def _find_parts(trajectories: pd.DataFrame) -> pd.DataFrame:
    """Return the positions by person and time, and the number of the part without gaps of each."""
    walks = Walks(trajectories, find_unit(trajectories, TRAJECTORIES))
    known = ~np.isnan(walks.x)
    starts = np.ones(len(known), dtype=bool)
    starts[1:] = (walks.run[1:] != walks.run[:-1]) | ~known[:-1]
    times = _read_times(trajectories)[walks.rows.order]
    columns = {
        "id": walks.person_index,
        "time": times,
        "x": walks.x,
        "y": walks.y,
        "part": np.cumsum(starts),
    }
    return pd.DataFrame(columns)[known]


def _warn_of_steps(parts: pd.DataFrame, rate: float, video: Video) -> None:
    """Warn if people are not detected in successive frames, which PedPy requires."""
    steps = np.diff(parts["time"].to_numpy())[np.diff(parts["part"].to_numpy()) == 0]
    longer = int((steps > _LONGEST_STEP * 1000 / rate).sum())
    if longer <= _MOST_LONGER * len(steps):
        return
    period = video.sampling_period
    fitting = 1000 / (period / pd.Timedelta(milliseconds=1)) if period else 1000 / float(np.median(steps))
    warnings.warn(
        f"{longer} of {len(steps)} steps are longer than one frame at {rate:g} frames per second. PedPy "
        f"finds no crossings in them and does not count people between them. Pass resample={fitting:g}.",
        PtrackWarning,
        stacklevel=3,
    )


def _resample(parts: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Interpolate the positions of each part to regular frames."""
    made = []
    for (person, _), part in parts.groupby(["id", "part"], sort=True):
        times = part["time"].to_numpy() * rate / 1000
        frames = np.arange(np.ceil(times[0] - _ROUNDING), np.floor(times[-1] + _ROUNDING) + 1)
        x, y = (np.interp(frames, times, part[name].to_numpy()) for name in ("x", "y"))
        made.append(pd.DataFrame({"id": person, "frame": frames.astype("int64"), "x": x, "y": y}))
    if not made:
        return pd.DataFrame({"id": [], "frame": [], "x": [], "y": []}).astype({"frame": "int64"})
    return pd.concat(made, ignore_index=True)


def _located(trajectories: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows with a position, and the unit."""
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    keep = trajectories[f"x_{unit}"].notna().to_numpy() & trajectories[f"y_{unit}"].notna().to_numpy()
    return _warn_of_rest(trajectories, keep, "a position"), unit


def _boxed(detections: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """Return the rows with a body box in the order of time, and their boxes."""
    validate(detections, DETECTIONS)
    keep = detections[list(_SIDES)].notna().all(axis=1).to_numpy()
    table = _warn_of_rest(detections, keep, "a body box").sort_index()
    return table, table[list(_SIDES)].to_numpy(dtype="float64", copy=True)


def _warn_of_rest(table: pd.DataFrame, keep: Bools, what: str) -> pd.DataFrame:
    count = int((~keep).sum())
    if not count:
        return table
    warnings.warn(f"{count} of {len(table)} rows without {what} are excluded", PtrackWarning, stacklevel=4)
    return table[keep]


def _find_rate(video: Video, frame_rate: float | None) -> float:
    rate = video.frame_rate if frame_rate is None else frame_rate
    if rate is None:
        raise ParameterError(f"Video {video.name!r} has no frame rate. Pass frame_rate=25.")
    return above(rate, "frame_rate")


def _read_times(table: pd.DataFrame) -> Integers:
    """Return the timestamps [ms]."""
    times: Integers = table.index.get_level_values("timestamp").to_numpy().astype("timedelta64[ms]")
    return times.view("int64")


def _read_people(table: pd.DataFrame) -> Integers:
    people: Integers = table.index.get_level_values("person_index").to_numpy().astype("int64")
    return people


def _find_pixels(fractions: Floats, size: int) -> Floats:
    """Return px, with few decimals if possible, that give the exact fractions."""
    raw = fractions * size
    found = raw.copy()
    for step in reversed(_STEPS):
        near = raw + step * np.spacing(raw)
        found = np.where(near / size == fractions, near, found)
    rounded = np.round(raw, _DECIMALS)
    return np.where(rounded / size == fractions, rounded, found)
