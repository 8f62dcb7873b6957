"""Text of VATIC, as in the Stanford Drone Dataset, with one box per line."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.read_report import DroppedRows
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, read_fixed_text
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import read_lines
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_NAMES = ("id", "x1", "y1", "x2", "y2", "frame", "lost", "occluded", "generated")
_LABEL = len(_NAMES)
_LINE = r"^" + "".join(rf"(?P<{name}>[^\s\"]+)\s+" for name in _NAMES) + r'"(?P<label>[^"]*)"'
_COLUMNS = {
    "frame": "frame",
    "id": "id",
    "left": "x1",
    "top": "y1",
    "right": "x2",
    "bottom": "y2",
    "class_name": "label",
}
_STANFORD = ("Pedestrian", "Biker", "Skater", "Cart", "Car", "Bus")
_RATE = 30.0
_EXPECTED = 'id x1 y1 x2 y2 frame lost occluded generated "label"'


def read_vatic(path: AnyPath, given: Given) -> Rows:
    """Read text of VATIC: ``id x1 y1 x2 y2 frame lost occluded generated "label"``.

    Frames are counted from 0. Rows with ``lost`` 1 are outside the image and are excluded. Attributes after
    the label are not read. If all labels occur in the Stanford Drone Dataset, 30 frames per second are
    assumed. For other files the frame rate is required.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller; the frame size is required.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its line.

    References
    ----------
    C. Vondrick et al., "Efficiently scaling up crowdsourced video annotation", 2013; A. Robicquet et al.,
    "Learning social etiquette: human trajectory understanding in crowded scenes", 2016.
    """
    raw = read_fixed_text(path, given)
    cells = _split_lines(raw, path)
    is_stanford = pc.all(pc.is_in(cells.columns["label"], pa.array(_STANFORD)), min_count=0).as_py()
    cells, dropped = _drop_lost(cells)
    layout = BoxLayout(
        columns=_COLUMNS,
        first_frame=0,
        unit="px",
        likely_frame_rate=(_RATE, "the Stanford Drone Dataset") if is_stanford else None,
    )
    return Rows(cells, layout, dropped=dropped, video=named(given.video, title_of_source(path)))


def fits_vatic(sample: Sample) -> str | None:
    """Return why a file is not text of VATIC, or None if it is."""
    if sample.is_folder:
        return "a folder"
    words = sample.head.lstrip().split(b"\n", 1)[0].split(None, _LABEL)
    has_label = (
        len(words) > _LABEL and words[_LABEL].startswith(b'"') and b"," not in b"".join(words[:_LABEL])
    )
    return None if has_label else "the tenth word of its first line is not in quotes"


def _split_lines(raw: bytes, path: AnyPath) -> Cells:
    numbered = read_lines(raw)
    numbers = np.array([number for number, _ in numbered], dtype="int64")
    texts = pa.array([line for _, line in numbered], pa.binary()).cast(pa.string())
    found = pc.extract_regex(texts, _LINE)
    if found.null_count:
        row = pc.index(pc.is_null(found), True).as_py()
        raise InputError(f"{path}, line {numbers[row]}: is {texts[row].as_py()[:60]!r}; expected {_EXPECTED}")
    return Cells(
        columns={name: pa.chunked_array([pc.struct_field(found, name)]) for name in (*_NAMES, "label")},
        count=len(numbers),
        place=str(path),
        where=lambda row: f"{path}, line {numbers[row]}",
    )


def _drop_lost(cells: Cells) -> tuple[Cells, tuple[DroppedRows, ...]]:
    """Exclude the rows in which the object is outside the image."""
    lost = cells.whole("lost", 0, 1) == 1
    if not lost.any():
        return cells, ()
    count = int(lost.sum())
    text = f"{count} of {cells.count} rows of people outside the image (lost) are excluded"
    return cells.kept(~lost), (
        DroppedRows(text, count, cells.list_examples(np.flatnonzero(lost)), is_excluded=True),
    )
