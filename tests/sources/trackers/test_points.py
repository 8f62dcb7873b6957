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


def read(file, **given):
    tracked = read_tracks(file, **given)
    validate(tracked.table, POINTS)
    return tracked


def test_positions_in_metres_become_points(tmp_path):
    file = write(tmp_path / "a.txt", TEXT)
    assert recognize(file).name == "points"
    tracked = read(file)
    assert tracked.table.index.tolist() == [
        (1, pd.Timedelta(0)),
        (1, pd.Timedelta("62ms")),
        (2, pd.Timedelta(0)),
    ]
    assert tracked.table.to_numpy().tolist() == [[1.0, 1.0], [0.0, 0.0], [1.5, -2.0]]
    assert tracked.video.frame_rate == 16.0
    assert tracked.notes == ("at 1 places the rows of a track go back in time; all rows are sorted by time",)


def test_centimeters_become_metres_and_it_is_noted(tmp_path):
    text = "#framerate: 10\n#id fr x/cm y/cm z/cm\n1 0 150 -200 0\n"
    tracked = read(write(tmp_path / "a.txt", text))
    assert tracked.table.to_numpy().tolist() == [[1.5, -2.0]]
    assert tracked.notes == ("coordinates in centimeters are converted to meters",)


def test_the_rate_may_be_given(tmp_path):
    file = write(tmp_path / "a.txt", "1 0 0 0\n1 1 0 0\n")
    with pytest.raises(ParameterError, match="the frame rate is not known"):
        read(file, format="points")
    tracked = read(file, format="points", video=Video(frame_rate=10.0))
    assert tracked.table.index[1] == (1, pd.Timedelta("100ms"))


def test_the_same_person_twice_at_a_moment_is_one_row(tmp_path):
    more = "".join(f"1 {frame} 1 1\n" for frame in range(1, 198))
    file = write(tmp_path / "a.txt", "#framerate: 10\n1 0 5 5\n1 0 3 9\n1 0 3 4\n" + more)
    with pytest.warns(PtrackWarning, match=r"2 of 200 rows \(1.0%\) repeat the id and time"):
        tracked = read(file)
    assert tracked.table.to_numpy().tolist()[:2] == [[3.0, 4.0], [1.0, 1.0]]
    assert len(tracked.notes) == 1


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


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_points_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read(write(tmp_path / "a.txt", text), format="points")


def test_the_recorded_experiment_loads_with_its_counts(real_data):
    file = real_data / "pedpy" / "traj.txt"
    assert recognize(file).name == "points"
    tracked = read(file)
    assert len(tracked.table) == 128783
    assert tracked.table.index.get_level_values("person_index").nunique() == 348
    assert tracked.video.frame_rate == 16.0
    assert tracked.notes == ()
    assert len(compute_trajectories(tracked.table, video=tracked.video)) == 128783
