"""The files that an editing session opens and saves."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from ptrack_analysis.editing.documents import (
    compute_checksum,
    format_object,
    parse_object,
    read_content,
    validate_content,
)
from ptrack_analysis.editing.floor_edits import apply_floor_edit, describe_fit, describe_lens, list_pairs
from ptrack_analysis.editing.session import EditSession
from ptrack_analysis.editing.zone_edits import apply_zone_edits, list_features
from ptrack_analysis.errors import PtrackError, ZoneError
from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
from ptrack_analysis.scene.zone_checks import check_zones
from ptrack_analysis.scene.zone_files import Scene, project_scene, read_scene
from ptrack_analysis.storage.files import remove_leftovers, write_output

Answer = dict[str, Any]


class EditorFiles:
    """Reads and writes the files of one session, and no others.

    ``saved`` briefly describes the content written to each file.
    """

    def __init__(self, session: EditSession) -> None:
        self.session = session
        self.saved: dict[Path, str] = {}
        self._opened: dict[str, tuple[bytes | None, dict[str, Any]]] = {}

    def opening(self) -> dict[str, Any]:
        """Remove what killed editors left, read the files, and return the initial content of the page.

        Raises
        ------
        ZoneError
            If a file cannot be opened, or contains something that cannot be drawn.
        """
        session, analysis = self.session, self.session.analysis
        for path in filter(None, (session.output, session.floor)):
            remove_leftovers(path.parent, [path.name])
        width, height = session.size
        return {
            "picture": {"width": width, "height": height, "is_blank": session.background is None},
            "has_tracks": analysis is not None,
            "on_points": session.is_on_points,
            "frame": {"width": session.video.width, "height": session.video.height},
            "unit": session.unit,
            "bounds": list(session.bounds),
            "zones": self._zones(),
            "floor": None if session.floor is None else self._floor(session.floor),
            "notes": session.notes,
        }

    def _zones(self) -> dict[str, Any]:
        session = self.session
        source = session.output if session.output in self.saved else session.opened
        content = read_content(source) if source else None
        read = {} if content is None or source is None else parse_object(content, source)
        defects = []
        if content is not None and source is not None:
            try:
                validate_content(content, source, read_scene)
            except ZoneError as error:
                defects.append(str(error))
        try:
            features = list_features(read) if content is not None else []
        except ZoneError as error:
            raise ZoneError(defects[0] if defects else f"{source}: {error}") from error
        return {
            "file": session.output.name,
            "base": self._keep(content, read),
            "disk": compute_checksum(read_content(session.output)),
            "saved": source == session.output,
            "features": features,
            "defects": defects,
        }

    def _floor(self, path: Path) -> dict[str, Any]:
        content = read_content(path)
        read = {} if content is None else parse_object(content, path)
        floor = None if content is None else read_floor_plan(path, self.session.video)
        return {
            "file": path.name,
            "base": self._keep(content, read),
            "disk": compute_checksum(content),
            "pairs": list_pairs(read, *self._size),
            "bounds": read.get("bounds"),
            "lens": describe_lens(floor),
        }

    @property
    def _size(self) -> tuple[int, int]:
        pixels = self.session.video.pixels
        return pixels.width, pixels.height

    def _keep(self, content: bytes | None, read: dict[str, Any]) -> str:
        base = compute_checksum(content)
        self._opened[base] = (content, read)
        return base

    def _original(self, edit: dict[str, Any]) -> tuple[bytes | None, dict[str, Any]]:
        base = edit.get("base")
        if not isinstance(base, str) or base not in self._opened:
            raise ZoneError("The page was opened from another file. Load the page again.")
        return self._opened[base]

    def save_zones(self, edit: dict[str, Any]) -> Answer:
        """Write the edited zones and lines if ``read_zones`` can read them.

        Without a change the bytes stay the same.

        Raises
        ------
        PtrackError
            If the zones are not valid, or the file cannot be written.
        """
        session = self.session
        content, read = self._original(edit)
        made = apply_zone_edits(read, edit.get("features"), session.unit)
        new = content if content is not None and made == read else format_object(made, "features")
        scene: Scene = validate_content(new, session.output, read_scene)
        noted = self._notes(scene)
        said = f"{_count(scene.zones, 'zone')}, {_count(scene.lines, 'line')}"
        changed = self._write(session.output, new, edit, said)
        return changed or {"disk": compute_checksum(new), "said": said, "notes": noted}

    def _notes(self, scene: Scene) -> list[str]:
        """Check the zones for each video that they are bound to, without repeated sentences."""
        session, plane = self.session, self.session.drawn_plane
        notes = list[str]()
        cameras: list[str | None] = [*scene.cameras] or [None]
        for camera, name in product(cameras, scene.videos or [session.video.name]):
            video = replace(session.video, name=name)
            try:
                zones, _ = project_scene(scene.of_camera(camera), video, plane, place=session.output.name)
                notes += check_zones(zones, video, plane=plane)
            except PtrackError as error:
                notes.append(str(error))
        return list(dict.fromkeys(notes))

    def save_floor(self, edit: dict[str, Any]) -> Answer:
        """Write the calibration if ``read_floor_plan`` can read it.

        Raises
        ------
        PtrackError
            If the calibration is not valid, or the file cannot be written.
        """
        path = self.session.floor
        if path is None:
            raise ZoneError(
                "There is no floor plan file to save. Start the editor with floor='floor.json' "
                "(--floor floor.json)."
            )
        content, read = self._original(edit)
        made = apply_floor_edit(read, edit, *self._size)
        new = content if content is not None and made == read else format_object(made, "pairs")

        def fitted(trial: Path) -> FloorPlan:
            return read_floor_plan(trial, self.session.video)

        floor: FloorPlan = validate_content(new, path, fitted)
        said = f"{len(floor.pairs)} pairs, {floor.describe_error()}"
        changed = self._write(path, new, edit, said)
        fit = describe_fit(floor)
        if self.session.analysis is not None:
            fit["notes"].append(
                "Visits and counts use the previous floor plan until the editor is started again."
            )
        return changed or {"disk": compute_checksum(new), "said": said, **fit}

    def find_original(self, edit: dict[str, Any]) -> dict[str, Any]:
        """Return the parsed file that the page opened.

        Raises
        ------
        ZoneError
            If this session did not open that file.
        """
        return self._original(edit)[1]

    def _write(self, path: Path, new: bytes, edit: dict[str, Any], said: str) -> Answer | None:
        """Write a file, or return an error if another program changed it since the page read it."""
        disk = read_content(path)
        if compute_checksum(disk) != edit.get("disk") and disk != new and edit.get("replace") is not True:
            known = compute_checksum(disk)
            return {"error": f"Another program has changed {path.name} since it was opened", "changed": known}
        if disk != new:
            write_output(path, new)
        self.saved[path] = said
        return None


def _count(items: list[Any], name: str) -> str:
    return f"{len(items)} {name}{'' if len(items) == 1 else 's'}"
