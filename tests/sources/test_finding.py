"""Pages or another tracker's file: what a source is taken for."""

import pandas as pd
import pytest
from pages import page, record, write
from pandas.testing import assert_frame_equal

from ptrack_analysis import (
    Video,
    compute_trajectories,
    export_dataset,
    find_videos,
    inspect_tracking,
    open_dataset,
    open_video,
    read_tracking,
    read_tracks,
)
from ptrack_analysis.cli import main
from ptrack_analysis.errors import IncompleteError, InputError, PageError, ParameterError, PtrackWarning

pytestmark = pytest.mark.filterwarnings("ignore:.*pixels are assumed:ptrack_analysis.errors.PtrackWarning")

FACTS = Video(width=100, height=100, frame_rate=25.0)
MOT = "1,1,10,20,10,20,1,-1,-1,-1\n2,1,11,20,10,20,1,-1,-1,-1\n2,2,50,50,10,20,1,-1,-1,-1\n"
CSV = "frame,track_id,x1,y1,x2,y2\n0,7,10,20,20,40\n1,7,11,20,21,40\n"
COLUMNS = {"frame": "frame", "id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
SINK = [
    {
        "x_min": 10,
        "y_min": 20,
        "x_max": 20,
        "y_max": 40,
        "class_id": 0,
        "confidence": 0.9,
        "tracker_id": 7,
        "frame_index": n,
    }
    for n in range(2)
]


@pytest.fixture
def points(tmp_path):
    return write(tmp_path / "walk.txt", "#framerate: 10\n1 0 0.5 0.5 1.7\n1 1 0.6 0.5 1.7\n")


def test_a_trackers_file_is_recognised_and_read_as_pages_are(tmp_path):
    file = write(tmp_path / "run-3.txt", MOT)
    detections, video = read_tracking(file, video=FACTS)
    assert detections.index.tolist() == [
        (pd.Timedelta(ms, unit="ms"), p) for ms, p in ((0, 1), (40, 1), (40, 2))
    ]
    assert detections.iloc[0][["left", "top", "width", "height"]].tolist() == [0.1, 0.2, 0.1, 0.2]
    assert (video.name, video.width) == ("run-3", 100)
    (reference,) = find_videos(file)
    assert (reference.name, reference.form.format) == ("run-3", "mot")
    assert len(read_tracking(reference, video=FACTS)[0]) == 3


def test_json_that_is_no_page_may_be_a_trackers(tmp_path):
    file = write(tmp_path / "sink.json", SINK)
    assert len(read_tracking(file, video=FACTS)[0]) == 2
    assert [one.form.format for one in find_videos(file)] == ["supervision-json"]
    assert find_videos(write(tmp_path / "page.json", page(record())))[0].form is None


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path):
    file = write(tmp_path / "boxes.csv", CSV)
    detections, _ = read_tracking(file, video=FACTS, columns=COLUMNS)
    assert detections.index.get_level_values("person_index").tolist() == [7, 7]
    with pytest.raises(
        InputError, match=r"a table with the columns .*--columns frame=frame,id=track_id,left=x1,"
    ):
        read_tracking(file, video=FACTS)


def test_a_format_can_be_named(tmp_path):
    file = write(tmp_path / "run.txt", MOT)
    assert len(read_tracking(file, video=FACTS, format="mot")[0]) == 3
    with pytest.raises(ParameterError, match=r"format must be one of .*, got 'nonsense'"):
        read_tracking(file, video=FACTS, format="nonsense")
    with pytest.raises(PageError, match="JSON"):
        read_tracking(file, format="pages")


def test_what_looks_like_a_page_under_another_name_is_told_its_fault_as_a_page(tmp_path):
    with pytest.raises(IncompleteError, match="JSON ends early"):
        read_tracking(write(tmp_path / "a.txt", '{"Persons": ['))
    assert len(read_tracking(write(tmp_path / "b.txt", page(record())))[0]) == 1


def test_points_are_sent_where_they_belong(tmp_path, points):
    with pytest.warns(PtrackWarning, match="coordinates are assumed to be in m"):
        table, video = read_tracking(points)
    with pytest.warns(PtrackWarning, match="coordinates are assumed to be in m"):
        assert_frame_equal(table, read_tracks(points).table)
    assert find_videos(points)[0].points_unit == "m"
    assert compute_trajectories(table, video=video)["x_m"].tolist() == [0.5, 0.6]


def test_a_trackers_file_is_inspected_and_exported(tmp_path):
    file = write(tmp_path / "run.txt", MOT)
    findings = inspect_tracking(file, video=FACTS)
    assert (findings.persons, findings.detections, findings.pages) == (2, 3, 0)
    summary = export_dataset(file, tmp_path / "out", video=FACTS)
    assert summary.videos[0].rows["detections"] == 3
    assert export_dataset(file, tmp_path / "out", video=FACTS).videos[0].status == "unchanged"
    again = export_dataset(file, tmp_path / "out", video=FACTS, format="mot", first_frame=0)
    assert again.videos[0].status == "written"
    moments = open_dataset(tmp_path / "out").read("detections").index.get_level_values("timestamp")
    assert moments.min() == pd.Timedelta("40ms")


def test_a_folder_of_one_file_a_frame_is_one_video(tmp_path):
    for frame in (1, 2):
        write(tmp_path / "labels" / f"film_{frame}.txt", f"0 0.5 0.5 0.1 0.2 {frame}\n0 0.2 0.2 0.1 0.2 9\n")
    (reference,) = find_videos(tmp_path / "labels", first_frame=1)
    assert (reference.form.format, len(reference.files)) == ("ultralytics-txt", 2)
    assert len(read_tracking(reference, video=FACTS)[0]) == 4
    summary = export_dataset(tmp_path / "labels", tmp_path / "out", video=FACTS, first_frame=1)
    assert summary.videos[0].status == "written"


def test_the_real_files_go_the_whole_road(real_data, tmp_path):
    facts = Video(width=640, height=480, frame_rate=25.0)
    for name, rows, persons in (("gt.txt", 359, 8), ("test.txt", 222, 13)):
        findings = inspect_tracking(real_data / "mot" / "TUD-Campus" / name, video=facts)
        assert (findings.detections, findings.persons) == (rows, persons)
    for name in ("csvsink-excerpt.csv", "jsonsink-excerpt.csv"):
        facts = Video(width=1920, height=1080, frame_rate=25.0)
        with pytest.warns(PtrackWarning, match="frames are counted from"):
            detections, _ = read_tracking(real_data / "supervision" / name, video=facts)
        assert len(detections) == 10


def test_the_only_trackers_file_of_a_folder_is_read(tmp_path):
    write(tmp_path / "in" / "run-3.txt", MOT)
    write(tmp_path / "in" / "notes.md", "about the run")
    assert read_tracking(tmp_path / "in", video=FACTS)[1].name == "run-3"
    assert [one.name for one in find_videos(tmp_path / "in")] == ["run-3"]
    write(tmp_path / "in" / "sink.json", SINK)
    with pytest.raises(
        InputError, match=r"several formats \(run-3.txt: MOTChallenge text.*; sink.json: list of supervision"
    ):
        read_tracking(tmp_path / "in", video=FACTS)
    write(tmp_path / "other" / "notes.md", "about the run")
    with pytest.raises(InputError, match=r"no GetPersonTracking pages .* Pass a file itself"):
        find_videos(tmp_path / "other")


def test_an_archive_whose_tracking_is_doubtful_is_not_called_good(data):
    found = inspect_tracking(data / "shop" / "pages")
    assert found.verdict == "usable with care"
    (note,) = found.notes
    assert note.startswith("face only is doubtful: 10.5 % (doubtful above 10, bad above 40). It affects")


def test_a_name_can_be_given_for_one_video(tmp_path):
    folder = tmp_path / "pages"
    write(folder / "000001.json", page(record(), record(40)))
    assert read_tracking(folder, name="Lobby")[1].name == "Lobby"
    assert read_tracking(write(tmp_path / "run.txt", MOT), video=FACTS, name="Lobby")[1].name == "Lobby"
    assert [one.name for one in find_videos(folder, name="Lobby")] == ["Lobby"]
    assert open_video(folder, name="Lobby").video.name == "Lobby"
    exported = export_dataset(folder, tmp_path / "out", name="Lobby")
    assert [one.name for one in exported.videos] == ["Lobby"]
    with pytest.raises(ParameterError, match=r"name must consist of letters.*Use 'a-b', for example"):
        read_tracking(folder, name="a b")
    write(folder / "other.json", page(record(), job="job-2"))
    with pytest.raises(ParameterError, match=r"contains 2 videos, but name \(--name\) can only name one"):
        find_videos(folder, name="Lobby")


@pytest.mark.parametrize("command", ["summary", "inspect", "table tracks", "report"])
def test_the_shell_takes_a_name(tmp_path, capsys, command):
    source = str(write(tmp_path / "pages" / "000001.json", page(record(), record(40))))
    output = (
        ["-o", str(tmp_path / "report.html")]
        if command == "report"
        else ["--json"]
        if command[0] in "si"
        else []
    )
    assert main([*command.split(), source, "--name", "Lobby", *output]) == 0
    said = (tmp_path / "report.html").read_text() if command == "report" else capsys.readouterr().out
    assert "Lobby" in said
    assert main([*command.split(), source, "--name", "a b", *output]) == 2
