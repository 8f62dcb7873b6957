"""Reading when and where videos were recorded, and refusing what cannot be."""

import json
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from ptrack_analysis import Video, find_videos, open_video, read_tracking
from ptrack_analysis.clock import Recording, lookup, read_recordings
from ptrack_analysis.clock.lookup import list_names, no_start, parse_pattern, settled
from ptrack_analysis.clock.opening_hours import validate_opening_hours
from ptrack_analysis.errors import InputError, ParameterError, RemoteError
from ptrack_analysis.rekognition import create_client
from ptrack_analysis.scene.selection import VideoKeys
from ptrack_analysis.storage.s3 import parse_path


def settings(**given):
    return SimpleNamespace(
        **{
            "video": Video(),
            "recordings": None,
            "started_at": None,
            "timezone": None,
            "opening_hours": None,
            "holidays": None,
            **given,
        }
    )


def find_recordings(told, files):
    return lookup.find_recordings(
        told, [VideoKeys(name, tuple(list_names(paths)), tuple(paths)) for name, paths in files.items()]
    )


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "videos.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_moment_with_an_offset_needs_no_time_zone(write):
    found = read_recordings(write("video,started_at\na,2026-03-29T09:00:00+02:00\nb,2026-03-29T09:00:00Z\n"))
    assert found["a"].started_at.isoformat() == "2026-03-29T09:00:00+02:00"
    assert [one.timezone for one in found.values()] == ["+02:00", "UTC"]


def test_a_local_time_is_by_the_clock_of_its_row(write):
    found = read_recordings(
        write(
            "video,started_at,timezone\na,2026-03-29 01:00,Europe/Berlin\nb,2026-07-01T09:00,Asia/Kathmandu\n"
        )
    )
    assert [one.started_at.utcoffset() for one in found.values()] == [
        timedelta(hours=1),
        timedelta(hours=5, minutes=45),
    ]


def test_further_columns_are_kept(write):
    header = "Video;Started_At;site;camera;opening_hours;floor area"
    text = f"{header}\na;2026-03-29T09:00Z;Mitte;c1;24/7;007\nb;;;;;\n"
    found = read_recordings(write(b"\xef\xbb\xbf" + text.encode()))
    a, b = found["a"], found["b"]
    assert (a.site, a.camera, a.opening_hours, a.further) == ("Mitte", "c1", "24/7", {"floor_area": "007"})
    assert (b.started_at, b.timezone, b.site, b.further) == (None, None, None, {"floor_area": None})


def test_a_setting_of_the_clock_that_changes_nothing_is_said():
    _, notes = find_recordings(settings(timezone="Asia/Tokyo"), {"v": []})
    assert len(notes) == 1
    assert notes[0].startswith("timezone has no effect, because")


def test_the_file_may_lie_in_s3(monkeypatch, moto_url):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    client = create_client("s3", endpoint_url=moto_url, region="us-east-1")
    client.create_bucket(Bucket="clocks")
    client.put_object(Bucket="clocks", Key="videos.csv", Body=b"video,started_at\na,2026-03-29T09:00Z\n")
    assert list(read_recordings(parse_path("s3://clocks/videos.csv", client))) == ["a"]
    with pytest.raises(RemoteError, match=r"s3://clocks/none\.csv: S3 rejected the request: NoSuchKey"):
        read_recordings(parse_path("s3://clocks/none.csv", client))


def test_blank_lines_and_quoted_line_ends_are_read(write):
    found = read_recordings(write('\nvideo,started_at,note\n\na,2026-03-29T09:00Z,"two\nlines"\n,,\n'))
    assert found["a"].further == {"note": "two\nlines"}


REFUSED = {
    "no zone": (
        "a,2026-03-29T09:00:00",
        r":2: started_at is '2026-03-29T09:00:00', a local time without time zone. Add an offset such as",
    ),
    "no moment": (
        "a,29.03.2026 09:00",
        r":2: started_at must be a time such as .*, got '29\.03\.2026 09:00'",
    ),
    "no time of day": ("a,2026-03-29", r":2: started_at must be .*, but '2026-03-29' has no time of day"),
    "twice": ("a,2026-03-29T09:00Z\n\na,2026-03-29T10:00Z", r":4: video 'a' is already on line 2"),
    "no name": (
        ",2026-03-29T09:00Z",
        r":2: the row does not name a video, because the column 'video' is empty\. Fill in the",
    ),
    "a cell too many": ("a,2026-03-29T09:00Z,b", r":2: expected 2 cells like the header, got 3"),
    "a quote": ('a,"2026-03-29T09:00Z', r":2: cannot be read as CSV"),
}


@pytest.mark.parametrize(("row", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_line_that_cannot_be_used_is_refused(write, row, message):
    with pytest.raises(InputError, match=message):
        read_recordings(write(f"video,started_at\n{row}\n"))


LOCAL = {
    "skipped": (
        "2026-03-29T02:30:00,Europe/Berlin",
        "a time that Europe/Berlin skips: its clocks jump from 2026-03-29T02:00:00 to 2026-03-29T03:00:00",
    ),
    "a skipped day": (
        "2011-12-30T12:00:00,Pacific/Apia",
        "a time that Pacific/Apia skips: its clocks jump from 2011-12-30T00:00:00 to 2011-12-31T00:00:00",
    ),
    "half an hour": (
        "2026-10-04T02:10:00,Australia/Lord_Howe",
        "jump from 2026-10-04T02:00:00 to 2026-10-04T02:30:00",
    ),
    "twice": (
        "2026-10-25T02:30:00,Europe/Berlin",
        r"occurs twice in Europe/Berlin. Write 2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00",
    ),
    "misspelt": (
        "2026-10-25T02:30:00,Europe/Berln",
        "timezone must be .*, got 'Europe/Berln'. Did you mean 'Europe/Berlin'",
    ),
    "an abbreviation": (
        "2026-10-25T02:30:00,CEST",
        "timezone must be an IANA name such as 'Europe/Berlin', got 'CEST'",
    ),
    "no offset": ("2026-10-25T02:30:00,+25:00", r"timezone must be .*, got '\+25:00'"),
    "before the calendar": ("0001-01-01T00:00:00,Europe/Berlin", "beyond the calendar"),
    "after the calendar": ("9999-12-31T23:59:59-10:00,UTC", "beyond the calendar"),
}


@pytest.mark.parametrize(("row", "message"), LOCAL.values(), ids=LOCAL.keys())
def test_a_time_that_a_clock_does_not_show_once_is_refused(write, row, message):
    with pytest.raises(InputError, match=rf"videos\.csv:2: .*{message}"):
        read_recordings(write(f"video,started_at,timezone\na,{row}\n"))


FILES = {
    "empty": (
        "",
        r"videos\.csv:1: the file is empty. Expected a header such as video,started_at",
    ),
    "no header": (
        "a,2026-03-29T09:00Z\n",
        r":1: the file has none of the columns video, files, job_id, job_tag, video_uri, camera",
    ),
    "misspelt": (
        "video,start_at\na,b\n",
        r":1: .*the column 'start_at' is unknown \(did you mean 'started_at'\?",
    ),
    "twice": ("video,started_at,Floor Ä,floor-a\n", r":1: the column 'floor_a' occurs twice"),
    "no name": ("video,started_at,\n", r":1: the name of column 3 must contain letters, got ''"),
    "taken": (
        "video,started_at,duration_s\n",
        r":1: the column 'duration_s' must be renamed, because datasets reserve this name",
    ),
    "not UTF-8": (b"video,started_at\n\n\xe4,b\n", r":3: byte 0xe4 is not UTF-8. Save the file as 'CSV"),
    "UTF-16": ("video,started_at\n".encode("utf-16"), r":1: byte 0xff is not UTF-8"),
}


@pytest.mark.parametrize(("content", "message"), FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_used_is_refused(write, content, message):
    with pytest.raises(InputError, match=message):
        read_recordings(write(content))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none.csv: cannot be read: No such file"):
        read_recordings(tmp_path / "none.csv")


HOURS = {
    "nonsense": (
        "Mo-Xx 09:00-20:00",
        r"must be text such as .*, got 'Mo-Xx 09:00-20:00' \(error at character 4\)",
    ),
    "no minutes": ("Mo-Fr 9-20", r"at character 7"),
    "nothing": ("", "got ''"),
    "school holidays": ("Mo-Fr 09:00-20:00; SH off", "school holidays are not known"),
    "holidays among weekdays": ("PH Mo-Fr 10:00-12:00", "is ambiguous"),
    "the sun": ("sunrise-sunset", "the position of the sun is not known"),
}


@pytest.mark.parametrize(("text", "message"), HOURS.values(), ids=HOURS.keys())
def test_opening_hours_that_cannot_be_read_are_refused(text, message):
    with pytest.raises(ParameterError, match=message):
        validate_opening_hours(text)


PATTERN = "{camera}_%Y-%m-%dT%H-%M-%S%z"


def test_a_name_tells_camera_and_moment():
    moment, fields = parse_pattern(PATTERN).read("Door 1_2026-11-24T09-30-00+0100")
    assert moment.isoformat() == "2026-11-24T09:30:00+01:00"
    assert fields == {"camera": "Door 1"}
    assert parse_pattern(PATTERN).read("Door 1_2026-11-24T09-30-00") is None
    assert parse_pattern("{site}.%y%j%H%M%S%f").read("a.b.26001091500250")[0].microsecond == 250_000


PATTERNS = {
    "unknown": ("%Y-%m-%d %H %Q", "directives must be in %Y .*, got %Q"),
    "by language": ("%Y-%b-%d %H", "directives must be .*, got %b"),
    "no directive": ("%Y-%m-%d %H %", "directives must be .*, got %"),
    "twice": ("%Y-%m-%d %H %H", "%H occurs twice"),
    "a field twice": ("{a}-{a}-%Y%m%d%H", r"\{a\} occurs twice"),
    "no column": ("{a b}-%Y%m%d%H", r"\{a b\} cannot be the name of a column"),
    "taken": ("{video}-%Y%m%d%H", r"\{video\} cannot be the name of a column"),
    "a column of videos": ("{width}-%Y%m%d%H", r"\{width\} cannot be the name of a column"),
    "side by side": ("{a}{b}-%Y%m%d%H", "must have text between the fields 'a' and 'b'"),
    "a brace": ("{a-%Y%m%d%H", "has an unpaired brace"),
    "no hour": ("{a}-%Y%m%d", "contains a date"),
}


@pytest.mark.parametrize(("text", "message"), PATTERNS.values(), ids=PATTERNS.keys())
def test_a_pattern_that_cannot_be_used_is_refused(text, message):
    with pytest.raises(ParameterError, match=message):
        parse_pattern(text)


def test_names_that_are_hostile_are_compared_fast():
    pattern = parse_pattern("{a}_{b}_{c}_%Y%m%d%H")
    assert pattern.read("_" * 200) is None
    pattern = parse_pattern("{a}_{b}_{c}_{d}_{e}_%Y%m%d%H")
    assert pattern.read("a_b_c_d_e_f_g_2026010108")[1]["a"] == "a_b_c"
    with pytest.raises(ParameterError, match=r"can be separated in 3e\+08 ways in the name 'a_a_.*Shorten"):
        pattern.read("a_" * 125)


def test_the_file_goes_before_the_pattern_and_that_before_the_video(write):
    place = write("video,started_at,site,note\nin_file,2026-01-01T00:00Z,Mitte,x\n")
    names = {name: [f"{name}_2026-02-02T00-00-00+0000.json"] for name in ("in_file", "in_name")}
    told = settings(recordings=place, started_at=PATTERN, opening_hours="24/7")
    found, notes = find_recordings(told, names | {"in_video": ["page-1.json"]})
    own = Video(started_at=found["in_name"].started_at.replace(month=3))
    ends = {name: settled(one, own, told) for name, one in found.items()}
    assert [one.started_at.month for one in ends.values()] == [1, 2, 3]
    assert [one.camera for one in ends.values()] == ["in_file", "in_name", None]
    assert [one.further for one in ends.values()] == [{"note": "x"}, {"note": None}, {"note": None}]
    assert {one.opening_hours for one in ends.values()} == {"24/7"}
    assert notes == []
    assert no_start(told, ["in_video"]) == [
        f"the start of the video 'in_video' is unknown: {place} does not state it, "
        "and the name does not match " + repr(PATTERN)
    ]


def test_a_video_that_is_not_there_is_said_once(write):
    place = write("video,started_at\n" + "".join(f"v{n},2026-01-01T00:00Z\n" for n in range(5)))
    _, notes = find_recordings(settings(recordings=place), {"v0": []})
    assert notes == [
        (
            f"{place}: 4 rows match no video of the source (video 'v1'; video 'v2'; video 'v3' and 1 more), "
            "which has the video 'v0'"
        )
    ]


@pytest.mark.parametrize(
    "place",
    [
        "c1_2026-02-02T09-00-00+0000.json.gz",
        "2026/C1_2026-02-02T09-00-00+0000/page-1.json",
        "C1_2026-02-02t09-00-00Z/pages/page-1.json",
    ],
)
def test_a_name_is_that_of_the_file_or_of_a_folder(place):
    found, _ = find_recordings(settings(started_at=PATTERN), {"v": [place]})
    assert found["v"].started_at.isoformat() == "2026-02-02T09:00:00+00:00"


def test_a_pattern_with_folders_is_compared_with_the_path():
    told = settings(started_at="{site}/{camera}/%Y%m%d-%H%M", timezone="Asia/Tokyo")
    found, _ = find_recordings(told, {"v": ["all/mitte/c1/20260202-0900.json"]})
    assert (found["v"].site, found["v"].camera, found["v"].timezone) == ("mitte", "c1", "Asia/Tokyo")
    assert found["v"].started_at.isoformat() == "2026-02-02T09:00:00+09:00"


def test_the_name_of_the_filmed_file_tells_it_too():
    told = settings(started_at=PATTERN)
    found, _ = find_recordings(told, {"job": ["job/page-1.json"]})
    video = Video(source="s3://films/2026/c9_2026-02-02T09-00-00+0000.mp4")
    assert settled(found["job"], video, told).camera == "c9"


def test_a_name_with_a_time_that_cannot_be_concerns_its_video_alone():
    told = settings(started_at="%Y-%m-%dT%H-%M", timezone="Europe/Berlin")
    names = {
        "good": ["2026-03-29T01-30.json"],
        "skipped": ["2026-03-29T02-30.json"],
        "none": ["2026-13-29T02-30.json"],
    }
    found, notes = find_recordings(told, names)
    assert settled(found["good"], Video(), told).started_at is not None
    assert notes == []
    with pytest.raises(InputError, match=r"skipped: .*a time that Europe/Berlin skips"):
        settled(found["skipped"], Video(), told)
    with pytest.raises(
        InputError, match=r"none: the name '2026-13-29T02-30' matches .* but its time is invalid"
    ):
        settled(found["none"], Video(), told)


def test_a_local_time_in_a_name_needs_a_time_zone():
    told = settings(started_at="%Y-%m-%dT%H-%M")
    found, _ = find_recordings(told, {"v": ["2026-03-29T01-30.json"]})
    with pytest.raises(InputError, match="a local time without time zone"):
        settled(found["v"], Video(), told)


def test_a_local_start_of_the_video_itself_needs_a_time_zone():
    local = Video(started_at=datetime.fromisoformat("2026-03-29T09:00:00"))
    assert settled(Recording(video="v", timezone="Asia/Tokyo"), local).started_at.utcoffset() == timedelta(
        hours=9
    )
    with pytest.raises(InputError, match=r"v: started_at is .* a local time without time zone"):
        settled(Recording(video="v"), local)


def test_a_row_is_what_json_knows():
    started = datetime.fromisoformat("2026-03-29T09:00:00+02:00")
    assert Recording(video="v", started_at=started, timezone="+02:00", further={"a": None}).row() == {
        "video": "v",
        "started_at": "2026-03-29T09:00:00+02:00",
        "timezone": "+02:00",
        "site": None,
        "camera": None,
        "opening_hours": None,
        "further": {"a": None},
        "types": {},
        "fault": None,
    }


def test_a_site_of_the_file_goes_before_one_of_the_name(write):
    place = write("video,started_at,site\na,,Mitte\n")
    told = settings(recordings=place, started_at="{site}_{camera}_%Y-%m-%dT%H-%M-%S%z")
    found, _ = find_recordings(told, {"a": ["berlin_door_2026-02-02T00-00-00+0000.json"]})
    assert (found["a"].site, found["a"].camera, found["a"].further) == ("Mitte", "door", {})


BY_NAME = {"started_at": "{camera}_%Y-%m-%dT%H-%M-%S", "timezone": "Europe/Berlin"}


@pytest.mark.parametrize("form", ["path", "reference", "tables"])
def test_a_video_opened_in_python_has_the_clock_of_its_options(data, form):
    source = data / "week/pages/door_2026-03-30T11-00-00-1.json.gz"
    if form == "reference":
        [source] = find_videos(source)
    options = {**BY_NAME, "opening_hours": "Mo-Sa 10:00-16:00"}
    if form == "tables":
        source = read_tracking(source)
    recording = open_video(source, **options).recording
    assert recording.started_at.isoformat() == "2026-03-30T11:00:00+02:00"
    assert (recording.camera, recording.opening_hours) == ("door", "Mo-Sa 10:00-16:00")


def test_a_video_opened_in_python_has_the_start_and_site_of_the_file_of_recordings(data, tmp_path):
    file = tmp_path / "videos.csv"
    file.write_text("video,started_at,timezone,site\nshop,2026-03-30T09:00:00,Europe/Berlin,Mitte\n")
    recording = open_video(data / "shop", recordings=file).recording
    assert (recording.started_at.isoformat(), recording.site) == ("2026-03-30T09:00:00+02:00", "Mitte")


def test_a_video_opened_in_python_has_the_zones_of_its_camera(data, tmp_path):
    corners = [[0.4, 0.4], [0.8, 0.4], [0.8, 0.5], [0.4, 0.4]]
    outline = {"type": "Polygon", "coordinates": [corners]}
    features = [
        {"type": "Feature", "properties": {"name": camera, "camera": camera}, "geometry": outline}
        for camera in ("door", "till")
    ]
    zones = tmp_path / "zones.geojson"
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    video = data / "week/pages/door_2026-03-30T11-00-00-1.json.gz"
    analysis = open_video(video, zones=zones, **BY_NAME)
    assert ([zone.name for zone in analysis.zones], analysis.ignores_cameras) == (["door"], [])
    analysis = open_video(video, zones=zones)
    assert (analysis.zones, analysis.ignores_cameras) == ([], ["door", "till"])
