"""Descriptions of files that cannot be read, with advice."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.cvat import find_root
from ptrack_analysis.sources.trackers.jupedsim import accepts_sqlite, fits_jupedsim
from ptrack_analysis.sources.trackers.mot import CORNERS, fits_mot
from ptrack_analysis.sources.trackers.points import describe_ambiguous
from ptrack_analysis.sources.trackers.roles import list_columns
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tables import advise_columns, read_parquet_names
from ptrack_analysis.sources.trackers.text import read_header

_VIDEOS = (
    b"RIFF....AVI ",
    b"\x1aE\xdf\xa3",
    b"FLV\x01",
    b"\x00\x00\x01\xba",
    b"0&\xb2u\x8ef\xcf\x11",
    b"G.{187}G",
)
_IMAGES = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"BM....\x00\x00\x00\x00",
    b"RIFF....WEBP",
    b"II\\*\x00",
    b"MM\x00\\*",
)
_IMAGE_BRANDS = (b"heic", b"heix", b"mif1", b"avif")
_BINARIES = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook. Unpack it, or save the sheet as CSV.",
    b"%PDF": "a PDF document, which has no tracking data.",
    b"\x80\x04\x95": "a Python pickle, which is never loaded because it can run code. Save a CSV file.",
    b"\x93NUMPY": "a NumPy array, which does not name its columns. Save a CSV with a header.",
}
_XML_KINDS = {
    "annotation": "an annotation of one image in PASCAL VOC's XML, which has no tracks.",
    "dataset": (
        "CVML (CAVIAR) in XML, which is not read. Write its boxes (frame number, object id, xc, yc, w, h) to "
        "a CSV file and pass --columns frame=number,id=id,center_x=xc,center_y=yc,width=w,height=h."
    ),
    "svg": "a drawing (SVG), which has no tracking data.",
}
_JSON_KINDS = (
    (
        {"Labels"},
        (
            "labels of Rekognition (GetLabelDetection), which have no identities: a person is also listed "
            "under Adult, Female and the like. Run a tracker on the video."
        ),
    ),
    (
        {"StreamProcessorInformation"},
        "a message of a Rekognition stream processor, which has no tracks. Run a tracker on the video.",
    ),
    (
        {"eventNamespace"},
        (
            "a message of a Rekognition stream processor, which reports the first occurrence only. Run a "
            "tracker on the video."
        ),
    ),
    (
        {"standardized_response"},
        "a response of Eden AI whose boxes have no width. Save original_response, the response of Google.",
    ),
    (
        {"image_id", "category_id", "bbox"},
        (
            "COCO results, a list without the images, so frames are unknown. "
            "Write them to a CSV table with frames."
        ),
    ),
    ({"categories", "items"}, "Datumaro's JSON, which has no times. Export the project as MOT 1.1."),
    ({"images", "annotations"}, "a COCO file without tracks. Run a tracker on its detections first."),
    ({"type", "features"}, "a GeoJSON file, as zones are: pass it as zones (--zones)."),
    (
        {"people", "version"},
        "an OpenPose result, which has skeletons without boxes and identities. Run a tracker on the video.",
    ),
    (
        {"summarizedInsights"},
        "insights of Azure Video Indexer, which have people with start and end, but no boxes.",
    ),
    ({"events", "sourceInfo"}, "events of Azure Spatial Analysis, which has ended and which has no tracks."),
    (
        {"predictions", "image"},
        "a Roboflow result of one image. Save the detections with supervision's CSVSink.",
    ),
    ({"samples"}, "a dataset of samples, probably of FiftyOne, which is not read. Export it for CVAT."),
)
_TEXT_KINDS = (
    (
        rb"^(?:%[^\n]*\n|\s)*(?:TRACK|Properties)\.R\d+\s*=",
        (
            "trajectories of Edinburgh's Informatics Forum in px, which are not read. Save them as CSV with "
            "the columns frame, id, x and y, and pass --columns frame=frame,id=id,x=x,y=y --unit px."
        ),
    ),
    (
        rb"^\s*\d+\s+-?\s*(?:\(?the )?number of splines",
        "splines of UCY (.vsp) in px, which are not read. Use obsmat.txt, or TrajNet's text of the scene.",
    ),
    (
        rb"^[^\n]*\bprecedingId\b[^\n]*\blaneId\b",
        "tracks of highD, which are vehicles without people.",
    ),
    (
        rb"^(?:[^\n]*\n){0,3}Period,Frame,Time \[s\]",
        (
            "tracking data of Metrica, with the players side by side. Read it with kloppy, and save a CSV "
            "with one row per player and frame."
        ),
    ),
    (
        rb"(?:[A-Za-z_]+ ){1,3}\d+\.\d+(?: [\d.e+-]+){13,18}\s",
        "KITTI's object labels or DeepStream's dump of detections (gie-kitti-output-dir), which have no ids.",
    ),
    (
        rb"(?:[A-Za-z_]+ ){1,3}\d+(?: [\d.e+-]+){14,18}\s",
        "one frame of DeepStream's kitti-track-output-dir. Pass the folder of the files.",
    ),
)
_VIDEO_ADVICE = (
    "a video. ptrack reads the results of a tracker: run a tracker on the video first, for example "
    "'yolo track source=VIDEO save_txt=True save_conf=True', and pass the folder that it writes."
)
_REFUSED_NAMES = (
    (
        r"m\d{4}_gt.*\.txt",
        (
            "annotations of UAVDT, which are vehicles only. To read them as MOTChallenge text, name the "
            "format (--format mot-gt)."
        ),
    ),
    (r".*\.kwcoco\.json", "a kwcoco file, which is not read. Export it as COCO with videos and track_id."),
    (
        r".*\.top",
        "an annotation of Town Centre. Save a copy as .csv with this first line: {}. It is then read as a "
        "table.".format(
            "id,frame,head_valid,body_valid,head_left,head_top,head_right,head_bottom,left,top,right,bottom"
        ),
    ),
)
"""Patterns of file names, in lower case, that prove a format that is not read."""
_LONGEST_NAME = 60
_NUMBERS = "rows of {} numbers without a header"


def describe_unknown(sample: Sample) -> str:
    """Describe a file or folder that no reader accepts, with advice."""
    return describe_refused(sample) or f"{sample.path}: {_describe(sample)}"


def describe_refused(sample: Sample) -> str | None:
    """Describe a file whose name proves a format that is not read, or return None."""
    if sample.is_folder:
        return None
    name = sample.path.name.lower().removesuffix(".gz")
    kind = next((kind for pattern, kind in _REFUSED_NAMES if re.fullmatch(pattern, name)), None)
    return None if kind is None else f"{sample.path}: this is {kind}"


def _describe(sample: Sample) -> str:
    head, body = sample.head, sample.head.lstrip()
    if sample.is_folder:
        shown = ", ".join(map(repr, sample.names[:3])) + (", ..." if len(sample.names) > 3 else "")  # noqa: PLR2004
        return f"a folder with no tracking data ({shown or 'no files'})."
    if head.startswith(b"PAR1"):
        return _describe_parquet(sample)
    if accepts_sqlite(sample) is None:
        return fits_jupedsim(sample) or "an SQLite database."
    if (kind := _describe_binary(head)) is not None:
        return f"this is {kind}"
    if body.startswith(b"<"):
        return f"this is {_describe_xml(body)}"
    return _describe_json(body) if sample.is_json else _describe_text(sample)


def _describe_binary(head: bytes) -> str | None:
    """Describe a file by its magic bytes, or return None for text."""
    if _is_video(head):
        return _VIDEO_ADVICE
    if any(re.match(pattern, head, re.DOTALL) for pattern in _IMAGES) or head[8:12] in _IMAGE_BRANDS:
        return "an image. ptrack reads the tracks of people in a video; an image can be the background."
    found = next((text for magic, text in _BINARIES.items() if head.startswith(magic)), None)
    return "a binary file of an unknown kind." if found is None and b"\0" in head else found


def _is_video(head: bytes) -> bool:
    if head[4:8] == b"ftyp":
        return head[8:12] not in _IMAGE_BRANDS
    return any(re.match(pattern, head, re.DOTALL) for pattern in _VIDEOS)


def _describe_parquet(sample: Sample) -> str:
    try:
        names = read_parquet_names(sample.path)
    except InputError as error:
        return str(error).removeprefix(f"{sample.path}: ")
    return f"a Parquet file with the columns {list_columns(names)}. {advise_columns(names)}"


def _describe_xml(text: bytes) -> str:
    if re.match(rb"<!doctype html|<html", text, re.IGNORECASE):
        return "a web page (HTML), not tracking data. Was a login page saved instead of the file?"
    root = find_root(text) or "unknown"
    return _XML_KINDS.get(root, f"XML with the root element {root!r}, which no reader knows.")


def _describe_json(text: bytes) -> str:
    names = _list_names(text)
    for members, kind in _JSON_KINDS:
        if members <= {*names}:
            return f"this is {kind}"
    if not names:
        return "this is JSON without named members, which no reader knows."
    kind = "a list of objects with" if text.startswith(b"[") else "an object with"
    return f"this is JSON, {kind} the members {list_columns(names)}, which no reader knows. Save a CSV table."


def _list_names(text: bytes) -> list[str]:
    """Return the member names of a JSON object, or of the first object in a list."""
    try:
        document: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        names = re.findall(rb'[{,]\s*"((?:[^"\\]|\\.){1,60})"\s*:', text[:4096])
        return list(dict.fromkeys(name.decode(errors="replace") for name in names[:8]))
    while isinstance(document, list) and document:
        document = document[0]
    return list(document) if isinstance(document, dict) else []


def _describe_text(sample: Sample) -> str:
    names, _ = read_header(sample.head)
    for pattern, kind in _TEXT_KINDS:
        if re.match(pattern, sample.head, re.IGNORECASE):
            return f"this is {kind}"
    if (ambiguous := describe_ambiguous(sample)) is not None:
        return ambiguous
    if fits_mot(sample) == CORNERS:
        return f"{_NUMBERS.format(len(sample.rows[0]))}: {CORNERS}"
    if sample.is_numeric:
        count = len(sample.rows[0])
        return (
            f"{_NUMBERS.format(count)}, which no reader knows. Name the format (--format), or add a first "
            f"line with the "
            "names of the columns and give their roles (--columns)."
        )
    if len(names) > 1 and _looks_like_header(names):
        return f"a table with the columns {list_columns(names)}. {advise_columns(names)}"
    return "a text file that no reader knows. Name the format (--format)."


def _looks_like_header(names: Sequence[str]) -> bool:
    return all(len(name) <= _LONGEST_NAME for name in names) and not any(
        re.fullmatch(r"[\d.+-]+", name) for name in names
    )
