"""Points without boxes in every command, and the y axis of their plane."""

import json

import numpy as np
import pandas as pd
import pytest
from factories import make_points
from pages import write
from shapely.geometry import LineString

import ptrack_analysis as pta
from ptrack_analysis import Line, compute_crossings, compute_trajectories
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.errors import ParameterError, ZoneError
from ptrack_analysis.plots import animate_paths, plot_crossings, plot_heatmap, plot_paths
from ptrack_analysis.video import Video

HEAD = "# framerate: 25\n# id frame x/m y/m\n"


def walk(person, x, first, last, steps=60):
    return [(person, n, x, first + (last - first) * n / (steps - 1)) for n in range(steps)]


@pytest.fixture
def file(tmp_path):
    """Write one walk from y = 2 to y = -2 and one back."""
    rows = [*walk(1, 0.3, 2, -2), *walk(2, 0.8, -2, 2)]
    return write(tmp_path / "hall.txt", HEAD + "".join(f"{p} {n} {x} {y:.4f}\n" for p, n, x, y in rows))


def collection(unit="m"):
    outlines = {
        "gate": {"type": "LineString", "coordinates": [[0, 0], [1, 0]]},
        "hall": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1.5], [0, 1.5], [0, 0]]]},
    }
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": outline}
        for name, outline in outlines.items()
    ]
    return json.dumps({"type": "FeatureCollection", "unit": unit, "features": features})


@pytest.fixture
def zones(tmp_path):
    return write(tmp_path / "zones.geojson", collection())


def test_a_walk_down_over_a_line_to_the_right_is_in_where_y_points_up():
    points = make_points({1: [(40 * n, 0.5, 2 - 0.1 * n) for n in range(41)]})
    trajectories = compute_trajectories(points, video=Video(frame_rate=25.0))
    outline = LineString([(0, 0), (1, 0)])
    for y_axis, expected in (("up", "in"), ("down", "out")):
        crossings = compute_crossings(trajectories, [Line("gate", outline, "m", y_axis=y_axis)])
        assert crossings["direction"].tolist() == [expected]
        assert crossings["y_m"].tolist() == pytest.approx([0.0])


def test_lines_of_a_file_of_points_have_the_y_axis_of_the_points(file, zones):
    up = pta.open_video(file, zones=zones)
    assert up.y_axis == "up"
    assert [line.y_axis for line in up.lines] == ["up"]
    assert up["crossings"]["direction"].astype(str).to_dict() == {
        ("gate", pd.Timedelta("1.18s"), 1): "in",
        ("gate", pd.Timedelta("1.18s"), 2): "out",
    }
    table, video = pta.read_tracking(file, y_axis="down")
    down = pta.open_video((table, video), zones=zones)
    assert down["crossings"]["direction"].tolist() == ["out", "in"]


def test_every_command_takes_points(file, zones, tmp_path, capsys):
    out = tmp_path / "out"
    for command in (
        ["inspect", file],
        ["inspect", file, "--json"],
        ["summary", file, "--zones", zones],
        ["table", "crossings", file, "--zones", zones],
        *(
            ["plot", name, file, "--zones", zones, "-o", tmp_path / f"{name}.{end}"]
            for name, end in {
                "paths": "png",
                "heatmap": "svg",
                "field": "png",
                "animation": "gif",
                "stops": "png",
                "encounters": "png",
                "crossings": "png",
                "visits": "png",
                "occupancy": "png",
                "fundamental_diagram": "png",
            }.items()
        ),
        ["export", file, out, "--zones", zones],
        ["verify", out],
        ["compact", out],
        ["verify", out],
        ["report", file, "-o", tmp_path / "video.html", "--zones", zones],
        ["report", out, "-o", tmp_path / "all.html"],
    ):
        assert main([*map(str, command)]) == 0, (command, capsys.readouterr().err)
    assert "points without boxes, y points up" in capsys.readouterr().out


def test_a_dataset_of_points_has_the_tables_that_need_meters_and_none_of_boxes(file, zones, tmp_path):
    out = tmp_path / "out"
    pta.export_dataset(file, out, zones=zones, tables="all")
    assert pta.verify_dataset(out).findings == []
    dataset = pta.open_dataset(out)
    assert len(dataset.read("trajectories")) == 120
    assert {"x_m", "y_m"} <= {*dataset.read("trajectories").columns}
    filled = {name for name in dataset.tables if dataset.read(name, as_="arrow").num_rows}
    assert {"stops", "encounters"} <= {*dataset.tables}
    assert filled >= {"groups", "density", "fundamental_diagram", "crossings"}
    assert not filled & {"detections", "quality", "facing", "stitches"}
    assert "box_truncated" not in dataset.read("trajectories").columns
    compact_dataset(out)
    assert len(pta.open_dataset(out).read("crossings")) == 2


def test_a_table_in_memory_and_a_file_of_points_give_the_same(file, zones):
    one, other = pta.open_video(file, zones=zones), pta.open_video(pta.read_tracking(file), zones=zones)
    for name in ("tracks", "visits", "crossings", "encounters"):
        pd.testing.assert_frame_equal(one[name], other[name])


@pytest.mark.parametrize("option", [["--stitch"], ["--tables", "quality"], ["--tables", "detections"]])
def test_what_needs_boxes_says_so(file, tmp_path, option, capsys):
    command = ["summary", file] if option == ["--stitch"] else ["table", option[1], file]
    assert main([*map(str, command), *(option if option == ["--stitch"] else [])]) in {2, 3}
    assert "needs bounding boxes, but the source has points" in capsys.readouterr().err
    analysis = pta.open_video(file, stitch=True)
    with pytest.raises(ParameterError, match="needs bounding boxes, but the source has points"):
        analysis["tracks"]
    with pytest.raises(ParameterError, match="basis 'boxes' needs bounding boxes"):
        _compute_boxes()


def _compute_boxes():
    table = pd.DataFrame({"frame": range(3), "id": 1, "x": [1.0, 2.0, 3.0], "y": 5.0})
    points = pta.detections_from(table, unit="px", video=Video(frame_rate=25.0))
    video = Video(frame_rate=25.0, width=100, height=100)
    pta.open_video((points, video)).heatmap(basis="boxes")


def test_zones_in_fractions_of_the_frame_do_not_fit_points(file, tmp_path):
    zones = write(tmp_path / "fractions.geojson", collection("fraction"))
    with pytest.raises(
        ZoneError, match=r"unit is 'fraction', but the positions are points in m.*Draw the zones in m"
    ):
        pta.open_video(file, zones=zones)["visits"]


def test_a_floor_plan_does_not_fit_points(file, data):
    with pytest.raises(ParameterError, match=r"projects boxes.*has points. Omit floor \(--floor\)"):
        pta.open_video(file, floor=data / "shop/floor.json")["tracks"]


@pytest.mark.parametrize("settings", [{"stitch": True}, {"clip_boxes": True}, {"anchor": "center"}], ids=str)
def test_settings_of_boxes_are_refused_before_an_export_of_points_writes(file, tmp_path, settings):
    (name,) = settings
    with pytest.raises(ParameterError, match=rf"but the source has points. Omit {name}"):
        pta.export_dataset(file, tmp_path / "out", **settings)
    assert not (tmp_path / "out" / "trajectories").exists()


def test_plots_of_points_draw_y_upward(file, zones):
    analysis = pta.open_video(file, zones=zones)
    for plot in (plot_paths, plot_heatmap, plot_crossings):
        ax = plot(analysis)
        assert not ax.yaxis_inverted()
        low, high = ax.get_ylim()
        assert low < high
    (name,) = [text for text in ax.texts if text.get_text() == "in"]
    assert name.get_position()[1] < 0  # below the line, where people come to
    assert plot_paths(analysis.trajectories, y_axis="down").yaxis_inverted()


def test_a_heatmap_where_y_points_up_has_its_first_row_at_the_bottom(file):
    points = make_points({1: [(40 * n, 0.5, 0.5) for n in range(10)], 2: [(0, 0.5, 3.5)]})
    analysis = pta.open_video((points, Video(frame_rate=25.0)), cell=1.0)
    ax = plot_heatmap(analysis)
    (image,) = ax.images
    bottom, top = image.get_extent()[2:]
    drawn = np.asarray(image.get_array().filled(0.0))
    row = int(drawn[:, 0].argmax())
    y = top + (row + 0.5) / len(drawn) * (bottom - top)
    assert y == pytest.approx(0.5)


def test_an_animation_where_y_points_up_is_the_mirror_of_one_where_it_points_down(file):
    table, video = pta.read_tracking(file)
    trajectories = compute_trajectories(table, video=video)
    mirrored = trajectories.assign(y_m=-trajectories["y_m"])
    options = {"duration": "300ms", "width": 120}
    up = animate_paths(trajectories, video, y_axis="up", **options)
    assert up == animate_paths(mirrored, video, **options)
    assert up != animate_paths(trajectories, video, **options)


def test_the_explorer_draws_points_upward(file, zones):
    explorer = pta.explore(pta.open_video(file, zones=zones))
    (line,) = explorer.data["lines"]
    (zone,) = [one for one in explorer.data["zones"] if one["name"] == "hall"]
    ys = [y for _, y in zone["parts"][0]]
    assert max(ys) == pytest.approx(line["parts"][0][0][1])  # the zone is above the line
    start, end = line["parts"][0]
    assert start[0] < end[0]


def test_points_in_px_have_y_downward_and_their_own_zones(tmp_path, capsys):
    rows = [f"{n},{p},{50 * p},{300 - 5 * n if p == 1 else 5 * n}" for n in range(60) for p in (1, 2)]
    file = write(tmp_path / "px.csv", "\n".join(["frame,id,x_px,y_px", *rows]) + "\n")
    zones = write(
        tmp_path / "px.geojson", collection("px").replace("[[0, 0], [1, 0]]", "[[0, 150], [640, 150]]")
    )
    options = ["--columns", "frame=frame,id=id,x=x_px,y=y_px", "--frame-rate", "25", "--zones", str(zones)]
    assert main(["table", "crossings", str(file), *options]) == 0
    written = capsys.readouterr().out.splitlines()[1:]
    assert [row.split(",")[6].strip('"') for row in written] == ["out", "in"]
    for command in (
        ["summary", file],
        ["report", file, "-o", tmp_path / "a.html"],
        ["export", file, tmp_path / "out", "--tables", "all"],
        ["plot", "heatmap", file, "-o", tmp_path / "a.png"],
    ):
        assert main([*map(str, command), *options, "--frame-size", "640x360"]) == 0
    assert pta.verify_dataset(tmp_path / "out").findings == []


def test_zones_are_read_for_points_without_a_plane(file, zones):
    points, video = pta.read_tracking(file)
    (hall,), (gate,) = pta.read_zones(zones, video)
    assert (hall.unit, gate.unit, gate.y_axis) == ("m", "m", "up")
    crossings = compute_crossings(compute_trajectories(points, video), [gate])
    assert crossings["direction"].tolist() == ["in", "out"]


def test_two_files_of_points_are_compared_by_distance(file, capsys):
    assert main(["compare", str(file), str(file)]) == 0
    assert "MOTP 0.000 m" in capsys.readouterr().out
    assert main(["compare", str(file), str(file), "--json", "--max-distance", "0.2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["max_distance_m"] == 0.2
    assert found["figures"]["mota"] == 1
    assert main(["compare", str(file), str(file), "--max-distance", "-1"]) == 2
    assert "max_distance must be a number above 0" in capsys.readouterr().err


def test_what_needs_boxes_in_python_refuses_points(file, tmp_path):
    points, video = pta.read_tracking(file)
    with pytest.raises(ParameterError, match="pages contain boxes"):
        pta.rekognition.write_pages(points, video, tmp_path / "pages")


def test_a_plot_of_boxes_says_that_points_have_none(file, tmp_path, capsys):
    command = ["plot", "heatmap", str(file), "-o", str(tmp_path / "a.png"), "--basis", "boxes"]
    assert main(command) == 2
    assert "--basis boxes needs bounding boxes, but the source has points" in capsys.readouterr().err


@pytest.mark.parametrize("y_axis", ["up", "down"])
@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.NotedWarning")
def test_a_line_in_meters_on_a_floor_plan_obeys_the_y_axis_of_the_plan(tmp_path, y_axis):
    """A person walks toward the camera, to the right of a line from left to right as seen from above."""
    sign = -1 if y_axis == "up" else 1
    pairs = [{"image": [x, y], "floor": [10 * x, 5 * y * sign]} for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    plan = write(tmp_path / "floor.json", json.dumps({"unit": "m", "y_axis": y_axis, "pairs": pairs}))
    drawn = collection().replace("[[0, 0], [1, 0]]", json.dumps([[2, 2.5 * sign], [8, 2.5 * sign]]))
    rows = [f"{n},1,300,{30 * n},340,{30 * n + 60}" for n in range(9)]
    table = write(tmp_path / "t.csv", "\n".join(["frame,id,left,top,right,bottom", *rows]) + "\n")
    analysis = pta.open_video(
        table,
        zones=write(tmp_path / "z.geojson", drawn),
        floor=plan,
        video=Video(width=640, height=360, frame_rate=25.0),
    )
    assert analysis.y_axis == y_axis
    assert analysis.floor_plan.notes == []
    assert analysis["crossings"]["direction"].tolist() == ["in"]
    assert plot_paths(analysis).yaxis_inverted() == (y_axis == "down")
    (line,) = pta.explore(analysis).data["lines"]
    start, end = line["parts"][0][0], line["parts"][0][-1]
    assert start[0] < end[0]  # in the image, y down: in is below
