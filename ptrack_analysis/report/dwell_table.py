"""The table of the report with the dwell in each zone."""

import pandas as pd

from ptrack_analysis.report.estimates import GARWOOD
from ptrack_analysis.report.key_figures import number
from ptrack_analysis.report.opening import ReportData
from ptrack_analysis.report.parts import Heading, ReportTable, column_text
from ptrack_analysis.schema import DWELL, INTERVALS, VISITS, empty_table


def dwell_table(measured: ReportData) -> ReportTable:
    """List the dwell in each zone: the median and the observed mean, each with its interval."""
    stays = measured.stays if measured.stays is not None else empty_table(INTERVALS)
    means = stays.reset_index("figure", drop=True)
    rows = [
        [
            zone["zone"],
            zone["visitors"],
            *(zone[f"visits{end}"] for end in ("", "_low", "_high")),
            *(zone[f"median_dwell{end}_s"] for end in ("", "_low", "_high")),
            zone["naive_mean_dwell_s"],
            *_bounds(means, zone["zone"])[:2],
            zone["end_unobserved"],
            zone["start_unobserved"],
            zone["total_dwell_s"],
            zone["occupancy"]["peak"],
            ", ".join(zone["affected_by"]),
            _note(zone["dwell_note"], _bounds(means, zone["zone"])[2]),
        ]
        for zone in measured.figures["zones"]
    ]
    texts = {
        name: column_text(DWELL, name)
        for name in ("median", "median_low", "median_high", "end_unobserved", "start_unobserved")
    }
    ends = " Jackknife over people; see `compute_confidence_intervals`."
    headings = [
        Heading("zone", "zone"),
        Heading("visitors", "persons", "Different persons who stayed in it.", 0),
        Heading("visits", "visits", column_text(DWELL, "visits"), 0),
        Heading("visits_low", "from", f"Lower bound of the number of visits.{GARWOOD}", 1),
        Heading("visits_high", "to", f"Upper bound of the number of visits.{GARWOOD}", 1),
        Heading("median_s", "median [s]", texts["median"], 1),
        Heading("median_low_s", "from", texts["median_low"], 1),
        Heading("median_high_s", "to", texts["median_high"], 1),
        Heading("observed_mean_s", "mean [s]", column_text(DWELL, "observed_mean"), 1),
        Heading("observed_mean_low_s", "from", f"Lower bound of the mean.{ends}", 1),
        Heading("observed_mean_high_s", "to", f"Upper bound of the mean.{ends}", 1),
        Heading("end_unobserved", "end not observed", texts["end_unobserved"], 0),
        Heading("start_unobserved", "start not observed", texts["start_unobserved"], 0),
        Heading("dwell_s", "in all [s]", column_text(VISITS, "dwell"), 1),
        Heading("max_persons", "most at a time", "Largest number of persons at any moment.", 0),
        Heading("affected_by", "checks", "Quality checks that are doubtful or bad for dwell in this zone."),
        Heading("note", "on the intervals", "Why a bound is missing, or how far to trust an interval."),
    ]
    return ReportTable(
        "dwell", "Dwell by zone, with 95% intervals", headings, rows, row="the visits to one zone"
    )


def _bounds(means: pd.DataFrame, zone: str) -> tuple[float | None, float | None, str]:
    """Return the interval of the mean dwell, and why it is blank or how far to trust it."""
    if zone not in means.index:
        return None, None, ""
    row = means.loc[zone]
    return number(row["low"]), number(row["high"]), str(row["note"])


def _note(of_dwell: str, of_mean: str) -> str:
    """Return the notes on the two intervals of the table: of the median and of the mean."""
    notes = [note for note in of_dwell.split("; ") if note.startswith("median: ")]
    return "; ".join([*notes, *([f"mean: {of_mean}"] if of_mean else [])])
