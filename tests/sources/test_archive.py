"""Which files are one video, what it is called, and what is noticed."""

import gzip
import json
import random
import re
import shutil

import pandas as pd
import pytest
from pages import FACE, METADATA, page, record, write
from pandas.testing import assert_frame_equal

from ptrack_analysis import Video, find_videos, inspect_tracking, read_tracking
from ptrack_analysis.analysis.quality.checks import CHECKS
from ptrack_analysis.cli.main import main
from ptrack_analysis.errors import (
    IncompleteError,
    InputError,
    JobError,
    MixedError,
    PageError,
    ParameterError,
    PtrackWarning,
)
from ptrack_analysis.sources.names import make_slug, name_videos


def found(folder):
    return {
        one.name: [file.relative_to(folder).as_posix() for file in one.files] for one in find_videos(folder)
    }


def test_pages_of_one_job_are_one_video_wherever_they_lie(tmp_path):
    write(tmp_path / "a" / "one.json", page(record(0), token="x", job="j"))
    write(tmp_path / "b" / "two.json", page(record(9), job="j"))
    assert found(tmp_path) == {"one": ["a/one.json", "b/two.json"]}
    assert len(read_tracking(tmp_path)[0]) == 2


def test_pages_without_job_are_grouped_by_folder_and_stem(tmp_path):
    for name in ("page-1", "page-2", "page-10", "a.persons", "b.persons", "sub/page-1"):
        write(tmp_path / f"{name}.json", {"VideoMetadata": METADATA, "Persons": [record()]})
    assert found(tmp_path) == {
        "a.persons": ["a.persons.json"],
        "b.persons": ["b.persons.json"],
        tmp_path.name: ["page-1.json", "page-2.json", "page-10.json"],
        "sub": ["sub/page-1.json"],
    }


def test_a_frame_size_at_the_end_of_a_name_is_not_a_page_number(tmp_path):
    for name in ("cam_640x360", "cam_640x480"):
        write(tmp_path / f"{name}.json", {"VideoMetadata": METADATA, "Persons": [record()]})
    assert found(tmp_path) == {
        "cam_640x360": ["cam_640x360.json"],
        "cam_640x480": ["cam_640x480.json"],
    }


def test_files_that_are_only_numbers_are_named_after_their_folder(tmp_path):
    write(tmp_path / "film" / "person" / "00000000.json", {"VideoMetadata": METADATA, "Persons": []})
    write(tmp_path / "film" / "person" / "mapFile.json", {"00000000.json": 1})
    for source in (tmp_path, tmp_path / "film", tmp_path / "film" / "person"):
        assert list(found(source)) == ["film"]
        assert read_tracking(source)[1].name == "film"
    (reference,) = find_videos(tmp_path / "film" / "person" / "00000000.json")
    assert reference.name == "film"


def test_a_file_given_itself_is_named_by_its_stem(tmp_path):
    file = write(tmp_path / "result-2023.json.gz", gzip.compress(json.dumps(page()).encode()))
    assert [one.name for one in find_videos(file)] == ["result-2023"]
    assert read_tracking(file)[1].name == "result-2023"


def test_two_jobs_in_one_file_are_two_videos(tmp_path):
    file = write(tmp_path / "a.json", [page(record(0), job="one"), page(record(1), record(2), job="two")])
    one, two = find_videos(file)
    assert one.name != two.name
    assert [len(read_tracking(each)[0]) for each in (one, two)] == [1, 2]
    assert all(re.fullmatch("a-[0-9a-f]{6}", reference.name) for reference in (one, two))
    with pytest.raises(MixedError, match="contains 2 videos"):
        read_tracking(file)


def test_two_jobs_in_numbered_files_are_two_videos(tmp_path):
    write(tmp_path / "p-1.json", page(record(0), job="one"))
    write(tmp_path / "p-2.json", page(record(1), job="two"))
    assert sorted(map(len, found(tmp_path).values())) == [1, 1]


def test_a_broken_page_is_a_fault_of_its_video_and_of_no_other(tmp_path):
    write(tmp_path / "a-1.json", page(record(0), token="x", job="a"))
    write(tmp_path / "a-2.json", '{"Persons": [}')
    write(tmp_path / "a-3.json", page(record(9), job="a"))
    write(tmp_path / "b-1.json", page(record(0), job="b"))
    assert found(tmp_path) == {"a": ["a-1.json", "a-2.json", "a-3.json"], "b": ["b-1.json"]}
    broken, whole = find_videos(tmp_path)
    with pytest.raises(PageError, match=r"a-2\.json: not JSON at byte"):
        read_tracking(broken)
    assert len(read_tracking(whole)[0]) == 1
    assert "a-2.json" in inspect_tracking(broken).problems[0]


def test_other_files_are_passed_over_and_named(tmp_path):
    write(tmp_path / "page-1.json", page(record()))
    write(tmp_path / "truth.json", {"visits": []})
    write(tmp_path / "labels.json", {"JobStatus": "SUCCEEDED", "Labels": [], "VideoMetadata": METADATA})
    write(tmp_path / "zones.geojson", "{}")
    write(tmp_path / ".hidden.json", "broken")
    assert inspect_tracking(tmp_path).ignored == (
        ("labels.json", "a GetLabelDetection response, not GetPersonTracking"),
        ("truth.json", "well-formed, but not a GetPersonTracking page"),
        ("zones.geojson", "not named like a page"),
    )


@pytest.mark.parametrize("call", [find_videos, read_tracking, inspect_tracking])
def test_a_folder_without_pages_is_refused(tmp_path, call):
    with pytest.raises(InputError, match="no GetPersonTracking pages in this folder"):
        call(tmp_path)
    write(tmp_path / "truth.json", {"visits": []})
    with pytest.raises(InputError, match=r"other files: 1, such as 'truth\.json'\)\. Pages .* Pass a file"):
        call(tmp_path)
    with pytest.raises(InputError, match="there is no such file or folder"):
        call(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("shop", "shop"),
        ("Shop 2", "Shop-2"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "video"),
        ("", "video"),
        ("Größe", "Grosse"),
        ("C\u0301ine\u0301ma", "Cinema"),
        ("入口", "video"),
        (".hidden", "hidden"),
        ("x" * 300, "x" * 100),
    ],
)
def test_names_are_safe_and_keep_case(title, name):
    assert make_slug(title) == name


def test_names_that_collide_get_their_folders_and_a_hash_only_if_these_are_equal(tmp_path):
    files = [tmp_path / "day" / "a" / "1.json", tmp_path / "day" / "b" / "1.json", tmp_path / "x.json"]
    assert name_videos(["front", "Front", "back"], files, str) == ["a-front", "b-Front", "back"]
    one, two = name_videos(["front", "front"], [files[0], files[0]], lambda index: f"job {index + 1}")
    assert one != two
    assert all(re.fullmatch("front-[0-9a-f]{6}", name) for name in (one, two))


RECORDS = [
    record(
        67 * moment, person, box=(0.1 * person, 0.01 * moment, 0.1, 0.2), face=FACE if moment % 3 else None
    )
    for moment in range(30)
    for person in range(3)
]


@pytest.mark.parametrize("seed", range(5))
def test_how_pages_are_cut_and_ordered_changes_nothing(tmp_path, seed):
    facts = METADATA | {"DurationMillis": 2000}
    whole, _ = read_tracking(write(tmp_path / "whole.json", page(*RECORDS, VideoMetadata=facts)))
    chance = random.Random(seed)
    rows = RECORDS[:]
    chance.shuffle(rows)
    cuts = sorted(chance.sample(range(1, len(rows)), 4))
    parts = [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    for number, part in enumerate(chance.sample(parts, len(parts))):
        token = None if number == 2 else f"t{number}"
        write(tmp_path / "cut" / f"p-{number}.json", page(*part, token=token, VideoMetadata=facts))
    cut, _ = read_tracking(tmp_path / "cut")
    assert_frame_equal(cut, whole)


def test_a_page_saved_twice_counts_once_and_is_counted(tmp_path):
    for number in (1, 2, 3):
        write(tmp_path / f"p-{number}.json", page(*RECORDS[:60], token="t"))
    write(tmp_path / "p-4.json", page(*RECORDS[60:]))
    findings = inspect_tracking(tmp_path)
    assert (findings.pages, findings.repeated_pages, findings.merged) == (4, 2, 0)
    assert findings.detections == len(RECORDS)


def merged(tmp_path, *records):
    tables = []
    for order in (records, records[::-1]):
        detections, _ = read_tracking(write(tmp_path / "a.json", page(*order)), allow_dropped=True)
        tables.append(detections)
    assert_frame_equal(*tables)
    assert inspect_tracking(tmp_path / "a.json").merged == len(records) - 1
    return tables[0].iloc[0]


def test_the_body_box_of_one_row_and_the_face_of_another_make_one(tmp_path):
    row = merged(tmp_path, record(0, 0, box=None, face=FACE), record(0, 0, box=(0.1, 0.2, 0.3, 0.4)))
    assert row["left"] == 0.1
    assert row["face_left"] == 0.4


@pytest.mark.filterwarnings("ignore:.*another box:ptrack_analysis.errors.PtrackWarning")
def test_of_two_boxes_the_larger_is_taken_then_the_one_further_left_then_up(tmp_path):
    assert merged(tmp_path, record(box=(0.5, 0.5, 0.1, 0.1)), record(box=(0.6, 0.1, 0.3, 0.1)))["left"] == 0.6
    assert (
        merged(tmp_path, record(box=(0.5, 0.5, 0.25, 0.5)), record(box=(0.4, 0.6, 0.5, 0.25)))["left"] == 0.4
    )
    assert merged(tmp_path, record(box=(0.5, 0.5, 0.1, 0.1)), record(box=(0.5, 0.4, 0.1, 0.1)))["top"] == 0.4
    assert merged(tmp_path, record(box=(0.1, 0.1, 0.4, 0.1)), record(box=(0.2, 0.2, 0.3, 0.3)))["left"] == 0.2


@pytest.mark.filterwarnings("ignore:.*another box:ptrack_analysis.errors.PtrackWarning")
@pytest.mark.parametrize("change", [
    {"Confidence": 50.0}, {"Confidence": None}, {"Pose": FACE["Pose"] | {"Roll": 3.0}}, {"Pose": None},
    {"Pose": FACE["Pose"] | {"Yaw": 3.0}}, {"Pose": FACE["Pose"] | {"Pitch": 3.0}},
    {"Quality": {"Brightness": 3.0, "Sharpness": 70.0}}, {"Quality": {"Brightness": 60.0, "Sharpness": 3.0}},
], ids=str)  # fmt: skip
def test_of_faces_in_the_same_place_the_order_of_the_rows_does_not_choose(tmp_path, change):
    assert merged(tmp_path, record(face=FACE), record(face=FACE | change))["face_left"] == 0.4


@pytest.mark.filterwarnings("ignore:.*another box:ptrack_analysis.errors.PtrackWarning")
def test_of_boxes_of_the_same_size_and_corner_the_order_of_the_rows_does_not_choose(tmp_path):
    merged(tmp_path, record(box=(0.5, 0.5, 0.25, 0.5)), record(box=(0.5, 0.5, 0.5, 0.25)))
    merged(tmp_path, record(box=(0.5, 0.5, 0.0, 0.5)), record(box=(0.5, 0.5, 0.0, 0.25)))
    without = FACE | {"BoundingBox": None}
    assert merged(tmp_path, record(face=without), record(face=FACE))["face_left"] == 0.4


def test_the_first_three_rows_with_another_box_are_named(tmp_path):
    boxes = [(0.1, 0.1, 0.3, 0.3), (0.2, 0.2, 0.1, 0.1), (0.1, 0.1, 0.3, 0.3)]
    rows = [record(time, 7, box=box) for time in (0, 40, 80, 120) for box in boxes]
    rows += [record(160, 7), record(160, 7, box=None, face=FACE)]
    with pytest.warns(PtrackWarning, match="another box"):
        _, video = read_tracking(write(tmp_path / "a.json", page(*rows)), allow_dropped=True)
    (dropped,) = [reason for reason in video.read_report.dropped if "another box" in reason.text]
    assert dropped.rows == 4
    assert dropped.examples == tuple(f"person 7 at {time} s" for time in ("0.000", "0.040", "0.080"))


def test_persons_of_one_moment_come_in_the_order_of_their_numbers(tmp_path):
    content = page(record(0, 2), record(0, 0), record(0, 1), record(40, 1), record(40, 0))
    detections, _ = read_tracking(write(tmp_path / "a.json", content))
    assert detections.index.get_level_values("person_index").tolist() == [0, 1, 2, 0, 1]


def test_numbers_of_persons_may_be_as_large_as_they_like(tmp_path):
    numbers = [2**53, 7, 10**12]
    content = page(*(record(40 * moment, number) for moment in range(2) for number in numbers))
    detections, _ = read_tracking(write(tmp_path / "a.json", content))
    assert detections.index.get_level_values("person_index").tolist() == sorted(numbers) * 2


@pytest.mark.filterwarnings("ignore:.*another box:ptrack_analysis.errors.PtrackWarning")
def test_each_of_several_doubled_persons_gets_its_own_best_box_and_the_others_keep_theirs(tmp_path):
    rows = [(0, 1, (0.1, 0.1, 0.1, 0.1)), (0, 2, (0.3, 0.1, 0.3, 0.3)), (0, 2, (0.4, 0.1, 0.1, 0.1))]
    rows += [(0, 1, (0.2, 0.1, 0.2, 0.2)), (40, 1, (0.5, 0.1, 0.1, 0.1)), (40, 2, (0.6, 0.1, 0.1, 0.1))]
    content = page(*(record(time, person, box=box) for time, person, box in rows))
    detections, _ = read_tracking(write(tmp_path / "a.json", content), allow_dropped=True)
    assert detections["left"].tolist() == [0.2, 0.3, 0.5, 0.6]


def test_an_incomplete_archive_is_refused_unless_allowed(tmp_path):
    write(tmp_path / "p-1.json", page(record(0), token="a"))
    write(tmp_path / "p-2.json", page(record(9), token="b"))
    with pytest.raises(IncompleteError, match="the archive is incomplete"):
        read_tracking(tmp_path)
    with pytest.warns(PtrackWarning, match="incomplete: every page"):
        assert len(read_tracking(tmp_path, allow_incomplete=True)[0]) == 2
    assert inspect_tracking(tmp_path).verdict == "not usable"
    allowed = inspect_tracking(tmp_path, allow_incomplete=True)
    assert allowed.problems == ()
    assert "incomplete: every page (2) has a NextToken" in " ".join(allowed.notes)
    assert allowed.verdict == "not usable for tracks, visits, dwell, occupancy and crossings"


@pytest.mark.parametrize("status", ["IN_PROGRESS", "FAILED"])
def test_an_unfinished_job_is_an_error_with_its_message(tmp_path, status):
    file = write(
        tmp_path / "a.json", {"JobStatus": status, "StatusMessage": "the codec is odd", "Persons": []}
    )
    with pytest.raises(JobError, match=f"status is {status}, not SUCCEEDED: the codec is odd"):
        read_tracking(file)
    assert inspect_tracking(file).verdict == "not usable"
    write(file, {"JobStatus": status})
    with pytest.raises(JobError, match=status):
        read_tracking(file)


def test_pages_with_different_metadata_are_not_mixed(tmp_path):
    write(tmp_path / "p-1.json", page(record(0), token="a", job=None))
    write(tmp_path / "p-2.json", page(record(9), job=None, VideoMetadata=METADATA | {"FrameWidth": 640}))
    with pytest.raises(MixedError, match=r"p-2\.json: .*frame_width is 640 here and 1000 in .*p-1\.json"):
        read_tracking(tmp_path)
    assert inspect_tracking(tmp_path).problems


def test_last_pages_without_job_that_cover_the_same_time_are_a_video_each(tmp_path):
    for number in (1, 2):
        write(
            tmp_path / f"film-{number}.json",
            page(record(0, box=(0.1 * number, 0, 0.1, 0.1)), record(900), job=None),
        )
    assert found(tmp_path) == {"film-1": ["film-1.json"], "film-2": ["film-2.json"]}
    with pytest.raises(MixedError, match="contains 2 videos"):
        read_tracking(tmp_path)


def test_wrapped_pages_belong_to_the_video_of_their_own_or_their_wrappers_file_name(tmp_path):
    for number, name in enumerate(("one.mp4", "two.mp4")):
        inner = page(record(number), job=None)
        write(tmp_path / f"result-{number}.json", {"fileName": name, "data": {"original_response": inner}})
    assert sorted(found(tmp_path).values()) == [["result-0.json"], ["result-1.json"]]
    named = [
        {"fileName": "one.mp4", "data": page(record(), job=None, fileName="own.mp4")},
        {"fileName": "one.mp4", "data": page(record(5), job=None)},
    ]
    with pytest.raises(MixedError, match="2 videos"):
        read_tracking(write(tmp_path / "named" / "a.json", named))
    named[0]["data"].pop("fileName")
    assert len(read_tracking(write(tmp_path / "named" / "a.json", named))[0]) == 2


def merged_object(name, *records):
    """Make what a Lambda function stores: one object for the results of several analyses."""
    return {
        "ModerationLabels": [],
        "fileName": name,
        "Labels": [],
        "Celebrities": [],
        "Persons": list(records),
    }


NUMBERED = {
    "merged objects with their own file names": [
        merged_object("IMG_3656.mp4", record(0), record(900)),
        merged_object("IMG_3657.mp4", record(1000), record(2000)),
    ],
    "merged objects without file names": [
        merged_object(None, record(0), record(900)),
        merged_object(None, record(1000), record(2000)),
    ],
    "one without people": [merged_object("a.mp4", record(0)), merged_object("b.mp4")],
    "metadata and persons, one without people": [
        {"VideoMetadata": METADATA, "Persons": [record(0)]},
        {"VideoMetadata": METADATA, "Persons": []},
    ],
    "metadata and persons at the same time": [
        {"VideoMetadata": METADATA, "Persons": [record(0), record(500, 1)]},
        {"VideoMetadata": METADATA, "Persons": [record(100), record(700)]},
    ],
    "metadata and persons of other facts": [
        {"VideoMetadata": METADATA, "Persons": [record(0)]},
        {"VideoMetadata": METADATA | {"DurationMillis": 5000}, "Persons": [record(2000)]},
    ],
    "whole responses": [page(record(0), job=None), page(record(2000), job=None)],
    "responses of two videos": [
        page(record(0), token="a", job=None, Video={"S3Object": {"Bucket": "b", "Name": "one.mp4"}}),
        page(record(9), job=None, Video={"S3Object": {"Bucket": "b", "Name": "two.mp4"}}),
    ],
}  # fmt: skip


@pytest.mark.filterwarnings(
    "ignore:.*(incomplete|sampling period is unknown):ptrack_analysis.errors.PtrackWarning"
)
@pytest.mark.parametrize("contents", NUMBERED.values(), ids=NUMBERED)
@pytest.mark.parametrize("names", [("IMG_3656", "IMG_3657"), ("cam_640x360", "cam_640x480")])
def test_numbers_of_whole_results_are_not_page_numbers(tmp_path, contents, names):
    for name, content in zip(names, contents, strict=True):
        write(tmp_path / f"{name}.json", content)
    expected = {name: [f"{name}.json"] for name in names}
    if "NextToken" in contents[0] and names[0] == "IMG_3656":
        expected = {"IMG": ["IMG_3656.json"], "IMG_3657": ["IMG_3657.json"]}
    assert found(tmp_path) == expected
    assert [len(read_tracking(one, allow_incomplete=True)[0]) for one in find_videos(tmp_path)] == [
        len(content["Persons"]) for content in contents
    ]


def test_pages_joined_by_names_and_times_alone_are_said(tmp_path):
    for number in (1, 2):
        write(tmp_path / f"film-{number}.json", {"Persons": [record(1000 * number)]})
    note = "'film-1.json' to 'film-2.json' are read as pages of one video, because their names and times fit"
    with pytest.warns(PtrackWarning, match=note):
        assert len(read_tracking(tmp_path)[0]) == 2
    assert note in inspect_tracking(tmp_path).notes
    (reference,) = find_videos(tmp_path)
    assert note in inspect_tracking(reference).notes


def test_a_broken_file_beside_whole_results_is_its_own_video(tmp_path):
    write(tmp_path / "IMG_1.json", page(record(0), job=None))
    write(tmp_path / "IMG_2.json", page(record(0), record(5), job=None))
    write(tmp_path / "IMG_3.json", "{broken")
    one, two, three = find_videos(tmp_path)
    assert [each.name for each in (one, two, three)] == ["IMG_1", "IMG_2", "IMG_3"]
    assert read_tracking(tmp_path / "IMG_1.json")[1].name == "IMG_1"
    assert [len(read_tracking(each)[0]) for each in (one, two)] == [1, 2]
    with pytest.raises(PageError, match="not JSON"):
        read_tracking(three)


@pytest.mark.parametrize("job", ["job-1", None])
@pytest.mark.parametrize("names", [("page-1", "page-2"), ("Front-1", "Front-2"), ("000001", "000002")])
def test_a_video_has_the_same_name_from_its_file_its_folder_and_the_folder_above(tmp_path, job, names):
    folder = tmp_path / "Front"
    for number, name in enumerate(names):
        write(folder / f"{name}.json", page(record(number), token=None if number else "t", job=job))
    for source in (folder, tmp_path):
        assert [one.name for one in find_videos(source)] == ["Front"]
        assert read_tracking(source)[1].name == "Front"
    with pytest.warns(PtrackWarning, match="incomplete: its page has a NextToken"):
        assert read_tracking(folder / f"{names[0]}.json", allow_incomplete=True)[1].name == "Front"


def test_pages_one_after_the_other_without_tokens_are_one_video(tmp_path):
    for number in (1, 2, 3):
        content = {"VideoMetadata": METADATA, "Persons": [record(100 * number), record(100 * number + 100)]}
        write(tmp_path / f"film-{number}.json", content)
    with pytest.warns(PtrackWarning, match="are read as pages of one video"):
        assert len(read_tracking(tmp_path)[0]) == 4


def test_a_date_is_no_number_of_a_page(tmp_path):
    names = [
        "cam-2026-10-30",
        "cam-2026-10-31",
        "cam_20261030",
        "cam_20261031T083000",
        "cam_2026-10-31_08-30",
    ]
    for name in names:
        write(tmp_path / f"{name}.json", {"VideoMetadata": METADATA, "Persons": [record()]})
    assert len(find_videos(tmp_path)) == len(names)
    assert "cam-2026-10-31" in found(tmp_path)


def test_facts_fall_back_to_those_given_and_no_further(tmp_path):
    bare = write(tmp_path / "a.json", {"Persons": [record()]})
    given = Video(width=640, height=360, frame_rate=25.0)
    video = read_tracking(bare, video=given)[1]
    assert (video.width, video.height, video.frame_rate, video.name) == (640, 360, 25.0, "a")
    full = write(
        tmp_path / "b.json",
        page(record(), JobTag="tag", Video={"S3Object": {"Bucket": "b", "Name": "k/v.mp4"}}),
    )
    video = read_tracking(full, video=given)[1]
    assert (video.width, video.job_tag, video.source) == (1000, "tag", "b/k/v.mp4")


def test_what_is_odd_is_counted_and_said(tmp_path):
    rows = [
        record(2500, 0, box=(-0.1, 0.5, 0.2, 0.5)),
        record(2567, 0, box=(0.4, 0.6, 0.2, 0.395)),
        record(9000, 0, box=None, face=FACE),
    ]
    findings = inspect_tracking(write(tmp_path / "a.json", page(*rows, VideoMetadata=METADATA)))
    assert (findings.persons, findings.detections, findings.boxes, findings.without_box) == (1, 3, 2, 1)
    assert (findings.boxes_beyond_image, findings.truncated_boxes) == (1, 2)
    assert (findings.gaps, findings.longest_gap) == (1, pd.Timedelta("6433ms"))
    assert (findings.dwell, findings.without_position) == (pd.Timedelta("201ms"), pd.Timedelta("67ms"))
    said = " ".join(findings.notes)
    for part in (
        "first detection is at 2.500 s",
        "the duration of 1.000 s is ignored, because a detection is at 9.000 s",
        "time without position is bad: 33.3 %",
    ):
        assert part in said


def test_links_to_folders_are_not_followed(tmp_path):
    write(tmp_path / "in" / "a.json", page(record()))
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in", target_is_directory=True)
    assert found(tmp_path / "in") == {"a": ["a.json"]}


def test_an_archive_can_be_moved(tmp_path, data):
    shutil.copytree(data / "day", tmp_path / "moved")
    assert [one.name for one in find_videos(tmp_path / "moved")] == [
        one.name for one in find_videos(data / "day")
    ]


def test_pages_of_which_one_lacks_facts_are_still_of_one_video(tmp_path):
    write(tmp_path / "p-1.json", page(record(0), token="a", job=None, VideoMetadata={}))
    write(tmp_path / "p-2.json", page(record(9), job=None, VideoMetadata={"Codec": "h264", "FrameRate": 0}))
    write(tmp_path / "p-3.json", page(record(18), token="b", job=None))
    _, video = read_tracking(tmp_path)
    assert (video.codec, video.width, video.frame_rate) == ("h264", 1000, 25.0)


def test_a_page_fetched_again_with_another_token_is_a_repeated_page(tmp_path):
    write(tmp_path / "p-1.json", page(record(0), record(40), token="before"))
    write(tmp_path / "p-2.json", page(record(0), record(40), token="after"))
    write(tmp_path / "p-3.json", page(record(80)))
    findings = inspect_tracking(tmp_path)
    assert (findings.repeated_pages, findings.merged, findings.detections) == (1, 0, 3)


def test_a_last_page_with_a_token_behind_one_without_is_noticed(tmp_path):
    write(tmp_path / "p-1.json", page(record(0)))
    write(tmp_path / "p-2.json", page(record(40), token="more"))
    assert any("the last page by name has a NextToken" in note for note in inspect_tracking(tmp_path).notes)


def test_a_max_gap_below_the_sampling_period_is_refused(tmp_path):
    file = write(tmp_path / "a.json", page(record(0), VideoMetadata=METADATA | {"FrameRate": 0.25}))
    assert inspect_tracking(file).period == pd.Timedelta("4s")
    with pytest.raises(ParameterError, match="sampling period of 4000 ms, got 2000 ms"):
        inspect_tracking(file, max_gap="2s")


@pytest.mark.parametrize("duration", [2**53, 0])
def test_times_up_to_the_bound_are_read_and_measured(tmp_path, duration):
    rows = [record(0), record(40), record(2**53 - 1)]
    file = write(tmp_path / "a.json", page(*rows, VideoMetadata=METADATA | {"DurationMillis": duration}))
    assert inspect_tracking(file).detections == 3


def test_the_sampling_period_can_be_given(tmp_path):
    file = write(tmp_path / "a.json", page(record(0)))
    assert inspect_tracking(file, period="1s").dwell == pd.Timedelta("1s")


def test_inspect_uses_the_words_and_the_values_of_the_quality_checks(tmp_path, capsys):
    rows = [
        record(0, 0, box=(0.1, 0.4, 0.2, 0.6)),
        record(67, 0, box=(0.1, 0.3, 0.2, 0.6)),
        record(134, 0, box=None, face=FACE),
    ]
    source = write(tmp_path / "a.json", page(*rows, VideoMetadata=METADATA))
    found = inspect_tracking(source)
    assert (found.truncated_boxes, found.boxes_beyond_image, found.without_box) == (1, 0, 1)
    assert sum(found.checks.values()) == len(CHECKS)
    assert main(["inspect", str(source)]) == 0
    said = capsys.readouterr().out
    for line in (
        "  pages               complete as far as can be told",
        "  rows read           3, all kept",
        "  people (tracks)     1",
        "  face only           1 of 3 (33.3 %) detections",
        "  truncated boxes     1 of 2 (50 %) body boxes",
        "  boxes beyond image  0 of 2 (0 %) body boxes",
        "  duplicates          0 rows, 0 pages",
    ):
        assert line in said
    assert f"  quality checks      {found.checks['good']} good, " in said
    for word in ("unlocated", "feet", "picture", "doubled", "passed over", "without body box"):
        assert word not in said
