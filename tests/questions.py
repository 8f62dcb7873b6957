"""Five questions that BI people ask of a dataset: in SQL, in pandas, in polars, answered without it too."""

import pandas as pd

from ptrack_analysis import (
    compute_heatmap,
    compute_trajectories,
    compute_transitions,
    compute_visits,
    find_videos,
    read_floor_plan,
    read_tracking,
    read_zones,
)

ZONE = "Europe/Berlin"
STARTED = {
    "morning": "2024-05-06T08:59:10+02:00",  # each goes on into the next hour
    "noon": "2024-05-06T12:59:20+02:00",
    "evening": "2024-05-06T18:59:30+02:00",
}
SQL = {
    "dwell by zone": "SELECT video, zone, sum(dwell_s) FROM visits GROUP BY video, zone",
    "hourly footfall": (
        "SELECT zone, local_date, local_hour, sum(entries) FROM visits_hourly "
        "GROUP BY zone, local_date, local_hour HAVING sum(entries) > 0"
    ),
    "busiest cell": (
        "SELECT h.row, h.column, sum(h.seconds) AS total FROM heatmap AS h "
        "GROUP BY h.row, h.column ORDER BY total DESC LIMIT 1"
    ),
    "median speed": "SELECT 'm/s', median(speed_m_per_s) FROM trajectories",
    "transitions": (
        "SELECT origin, destination, sum(transitions) FROM transitions GROUP BY origin, destination"
    ),
}
TABLES = ("visits", "visits_hourly", "heatmap", "trajectories", "transitions")


def recordings(path):
    """Write a table of recordings, as a user would."""
    lines = [f"{video},{started},{ZONE},high street,{video}" for video, started in STARTED.items()]
    path.write_text("\n".join(["video,started_at,timezone,site,camera", *lines]) + "\n")
    return path


def answers(ask):
    """Ask the five questions; ``ask`` takes SQL and gives rows, each with its number last."""
    return {question: {plain(row[:-1]): row[-1] for row in ask(text)} for question, text in SQL.items()}


def plain(key):
    """Write the dates of a key as text, whichever type a reader gives them."""
    return tuple(part.isoformat()[:10] if hasattr(part, "isoformat") else part for part in key)


def answers_of_pandas(read):
    """Answer the five questions with pandas; ``read`` gives a table of the dataset by its name."""
    footfall = read("visits_hourly").groupby(["zone", "local_date", "local_hour"])["entries"].sum()
    cells = read("heatmap").groupby(["row", "column"])["seconds"].sum()
    return {
        "dwell by zone": read("visits").groupby(["video", "zone"])["dwell_s"].sum().to_dict(),
        "hourly footfall": {plain(key): count for key, count in footfall[footfall > 0].items()},
        "busiest cell": {cells.idxmax(): cells.max()},
        "median speed": {("m/s",): read("trajectories")["speed_m_per_s"].median()},
        "transitions": read("transitions").groupby(["origin", "destination"])["transitions"].sum().to_dict(),
    }


def answers_of_polars(scan):
    """Answer the five questions with polars; ``scan`` gives a lazy table of the dataset by its name."""
    import polars as pl  # noqa: PLC0415 - Spark's test does without it

    def sums(table, keys, number):
        return {tuple(row[:-1]): row[-1] for row in _sums(table, keys, number).collect().rows()}

    def _sums(table, keys, number):
        return scan(table).group_by(keys).agg(pl.col(number).sum())

    footfall = _sums("visits_hourly", ["zone", "local_date", "local_hour"], "entries")
    cell = _sums("heatmap", ["row", "column"], "seconds").sort("seconds").tail(1).collect().row(0)
    speed = scan("trajectories").select(pl.col("speed_m_per_s").median()).collect().item()
    return {
        "dwell by zone": sums("visits", ["video", "zone"], "dwell_s"),
        "hourly footfall": {plain(r[:-1]): r[-1] for r in footfall.collect().rows() if r[-1] > 0},
        "busiest cell": {cell[:-1]: cell[-1]},
        "median speed": {("m/s",): speed},
        "transitions": sums("transitions", ["origin", "destination"], "transitions"),
    }


def truth(day):
    """Answer the five questions from the pages, without the dataset."""
    dwell, footfall, ways, seconds, speeds = {}, {}, [], [], []
    floor = read_floor_plan(day / "floor.json")
    for reference in find_videos(day / "pages"):
        detections, video = read_tracking(reference)
        zones, _ = read_zones(day / "zones.geojson", video, plane=floor)
        trajectories = compute_trajectories(detections, video, plane=floor)
        visits = compute_visits(trajectories, zones, video)
        for zone, span in visits["dwell"].groupby(level="zone").sum().items():
            dwell[video.name, zone] = span.total_seconds()
        crossed = visits[visits["entry"] == "crossed"]
        clock = pd.Timestamp(STARTED[video.name]).tz_convert(ZONE) + crossed["entered"]
        for zone, moment in zip(crossed.index.get_level_values("zone"), clock, strict=True):
            hour = zone, moment.strftime("%Y-%m-%d"), moment.hour
            footfall[hour] = footfall.get(hour, 0) + 1
        ways.append(compute_transitions(visits)["transitions"])
        seconds.append(compute_heatmap(trajectories, video, bounds=floor.bounds).values)
        speeds.append(trajectories["speed_m_per_s"])
    total = sum(seconds[1:], seconds[0])
    row, column = divmod(int(total.argmax()), total.shape[1])
    return {
        "dwell by zone": dwell,
        "hourly footfall": footfall,
        "busiest cell": {(row, column): float(total.max())},
        "median speed": {("m/s",): float(pd.concat(speeds).median())},
        "transitions": pd.concat(ways).groupby(level=[0, 1]).sum().to_dict(),
    }
