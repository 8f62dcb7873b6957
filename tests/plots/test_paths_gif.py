"""The animated paths: who is drawn where at which moment."""

from io import BytesIO

import numpy as np
import pytest
from factories import make_detections, make_points, make_video
from PIL import Image
from shapely.geometry import LineString, box

from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.errors import OutputError, ParameterError, PtrackWarning, SchemaError
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
    with pytest.raises(ParameterError, match="is in px, but the plot is in m"):
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
        ({"width": 10}, "width must be an integer from 120 to 1920, got 10"),
        ({"width": 300.0}, r"width must be an integer from 120 to 1920, got 300\.0"),
        ({"frame_rate": 0}, "frame_rate must be an integer from 1 to 50, got 0"),
        ({"frame_rate": True}, "frame_rate must be an integer from 1 to 50, got True"),
        ({"duration": "1ms"}, "duration must give 1 to 3000 frames, got '1ms' at 10 frames per second"),
        ({"duration": "1h"}, "must give 1 to 3000 frames"),
        ({"duration": "250s", "width": 1920}, "2500 frames of 1920 x 986 px, more than 600,000,000 pixels"),
        ({"duration": "soon"}, "duration must be a duration .*, got 'soon'"),
        ({"trail": "-1s"}, "trail must be a duration of at least 0, got '-1s'"),
        ({"persons": [3]}, "persons contains 3"),
        ({"background": "nowhere.png"}, "cannot be read"),
        ({"bounds": (0, 0, 0, 1)}, "bounds must be finite"),
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


def make_film(file, times=range(0, 10_000, 100), size=(200, 100)):
    """Write a video whose left half is dark blue in the first five seconds and dark red after them."""
    av = pytest.importorskip("av", reason="PyAV is not installed")
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for time in times:
            picture = np.full((size[1], size[0], 3), 200, dtype="uint8")
            picture[:, : size[0] // 2] = (0, 0, 200) if time < 5000 else (200, 0, 0)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file


WALK = {1: [(ms, 0.8, 0.5) for ms in range(0, 10_000, 100)]}


def test_each_frame_is_on_the_frame_of_the_video_at_its_time(tmp_path):
    film = make_film(tmp_path / "film.mp4")
    shown, _ = frames(animate_paths(trajectories(WALK), VIDEO, video_file=film, **SMALL))
    tint = [picture[20:80, 20:60].mean(axis=(0, 1)) for picture in shown]
    assert [bool(blue > red + 10) for red, _, blue in tint] == [number < 4 for number in range(8)]
    assert [bool(red > blue + 10) for red, _, blue in tint] == [number >= 4 for number in range(8)]
    assert all(has(picture, BLUE, 800, 250) for picture in shown)


def test_outlines_are_drawn_on_each_frame_of_the_video(tmp_path):
    film = make_film(tmp_path / "film.mp4")
    zone = Zone("", box(100, 100, 300, 400), "px")
    options = {**SMALL, "zones": [zone], "video_file": film}
    for picture in frames(animate_paths(trajectories(WALK), VIDEO, **options))[0]:
        assert (picture[30:70, 18:23].min(axis=(1, 2)) < 90).all()


def test_after_the_end_of_the_video_the_background_is_blank_and_a_warning_says_so(tmp_path):
    film = make_film(tmp_path / "film.mp4", range(0, 3000, 100))
    with pytest.warns(PtrackWarning, match=r"ends at 3\.0 s, but the animation at 8\.8 s"):
        content = animate_paths(trajectories(WALK), VIDEO, video_file=film, **SMALL)
    shown, _ = frames(content)
    assert [bool((picture[20:80, 20:60] > 240).all()) for picture in shown] == [
        number > 2 for number in range(8)
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"video_file": "none.mp4"}, "video_file 'none.mp4' cannot be read: there is no file"),
        (
            {"video_file": "film.mp4", "background": np.zeros((5, 9))},
            r"Pass background .* or video_file .* but not both",
        ),
    ],
)
def test_a_video_that_cannot_be_the_background_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        animate_paths(trajectories(STANDS), VIDEO, **SMALL, **options)


def test_a_video_of_another_shape_or_beside_a_floor_plan_is_refused(tmp_path):
    film = make_film(tmp_path / "square.mp4", range(0, 300, 100), size=(100, 100))
    with pytest.raises(ParameterError, match="100 x 100 px, but the tracked video has 1000 x 500 px"):
        animate_paths(trajectories(STANDS), VIDEO, video_file=film, **SMALL)
    table = compute_trajectories(make_points({1: [(0, 1, 1), (400, 3, 2)]}))
    with pytest.raises(ParameterError, match="shows the image, but the trajectories are in m"):
        animate_paths(table, VIDEO, video_file=film, **SMALL)


@pytest.mark.parametrize("is_line", [False, True])
@pytest.mark.parametrize("corner", [(0, 0), (990, 0), (0, 490), (990, 490)])
def test_names_at_the_border_are_moved_inside(corner, is_line):
    nobody = compute_trajectories(make_detections({1: [(0, 0.5, 0.5)]}), VIDEO)

    def count_dark(left, top):
        zone = Zone("mm entrance mm", box(left, top, left + 10, top + 10), "px")
        line = Line(zone.name, LineString([(left, top), (left + 10, top + 10)]), "px")
        outlines = {"lines": [line]} if is_line else {"zones": [zone]}
        shown, _ = frames(animate_paths(nobody, VIDEO, **SMALL, **outlines))
        return (shown[0][:100].max(axis=-1) < 110).sum()

    assert count_dark(*corner) > 0.8 * count_dark(300, 300)
