"""Arguments of the wrong kind, for every public function and class."""

import inspect
import math
import re
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from shapely.geometry import LineString, box

import ptrack_analysis as pta
from ptrack_analysis import schema
from ptrack_analysis.errors import PtrackError
from ptrack_analysis.schema.validation import _CALLS
from ptrack_analysis.video import milliseconds

SHOP = Path(__file__).parent.parent / "data" / "shop"
MODULES = [pta] + [
    module
    for name in dir(pta)
    if inspect.ismodule(module := getattr(pta, name)) and name not in {"errors", "schema"}
]
PUBLIC = {
    name: value
    for module in MODULES
    for name in module.__all__
    if callable(value := getattr(module, name))
    and not (inspect.isclass(value) and issubclass(value, Warning))
}
"""All public functions and classes by name."""

RESULTS = {
    "Comparison",
    "Coverage",
    "Dataset",
    "Explorer",
    "FlowField",
    "FloorPlan",
    "HeatmapComparison",
    "Inspection",
    "Interval",
    "PtrackError",
    "ReadReport",
    "Verification",
    "VideoReference",
    "VideoVerdict",
    "ZoneEditor",
}
"""Classes that functions return and that users do not make."""


@cache
def analysis():
    """Return an analysis of the shop on its floor plan."""
    zones, floor = SHOP / "zones.geojson", SHOP / "floor.json"
    recording = pta.clock.Recording(
        video="shop", started_at=datetime(2026, 3, 30, 9, 59, tzinfo=UTC), timezone="Europe/Berlin"
    )
    return pta.VideoAnalysis(SHOP, pta.AnalysisConfig(zones=zones, floor=floor), recording=recording)


@cache
def table(name):
    """Return a valid table by the name of the argument that takes it."""
    a = analysis()
    if name in ("detections", "trajectories"):
        return getattr(a, name)
    made = {
        "crossings": lambda: a["crossings"],
        "occupancy": lambda: pta.compute_occupancy(a.trajectories, a.video, zones=a.zones),
        "bins": lambda: pta.crowd.compute_occupancy_bins(table("occupancy"), a.video),
        "stitches": lambda: pta.cleaning.compute_stitches(a.detections, a.trajectories, a.video),
        "encounters": lambda: pta.crowd.compute_encounters(a.trajectories),
        "waits": lambda: pta.queues.compute_waiting_times(a["visits"], a.zones),
        "staff": lambda: pta.dwell.detect_staff(a["visits"], min_stay="5s"),
        "balance": lambda: pta.counting.compute_count_drift(a["crossings"], table("occupancy")),
        "counts": lambda: pta.count_crossings(a["crossings"], a.lines, a.video),
        "facing": lambda: pta.faces.compute_facing(a.detections, a.trajectories, a.zones, a.video),
        "fundamental": lambda: pta.crowd.compute_fundamental_diagram(a.trajectories, a.zones, a.video),
        "funnel": lambda: pta.compute_funnel(a["visits"], a.zones),
        "hourly": lambda: pta.clock.compute_visits_hourly(a["visits"], a.video, a.recording),
        "survival": lambda: pta.dwell.compute_survival(a["visits"]),
        "groups": lambda: pta.crowd.detect_groups(table("encounters"), a.trajectories),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made[name]() if name in made else a[name]


VALUES = {
    "video": lambda: analysis().video,
    "zones": lambda: analysis().zones,
    "targets": lambda: analysis().zones,
    "lines": lambda: analysis().lines,
    "steps": lambda: analysis().zones,
    "recording": lambda: analysis().recording,
    "plane": lambda: analysis().floor_plan,
    "heatmap": lambda: analysis().heatmap(),
    "a": lambda: table("detections"),
    "b": lambda: table("detections"),
    "first": lambda: table("visits"),
    "second": lambda: table("visits"),
    "table": lambda: table("detections"),
    "data": lambda: table("trajectories"),
    "limit": lambda: "4s",
    "period": lambda: "200ms",
    "min_duration": lambda: "1s",
    "min_detections": lambda: 2,
    "max_speed": lambda: 3.0,
    "max_extent": lambda: 1.0,
    "max_distance": lambda: 1.0,
    "min_stay": lambda: "5s",
    "tolerance": lambda: 0.5,
    "source": lambda: SHOP,
    "ax": lambda: None,
    "analysis": analysis,
    "frames": lambda: np.arange(3),
    "frame_rate": lambda: 25.0,
    "sizes": lambda: [3, 4],
    "counts": lambda: table("counts"),
    "part": lambda: 3,
    "k1": lambda: 0.1,
    "focal": lambda: (1.0, 1.0),
    "name": lambda: "door",
    "unit": lambda: "m",
    "field": lambda: pta.heat.compute_flow_field(table("trajectories"), analysis().video),
    "comparison": lambda: pta.heat.compare_heatmaps(
        table("trajectories"), table("trajectories"), analysis().video, permutations=20
    ),
    "picture": lambda: np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
    "floor": lambda: np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
    "tracks": lambda: table("tracks"),
}
"""Valid arguments by name."""


def read_csv():
    """Return a table as pandas.read_csv returns it: no index, times as numbers."""
    return pd.DataFrame(
        {"timestamp_ms": [0, 100], "person_index": [1, 1], "zone": ["a", "a"], "x_m": [1.0, 2.0]}
    )


PATH = Path("zones.geojson")

TABLES = (
    "visits.parquet",
    Path("visits.parquet"),
    {"dwell": [1]},
    3,
    [1, 2],
    None,
    read_csv,
    lambda: table("quality"),
    lambda: table("trajectories"),
    lambda: table("detections"),
    lambda: table("visits"),
    analysis,
)
SCENE = (
    str(PATH),
    PATH,
    3,
    {"shelves": 1},
    None,
    [3],
    read_csv,
    analysis,
    lambda: (analysis().zones, analysis().lines),
)
WRONG = {
    "table": TABLES,
    "zones": (*SCENE, ["shelves"], lambda: analysis().lines, lambda: analysis().zones[0]),
    "lines": (*SCENE, ["door"], lambda: analysis().zones, lambda: analysis().lines[0]),
    "names": (3, [3], None, {"shelves": 1}, PATH, read_csv, analysis, ["shelvs"]),
    "video": (
        None,
        "shop",
        SHOP,
        3,
        {"width": 1280},
        lambda: (table("detections"), analysis().video),
        read_csv,
        analysis,
    ),
    "plane": (None, "floor.json", PATH, 3, {"pairs": []}, read_csv, analysis),
    "heatmap": (None, "a.png", 3, read_csv, lambda: np.zeros((3, 3))),
    "duration": (None, "soon", "2 secs", -1, "-1s", math.nan, True, [1], {"s": 1}, read_csv),
    "path": (None, 3, {"a": 1}, read_csv, ["a"]),
    "choice": (None, "nonsense", 3, ["a"], {"a": 1}),
    "number": (None, "many", math.nan, True, [1], {"a": 1}, read_csv),
    "bounds": (None, 3, "m", (1, 2), (1.0, math.nan, 2.0, 3.0), {"a": 1}, read_csv),
    "shape": (None, 3, "54x96", (1,), (0, 5), {"a": 1}),
    "recording": (None, "recordings.csv", PATH, {"video": "shop"}, 3),
    "persons": (3, "1", ["one"], PATH, {"a": 1}, read_csv, analysis),
    "zone": (
        3,
        "shelves",
        PATH,
        ["shelves"],
        read_csv,
        analysis,
        lambda: analysis().zones,
        lambda: analysis().lines[0],
    ),
    "text": (3, ["shelves"], {"a": 1}, analysis),
    "analysis": (None, "shop", SHOP, 3, lambda: table("visits"), lambda: analysis().video),
}
"""Wrong arguments by the kind of argument; functions return theirs when the test runs."""

ANNOTATIONS = {
    "heatmap": ("Heatmap", "FlowField", "HeatmapComparison"),
    "table": ("DataFrame",),
    "zones": ("Sequence[scene.zones.Zone]",),
    "lines": ("Sequence[scene.zones.Line]",),
    "names": ("Zone | str]", "Line | str]", "Sequence[str]", "Iterable[str]"),
    "video": ("video.Video",),
    "plane": ("video.Plane", "FloorPlan"),
    "recording": ("Recording",),
    "duration": ("Duration", "Timedelta"),
    "shape": ("tuple[int, int]",),
    "bounds": ("tuple[float, float, float, float]",),
    "path": ("PathLike[str]", "FilePath"),
    "persons": ("Iterable[int]", "Collection[int]"),
    "zone": ("scene.zones.Zone | None",),
}
"""Parts of annotations by kind, the first match first."""


@cache
def image_analysis():
    """Return an analysis of the shop in px."""
    return pta.open_video(SHOP)


@cache
def facing():
    a = image_analysis()
    return pta.faces.compute_facing(a.detections, a.trajectories, ["camera"], a.video)


OWN = {
    "Heatmap": {"values": lambda: np.ones((2, 3)), "bounds": lambda: (0.0, 0.0, 3.0, 2.0)},
    "Line": {"outline": lambda: LineString([(0, 0), (1, 1)])},
    "Zone": {"outline": lambda: box(0, 0, 1, 1)},
    "Recording": {"video": lambda: "shop"},
    "check_zones": {"plane": VALUES["plane"]},
    "compare_dwell": {"zones": lambda: ["shelves", "table"]},
    "compare_heatmaps": {
        "first": lambda: table("trajectories"),
        "second": lambda: table("trajectories"),
        "permutations": lambda: 20,
    },
    "compute_box_heatmap": {"trajectories": lambda: image_analysis().trajectories},
    "compute_confidence_intervals": {"table": lambda: table("visits")},
    "compute_facing": {"trajectories": lambda: image_analysis().trajectories, "targets": lambda: ["camera"]},
    "compute_quality": {"plane": VALUES["plane"]},
    "compute_sensitivity": {"plane": VALUES["plane"]},
    "compute_trajectories": {"video": VALUES["video"], "plane": VALUES["plane"]},
    "compute_zone_coverage": {"plane": VALUES["plane"], "bounds": lambda: (0.0, 0.0, 12.0, 8.0)},
    "detect_staff": {"min_stay": lambda: "5s"},
    "estimate_daily_count": {"counts": lambda: [3, 4]},
    "exclude_staff": {"table": lambda: table("visits")},
    "explore": {"video": VALUES["video"]},
    "plot_facing": {"facing": facing},
    "plot_weekly_profile": {"hourly": lambda: table("hourly"), "zone": lambda: "shelves"},
    "read_floor_plan": {"path": lambda: SHOP / "floor.json"},
    "read_zones": {"source": lambda: SHOP / "zones.geojson", "plane": VALUES["plane"]},
    "repair_jumps": {"trajectories": lambda: pta.cleaning.flag_jumps(table("trajectories"), max_speed=3.0)},
}
"""Valid arguments of single functions."""

UNTESTED = {
    "compare_with_manual_count": "takes a table made by hand",
    "compact_dataset": "takes a dataset",
    "create_client": "makes a client of boto3",
    "detections_from": "takes tables of any kind",
    "edit_zones": "starts a server",
    "explore_widget": "passes its arguments to explore",
    "fetch_pages": "calls a service",
    "map_videos": "takes any iterable of videos",
    "open_dataset": "takes a dataset",
    "read_parquet": "reads a file",
    "read_recordings": "reads a file",
    "read_tracks": "reads a file of a tracker",
    "remove_videos": "changes a dataset",
    "serve_tracking": "starts a server",
    "start_job": "calls a service",
    "to_geopandas": "needs geopandas",
    "to_movingpandas": "needs movingpandas",
    "unstitch_tracks": "takes a table with stitches",
    "verify_dataset": "takes a dataset",
    "wait_for_job": "calls a service",
    "wait_for_message": "calls a service",
    "write_annotated_video": "needs a video file",
    "write_report": "takes minutes with many wrong arguments",
}
"""Functions that are not called here, and why."""

ANY_TABLE = {
    ("select", "table"),
    ("write_parquet", "table"),
    ("exclude_staff", "table"),
    ("filter_short_tracks", "table"),
    ("apply_stitches", "table"),
    ("unstitch_tracks", "table"),
    ("estimate_sampling_period", "table"),
    ("compute_confidence_intervals", "table"),
    ("fill_gaps", "table"),
}
"""Parameters that take several kinds of tables."""
TABLE_NAMES = {"detections", "trajectories", "visits", "quality"}
MAY_BE_ABSENT = {
    "count_crossings",
    "compute_count_drift",
    "plot_dwell",
    "plot_sankey",
    "plot_transitions",
    "plot_visits",
}
"""Functions that take names without rows: their zones and lines may have no visits or crossings."""


TEXTS = {"by", "zone", "of", "format"}
"""Texts whose wrong values are tested; others are only written."""
SCALARS = {"float", "int", "Literal", "Union"}


def find_kind(parameter):
    """Return the kind of a parameter by its annotation; None if it is of no kind that is tested."""
    text = inspect.formatannotation(parameter.annotation).strip("'")
    for prefix in ("ptrack_analysis.", "typing.", "collections.abc.", "Optional["):
        text = text.replace(prefix, "")
    if parameter.name in {"analysis", *TEXTS}:
        return "analysis" if parameter.name == "analysis" else "zone" if "Zone" in text else "text"
    if text.split(" ")[0].split("[")[0].rstrip("]") in SCALARS:
        return "choice" if "Literal" in text else "number"
    found = (kind for kind, parts in ANNOTATIONS.items() if any(part in text for part in parts))
    return next(found, None)


def call(function, arguments):
    """Call a function with arguments by name."""
    arguments = dict(arguments)
    parameters = inspect.signature(function).parameters.values()
    positional = [each.name for each in parameters if each.kind is each.POSITIONAL_ONLY]
    return function(*[arguments.pop(name) for name in positional if name in arguments], **arguments)


def make_arguments(name, folder):
    """Return valid arguments for the parameters that have no default, and those of ``OWN``."""
    own = OWN.get(name, {})
    made = {**VALUES, **{each: lambda: folder / "out" for each in ("folder", "out")}, **own}
    made.setdefault("path", lambda: folder / "out.parquet")
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    required = [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    return {
        each: made[each]() if each in made else table(each) for each in {**dict.fromkeys(required), **own}
    }


def list_wrong(name, valid):
    """Yield each parameter with each wrong argument for it."""
    function = PUBLIC[name]
    for parameter in inspect.signature(function).parameters.values():
        kind = find_kind(parameter) if (name, parameter.name) != ("Video", "format") else None
        optional = parameter.default is None or "None" in inspect.formatannotation(parameter.annotation)
        for make in WRONG.get(kind, ()):
            given = make() if callable(make) else make
            if given is valid.get(parameter.name) or (given is None and optional):
                continue
            if not is_right(name, parameter, kind, given):
                yield parameter.name, given


def is_right(name, parameter, kind, given):
    """Return whether an argument that is wrong for most functions is right for this parameter."""
    if kind == "table" and given is analysis():  # plots and the explorer take an analysis
        return hasattr(PUBLIC[name], "__wrapped__") or (name, parameter.name) == ("explore", "trajectories")
    if isinstance(given, pd.DataFrame):
        own = parameter.name in TABLE_NAMES and given is table(parameter.name)
        return own or (name, parameter.name) in ANY_TABLE
    if isinstance(given, list):
        seconds = kind == "duration" and "[" in str(parameter.annotation)
        return (
            seconds
            or parameter.name == "problems"
            or (name in MAY_BE_ABSENT and kind == "names" and given != [3])
        )
    return parameter.name == "source" and isinstance(given, str | Path)


def names_parameter(error, name):
    """Return whether a message names a parameter, or the zone or line that it contains."""
    return name in str(error) or (name in {"zones", "lines"} and name.removesuffix("s") in str(error))


def test_every_public_name_is_tested_or_has_a_reason():
    assert RESULTS | {*UNTESTED} <= {*PUBLIC}
    assert not RESULTS & {*UNTESTED}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({*PUBLIC} - RESULTS - {*UNTESTED}))
def test_a_wrong_argument_is_refused_with_the_name_of_the_parameter(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some wrong values are paths
    if name == "to_pedpy":
        pytest.importorskip("pedpy")
    valid = make_arguments(name, tmp_path)
    call(PUBLIC[name], valid)
    faults = []
    for parameter, given in list_wrong(name, valid):
        try:
            call(PUBLIC[name], valid | {parameter: given})
        except PtrackError as error:
            said = None if names_parameter(error, parameter) else f"does not name it: {error}"
        except Exception as error:  # noqa: BLE001 - any other kind of error is a fault
            said = f"{type(error).__name__}: {error}"
        else:
            said = "is accepted"
        finally:
            plt.close("all")
        if said is not None:
            faults.append(f"{parameter}={repr(given)[:40]} {said[:200]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "duration",
    ["2s", 2, 2.0, np.float64(2), np.int64(2), timedelta(seconds=2), pd.Timedelta("2s"), "0:00:02"],
)
def test_plain_numbers_are_seconds(duration):
    assert milliseconds(duration, "max_gap") == 2000
    assert pta.Video(duration=duration).duration == pd.Timedelta("2s")
    assert pta.AnalysisConfig(max_gap=duration).max_gap == pd.Timedelta("2s")


@pytest.mark.parametrize("duration", ["2", "2.5", " 2 "])
def test_a_text_without_a_unit_is_refused(duration):
    with pytest.raises(PtrackError, match="max_gap must be a duration such as '2s' or '500ms', got"):
        milliseconds(duration, "max_gap")


def test_the_calls_in_messages_are_public():
    names = {each.name for each in vars(schema).values() if isinstance(each, schema.Table)}
    for table_name, advice in _CALLS.items():
        assert table_name in names
        for path in re.findall(r"([\w.]+)\(", advice):
            assert callable(reduce(getattr, path.split("."), pta))


MESSAGES = {
    "zones must be a list of zones, got 'zones.geojson'. read_zones returns two lists: zones, lines = "
    "read_zones(path, video).": lambda: pta.compute_visits(
        table("trajectories"), "zones.geojson", analysis().video
    ),
    "zones must be a list of zones, got a VideoAnalysis. Pass analysis.zones.": (
        lambda: pta.compute_visits(table("trajectories"), analysis(), analysis().video)
    ),
    "zones must be a list of zones, got a Zone. Pass a list: [zone].": (
        lambda: pta.compute_visits(table("trajectories"), analysis().zones[0], analysis().video)
    ),
    "video must be a Video, got None. Pass the video that read_tracking returned.": (
        lambda: pta.compute_visits(table("trajectories"), [], None)
    ),
    "not a trajectories table: got 'a.parquet'. Read saved tables with read_parquet(path), and tracking data "
    "with read_tracking(path).": lambda: pta.compute_visits("a.parquet", [], analysis().video),
    "not a trajectories table: got a detections table. Make it with compute_trajectories(detections, "
    "video).": lambda: pta.compute_visits(table("detections"), [], analysis().video),
    "not a visits table: got a VideoAnalysis. Pass analysis['visits'].": (
        lambda: pta.compute_dwell(analysis())
    ),
    "plane must be a FloorPlan, got 'floor.json'. Pass read_floor_plan(path).": (
        lambda: pta.compute_trajectories(table("detections"), analysis().video, plane="floor.json")
    ),
    "color_by must be one of person, speed, time, zone, got 'sped'. Did you mean 'speed'?": (
        lambda: pta.plot_paths(table("trajectories"), color_by="sped")
    ),
    (
        "source must be a path, or (detections, video), got a DataFrame. Pass (detections, video); "
        "detections_from converts other tables."
    ): lambda: pta.open_video(table("detections")),
}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_says_what_was_passed_and_which_call_is_right(message):
    with pytest.raises(PtrackError) as refused:
        MESSAGES[message]()
    assert str(refused.value) == message
