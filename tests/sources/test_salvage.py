"""Damaged and unusual files of pages: what is read, what is reported, what is refused."""

import gzip
import json

import pytest

from ptrack_analysis import find_videos, inspect_tracking, read_tracking
from ptrack_analysis.cli.main import main
from ptrack_analysis.errors import (
    IncompleteError,
    InputError,
    MixedError,
    NoPageError,
    PageError,
    PtrackWarning,
)
from ptrack_analysis.sources.archive import scan
from ptrack_analysis.sources.pages.decode import WITH_FACES, decode_pages
from ptrack_analysis.sources.pages.salvage import SalvageLog
from ptrack_analysis.sources.reading import load
from tests.pages import FACE, page, record, write

RECORDS = [record(80 * number, face=FACE) for number in range(4)]
WHOLE = page(*RECORDS)
TWO = [page(*RECORDS[:2], token="x"), page(*RECORDS[2:])]
PRETTY = "".join(json.dumps(one, indent=1) for one in TWO)


def camel(value):
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name[0].lower() + name[1:]: camel(item) for name, item in value.items()}


def snake(value):
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join("_" + x.lower() if x.isupper() else x for x in name).lstrip("_"): snake(item)
        for name, item in value.items()
    }


def text(content):
    return json.dumps(content)


READ = {
    "UTF-16 with a mark": text(WHOLE).encode("utf-16"),
    "UTF-16, big-endian, with a mark": b"\xfe\xff" + text(WHOLE).encode("utf-16-be"),
    "UTF-16 without a mark": text(WHOLE).encode("utf-16-le"),
    "UTF-16, big-endian, without a mark": text(WHOLE).encode("utf-16-be"),
    "UTF-32": text(WHOLE).encode("utf-32"),
    "UTF-32 without a mark": text(WHOLE).encode("utf-32-be"),
    "documents in UTF-16, each with a mark": b"".join(text(one).encode("utf-16") for one in TWO),
    "documents one after another": PRETTY,
    "documents one after another in one line": "".join(map(text, TWO)),
    "pretty documents with line ends": "\n\n".join(json.dumps(one, indent=1) for one in TWO) + "\n",
    "documents, each with a mark": b"".join(b"\xef\xbb\xbf" + text(one).encode() for one in TWO),
    "camelCase": text(camel(WHOLE)),
    "snake_case": text(snake(WHOLE)),
    "camelCase in a list": text(camel(TWO)),
    "boxes alone in camelCase": text(WHOLE | {"Persons": [
        {"Timestamp": one["Timestamp"], "Person": camel(one["Person"]) | {"Index": 0}} for one in RECORDS
    ]}).replace('"index": 0, ', ""),
    "an enum as an object": text(WHOLE | {"JobStatus": {"Value": "SUCCEEDED"}}),
    "garbage after the document": text(WHOLE) + "\nupload: done\n",
    "a bracket too many": text(WHOLE) + "}",
    "zeros after the document": text(WHOLE) + "\0" * 1000,
    "a line of garbage after lines": "\n".join(map(text, TWO)) + "\n-- end --\n",
    "UTF-16 lines": "\n".join(map(text, TWO)).encode("utf-16"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*ignored .* bytes:ptrack_analysis.errors.PtrackWarning")
@pytest.mark.parametrize("content", READ.values(), ids=READ)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz"])
def test_unusual_pages_are_read_with_a_note(tmp_path, name, content):
    if name == "a.jsonl" and (content in {PRETTY, READ["pretty documents with line ends"]}):
        pytest.skip("pretty documents are not lines")
    expected, video = read_tracking(write(tmp_path / "whole.json", WHOLE))
    raw = content if isinstance(content, bytes) else content.encode()
    file = write(tmp_path / name, gzip.compress(raw) if name.endswith("gz") else raw)
    detections, found = read_tracking(file)
    assert detections.equals(expected)
    assert (found.width, found.frame_rate, found.job_id) == (video.width, video.frame_rate, video.job_id)
    assert inspect_tracking(file).problems is not None


@pytest.mark.parametrize("zeros", [1, 511, 512, 600_000, 2_000_000])
def test_zeros_after_a_gzip_stream_are_ignored_whatever_their_number(tmp_path, zeros):
    file = write(tmp_path / "a.json.gz", gzip.compress(text(WHOLE).encode()) + b"\0" * zeros)
    assert len(read_tracking(file)[0]) == 4


def test_documents_in_gzip_members_are_read(tmp_path):
    file = write(tmp_path / "a.json.gz", b"".join(gzip.compress(text(one).encode()) for one in TWO))
    assert len(read_tracking(file)[0]) == 4


CUT = {
    "in a record": (text(WHOLE)[: text(WHOLE).rindex('"Timestamp"') + 30], 3),
    "between records": (text(WHOLE)[: text(WHOLE).rindex('{"Timestamp"') - 2], 3),
    "in the first record": (text(WHOLE)[: text(WHOLE).index('"Timestamp"') + 5], 0),
    "in a text": (text(WHOLE)[: text(WHOLE).rindex("job-1") + 2], 4),
    "in a bare array": (text(RECORDS)[:-40], 3),
    "in the second of two pages": (text(TWO)[: text(TWO).rindex('"Timestamp"') + 4], 3),
    "in the second document": (PRETTY[: PRETTY.rindex('"Timestamp"') + 4], 3),
    "in a wrapped page": (text({"data": WHOLE})[: len(text(WHOLE)) - 90], 3),
    "brackets in texts": (text({"JobTag": '}]"\\', **WHOLE})[: len(text(WHOLE)) - 90], 3),
    "within a UTF-16 unit": (text(WHOLE).encode("utf-16")[:-1], 4),
    "a line": ("\n".join(map(text, TWO))[:-60], 3),
    "a line of records": ("\n".join(map(text, RECORDS))[:-20], 3),
}


@pytest.mark.parametrize(("content", "count"), CUT.values(), ids=CUT)
def test_the_whole_records_of_a_cut_document_are_read_if_that_is_allowed(tmp_path, content, count):
    file = write(tmp_path / "a.json", content)
    with pytest.raises(IncompleteError, match=r"ends (early|within)") as refused:
        read_tracking(file)
    assert "--allow-incomplete" in str(refused.value)
    with pytest.warns(PtrackWarning, match="incomplete: "):
        assert len(read_tracking(file, allow_incomplete=True)[0]) == count


def test_the_whole_records_of_a_cut_gzip_stream_are_read_if_that_is_allowed(tmp_path):
    many = [record(80 * number, box=(0.1 + number / 1e4, 0.2, 0.1, 0.3)) for number in range(2000)]
    file = write(tmp_path / "a.json.gz", gzip.compress(text(page(*many)).encode())[:-3000])
    with pytest.raises(IncompleteError, match="gzip stream ends early"):
        read_tracking(file)
    with pytest.warns(PtrackWarning, match="incomplete: the gzip stream ends early"):
        assert 100 < len(read_tracking(file, allow_incomplete=True)[0]) < 2000


def test_the_shell_reads_a_cut_document_if_that_is_allowed(tmp_path, capsys):
    file = write(tmp_path / "a.json", CUT["in a record"][0])
    assert main(["summary", str(file)]) == 3
    assert "ends early" in capsys.readouterr().err
    assert main(["summary", str(file), "--allow-incomplete"]) == 0


DOUBLED = text(WHOLE)[:-1] + ', "Persons": [' + text(record(900)) + "]}"
OVERFLOW = text(WHOLE).replace('"X": 0.41', '"X": 1e999', 1)
REFUSED = {
    "a doubled member": (DOUBLED, r"the member 'Persons' twice \(line 1, column \d+ and line 1, column"),
    "a member in two spellings": (text(camel(WHOLE) | {"JobStatus": "x"}), "twice, in two spellings"),
    "1e999 in a landmark": (OVERFLOW, "a number must be finite, found b'1e999"),
    "1E+400 in an unknown member": (text(WHOLE)[:-1] + ', "x": {"y": [-1E+400]}}', "must be finite"),
    "1e999 at the end of a chunk": (
        text(WHOLE)[:-1] + ', "x": "' + "e" * 65536 * 4 + '", "y": 1e999}', "must be finite"
    ),
    "NaN in an unknown member": (text(WHOLE)[:-1] + ', "x": NaN}', "not JSON at byte"),
    "Infinity in an unknown member": (text(WHOLE)[:-1] + ', "x": -Infinity}', "not JSON at byte"),
    "a page after garbage": (text(TWO[0]) + "xx" + text(TWO[1]), "not JSON at byte 0"),
    "a page in UTF-16 after one in UTF-8": (
        text(TWO[0]).encode() + text(TWO[1]).encode("utf-16"), "invalid UTF-8"
    ),
    "a Java dump": (
        "{JobStatus: SUCCEEDED,VideoMetadata: {Codec: h264,DurationMillis: 10000},Persons: [{Timestamp: 0}]}",
        "toString",
    ),
    "a dump of the Java SDK 2": ("GetPersonTrackingResponse(JobStatus=SUCCEEDED, Persons=[])", "toString"),
    "a printed Python object": (str(WHOLE), "json.dump"),
    "HTML": ("<html><body>502</body></html>", "HTML or XML"),
    "the 57th of 100 documents": (
        "\n".join(
            json.dumps(page(record(80 * number), token="x"), indent=1).replace("0.4,", "0.4;" if number == 56
            else "0.4,") for number in range(100)
        ),
        "document 57: not JSON at byte",
    ),
    "a document without a page": (json.dumps(WHOLE, indent=1) + '{"Timestamp": "x"}', "document 2"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_be_guessed_is_refused_with_its_place(tmp_path, content, said):
    file = write(tmp_path / "a.json", content)
    with pytest.raises(InputError, match=said) as refused:
        read_tracking(file)
    assert str(file) in str(refused.value)


def test_two_merged_jobs_in_one_file_are_refused_as_mixed(tmp_path):
    jobs = [page(record(), job="one"), page(record(80), job="two")]
    file = write(tmp_path / "a.json", "".join(json.dumps(one, indent=1) for one in jobs))
    with pytest.raises(MixedError):
        read_tracking(file)


def test_a_file_of_3_gib_is_refused_without_reading_it_whole(tmp_path):
    with (tmp_path / "a.json").open("wb") as stream:
        stream.write(b"{")
        stream.truncate(3 * 2**30)
    with pytest.raises(PageError, match="larger than"):
        read_tracking(tmp_path / "a.json")


def test_a_page_of_face_search_is_read_with_a_note(tmp_path):
    found = [one | {"FaceMatches": [{"Similarity": 99.0}]} for one in RECORDS]
    file = write(tmp_path / "a.json", page(*found))
    assert len(read_tracking(file)[0]) == 4
    assert "GetFaceSearch" in str(load(file).report.oddities)


@pytest.mark.parametrize(
    ("member", "operation"),
    [("Labels", "GetLabelDetection"), ("Faces", "GetFaceDetection"), ("Segments", "GetSegmentDetection")],
)
def test_answers_of_other_operations_are_named(tmp_path, member, operation):
    file = write(tmp_path / "a.json", {"JobStatus": "SUCCEEDED", member: [{"Timestamp": 0}]})
    with pytest.raises(NoPageError, match=f"the answer of {operation}"):
        read_tracking(file)
    write(tmp_path / "b.json", WHOLE)
    assert scan(tmp_path).ignored == [("a.json", f"the answer of {operation}, not of GetPersonTracking")]


def test_a_cut_page_belongs_to_the_job_of_its_neighbors(tmp_path):
    pages = [page(record(80 * number), token="x") for number in range(3)]
    for number, content in enumerate(map(text, pages), 1):
        write(tmp_path / f"p-{number}.json", content if number != 2 else content[:-20])
    assert len(find_videos(tmp_path)) == 1
    for source in (find_videos(tmp_path)[0], tmp_path):
        with pytest.warns(PtrackWarning, match=r": incomplete: p-2.json: JSON ends early"):
            assert len(read_tracking(source, allow_incomplete=True)[0]) == 3


def test_a_file_of_zeros_is_refused_as_such(tmp_path):
    with pytest.raises(PageError, match="zero bytes"):
        read_tracking(write(tmp_path / "a.json", b"\0" * 4096))


def test_clean_pages_take_the_typed_decoder():
    log = SalvageLog()
    face = FACE | {"Confidence": 9.5e-05}
    token = page(*RECORDS, token="x9e999+1e+400/12e9+==")
    for content in (token, TWO, {"data": WHOLE}, RECORDS, page(record(face=face))):
        decode_pages(text(content).encode(), "a", WITH_FACES, log)
    assert (log.typed, log.untyped, log.notes) == (5, 0, [])
    decode_pages(text(camel(WHOLE)).encode(), "a", WITH_FACES, log)
    assert (log.typed, log.untyped) == (5, 1)


@pytest.mark.parametrize(
    ("name", "count", "duration"), [("utf16", 125, 10.0), ("appended", 125, 10.0), ("camel-case", 125, 10.0)]
)
def test_the_cases_give_their_right_values(real_data, capsys, name, count, duration):
    file = real_data / "cases" / "pages" / f"{name}.json"
    detections, video = read_tracking(file)
    assert len(detections) == count
    assert detections.index[-1][0].total_seconds() == 9.92
    assert (video.width, video.height, video.duration.total_seconds()) == (1280, 720, duration)
    assert main(["summary", str(file), "--json"]) == 0
    assert f'"end_s": {duration}' in capsys.readouterr().out
