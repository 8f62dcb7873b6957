"""Pages that were saved by other programs or damaged: what is read, what is said, and what is refused."""

import gzip
import json
import re
from contextlib import nullcontext

import pytest
from archives import as_texts
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import FACE, METADATA, page, record, write
from pandas.testing import assert_frame_equal

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
from ptrack_analysis.sources.pages import integrity
from ptrack_analysis.sources.pages.decode import BARE, WITH_FACES, WITH_LANDMARKS, decode_pages
from ptrack_analysis.sources.pages.documents import read_documents
from ptrack_analysis.sources.pages.members import restore_members
from ptrack_analysis.sources.pages.salvage import DocumentLog, close_cut

RECORDS = [record(80 * number, number % 2, face=FACE if number % 3 else None) for number in range(12)]
WHOLE = page(*RECORDS)
TWO = [page(*RECORDS[:5], token="next"), page(*RECORDS[5:])]
TEXT = json.dumps(WHOLE)


def rename(content, change):
    """Give the members of a document other names."""
    if isinstance(content, list):
        return [rename(item, change) for item in content]
    if isinstance(content, dict):
        return {change(name): rename(value, change) for name, value in content.items()}
    return content


def camel(name):
    return name[0].lower() + name[1:]


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def with_enums(content):
    made = rename(content, str)
    made["JobStatus"] = {"Value": made["JobStatus"]}
    made["VideoMetadata"] = made["VideoMetadata"] | {"ColorRange": {"Value": "LIMITED"}}
    for one in made["Persons"]:
        for point in one["Person"].get("Face", {}).get("Landmarks", ()):
            point["Type"] = {"Value": point["Type"]}
    return made


def pretty(*documents, between="\n"):
    return between.join(json.dumps(document, indent=4) for document in documents)


JOINED = "the file contains 2 JSON documents, which were all read"
SALVAGED = {
    "UTF-16 with a byte order mark": ("a.json", TEXT.encode("utf-16"), "the text is UTF-16, not UTF-8"),
    "UTF-16 big endian": ("a.json", b"\xfe\xff" + TEXT.encode("utf-16-be"), "the text is UTF-16"),
    "UTF-16 without a mark": ("a.json", TEXT.encode("utf-16-le"), "the text is UTF-16"),
    "UTF-16 big endian without a mark": ("a.json", TEXT.encode("utf-16-be"), "the text is UTF-16"),
    "UTF-32": ("a.json", TEXT.encode("utf-32"), "the text is UTF-32"),
    "UTF-32 without a mark": ("a.json", TEXT.encode("utf-32-be"), "the text is UTF-32"),
    "UTF-16 in gzip": ("a.json.gz", gzip.compress(TEXT.encode("utf-16")), "the text is UTF-16"),
    "UTF-16 of lines": (
        "a.jsonl",
        "\r\n".join(map(json.dumps, TWO)).encode("utf-16"),
        "the text is UTF-16",
    ),
    "half a unit after the document": (
        "a.json",
        TEXT.encode("utf-16") + b"\n",
        "ends within a character of UTF-16 (1 bytes are left over), but its JSON is complete",
    ),
    "documents one after the other": ("a.json", pretty(*TWO), JOINED),
    "documents without line ends between": ("a.json", pretty(*TWO, between=""), JOINED),
    "documents separated by commas": ("a.json", pretty(*TWO, between=",\n"), JOINED),
    "documents each with a byte order mark": ("a.json", "\ufeff" + pretty(*TWO, between="\n\ufeff"), JOINED),
    "compact documents in one line": ("a.json", "".join(map(json.dumps, TWO)), JOINED),
    "lines in a file of JSON": ("a.json", "\n".join(map(json.dumps, TWO)), None),
    "records in a file of JSON": ("a.persons.json", "\n".join(map(json.dumps, RECORDS)), None),
    "documents in a file of lines": ("a.jsonl", pretty(*TWO), JOINED),
    "two documents in one line of several": (
        "a.jsonl",
        json.dumps(page(*RECORDS[:2], token="a"))
        + "\n"
        + "".join(map(json.dumps, (page(*RECORDS[2:5], token="b"), TWO[1]))),
        JOINED,
    ),
    "gzip members one after the other": (
        "a.json.gz",
        b"".join(gzip.compress(pretty(one).encode()) for one in TWO),
        JOINED,
    ),
    "zeros after gzip": ("a.json.gz", gzip.compress(TEXT.encode()) + b"\0" * 3_000_000, None),
    "zeros between gzip members": (
        "a.json.gz",
        b"".join(gzip.compress(pretty(one).encode()) + b"\0" * 600_000 for one in TWO),
        JOINED,
    ),
    "other bytes after gzip": (
        "a.json.gz",
        gzip.compress(TEXT.encode()) + b"signature",
        "bytes after the gzip stream were ignored: b'signature'",
    ),
    "zeros after the document": ("a.json", TEXT + "\0" * 5000, "5000 zero bytes at the end"),
    "text after the document": (
        "a.json",
        TEXT + "\nDone in 3 s.\n",
        "bytes after the last JSON document were ignored",
    ),
    "brackets after the document": ("a.json", pretty(WHOLE) + "}\n", "after the last JSON document were"),
    "zeros after a document in a line": ("a.jsonl", TEXT + "\0" * 5000, "5000 zero bytes at the end"),
    "text after the lines": (
        "a.jsonl",
        "\n".join(map(json.dumps, TWO)) + "\n-- end --\n",
        "bytes after the last JSON document were ignored: b'-- end --'",
    ),
    "text after lines in a file of JSON": (
        "a.json",
        "\n".join(map(json.dumps, TWO)) + "\n-- end --\n",
        "after the last JSON document were ignored",
    ),
    "UTF-16 documents each with a byte order mark": (
        "a.json", b"".join(json.dumps(one).encode("utf-16") for one in TWO), "the text is UTF-16",
    ),
    "text after a zipped document": (
        "a.json.gz", gzip.compress((TEXT + "\nDone.").encode()), "after the last JSON document were ignored",
    ),
    "camelCase in a list": ("a.json", rename(TWO, camel), "in camelCase"),
    "camelCase": ("a.json", rename(WHOLE, camel), "the member names are in camelCase (such as 'jobStatus')"),
    "snake_case": ("a.json", rename(WHOLE, snake), "the member names are in snake_case "),
    "camelCase in an array": ("a.persons.json", rename(RECORDS, camel), "the member names are in camelCase"),
    "camelCase of numbers as texts": ("a.json", rename(as_texts(WHOLE), camel), "in camelCase"),
    "camelCase in an envelope": ("a.json", {"success": True, "data": rename(WHOLE, camel)}, "in camelCase"),
    "boxes alone in camelCase": (
        "a.json",
        page(*(rename(one, lambda name: camel(name) if name == "BoundingBox" else name) for one in RECORDS)),
        "in camelCase (such as 'boundingBox')",
    ),
    "boxes alone in snake_case": (
        "a.json",
        page(*(rename(one, lambda name: snake(name) if name == "BoundingBox" else name) for one in RECORDS)),
        "in snake_case (such as 'bounding_box')",
    ),
    "enumerations as objects": ("a.json", with_enums(WHOLE), 'enumerations are objects ({"Value": ...})'),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "note"), SALVAGED.values(), ids=SALVAGED)
def test_a_page_saved_in_another_form_gives_the_same_table_and_a_note(tmp_path, name, content, note):
    expected = read_tracking(write(tmp_path / "plain.json", WHOLE), landmarks=True)
    file = write(tmp_path / name, content)
    is_assumed = note is not None and re.search("bytes after the (last|gzip)|signature|after the last", note)
    with pytest.warns(PtrackWarning, match=re.escape(note)) if is_assumed else nullcontext():
        detections, video = read_tracking(file, landmarks=True)
    assert_frame_equal(detections, expected[0])
    if "persons" not in name:
        assert (video.width, video.frame_rate, video.duration) == (1000, 25.0, expected[1].duration)
    report = inspect_tracking(file).read_report
    notes = (*report.oddities, *report.assumptions)
    assert [text for text in notes if note in text] if note else notes == ()


def test_clean_pages_take_the_fast_path_and_others_are_counted(tmp_path):
    log = DocumentLog()
    for number, content in enumerate((WHOLE, TWO, RECORDS, {"success": True, "data": WHOLE})):
        file = write(tmp_path / f"{number}.persons.json", content)
        assert [pages for _, pages in read_documents(file, WITH_FACES, log)]
    assert (log.fast, log.repaired, log.notes, log.cuts) == (4, 0, [], [])
    list(read_documents(write(tmp_path / "a.json", rename(WHOLE, camel)), WITH_FACES, log))
    assert (log.fast, log.repaired) == (4, 1)


@pytest.mark.parametrize("between", ["\n", ""])
def test_a_broken_document_among_a_hundred_is_named(tmp_path, between):
    texts = [
        json.dumps(page(record(number), token="t" if number < 99 else None), indent=1)
        for number in range(100)
    ]
    texts[56] = texts[56].replace('"Persons": [', '"Persons": [}')
    with pytest.raises(
        PageError, match=r"a\.json, document 57 \(from line \d+\): not JSON at byte \d+ of this document"
    ):
        read_tracking(write(tmp_path / "a.json", between.join(texts)))


def test_a_position_within_a_line_is_said_to_count_from_the_line(tmp_path):
    text = f"{json.dumps(page(record(0), token='t'))}\n{json.dumps(page(record(1)))[:-1]}]\n"
    with pytest.raises(PageError, match=r"a\.jsonl, line 2: not JSON at byte \d+ of this line: "):
        read_tracking(write(tmp_path / "a.jsonl", text))


def test_pages_behind_other_text_are_not_ignored(tmp_path):
    file = write(tmp_path / "a.json", pretty(*TWO, between="\n---\n"))
    with pytest.raises(
        PageError,
        match=r"a\.json, line \d+: expected another JSON document at byte \d+, found .*Remove the text",
    ):
        read_tracking(file)


CUT = json.dumps(page(*RECORDS, job=None))


@pytest.mark.parametrize("share", [0.2, 0.45, 0.7, 0.98])
@pytest.mark.parametrize("form", ["compact", "pretty", "utf-16", "gz", "camel", "lines"])
def test_a_document_cut_at_its_end_gives_its_whole_records_if_allowed(tmp_path, share, form):
    texts = {"pretty": pretty(WHOLE), "camel": json.dumps(rename(WHOLE, camel))}
    texts["lines"] = "\n".join(map(json.dumps, [page(*RECORDS[:5], token="next"), page(*RECORDS[5:])]))
    text = texts.get(form, TEXT)
    content = text.encode("utf-16" if form == "utf-16" else "utf-8")
    content = gzip.compress(content) if form == "gz" else content
    content = content[: int(share * len(content))]
    name = {"gz": "a.json.gz", "lines": "a.jsonl"}.get(form, "a.json")
    file = write(tmp_path / name, content)
    with pytest.raises(InputError, match="ends early") as refused:
        read_tracking(file)
    if isinstance(refused.value, PageError):
        assert share == 0.2  # the end is missing before the first record
        return
    assert isinstance(refused.value, IncompleteError)
    with pytest.warns(PtrackWarning, match="incomplete: .*ends early"):
        detections, _ = read_tracking(file, allow_incomplete=True)
    expected, _ = read_tracking(write(tmp_path / "plain.json", WHOLE))
    assert_frame_equal(detections, expected.iloc[: len(detections)])
    assert f"after {len(detections)} complete records" in str(refused.value) or form == "lines"
    assert main(["inspect", str(file)]) == 3


@settings(max_examples=60)
@given(end=st.integers(30, len(CUT) - 1))
def test_what_is_kept_of_a_cut_document_is_the_longest_whole_part(end):
    text = CUT.encode()
    candidates = [json.loads(closed) for closed in close_cut(text[:end])]
    kept = next((content["Persons"] for content in candidates if "Persons" in content), None)
    if b'"Persons": [' not in text[:end]:
        assert kept is None
        return
    assert kept == RECORDS[: len(kept)]
    following = json.dumps(RECORDS[: len(kept) + 1])[1:-1]
    assert len(kept) == len(RECORDS) or following.encode() not in text[:end]


PRETTY = pretty(*TWO, between="")
CUTS = {
    "in a record": (TEXT[: TEXT.rindex('"Timestamp"') + 30], 11),
    "between records": (TEXT[: TEXT.rindex('{"Timestamp"') - 2], 11),
    "in the first record": (TEXT[: TEXT.index('"Timestamp"') + 5], 0),
    "in a text after the records": (TEXT[: TEXT.rindex("job-1") + 2], 12),
    "in a bare array": (json.dumps(RECORDS)[:-40], 11),
    "in the second of two pages": (json.dumps(TWO)[: json.dumps(TWO).rindex('"Timestamp"') + 4], 11),
    "in the second document": (PRETTY[: PRETTY.rindex('"Timestamp"') + 4], 11),
    "in a wrapped page": (json.dumps({"data": WHOLE})[: len(TEXT) - 90], 11),
    "brackets in texts": (json.dumps({"JobTag": '}]"\\', **WHOLE})[: len(TEXT) - 90], 11),
    "within a UTF-16 unit": (TEXT.encode("utf-16")[:-1], 12),
    "within a UTF-8 character": (TEXT[:-1].encode() + ', "JobTag": "T\u00fc'.encode()[:-1], 12),
    "a line": ("\n".join(map(json.dumps, TWO))[:-60], 11),
    "a line of records": ("\n".join(map(json.dumps, RECORDS))[:-20], 11),
}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(("content", "count"), CUTS.values(), ids=CUTS)
def test_the_whole_records_of_a_cut_document_are_read_if_that_is_allowed(tmp_path, content, count, name):
    file = write(tmp_path / name, content)
    with pytest.raises(IncompleteError, match=r"ends (early|within)") as refused:
        read_tracking(file)
    assert "--allow-incomplete" in str(refused.value)
    with pytest.warns(PtrackWarning, match="incomplete: "):
        assert len(read_tracking(file, allow_incomplete=True)[0]) == count


def test_the_job_after_the_records_of_a_cut_document_is_kept(tmp_path):
    text = TEXT[:-1] + ', "JobTag": "door'
    file = write(tmp_path / "a.json", text)
    with pytest.warns(PtrackWarning, match="incomplete: "):
        assert read_tracking(file, allow_incomplete=True)[1].job_id == "job-1"


def test_the_whole_records_of_a_cut_gzip_stream_are_read_if_that_is_allowed(tmp_path):
    many = [record(80 * number, box=(0.1 + number / 1e4, 0.2, 0.1, 0.3)) for number in range(2000)]
    file = write(tmp_path / "a.json.gz", gzip.compress(json.dumps(page(*many)).encode())[:-3000])
    with pytest.raises(IncompleteError, match="gzip stream ends early"):
        read_tracking(file)
    with pytest.warns(PtrackWarning, match="incomplete: .*the gzip stream ends early"):
        assert 100 < len(read_tracking(file, allow_incomplete=True)[0]) < 2000


def test_the_shell_reads_a_cut_document_if_that_is_allowed(tmp_path, capsys):
    file = write(tmp_path / "a.json", CUTS["in a record"][0])
    assert main(["summary", str(file)]) == 3
    assert "ends early" in capsys.readouterr().err
    assert main(["summary", str(file), "--allow-incomplete"]) == 0


def test_a_cut_page_belongs_to_the_job_of_its_neighbors(tmp_path):
    pages = [page(record(80 * number), token="x") for number in range(3)]
    for number, content in enumerate(map(json.dumps, pages), 1):
        write(tmp_path / f"p-{number}.json", content if number != 2 else content[:-20])
    assert len(find_videos(tmp_path)) == 1
    for source in (find_videos(tmp_path)[0], tmp_path):
        with pytest.warns(PtrackWarning, match=r": incomplete: p-2.json: JSON ends early"):
            assert len(read_tracking(source, allow_incomplete=True)[0]) == 3


def test_a_cut_page_without_its_job_belongs_to_the_pages_beside_it(tmp_path):
    write(tmp_path / "p-1.json", json.dumps(page(*RECORDS[:5], token="next"))[:-60])
    write(tmp_path / "p-2.json", TWO[1])
    with pytest.raises(IncompleteError, match=r"p-1\.json: JSON ends early"):
        read_tracking(tmp_path)
    with pytest.warns(PtrackWarning, match=r": incomplete: p-1.json: JSON ends early"):
        assert len(read_tracking(tmp_path, allow_incomplete=True)[0]) > len(TWO[1]["Persons"])


def copied(name, text=TEXT):
    """Write a member twice with its value."""
    start = text.index(f'"{name}": ')
    _, end = json.JSONDecoder().raw_decode(text, start + len(name) + 4)
    return text[:end] + ", " + text[start:end] + text[end:]


DOUBLED = {
    "empty persons first": TEXT.replace('"Persons": [', '"Persons": [], "Persons": [', 1),
    "persons": TEXT[:-1] + ', "Persons": ' + json.dumps(RECORDS[:1]) + "}",
    "empty persons last": TEXT[:-1] + ', "Persons": []}',
    "token": TEXT[:-1] + ', "NextToken": "a", "NextToken": null}',
    "job": TEXT[:-1] + ', "JobId": "job-2"}',
    "metadata": TEXT.replace('"VideoMetadata"', '"VideoMetadata": {}, "VideoMetadata"', 1),
    "time": TEXT.replace('"Timestamp": 0', '"Timestamp": 5, "Timestamp": 0', 1),
    "in a list": "[" + TEXT + ", " + TEXT[:-1] + ', "Persons": []}]',
    "another spelling": TEXT[:-1] + ', "nextToken": "a", "NextToken": "b"}',
    "in camelCase": json.dumps(rename(WHOLE, camel))[:-1] + ', "persons": []}',
    "in two spellings": json.dumps(rename(WHOLE, camel) | {"JobStatus": "x"}),
    "in an escaped name": TEXT[:-1] + ', "\\u004aobId": "job-2"}',
    **{f"a copy of {name}": copied(name) for name in (
        "VideoMetadata", "JobStatus", "JobId", "FrameRate", "Persons", "Timestamp", "Person", "Index",
        "BoundingBox", "Left", "Height", "Face", "Confidence", "Pose", "Quality", "Landmarks",
    )},
    **{f"a copy of {name} in an array": copied(name, json.dumps(RECORDS)) for name in (
        "Timestamp", "Person", "BoundingBox",
    )},
    **{f"a copy of {name} in the second page of a list": "[" + TEXT + ", " + copied(name) + "]" for name in (
        "Persons", "Timestamp", "Person", "BoundingBox", "VideoMetadata",
    )},
    **{f"a copy of {name} in a wrapped page": '{"success": true, "data": ' + copied(name) + "}" for name in (
        "Persons", "Timestamp", "Person", "BoundingBox", "VideoMetadata",
    )},
    "in every record": TEXT.replace('"Timestamp": ', '"Timestamp": 5, "Timestamp": '),
}  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"landmarks": True}, {"faces": False}], ids=str)
@pytest.mark.parametrize("text", DOUBLED.values(), ids=DOUBLED)
def test_a_member_given_twice_is_refused_with_its_place(tmp_path, text, options):
    with pytest.raises(PageError, match=r"a\.persons\.json: '\w+' is given twice.*(column \d+|spelling)"):
        read_tracking(write(tmp_path / "a.persons.json", text), **options)


@pytest.mark.parametrize("name", ["Persons", "NextToken"])
def test_a_member_given_twice_is_refused_by_the_shell(tmp_path, capsys, name):
    text = copied(name, json.dumps(page(*RECORDS, token="x")))
    assert main(["summary", str(write(tmp_path / "a.json", text))]) == 3
    assert (
        f"a.json: '{name}' is given twice in one object, the second time at byte" in capsys.readouterr().err
    )


def test_members_of_other_objects_may_be_given_twice(tmp_path):
    file = write(tmp_path / "a.json", TEXT[:-1] + ', "Extra": {"a": 1, "a": 2}}')
    assert len(read_tracking(file)[0]) == len(RECORDS)


INFINITE = ["1e999", "-1E+400", "12.5e310", "NaN", "Infinity", "-Infinity"]
SPOTS = {
    "beside the page": lambda value: TEXT[:-1] + f', "Extra": {{"a": [1, {value}]}}}}',
    "at an odd byte of a landmark": lambda value: " " + TEXT.replace('"X": 0.41', f'"X": {value}', 1),
    "in the last landmark": lambda value: '"Y": '.join((TEXT.rpartition('"Y": 0.25')[0], value))
    + TEXT.rpartition('"Y": 0.25')[2],
    "far into a document": lambda value: TEXT[:-1] + f', "Extra": "{"e" * 300_000}", "More": {value}}}',
    "in a landmark": lambda value: TEXT.replace('"X": 0.41', f'"X": {value}', 1),
    "in a record": lambda value: TEXT.replace('"Person": {', f'"Score": {value}, "Person": {{', 1),
    "in the facts": lambda value: TEXT.replace('"FrameRate": 25.0', f'"FrameRate": {value}', 1),
    "in camelCase": lambda value: json.dumps(rename(WHOLE, camel))[:-1] + f', "extra": {value}}}',
    "beside an odd number of bytes": lambda value: TEXT[:-1] + f', "Extra1": {value}}}',
}  # fmt: skip


@pytest.mark.parametrize("value", INFINITE)
@pytest.mark.parametrize("spot", SPOTS.values(), ids=SPOTS)
@pytest.mark.parametrize("faces", [True, False])
def test_a_number_that_is_not_finite_is_refused_wherever_it_is(tmp_path, spot, value, faces):
    with pytest.raises(PageError, match=r"a\.json: .*(is not finite|not JSON at byte|out of range)"):
        read_tracking(write(tmp_path / "a.json", spot(value)), faces=faces)


def test_a_number_that_is_not_finite_is_refused_by_the_shell(tmp_path, capsys):
    file = write(tmp_path / "a.json", TEXT.replace('"X": 0.41', '"X": 1e999', 1))
    assert main(["summary", str(file)]) == 3
    assert "the number 1e999 at byte" in capsys.readouterr().err


def test_what_only_looks_like_an_infinite_number_is_read(tmp_path):
    content = page(
        *RECORDS, token=None, job="a3e999-1e999", JobTag="x+1e999+e999", Extra=" 1e999 ", More=[1e-300, 2e30]
    )
    assert len(read_tracking(write(tmp_path / "a.json", content))[0]) == len(RECORDS)


@pytest.mark.parametrize(
    ("decoders", "name"), [(WITH_FACES, "faces"), (BARE, "bare"), (WITH_LANDMARKS, "all")]
)
def test_the_members_of_clean_pages_are_not_compared(monkeypatch, decoders, name):
    compared = []
    monkeypatch.setattr(integrity, "validate_members", lambda *given: compared.append(given))
    tiny = json.loads(json.dumps(FACE).replace("60.0", "9.5e-05"))
    partial = {"BoundingBox": FACE["BoundingBox"], "Confidence": 99.5}
    contents = [
        WHOLE, TWO, RECORDS, {"success": True, "data": WHOLE}, page(), page(record(face=tiny)),
        page(record(face=partial)), page(*RECORDS, token="x9e999+1e+400/12e9+Exe=="),
        page(*RECORDS, ResponseMetadata={"HTTPHeaders": {"date": "x"}}), page(record(box=None, face=FACE)),
    ]  # fmt: skip
    log = DocumentLog()
    for content in contents:
        for text in (
            json.dumps(content),
            json.dumps(content, indent=2),
            json.dumps(content, separators=(",", ":")),
        ):
            decode_pages(text.encode(), "a", decoders, log)
    assert (log.fast, log.repaired, compared) == (3 * len(contents), 0, [])


def test_pages_of_a_face_search_are_read_and_named(tmp_path):
    rows = [one | {"FaceMatches": [{"Similarity": 99.0}]} for one in RECORDS]
    file = write(tmp_path / "a.json", page(*rows))
    assert_frame_equal(read_tracking(file)[0], read_tracking(write(tmp_path / "b.json", WHOLE))[0])
    note = f"{file}: the page is from GetFaceSearch, not GetPersonTracking, and its FaceMatches were ignored"
    assert inspect_tracking(file).notes.count(note.removeprefix(f"{file}: ")) == 1


@pytest.mark.parametrize("matched", [0, 99])
def test_a_face_search_is_noticed_by_its_first_or_its_last_record(tmp_path, matched):
    rows = [record(80 * number, face=FACE) for number in range(100)]
    rows[matched]["FaceMatches"] = []
    assert any(
        "GetFaceSearch" in note for note in inspect_tracking(write(tmp_path / "a.json", page(*rows))).notes
    )


OPERATIONS = {
    "Labels": "GetLabelDetection",
    "Faces": "GetFaceDetection",
    "Celebrities": "GetCelebrityRecognition",
    "ModerationLabels": "GetContentModeration",
    "TextDetections": "GetTextDetection",
    "Segments": "GetSegmentDetection",
}


@pytest.mark.parametrize(("member", "operation"), OPERATIONS.items(), ids=OPERATIONS.values())
def test_results_of_other_operations_are_named(tmp_path, member, operation):
    content = {"JobStatus": "SUCCEEDED", "VideoMetadata": METADATA, member: [{"Timestamp": 0}]}
    file = write(tmp_path / "a.json", content)
    with pytest.raises(NoPageError, match=f"a.json: .*{operation} response"):
        read_tracking(file)
    write(tmp_path / "b.json", WHOLE)
    ignored = ("a.json", f"a {operation} response, not GetPersonTracking")
    assert inspect_tracking(tmp_path).ignored == (ignored,)
    assert scan(tmp_path).ignored == [ignored]


LOOKS = {
    "Java, version 2": ("GetPersonTrackingResponse(JobStatus=SUCCEEDED)", "toString() text of a Java object"),
    "Java, version 1": ("{JobStatus: SUCCEEDED,Persons: [{Timestamp: 0}]}", "a Java object"),
    "Python": (str(WHOLE), "printed Python dict"),
    "HTML": ("<!DOCTYPE html><html></html>", "HTML or XML"),
    "YAML": ("JobStatus: SUCCEEDED\nPersons:\n- Timestamp: 0\n", "YAML"),
    "aws --output text": ("SUCCEEDED\tx\nPERSONS\t0\n", "aws --output text"),
    "gzip without .gz": (gzip.compress(TEXT.encode()), "Add .gz to its name"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), LOOKS.values(), ids=LOOKS)
def test_what_a_text_that_is_not_json_looks_like_is_said(tmp_path, capsys, content, said):
    file = write(tmp_path / "a.json", content)
    with pytest.raises(InputError) as refused:
        read_tracking(file)
    assert said in str(refused.value)
    assert main(["summary", str(file)]) == 3
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"\0" * 4096, b"\0"], ids=["many", "one"])
def test_a_file_of_zeros_is_refused_as_such(tmp_path, content):
    with pytest.raises(PageError, match="zero bytes"):
        read_tracking(write(tmp_path / "a.json", content))


@pytest.mark.parametrize("zeros", [1, 511, 512, 600_000, 2_000_000])
def test_zeros_after_a_gzip_stream_are_ignored_whatever_their_number(tmp_path, zeros):
    file = write(tmp_path / "a.json.gz", gzip.compress(TEXT.encode()) + b"\0" * zeros)
    assert len(read_tracking(file)[0]) == len(RECORDS)


@pytest.mark.parametrize("content", ["", "\n", " \n\n"])
def test_a_file_of_lines_without_text_has_no_page(tmp_path, content):
    with pytest.raises(InputError, match=r"a\.jsonl"):
        read_tracking(write(tmp_path / "a.jsonl", content))


OTHERS = {
    "a page in UTF-16 after one in UTF-8": (
        TEXT.encode() + TEXT.encode("utf-16"), r"a\.json: invalid UTF-8 at byte \d+ \(line 1, column \d+\)",
    ),
    "a document without a page": (
        pretty(WHOLE) + '{"Timestamp": "x"}', r"a\.json, document 2 \(from line \d+\): expected",
    ),
    "a page after a word": (TEXT + "xx" + TEXT, r"a\.json, line 1: expected another JSON document at byte"),
    "two values": ("1 2", r"a\.json: not JSON at byte"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), OTHERS.values(), ids=OTHERS)
def test_documents_that_may_not_be_guessed_are_refused_with_their_place(tmp_path, content, said):
    with pytest.raises(InputError, match=said):
        read_tracking(write(tmp_path / "a.json", content))


def test_two_merged_jobs_in_one_file_are_two_videos(tmp_path):
    file = write(tmp_path / "a.json", pretty(page(*RECORDS, job="one"), page(*RECORDS, job="two")))
    with pytest.raises(MixedError, match="2 videos"):
        read_tracking(file)


def test_a_file_that_does_not_end_is_refused_by_its_size(tmp_path):
    file = tmp_path / "a.json"
    with file.open("wb") as stream:
        stream.write(b'{"Persons": [')
        stream.truncate(3 * 2**30)
    with pytest.raises(PageError, match=r"a\.json: larger than 1073741824 bytes.*Save one response per file"):
        read_tracking(file)


@pytest.mark.parametrize(("name", "detections"), [("utf16", 125), ("appended", 125), ("camel-case", 125)])
def test_the_cases_of_saved_pages_are_read(real_data, name, detections, capsys):
    file = real_data / "cases" / "pages" / f"{name}.json"
    table, video = read_tracking(file)
    assert (len(table), table.index.get_level_values(1).nunique(), video.width) == (detections, 1, 1280)
    assert table.index.get_level_values(0).max().total_seconds() == 9.920
    assert main(["inspect", str(file)]) == 0
    assert "125" in capsys.readouterr().out
    assert (video.height, video.duration.total_seconds()) == (720, 10.0)
    assert main(["summary", str(file), "--json"]) == 0
    assert '"end_s": 10.0' in capsys.readouterr().out


def test_members_are_restored_only_where_a_page_has_them():
    content = {"persons": [], "width": 5, "video": "door.mp4", "original_response": {"job_id": "x"}}
    restored, changes = restore_members(content)
    assert restored == {"Persons": [], "width": 5, "video": "door.mp4", "original_response": {"JobId": "x"}}
    assert len(changes) == 2
