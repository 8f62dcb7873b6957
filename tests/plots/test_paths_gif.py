"""The animated paths: who is drawn where at which moment."""

from io import BytesIO

import numpy as np
import pytest
from factories import make_detections, make_points, make_video
from PIL import Image
from shapely.geometry import LineString, box

from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.errors import OutputError, ParameterError, SchemaError
from ptrack_analysis.plots import animate_paths, write_animation
from ptrack_analysis.plots.style import OKABE_ITO
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, empty_table

VIDEO = make_video(10_000)
# stands at the left for two seconds, is gone for four, then stands at the right for two
STANDS = {
    7: [*((ms, 0.2, 0.5) for ms in range(0, 2000, 100)), *((ms, 0.8, 0.5) for ms in range(6000, 8100, 100))]
}
BLUE, ORANGE = (tuple(bytes.fromhex(color[1:])) for color in OKABE_ITO[:2])
SMALL = {"width": 200, "duration": "800ms"}


def trajectories(persons, **options):
    return compute_trajectories(make_detections(persons), VIDEO, **options)


def frames(content):
    """Give the frames as arrays, and how long each is shown [ms]."""
    image, shown, lasts = Image.open(BytesIO(content)), [], []
    for number in range(image.n_frames):
        image.seek(number)
        shown.append(np.asarray(image.convert("RGB")))
        lasts.append(image.info["duration"])
    return shown, lasts


def has(picture, color, x, y):
    """Tell whether the point of the 1000 x 500 px plane has about this color."""
    part = picture[round(y / 5) - 1 : round(y / 5) + 2, round(x / 5) - 1 : round(x / 5) + 2]
    return bool((np.abs(part.astype(int) - color).max(axis=-1) < 24).all())


def test_a_person_is_drawn_while_a_detection_holds_and_not_in_a_gap():
    shown, _ = frames(animate_paths(trajectories(STANDS, max_gap="1s"), VIDEO, **SMALL, trail="0s"))
    left = [has(picture, BLUE, 200, 250) for picture in shown]
    right = [has(picture, BLUE, 800, 250) for picture in shown]
    assert (left[0], any(right[:2]), right[-1]) == (True, False, True)
    assert not any([*left[3:6], *right[3:6]])


def test_times_add_up_to_the_duration():
    for rate in (3, 7, 10, 50):
        _, lasts = frames(
            animate_paths(trajectories(STANDS), VIDEO, width=120, duration="2s", frame_rate=rate)
        )
        assert sum(lasts) == 2000


def test_frame_k_shows_its_share_of_the_time():
    walk = {1: [(ms, ms / 10_000, 0.5) for ms in range(0, 10_000, 100)]}
    shown, lasts = frames(animate_paths(trajectories(walk), VIDEO, width=200, duration="1s", trail="0s"))
    assert len(shown) == 10
    assert lasts == [100] * 10
    assert all(has(picture, BLUE, 1000 * number / 10, 250) for number, picture in enumerate(shown) if number)


def test_the_trail_is_not_drawn_across_a_gap():
    options = {**SMALL, "trail": "10s"}
    shown, _ = frames(animate_paths(trajectories(STANDS, max_gap="1s"), VIDEO, **options))
    assert (shown[-1][50, 60:140] > 240).all()
    joined, _ = frames(animate_paths(trajectories(STANDS, max_gap="5s"), VIDEO, **options))
    assert (joined[-1][50, 60:140].min(axis=-1) < 200).all()


@pytest.mark.parametrize(("line", "side"), [([(500, 100), (500, 400)], -1), ([(500, 400), (500, 100)], 1)])
def test_a_line_is_dashed_and_has_an_arrow_to_its_in_side(line, side):
    """Who walks down the picture has the left of it at the right hand."""
    crossed = [Line("", LineString(line), "px")]
    picture = (
        frames(animate_paths(trajectories(STANDS), VIDEO, lines=crossed, **SMALL))[0][0].mean(axis=2) < 128
    )
    left, right = picture[40:60, 85:99].sum(), picture[40:60, 102:116].sum()
    assert (left < right, min(left, right)) == (side > 0, 0)
    column = picture[20:80, 99:102].any(axis=1)
    assert column.any()
    assert not column.all()


def test_equal_arguments_give_equal_bytes():
    zones, lines = [Zone("a", box(0, 0, 300, 300), "px")], [Line("b", LineString([(0, 0), (9, 9)]), "px")]
    background = np.random.default_rng(3).integers(0, 255, (50, 100, 3), dtype="uint8")
    options = {**SMALL, "zones": zones, "lines": lines, "background": background}
    table = trajectories(STANDS)
    assert animate_paths(table, VIDEO, **options) == animate_paths(
        table.sample(frac=1, random_state=1), VIDEO, **options
    )


def test_more_persons_than_colors_have_their_place():
    many = {number: [(0, number / 70, 0.5), (400, number / 70, 0.6)] for number in range(70)}
    shown, _ = frames(animate_paths(trajectories(many), VIDEO, **SMALL))
    assert shown[0].shape == (126, 200, 3)


def test_metres_are_drawn_too():
    table = compute_trajectories(make_points({1: [(0, 1, 1), (400, 3, 2)]}))
    shown, _ = frames(animate_paths(table, VIDEO, bounds=(0, 0, 4, 4), **SMALL))
    assert shown[0].shape == (226, 200, 3)
    assert frames(animate_paths(table, VIDEO, **SMALL))[0]
    with pytest.raises(ParameterError, match="is in px, and the plot is in m"):
        animate_paths(table, VIDEO, zones=[Zone("a", box(0, 0, 9, 9), "px")])


def test_nobody_is_one_frame_that_says_so():
    shown, _ = frames(animate_paths(empty_table(TRAJECTORIES, unit="px"), VIDEO, **SMALL))
    assert len(shown) == 1


def test_persons_can_be_chosen():
    two = {1: [(0, 0.2, 0.5), (9000, 0.2, 0.5)], 2: [(0, 0.8, 0.5), (9000, 0.8, 0.5)]}
    shown, _ = frames(animate_paths(trajectories(two, max_gap="20s"), VIDEO, persons=[2], **SMALL))
    assert has(shown[0], BLUE, 800, 250)
    assert not has(shown[0], BLUE, 200, 250)
    both, _ = frames(animate_paths(trajectories(two, max_gap="20s"), VIDEO, **SMALL))
    assert has(both[0], ORANGE, 800, 250)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 10}, "width is 10, not a whole number from 120 to 1920"),
        ({"width": 300.0}, r"width is 300\.0, not a whole"),
        ({"frame_rate": 0}, "frame_rate is 0, not a whole number from 1 to 50"),
        ({"frame_rate": True}, "frame_rate is True"),
        ({"duration": "1ms"}, "duration is '1ms' at 10 frames a second, which is not 1 to 3000 frames"),
        ({"duration": "1h"}, "not 1 to 3000 frames"),
        ({"duration": "250s", "width": 1920}, "2500 frames of 1920 x 986 px, more than 600,000,000 pixels"),
        ({"duration": "soon"}, "duration is 'soon', not a length of time"),
        ({"trail": "-1s"}, "trail is '-1s'"),
        ({"persons": [3]}, "persons names 3"),
        ({"background": "nowhere.png"}, "cannot be read"),
        ({"bounds": (0, 0, 0, 1)}, "bounds is"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        animate_paths(trajectories(STANDS), VIDEO, **options)


def test_what_is_not_trajectories_is_refused():
    with pytest.raises(SchemaError, match="not a trajectories table"):
        animate_paths(np.zeros(3), VIDEO)


def test_the_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "paths.gif"
    write_animation(trajectories(STANDS), VIDEO, file, **SMALL)
    assert file.read_bytes() == animate_paths(trajectories(STANDS), VIDEO, **SMALL)
    with pytest.raises(OutputError, match="does not exist"):
        write_animation(trajectories(STANDS), VIDEO, tmp_path / "none" / "paths.gif", **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["paths.gif"]
