"""Tables of quality checks and confidence intervals."""

from ptrack_analysis.schema.table import ZONE, Column, Table

VERDICTS = ("good", "doubtful", "bad", "unknown")

QUALITY = Table(
    name="quality",
    row="one check of one video, zone or line",
    key=(
        Column("check", "text", "Name of the check."),
        Column("name", "text", "Name of the zone or line; empty for the complete video."),
    ),
    columns=(
        Column("value", "number", "The measured value; missing if it is unknown."),
        Column("value_unit", "text", "Unit of the value and of both thresholds."),
        Column("doubtful_above", "number", "Threshold above which the value is doubtful."),
        Column("bad_above", "number", "Threshold above which the value is bad."),
        Column("verdict", "choice", "The value compared with the thresholds.", choices=VERDICTS),
        Column(
            "affects",
            "text",
            "Names of the outputs that a high value affects, separated by commas.",
        ),
        Column("meaning", "text", "Meaning of the check and the effect of a high value."),
        Column("advice", "text", "Recommended action; for an unknown check, the missing information."),
    ),
)

STATISTICS = ("mean", "median", "rate", "count")

INTERVALS = Table(
    name="confidence_intervals",
    row="one figure of one zone or line, with its confidence interval",
    key=(
        Column("name", "text", "Name of the zone or line; empty for a table that has neither."),
        Column("figure", "text", "Estimated figure: statistic and column."),
    ),
    columns=(
        Column("value", "number", "The figure; durations in s."),
        Column("low", "number", "Lower bound of the interval."),
        Column("high", "number", "Upper bound of the interval."),
        Column("confidence", "number", "Share of such intervals that contain the true figure.", unit="1"),
        Column("method", "text", "Method of the interval."),
        Column("persons", "integer", "Number of people (groups, where they are given) in the figure."),
        Column("rows", "integer", "Number of rows in the figure."),
        Column("note", "text", "Reason for a missing bound, or caveat of the interval; otherwise empty."),
    ),
)

SENSITIVITY = Table(
    name="sensitivity",
    row="the visits to one zone with one set of options",
    key=(
        ZONE,
        Column("anchor", "text", "Point of the box that is the person's position."),
        Column("max_gap", "moment", "Longest gap that does not interrupt presence.", of_video=False),
        Column("merge_gap", "moment", "Longest absence that does not end a visit.", of_video=False),
    ),
    columns=(
        Column("visits", "integer", "Number of visits to the zone."),
        Column("visitors", "integer", "Number of people who visited the zone."),
        Column("dwell", "span", "Total dwell of all visits.", unit="s"),
        Column(
            "median_dwell",
            "span",
            "Median dwell of the visits, rounded to whole milliseconds; missing without visits.",
            unit="s",
        ),
    ),
)

_NAME = Column("name", "text", "Name of the zone or line.")

TALLY = Table(
    name="tally",
    row="one manual count at one zone or line in one time interval",
    key=(_NAME, Column("timestamp", "moment", "Start of the interval.")),
    columns=(
        Column("interval", "span", "Length of the interval.", unit="s"),
        Column("tallied", "integer", "Number counted by hand."),
    ),
)

AGREEMENT = Table(
    name="agreement",
    row="the agreement between counts and a tally of one zone or line",
    key=(_NAME,),
    columns=(
        Column("intervals", "integer", "Number of compared intervals."),
        Column("tallied", "integer", "Sum of the tally."),
        Column("counted", "integer", "Sum of the computed counts in the same intervals."),
        Column("bias", "number", "Mean of counted minus tallied per interval."),
        Column("mean_absolute_error", "number", "Mean absolute difference per interval."),
        Column(
            "mean_absolute_percentage_error",
            "number",
            "Mean absolute difference as a percentage of the tally, over intervals with a tally above 0.",
            unit="%",
        ),
        Column("geh", "number", "Mean GEH statistic of the intervals, computed from hourly flows."),
        Column("geh_below_5", "number", "Share of the intervals whose GEH is below 5.", unit="1"),
    ),
)
