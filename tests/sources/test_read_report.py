"""The report of a read: what became of the rows, in Python and in the shell."""

import io
import json
import tempfile

import pandas as pd
import pytest
from pages import METADATA, page, record, write
from tracker_files import SMALL

from ptrack_analysis import export_dataset, inspect_tracking, open_video, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.errors import InputError, PtrackWarning

WITHOUT_ID = "".join(f"{frame},1,9,9,5,50\n" for frame in range(1, 10)) + "4,-1,9,9,5,50\n"
CHILD = "frame,id,left,top,right,bottom,class_name\n" + "".join(
    f"{frame},{person},1,1,9,90,{name}\n"
    for frame in range(5)
    for person, name in ((1, "person"), (2, "customer"))
)
SIZE = ["--frame-size", "100x200", "--frame-rate", "25"]


def test_the_report_counts_rows_and_names_the_dropped_ones(tmp_path):
    file = write(tmp_path / "a.txt", WITHOUT_ID)
    with pytest.warns(PtrackWarning, match="1 rows without an id") as warned:
        _, video = read_tracking(file, video=SMALL)
    report = video.read_report
    assert len(warned) == 1
    assert (report.rows, report.kept, report.dropped_rows) == (10, 9, 1)
    assert report.dropped[0].examples == (f"{file}, line 10",)
    assert f"{file}: 10 rows read, 9 kept" in report.text
    assert repr(report) == report.text
    kinds = report.table["kind"].tolist()
    assert kinds == ["read", "kept", "dropped", "assumption"]
    assert report.table["rows"].tolist()[:3] == [10, 9, 1]
    assert inspect_tracking(file, video=SMALL).read_report == report


def test_the_report_is_no_part_of_the_identity_of_a_video(tmp_path):
    file = write(tmp_path / "a.json", page(record(0), record(40)))
    _, video = read_tracking(file)
    other = write(tmp_path / "b/a.json", page(record(0), record(40), record(40)))
    assert read_tracking(other)[1] == video
    assert "read_report" not in repr(video)


def test_rows_of_pages_are_accounted_for(tmp_path):
    rows = [record(40 * number) for number in range(50)]
    another = record(0, box=(0.1, 0.1, 0.01, 0.01))
    write(tmp_path / "p-0.json", page(*rows, rows[3], another, token="a"))
    write(tmp_path / "p-1.json", page(*rows, rows[3], another, token="a"))
    write(tmp_path / "p-2.json", page(record(2000)))
    with pytest.warns(PtrackWarning, match="1 row has another box") as warned:
        _, video = read_tracking(tmp_path)
    assert "saved twice" not in str(warned[-1].message)  # nothing of it is lost
    report = video.read_report
    assert (report.rows, report.kept, [one.rows for one in report.dropped]) == (105, 51, [52, 1, 1])


def test_many_rows_with_another_box_are_refused_unless_allowed(tmp_path):
    rows = [record(40 * number, box=(left, 0.1, 0.1, 0.2)) for number in range(20) for left in (0.1, 0.7)]
    file = write(tmp_path / "a.json", page(*rows))
    with pytest.raises(
        InputError, match=r"That is 50.0% of the rows.*allow_dropped=True \(--allow-dropped\)"
    ):
        read_tracking(file)
    with pytest.warns(PtrackWarning, match="20 rows have another box"):
        assert len(read_tracking(file, allow_dropped=True)[0]) == 20
    assert "--allow-dropped" in " ".join(inspect_tracking(file).problems)
    assert not inspect_tracking(file, allow_dropped=True).problems


@pytest.mark.parametrize("command", ["summary", "inspect", "export", "report", "compare"])
def test_the_shell_refuses_to_drop_a_whole_person_who_may_be_one(tmp_path, command, capfd):
    file = write(tmp_path / "a.csv", CHILD)
    more = {"export": [tmp_path / "out"], "report": ["-o", tmp_path / "a.html"], "compare": [file]}
    arguments = [str(one) for one in (command, file, *more.get(command, []), *SIZE)]
    assert main(arguments) == 3
    said = capfd.readouterr().err
    assert "all rows of 1 person" in said
    assert "(5 customer)" in said
    assert "--allow-dropped" in said
    assert main([*arguments, "--allow-dropped"]) == 0
    printed = capfd.readouterr()
    assert "5 of 10 rows of other classes are excluded" in printed.out + printed.err


def test_python_never_drops_in_silence(tmp_path):
    file = write(tmp_path / "a.txt", WITHOUT_ID)
    with pytest.warns(PtrackWarning, match="1 rows without an id"):
        open_video(file, video=SMALL)["tracks"]
    with pytest.warns(PtrackWarning, match="^a: 1 rows without an id") as warned:
        export_dataset(file, tmp_path / "out", video=SMALL)
    assert len(warned) == 1
    stored = pd.read_parquet(tmp_path / "out/videos")
    assert stored[["rows_read", "rows_dropped"]].to_numpy().tolist() == [[10, 1]]
    with pytest.warns(PtrackWarning, match="^a: 1 rows without an id"):  # it is unchanged
        export_dataset(file, tmp_path / "out", video=SMALL)
    entry = read_manifest(tmp_path / "out").videos[0].read_report
    assert (entry["rows_read"], entry["rows_kept"]) == (10, 9)
    assert "examples" not in entry["dropped"][0]


def test_an_assumption_is_warned_of(tmp_path):
    table = "frame,id,left,top,right,bottom\n1,1,1,1,9,90\n2,1,1,1,9,90\n"
    with pytest.warns(PtrackWarning, match="frames are counted from 1"):
        _, video = read_tracking(write(tmp_path / "a.csv", table), video=SMALL)
    assert "frames are counted from 1" in video.read_report.assumptions[0]


def test_a_duration_that_a_detection_is_later_than_is_dropped_in_python_and_the_shell(tmp_path, capsys):
    file = write(
        tmp_path / "a.json", page(*(record(40 * number) for number in range(100)), VideoMetadata=METADATA)
    )
    with pytest.warns(
        PtrackWarning, match="the duration of 1.000 s is ignored, because a detection is at 3.960"
    ):
        _, video = read_tracking(file)
    assert video.duration is None
    assert main(["summary", str(file), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["videos"][0]["present_s"] == 4.0
    assert printed.err.count("the duration of 1.000 s is ignored") == 1


def test_the_report_of_a_duration_that_is_too_short(real_data):
    with pytest.warns(PtrackWarning, match="the duration of 10.000 s is ignored"):
        _, video = read_tracking(real_data / "cases/numbers/duration-too-short.json")
    assert video.duration is None
    assert video.read_report.assumptions


def test_a_warning_about_stdin_does_not_name_the_temporary_copy(monkeypatch, capsys):
    raw = json.dumps(page(record(0), record(40), token="more")).encode()
    for command in (["summary", "-"], ["inspect", "-", "--json"]):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        assert main([*command, "--allow-incomplete"]) == 0
        printed = capsys.readouterr()
        assert tempfile.gettempdir() not in printed.out + printed.err
        assert "incomplete: its page has a NextToken" in printed.out + printed.err


def test_a_refused_tracker_file_is_still_inspected(tmp_path, capsys):
    file = write(tmp_path / "a.csv", CHILD)
    assert main(["inspect", str(file), *SIZE]) == 3
    printed = capsys.readouterr().out
    assert "10, 5 dropped" in printed
    assert "problem: " in printed


def test_repeated_ids_name_the_option_that_allows_them_last(tmp_path):
    rows = [f"{frame},1,{left},9,5,50" for frame in range(1, 51) for left in (9, 60)]
    file = write(tmp_path / "a.txt", "\n".join(rows))
    with pytest.raises(InputError) as refused:
        read_tracking(file, video=SMALL)
    assert str(refused.value).endswith("To read the other rows, pass allow_dropped=True (--allow-dropped).")
    with pytest.warns(PtrackWarning, match=r"50 of 100 rows \(50.0%\) repeat the id and time"):
        detections, video = read_tracking(file, video=SMALL, allow_dropped=True)
    assert (len(detections), video.read_report.dropped_rows) == (50, 50)
    assert video.read_report.dropped[0].examples[0] == f"{file}, line 2: id 1"


def test_a_row_of_another_class_and_a_low_confidence_is_counted_once(tmp_path):
    rows = ["0,1,1,1,9,90,person,0.9", "0,2,1,1,9,90,car,0.1", "1,1,1,1,9,90,person,0.2"]
    table = "frame,id,left,top,right,bottom,class_name,confidence\n" + "\n".join(rows)
    with pytest.warns(PtrackWarning):
        _, video = read_tracking(write(tmp_path / "a.csv", table), video=SMALL, min_confidence=0.5)
    report = video.read_report
    assert (report.rows, report.kept, [reason.rows for reason in report.dropped]) == (3, 1, [1, 1])
    assert [reason.people for reason in report.dropped] == [1, 0]


SINK = {"x_min": 1, "y_min": 1, "x_max": 9, "y_max": 90, "class_id": 0, "confidence": 0.9, "tracker_id": 1}
BOX = {"x1": 1.0, "y1": 1.0, "x2": 9.0, "y2": 90.0}
RESULT = {"name": "person", "class": 0, "confidence": 0.9, "track_id": 1, "box": BOX}
EXTRA = {
    "a table": ("a.csv", "frame,id,left,top,right,bottom,speed\n0,1,1,1,9,90,2\n1,1,1,1,9,90,2\n"),
    "supervision-csv": (
        "a.csv",
        "\n".join([",".join([*SINK, "frame_index", "speed"])] + [f"1,1,9,90,0,0.9,1,{n},2" for n in (0, 1)]),
    ),
    "supervision-json": ("a.json", [SINK | {"frame_index": number, "speed": 2} for number in (0, 1)]),
    "ultralytics-csv": (
        "a.csv",
        ",frame,name,class,confidence,track_id,box,speed\n"
        + "".join(f'{number},{number},person,0,0.9,1,"{BOX}",2\n' for number in (0, 1)),
    ),
    "ultralytics-json": ("a.json", [[RESULT | {"speed": 2}], [RESULT | {"speed": 2}]]),
}


@pytest.mark.parametrize(("name", "content"), EXTRA.values(), ids=EXTRA)
def test_every_reader_of_columns_keeps_those_without_a_role(tmp_path, name, content):
    detections, video = read_tracking(write(tmp_path / name, content), video=SMALL)
    assert detections["speed"].tolist() == [2, 2]
    assert detections["speed"].dtype == "Int64"
    assert video.read_report.ignored_columns == ()


def test_an_example_names_the_line_in_files_of_any_line_end(tmp_path):
    head = "frame,id,left,top,right,bottom,note"
    rows = [f"{number},{'' if number == 3 else 1},1,1,9,90,{{}}" for number in range(5)]
    for end, note in (("\n", "a"), ("\r\n", "a"), ("\n\n", "a"), ("\n", '"a,b"'), ("\n", '"a\nb"')):
        text = end.join([head, *(row.format(note) for row in rows)])
        file = write(tmp_path / "a.csv", text.encode())
        with pytest.warns(PtrackWarning, match="1 rows without an id"):
            _, video = read_tracking(file, video=SMALL)
        line = text[: text.index("3,,")].count("\n") + 1
        assert video.read_report.dropped[0].examples == (f"{file}, line {line}",)


def test_an_export_that_withholds_small_counts_warns_too(tmp_path):
    rows = [record(40 * number) for number in range(3)]
    source = write(tmp_path / "in/a.json", page(*rows, token="more"))
    for _ in "12":  # written, then unchanged
        with pytest.warns(PtrackWarning, match="^a: incomplete: its page has a NextToken"):
            export_dataset(source, tmp_path / "out", min_count=2, allow_incomplete=True)
    entry = read_manifest(tmp_path / "out").videos[0].read_report
    assert entry.keys() == {"completeness", "missing"}


def test_the_report_names_files_by_their_path_below_the_source(tmp_path):
    rows = [record(40 * number) for number in range(4)]
    write(tmp_path / "in/a/p-0.json", json.dumps(page(*rows[:2], token="more")) + "trailing")
    write(tmp_path / "in/b/p-1.json", json.dumps(page(*rows[2:])) + "trailing")
    with pytest.warns(PtrackWarning, match="8 bytes after the last JSON document were ignored"):
        _, video = read_tracking(tmp_path / "in")
    assert [text[:10] for text in video.read_report.assumptions] == ["a/p-0.json", "b/p-1.json"]
    with pytest.warns(PtrackWarning, match="8 bytes after the last JSON document were ignored"):
        export_dataset(tmp_path / "in", tmp_path / "out")
    assert str(tmp_path) not in repr(read_manifest(tmp_path / "out"))
