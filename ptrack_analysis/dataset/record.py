"""The record of a run: what one video's files were made from, and what they are."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ptrack_analysis import __version__
from ptrack_analysis.dataset.layout import FOLDERS, is_inside, record_place
from ptrack_analysis.dataset.seen import Look, checksum_of
from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.archive import VideoReference, shown
from ptrack_analysis.storage.s3 import AnyPath

PACKAGE = "ptrack-analysis"


@dataclass(frozen=True, slots=True)
class Record:
    """What a video's files were made from: source files, parameters, version; and the files themselves.

    ``outputs`` has the rows and the SHA-256 of each file by its place below the dataset's folder,
    ``notes`` what is odd about the video, ``figures`` what the export says of it: the time of its persons in
    the scene, unlocated, and in each zone [ms], ``about`` where it was recorded and which days it covers, as
    in ``about_of``. Nothing in it depends on when or where the run was.
    """

    video: str
    source: list[dict[str, Any]]
    parameters: dict[str, Any]
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    package: str = PACKAGE
    version: str = __version__

    def is_of_same_run(self, other: "Record") -> bool:
        """Whether two records are of the same sources and parameters, so that the outputs must be equal."""
        return (self.source, self.parameters, self.version) == (other.source, other.parameters, other.version)

    @property
    def folders(self) -> list[str]:
        """The tables that were written as Parquet, by the names of their folders."""
        written = {place.partition("/")[0] for place in self.outputs}
        return [folder for folder in FOLDERS if folder in written]


def new_record(
    reference: VideoReference, root: AnyPath, parameters: dict[str, Any], seen: Mapping[str, Look]
) -> tuple[Record, dict[str, Look]]:
    """Begin the record of a run over this video, with the checksums of its files; and what was seen of them.

    Files that look as they did when they were ``seen`` are not read.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    noted: dict[str, Look] = {}
    try:
        source = [
            {"name": name, "sha256": checksum_of(path, name, seen, noted), "size": path.stat().st_size}
            for name, path in ((shown(root, path), path) for path in reference.files)
        ]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error
    if reference.form is not None:
        parameters = {**parameters, "form": json.loads(json.dumps(asdict(reference.form)))}
    return Record(video=reference.name, source=source, parameters=parameters), noted


def record_text(record: Record) -> str:
    """Write the record of a run; it goes to its place as the last thing of a video."""
    return json.dumps(asdict(record), indent=1, sort_keys=True) + "\n"


def read_record(out: AnyPath, video: str) -> Record | None:
    """Read the record of a video's earlier run; None where there is none, or something else."""
    try:
        content = json.loads((out / record_place(video)).read_bytes())
        record = Record(**content)
        complete = all(set(made) == {"rows", "sha256"} for made in record.outputs.values())
        complete &= all(map(is_inside, record.outputs))
        complete &= all({"name", "sha256"} <= set(file) for file in record.source)
        complete &= isinstance(record.figures, dict) and isinstance(record.about, dict)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    sound = record.package == PACKAGE and record.video == video and isinstance(record.parameters, dict)
    return record if sound and complete else None


def is_record(path: Path) -> bool:
    """Whether a file is the record of a run, be it of another version of the package."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("package") == PACKAGE


def read_records(out: Path) -> list[Record]:
    """Read the records of all videos of a dataset, in the order of their names."""
    names = sorted(path.stem for path in (out / record_place("x")).parent.glob("[!.]*.json"))
    return [record for name in names if (record := read_record(out, name)) is not None]
