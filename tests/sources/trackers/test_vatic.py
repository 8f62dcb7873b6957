"""Text of VATIC, as in the Stanford Drone Dataset."""

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

SIZE = Video(width=100, height=200)
SIDES = (0.1, 0.1, pytest.approx(0.3), 0.5)


def row(frame=0, identity=0, label="Pedestrian", lost=0, left=10, end=""):
    return f'{identity} {left} 20 {left + 30} 120 {frame} {lost} 0 1 "{label}"{end}'


ASSUMED = (
    "30 frames per second are assumed, as in the Stanford Drone Dataset, unless the frame "
    "rate (--frame-rate) is given"
)
CASES = {
    "frames from 0 at 30 per second": ([row(0), row(31)], [(0, 0, *SIDES), (1033, 0, *SIDES)]),
    "a lost row": ([row(0), row(1, lost=1), row(3)], [(0, 0, *SIDES), (100, 0, *SIDES)]),
    "bikers are no pedestrians": ([row(identity=1), row(label="Biker")], [(0, 1, *SIDES)]),
    "attributes": ([row(end=' "red coat" "bag"')], [(0, 0, *SIDES)]),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES.keys())
def test_rows_have_exact_times_and_boxes(tmp_path, rows, expected):
    file = write(tmp_path / "annotations.txt", "\n".join(rows))
    assert recognize(file).name == "vatic"
    tracked = read(file, video=SIZE)
    assert boxes(tracked) == expected
    assert tracked.report.assumptions == (ASSUMED,)


def test_lost_rows_are_counted(tmp_path):
    tracked = read(write(tmp_path / "a.txt", "\n".join([row(0), row(1, lost=1)])), video=SIZE)
    assert "1 of 2 rows of people outside the image (lost) are excluded" in tracked.notes


def test_the_frame_rate_of_other_labels_is_required(tmp_path):
    file = write(tmp_path / "a.txt", row(25, label="old man"))
    with pytest.raises(ParameterError, match="--frame-rate"):
        read(file, video=SIZE)
    tracked = read(file)
    assert boxes(tracked) == [(1000, 0, *SIDES)]
    assert tracked.table["class_name"].tolist() == ["old man"]


BROKEN = {
    "a cut line": (f"{row()}\n{row(1)[:9]}", "line 2: is '0 10 20 4'; expected id x1 y1 x2 y2 frame"),
    "a side that is no number": (row(left=10).replace(" 20 ", " x "), "line 1: y1 is 'x'"),
    "a strange lost": (row(lost=2), "line 1: lost is '2'; expected a whole number from 0 to 1"),
    "no ids": (row(identity=-1), "the id is -1 or missing in every row"),
    "frames that start again": (
        "\n".join([row(n) for n in (*range(9), *range(9))]),
        "repeat the id and time",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_line(tmp_path, text, said):
    file = write(tmp_path / "a.txt", text)
    with pytest.raises(InputError, match=said) as refused:
        read(file, video=SIZE)
    assert str(refused.value).startswith(str(file))
    assert main(["summary", str(file), "--frame-size", "100x200"]) == 3


def test_the_shell_inspects_the_file(tmp_path, capsys):
    write(tmp_path / "video0" / "annotations.txt", "\n".join(row(n) for n in range(5)))
    assert main(["inspect", str(tmp_path), "--frame-size", "100x200"]) == 0
    assert "annotations" in capsys.readouterr().out
