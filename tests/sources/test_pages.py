"""Every shape in which pages were found, and every way in which one can be at fault."""

import gzip
import json

import pandas as pd
import pytest
from archives import as_texts
from pages import FACE, METADATA, page, record, write
from pandas.testing import assert_frame_equal

from ptrack_analysis import read_tracking
from ptrack_analysis.errors import IncompleteError, InputError, PageError, PtrackWarning
from ptrack_analysis.schema import DETECTIONS, validate

RECORDS = [
    record(0, 0, face=FACE),
    record(0, 1),
    record(67, 0, box=None, face=FACE),
    record(67, 1, box=(-0.02, 0.5, 0.3, 0.5 + 1e-8)),
]


def lines(*documents):
    return "\n".join(json.dumps(document) for document in documents) + "\n"


ONE = page(*RECORDS)
TWO = [page(*RECORDS[:2], token="next"), page(*RECORDS[2:])]
SHAPES = {
    "bare response": ("a.json", ONE),
    "with what boto3 adds": ("a.json", page(*RECORDS, ResponseMetadata={"RetryAttempts": 0}, JobTag="tag")),
    "pretty-printed": ("a.json", json.dumps(ONE, indent=4)),
    "byte order mark": ("a.json", b"\xef\xbb\xbf" + json.dumps(ONE).encode()),
    "list of responses": ("a.json", TWO),
    "one merged object of many analyses": (
        "a.json",
        {"Labels": [{"Name": "x"}], "fileName": "v", "Persons": RECORDS},
    ),
    "metadata and persons": ("a.json", {"VideoMetadata": METADATA, "Persons": RECORDS}),
    "bare array": ("a.persons.json", RECORDS),
    "wrapped page": (
        "a.json",
        {"status": "succeeded", "original_response": ONE, "standardized_response": {}},
    ),
    "wrapped pages": ("a.json", {"status": "succeeded", "original_response": TWO}),
    "enveloped": ("a.json", {"success": True, "data": ONE}),
    "wrapped 16 times": ("a.json", '{"data":' * 16 + json.dumps(ONE) + "}" * 16),
    "numbers as texts": ("a.json", as_texts(ONE)),
    "empty token": ("a.json", page(*RECORDS, token="")),
    "unknown members": ("a.json", page(*RECORDS, Extra={"deep": [1, {"a": None}]}, Billable="x")),
    "JSON Lines": ("a.jsonl", lines(*TWO)),
    "JSON Lines named json": ("a.json", lines(*TWO)),
    "JSON Lines of records": ("a.jsonl", lines(*RECORDS)),
    "JSON Lines with blank lines and no last line end": (
        "a.ndjson",
        "\n" + lines(*TWO).replace("\n", "\r\n\n").strip(),
    ),
    "gzip": ("a.json.gz", gzip.compress(json.dumps(ONE).encode())),
    "gzip of two members": (
        "a.json.gz",
        gzip.compress(json.dumps(ONE)[:99].encode()) + gzip.compress(json.dumps(ONE)[99:].encode()),
    ),
    "gzip of JSON Lines": ("a.jsonl.gz", gzip.compress(lines(*TWO).encode())),
}


@pytest.mark.parametrize(("name", "content"), SHAPES.values(), ids=SHAPES.keys())
def test_every_known_shape_gives_the_same_table(tmp_path, name, content):
    detections, _ = read_tracking(write(tmp_path / name, content))
    expected, _ = read_tracking(write(tmp_path / "plain.json", ONE))
    validate(detections, DETECTIONS)
    assert_frame_equal(detections, expected)
    assert len(detections) == len(RECORDS)


def test_values_arrive_where_they_belong(tmp_path):
    detections, video = read_tracking(write(tmp_path / "a.json", ONE), landmarks=True)
    first = detections.loc[(pd.Timedelta(0), 0)]
    assert first[["left", "top", "width", "height"]].tolist() == [0.4, 0.2, 0.1, 0.4]
    assert first[["face_left", "face_top", "face_width", "face_height"]].tolist() == [0.4, 0.2, 0.1, 0.1]
    assert first[["face_confidence", "face_roll", "face_yaw", "face_pitch"]].tolist() == [
        99.5,
        -1.0,
        10.0,
        2.0,
    ]
    assert first[["face_brightness", "face_sharpness"]].tolist() == [60.0, 70.0]
    assert first[["eye_left_x", "mouth_right_x", "nose_x", "nose_y"]].tolist() == pytest.approx(
        [0.41, 0.44, 0.45, 0.25]
    )
    assert detections["left"].isna().tolist() == [False, False, True, False]
    assert detections["face_left"].isna().tolist() == [False, True, False, True]
    assert (video.width, video.height, video.frame_rate) == (1000, 500, 25.0)
    assert (video.duration, video.codec, video.job_id) == (pd.Timedelta("1s"), "h264", "job-1")


def test_boxes_beyond_the_frame_are_neither_refused_nor_cut(tmp_path):
    boxes = [(-0.5, -0.1, 0.4, 0.3), (0.9, 0.9, 0.4, 0.3), (0, 0.5, 1, 0.5 + 1e-8)]
    content = page(*(record(0, index, box=box) for index, box in enumerate(boxes)))
    detections, _ = read_tracking(write(tmp_path / "a.json", content))
    assert [tuple(row) for row in detections[["left", "top", "width", "height"]].to_numpy()] == boxes


def test_each_face_has_its_own_values_and_landmarks_and_lacks_the_others(tmp_path):
    point = {"Type": "nose", "X": 0.7, "Y": 0.8}
    faces = [
        {name: value for name, value in FACE.items() if name not in {"BoundingBox", "Landmarks"}},
        {"BoundingBox": FACE["BoundingBox"], "Landmarks": [point | {"Type": "chinBottom"}, point]},
        {
            "Confidence": 3.0,
            "Pose": None,
            "Quality": {"Sharpness": 4.0},
            "Landmarks": None,
        },
    ]
    content = page(*(record(0, index, face=face) for index, face in enumerate(faces)))
    for landmarks in (False, True):
        detections, _ = read_tracking(write(tmp_path / "a.json", content), landmarks=landmarks)
        columns = ["face_left", "face_height", "face_confidence", "face_roll", "face_pitch", "face_sharpness"]
        assert detections[columns].fillna(-9).to_numpy().tolist() == [
            [-9, -9, 99.5, -1, 2, 70],
            [0.4, 0.1, -9, -9, -9, -9],
            [-9, -9, 3, -9, -9, 4],
        ]
    points = detections.filter(regex="_[xy]$")
    assert points.notna().sum(axis=1).tolist() == [0, 2, 0]
    assert points.iloc[1][["nose_x", "nose_y"]].tolist() == [0.7, 0.8]


def test_faces_can_be_left_out(tmp_path):
    detections, _ = read_tracking(write(tmp_path / "a.json", ONE), faces=False)
    assert list(detections.columns) == ["left", "top", "width", "height"]
    assert len(detections) == len(RECORDS)


def test_a_person_with_neither_box_nor_face_is_kept(tmp_path):
    detections, _ = read_tracking(write(tmp_path / "a.json", page(record(5, 3, box=None))))
    assert detections.index.tolist() == [(pd.Timedelta("5ms"), 3)]
    assert detections.isna().all(axis=None)


def test_nulls_of_other_writers_are_missing_values(tmp_path):
    face = FACE | {"Confidence": None, "Pose": None, "Quality": {"Brightness": None, "Sharpness": 3}}
    content = page(
        record(0, 0, face=face), {"Timestamp": 0, "Person": {"Index": 1, "BoundingBox": None, "Face": None}}
    )
    detections, _ = read_tracking(write(tmp_path / "a.json", content))
    first = detections.iloc[0]
    assert first[["face_confidence", "face_roll", "face_brightness"]].isna().all()
    assert first["face_sharpness"] == 3


@pytest.mark.parametrize(
    "content",
    [page(), [], {"Persons": []}, page() | {"Persons": None}],
    ids=["page", "bare array", "persons alone", "null"],
)
def test_no_persons_is_an_empty_table(tmp_path, content):
    detections, _ = read_tracking(write(tmp_path / "a.persons.json", content))
    validate(detections, DETECTIONS)
    assert detections.empty


def with_value(path, value):
    """Make a page whose second record has this JSON text in place of one value."""
    text = json.dumps(page(record(0, 0), record(5, 1, face=FACE)))
    marks = {
        "Timestamp": '"Timestamp": 5',
        "Index": '"Index": 1',
        "Left": '"Left": 0.4, "Top": 0.2, "Width": 0.1, "Height": 0.4',
    }
    mark = marks[path]
    place = text.rindex(mark)
    new = f'"{path}": {value}' + (', "Top": 0.2, "Width": 0.1, "Height": 0.4' if path == "Left" else "")
    return text[:place] + new + text[place + len(mark) :]


BAD_VALUES = {
    "negative time": ("Timestamp", "-1", "Persons[1].Timestamp is -1; expected int >= 0"),
    "fraction of a millisecond": ("Timestamp", "5.5", "Persons[1].Timestamp is 5.5; expected int"),
    "truth value": ("Timestamp", "true", "Persons[1].Timestamp is True; expected int"),
    "beyond 2^53": ("Timestamp", str(2**53 + 1), "expected int <= 9007199254740992"),
    "beyond 2^64": ("Timestamp", str(2**70), "Persons[1].Timestamp"),
    "null time": ("Timestamp", "null", "Persons[1].Timestamp is None; expected int"),
    "index that is no number": ("Index", '"abc"', "Persons[1].Person.Index is 'abc'; expected int"),
    "negative index": ("Index", "-1", "Persons[1].Person.Index is -1; expected int >= 0"),
    "nan as a text": ("Left", '"nan"', "Persons[1].Person.BoundingBox.Left is 'nan'"),
    "infinity as a text": ("Left", '"Infinity"', "Persons[1].Person.BoundingBox.Left is 'Infinity'"),
    "minus infinity as a text": ("Left", '"-inf"', "Persons[1].Person.BoundingBox.Left is '-inf'"),
    "text in a box": ("Left", '"wide"', "Persons[1].Person.BoundingBox.Left is 'wide'; expected float"),
    "list in a box": ("Left", "[1]", "Persons[1].Person.BoundingBox.Left is [1]; expected float"),
    "absurd": ("Left", "1e300", "Persons[1].Person.BoundingBox.Left is 1e+300"),
    "overflow": ("Left", "1e999", "a.json: the number 1e999 at byte 390 (line 1, column 391) is not finite"),
}


@pytest.mark.parametrize(("name", "value", "said"), BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_a_bad_value_is_refused_with_its_place(tmp_path, name, value, said):
    file = write(tmp_path / "a.json", with_value(name, value))
    with pytest.raises(PageError) as refused:
        read_tracking(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("value", ["7", '"7"', "7.0", '"7.0"'])
def test_a_whole_number_is_read_however_it_is_written(tmp_path, value):
    detections, _ = read_tracking(write(tmp_path / "a.json", with_value("Timestamp", value)))
    assert detections.index[1][0] == pd.Timedelta("7ms")


NOT_FINITE = ": a number must be finite, found "
BROKEN = {
    "not JSON": (
        "a.json",
        "hello",
        (
            "not JSON at byte 0 (line 1, column 1): invalid character, found b'hello'. The file was changed "
            "or is damaged: restore the original."
        ),
    ),
    "cut in the middle": (
        "a.json",
        json.dumps(ONE)[:200],
        "a.json: JSON ends early at byte 200 (line 1, column 201). The file is probably incomplete.",
    ),
    "empty": ("a.json", "", "the file is empty; a page of JSON was expected. Save the response again."),
    "blank": ("a.json", " \n ", "the file is empty"),
    "a byte order mark alone": ("a.json", b"\xef\xbb\xbf", "the file is empty"),
    "NaN": ("a.json", json.dumps(page(record(0, 0, box=(float("nan"), 0, 1, 1)))), NOT_FINITE + "b'NaN"),
    "infinity": ("a.json", json.dumps(page(record(0, 0, box=(float("inf"), 0, 1, 1)))), NOT_FINITE + "b'Inf"),
    "minus infinity": (
        "a.json",
        json.dumps(page(record(0, 0, box=(float("-inf"), 0, 1, 1)))),
        NOT_FINITE + "b'Inf",
    ),
    "nested 100 000 deep": (
        "a.json",
        '{"Persons":' + "[" * 100_000,
        "nested deeper than any GetPersonTracking page. Remove it, or save the response again.",
    ),
    "nested in what is not read": (
        "a.json",
        '{"Persons": [], "x":' + "[" * 100_000 + "]" * 100_000 + "}",
        "nested deeper",
    ),
    "bare brackets": ("a.json", "[" * 100_000 + "]" * 100_000, "nested deeper"),
    "invalid UTF-8": (
        "a.json",
        b'{"Persons": [],\n "x": "\xff\xfe"}',
        "invalid UTF-8 at byte 23 (line 2, column 8): b'\\xff\\xfe\"}'. Save the file as UTF-8.",
    ),
    "compressed text without .gz": (
        "a.json",
        gzip.compress(b"{}"),
        "It is gzip-compressed. Add .gz to its name.",
    ),
    "missing time": (
        "a.json",
        {"Persons": [{"Person": {"Index": 0}}]},
        "Persons[0]: required field 'Timestamp' is missing",
    ),
    "missing time in a bare array": (
        "a.json",
        [{"Person": {"Index": 0}}],
        "[0]: required field 'Timestamp' is missing",
    ),
    "missing index": (
        "a.json",
        {"Persons": [{"Timestamp": 0, "Person": {}}]},
        "Persons[0].Person: required field 'Index'",
    ),
    "missing side of a box": (
        "a.json",
        {"Persons": [{"Timestamp": 0, "Person": {"Index": 0, "BoundingBox": {"Left": 0}}}]},
        "Persons[0].Person.BoundingBox: required field",
    ),
    "persons that are no list": ("a.json", {"Persons": {"a": 1}}, "Persons is {'a': 1}; expected array"),
    "broken line": ("a.jsonl", json.dumps(TWO[0]) + '\n{"Persons": [', "a.jsonl, line 2: JSON ends early"),
    "second page of a list": (
        "a.json",
        [page(record(), token="x"), {"Persons": [{"Timestamp": "x", "Person": {"Index": 0}}]}],
        "[1].Persons[0].Timestamp is 'x'",
    ),
    "gzip cut in the middle": (
        "a.json.gz",
        gzip.compress(json.dumps(ONE).encode())[:-30],
        "gzip stream ends early",
    ),
    "gzip that is none": ("a.json.gz", json.dumps(ONE), "not a complete gzip file"),
    "gzip bomb": ("a.json.gz", gzip.compress(b" " * 10_000_000 + b"[]"), "unzips to more than 200 times"),
    "gzip bomb of lines": ("a.jsonl.gz", gzip.compress(b"\n" * 10_000_000), "unzips to more than 200 times"),
    "a record without person among others": (
        "a.json",
        [record(0), {"Timestamp": 33}, record(66)],
        "[1]: required field 'Person' is missing",
    ),
    "a page among records": ("a.json", [page(), record(0)], "[0]: required field 'Timestamp' is missing"),
    "a line without a page": (
        "a.jsonl",
        lines(TWO[0], {"level": "info"}, TWO[1]),
        "a.jsonl, line 2: expected a GetPersonTracking page",
    ),
    "a line of a record without person": (
        "a.jsonl",
        lines(record(0), {"Timestamp": 33}),
        "a.jsonl, line 2: expected a GetPersonTracking page",
    ),
    "a bad record in a line": (
        "a.jsonl",
        lines(record(0), record(-1)),
        "a.jsonl, line 2: [0].Timestamp is -1",
    ),
    "a bad first line of lines named json": (
        "a.json",
        lines(page(record(-1)), ONE),
        "line 1: Persons[0].Timestamp is -1",
    ),
    "wrapped 17 times": (
        "a.json",
        '{"data":' * 17 + json.dumps(ONE) + "}" * 17,
        "the page is nested in more than 16 wrappers. Unwrap it, or save the response again.",
    ),
    "wrapped 600 times": (
        "a.json",
        '{"data":' * 600 + json.dumps(ONE) + "}" * 600,
        "nested in more than 16 wrappers",
    ),
    "a long value": (
        "a.json",
        {"Persons": [{"Timestamp": "x" * 59, "Person": {"Index": 0}}]},
        "Persons[0].Timestamp is '" + "x" * 59 + "...; expected int",
    ),
    "a date": (
        "a.json",
        {"Persons": [{"Timestamp": "2026/12/01 10:00", "Person": {"Index": 0}}]},
        (
            "Persons[0].Timestamp is '2026/12/01 10:00', which is a wall-clock time. Timestamps count from "
            "the start of the video: subtract the time of its first frame from each Timestamp, in "
            "milliseconds."
        ),
    ),
    "empty gzip": ("a.json.gz", b"", "the file is empty"),
}


@pytest.mark.parametrize(("name", "content", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_with_its_place(tmp_path, name, content, said):
    file = write(tmp_path / name, content)
    with pytest.raises((PageError, IncompleteError)) as refused:
        read_tracking(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)


FURTHER = {
    "a video that is a name": {"Video": "a.mp4"},
    "a job that is a number": {"JobId": 7},
    "data that are a text": {"data": "x", "error": "none", "original_response": 5, "success": "yes"},
    "numbers in data": {"data": [1, 2]},
    "a status that is a number": {"JobStatus": 1, "StatusMessage": ["a"]},
}


@pytest.mark.parametrize("members", FURTHER.values(), ids=FURTHER.keys())
def test_members_that_only_share_a_name_are_no_fault(tmp_path, members):
    detections, _ = read_tracking(write(tmp_path / "a.json", {"Persons": RECORDS} | members))
    assert len(detections) == len(RECORDS)


def test_a_number_is_as_good_a_job_as_a_text_and_a_truth_value_is_none(tmp_path):
    write(tmp_path / "a.json", {"Persons": RECORDS, "JobId": 7})
    write(tmp_path / "b.json", {"Persons": RECORDS, "JobId": True})
    assert read_tracking(tmp_path / "a.json")[1].job_id == "7"
    assert read_tracking(tmp_path / "b.json")[1].job_id is None


SECOND_LOOK = {
    "a bad value": (page(record(-1), Video="a.mp4"), "a.json: Persons[0].Timestamp is -1; expected int >= 0"),
    "no number": (
        page(record(0, 0, box=(float("nan"), 0, 1, 1)), Video="a.mp4"),
        "a.json: not JSON at byte",
    ),
    "an error beside it": (
        [page(record(), Video="a.mp4"), {"success": False, "error": {"code": "c", "message": "down"}}],
        "a.json: the response is an error, not a page: c: down",
    ),
    "wrapped": ({"original_response": page(record(-1))}, "original_response.Persons[0].Timestamp is -1"),
    "enveloped": ({"data": [page(record(-1))]}, "data[0].Persons[0].Timestamp is -1"),
    "in a list": ([page(record(-1))], "[0].Persons[0].Timestamp is -1"),
    "a single record": (record(-1), "[0].Timestamp is -1"),
    "a single record of a wrong kind": ({"Person": 5, "Timestamp": 0}, "Person is 5; expected object"),
    "a record of a wrong kind in a list": ([{"Person": 5}], "[0].Person is 5; expected object"),
    "lists in lists": ([[page(record(-1))]], "not a GetPersonTracking page"),
    "sixteen deep": (
        json.loads('{"data":' * 16 + json.dumps(page(record(-1))) + "}" * 16),
        "data.Persons[0].Timestamp is -1",
    ),
}


@pytest.mark.parametrize(("content", "said"), SECOND_LOOK.values(), ids=SECOND_LOOK)
def test_the_fault_of_a_page_is_told_with_its_place_wherever_it_stands(tmp_path, content, said):
    with pytest.raises(InputError) as refused:
        read_tracking(write(tmp_path / "a.json", content))
    assert said in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "a.json"))


def test_a_page_of_nobody_among_members_that_share_names_is_a_page(tmp_path):
    content = page(Video="a.mp4") | {"Persons": None}
    assert read_tracking(write(tmp_path / "a.json", content))[0].empty


def test_a_single_record_among_members_that_share_names_is_one(tmp_path):
    with pytest.warns(PtrackWarning, match="sampling period is unknown"):
        detections, _ = read_tracking(write(tmp_path / "a.json", record(5, 3) | {"data": [1]}))
    assert detections.index.tolist() == [(pd.Timedelta("5ms"), 3)]


def test_what_is_wrapped_too_deep_and_bad_is_one_sentence_too(tmp_path):
    content = '{"data":' * 600 + json.dumps(page(record(-1))) + "}" * 600
    with pytest.raises(InputError, match="not a GetPersonTracking page"):
        read_tracking(write(tmp_path / "a.json", content))


def test_an_empty_array_beside_pages_is_passed_over(tmp_path):
    write(tmp_path / "page-1.json", ONE)
    write(tmp_path / "labels.json", [])
    assert len(read_tracking(tmp_path)[0]) == len(RECORDS)


def test_zeros_after_a_gzip_stream_are_passed_over(tmp_path):
    file = write(tmp_path / "a.json.gz", gzip.compress(json.dumps(ONE).encode()) + bytes(512))
    assert len(read_tracking(file)[0]) == len(RECORDS)


@pytest.mark.parametrize(
    "error", [{"code": 500, "message": "down"}, "boom", None], ids=["number", "text", "nothing"]
)
def test_an_envelope_of_any_error_is_an_error(tmp_path, error):
    file = write(tmp_path / "a.json", {"success": False, "error": error})
    with pytest.raises(InputError) as refused:
        read_tracking(file)
    told = "None: None" if error is None else repr(error)
    assert str(refused.value) == f"{file}: the response is an error, not a page: {told}"


def test_an_envelope_that_reports_an_error_says_its_code_and_message(tmp_path):
    content = {"success": False, "error": {"code": "VALIDATION_ERROR", "message": "MaxResults is 0"}}
    with pytest.raises(InputError, match="VALIDATION_ERROR: MaxResults is 0"):
        read_tracking(write(tmp_path / "a.json", content))


def test_other_json_given_itself_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a GetPersonTracking page: it is a GetLabelDetection response"):
        read_tracking(write(tmp_path / "a.json", {"JobStatus": "SUCCEEDED", "Labels": []}))
