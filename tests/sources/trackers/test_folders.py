"""Folders of other trackers' files: many videos of one format."""

import pytest
from pages import write

from ptrack_analysis import export_dataset, find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, MixedError
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
ROWS = "1,1,0,0,50,100,0.9,-1,-1,-1\n2,1,0,2,50,100,0.8,-1,-1,-1\n"
TABLE = "f,who,a,b,c,d\n0,7,0,0,20,40\n1,7,11,20,21,40\n"
COLUMNS = {"frame": "f", "id": "who", "left": "a", "top": "b", "right": "c", "bottom": "d"}


def names(source, **options):
    return [reference.name for reference in find_videos(source, **options)]


def test_files_of_one_format_are_a_video_each(tmp_path):
    for name in ("MOT17-02", "MOT17-04"):
        write(tmp_path / "results" / f"{name}.txt", ROWS)
    write(tmp_path / "results" / "readme.md", "about")
    found = find_videos(tmp_path / "results")
    assert [reference.path.name for reference in found] == ["MOT17-02.txt", "MOT17-04.txt"]
    assert [len(read_tracking(reference, video=VIDEO)[0]) for reference in found] == [2, 2]
    with pytest.raises(MixedError, match="contains 2 videos"):
        read_tracking(tmp_path / "results", video=VIDEO)


def test_sequences_of_motchallenge_are_read_with_their_seqinfo_and_without_detections(tmp_path):
    for name, rate in (("seq-a", 10), ("seq-b", 20)):
        write(tmp_path / name / "seqinfo.ini", f"[Sequence]\nframeRate={rate}\nimWidth=200\nimHeight=400\n")
        write(tmp_path / name / "gt" / "gt.txt", "1,1,1,1,50,100,1,1,1\n2,1,1,1,50,100,1,1,1\n")
        write(tmp_path / name / "det" / "det.txt", "1,-1,1,1,50,100,1\n")
    found = find_videos(tmp_path)
    assert [reference.name for reference in found] == ["seq-a", "seq-b"]
    assert [read_tracking(reference)[1].frame_rate for reference in found] == [10.0, 20.0]


def test_tables_take_one_set_of_options(tmp_path):
    write(tmp_path / "a.csv", TABLE)
    write(tmp_path / "b.csv", TABLE + "\n")  # with the same content it would be the same video
    write(tmp_path / "c.csv", "other,columns\n1,2\n")
    assert names(tmp_path, columns=COLUMNS) == ["a", "b"]
    summary = export_dataset(tmp_path, tmp_path / "out", video=VIDEO, columns=COLUMNS)
    assert [video.status for video in summary.videos] == ["written", "written"]


def test_runs_of_save_txt_are_a_video_each(tmp_path):
    for run in ("track", "track2"):
        write(tmp_path / run / "labels" / "v_1.txt", "0 0.5 0.5 0.1 0.3 0.9 4\n")
    assert names(tmp_path) == ["track", "track2"]


def test_a_folder_of_json_lines_is_read_though_the_files_are_named_like_pages(tmp_path):
    box = '[{"name":"person","class":0,"confidence":0.9,"track_id":1,"box":{"x1":1,"y1":1,"x2":9,"y2":9}}]\n'
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / name, box + "[]\n")
    assert names(tmp_path) == ["a", "b"]


def test_a_mixed_folder_is_listed_file_by_file_and_a_format_chooses(tmp_path, capsys):
    write(tmp_path / "a.txt", ROWS)
    write(
        tmp_path / "b.csv",
        "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_number\n1,1,9,9,0,1,1,0\n",
    )
    with pytest.raises(
        InputError, match=r"several formats \(a.txt: MOTChallenge text.*; b.csv: table of superv"
    ):
        find_videos(tmp_path)
    assert names(tmp_path, format="mot") == ["a"]
    assert main(["inspect", str(tmp_path), "--frame-size", "100x100", "--frame-rate", "25"]) == 3
    assert "a.txt: MOTChallenge text" in capsys.readouterr().err
