"""The zones of a dataset compared: over all its videos, and video by video."""

import pandas as pd

from ptrack_analysis.analysis.stays.lengths import seen_whole
from ptrack_analysis.report.definitions import column_text
from ptrack_analysis.report.overview.sums import Read
from ptrack_analysis.report.parts import Cell, Grid, Heading, Section, Table, Words
from ptrack_analysis.schema import DWELL, VISITS

_WITHHELD_STAYS = (
    "Withheld: the comparison needs the stays of single people and medians. The tables dwell and retail of "
    "the dataset have the figures that remain."
)
_ASK = "The dataset has no zones: export again with `--zones FILE` to compare stays."


def zones_section(read: Read) -> Section:
    """Compare the zones by name, over all videos and in each."""
    if read.withheld and read.dwell_by_entry is not None:
        return Section("zones", "Zones compared", [Words(_WITHHELD_STAYS, "note")])
    if read.visits is None or read.dwell_by_entry is None:
        return Section("zones", "Zones compared", [Words(_ASK, "note")])
    headings = [
        Heading("zone", "zone"),
        Heading("videos", "videos", "Videos in which somebody stayed in it.", 0),
        Heading("stays", "stays", column_text(DWELL, "stays"), 0),
        Heading("dwell_s", "in all [s]", column_text(VISITS, "dwell"), 1),
        Heading("naive_mean_s", "mean seen [s]", "Mean of the dwell as seen, of all stays.", 1),
        Heading("cut_share", "not seen whole", "Share of stays whose beginning or end was not seen.", 2),
    ]
    zones = sorted(set(read.visits.index.get_level_values("zone")))
    names = read.visits.index.get_level_values("zone")
    rows = [_row(read.visits[names == zone], zone) for zone in zones]
    table = Table("zones", "Zones over all videos", headings, rows, row="all stays in zones of one name")
    medians = _medians(read.dwell_by_entry, read.videos.index.tolist(), zones)
    return Section("zones", "Zones compared", [table, medians])


def _row(stays: pd.DataFrame, zone: str) -> list[Cell]:
    seconds = stays["dwell"].dt.total_seconds()
    videos = int(stays.index.get_level_values("video").nunique())
    total, mean, cut = float(seconds.sum()), float(seconds.mean()), float(1 - seen_whole(stays).mean())
    return [zone, videos, len(stays), total, mean, cut]


def _medians(by_entry: pd.DataFrame, videos: list[str], zones: list[str]) -> Grid:
    """Set the median stays of each video side by side, by Kaplan-Meier."""
    seen = by_entry[by_entry.index.get_level_values("entry") == "crossed"]["median"].dt.total_seconds()
    known = {(video, zone): value for (video, zone, _), value in seen.items() if not pd.isna(value)}
    cells = [[known.get((video, zone)) for zone in zones] for video in videos]
    caption = "Median of the stays that were seen to begin, by Kaplan-Meier"
    return Grid(
        caption, videos, zones, cells, "s", none="no median: nobody, or more than half not seen to leave"
    )
