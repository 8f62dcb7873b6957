"""The overview of a dataset."""

import math
from collections.abc import Iterator
from html import escape

import numpy as np
import pandas as pd

from ptrack_analysis import __version__
from ptrack_analysis.analysis.uncertainty.estimates import estimate_count
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.dataset.opening import Dataset
from ptrack_analysis.report.estimates import GARWOOD
from ptrack_analysis.report.overview_data import (
    WITHHELD,
    Read,
    compute_means,
    find_maximum,
    find_verdict,
    hours_section,
    presence,
    read_all,
    select_scene,
)
from ptrack_analysis.report.parts import (
    Cell,
    Grid,
    Heading,
    Items,
    Key,
    Keys,
    Multiples,
    Report,
    ReportFigure,
    ReportTable,
    Section,
    Words,
    column_text,
    find_verdict_kind,
)
from ptrack_analysis.report.summary import span
from ptrack_analysis.schema import DWELL, OCCUPANCY, TRACKS, VISITS

_WIDTH, _HEIGHT, _LEFT, _TOP, _BELOW = 240.0, 92.0, 22.0, 8.0, 16.0


def presence_figure(scene: pd.DataFrame, most: float, *, alt: str, ends: tuple[str, str]) -> ReportFigure:
    """Draw how many persons were present on average in each interval, as steps; a gap where it is withheld.

    Parameters
    ----------
    scene
        OCCUPANCY of one video, in the order of time.
    most
        The value at the top, the same for all pictures that stand side by side.
    alt
        What the picture shows.
    ends
        What stands at the begin and at the end of the time axis.
    """
    starts = scene.index.get_level_values("timestamp").to_numpy().astype("int64") / 1000.0
    recorded = scene["recorded_time"].dt.total_seconds().to_numpy()
    if len(starts) > 1:  # of the first bin, the video may cover the end only
        starts[0] = starts[1] - recorded[0]
    until = starts + recorded
    values = compute_means(scene).to_numpy()
    floor = _HEIGHT - _BELOW
    area = " ".join(
        f"M{steps[0][0]:.1f} {floor:.1f} "
        + " ".join(f"L{x:.1f} {y:.1f}" for x, y in steps)
        + f" L{steps[-1][0]:.1f} {floor:.1f} Z"
        for steps in _steps(starts, until, values, most)
    )
    label = f"{most:.0f}" if most >= 1 else f"{most:.1f}"
    svg = (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(alt)}" '
        'font-size="9.5">'
        f'<path class="g" d="M{_LEFT} {_TOP} H{_WIDTH}" stroke-width="0.8" fill="none"/>'
        f'<path d="{area}" fill="#0072B2" fill-opacity="0.55"/>'
        f'<path class="a" d="M{_LEFT} {floor} H{_WIDTH}" stroke-width="0.8" fill="none"/>'
        f'<text class="t" x="{_LEFT - 4}" y="{_TOP + 4}" text-anchor="end">{label}</text>'
        f'<text class="t" x="{_LEFT - 4}" y="{floor}" text-anchor="end">0</text>'
        f'<text class="t" x="{_LEFT}" y="{_HEIGHT - 3}">{escape(ends[0])}</text>'
        f'<text class="t" x="{_WIDTH - 1}" y="{_HEIGHT - 3}" text-anchor="end">{escape(ends[1])}</text></svg>'
    )
    return ReportFigure(svg, alt)


def _steps(
    starts: np.ndarray, until: np.ndarray, values: np.ndarray, most: float
) -> Iterator[list[tuple[float, float]]]:
    """Return the corners of the steps in the picture, for each piece without a gap."""
    begin, length = starts[0], max(until[-1] - starts[0], 1e-9)
    across = (_WIDTH - _LEFT) / length
    down = (_HEIGHT - _BELOW - _TOP) / (most or 1.0)
    corners: list[tuple[float, float]] = []
    for start, end, value in zip(starts, until, values, strict=True):
        if np.isnan(value):
            if corners:
                yield corners
            corners = []
            continue
        level = _HEIGHT - _BELOW - value * down
        corners += [(_LEFT + (start - begin) * across, level), (_LEFT + (end - begin) * across, level)]
    if corners:
        yield corners


_WITHHELD_STAYS = (
    "Withheld: the comparison needs the stays of single people and medians. The tables dwell and retail of "
    "the dataset have the figures that remain."
)
_ASK = "The dataset has no zones: export again with `--zones FILE` to compare visits."


def zones_section(read: Read) -> Section:
    """Compare the zones by name, over all videos and in each."""
    if read.withheld and read.dwell is not None:
        return Section("zones", "Zones compared", [Words(_WITHHELD_STAYS, "note")])
    if read.visits is None or read.dwell is None:
        return Section("zones", "Zones compared", [Words(_ASK, "note")])
    headings = [
        Heading("zone", "zone"),
        Heading("videos", "videos", "Videos in which somebody stayed in it.", 0),
        Heading("visits", "visits", column_text(DWELL, "visits"), 0),
        Heading("visits_low", "from", f"Lower bound of the number of visits.{GARWOOD}", 1),
        Heading("visits_high", "to", f"Upper bound of the number of visits.{GARWOOD}", 1),
        Heading("dwell_s", "in all [s]", column_text(VISITS, "dwell"), 1),
        Heading("observed_mean_s", "observed mean [s]", "Mean of the observed dwell of all visits.", 1),
        Heading("cut_share", "not seen whole", "Share of visits whose start or end was not observed.", 2),
    ]
    zones = sorted(set(read.visits.index.get_level_values("zone")))
    names = read.visits.index.get_level_values("zone")
    rows = [_row(read.visits[names == zone], zone) for zone in zones]
    table = ReportTable(
        "zones",
        "Zones over all videos, with 95% intervals",
        headings,
        rows,
        row="all visits to zones of one name",
    )
    medians = _medians(read.dwell, read.videos.index.tolist(), zones)
    return Section("zones", "Zones compared", [table, medians])


def _row(stays: pd.DataFrame, zone: str) -> list[Cell]:
    seconds = stays["dwell"].dt.total_seconds()
    videos = int(stays.index.get_level_values("video").nunique())
    total, mean, cut = float(seconds.sum()), float(seconds.mean()), float(1 - stays["complete"].mean())
    people = [name for name in stays.index.names if name not in {"zone", "visit"}]
    visits = estimate_count(stays.groupby(level=people).size())
    return [zone, videos, len(stays), visits.low, visits.high, total, mean, cut]


def _medians(dwell: pd.DataFrame, videos: list[str], zones: list[str]) -> Grid:
    """Lay out the median dwell of each video and zone (Kaplan-Meier)."""
    seconds = dwell["median"].dt.total_seconds()
    known = {(video, zone): value for (video, zone), value in seconds.items() if not pd.isna(value)}
    cells = [[known.get((video, zone)) for zone in zones] for video in videos]
    caption = "Median dwell of the visits with an observed start (Kaplan-Meier)"
    none = "no median: no such visit, or the end of more than half was not observed"
    return Grid(caption, videos, zones, cells, "s", none=none)


MOST_SMALL = 48
_WITHHELD_CHECKS = (
    "Withheld: the dataset was exported with a smallest count of people (`--min-count`), so it has no "
    "quality checks and no tables of single people."
)
_WITHHELD_KEYS = "The total numbers of people and of stays are withheld."
_WITHHELD_INTERVALS = "The figures by interval are withheld: the dataset has figures by hour only."
_RANKS = {
    "bad": "not usable for some outputs",
    "doubtful": "usable with care",
    "unknown": "unknown",
    "good": "good",
}


def overview_report(dataset: Dataset) -> Report:
    """Gather all that the overview of a dataset tells.

    Raises
    ------
    InputError
        If a file of the dataset is missing or damaged.
    """
    read = read_all(dataset)
    sections = [
        _trust(read),
        _keys(read),
        hours_section(read),
        zones_section(read),
        _videos_side_by_side(read),
        _definitions(),
    ]
    number = len(read.videos)
    sites = sorted(set(read.videos["site"].dropna()))
    where = f", at {len(sites)} site{'s' if len(sites) > 1 else ''}" if sites else ""
    return Report(
        title=f"Overview of {number} video{'' if number == 1 else 's'}",
        subtitle=f"Where people were, when, and for how long{where}",
        sections=[one for one in sections if one is not None],
        footer=f"Made with ptrack-analysis {__version__}. The page asks for nothing from the network.",
    )


def _trust(read: Read) -> Section:
    """Describe first how far to trust each video."""
    names = read.videos.index.tolist()
    verdicts = {name: (WITHHELD, "") if read.withheld else find_verdict(read.quality, name) for name in names}
    kinds = [find_verdict_kind(verdict) for verdict, _ in verdicts.values()]
    counts = pd.Series(kinds).value_counts()
    worst = next((one for one in _RANKS if one in counts), "unknown")
    said = ", ".join(f"{counts[one]} {words}" for one, words in _RANKS.items() if one in counts)
    headings = [
        Heading("video", "video"),
        Heading("verdict", "verdict", "The verdict of the quality checks of its tracking."),
        Heading("checks", "checks that are not good"),
        *_facts_headings(),
    ]
    rows = [[name, *verdicts[name], *_facts(read, name)] for name in names]
    table = ReportTable("videos", "Videos", headings, rows, row="one video", marks="verdict")
    words = Words(f"Of {len(names)} videos: {said}.", worst)
    if read.withheld:
        words = Words(_WITHHELD_CHECKS, "note")
    return Section("trust", "How far to trust the videos", [words, table])


def _facts_headings() -> list[Heading]:
    return [
        Heading("recorded", "recorded (local time)"),
        Heading("site", "site"),
        Heading("camera", "camera"),
        Heading("duration_s", "length [s]", digits=0),
        Heading("persons", "persons", f"A row of persons is {TRACKS.row}.", 0),
        Heading("mean_persons", "present on average", column_text(OCCUPANCY, "mean_persons"), 2),
        Heading("max_persons", "at most", column_text(OCCUPANCY, "max_persons"), 0),
    ]


def _facts(read: Read, name: str) -> list[Cell]:
    row = _overview_row(read, name)
    mean, most = presence(select_scene(read.bins, name))
    length = None if pd.isna(row["duration"]) else float(row["duration"].total_seconds())
    return [
        local_start(row),
        *(None if pd.isna(row.get(one)) else str(row[one]) for one in ("site", "camera")),
        length,
        read.shown(None if read.persons is None else int(read.persons.get(name, 0))),
        read.shown(mean),
        read.shown(most),
    ]


def _overview_row(read: Read, name: str) -> pd.Series:
    """Return what is known of one video."""
    return read.videos.iloc[read.videos.index.tolist().index(name)]


def local_start(row: pd.Series) -> str | None:
    """Write when a video was recorded, by its place's clock."""
    if pd.isna(row["started_at"]) or pd.isna(row["timezone"]):
        return None
    return f"{row['started_at'].tz_convert(parse_timezone(str(row['timezone']))):%Y-%m-%d %H:%M}"


def _keys(read: Read) -> Section:
    lengths = read.videos["duration"].dropna().dt.total_seconds()
    keys = [
        Key("Videos", str(len(read.videos)), f"{span(float(lengths.sum()))} in all"),
    ]
    if read.persons is not None:
        keys.append(Key("Persons", str(int(read.persons.sum())), "in each video anew"))
    if read.visits is not None:
        total = float(read.visits["dwell"].dt.total_seconds().sum())
        keys.append(Key("Visits to zones", str(len(read.visits)), f"{span(total)} in all"))
    if read.occupancy is not None and len(read.occupancy):
        keys.append(Key("Days", str(read.occupancy["local_date"].nunique()), "by the places' clocks"))
    words = [Words(_WITHHELD_KEYS, "note")] if read.withheld else []
    return Section("figures", "Key figures", [Keys(keys), *words])


def _videos_side_by_side(read: Read) -> Section | None:
    """Draw the presence in each video, all on one scale."""
    if read.bins is None and read.withheld:
        return Section("videos", "Videos side by side", [Words(_WITHHELD_INTERVALS, "note")])
    if read.bins is None or read.bins.empty:
        return None
    order = read.videos.sort_values(["site", "camera", "started_at"], kind="stable").index
    found = {str(name): select_scene(read.bins, str(name)) for name in order}
    scenes = {name: scene for name, scene in found.items() if scene is not None and len(scene)}
    most = math.ceil(max((find_maximum(scene) for scene in scenes.values()), default=1.0)) or 1
    drawn = [*scenes.items()][:MOST_SMALL]
    small = [_small(_overview_row(read, name), name, scene, most) for name, scene in drawn]
    left = len(scenes) - len(small)
    said = "Persons present on average in each interval; every picture has the same scale upwards."
    said += " Where a value is withheld, the picture has a gap." if read.withheld else ""
    more = f" The first {MOST_SMALL} videos are drawn, {left} are not." if left else ""
    return Section("videos", "Videos side by side", [Words(said + more), Multiples(small)])


def _small(row: pd.Series, name: str, scene: pd.DataFrame, most: float) -> tuple[str, str, ReportFigure]:
    start = local_start(row)
    length = float(scene["recorded_time"].dt.total_seconds().sum())
    where = [str(row[one]) for one in ("site", "camera") if not pd.isna(row.get(one))]
    below = ", ".join([*where, *([start] if start else [])])
    ends = (start[-5:] if start else "0:00", f"+{span(length)}")
    most_known = f"{find_maximum(scene):.1f} at most in an interval"
    is_known = scene["person_seconds"].notna().all()
    alt = f"Persons present in {name}: {most_known if is_known else 'withheld in some intervals'}."
    return name, below, presence_figure(scene, most, alt=alt, ends=ends)


def _definitions() -> Section:
    notes = [
        "Persons are known within one video only: who comes twice, or is seen by two cameras, counts twice.",
        "Videos were measured as they were exported; their parameters are in the dataset's records.",
    ]
    return Section("definitions", "Definitions", [Items(notes)])
