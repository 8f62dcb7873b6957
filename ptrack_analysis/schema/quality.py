"""Tables of quality checks and confidence intervals."""

from ptrack_analysis.schema.table import ZONE, Column, Table

VERDICTS = ("good", "doubtful", "bad", "unknown")

QUALITY = Table(
    name="quality",
    row="one check of the tracking of one video, or of one zone or line in it",
    key=(
        Column("check", "text", "Name of the check."),
        Column("name", "text", "Name of the zone or line; empty for the whole video."),
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
            "Names of the outputs that suffer from a great value, separated by commas.",
        ),
        Column("meaning", "text", "What the check measures, and what a great value does."),
        Column("advice", "text", "What to do; for an unknown check, what makes it known."),
    ),
)

STATISTICS = ("mean", "median", "rate", "count")

INTERVALS = Table(
    name="confidence_intervals",
    row="one figure of one zone or line, with its confidence interval",
    key=(
        Column("name", "text", "Name of the zone or line; empty for a table that has neither."),
        Column("figure", "text", "What was estimated: the statistic and the column."),
    ),
    columns=(
        Column("value", "number", "The figure; durations in s."),
        Column("low", "number", "Lower bound of the interval."),
        Column("high", "number", "Upper bound of the interval."),
        Column("confidence", "number", "Share of such intervals that contain the true figure.", unit="1"),
        Column("method", "text", "How the interval is computed."),
        Column("persons", "integer", "Number of people (groups, where they are given) in the figure."),
        Column("rows", "integer", "Number of rows in the figure."),
        Column("note", "text", "Why a bound is missing, or how far to trust the interval; else empty."),
    ),
)

SENSITIVITY = Table(
    name="sensitivity",
    row="the stays in one zone under one choice of options",
    key=(
        ZONE,
        Column("anchor", "text", "The point of the box that stands for the person."),
        Column("max_gap", "moment", "The longest gap that does not interrupt presence.", of_video=False),
        Column("merge_gap", "moment", "The longest absence that does not end a visit.", of_video=False),
    ),
    columns=(
        Column("visits", "integer", "Number of the stays in the zone."),
        Column("visitors", "integer", "Number of the persons who stayed in the zone."),
        Column("dwell", "span", "Time inside, of all stays.", unit="s"),
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
    row="what a person counted by hand at one zone or line in one interval of time",
    key=(_NAME, Column("timestamp", "moment", "Start of the interval, since the start of the video.")),
    columns=(
        Column("interval", "span", "Length of the interval.", unit="s"),
        Column("tallied", "integer", "Number counted by hand."),
    ),
)

AGREEMENT = Table(
    name="agreement",
    row="how well the counts of one zone or line agree with a tally of it",
    key=(_NAME,),
    columns=(
        Column("intervals", "integer", "Number of the intervals compared."),
        Column("tallied", "integer", "Sum of the tally."),
        Column("counted", "integer", "Sum of the computed counts in the same intervals."),
        Column("bias", "number", "Mean of counted minus tallied an interval."),
        Column("mean_absolute_error", "number", "Mean size of that difference."),
        Column(
            "mean_absolute_percentage_error",
            "number",
            "Mean size of the difference as a percentage of the tally, where that is above 0.",
            unit="%",
        ),
        Column("geh", "number", "Mean GEH statistic of the intervals, of hourly flows."),
        Column("geh_below_5", "number", "Share of the intervals whose GEH is below 5.", unit="1"),
    ),
)
