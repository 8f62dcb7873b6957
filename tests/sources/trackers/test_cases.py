"""Small public-shaped inputs with their right answers, in Python and in the shell."""

import json
from dataclasses import dataclass, field

import pytest

from ptrack_analysis import find_videos, read_tracking, read_tracks
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, PtrackWarning
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
FACTS = ("--frame-size", "1280x720", "--frame-rate", "25")
BOX = {"id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
FRAMES = {"frame": "frame", **BOX}


@dataclass(frozen=True)
class Case:
    """A file, how it is read, and the people and detections of each of its videos, or part of the refusal."""

    name: str
    videos: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    refusal: str = ""
    started_at: str | None = None


CASES = {
    "boxmot, person is 0": Case("boxmot-class0.txt", {"boxmot-class0": (2, 100)}),
    "boxmot by its format": Case("boxmot-class0.txt", {"boxmot-class0": (2, 100)}, {"format": "boxmot"}),
    "boxmot with an index": Case("boxmot-det-index.txt", {"boxmot-det-index": (3, 150)}),
    "boxmot, one class": Case("boxmot-det-index.txt", {"boxmot-det-index": (2, 100)}, {"classes": ["1"]}),
    "cvat": Case("cvat-mot", {"cvat-mot": (2, 100)}),
    "visdrone": Case("visdrone.txt", {"visdrone": (1, 3)}),
    "visdrone, cars": Case("visdrone.txt", {"visdrone": (1, 3)}, {"classes": ["car"]}),
    "two videos": Case("two-videos.csv", {"morning": (1, 3), "evening": (1, 3)}, {"columns": FRAMES}),
    "two videos by role": Case(
        "two-videos.csv", {"morning": (1, 3), "evening": (1, 3)}, {"columns": {**FRAMES, "video": "video"}}
    ),
    "two cameras": Case("two-cameras.csv", options={"columns": FRAMES}, refusal="Add camera=camera"),
    "two cameras by role": Case(
        "two-cameras.csv",
        {"two-cameras-a": (1, 500), "two-cameras-b": (1, 500)},
        {"columns": {**FRAMES, "camera": "camera"}},
    ),
    "clips": Case("clips-appended.txt", refusal="Probably clips were appended whose frames start again"),
    "confidence": Case("results-with-confidence.txt", {"results-with-confidence": (2, 100)}),
    "fractions": Case("fractions.csv", {"fractions": (1, 250)}, {"columns": FRAMES}),
    "fractions called px": Case("fractions.csv", options={"columns": FRAMES, "unit": "px"}, refusal="not px"),
    "epoch": Case(
        "epoch-ms.csv",
        {"epoch-ms": (1, 250)},
        {"columns": {"time_ms": "ts", **BOX}},
        started_at="2023-10-31T15:17:12.123000+00:00",
    ),
    "iso": Case(
        "iso-times.csv",
        {"iso-times": (1, 250)},
        {"columns": {"time": "ts", **BOX}},
        started_at="2024-05-01T10:00:00+00:00",
    ),
    "64-bit ids": Case("ids-64bit.csv", {"ids-64bit": (2, 201)}, {"columns": FRAMES}),
    "text ids": Case("ids-uuid.csv", {"ids-uuid": (1, 100)}, {"columns": FRAMES}),
    "classes by name": Case("classes-by-name.csv", {"classes-by-name": (2, 200)}),
    "children": Case("classes-by-name.csv", {"classes-by-name": (1, 100)}, {"classes": ["child"]}),
    "one label file": Case("save-txt-one-file", {"save-txt-one-file": (1, 1)}),
    "json lines": Case("ultralytics-lines.jsonl", {"ultralytics-lines": (1, 25)}),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


@pytest.fixture
def file(real_data, case):
    return real_data / "cases/trackers" / case.name


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")
def test_python_gives_the_right_people_or_refuses(case, file):
    if case.refusal:
        with pytest.raises(InputError, match=case.refusal):
            read_tracking(file, video=VIDEO, **case.options)
        return
    found = {}
    for reference in find_videos(file, **case.options):
        detections, video = read_tracking(reference, video=VIDEO)
        found[video.name] = (detections.index.get_level_values("person_index").nunique(), len(detections))
        assert (None if video.started_at is None else video.started_at.isoformat()) == case.started_at
    assert found == case.videos


def test_the_shell_gives_the_same(case, file, capsys):
    given = []
    for name, value in case.options.items():
        text = ",".join(f"{key}={item}" for key, item in value.items()) if name == "columns" else value
        given += [f"--{name}", ",".join(text) if isinstance(text, list) else text]
    code = main(["inspect", str(file), "--json", *given, *FACTS])
    said = capsys.readouterr()
    if case.refusal:
        assert code == 3
        assert case.refusal in said.err
        return
    videos = json.loads(said.out)["videos"]
    assert {one["name"]: (one["persons"], one["detections"]) for one in videos} == case.videos
    assert [one["video"]["started_at"] for one in videos] == [case.started_at] * len(videos)


def test_untracked_rows_are_counted_and_64_bit_ids_are_exact(real_data):
    with pytest.warns(PtrackWarning, match="101 rows without an id"):
        tracked = read_tracks(real_data / "cases/trackers/ids-64bit.csv", columns=FRAMES, video=VIDEO)
    assert {*tracked.table.index.get_level_values("person_index")} == {
        7781234567890123777,
        7781234567890123778,
    }
    assert tracked.report.dropped_rows == 101


def test_a_text_id_is_kept(real_data):
    tracked = read_tracks(real_data / "cases/trackers/ids-uuid.csv", columns=FRAMES, video=VIDEO)
    assert {*tracked.table["source_id"]} == {"7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    assert {*tracked.table.index.get_level_values("person_index")} == {1}


def test_the_header_of_a_table_gives_an_option_to_paste(real_data):
    with pytest.raises(
        InputError, match=r"--columns frame=frame,id=track_id,left=x1,right=x2,top=y1,bottom=y2"
    ):
        recognize(real_data / "cases/trackers/ids-uuid.csv")
