"""CVAT for video 1.1, and the annotations of JAAD and PIE, in XML."""

import re
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.sources.read_report import DroppedRows, IgnoredColumns
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.objects import columns_to_cells
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_SIDES = {"left": "xtl", "top": "ytl", "right": "xbr", "bottom": "ybr"}
_COLUMNS = {"frame": "frame", "id": "id", **_SIDES, "class_name": "label"}
_SHAPES = ("polygon", "polyline", "points", "mask", "ellipse", "cuboid", "skeleton")
_FACTS = ("width", "height", "source", "frame_filter")
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_BEFORE_ROOT = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*>)*+", re.DOTALL)
_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")
_STEP = re.compile(r"step\s*=\s*(\d{1,6})")
_DEEPEST = 100
_LONGEST_TEXT = 1000
_GROUP = "people"
"""JAAD's label for a group of people in one box."""


class _Parser:
    """Collect the boxes of a file's tracks, and nothing else."""

    def __init__(self, path: AnyPath) -> None:
        self.path = path
        self.numbers: dict[str, Any] = {name: array("d") for name in ("frame", *_SIDES.values())}
        self.ids: list[str | None] = []
        self.labels: list[str | None] = []
        self.lines = array("q")
        self.tracks = array("q")
        self.tasks: list[str] = []
        self.facts: list[dict[str, str]] = [{}]
        self.ignored_shapes = Counter[str]()
        self.attributes = dict[str, None]()
        self.outside = self.rotated = self.images = 0
        self.has_attribute_ids = False
        self._elements: list[str] = []
        self._track: Mapping[str, str] = {}
        self._track_count = self._track_start = 0
        self._track_id: str | None = None
        self._text: list[str] | None = None
        self._attribute = ""
        self._parser: Any = expat.ParserCreate("UTF-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._read_text
        self._parser.StartDoctypeDeclHandler = self._refuse_declaration
        self._parser.EntityDeclHandler = self._refuse_declaration

    def parse(self, raw: bytes) -> None:
        """Parse the file.

        Raises
        ------
        InputError
            If the file is not well-formed, is not CVAT XML or declares entities, with the line.
        """
        try:
            self._parser.Parse(raw, True)  # noqa: FBT003 - the parser takes no keyword
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise InputError(
                f"{self.path}, line {error.lineno}: XML is not well-formed: {reason}. The file is probably "
                "incomplete or was changed."
            ) from error

    def _refuse_declaration(self, *_: object) -> None:
        raise InputError(
            f"{self.path}, line {self._parser.CurrentLineNumber}: the XML declares a document type or an "
            "entity, which CVAT never writes. Remove the declaration."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self._elements)
        if depth > _DEEPEST:
            raise InputError(
                f"{self.path}, line {self._parser.CurrentLineNumber}: more than {_DEEPEST} elements are "
                "nested, which CVAT never writes"
            )
        self._elements.append(name)
        if depth == 0 and name != "annotations":
            raise InputError(f"{self.path}: the root element is {name!r}; expected 'annotations' of CVAT")
        parent = self._elements[-2] if depth else ""
        if name == "image" and parent == "annotations":
            self.images += 1
        elif name == "track" and parent == "annotations":
            self._start_track(attributes)
        elif parent == "track" and name == "box":
            self._add_box(attributes)
        elif parent == "track" and name in _SHAPES:
            self.ignored_shapes[name] += 1
        elif name == "attribute" and "track" in self._elements:
            self._attribute, self._text = attributes.get("name", ""), []
        elif "meta" in self._elements:
            if name == "task":
                self.facts.append({})
            self._text = []

    def _start_track(self, attributes: Mapping[str, str]) -> None:
        self._track, self._track_id = attributes, attributes.get("id")
        self._track_count += 1
        self._track_start = len(self.lines)

    def _add_box(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("outside") == "1":
            self.outside += 1
            return
        try:
            self.rotated += float(attributes.get("rotation", "0")) != 0
        except ValueError:
            self.rotated += 1
        for name, values in self.numbers.items():
            values.append(self._read_number(attributes, name))
        self.labels.append(self._track.get("label"))
        self.lines.append(self._parser.CurrentLineNumber)
        self.tracks.append(self._track_count)
        self.tasks.append(self._track.get("task_id", ""))

    def _read_number(self, attributes: Mapping[str, str], name: str) -> float:
        text = attributes.get(name)
        if text is None or _NUMBER.fullmatch(text) is None:
            raise InputError(
                f"{self.path}, line {self._parser.CurrentLineNumber}: {name} of the box is {text!r}; "
                "expected a number"
            )
        return float(text)

    def _read_text(self, text: str) -> None:
        if self._text is not None and len(self._text) < _LONGEST_TEXT:
            self._text.append(text)

    def _end(self, name: str) -> None:
        self._elements.pop()
        text = "".join(self._text or ()).strip()
        if name == "track" and self._elements == ["annotations"]:
            self._end_track()
        elif name == "attribute" and self._attribute:
            self.attributes.setdefault(self._attribute)
            if self._attribute == "id" and self._track_id is None and "track" in self._elements:
                self._track_id = text
                self.has_attribute_ids = True
        elif "meta" in self._elements and text and (name in _FACTS or self._elements[-1] == "task"):
            self.facts[-1].setdefault(name, text)
        self._text, self._attribute = None, ""

    def _end_track(self) -> None:
        added = len(self.lines) - self._track_start
        if self._track_id is None and added:
            raise InputError(
                f"{self.path}, line {self.lines[self._track_start]}: the track has neither an attribute id "
                "nor boxes with an attribute named id"
            )
        self.ids.extend([self._track_id] * added)


def read_cvat_video(path: AnyPath, given: Given) -> Rows:
    """Read ``annotations.xml`` of CVAT for video 1.1, JAAD or PIE.

    Frames are frames of the video file, counted from 0, and boxes are corners in px. The file has the frame
    size, but no frame rate. Boxes with ``outside="1"`` mark that a person is absent. Missing frames between
    boxes are not filled. A track without an id, as in JAAD and PIE, is identified by the attribute ``id`` of
    its boxes. JAAD's label ``people`` is a group and is excluded unless ``classes`` contains it. A project
    with several tasks has several videos.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a line is invalid, with its number; if the file has images instead of tracks, or declares entities.

    References
    ----------
    CVAT, "CVAT for videos 1.1"; A. Rasouli et al., JAAD and PIE.
    """
    validate_columns(given, str(path))
    raw = read_text(path)
    parser = _Parser(path)
    parser.parse(raw)
    if parser.images:
        raise InputError(
            f"{path}: CVAT for images: {parser.images} images without tracks. Export the task as "
            "'CVAT for video 1.1'."
        )
    given.validate_size(len(parser.lines))
    if not len(parser.lines) and parser.ignored_shapes:
        raise InputError(f"{path}: the tracks have no boxes, only {_count(parser.ignored_shapes)}.")
    cells, columns, part_facts = _build_cells(parser, path)
    dropped: tuple[DroppedRows, ...] = ()
    if parser.has_attribute_ids and not given.classes:
        cells, dropped = _drop_groups(cells)
    oddities = []
    if parser.outside:
        oddities.append(f"{parser.outside} boxes mark that a person is absent (outside)")
    further = [name for name in parser.attributes if name != "id"]
    ignored = (IgnoredColumns(tuple(further), "attributes of boxes are not read"),) if further else ()
    facts = parser.facts[-1] if len(parser.facts) == 2 else parser.facts[0]  # noqa: PLR2004 - one task
    return Rows(
        cells,
        BoxLayout(columns=columns, first_frame=0, unit="px", text_ids=True),
        dropped=dropped,
        assumptions=tuple(_list_assumptions(parser)),
        oddities=tuple(oddities),
        ignored=ignored,
        video=named(given.video, title_of_source(path), **_read_facts(facts, path)),
        part_facts=part_facts,
    )


def fits_cvat_video(sample: Sample) -> str | None:
    """Return why a file is not CVAT's XML, or None if it is."""
    if sample.is_folder:
        return "a folder"
    head = sample.head.lstrip()
    if not head.startswith(b"<"):
        return "does not start like XML"
    if find_root(head) != "annotations":
        return "its root element is not 'annotations'"
    return None if re.search(rb"<(version|meta|track|image)\b", head) else "it has no element 'track'"


def find_root(head: bytes) -> str | None:
    """Return the name of the root element of XML, or None if the first bytes do not have it."""
    before = _BEFORE_ROOT.match(head)
    found = _ROOT.search(head, before.end() if before else 0)
    return found[1].decode() if found else None


def _build_cells(parser: _Parser, path: AnyPath) -> tuple[Cells, dict[str, str], dict[str, dict[str, Any]]]:
    """Return the boxes, the roles of their columns, and the facts about each task."""
    lines = parser.lines
    columns: dict[str, Any] = {**parser.numbers, "id": parser.ids, "label": parser.labels}
    roles, part_facts = dict(_COLUMNS), dict[str, dict[str, Any]]()
    if any(parser.tasks) and len(parser.facts) > 2:  # noqa: PLR2004 - several tasks
        tasks = {facts.get("id", ""): facts for facts in parser.facts[1:]}
        names = {number: f"{number}-{facts.get('name', '')}".strip("-") for number, facts in tasks.items()}
        columns["task"] = [names.get(task, task) for task in parser.tasks]
        roles["video"] = "task"
        part_facts = {names[number]: _read_facts(facts, path) for number, facts in tasks.items()}
    cells = columns_to_cells(columns, path, lambda row: f"{path}, line {lines[row]}")
    return cells, roles, part_facts


def _drop_groups(cells: Cells) -> tuple[Cells, tuple[DroppedRows, ...]]:
    labels = cells.columns["label"].to_numpy()
    is_group = np.array([label == _GROUP for label in labels], dtype=bool)
    if not is_group.any():
        return cells, ()
    count = int(is_group.sum())
    text = f"{count} boxes of groups (label {_GROUP!r}) are excluded"
    reason = DroppedRows(text, count, cells.list_examples(np.flatnonzero(is_group)), is_excluded=True)
    return cells.kept(~is_group), (reason,)


def _list_assumptions(parser: _Parser) -> list[str]:
    """Return messages on doubtful tracks, missing frames and ignored shapes."""
    assumptions = []
    tracks = np.frombuffer(parser.tracks, dtype="int64") if parser.tracks else np.empty(0, dtype="int64")
    frames = np.array(parser.numbers["frame"])
    _, sizes = np.unique(tracks, return_counts=True)
    if single := int((sizes == 1).sum()):
        assumptions.append(
            f"{single} tracks have one box, as CVAT exports shapes without an identity; they are read as "
            "tracks"
        )
    steps = np.diff(frames)[np.diff(tracks) == 0]
    usual = _find_step(parser, steps)
    if gaps := int((steps > usual).sum()):
        assumptions.append(
            f"frames are missing inside tracks ({gaps} gaps); positions between keyframes are not "
            "interpolated, unless fill_gaps (--fill-gaps) is given"
        )
    if parser.rotated:
        assumptions.append(f"the rotation of {parser.rotated} boxes is ignored")
    if parser.ignored_shapes:
        assumptions.append(f"shapes that are not boxes are not read ({_count(parser.ignored_shapes)})")
    return assumptions


def _find_step(parser: _Parser, steps: Floats) -> float:
    """Return the step between frames: ``frame_filter``, otherwise the smallest step."""
    found = [_STEP.search(facts.get("frame_filter", "")) for facts in parser.facts]
    stated = [int(match[1]) for match in found if match]
    if stated:
        return max(stated)
    return float(steps[steps > 0].min(initial=np.inf)) if len(steps) else np.inf


def _read_facts(facts: Mapping[str, str], path: AnyPath) -> dict[str, Any]:
    """Return the facts about a video by the names of the fields of ``Video``."""
    found: dict[str, Any] = {}
    for name in ("width", "height"):
        if name not in facts:
            continue
        if not re.fullmatch(r"[0-9]{1,6}", facts[name]) or not int(facts[name]):
            raise InputError(f"{path}: {name} in original_size is {facts[name][:40]!r}; expected px above 0")
        found[name] = int(facts[name])
    if "source" in facts:
        found["source"] = facts["source"]
    return found


def _count(shapes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in shapes.items())
