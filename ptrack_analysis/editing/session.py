"""An editing session: the drawing plane, the files, and the analysis of the people in the scene."""

from base64 import b64decode
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from ptrack_analysis.editing.documents import parse_object, read_content
from ptrack_analysis.errors import OutputError, ParameterError, ZoneError
from ptrack_analysis.limits import at_least
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
from ptrack_analysis.scene.images import Picture, is_stretched
from ptrack_analysis.video import Plane, Video, YAxis
from ptrack_analysis.web.ground import Background, embedded_background

Bounds = tuple[float, float, float, float]
UNITS = ("fraction", "px", "m")
_LONGEST = 1600.0
"""Longer side of a blank background of points [px]."""


@dataclass(frozen=True, slots=True)
class EditSession:
    """One editing session: background, zone file, floor plan file, and the people in the scene.

    Attributes
    ----------
    background
        The image behind the drawing; None is a blank background.
    size
        Width and height of the background [px]. A blank background has the size of the frame, or is in
        proportion to ``bounds``.
    opened, output
        The zone file to start from (None: no zones), and the zone file to write.
    floor
        The floor plan file that calibration writes; None if calibration is not possible.
    unit
        Unit of the coordinates in the zone file.
    bounds
        Left, top, right and bottom coordinates of the background. ``top`` is larger than ``bottom`` if y
        grows upwards.
    video
        The video, with the size of its frame.
    plan
        The floor plan, if the zones are drawn in meters on it.
    analysis
        The people in the scene; None without tracking data.
    """

    background: Background | None
    size: tuple[float, float]
    opened: Path | None
    output: Path
    floor: Path | None
    unit: str
    bounds: Bounds
    video: Video
    plan: FloorPlan | None = None
    analysis: VideoAnalysis | None = None

    @property
    def image(self) -> bytes | None:
        """The background as JPEG."""
        if self.background is None:
            return None
        return b64decode(self.background.address.partition(",")[2])

    @property
    def plane(self) -> Plane:
        """The plane to project zones to: the plane of the analysis, otherwise of the drawing."""
        if self.analysis is not None:
            return self.analysis.plane
        return self.plan or self.video.pixels

    @property
    def drawn_plane(self) -> Plane:
        """The drawing plane: the plane of points, the floor plan or the image."""
        return self.plane if self.is_on_points else self.plan or self.video.pixels

    @property
    def is_on_points(self) -> bool:
        """Whether the plane belongs to points without an image."""
        return self.analysis is not None and self.analysis.has_points

    @property
    def notes(self) -> list[str]:
        """Notes on the figures and the background."""
        frame, image, notes = self.video, self.background, list[str]()
        if self.analysis is not None and self.analysis.config.stitch:
            notes.append("Tracks were stitched without regard to the entrances that you draw here.")
        if image is None or self.unit == "m" or not frame.width or not frame.height:
            return notes
        if not is_stretched((image.width, image.height), (frame.width, frame.height)):
            return notes
        note = (
            f"The background has {image.width} x {image.height} px, which is not the shape of the frame "
            f"({frame.width} x {frame.height}). It is stretched to the frame."
        )
        return [*notes, note]


def open_session(
    background: Picture | Background | None,
    output: str | PathLike[str],
    *,
    analysis: VideoAnalysis | None = None,
    zones: str | PathLike[str] | None = None,
    floor: str | PathLike[str] | None = None,
    unit: str | None = None,
    frame_size: tuple[int, int] | None = None,
    bounds: Bounds | None = None,
    replace: bool = False,
) -> EditSession:
    """Validate all inputs of an editing session.

    Without ``zones`` the output is opened if it exists. The unit is taken from the opened file, otherwise
    from ``unit``, otherwise from points; the default is fractions of the frame. In meters the background
    shows the bounds of the floor plan, or the given ``bounds`` of points.

    Raises
    ------
    ParameterError
        If neither a background nor an analysis is given, the background cannot be read, the unit is unknown
        or not the unit of the file, or meters come without a floor plan.
    ZoneError
        If a file cannot be opened.
    OutputError
        If the output exists, is not the opened file and ``replace`` is False, or has no folder.
    """
    if unit is not None and unit not in UNITS:
        raise ParameterError(f"unit must be one of {', '.join(UNITS)}, got {unit!r}")
    target, opened = Path(fspath(output)), _find_opened(output, zones, replace=replace)
    floor_path = None if floor is None else Path(fspath(floor))
    for path in filter(None, (target, floor_path)):
        _validate_target(path)
    if floor_path is not None and _is_same(floor_path, target):
        raise ParameterError(f"{floor_path} is both the zone file and the floor plan file")
    if background is None and analysis is None:
        raise ParameterError("There is nothing to draw on. Pass tracking data, a background, or both.")
    image = background if isinstance(background, Background | None) else embedded_background(background)
    on_points = analysis is not None and analysis.has_points
    chosen = _choose_unit(opened, unit, analysis.unit if analysis is not None and on_points else "fraction")
    if analysis is not None and analysis.has_points:
        return _open_points(analysis, image, chosen, bounds, (opened, target))
    if bounds is not None:
        raise ParameterError("bounds belongs to points. An image shows the frame or the floor plan.")
    video = _choose_video(analysis, image, frame_size, target.stem)
    known = analysis.config.floor if analysis is not None else None
    plan = None if chosen != "m" else _read_plan(floor_path or (Path(known) if known else None), video)
    pixels = video.pixels
    whole = {"fraction": (0.0, 0.0, 1.0, 1.0), "px": (0.0, 0.0, float(pixels.width), float(pixels.height))}
    drawn = whole[chosen] if plan is None else _orient(plan.bounds, plan.y_axis)
    size = _choose_size(image, plan.bounds if plan else whole["px"], is_frame=plan is None)
    floor_edited = None if plan else floor_path
    return EditSession(image, size, opened, target, floor_edited, chosen, drawn, video, plan, analysis)


def _open_points(
    analysis: VideoAnalysis,
    image: Background | None,
    unit: str,
    bounds: Bounds | None,
    files: tuple[Path | None, Path],
) -> EditSession:
    """Open a session in the plane of points without boxes."""
    if unit != analysis.unit:
        raise ParameterError(
            f"The points are in {analysis.unit}, so zones must be in {analysis.unit}, too, not in {unit}."
        )
    has_frame = analysis.unit == "px" and analysis.video.width and analysis.video.height
    if image is not None and bounds is None and not has_frame:
        raise ParameterError(
            "The points have no image, so the location of the background is unknown. Pass its "
            "bounds=(x0, y0, x1, y1) (--bounds X0,Y0,X1,Y1)."
        )
    x0, y0, x1, y1 = analysis.bounds if bounds is None else bounds
    if not (x0 < x1 and y0 < y1):
        raise ParameterError(f"bounds must have x0 < x1 and y0 < y1, got {bounds!r}")
    drawn = _orient((x0, y0, x1, y1), analysis.y_axis)
    size = _choose_size(image, (x0, y0, x1, y1), is_frame=False)
    opened, target = files
    return EditSession(image, size, opened, target, None, unit, drawn, analysis.video, None, analysis)


def _orient(bounds: Bounds, y_axis: YAxis) -> Bounds:
    """Return left, top, right and bottom of bounds."""
    x0, y0, x1, y1 = bounds
    return (x0, y1, x1, y0) if y_axis == "up" else bounds


def _choose_size(image: Background | None, bounds: Bounds, *, is_frame: bool) -> tuple[float, float]:
    """Return the size of the image, or of a blank background in proportion to frame or bounds."""
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    if is_frame:
        return (width, height) if image is None else (image.width, image.height)
    if image is not None:
        return image.width, image.height
    scale = _LONGEST / max(width, height)
    return width * scale, height * scale


def _choose_video(
    analysis: VideoAnalysis | None,
    image: Background | None,
    frame_size: tuple[int, int] | None,
    name: str,
) -> Video:
    """Return the video with its frame size: as tracked, as given, or from the background."""
    if analysis is not None:
        _ = analysis.video.pixels  # raises if the frame size is unknown
        return analysis.video
    width, height = frame_size or ((image.width, image.height) if image else (0, 0))
    return Video(name=name, width=int(at_least(width, "width", 1)), height=int(at_least(height, "height", 1)))


def _find_opened(
    output: str | PathLike[str], zones: str | PathLike[str] | None, *, replace: bool
) -> Path | None:
    """Return the file to open: the given file, otherwise the output if it exists."""
    target = Path(fspath(output))
    given = None if zones is None else Path(fspath(zones))
    if given is None:
        return target if target.exists() else None
    if not given.exists():
        raise ZoneError(f"{given}: cannot be read: there is no such file")
    if target.exists() and not _is_same(given, target) and not replace:
        raise OutputError(
            f"{target} exists and is not the opened file {given}. Pass replace=True (--force) to replace it."
        )
    return given


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _validate_target(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: cannot be written: it is not a file")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: cannot be written: the folder {str(path.parent)!r} does not exist")


def _choose_unit(opened: Path | None, unit: str | None, default: str) -> str:
    """Return the unit of the opened file; raise if another unit is given."""
    content = read_content(opened) if opened else None
    if opened is None or content is None:
        return unit or default
    parsed = parse_object(content, opened)
    stated = parsed.get("unit", "fraction")
    if stated not in UNITS:
        raise ZoneError(f"{opened}: unit must be one of {', '.join(UNITS)}, got {stated!r}")
    has_features = bool(parsed.get("features"))
    if unit not in {None, stated} and has_features:
        raise ParameterError(f"{opened} is in {stated}, not in {unit}. The editor does not convert units.")
    if not has_features and "unit" not in parsed:
        return unit or default
    return unit or str(stated)


def _read_plan(path: Path | None, video: Video) -> FloorPlan:
    if path is None or not path.exists():
        raise ParameterError(
            "Zones in meters need a floor plan to be drawn on. Pass the floor plan file as floor (--floor), "
            "and as background an image of its bounds."
        )
    return read_floor_plan(path, video)
