"""One editing session: documents, and what was saved."""

import json
import tempfile
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar

from ptrack_analysis.errors import OutputError, ParameterError, PtrackError, ZoneError
from ptrack_analysis.limits import at_least
from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
from ptrack_analysis.scene.images import Picture, is_stretched
from ptrack_analysis.video import Video
from ptrack_analysis.web.ground import Background, embedded_background

Read = TypeVar("Read")
_MOST = 32 * 2**20


def read_content(place: Path) -> bytes | None:
    """Read a file's bytes; None where there is none.

    Raises
    ------
    ZoneError
        If it cannot be read, or has more than 32 MiB.
    """
    try:
        if place.exists() and place.stat().st_size > _MOST:
            raise ZoneError(
                f"{place}: has {place.stat().st_size} bytes, more than a file of outlines can have"
            )
        return place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ZoneError(f"{place}: cannot be read: {error.strerror}") from error


def mark_content(content: bytes | None) -> str:
    """Return the mark by which a content is known again; that of no file is empty."""
    return "" if content is None else sha256(content).hexdigest()


def parse_object(content: bytes, place: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ZoneError
        If it is none.
    """
    try:
        read = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ZoneError(f"{place}: not JSON: {error}") from error
    if not isinstance(read, dict):
        raise ZoneError(f"{place}: not a JSON object")
    return read


def written(content: dict[str, Any], listed: str) -> bytes:
    """Write an object as JSON, a line for each thing of the list that it is about.

    Raises
    ------
    ZoneError
        If it holds a number that is not finite, or a text that cannot be written.
    """
    try:
        head = [f" {_compact(key)}: {_compact(value)}" for key, value in content.items() if key != listed]
        things = ",\n".join(f"  {_compact(thing)}" for thing in content[listed])
        block = f" {_compact(listed)}: [\n{things}\n ]" if things else f" {_compact(listed)}: []"
        return ("{\n" + ",\n".join([*head, block]) + "\n}\n").encode()
    except ValueError as error:
        raise ZoneError(f"cannot be written: {error}") from error


def judged(content: bytes, place: Path, read: Callable[[Path], Read]) -> Read:
    """Let the reader of such files read a content that is not in its place yet.

    Raises
    ------
    PtrackError
        As the reader does, with the name of the place.
    OutputError
        If the system has no room for a temporary file.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder, "trial.json")
            trial.write_bytes(content)
            try:
                return read(trial)
            except PtrackError as error:
                raise type(error)(str(error).replace(str(trial), place.name)) from error
    except OSError as error:
        raise OutputError(f"a temporary file cannot be written: {error.strerror}") from error


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


UNITS = ("fraction", "px", "m")


@dataclass(frozen=True, slots=True)
class EditSession:
    """A picture, the file that is opened (None: nothing), the one that is written, the floor plan's.

    ``unit`` is that of the coordinates, ``bounds`` the rectangle of them that the picture fills: x0, y0,
    x1, y1; ``video`` has the size of the frame. ``floor`` is written when somebody calibrates; None: nobody
    can.
    """

    background: Background
    opened: Path | None
    output: Path
    floor: Path | None
    unit: str
    bounds: tuple[float, float, float, float]
    video: Video
    plan: FloorPlan | None = None

    @property
    def picture(self) -> bytes:
        """The picture's bytes, a JPEG."""
        return b64decode(self.background.address.partition(",")[2])

    @property
    def notes(self) -> list[str]:
        """What looks wrong about the picture, one sentence each."""
        frame, picture = self.video, self.background
        if self.plan is not None or not frame.width or not frame.height:
            return []
        if not is_stretched((picture.width, picture.height), (frame.width, frame.height)):
            return []
        size = f"{frame.width} x {frame.height}"
        said = f"the picture has {picture.width} x {picture.height} px, not the shape of the frame, {size}: "
        return [f"{said}it is taken to show the whole frame, stretched"]


def make_job(
    background: Picture | Background,
    output: str | PathLike[str],
    *,
    zones: str | PathLike[str] | None = None,
    floor: str | PathLike[str] | None = None,
    unit: str | None = None,
    frame_size: tuple[int, int] | None = None,
    replace: bool = False,
) -> EditSession:
    """Look at everything that is given, and refuse what cannot be edited.

    Without ``zones`` the output is opened where it exists. The unit is that of the file opened, for a new
    file the one given, by default fractions of the frame; in meters the picture is the plan of the floor's
    bounds. The frame has the size given, by default the picture's.

    Raises
    ------
    ParameterError
        If the picture cannot be read, the unit is none or another than the file's, or meters come without a
        floor plan.
    ZoneError
        If a file that should be opened cannot be.
    OutputError
        If the output exists, is not what is opened, and ``replace`` is False, or has no folder.
    """
    if unit is not None and unit not in UNITS:
        raise ParameterError(f"unit is {unit!r}, not one of {', '.join(UNITS)}")
    target, opened = Path(fspath(output)), _opened(output, zones, replace=replace)
    place = None if floor is None else Path(fspath(floor))
    for file in filter(None, (target, place)):
        _validate_target(file)
    if place is not None and _same(place, target):
        raise ParameterError(f"{place}: is both the file of zones and the floor plan")
    shown = background if isinstance(background, Background) else embedded_background(background)
    wide, high = frame_size or (shown.width, shown.height)
    video = Video(
        name=target.stem, width=int(at_least(wide, "width", 1)), height=int(at_least(high, "height", 1))
    )
    chosen = _unit(opened, unit)
    plan = None if chosen != "m" else _plan(place, video)
    bounds = {"fraction": (0.0, 0.0, 1.0, 1.0), "px": (0.0, 0.0, float(wide), float(high))}
    drawn = plan.bounds if plan else bounds[chosen]
    return EditSession(shown, opened, target, None if plan else place, chosen, drawn, video, plan)


def _opened(output: str | PathLike[str], zones: str | PathLike[str] | None, *, replace: bool) -> Path | None:
    """Choose the file to open: the one given, else the output where it exists."""
    target = Path(fspath(output))
    given = None if zones is None else Path(fspath(zones))
    if given is None:
        return target if target.exists() else None
    if not given.exists():
        raise ZoneError(f"{given}: cannot be read: there is no such file")
    if target.exists() and not _same(given, target) and not replace:
        raise OutputError(f"{target}: exists and is not the file opened, {given}; --force replaces it")
    return given


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _validate_target(file: Path) -> None:
    if file.exists() and not file.is_file():
        raise OutputError(f"{file}: is not a file that can be written")
    if not file.parent.is_dir():
        raise OutputError(f"{file}: cannot be written: the folder {str(file.parent)!r} does not exist")


def _unit(opened: Path | None, unit: str | None) -> str:
    """Take the unit of the file that is opened, refusing another."""
    content = read_content(opened) if opened else None
    if opened is None or content is None:
        return unit or "fraction"
    read = parse_object(content, opened)
    said = read.get("unit", "fraction")
    if said not in UNITS:
        raise ZoneError(f"{opened}: unit is {said!r}, not one of {', '.join(UNITS)}")
    if unit not in {None, said} and read.get("features"):
        raise ParameterError(f"{opened}: is in {said}, not in {unit}; what is drawn is not converted")
    return unit or str(said)


def _plan(place: Path | None, video: Video) -> FloorPlan:
    if place is None or not place.exists():
        raise ParameterError(
            "zones in meters are drawn on the plan of a floor: give the floor plan's file, and as background "
            "a picture of its bounds"
        )
    return read_floor_plan(place, video)
