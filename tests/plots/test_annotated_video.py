"""The annotated video: what is drawn on which frame, and which files are refused."""

import struct
import sys
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from PIL import Image
from shapely.geometry import LineString, box
from shell import run

import ptrack_analysis as pta
from ptrack_analysis import plots
from ptrack_analysis.analysis.counting.crossings import compute_crossings
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.zones.occupancy import compute_occupancy
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.errors import OutputError, ParameterError, PtrackWarning, SchemaError
from ptrack_analysis.plots.annotated_video import LiveCounts
from ptrack_analysis.plots.frame_annotator import FrameAnnotator, format_clock, pixelate
from ptrack_analysis.plots.style import OKABE_ITO
from ptrack_analysis.plots.video_boxes import BoxTracks
from ptrack_analysis.scene.video_files import VideoFile, VideoWriter
from ptrack_analysis.scene.zones import Line, Zone

av = pytest.importorskip("av", reason="PyAV is not installed")
WIDTH, HEIGHT = 500, 250  # half of the frame of the tracked video
VIDEO = make_video(4000)
BLUE, ORANGE = (tuple(bytes.fromhex(color[1:])) for color in OKABE_ITO[:2])
REGULAR = range(0, 4000, 40)
VARIABLE = [*range(0, 1000, 40), *range(1000, 3000, 250), *range(3000, 4000, 100)]
# one person stands at the left for a second, is gone for a second, then stands at the right for a second
STANDS = {
    7: [*((ms, 0.2, 0.8) for ms in range(0, 1000, 40)), *((ms, 0.8, 0.8) for ms in range(2000, 3000, 40))]
}
DETECTIONS = make_detections(STANDS, box=(0.1, 0.4))
TRAJECTORIES = compute_trajectories(DETECTIONS, VIDEO, max_gap="500ms")
ROTATED = tuple(
    0x10000 if i == 1 else 2**32 - 0x10000 if i == 3 else 0x40000000 if i == 8 else 0 for i in range(9)
)
UPRIGHT = tuple(0x10000 if i in (0, 4) else 0x40000000 if i == 8 else 0 for i in range(9))


def make_film(file, times=REGULAR, size=(WIDTH, HEIGHT), texture=None, rate=25):
    """Write a gray video whose frames begin at these times [ms]."""
    picture = np.full((size[1], size[0], 3), 128, dtype="uint8") if texture is None else texture
    with av.open(str(file), "w") as container:
        stream = container.add_stream(
            "libx264", rate=rate, options={"crf": "10", "bf": "0", "preset": "ultrafast"}
        )
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 90_000)
        for time in times:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = 90 * time, Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def write(source, output, trajectories=TRAJECTORIES, detections=DETECTIONS, **options):
    options = {"video": VIDEO, "trail": "0s", "labels": False} | options
    plots.write_annotated_video(trajectories, source, output, detections=detections, **options)
    return output


def read(file):
    """Return the times [ms] and the images of all frames."""
    with av.open(str(file)) as container:
        frames = [
            (round(1000 * frame.time), frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]
    return [time for time, _ in frames], [image for _, image in frames]


def has_border(image, color, x, y, *, box_size=(0.1, 0.4)):
    """Tell whether the box of a person at this foot point has a border of about this color on both sides."""
    height, width = image.shape[:2]
    rows = slice(round((y - 0.7 * box_size[1]) * height), round((y - 0.3 * box_size[1]) * height))
    left, right = (round((x + side * box_size[0] / 2) * width) for side in (-1, 1))
    columns = image[rows, left : left + 2], image[rows, right - 2 : right]
    return all(np.abs(np.median(part, axis=(0, 1)) - color).max() < 65 for part in columns)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("films") / "film.mp4")


@pytest.mark.parametrize("form", ["mp4", "mov", "mkv"])
def test_a_box_is_drawn_on_exactly_the_frames_on_which_the_person_is_present(film, tmp_path, form):
    times, images = read(write(film, tmp_path / f"out.{form}"))
    assert times == [*REGULAR]
    assert [has_border(image, BLUE, 0.2, 0.8) for image in images] == [time < 1000 for time in REGULAR]
    assert [has_border(image, BLUE, 0.8, 0.8) for image in images] == [
        2000 <= time < 3000 for time in REGULAR
    ]


def test_times_of_a_variable_frame_rate_choose_the_rows_and_are_kept(tmp_path):
    source = make_film(tmp_path / "variable.mp4", VARIABLE)
    with pytest.warns(PtrackWarning, match="frames per second"):
        times, images = read(write(source, tmp_path / "out.mp4"))
    assert times == VARIABLE
    assert [has_border(image, BLUE, 0.2, 0.8) for image in images] == [time < 1000 for time in VARIABLE]
    assert [has_border(image, BLUE, 0.8, 0.8) for image in images] == [
        2000 <= time < 3000 for time in VARIABLE
    ]


def test_all_frames_are_written_of_a_container_without_an_index(tmp_path):
    source = tmp_path / "camera.ts"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in REGULAR:
            frame = av.VideoFrame.from_ndarray(np.full((HEIGHT, WIDTH, 3), 128, "uint8"), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    times, images = read(write(source, tmp_path / "out.mp4"))
    assert times == [*REGULAR]
    assert [has_border(image, BLUE, 0.2, 0.8) for image in images] == [time < 1000 for time in REGULAR]
    for start in (120, 1000, 3960):
        times, _ = read(write(source, tmp_path / "out.mp4", start=f"{start}ms"))
        assert times == [time - start for time in REGULAR if time >= start]


def make_coded(file, options):
    """Write a gray video of 100 frames with B-frames."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in REGULAR:
            frame = av.VideoFrame.from_ndarray(np.full((HEIGHT, WIDTH, 3), 128, "uint8"), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def test_frames_of_avi_are_in_order_though_it_has_no_presentation_times(tmp_path):
    times, images = read(write(make_coded(tmp_path / "old.avi", {"bf": "3"}), tmp_path / "out.mp4"))
    assert times == [*REGULAR]
    assert [has_border(image, BLUE, 0.2, 0.8) for image in images] == [time < 1000 for time in REGULAR]


def test_a_stream_whose_frames_have_no_times_is_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"has no frames with a time\. Convert it to MP4"):
        write(make_coded(tmp_path / "raw.h264", {}), tmp_path / "out.mp4")


def test_a_video_that_begins_late_counts_from_its_first_frame(tmp_path):
    source = make_film(tmp_path / "late.ts", [5000 + time for time in REGULAR])
    times, images = read(write(source, tmp_path / "out.mp4"))
    assert times[:2] == [0, 40]
    assert [has_border(image, BLUE, 0.2, 0.8) for image in images] == [time < 1000 for time in REGULAR]


def test_a_video_filmed_on_its_side_is_written_upright(tmp_path):
    source = make_film(tmp_path / "phone.mp4", size=(HEIGHT, WIDTH))
    content = source.read_bytes()
    matrix, turned = (b"".join(struct.pack(">I", each) for each in one) for one in (UPRIGHT, ROTATED))
    place = content.index(matrix, content.index(b"tkhd"))
    source.write_bytes(content[:place] + turned + content[place + len(matrix) :])
    _, images = read(write(source, tmp_path / "out.mp4"))
    assert images[0].shape == (HEIGHT, WIDTH, 3)
    assert has_border(images[0], BLUE, 0.2, 0.8)


def test_another_resolution_is_scaled_and_odd_sizes_are_made_even(tmp_path):
    source = tmp_path / "odd.mkv"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 401, 201, "yuv444p"
        for _ in range(100):
            frame = av.VideoFrame.from_ndarray(np.full((201, 401, 3), 128, "uint8"), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    _, images = read(write(source, tmp_path / "out.mp4"))
    assert images[0].shape == (200, 400, 3)
    assert has_border(images[0], BLUE, 0.2, 0.8)


def test_another_shape_is_refused(tmp_path):
    source = make_film(tmp_path / "square.mp4", size=(256, 256))
    with pytest.raises(ParameterError, match="256 x 256 px, but the tracked video has 1000 x 500 px"):
        write(source, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_detections_after_the_end_of_a_short_video_are_counted_in_a_warning(tmp_path):
    source = make_film(tmp_path / "short.mp4", range(0, 2400, 40))
    with pytest.warns(PtrackWarning, match=r"ends at 2\.4 s\. 15 later detections of 1 person have no frame"):
        write(source, tmp_path / "out.mp4")
    assert len(read(tmp_path / "out.mp4")[0]) == 60


def test_frames_after_the_tracked_video_are_written_and_mentioned(tmp_path):
    source = make_film(tmp_path / "long.mp4", range(0, 8000, 40))
    with pytest.warns(PtrackWarning, match=r"is 8\.0 s long, but the tracked video ends at 4\.0 s"):
        write(source, tmp_path / "out.mp4")
    assert len(read(tmp_path / "out.mp4")[0]) == 200


def test_another_frame_rate_is_mentioned(tmp_path, film):
    with pytest.warns(PtrackWarning, match="25 frames per second, but the tracked video has 30"):
        write(film, tmp_path / "out.mp4", video=make_video(4000, frame_rate=30.0))


def test_a_part_has_its_frames_and_their_rows(film, tmp_path):
    analysis = pta.open_video((DETECTIONS, VIDEO), max_gap="500ms", start="900ms", end="2100ms")
    plots.write_annotated_video(analysis, film, tmp_path / "out.mp4", trail="0s", labels=False)
    times, images = read(tmp_path / "out.mp4")
    original = range(920, 2100, 40)
    assert times == [time - 920 for time in original]
    assert [has_border(image, BLUE, 0.2, 0.8) for image in images] == [time < 1000 for time in original]
    assert [has_border(image, BLUE, 0.8, 0.8) for image in images] == [time >= 2000 for time in original]


def test_a_part_without_frames_is_refused_and_leaves_no_file(film, tmp_path):
    with pytest.raises(ParameterError, match=r"no frame in this part of the video\. The file ends at 4\.0 s"):
        write(film, tmp_path / "out.mp4", start="5s")
    assert not [*tmp_path.iterdir()]


def test_the_last_frame_keeps_its_duration(film, tmp_path):
    with av.open(str(write(film, tmp_path / "out.mp4"))) as container:
        assert container.duration / av.time_base == pytest.approx(4.0, abs=0.002)
        assert container.streams.video[0].codec_context.name == "h264"
        assert not container.streams.audio


def find_box(tracks, time):
    present = tracks.find_present(time)
    return present.body[0].round(3).tolist() if len(present.rows) else None


def test_a_box_is_interpolated_within_a_run_and_never_over_a_gap():
    walk = {1: [(0, 0.2, 0.8), (400, 0.4, 0.8), (2000, 0.8, 0.8)]}
    detections = make_detections(walk, box=(0.1, 0.4))
    tracks = BoxTracks(
        compute_trajectories(detections, VIDEO, max_gap="500ms", period="200ms"), detections, "px"
    )
    assert find_box(tracks, 100) == [0.2, 0.4, 0.3, 0.8]
    assert find_box(tracks, 500) == [0.35, 0.4, 0.45, 0.8]
    assert [find_box(tracks, time) is None for time in (599, 600, 1999, 2000)] == [False, True, True, False]


def test_a_trail_is_not_drawn_over_a_gap_and_ends_at_the_person():
    walk = {1: [(0, 0.2, 0.8), (400, 0.4, 0.8), (2000, 0.8, 0.8), (2400, 0.6, 0.8)]}
    detections = make_detections(walk)
    tracks = BoxTracks(
        compute_trajectories(detections, VIDEO, max_gap="500ms", period="200ms"), detections, "px"
    )
    (row,) = tracks.find_present(2100).rows
    times, points = tracks.find_trail(row, 2100, 5000)
    assert times.tolist() == [2000, 2100]
    assert points[:, 0].round().tolist() == [800, 750]


def test_counts_are_those_of_the_tables_at_each_time():
    random = np.random.default_rng(5)
    walk = {
        person: [
            (ms, *xy)
            for ms, xy in zip(
                range(0, 4000, 80), 0.5 + random.normal(0, 0.08, (50, 2)).cumsum(axis=0) / 3, strict=True
            )
        ]
        for person in range(6)
    }
    trajectories = compute_trajectories(make_detections(walk), VIDEO)
    zones = [
        Zone("left", box(0, 0, 500, 500), "px"),
        Zone("late", box(0, 0, 1000, 500), "px", start=pd.Timedelta("1s")),
    ]
    lines = [Line("door", LineString([(500, 500), (500, 0)]), "px")]
    occupancy = compute_occupancy(trajectories, VIDEO, zones=zones)
    visits = compute_visits(trajectories, zones, VIDEO)
    crossings = compute_crossings(trajectories, lines)
    assert len(crossings) > 3
    counts = LiveCounts(occupancy, visits, crossings)
    for time in range(0, 4000, 7):
        until = pd.Timedelta(milliseconds=time)
        for zone in ("", "left", "late"):
            rows = occupancy.loc[zone]
            assert counts.count_people(zone, time) == rows[rows.index <= until]["persons"].iloc[-1]
        for zone in ("left", "late"):
            assert counts.count_visits(zone, time) == (visits.loc[[zone]]["entered"] <= until).sum()
        past = crossings[crossings.index.get_level_values("timestamp") <= until]["direction"].value_counts()
        for way in ("in", "out"):
            assert counts.count_crossings("door", way, time) == past[way]
        expected = f"in {past['in']} \u00b7 out {past['out']}"
        assert counts.describe(lines[0], time) == expected
    assert counts.count_people("left", 4000) == 0
    assert counts.describe(zones[0], 0).endswith(("visits", "visit"))


def test_people_in_a_zone_are_those_whose_boxes_are_drawn_there():
    trajectories, zone = TRAJECTORIES, Zone("left", box(0, 0, 500, 500), "px")
    counts = LiveCounts(compute_occupancy(trajectories, VIDEO, zones=[zone]))
    tracks = BoxTracks(trajectories, DETECTIONS, "px")
    for time in range(0, 4000, 13):
        present = tracks.find_present(time)
        assert counts.count_people("", time) == len(present.rows)
        assert counts.count_people("left", time) == (present.body[:, 2] < 0.5).sum()


def test_without_tables_zones_have_their_names_only():
    zone = Zone("left", box(0, 0, 500, 500), "px")
    assert LiveCounts().describe(zone, 0) == ""
    assert LiveCounts().describe(Line("door", LineString([(0, 0), (9, 9)]), "px"), 0) == ""


def annotate(
    size=(WIDTH, HEIGHT), shade=128, detections=DETECTIONS, time=0, counts=None, clock="", **options
):
    trajectories = compute_trajectories(detections, VIDEO, max_gap="500ms")
    tracks = BoxTracks(trajectories, detections, "px")
    options["hidden"] = tracks if options.pop("blur", False) else None
    annotator = FrameAnnotator(size, tracks, lambda points: points / [1000, 500], **options)
    image = Image.new("RGB", size, (shade,) * 3)
    annotator.annotate(image, time, counts or {}, clock)
    return np.asarray(image).astype(int)


def test_zones_have_the_colors_of_all_plots_and_are_drawn_only_while_they_are_valid():
    zone = Zone("till", box(600, 100, 900, 400), "px", start=pd.Timedelta("1s"))
    before, after = (annotate(zones=[zone], time=time, shade=60) for time in (500, 1500))
    color = np.rint(255 * np.array(plots.style.zone_colors(["till"])["till"][:3]))
    assert (np.abs(after - color).max(axis=-1) < 20).sum() > 500
    assert (np.abs(before - color).max(axis=-1) < 20).sum() == 0


@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_labels_at_the_border_are_moved_inside(corner):
    left, top = 990 * corner[0], 490 * corner[1]
    zone = Zone("a zone at the corner", box(left, top, left + 10, top + 10), "px")
    color = np.rint(255 * np.array(plots.style.zone_colors([zone.name])[zone.name][:3]))
    image = annotate(zones=[zone], counts={zone: "3 now"}, detections=DETECTIONS.iloc[:0])
    rows, columns = np.nonzero(np.abs(image - color).max(axis=-1) < 8)
    assert columns.max() - columns.min() > 60  # the whole label, not a part that is cut off
    assert rows.max() - rows.min() > 20


def test_labels_of_zones_do_not_cover_each_other():
    zones = [Zone(name, box(300, 100, 700, 400), "px") for name in ("aaaa", "bbbb", "cccc")]
    image = annotate(zones=zones, counts=dict.fromkeys(zones, "3 now \u00b7 4 visits"))
    for color in plots.style.zone_colors([zone.name for zone in zones]).values():
        assert (np.abs(image - np.rint(255 * np.array(color[:3]))).max(axis=-1) < 8).sum() > 1500


@pytest.mark.parametrize(
    "name", ["a very long name of a zone " * 9, "\u05d9\u05e8\u05e7\u05d5\u05ea", "\u202ename", "\x00", ""]
)
def test_long_and_foreign_names_are_drawn(name):
    line = Line(name, LineString([(0, 0), (900, 400)]), "px")
    assert annotate(zones=[Zone(name, box(0, 0, 100, 100), "px")], lines=[line]).shape == (HEIGHT, WIDTH, 3)


def test_a_line_has_its_arrow_on_its_in_side():
    line = Line(
        "", LineString([(500, 50), (500, 450)]), "px"
    )  # who walks down has the left of the image at the right
    drawn = np.abs(annotate(lines=[line], detections=DETECTIONS.iloc[:0]) - 128).max(axis=-1) > 60
    assert drawn[115:135, 232:246].any()
    assert not drawn[115:135, 256:270].any()


@pytest.mark.parametrize("number", [3, 30])
def test_each_person_has_the_color_of_the_plot_of_paths(number):
    stands = {
        person: [(0, 0.03 + 0.03 * person, 0.8), (400, 0.03 + 0.03 * person, 0.8)] for person in range(number)
    }
    image = annotate((2000, 1000), detections=make_detections(stands, box=(0.02, 0.2)))
    for person, color in enumerate(plots.style.distinct_colors(number)):
        assert has_border(image, np.rint(255 * color[:3]), 0.03 + 0.03 * person, 0.8, box_size=(0.02, 0.2))


def test_a_frame_without_people_zones_and_clock_is_unchanged():
    assert (annotate(detections=DETECTIONS.iloc[:0]) == 128).all()


TEXTURE = (
    np.random.default_rng(2)
    .integers(0, 255, (HEIGHT // 2, WIDTH // 2, 3), dtype="uint8")
    .repeat(2, 0)
    .repeat(2, 1)
)


def find_detail(image, x, y):
    """Return the standard deviation between neighbors around the middle of a person's box."""
    part = image[
        round((y - 0.3) * HEIGHT) : round((y - 0.1) * HEIGHT),
        round((x - 0.03) * WIDTH) : round((x + 0.03) * WIDTH),
    ]
    return float(np.abs(np.diff(part.astype(int), axis=0)).mean())


def test_pixelation_destroys_the_detail_on_every_frame_of_the_person_and_no_other(tmp_path):
    source = make_film(tmp_path / "film.mp4", texture=TEXTURE)
    _, images = read(write(source, tmp_path / "out.mp4", blur=True))
    left = [find_detail(image, 0.2, 0.8) for image in images]
    assert max(left[:25]) < 8
    assert min(left[25:]) > 25
    assert min(find_detail(image, 0.5, 0.8) for image in images) > 25


@pytest.mark.parametrize("size", [(8, 20), (60, 180), (400, 300), (3, 3)])
def test_a_pixelated_box_has_at_most_eight_blocks_along_a_side(size):
    noise = np.random.default_rng(1).integers(0, 255, (500, 700, 3), dtype="uint8")
    image = Image.fromarray(noise.copy())
    pixelate(image, np.array([200, 100, 200 + size[0], 100 + size[1]], dtype="float64"))
    found = np.asarray(image)
    rows, columns = np.nonzero((found != noise).any(axis=-1))
    part = found[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    for axis in (0, 1):
        assert (np.diff(part.astype(int), axis=axis) != 0).any(axis=(1 - axis, 2)).sum() <= 7
    assert (rows.min(), columns.min()) < (100, 200)
    assert rows.max() >= 99 + size[1]


def make_faces(body, face):
    """Make detections of one person: (ms, has body, has face)."""
    rows = [(ms, 0.5, 0.8) if has else (ms, None, None) for ms, has in body.items()]
    detections = make_detections({1: rows}, box=(0.1, 0.4))
    for name, value in {"left": 0.48, "top": 0.42, "width": 0.04, "height": 0.08}.items():
        detections[f"face_{name}"] = [value if has else np.nan for has in face.values()]
    return detections


def test_pixelation_continues_through_gaps_of_a_tracklet_where_no_box_is_drawn():
    times = range(0, 1200, 200)
    detections = make_faces({ms: ms in (0, 1000) for ms in times}, dict.fromkeys(times, False))
    trajectories = compute_trajectories(detections, VIDEO, max_gap="500ms", max_interpolation="300ms")
    present = BoxTracks(trajectories, detections, "px").find_present(500)
    assert np.isnan(present.body).all()
    assert present.hidden_body[0].round(3).tolist() == [0.45, 0.4, 0.55, 0.8]


def test_a_face_without_a_body_is_drawn_and_pixelated():
    detections = make_faces({0: False, 200: False}, {0: True, 200: True})
    trajectories = compute_trajectories(detections, VIDEO, max_gap="500ms")
    present = BoxTracks(trajectories, detections, "px").find_present(100)
    assert present.face[0].round(3).tolist() == [0.48, 0.42, 0.52, 0.5]
    assert present.hidden_face[0].round(3).tolist() == [0.48, 0.42, 0.52, 0.5]
    assert (annotate(detections=detections, blur=True) != 128).any()


def test_people_who_cannot_be_pixelated_are_counted_in_a_warning(film, tmp_path):
    detections = make_detections({1: [(0, None, None), (40, None, None)], 2: [(0, 0.5, 0.8)]})
    trajectories = compute_trajectories(detections, VIDEO)
    with pytest.warns(
        PtrackWarning,
        match="2 detections of 1 person have neither a body box nor a face box",
    ):
        write(film, tmp_path / "out.mp4", trajectories, detections, blur=True)


def test_an_analysis_with_a_salt_pixelates_people_and_leaves_out_their_numbers(tmp_path):
    source = make_film(tmp_path / "film.mp4", range(0, 4000, 500), texture=TEXTURE, rate=25)
    plain, salted = (
        pta.open_video((DETECTIONS, make_video(4000, frame_rate=None)), max_gap="500ms", **more)
        for more in ({}, {"salt": "0123456789abcdef"})
    )
    images = []
    for name, analysis in (("plain", plain), ("salted", salted)):
        plots.write_annotated_video(analysis, source, tmp_path / f"{name}.mp4", trail="0s")
        images.append(read(tmp_path / f"{name}.mp4")[1][1])
    assert find_detail(images[0], 0.2, 0.8) > 25
    assert find_detail(images[1], 0.2, 0.8) < 8
    label = np.s_[round(0.33 * HEIGHT) : round(0.39 * HEIGHT), round(0.16 * WIDTH) : round(0.18 * WIDTH)]
    is_blue = [np.abs(np.median(image[label], axis=(0, 1)) - BLUE).max() < 65 for image in images]
    assert is_blue == [True, False]


def test_counts_of_an_analysis_on_a_floor_plan_are_drawn(data, tmp_path):
    shop = data / "shop"
    analysis = pta.open_video(
        shop, zones=shop / "zones.geojson", floor=shop / "floor.json", start="20s", end="21s"
    )
    source = make_film(tmp_path / "film.mp4", range(0, 22_000, 40), size=(640, 360))
    plots.write_annotated_video(analysis, source, tmp_path / "out.mp4")
    _, images = read(tmp_path / "out.mp4")
    flat = pta.open_video(shop, zones=shop / "zones.geojson", start="20s", end="21s")
    plots.write_annotated_video(flat, source, tmp_path / "flat.mp4")
    assert np.abs(images[-1].astype(int) - read(tmp_path / "flat.mp4")[1][-1]).mean() < 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "there is no file"),
        (lambda file: file.write_text("no video"), "is not a video or is damaged"),
        (lambda file: file.write_bytes(b""), "is not a video or is damaged"),
    ],
    ids=["missing", "text", "empty"],
)
def test_a_file_that_is_no_video_is_refused_in_a_sentence(tmp_path, make, message):
    make(tmp_path / "film.mp4")
    with pytest.raises(ParameterError, match=rf"video_file '.*film\.mp4' cannot be read: .*{message}"):
        write(tmp_path / "film.mp4", tmp_path / "out.mp4")


def test_a_file_without_a_video_stream_is_refused(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype="float32"), format="fltp", layout="mono")
        frame.rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ParameterError, match=r"sound\.mp4' has no video stream"):
        write(tmp_path / "sound.mp4", tmp_path / "out.mp4")


def test_a_file_that_is_cut_short_is_refused_or_written_with_a_warning(film, tmp_path):
    (tmp_path / "cut.mp4").write_bytes(film.read_bytes()[:-200])
    with pytest.raises(ParameterError, match="is not a video or is damaged"):
        write(tmp_path / "cut.mp4", tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_without_pyav_the_fix_is_named(film, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ParameterError, match=r"without PyAV: pip install 'ptrack-analysis\[video\]'"):
        write(film, tmp_path / "out.mp4")


def test_the_video_file_itself_is_not_overwritten(film, tmp_path):
    with pytest.raises(ParameterError, match="output must differ from video_file"):
        write(film, film)


@pytest.mark.parametrize("name", ["out.avi", "out"])
def test_an_unknown_format_is_refused(film, tmp_path, name):
    with pytest.raises(ParameterError, match=r"output must end in \.mp4, \.mov or \.mkv"):
        write(film, tmp_path / name)


def test_a_folder_that_does_not_exist_is_refused(film, tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        write(film, tmp_path / "none" / "out.mp4")


def test_points_and_wrong_tables_are_refused(film, tmp_path):
    points = make_points({1: [(0, 1, 1), (400, 3, 2)]})
    with pytest.raises(ParameterError, match="needs bounding boxes, but the source has points"):
        write(film, tmp_path / "out.mp4", compute_trajectories(points), points)
    with pytest.raises(SchemaError):
        write(film, tmp_path / "out.mp4", np.zeros(3))


def test_a_clock_has_the_parts_that_the_video_needs():
    assert [format_clock(83_450, last) for last in (59_000, 90_000, 4_000_000)] == [
        "83.4 s",
        "1:23.4",
        "0:01:23.4",
    ]


def test_the_command_writes_the_video_and_replaces_only_its_like(capfd, data, tmp_path):
    source, target = (
        make_film(tmp_path / "film.mp4", range(0, 12_000, 40), size=(320, 180)),
        tmp_path / "out.mp4",
    )
    command = ["plot", "video", data / "shop", "-o", target, "--zones", data / "shop" / "zones.geojson"]
    command += ["--video-file", source, "--from", "10s", "--to", "11s"]
    for _ in range(2):
        code, _, err = run(capfd, *command)
        assert (code, err.splitlines()[-1]) == (0, f"wrote {target}")
    assert len(read(target)[0]) == 25
    assert run(capfd, *command, "--blur")[0] == 0
    target.write_bytes(b"mine")
    code, _, err = run(capfd, *command)
    assert (code, target.read_bytes()) == (1, b"mine")
    assert "Use --force to replace it" in err
    assert run(capfd, *command, "--force")[0] == 0


def test_notes_of_the_command_go_to_stderr(capfd, data, tmp_path):
    source = make_film(tmp_path / "film.mp4", range(0, 1000, 40), size=(320, 180))
    code, out, err = run(
        capfd, "plot", "video", data / "shop", "-o", tmp_path / "out.mp4", "--video-file", source
    )
    assert (code, out) == (0, "")
    assert "warning: video_file" in err
    assert "ends at 1.0 s." in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-o", "out.mp4"], 2, "plot video needs --video-file FILE"),
        (
            ["-o", "-", "--video-file", "film.mp4"],
            2,
            "plot video needs -o FILE, because it cannot write to stdout",
        ),
        (["-o", "out.gif", "--video-file", "film.mp4"], 2, "the suffix must be one of .mp4, .mov, .mkv"),
        (["-o", "out.mp4", "--video-file", "none.mp4"], 2, "there is no file 'none.mp4'"),
    ],
)
def test_the_command_says_what_is_missing(capfd, data, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    found, _, err = run(capfd, "plot", "video", data / "shop", *arguments)
    assert (found, message in err) == (code, True)


def test_a_video_without_notes_is_written_without_a_warning(film, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(film, tmp_path / "out.mp4")


def test_selecting_people_pixelates_the_others_too(tmp_path):
    source = make_film(tmp_path / "film.mp4", texture=TEXTURE)
    two = {1: [(ms, 0.2, 0.8) for ms in range(0, 4000, 40)], 2: [(ms, 0.8, 0.8) for ms in range(0, 4000, 40)]}
    analysis = pta.open_video((make_detections(two, box=(0.1, 0.4)), VIDEO), persons=[1])
    plots.write_annotated_video(analysis, source, tmp_path / "out.mp4", blur=True, trail="0s", end="400ms")
    image = read(tmp_path / "out.mp4")[1][5]
    assert [has_border(image, BLUE, x, 0.8) for x in (0.2, 0.8)] == [True, False]
    assert max(find_detail(image, x, 0.8) for x in (0.2, 0.8)) < 8


def test_single_detections_of_a_fractional_frame_rate_are_on_their_own_frame(tmp_path):
    rate, number = Fraction(30_000, 1001), 60
    for form, base in (("mp4", Fraction(1, 30_000)), ("mkv", Fraction(1, 1000))):
        source = tmp_path / f"film.{form}"
        with av.open(str(source), "w") as container:
            stream = container.add_stream("libx264", rate=rate, options={"crf": "10", "bf": "0"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for frame in range(number):
                picture = av.VideoFrame.from_ndarray(
                    np.full((HEIGHT, WIDTH, 3), 128, "uint8"), format="rgb24"
                )
                picture.pts, picture.time_base = round(frame / rate / base), base
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        video = make_video(2002, frame_rate=float(rate))
        for cut in (int, round):  # trackers cut or round the time of a frame
            shown = [cut(1000 * frame / rate) for frame in range(0, number, 3)]
            detections = make_detections({1: [(ms, 0.2, 0.8) for ms in shown]}, box=(0.1, 0.4))
            table = compute_trajectories(detections, video, max_gap="40ms", period="30ms")
            _, images = read(write(source, tmp_path / f"out.{form}", table, detections, video=video))
            drawn = [has_border(image, BLUE, 0.2, 0.8) for image in images]
            assert drawn == [frame % 3 == 0 for frame in range(number)]


def test_the_share_that_is_written_is_reported(film, tmp_path):
    shares = []
    write(film, tmp_path / "out.mp4", report=shares.append)
    assert shares == sorted(shares)
    assert (len(shares), shares[0], round(shares[-1], 2)) == (100, 0.0, 0.99)


def test_a_full_disk_is_an_error_in_a_sentence(film):
    with VideoFile(film, "film") as source:
        writer = VideoWriter("/dev/full", "mkv", (WIDTH, HEIGHT), source, "")
        with pytest.raises(OutputError, match=r"The video cannot be written: .*space"):  # noqa: PT012
            for number in range(200):
                noise = np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH, 3), dtype="uint8")
                writer.write(Image.fromarray(noise), Fraction(number, 25))
            writer.close(Fraction(1, 25))
        writer.close(None)


def test_a_file_of_a_tracker_takes_size_and_rate_from_the_video_file(capfd, film, tmp_path):
    lines = [f"{frame},1,{450 - 25},{150},50,100,1,-1,-1,-1" for frame in range(1, 51)]
    (tmp_path / "tracks.txt").write_text("\n".join(lines))
    target = tmp_path / "out.mp4"
    options = ["--format", "mot", "--first-pixel", "1", "--trail", "0s"]
    code, _, err = run(
        capfd, "plot", "video", tmp_path / "tracks.txt", "-o", target, "--video-file", film, *options
    )
    assert code == 0, err
    _, images = read(target)
    drawn = [has_border(image, BLUE, 449 / WIDTH, 1.0) for image in images]
    assert (drawn[0], drawn[49], drawn[50]) == (True, True, False)


@pytest.mark.parametrize("space", [1, 6, None], ids=["BT.709", "BT.601", "unspecified"])
def test_colors_and_their_space_are_kept(tmp_path, space):
    picture = np.full((HEIGHT, WIDTH, 3), (200, 60, 30), dtype="uint8")
    matrix = {"dst_colorspace": {1: "ITU709", 6: "ITU601"}[space]} if space else {}
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        if space:
            stream.codec_context.colorspace = stream.codec_context.color_primaries = space
        for _ in range(100):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", **matrix)))
        container.mux(stream.encode())
    _, images = read(write(tmp_path / "film.mp4", tmp_path / "out.mp4"))
    assert np.abs(np.median(images[0], axis=(0, 1)) - picture[0, 0]).max() < 8
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.colorspace == (space or 2)
