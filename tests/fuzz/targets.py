"""The targets of fuzzing: each takes bytes, such as the content of a file, and gives them to one reader.

A target fails if the reader raises another error than a PtrackError; if the error has several lines or does
not name the file; if a table does not match its schema, changes in a Parquet file, or loses rows or persons
in the first analyses. ``deep`` also runs the slow ones of these checks.
"""

import json
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from zlib import crc32

import pandas as pd

from ptrack_analysis import (
    AnalysisConfig,
    compute_tracks,
    compute_trajectories,
    find_videos,
    inspect_tracking,
    open_dataset,
    open_video,
    read_parquet,
    read_tracking,
    read_zones,
    verify_dataset,
    write_parquet,
)
from ptrack_analysis.clock.holidays import read_holidays
from ptrack_analysis.clock.recordings import read_recordings
from ptrack_analysis.dataset.identity import EvidenceCache, look_at
from ptrack_analysis.dataset.lock import _read_holder, describe_holder
from ptrack_analysis.dataset.manifest import MANIFEST, PRIVATE, read_manifest
from ptrack_analysis.dataset.publishing import _read_journal
from ptrack_analysis.editing.documents import parse_object
from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.live_figures import LiveFigures
from ptrack_analysis.editing.session import open_session
from ptrack_analysis.editing.zone_edits import list_features
from ptrack_analysis.errors import PtrackError, PtrackWarning
from ptrack_analysis.pipeline.camera_config import read_camera_configs
from ptrack_analysis.scene.floor_plan import read_floor_plan
from ptrack_analysis.schema import DETECTIONS, POINTS, validate
from ptrack_analysis.sources.rekognition.served_videos import find_served_videos
from ptrack_analysis.sources.rekognition.service import TrackingService
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.sources.trackers.registry import read_tracks
from ptrack_analysis.video import Video
from ptrack_analysis.web.ground import Background

from .building import build, build_manifest
from .mutation import split_header
from .requests import Editor, Tracking, ask, build_request

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
MOST_ROWS = 20_000
FAMILIES = {
    "json": [
        *(
            "coco-video",
            "boxmot-jsonl",
            "google-video",
            "deepstream-json",
            "alphapose",
            "wildtrack",
            "frigate",
        ),
        *("label-studio", "roboflow", "supervision-json", "ultralytics-json", "pathfinder-json"),
        "trajnet-lines",
    ],
    "xml": ["cvat-video"],
    "sqlite": ["jupedsim"],
    "hdf5": ["hdf5"],
}
FAMILIES["text"] = [name for name in TRACKERS if not any(name in others for others in FAMILIES.values())]
FAMILIES["parquet"] = ["table"]
_FILES = {
    "deepstream-kitti": "00_000_000001.txt",
    "wildtrack": "00000005.json",
    "ultralytics-txt": "video_1.txt",
    "ind": "07_tracks.csv",
}
_SUFFIXES = {"text": "csv", "json": "json"}


def pages(content, *, deep=True):
    """Pages of GetPersonTracking in any layout."""
    with _file(content, "page.json") as place:
        read = _read(lambda: read_tracking(place, video=VIDEO, landmarks=True, allow_incomplete=True), place)
        if read is None:
            return
        _check(*read, place.parent, deep=deep)
        if deep:
            inspect_tracking(place)


def text(content, *, deep=True):
    """Text tables of trackers; the header names the format."""
    _track("text", content, deep=deep)


def json_files(content, *, deep=True):
    """JSON and JSON Lines of trackers; the header names the format."""
    _track("json", content, deep=deep)


def xml(content, *, deep=True):
    """XML of CVAT."""
    _track("xml", content, deep=deep)


def sqlite(content, *, deep=True):
    """Databases of JuPedSim, or their descriptions."""
    _track("sqlite", content, deep=deep)


def hdf5(content, *, deep=True):
    """HDF5 files of points, or their descriptions."""
    _track("hdf5", content, deep=deep)


def parquet(content, *, deep=True):
    """Parquet files, or their descriptions: tables of trackers and tables of this package."""
    _track("parquet", content, deep=deep)
    made = build("parquet", split_header(content)[1])
    if made is not None:
        with _file(made, "table.parquet") as place:
            _read(lambda: read_parquet(place), place)


def zones(content, *, deep=True):
    """A zone file, which the editor also opens."""
    with _file(content, "zones.geojson") as place:
        _read(lambda: read_zones(place, VIDEO), place)
        with suppress(PtrackError):
            list_features(parse_object(content, place))


def floors(content, *, deep=True):
    """A floor plan."""
    with _file(content, "floor.json") as place:
        _read(lambda: read_floor_plan(place, VIDEO), place)


def cameras(content, *, deep=True):
    """A file of cameras; with the header csv, it is CSV."""
    form, body = split_header(content)
    with _file(body, "cameras.csv" if form == b"csv" else "cameras.toml") as place:
        for name in ("zones.geojson", "floor.json"):
            place.with_name(name).write_bytes(_good(name))
        place.with_name("days.csv").write_text("date,name\n2026-05-01,Labour Day\n", encoding="utf-8")
        _read(lambda: read_camera_configs(place, AnalysisConfig()), place)


def recordings(content, *, deep=True):
    """A table of recordings, or with the header holidays, of holidays."""
    form, body = split_header(content)
    with _file(body, "videos.csv") as place:
        read = read_holidays if form == b"holidays" else read_recordings
        _read(lambda: read(str(place)), place)


def manifest(content, *, deep=True):
    """The private files of a dataset, described as JSON: manifest, journal, holder and cache of sources."""
    said = _parse(content)
    made = None if said is None else build_manifest(said)
    with tempfile.TemporaryDirectory(prefix="ptrack-fuzz-") as folder:
        root = Path(folder, "dataset")
        (root / PRIVATE).mkdir(parents=True)
        page = Path(folder, "page.json")
        page.write_bytes(b"{}")
        if said is not None:
            for name in ("journal", "holder.json"):
                (root / PRIVATE / name).write_text(json.dumps(said.get(name)), encoding="utf-8")
            _read(lambda: _read_journal(root), root)
            describe_holder(_read_holder(root))
            (root / PRIVATE / "journal").unlink()
            evidence = said.get("evidence")
            evidence = evidence if isinstance(evidence, str) else json.dumps(evidence)
            with suppress(UnicodeEncodeError):
                _recall(evidence, page)
        (root / MANIFEST).write_bytes(content if made is None else made)
        if (found := _read(lambda: read_manifest(root), root)) is None:
            return
        _read(lambda: str(verify_dataset(root)), root)
        if (dataset := _read(lambda: open_dataset(root), root)) is None:
            return
        assert dataset.videos == list(found.names)
        assert dataset._repr_html_()
        for name in dataset.tables:
            _read(lambda name=name: dataset.read(name), root)


def editor(content, *, deep=True):
    """A session of the editor, described as JSON: its files, and the documents that the page sends."""
    said = _parse(content)
    if said is None:
        return
    with tempfile.TemporaryDirectory(prefix="ptrack-fuzz-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)
        files = _open_editor(Path(folder), said)
        if files is None:
            return
        figures, opening = LiveFigures(files.session), files.opening()
        json.dumps(opening, allow_nan=False)
        for one in said["sent"] if isinstance(said.get("sent"), list) else ():
            kind, sent = one if isinstance(one, list) and len(one) == 2 else ("", None)
            if not isinstance(sent, dict) or kind not in ("zones", "floor", "figures"):
                continue
            known = opening["floor" if kind == "floor" else "zones"] or {}
            sent = {"base": known.get("base"), "disk": known.get("disk"), **sent}
            try:
                answer = {
                    "zones": files.save_zones,
                    "floor": files.save_floor,
                    "figures": lambda body: figures.compute(files.find_original(body), body.get("features")),
                }[kind](sent)
            except PtrackError:
                continue
            json.dumps(answer, allow_nan=False)
            opening = files.opening()


def serve(content, *, deep=True):
    """Requests to ``ptrack serve``, or with the header editor, to the editor; raw or described as JSON."""
    form, body = split_header(content)
    said = _parse(body)
    if said is not None:
        try:
            body = b"".join(map(build_request, said.get("requests", ())))
        except (TypeError, AttributeError, ValueError):
            return
    if form == b"editor":
        with tempfile.TemporaryDirectory(prefix="ptrack-fuzz-") as folder:
            files = _open_editor(Path(folder), {"zones": json.loads(_good("zones.geojson"))})
            answers = ask(Editor(files), body)
    else:
        messages = []
        service = TrackingService([_serve_video()], say=messages.append)
        answers = ask(Tracking(service, envelope="gateway" if form == b"gateway" else None), body)
        service.close()
        assert not messages, messages
    assert all(status != 500 for status, _ in answers), answers


TARGETS = {
    "pages": pages,
    "text": text,
    "json": json_files,
    "xml": xml,
    "sqlite": sqlite,
    "hdf5": hdf5,
    "parquet": parquet,
    "zones": zones,
    "floors": floors,
    "cameras": cameras,
    "recordings": recordings,
    "manifest": manifest,
    "editor": editor,
    "serve": serve,
}


def is_deep(content):
    """Return whether to make the slow checks of this input, which is one of sixteen."""
    return crc32(content) % 16 == 0


class _file:  # noqa: N801 - a context manager, used like open
    """A file with this content in its own folder."""

    def __init__(self, content, name):
        self.folder = tempfile.TemporaryDirectory(prefix="ptrack-fuzz-")
        self.place = Path(self.folder.name, name)
        self.place.write_bytes(content)

    def __enter__(self):
        return self.place

    def __exit__(self, *_):
        self.folder.cleanup()


def _parse(content):
    """Return an object in JSON, or None."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _track(family, content, *, deep):
    """Read a tracker's file.

    The header is the format and perhaps the columns of a table. Without it, the format has to be recognized.
    """
    head, body = split_header(content)
    form, _, roles = (head or b"").decode(errors="replace").partition(" ")
    form = form if form in FAMILIES[family] else None
    columns = dict(pair.split("=", 1) for pair in roles.split(",") if "=" in pair) if form == "table" else {}
    if family in {"sqlite", "parquet", "hdf5"}:
        body = build(family, body)
        if body is None:
            return
    with _file(body, _FILES.get(form, f"tracks.{_SUFFIXES.get(family, family)}")) as place:
        read_folder = form is not None and not TRACKERS[form].reads_files
        source = place.parent if read_folder else place
        if form == "ind":
            place.with_name("07_tracksMeta.csv").write_text("trackId,class\n0,car\n1,pedestrian\n", "utf-8")
        if deep:
            _read(lambda: _read_parts(source, form, columns), source)
        tracked = _read(lambda: read_tracks(source, format=form, video=VIDEO, columns=columns), source)
        if tracked is None:
            return
        if {"x_m", "x_px"} & {*tracked.table}:
            validate(tracked.table, POINTS)
        else:
            _check(tracked.table, tracked.video, place.parent, deep=deep)


def _read_parts(source, form, columns):
    """Read each video of a file, such as one for each camera."""
    for reference in find_videos(source, format=form, columns=columns):
        read_tracking(reference, video=VIDEO, allow_dropped=True)


def _read(read, place):
    """Call a reader; None if it rejects the file, which takes one line that names the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PtrackWarning)
            return read()
    except PtrackError as error:
        message = str(error)
    assert place.name in message, f"does not name the file: {message!r}"
    assert "\n" not in message.strip(), f"more than one line: {message!r}"
    return None


def _check(table, video, folder, *, deep):
    """Check a table, and that it passes through the first analyses without a loss."""
    validate(table, DETECTIONS)
    assert table.index.is_monotonic_increasing
    if len(table) > MOST_ROWS or not deep:
        return
    write_parquet(table, folder / "detections.parquet")
    again = read_parquet(folder / "detections.parquet")
    if not again.equals(table) or again.index.names != table.index.names:
        pd.testing.assert_frame_equal(again, table)
    try:
        trajectories = compute_trajectories(table, video)
    except PtrackError:  # for example, the frame has no size
        return
    assert len(trajectories) == len(table)
    tracks = compute_tracks(trajectories)
    assert [*tracks.index] == sorted(set(table.index.get_level_values("person_index")))


def _recall(evidence, page):
    """Read evidence about a page from the cache of sources, as it is there for an unchanged page."""
    found = EvidenceCache(None, page.parent, "mark")
    found._before = {"mark/page.json": (look_at(page)[0], evidence)}
    kept = EvidenceCache(found.format({}), page.parent, "mark")
    kept._before |= found._before
    kept.recall(page)


@cache
def _good(name):
    """Return the content of a valid file."""
    from .seeds import SEEDS  # noqa: PLC0415 - the seeds need the targets

    return SEEDS[{"zones.geojson": "zones", "floor.json": "floors"}[name]][0]


@cache
def _open_shop():
    """Return a few detections in a frame of 1280 x 720 px, and their video."""
    with _file(_good_page(), "page.json") as place:
        return read_tracking(place, video=VIDEO)


def _good_page():
    from .seeds import SEEDS  # noqa: PLC0415 - the seeds need the targets

    return SEEDS["pages"][0]


@cache
def _serve_video():
    (video,) = find_served_videos(_open_shop())
    return video


@cache
def _analyze():
    return open_video(_open_shop())


def _open_editor(folder, said):
    """Open the editor on its described files; None if it rejects them."""
    for name in ("zones", "floor"):
        if said.get(name) is not None:
            place = folder / f"{name}.json"
            place.write_text(json.dumps(said[name]), encoding="utf-8")
    blank = Background("data:image/jpeg;base64,/9j/4AAQ", 1280, 720)
    try:
        session = open_session(
            blank,
            folder / "zones.json",
            analysis=None if said.get("without_tracks") else _analyze(),
            floor=folder / "floor.json",
            unit=said.get("unit") if isinstance(said.get("unit"), str) else None,
        )
        files = EditorFiles(session)
        files.opening()
    except PtrackError:
        return None
    return files
