"""The files on an editor's desk: opened for the page, judged and written when it saves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ptrack_analysis.editing.documents import content_of, digest_of, judged, object_of, written
from ptrack_analysis.editing.job import Job
from ptrack_analysis.editing.outlines import edited_collection, shown_features
from ptrack_analysis.editing.pairs import edited_floor, said_of, shown_lens, shown_pairs
from ptrack_analysis.errors import PtrackError, ZoneError
from ptrack_analysis.scene.floor_plan import Floor, read_floor
from ptrack_analysis.scene.zone_checks import zone_notes
from ptrack_analysis.scene.zone_files import Scene, project_scene, read_scene
from ptrack_analysis.storage.files import write_bytes

Answer = dict[str, Any]


class Desk:
    """What one editor may read and write: the files of its job, and no other.

    ``saved`` tells of each file written so far what was written, in a few words.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.saved: dict[Path, str] = {}
        self._opened: dict[str, tuple[bytes | None, dict[str, Any]]] = {}

    def opening(self) -> dict[str, Any]:
        """Read the files, and give what the page begins with.

        Raises
        ------
        ZoneError
            If a file cannot be opened, or holds what cannot be drawn.
        """
        job = self.job
        return {
            "picture": {"width": job.backdrop.width, "height": job.backdrop.height},
            "frame": {"width": job.video.width, "height": job.video.height},
            "unit": job.unit,
            "extent": list(job.extent),
            "zones": self._zones(),
            "floor": None if job.floor is None else self._floor(job.floor),
            "notes": job.notes,
        }

    def _zones(self) -> dict[str, Any]:
        job = self.job
        source = job.output if job.output in self.saved else job.opened
        content = content_of(source) if source else None
        read = {} if content is None or source is None else object_of(content, source)
        defects = []
        if content is not None and source is not None:
            try:
                judged(content, source, read_scene)
            except ZoneError as error:
                defects.append(str(error))
        try:
            features = shown_features(read) if content is not None else []
        except ZoneError as error:
            raise ZoneError(defects[0] if defects else f"{source}: {error}") from error
        return {
            "file": job.output.name,
            "base": self._keep(content, read),
            "disk": digest_of(content_of(job.output)),
            "saved": source == job.output,
            "features": features,
            "defects": defects,
        }

    def _floor(self, place: Path) -> dict[str, Any]:
        content = content_of(place)
        read = {} if content is None else object_of(content, place)
        floor = None if content is None else read_floor(place, self.job.video)
        return {
            "file": place.name,
            "base": self._keep(content, read),
            "disk": digest_of(content),
            "pairs": shown_pairs(read, *self._size),
            "extent": read.get("extent"),
            "lens": shown_lens(floor),
        }

    @property
    def _size(self) -> tuple[int, int]:
        pixels = self.job.video.pixels
        return pixels.width, pixels.height

    def _keep(self, content: bytes | None, read: dict[str, Any]) -> str:
        base = digest_of(content)
        self._opened[base] = (content, read)
        return base

    def _original(self, edit: dict[str, Any]) -> tuple[bytes | None, dict[str, Any]]:
        base = edit.get("base")
        if not isinstance(base, str) or base not in self._opened:
            raise ZoneError("the page began with a file that is not known: load it again")
        return self._opened[base]

    def save_zones(self, edit: dict[str, Any]) -> Answer:
        """Write the edited zones and lines, if ``read_zones`` can read them; what is unchanged stays bytes.

        Raises
        ------
        PtrackError
            With what is wrong with them, or why the file cannot be written.
        """
        job = self.job
        content, read = self._original(edit)
        made = edited_collection(read, edit.get("features"), job.unit)
        new = content if content is not None and made == read else written(made, "features")
        scene: Scene = judged(new, job.output, read_scene)
        noted = self._notes(scene)
        said = f"{_counted(scene.zones, 'zone')}, {_counted(scene.lines, 'line')}"
        changed = self._write(job.output, new, edit, said)
        return changed or {"disk": digest_of(new), "said": said, "notes": noted}

    def _notes(self, scene: Scene) -> list[str]:
        """Say what is odd about the zones of each video they are bound to; each sentence once."""
        job, plane = self.job, self.job.plan or self.job.video.pixels
        notes = list[str]()
        for name in scene.videos or [job.video.name]:
            video = replace(job.video, name=name)
            try:
                zones, _ = project_scene(scene, video, plane, place=job.output.name)
                notes += zone_notes(zones, video, plane)
            except PtrackError as error:
                notes.append(str(error))
        return list(dict.fromkeys(notes))

    def save_floor(self, edit: dict[str, Any]) -> Answer:
        """Write the calibration, if ``read_floor`` can read it.

        Raises
        ------
        PtrackError
            With what is wrong with it, or why the file cannot be written.
        """
        place = self.job.floor
        if place is None:
            raise ZoneError("no file of a floor plan was named")
        content, read = self._original(edit)
        made = edited_floor(read, edit, *self._size)
        new = content if content is not None and made == read else written(made, "pairs")

        def fitted(trial: Path) -> Floor:
            return read_floor(trial, self.job.video)

        floor: Floor = judged(new, place, fitted)
        said = f"{len(floor.pairs)} pairs, error {floor.error:.3g} m"
        changed = self._write(place, new, edit, said)
        return changed or {"disk": digest_of(new), "said": said, **said_of(floor)}

    def _write(self, place: Path, new: bytes, edit: dict[str, Any], said: str) -> Answer | None:
        """Write a file, or answer that somebody else changed it since the page knew it."""
        disk = content_of(place)
        if digest_of(disk) != edit.get("disk") and disk != new and edit.get("replace") is not True:
            known = digest_of(disk)
            return {"error": f"{place.name} was changed meanwhile by something else", "changed": known}
        if disk != new:
            write_bytes(place, new)
        self.saved[place] = said
        return None


def _counted(things: list[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
