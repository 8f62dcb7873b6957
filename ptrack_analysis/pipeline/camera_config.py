"""The configuration, zones and recording of each video, by the camera that recorded it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from ptrack_analysis.clock.holidays import is_country
from ptrack_analysis.clock.lookup import Assignment, find_keys, find_recording, find_recordings
from ptrack_analysis.clock.recordings import Recording, RecordingRow
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.errors import InputError, ParameterError, PtrackError, ZoneError
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.config_fields import find_options, get_value_type
from ptrack_analysis.pipeline.video_analysis import read_scene_file
from ptrack_analysis.scene.cameras import Camera, read_cameras
from ptrack_analysis.scene.selection import SelectorIndex, VideoKeys
from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.s3 import AnyPath

_GROUPS = ("scene", "clock", "presence", "positions", "visits", "lines", "stops", "cleaning", "cells")
_FIELDS = {
    each.name: get_value_type(each)
    for each, declared in find_options(AnalysisConfig)
    if declared.group in _GROUPS and each.name != "recordings"
}
"""Fields of the configuration that a camera may have, with their types."""
_FACTS = ("frame_size", "frame_rate")
CAMERA_OPTIONS = (*_FIELDS, *_FACTS)
"""Names of the options that a camera may have."""
_SHOWN = 3
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class CameraConfig:
    """The configuration, zones and lines of one camera, or of the videos without a camera."""

    config: AnalysisConfig
    scene: Scene | None = None
    camera: Camera | None = None

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """All settings that change the results, with files by their checksums."""
        return self.config.parameters()


@dataclass(frozen=True, slots=True)
class ResolvedVideo:
    """A video with its configuration, zones and recording.

    The videos of a camera share ``parameters``, the parameters of the configuration. ``scene`` has only the
    zones and lines of the camera.
    """

    config: AnalysisConfig
    scene: Scene | None
    camera: Camera | None
    recording: Recording
    parameters: Mapping[str, Any] = field(repr=False)


def resolve_videos(
    config: AnalysisConfig,
    references: Sequence[VideoReference],
    root: AnyPath,
    *,
    cameras: str | PathLike[str] | None = None,
    strict: bool = False,
) -> tuple[dict[str, ResolvedVideo], list[str]]:
    """Return the configuration, zones and recording of each video of a source.

    Zone files and floor plans are read once per camera.

    Parameters
    ----------
    config
        The general configuration. A camera has its own values for some of its fields.
    references, root
        The videos and their source.
    cameras
        The file of cameras.
    strict
        Whether every video must match a camera, and a row of the file of recordings.

    Returns
    -------
    tuple
        The resolved videos by name, and notes on cameras and recordings that match no video.

    Raises
    ------
    InputError
        If the file of cameras or recordings cannot be used, a video matches two cameras, or ``strict`` is set
        and a video does not match.
    ZoneError
        If a zone file or a floor plan cannot be used.
    ParameterError
        If ``strict`` is set without cameras and recordings.
    """
    if strict and cameras is None and config.recordings is None:
        raise ParameterError(
            "strict (--strict) needs cameras (--cameras FILE) or recordings (--recordings FILE) that every "
            "video must match."
        )
    keys = [find_keys(reference, root) for reference in references]
    resolver = None if cameras is None else _Resolver(config, cameras)
    recordings, notes = find_recordings(
        config, keys, None if resolver is None else resolver.assign, strict=strict
    )
    general = CameraConfig(config, None if resolver is not None else read_scene_file(config))
    if resolver is not None:
        if strict and (unmatched := resolver.list_unmatched()):
            raise InputError(
                f"{cameras}: {'; '.join(unmatched)}. Add them to a camera, or omit strict (--strict)."
            )
        if resolver.unmatched:
            general = replace(general, scene=read_scene_file(config))
        notes = [*resolver.find_notes(), *notes]
    units = {reference.name: reference.points_unit for reference in references}
    configs: dict[tuple[int, str, str | None], CameraConfig] = {}
    resolved = {}
    for name, recording in recordings.items():
        chosen = general if resolver is None else resolver.matches.get(name, general)
        key = id(chosen), units[name], recording.camera
        if key not in configs:
            configs[key] = _for_camera(chosen, units[name], recording.camera)
        own = configs[key]
        resolved[name] = ResolvedVideo(own.config, own.scene, own.camera, recording, own.parameters)
    return resolved, notes


def _for_camera(chosen: CameraConfig, points_unit: str, camera: str | None) -> CameraConfig:
    """Return the configuration for videos with points in a unit, and the zones of the camera only."""
    place = "" if chosen.camera is None else f"{chosen.camera.place}: "
    try:
        config = replace(chosen.config, points_unit=points_unit)
        config.validate_cell()
    except ParameterError as error:
        raise ParameterError(f"{place}{error}") from error
    scene = None if chosen.scene is None else chosen.scene.of_camera(camera)
    if scene is not None and scene.unit == "m" and config.unit != "m":
        raise ZoneError(
            f"{place}{config.zones}: zones in meters require a floor plan. Pass floor=... (--floor FILE), or "
            "give the camera one."
        )
    return CameraConfig(config, scene, chosen.camera)


def read_camera_configs(path: str | PathLike[str], config: AnalysisConfig) -> list[CameraConfig]:
    """Read a file of cameras with the configuration of each; see ``resolve_videos``.

    Raises
    ------
    InputError
        If the file cannot be used. The message names the camera and the key.
    ZoneError
        If a zone file or a floor plan of a camera cannot be used.
    """
    cache: dict[tuple[Any, ...], Scene | None] = {}
    return [
        _configure(camera, config, Path(path).parent, cache) for camera in read_cameras(path, CAMERA_OPTIONS)
    ]


def _configure(
    camera: Camera, config: AnalysisConfig, folder: Path, cache: dict[tuple[Any, ...], Scene | None]
) -> CameraConfig:
    values = {name: _read_option(camera, name, value) for name, value in camera.options.items()}
    if "holidays" in values:
        values["holidays"] = _find_holidays(values["holidays"], folder)
    facts: dict[str, Any] = {}
    if "frame_size" in values:
        facts["width"], facts["height"] = values.pop("frame_size")
    if "frame_rate" in values:
        facts["frame_rate"] = values.pop("frame_rate")
    if camera.lines is not None and "zones" not in values:
        values["zones"] = camera.lines
    try:
        own = replace(config, **values, video=replace(config.video, **facts))
    except PtrackError as error:
        raise InputError(f"{camera.place}: {error}") from error
    key = own.zones, own.floor, camera.lines, own.video.width, own.video.height
    try:
        if key not in cache:
            cache[key] = _read_scene(own, camera)
    except PtrackError as error:
        raise ZoneError(f"{camera.place}: {error}") from error
    return CameraConfig(own, cache[key], camera)


def _find_holidays(given: str, folder: Path) -> str:
    """Return the country, or the path of a file relative to the file of cameras."""
    return given if is_country(given) or given.startswith("s3://") else str(folder / given)


def _read_scene(config: AnalysisConfig, camera: Camera) -> Scene | None:
    """Read the zones and lines of a camera from its one or two files."""
    scene = read_scene_file(config)
    if scene is None or camera.lines is None or camera.lines == config.zones:
        return scene
    other = read_scene_file(replace(config, zones=camera.lines))
    if other is None or other.unit != scene.unit:
        raise ZoneError(f"zones and lines must have the same unit, got {scene.unit!r} and {camera.lines}")
    return Scene([*scene.zones, *other.zones], [*scene.lines, *other.lines], scene.unit)


def _read_option(camera: Camera, name: str, value: Any) -> Any:
    """Convert the value of an option to the type of its field; CSV files contain only text."""
    kind = {"frame_size": "tuple[int, int]", "frame_rate": "float"}.get(name) or _FIELDS[name]
    text = value if isinstance(value, str) else ""
    match kind:
        case "bool":
            value, form = _FLAGS.get(text.lower(), value), "true or false"
            is_right = isinstance(value, bool)
        case "float":
            with suppress(ValueError):
                value = float(text) if text else value
            is_right, form = isinstance(value, int | float) and not isinstance(value, bool), "a number"
        case "tuple[int, int]":
            parts = text.lower().split("x")
            if len(parts) == 2 and all(map(str.isdecimal, parts)):  # noqa: PLR2004 - a pair
                value = [int(part) for part in parts]
            is_right = isinstance(value, list) and [type(one) for one in value] == [int, int]
            form = "two whole numbers such as '54x96'" if name == "shape" else "a size such as '1920x1080'"
            value = tuple(value) if is_right else value
        case "Iterable[str]":
            value = text.split(",") if text else value
            is_right = isinstance(value, list) and all(isinstance(one, str) for one in value)
            form = "a list of texts"
        case "Duration":
            is_right, form = bool(text), "a duration such as '2s'"
        case _:
            is_right, form = bool(text) or name in ("zones", "floor"), "a text"
    if not is_right:
        raise InputError(f"{camera.place}: {name} must be {form}, got {value!r}")
    return value


class _Resolver:
    """Matches videos with the cameras of a file.

    ``matches`` has the configuration of each video that matches a camera, ``unmatched`` the reasons for the
    others.
    """

    def __init__(self, config: AnalysisConfig, path: str | PathLike[str]) -> None:
        self.path = path
        self.general = config
        self.cameras = read_camera_configs(path, config)
        self.by_name: dict[str, list[CameraConfig]] = defaultdict(list)
        for one in self.cameras:
            if one.camera is not None:
                self.by_name[one.camera.name].append(one)
        self.selected = [one for one in self.cameras if one.camera is not None and one.camera.selector]
        self.index = SelectorIndex([one.camera.selector for one in self.selected if one.camera is not None])
        self.matches: dict[str, CameraConfig] = {}
        self.unmatched: dict[str, str] = {}

    def assign(self, keys: VideoKeys, row: RecordingRow | None) -> Assignment:
        """Return the configuration of the camera of a video; the general one if it matches no camera."""
        chosen = self._match(keys, row)
        if chosen is None or chosen.camera is None:
            return Assignment(self.general)
        self.matches[keys.name] = chosen
        return Assignment(chosen.config, chosen.camera.site, chosen.camera.name)

    def _match(self, keys: VideoKeys, row: RecordingRow | None) -> CameraConfig | None:
        told = (row.cells.get("camera") if row is not None else None) or keys.camera
        fitting = self.by_name.get(told or "", [])
        if not fitting:
            fitting = [self.selected[index] for index in self.index.find(keys)]
        if not fitting:
            told = told or find_recording(keys, row, Assignment(self.general)).camera
            fitting = self.by_name.get(told or "", [])
        if not fitting:
            self.unmatched[keys.name] = "matches no camera"
            return None
        valid, is_known = [], True
        for one in fitting:
            is_valid = self._is_valid(one, keys, row)
            is_known &= is_valid is not None
            valid += [one] if is_valid else []
        if len(valid) > 1:
            first, second = (one.camera for one in valid[:2])
            raise InputError(
                f"{self.path}: video {keys.name!r} matches the cameras {_describe(first)} and "
                f"{_describe(second)}. Make their selectors more specific, or name the camera of the video "
                "in the file of recordings."
            )
        if not valid and find_recording(keys, row, Assignment(fitting[0].config)).fault is not None:
            return fitting[0]  # reading the video reports the error in the time of its name
        if not valid:
            camera = fitting[0].camera.name if fitting[0].camera is not None else ""
            self.unmatched[keys.name] = (
                f"is outside the dates of camera {camera!r}"
                if is_known
                else f"has no known start, which the dates of camera {camera!r} need"
            )
            return None
        return valid[0]

    @staticmethod
    def _is_valid(one: CameraConfig, keys: VideoKeys, row: RecordingRow | None) -> bool | None:
        """Return whether a camera is valid when the video starts; None if the start is not known."""
        camera = one.camera
        if camera is None or not camera.has_period:
            return True
        recording = find_recording(keys, row, Assignment(one.config))
        if recording.started_at is None or recording.timezone is None:
            return None
        local = recording.started_at.astimezone(parse_timezone(recording.timezone))
        return camera.is_valid_at(local.replace(tzinfo=None))

    def list_unmatched(self) -> list[str]:
        """Describe which videos match no camera, by reason."""
        by_reason = defaultdict(list)
        for name, reason in self.unmatched.items():
            by_reason[reason].append(name)
        return [_say(names, reason) for reason, names in by_reason.items()]

    def find_notes(self) -> Iterator[str]:
        """Describe which videos and cameras do not match."""
        for text in self.list_unmatched():
            yield f"{self.path}: {text}; the general configuration is used"
        used = Counter(one.camera.name for one in self.matches.values() if one.camera is not None)
        unused = [name for name in self.by_name if name not in used]
        if unused and len(self.matches) + len(self.unmatched) > 1:
            yield (
                f"{self.path}: {len(unused)} {'camera matches' if len(unused) == 1 else 'cameras match'} no "
                f"video of the source ({listed(unused, _SHOWN)})"
            )


def _describe(camera: Camera | None) -> str:
    return "" if camera is None else f"{camera.name!r} ({camera.selector})"


_PLURALS = {"matches": "match", "is": "are", "has": "have"}


def _say(names: Sequence[str], reason: str) -> str:
    if len(names) == 1:
        return f"video {names[0]!r} {reason}"
    verb, _, rest = reason.partition(" ")
    return f"{len(names)} videos ({listed(names, _SHOWN)}) {_PLURALS[verb]} {rest}"
