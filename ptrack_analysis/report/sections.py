"""The sections of one video's report that show its tables, pictures and the explorer."""

import pandas as pd

from ptrack_analysis.analysis.selection import select
from ptrack_analysis.analysis.stays.lengths import seen_whole
from ptrack_analysis.report.definitions import column_text
from ptrack_analysis.report.measured import Measured
from ptrack_analysis.report.parts import Explored, Heading, Part, Section, Table, Words, isolated
from ptrack_analysis.report.pictures import (
    MOST_LINES,
    counts_figure,
    heatmap_figure,
    occupancy_figure,
    paths_figure,
    survival_figure,
    transitions_figure,
)
from ptrack_analysis.report.tables import table_of
from ptrack_analysis.schema import BINS, DWELL, INTERVALS, TRACKS, TRANSITIONS, VISITS, empty
from ptrack_analysis.summary.text import span
from ptrack_analysis.web.payload import explorer_data

MOST_EXPLORED = 150_000
_ASK = (
    "No {which} were given, so this page has no {what}. Draw them with `ptrack zones BACKDROP -o FILE`, and "
    "give the file with `--zones FILE`."
)
_ASK_BOTH = _ASK.format(which="zones and lines", what="stays, no transitions and no counts")
_ASK_ZONES = _ASK.format(which="zones", what="stays and no transitions")


def zones_section(measured: Measured) -> Section:
    """Say who stayed in which zone, and for how long."""
    visits = measured.visits
    if visits is None:
        said = _ASK_ZONES if measured.analysis.lines else _ASK_BOTH
        if measured.analysis.config.zones is not None and not measured.analysis.lines:
            said = "Of the zones and lines that were given, none is of this video."
        return Section("zones", "Dwell by zone", [Words(said, "note")])
    stays = len(visits)
    cut = stays - int(seen_whole(visits).sum())
    said = (
        f"{cut} of {stays} stays were not seen whole: they began before or ended after they were seen. The "
        "median takes that into account (Kaplan-Meier); the mean of what was seen does not, and is too short "
        "by it."
    )
    parts: list[Part] = [Words(said if stays else "Nobody stayed in a zone."), _dwell_table(measured)]
    figure = survival_figure(measured)
    parts += [] if figure is None else [figure]
    parts.append(_visits_table(measured))
    return Section("zones", "Dwell by zone", parts)


def _dwell_table(measured: Measured) -> Table:
    """Set the median with its interval beside the naive mean with its own."""
    stays = measured.stays if measured.stays is not None else empty(INTERVALS)
    means = stays.reset_index("figure", drop=True)
    rows = [
        [
            zone["zone"],
            zone["visitors"],
            zone["visits"],
            *(zone[f"median_dwell{end}_s"] for end in ("", "_low", "_high")),
            zone["naive_mean_dwell_s"],
            *_bounds(means, zone["zone"]),
            zone["cut"],
            zone["left_out"],
            zone["total_dwell_s"],
            zone["occupancy"]["peak"],
        ]
        for zone in measured.figures["zones"]
    ]
    texts = {
        name: column_text(DWELL, name) for name in ("median", "median_low", "median_high", "cut", "left_out")
    }
    ends = " By drawing persons anew, as `compute_intervals` does."
    headings = [
        Heading("zone", "zone"),
        Heading("visitors", "persons", "Different persons who stayed in it.", 0),
        Heading("stays", "stays", column_text(DWELL, "stays"), 0),
        Heading("median_s", "median [s]", texts["median"], 1),
        Heading("median_low_s", "from", texts["median_low"], 1),
        Heading("median_high_s", "to", texts["median_high"], 1),
        Heading("naive_mean_s", "mean [s]", column_text(DWELL, "naive_mean"), 1),
        Heading("naive_mean_low_s", "from", f"Lower bound of the mean.{ends}", 1),
        Heading("naive_mean_high_s", "to", f"Upper bound of the mean.{ends}", 1),
        Heading("cut", "cut", texts["cut"], 0),
        Heading("left_out", "left out", texts["left_out"], 0),
        Heading("dwell_s", "in all [s]", column_text(VISITS, "dwell"), 1),
        Heading("max_persons", "most at a time", "Largest number of persons at any moment.", 0),
    ]
    return Table("dwell", "Dwell by zone, with 95% intervals", headings, rows, row="the stays in one zone")


def _bounds(means: pd.DataFrame, zone: str) -> list[float | None]:
    if zone not in means.index:
        return [None, None]
    row = means.loc[zone]
    return [None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high")]


def _visits_table(measured: Measured) -> Table:
    visits = measured.visits if measured.visits is not None else empty(VISITS)
    ordered = visits.sort_values("entered", kind="stable")
    columns = ["zone", "person_index", "entered", "exited", "dwell", "entry", "exit"]
    labels = {"person_index": "person"}
    return table_of(ordered, VISITS, "Stays", columns, labels=labels, clock=measured.clock)


def presence_section(measured: Measured) -> Section:
    """Say how many were there, over time."""
    bins = measured.analysis["occupancy_bins"]
    scene = bins[bins.index.get_level_values("zone") == ""]
    table = table_of(
        scene,
        BINS,
        "Presence in the scene by interval",
        ["timestamp", "interval", "mean_persons", "max_persons", "person_seconds"],
        labels={
            "timestamp": "from",
            "interval": "length",
            "mean_persons": "on average",
            "max_persons": "at most",
        },
        clock=measured.clock,
        digits={"person_seconds": 0},
    )
    figures = [occupancy_figure(measured)] if measured.figures["persons"] else []
    return Section("presence", "Occupancy over time", [*figures, table])


def ways_section(measured: Measured) -> Section | None:
    """Say from where to where persons went."""
    if not measured.analysis.zones:
        return None
    figure = transitions_figure(measured)
    table = table_of(
        measured.analysis["transitions"].sort_values("transitions", ascending=False, kind="stable"),
        TRANSITIONS,
        "Transitions from zone to zone",
        ["origin", "destination", "transitions", "persons", "share", "median_travel"],
        labels={
            "origin": "from",
            "destination": "to",
            "transitions": "times",
            "median_travel": "median time",
        },
    )
    return Section("ways", "From zone to zone", [*([] if figure is None else [figure]), table])


def lines_section(measured: Measured) -> Section | None:
    """Say how often the lines were crossed."""
    figure = counts_figure(measured)
    if figure is None:
        return None
    balance = measured.figures["balance"]
    rows = [[line["line"], line["in_total"], line["out_total"]] for line in measured.figures["lines"]]
    headings = [
        Heading("line", "line"),
        Heading("in_count", "in", digits=0),
        Heading("out_count", "out", digits=0),
    ]
    said = (
        f"At the end {balance['counted']} persons are there by counting over "
        f"{', '.join(map(isolated, balance['lines']))}, "
        f"{balance['present']} by presence: a drift of {balance['drift']:+d}."
    )
    left = len(measured.analysis.lines) - MOST_LINES
    parts: list[Part] = [figure, Words(said), Table("lines", "Crossings of each line", headings, rows)]
    if left > 0:
        parts.insert(1, Words(f"The first {MOST_LINES} lines are drawn, {left} are not.", "note"))
    return Section("lines", "Lines", parts)


def places_section(measured: Measured) -> Section:
    """Show where persons were, and on which ways."""
    return Section("places", "Where people were", [heatmap_figure(measured), paths_figure(measured)])


def explorer_section(measured: Measured) -> Section:
    """Let the reader see persons move; of a very large video the first part."""
    analysis = measured.analysis
    detections, trajectories, visits = analysis.detections, analysis.trajectories, measured.visits
    parts: list[Part] = []
    if len(trajectories) > MOST_EXPLORED:
        moments = trajectories.index.get_level_values("timestamp")
        until = pd.Timedelta(moments.sort_values()[MOST_EXPLORED])
        detections = select(detections, end=until)
        trajectories = trajectories[moments < until]
        parts.append(Words(_first_part(measured, until, len(trajectories)), "note"))
    data = explorer_data(
        trajectories,
        analysis.video,
        zones=analysis.zones,
        lines=analysis.lines,
        detections=detections,
        visits=visits,
        backdrop=measured.embedded,
        extent=None if analysis.floor_plan is None else analysis.floor_plan.extent,
    )
    first = measured.figures["occupancy"]["peak_at_s"] or 0.0
    parts += [Words(note, "note") for note in data["notes"]]
    return Section("explore", "Explore", [*parts, Explored(data, round(1000 * first))])


def _first_part(measured: Measured, until: pd.Timedelta, rows: int) -> str:
    total = len(measured.analysis.trajectories)
    return (
        f"The explorer holds the first {span(until.total_seconds())} of the video, {rows} of {total} "
        "detections, to keep the page small; all figures are of all of them."
    )


def persons_section(measured: Measured) -> Section:
    """List the persons."""
    unit = measured.analysis.config.unit
    columns = ["person_index", "first_seen", "last_seen", "dwell", "unlocated", f"path_{unit}"]
    table = table_of(
        measured.analysis["persons"].sort_values("first_seen", kind="stable"),
        TRACKS,
        "Persons",
        columns,
        unit=unit,
        labels={"person_index": "person", "dwell": "in the scene"},
        digits={f"path_{unit}": 1},
        name="persons",
        clock=measured.clock,
    )
    return Section("persons", "Persons", [table])
