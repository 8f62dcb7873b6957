"""Label files of KITTI tracking: 17 words per line, 18 with a score."""

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

SIZE = Video(width=100, height=200)
SIDES = (0.1, 0.1, pytest.approx(0.3), 0.5)

WORLD = "1.7 0.5 0.8 1.2 1.6 8.3 -1.4"


def row(frame=0, identity=2, kind="Pedestrian", left=10.0, end=""):
    return f"{frame} {identity} {kind} 0 0 -1.57 {left} 20.00 {left + 30} 120.00 {WORLD}{end}"


ASSUMED = (
    "10 frames per second are assumed, as in the KITTI recordings, unless the frame "
    "rate (--frame-rate) is given"
)
CASES = {
    "frames from 0 at 10 per second": ([row(0), row(7)], [(0, 2, *SIDES), (700, 2, *SIDES)]),
    "with a score": ([row(3, end=" 0.5")], [(300, 2, *SIDES)]),
    "people only": (
        [
            row(),
            row(identity=3, kind="Person_sitting"),
            row(identity=4, kind="Cyclist"),
            row(kind="DontCare", identity=-1),
        ],
        [(0, 2, *SIDES), (0, 3, *SIDES)],
    ),
    "blanks and tabs": ([row().replace(" ", "\t ")], [(0, 2, *SIDES)]),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES.keys())
def test_rows_have_exact_times_and_boxes(tmp_path, rows, expected):
    file = write(tmp_path / "0000.txt", "\n".join(rows))
    assert recognize(file).name == "kitti"
    tracked = read(file, video=SIZE)
    assert boxes(tracked) == expected
    assert tracked.report.assumptions == (ASSUMED,)


def test_other_classes_and_untracked_rows_are_counted(tmp_path):
    rows = [row(), row(identity=-1, left=20.0), row(kind="Car", identity=5)]
    tracked = read(write(tmp_path / "a.txt", "\n".join(rows)), video=SIZE)
    assert [reason.rows for reason in tracked.report.dropped] == [1, 1]
    assert tracked.table["class_name"].tolist() == ["Pedestrian"]


def test_the_frame_rate_of_another_writer_is_required(tmp_path):
    file = write(tmp_path / "a.txt", row(5, kind="pedestrian"))
    assert recognize(file).name == "kitti"
    with pytest.raises(ParameterError, match="--frame-rate"):
        read(file, video=SIZE)
    assert boxes(read(file)) == [(200, 2, *SIDES)]


BROKEN = {
    "a cut line": (f"{row()}\n{row(1)[:40]}", "line 2: has 9 values; the first line has 17"),
    "a side that is no number": (row().replace("20.00", "x"), "line 1: y1 is 'x'"),
    "a fraction of a frame": (row(0.5), "line 1: frame is '0.5'; expected a whole number"),
    "no ids": (row(identity=-1), "the id is -1 or missing in every row"),
    "a turned box": (row().replace("40.0 ", "5.0 "), "line 1: x2 is '5.0'; expected at least the x1"),
    "frames that start again": (
        "\n".join([row(n) for n in (*range(9), *range(9))]),
        "repeat the id and time",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_line(tmp_path, capsys, text, said):
    file = write(tmp_path / "a.txt", text)
    with pytest.raises(InputError, match=said) as refused:
        read(file, video=SIZE)
    assert str(refused.value).startswith(str(file))
    assert main(["summary", str(file), "--frame-size", "100x200"]) == 3


def test_the_shell_inspects_a_folder_of_sequences(tmp_path, capsys):
    for name in ("0000.txt", "0001.txt"):
        write(tmp_path / "label_02" / name, "\n".join(row(n) for n in range(3)))
    assert main(["inspect", str(tmp_path), "--frame-size", "100x200"]) == 0
    assert "0001" in capsys.readouterr().out
