"""Point trajectories of PedPy and JuPedSim."""

import pandas as pd
import pytest
from pages import write

from ptrack_analysis import compute_trajectories
from ptrack_analysis.errors import InputError, ParameterError, PtrackWarning
from ptrack_analysis.schema import POINTS, validate
from ptrack_analysis.sources.trackers.registry import read_tracks, recognize
from ptrack_analysis.video import Video

TEXT = "#framerate: 16.00 fps\n#ID\tFR\tX\tY\tZ\n2\t0\t1.5\t-2\t0\n1\t1\t0\t0\t0\n1\t0\t1\t1\t0\n"


ASSUMED = (
    "coordinates are assumed to be in m, because the file does not state their unit; change this with unit "
    "(--unit cm)"
)


BACKWARD = (
    "1 rows are earlier than the row before of the same track (first: {place}); rows are sorted by time"
)


def read(file, **given):
    tracked = read_tracks(file, **given)
    validate(tracked.table, POINTS)
    return tracked


def read_assumed(file, *assumptions, **given):
    """Read a file whose report warns of assumptions."""
    with pytest.warns(PtrackWarning, match=".*".join(assumptions)):
        return read(file, **given)


def test_positions_in_metres_become_points(tmp_path):
    file = write(tmp_path / "a.txt", TEXT)
    assert recognize(file).name == "points"
    tracked = read_assumed(file, "assumed to be in m")
    assert tracked.table.index.tolist() == [
        (1, pd.Timedelta(0)),
        (1, pd.Timedelta("62ms")),
        (2, pd.Timedelta(0)),
    ]
    assert tracked.table.to_numpy().tolist() == [[1.0, 1.0], [0.0, 0.0], [1.5, -2.0]]
    assert tracked.video.frame_rate == 16.0
    assert tracked.notes == (
        ASSUMED,
        BACKWARD.format(place=f"{file}, line 5, id 1, 0.000 s"),
    )
    assert tracked.video.y_axis == "up"


def test_centimeters_become_metres_and_it_is_noted(tmp_path):
    text = "#framerate: 10\n#id fr x/cm y/cm z/cm\n1 0 150 -200 0\n"
    tracked = read(write(tmp_path / "a.txt", text))
    assert tracked.table.to_numpy().tolist() == [[1.5, -2.0]]
    assert tracked.notes == ("coordinates in centimeters are converted to meters",)


def test_millimeters_become_meters(tmp_path):
    file = write(tmp_path / "a.csv", "frame,id,x_mm,y_mm\n0,1,1500,-250\n")
    columns = {"frame": "frame", "id": "id", "x": "x_mm", "y": "y_mm"}
    tracked = read(file, columns=columns, video=Video(frame_rate=10.0))
    assert tracked.table.to_numpy().tolist() == [[1.5, -0.25]]
    assert "coordinates in millimeters are converted to meters" in tracked.notes


def test_the_rate_may_be_given(tmp_path):
    file = write(tmp_path / "a.txt", "1 0 1 2\n1 1 1 2\n")
    with pytest.raises(ParameterError, match="the frame rate is not known"):
        read(file, format="points", unit="m")
    tracked = read(file, format="points", unit="m", video=Video(frame_rate=10.0))
    assert tracked.table.index[1] == (1, pd.Timedelta("100ms"))


def test_the_same_person_twice_at_a_moment_is_one_row(tmp_path):
    more = "".join(f"1 {frame} 1 1\n" for frame in range(1, 198))
    file = write(tmp_path / "a.txt", "#framerate: 10\n1 0 5 5\n1 0 3 9\n1 0 3 4\n" + more)
    with pytest.warns(PtrackWarning, match=r"2 of 200 rows \(1.0%\) repeat the id and time"):
        tracked = read(file)
    assert tracked.table.to_numpy().tolist()[:2] == [[3.0, 4.0], [1.0, 1.0]]
    assert len(tracked.notes) == 2


def walk(frames=60, people=(1, 2), scale=1.0, step=1, z=None, order="id"):
    """Give rows of two people who walk along y in opposite ways: id, frame, x, y and perhaps z."""
    rows = [
        (p, n * step, scale * 0.3 * p, scale * (2 - 0.06 * n) * (-1) ** p, *([z] if z else []))
        for p in people
        for n in range(frames)
    ]
    return sorted(rows, key=lambda row: (row[1], row[0])) if order == "frame" else rows


def text(rows, order=(0, 1, 2, 3, 4), form="{:g}"):
    return "".join(" ".join(form.format(row[at]) for at in order if at < len(row)) + "\n" for row in rows)


RATE = Video(frame_rate=25.0)


@pytest.mark.parametrize("order", ["id", "frame"])
def test_text_of_hermes_without_a_header_needs_a_unit(tmp_path, order):
    file = write(tmp_path / "uo-050-180-180.txt", text(walk(scale=100, order=order)))
    assert recognize(file).name == "points"
    with pytest.raises(ParameterError, match=r"the unit .* is not known.*--unit cm --frame-rate 16"):
        read(file, video=RATE)
    other = write(tmp_path / "a.txt", text(walk(scale=100, order=order)))
    with pytest.raises(ParameterError, match=r"the unit of x and y is not known.*--unit m"):
        read(other, video=RATE)
    tracked = read(file, video=RATE, unit="cm")
    assert tracked.table["x_m"].unique().tolist() == [0.3, 0.6]
    assert "coordinates in centimeters are converted to meters" in tracked.notes


def test_heights_of_people_in_centimeters_are_never_meters(tmp_path):
    file = write(tmp_path / "a.txt", text(walk(scale=100, z=176.0)))
    expected = r"a.txt, line 60: Z is 176 \(the median\), which is the height of a person in cm"
    with pytest.raises(ParameterError, match=rf"{expected}, but the file does not state its unit.*--unit cm"):
        read(file, video=RATE)
    with pytest.raises(InputError, match=rf"{expected}, but unit is 'm'.*--unit cm"):
        read(file, video=RATE, unit="m")
    headed = write(tmp_path / "b.txt", "# framerate: 25\n" + text(walk(scale=100, z=176.0)))
    with pytest.raises(ParameterError, match="the height of a person in cm"):
        read(headed)
    assert read(headed, unit="cm").table["x_m"].max() == 0.6


def test_centimeters_called_meters_are_refused_by_their_speed(tmp_path):
    file = write(tmp_path / "a.txt", text(walk(scale=100)))
    with pytest.raises(InputError, match=r"a.txt: the median speed of the people is 150 m/s.*--unit cm"):
        read(file, video=RATE, unit="m")


@pytest.mark.parametrize(
    ("head", "rate", "unit"),
    [
        ("# framerate: 25.00\n# id frame x/m y/m z/m\n", 25.0, 1.0),
        ("#framerate: 16 fps\n# x/cm y/cm\n", 16.0, 0.01),
        ("# recorded at 16 fps, positions in cm\n", 16.0, 0.01),
        ("\ufeff# framerate: 10\n# coordinates in metres\n", 10.0, 1.0),
    ],
    ids=["JuPedSim", "rate with fps", "fps alone", "byte order mark"],
)
def test_comments_state_the_rate_and_the_unit(tmp_path, head, rate, unit):
    file = write(tmp_path / "a.txt", head + text(walk(scale=1 / unit)))
    assert recognize(file).name == "points"
    tracked = read(file)
    assert tracked.video.frame_rate == rate
    assert tracked.table["x_m"].unique().tolist() == pytest.approx([0.3, 0.6])
    assert not any("assumed" in note for note in tracked.notes)


def test_a_unit_that_contradicts_the_file_is_refused(tmp_path):
    file = write(tmp_path / "a.txt", "# framerate: 10\n# x/cm y/cm\n1 0 5 5\n")
    with pytest.raises(ParameterError, match=r"unit is 'm', but the file states 'cm'. Remove unit"):
        read(file, unit="m")


def obsmat(rows):
    return "".join(
        f"{780 + frame:.7e} {person:.7e} {x:.7e} 0.0 {y:.7e} 1.0e-01 0.0 2.0e-01\n"
        for person, frame, x, y in rows
    )


def test_obsmat_has_its_positions_in_columns_3_and_5(tmp_path):
    file = write(tmp_path / "obsmat.txt", obsmat(walk(step=6, order="frame")))
    assert recognize(file).name == "obsmat"
    tracked = read_assumed(file, "assumed to be annotated 2.5 times per second", "assumed to be in m")
    assert tracked.table["x_m"].unique().tolist() == pytest.approx([0.3, 0.6])
    assert tracked.table["y_m"].iloc[:2].tolist() == pytest.approx([-2.0, -1.94])
    assert tracked.video.frame_rate == 15.0
    assert tracked.table.index[1] == (1, pd.Timedelta("52.4s"))
    assert [note.partition(";")[0] for note in tracked.report.assumptions] == [
        "people are assumed to be annotated 2.5 times per second, every 6 frames",
        "coordinates are assumed to be in m, because the file does not state their unit",
    ]


def test_obsmat_read_as_points_or_with_a_height_is_refused(tmp_path):
    file = write(tmp_path / "obsmat.txt", text([(*row[:3], 0, row[3], 1, 0, 1) for row in walk()], range(8)))
    with pytest.raises(InputError, match=r"line 1: Y is 0, as in all 120 rows.*--format obsmat"):
        read(file, format="points", unit="m", video=RATE)
    other = write(tmp_path / "b.txt", "0 1 2 0.5 3 0 0 0\n")
    with pytest.raises(InputError, match=r"line 1: column 4 is 0.5; expected 0"):
        read(other, format="obsmat", video=RATE)


@pytest.mark.parametrize("order", ["id", "frame"])
def test_text_of_trajnet_has_the_frame_first(tmp_path, order):
    rows = text(walk(step=10, order=order), (1, 0, 2, 3)).replace("0 1 0.3 -2\n", "0 1 ? ?\n", 1)
    file = write(tmp_path / "biwi.txt", rows)
    assert recognize(file).name == "trajnet"
    tracked = read_assumed(file, "assumed to be annotated 2.5 times per second", "assumed to be in m")
    assert tracked.video.frame_rate == 25.0
    assert tracked.table["x_m"].isna().sum() == 1
    assert tracked.table.index[1] == (1, pd.Timedelta("400ms"))
    trajectories = compute_trajectories(tracked.table, video=tracked.video)
    assert trajectories["position_status"].iloc[0] == "missing"


def test_four_columns_that_can_be_read_in_two_ways_are_refused(tmp_path):
    rows = [(10 * p, 10 * n, 0.03 * n, 0.03 * p) for p in (1, 2, 3) for n in range(3)]
    with pytest.raises(InputError, match=r"points \(id frame x y\) or trajnet \(frame id x y\)..*--format"):
        recognize(write(tmp_path / "a.txt", text(rows)))


@pytest.mark.parametrize("people", [(1, 3), (1, 11), (10, 20)])
def test_ids_with_gaps_do_not_look_like_frames(tmp_path, people):
    assert recognize(write(tmp_path / "a.txt", text(walk(people=people)))).name == "points"
    swapped = text(walk(people=people, step=10), (1, 0, 2, 3))
    assert recognize(write(tmp_path / "b.txt", swapped)).name == "trajnet"


FAULTS = {
    "rate": ("#framerate: fast\n1 0 0 0\n", "line 1: framerate is 'fast'; expected a number above 0"),
    "negative rate": ("#framerate: -1\n1 0 0 0\n", "line 1: framerate is '-1'"),
    "no number": ("#framerate: 10\n1 0 0 0\n1 1 x 0\n", "line 3: X is 'x'; expected a number"),
    "nan": ("#framerate: 10\n1 0 0 nan\n", "line 2: Y is 'nan'; expected a number"),
    "negative frame": ("#framerate: 10\n1 -1 0 0\n", "line 2: FR is '-1'; expected a whole number from 0"),
    "too few": ("#framerate: 10\n1 0 0\n", "line 2: has 3 values; expected ID FR X Y"),
    "uneven": ("#framerate: 10\n1 0 0 0\n1 1 0 0 0\n", "line 3: has 5 values; the first line has 4"),
    "comments alone": ("#framerate: 10\n", "no rows"),
}


@pytest.mark.parametrize(("content", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_points_is_refused_with_its_line(tmp_path, content, said):
    with pytest.raises(InputError, match=said):
        read(write(tmp_path / "a.txt", content), format="points")


def test_the_recorded_experiment_loads_with_its_counts(real_data):
    file = real_data / "pedpy" / "traj.txt"
    assert recognize(file).name == "points"
    tracked = read(file)
    assert len(tracked.table) == 128783
    assert tracked.table.index.get_level_values("person_index").nunique() == 348
    assert tracked.video.frame_rate == 16.0
    assert tracked.notes == ()
    assert len(compute_trajectories(tracked.table, video=tracked.video)) == 128783


SPACED = {
    "one blank": "{0} {1} {2} {3}\n",
    "tabs": "{0}\t{1}\t{2}\t{3}\n",
    "aligned": "   {0:>4}  {1:>6} {2:>9.3f} {3:>9.3f}  \r\n",
    "blank lines": "{0} {1} {2} {3}\n\n",
    "comments between": "{0} {1} {2} {3}\n# a comment\n",
}


@pytest.mark.parametrize("form", SPACED.values(), ids=SPACED.keys())
def test_any_white_space_between_numbers_gives_the_same_positions(tmp_path, form):
    rows = walk()
    head = "# framerate: 25\n\n# id frame x/m y/m\n"
    file = write(tmp_path / "a.txt", head + "".join(form.format(*row) for row in rows))
    tracked = read(file)
    assert tracked.table["y_m"].tolist() == pytest.approx([row[3] for row in rows])
    broken = write(tmp_path / "b.txt", file.read_text() + form.format(7, -3, 1.5, 2.5))
    line = next(n for n, text in enumerate(broken.read_text().splitlines(), 1) if "-3" in text.split())
    with pytest.raises(InputError, match=f"b.txt, line {line}: FR is '-3'; expected a whole number"):
        read(broken)
