"""Rows that a reader drops: a warning in Python, a line on stderr in the shell, never both."""

import pandas as pd
import pytest
from pages import write
from tracker_files import SMALL, read

import ptrack_analysis
from ptrack_analysis import (
    compute_quality,
    compute_trajectories,
    detections_from,
    find_videos,
    inspect_tracking,
    read_tracking,
)
from ptrack_analysis.cli import main
from ptrack_analysis.datasets import map_videos
from ptrack_analysis.errors import PtrackError, PtrackWarning
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.report.writing import write_report

WITHOUT_ID = "1,1,9,9,5,50\n2,1,9,9,5,50\n2,-1,9,9,5,50\n"
TWICE = "".join(f"{frame},1,9,9,5,50\n" for frame in (*range(1, 201), 7))
TRUTH = "1,1,9,9,5,50,1,1,1\n2,1,9,9,5,50,1,1,1\n1,2,9,9,5,50,0,1,1\n1,3,9,9,5,50,1,3,1\n"
SINK = (
    "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,frame_number\n"
    "1,1,9,90,0,0.9,1,person,0\n2,1,9,90,0,0.9,1,person,1\n1,1,9,90,2,0.9,2,car,0\n1,1,9,90,0,0.9,,person,0\n"
)
NO_ID = "1 rows without an id (untracked detections) are excluded"
FILES = {
    "without an id": ("a.txt", WITHOUT_ID, [NO_ID]),
    "duplicates": (
        "a.txt",
        TWICE,
        ["1 of 201 rows (0.5%) repeat the id and time of another row and are dropped"],
    ),
    "flag and class": (
        "gt.txt",
        TRUTH,
        ["1 of 4 rows with flag 0", "1 of 3 rows of other classes are excluded (1 car)"],
    ),
    "class and id": ("a.csv", SINK, ["1 of 4 rows of other classes are excluded (1 car)", NO_ID]),
}
GIVEN = ("--frame-size", "100x200", "--frame-rate", "25")


@pytest.mark.parametrize(("name", "text", "said"), FILES.values(), ids=FILES.keys())
def test_reading_warns_once_of_dropped_rows_with_their_counts(tmp_path, name, text, said):
    file = write(tmp_path / name, text)
    with pytest.warns(PtrackWarning) as warned:
        read_tracking(file, video=SMALL)
    (warning,) = warned
    assert str(warning.message).startswith(f"{file}: ")
    assert all(sentence in str(warning.message) for sentence in said)
    assert warning.filename == __file__


def test_the_report_counts_people_who_lost_all_their_rows(tmp_path):
    rows = [f"{frame},{person},9,9,5,50,{score}" for frame, person, score in WEAK]
    file = write(tmp_path / "a.csv", "\n".join(["frame,id,left,top,width,height,confidence", *rows]) + "\n")
    with pytest.warns(PtrackWarning):
        _, video = read_tracking(file, video=SMALL, min_confidence=0.5)
    (reason,) = video.read_report.dropped
    assert (reason.rows, reason.people) == (4, 1)


WEAK = [(0, 1, 0.9), (1, 1, 0.1), (0, 2, 0.2), (1, 2, 0.2), (0, 3, 0.9), (1, 3, 0.9), (2, 3, 0.4)]


@pytest.mark.parametrize("name", ["video", "Video", "CLIP", "Cam"])
def test_a_column_of_videos_or_cameras_is_found_in_any_case(tmp_path, name):
    rows = "".join(f"{frame},1,1,1,5,9,{video}\n" for frame in (0, 1) for video in "ab")
    file = write(tmp_path / "a.csv", f"frame,id,left,top,width,height,{name}\n{rows}")
    with pytest.raises(PtrackError, match=r"contains 2 videos|'Cam' has 2 values"):
        read_tracking(file, video=SMALL)


EXCLUDED = {
    "another class by name": ("a.csv", SINK.replace(",,person", ",3,person"), {}),
    "flag and class": ("gt.txt", TRUTH, {}),
    "confidence": ("a.csv", SINK.replace("0.9,,person", "0.1,3,person"), {"min_confidence": 0.5}),
}


@pytest.mark.parametrize(("name", "text", "options"), EXCLUDED.values(), ids=EXCLUDED.keys())
def test_rows_that_do_not_count_are_no_loss_of_quality(tmp_path, name, text, options):
    file = write(tmp_path / name, text)
    with pytest.warns(PtrackWarning, match="are excluded"):
        detections, video = read_tracking(file, video=SMALL, **options)
    assert video.read_report.dropped_rows > 0
    checked = compute_quality(detections, compute_trajectories(detections, video), video)
    assert checked.loc[("dropped rows", ""), ["value", "verdict"]].tolist() == [0.0, "good"]


def test_a_file_of_which_nothing_is_dropped_reads_without_a_warning(tmp_path):
    read_tracking(write(tmp_path / "a.txt", "3,1,9,9,5,0\n1,1,0,0,5,50\n2,1,0,9,5,50\n"), video=SMALL)


@pytest.mark.parametrize(("name", "text", "said"), FILES.values(), ids=FILES.keys())
def test_an_inspection_does_not_warn_but_has_the_notes(tmp_path, name, text, said):
    file = write(tmp_path / name, text)
    for notes in (read(file).notes, inspect_tracking(file, video=SMALL).notes):
        assert all(any(sentence in note for note in notes) for sentence in said)


def test_a_table_in_memory_warns_too():
    table = pd.DataFrame({"frame": [0, 1], "id": [1, None], "left": 1, "top": 1, "width": 9, "height": 9})
    with pytest.warns(PtrackWarning, match=r"^the table: 1 rows without an id") as warned:
        detections_from(table, video=SMALL)
    assert warned[0].filename == __file__


def test_map_videos_warns_where_it_reads(tmp_path):
    write(tmp_path / "seqinfo.ini", "[Sequence]\nframeRate=25\nimWidth=100\nimHeight=200\n")
    file = write(tmp_path / "a.txt", WITHOUT_ID)
    with pytest.warns(PtrackWarning, match="1 rows without an id") as warned:
        (outcome,) = map_videos(lambda detections, _: len(detections), find_videos(file))
    assert (outcome.result, len(warned)) == (2, 1)


def test_a_report_warns_and_is_written(tmp_path):
    file = write(tmp_path / "a.txt", WITHOUT_ID)
    with pytest.warns(PtrackWarning, match="1 rows without an id") as warned:
        write_report(file, tmp_path / "a.html", settings=AnalysisConfig(video=SMALL))
    assert len(warned) == 1
    assert NO_ID in (tmp_path / "a.html").read_text()


COMMANDS = {
    "inspect": lambda file, _: ["inspect", file],
    "summary": lambda file, _: ["summary", file],
    "plot": lambda file, folder: ["plot", "paths", file, "-o", folder / "a.png"],
    "report": lambda file, folder: ["report", file, "-o", folder / "a.html"],
    "export": lambda file, folder: ["export", file, folder / "out"],
    "compare": lambda file, folder: [
        "compare",
        write(folder / "b.txt", "1,1,9,9,5,50\n2,1,9,9,5,50\n"),
        file,
    ],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_once_which_rows_were_dropped(tmp_path, capsys, command):
    file = write(tmp_path / "a.txt", WITHOUT_ID)
    arguments = COMMANDS[command](file, tmp_path)
    assert main([str(argument) for argument in (*arguments, *GIVEN)]) == 0
    said = capsys.readouterr()
    assert (said.out + said.err).count(NO_ID) == 1
    assert (NO_ID in said.err) == (command != "inspect")
    assert "PtrackWarning" not in said.err


def test_the_warning_is_no_error_and_is_at_the_top_level():
    assert ptrack_analysis.PtrackWarning is PtrackWarning
    assert issubclass(PtrackWarning, UserWarning)
    assert not issubclass(PtrackWarning, PtrackError)
