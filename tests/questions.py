"""Five questions of BI engineers to a dataset: in SQL, pandas and polars, and answered without a dataset."""

import re
import shutil

import pandas as pd

from ptrack_analysis import export_dataset, find_videos, open_video

ZONE = "Europe/Berlin"
STARTED = {
    "morning": "2024-05-06T08:59:10+02:00",  # each goes on into the next hour
    "noon": "2024-05-06T12:59:20+02:00",
    "evening": "2024-05-07T18:59:30+02:00",
}
OBSERVED = ["crossed", "frame_edge"]
SQL = {
    "dwell by zone": "SELECT video, zone, sum(dwell_s) FROM visits GROUP BY video, zone",
    "hourly footfall": (
        "SELECT zone, local_date, local_hour, count(*) FROM visits WHERE entry IN ('crossed', 'frame_edge') "
        "GROUP BY zone, local_date, local_hour"
    ),
    "busiest cell": (
        "SELECT c.video, c.row, c.column, c.seconds FROM (SELECT h.video, h.row, h.column, h.seconds, "
        "row_number() OVER (PARTITION BY h.video ORDER BY h.seconds DESC, h.row, h.column) AS place "
        "FROM heatmap AS h) AS c WHERE c.place = 1"
    ),
    "median speed": (
        "SELECT 'm/s', median(speed_m_per_s) FROM trajectories UNION ALL "
        "SELECT 'px/s', median(speed_px_per_s) FROM trajectories"
    ),
    "transitions": (
        "SELECT origin, destination, sum(transitions) FROM transitions GROUP BY origin, destination"
    ),
}
TABLES = ("visits", "heatmap", "trajectories", "transitions")
CAMERAS = """\
[[camera]]
name = "aisle"
files = ["morning-*", "noon-*"]
site = "high street"
zones = "{data}/day/zones.geojson"

[[camera]]
name = "aisle on the plan"
files = "evening-*"
site = "high street"
zones = "{data}/day/zones.geojson"
floor = "{data}/day/floor.json"

[[camera]]
name = "shop"
files = "shop/*"
site = "market"
zones = "{data}/shop/zones.geojson"
"""


def export_all(data, folder, *, with_floor=True, **options):
    """Export videos in px with a clock, in m with a clock, and in px without a clock, to one dataset."""
    if not (folder / "in").exists():
        shutil.copytree(data / "day/pages", folder / "in/day")
        shutil.copytree(data / "shop/pages", folder / "in/shop")
        cameras = CAMERAS.format(data=data)
        (folder / "cameras.toml").write_text(
            cameras if with_floor else re.sub("^floor = .*$", "", cameras, flags=re.MULTILINE)
        )
    lines = [f"{video},{started},{ZONE}" for video, started in STARTED.items()]
    (folder / "videos.csv").write_text("\n".join(["video,started_at,timezone", *lines]) + "\n")
    files = {"cameras": folder / "cameras.toml", "recordings": folder / "videos.csv"}
    export_dataset(folder / "in", folder / "out", **files, **options)
    return folder / "out"


def answers(ask):
    """Ask the five questions; ``ask`` takes SQL and gives rows, each with its number last."""
    return {question: {plain(row[:-1]): row[-1] for row in ask(text)} for question, text in SQL.items()}


def plain(key):
    """Write the dates of a key as text and missing values as None, whichever type a reader gives them."""
    return tuple(
        None
        if part is None or pd.isna(part)
        else part.isoformat()[:10]
        if hasattr(part, "isoformat")
        else part
        for part in key
    )


def answers_of_pandas(read):
    """Answer the five questions with pandas; ``read`` gives a table of the dataset by its name."""
    visits, trajectories = read("visits"), read("trajectories")
    entered = visits[visits["entry"].isin(OBSERVED)]
    footfall = entered.groupby(["zone", "local_date", "local_hour"], dropna=False, observed=True).size()
    order = {"seconds": False, "row": True, "column": True}
    cells = read("heatmap").sort_values([*order], ascending=[*order.values()]).drop_duplicates("video")
    ways = read("transitions").groupby(["origin", "destination"], observed=True)["transitions"].sum()
    dwell = visits.groupby(["video", "zone"], observed=True)["dwell_s"].sum()
    return {
        "dwell by zone": dwell.to_dict(),
        "hourly footfall": {plain(key): count for key, count in footfall.items()},
        "busiest cell": cells.set_index(["video", "row", "column"])["seconds"].to_dict(),
        "median speed": {
            ("m/s",): trajectories["speed_m_per_s"].median(),
            ("px/s",): trajectories["speed_px_per_s"].median(),
        },
        "transitions": ways.to_dict(),
    }


def answers_of_polars(scan):
    """Answer the five questions with polars; ``scan`` gives a lazy table of the dataset by its name."""
    import polars as pl  # noqa: PLC0415 - Spark's test does without it

    def answer(table):
        return {plain(row[:-1]): row[-1] for row in table.collect().rows()}

    entered = scan("visits").filter(pl.col("entry").is_in(OBSERVED))
    cells = scan("heatmap").sort("seconds", "row", "column", descending=[True, False, False])
    speeds = scan("trajectories").select(pl.col("speed_m_per_s", "speed_px_per_s").median()).collect().row(0)
    return {
        "dwell by zone": answer(scan("visits").group_by("video", "zone").agg(pl.col("dwell_s").sum())),
        "hourly footfall": answer(entered.group_by("zone", "local_date", "local_hour").len()),
        "busiest cell": answer(
            cells.unique("video", keep="first", maintain_order=True).select(
                "video", "row", "column", "seconds"
            )
        ),
        "median speed": {("m/s",): speeds[0], ("px/s",): speeds[1]},
        "transitions": answer(
            scan("transitions").group_by("origin", "destination").agg(pl.col("transitions").sum())
        ),
    }


def truth(data):
    """Answer the five questions with pandas and ``VideoAnalysis``, without a dataset."""
    dwell, footfall, ways, cells, speeds = {}, {}, [], {}, {"px": [], "m": []}
    for reference in [*find_videos(data / "day/pages"), *find_videos(data / "shop/pages")]:
        name = reference.name
        folder = data / ("day" if name in STARTED else "shop")
        floor = folder / "floor.json" if name == "evening" else None
        analysis = open_video(reference, zones=folder / "zones.geojson", floor=floor)
        visits, unit = analysis["visits"], "px" if floor is None else "m"
        for zone, span in visits["dwell"].groupby(level="zone", observed=True).sum().items():
            dwell[name, zone] = span.total_seconds()
        entered = visits[visits["entry"].isin(OBSERVED)]
        for zone, moment in zip(entered.index.get_level_values("zone"), entered["entered"], strict=True):
            when = (None, None)
            if name in STARTED:
                clock = pd.Timestamp(STARTED[name]).tz_convert(ZONE) + moment
                when = clock.strftime("%Y-%m-%d"), clock.hour
            footfall[zone, *when] = footfall.get((zone, *when), 0) + 1
        ways.append(analysis["transitions"]["transitions"])
        seconds = analysis["heatmap"]["seconds"]
        cells[name, *seconds.idxmax()] = seconds.max()
        speeds[unit].append(analysis.trajectories[f"speed_{unit}_per_s"])
    return {
        "dwell by zone": dwell,
        "hourly footfall": footfall,
        "busiest cell": cells,
        "median speed": {(f"{unit}/s",): float(pd.concat(found).median()) for unit, found in speeds.items()},
        "transitions": pd.concat(ways).groupby(level=[0, 1], observed=True).sum().to_dict(),
    }
