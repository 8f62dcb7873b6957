"""Tables of dwell times, queues, transitions and retail metrics."""

from ptrack_analysis.schema.table import PERSON, ZONE, ZONE_KEY, Column, Table
from ptrack_analysis.schema.zones import ENTRIES, EXITS, VISITS

_ENTRY = Column("entry", "text", 'How the visits began: an entry of VISITS; "" is any.')
_START_UNOBSERVED = Column(
    "start_unobserved",
    "integer",
    "Visits whose start was not observed. Estimates exclude them, unless the earlier time inside is given.",
)
_END_UNOBSERVED = Column(
    "end_unobserved", "integer", "Visits whose end was not observed: they lasted longer than observed."
)
_PERSONS = Column(
    "persons", "integer", "Number of people (groups, where they are given) that the estimates are based on."
)
_NOTE = Column("note", "text", "Reason for a missing confidence bound; otherwise empty.")

# Durations in a key have the kind "moment" to be stored in integer milliseconds, so that keys stay exact.
SURVIVAL = Table(
    name="survival",
    row="the share of visits that last longer than a duration, from this duration until the next row",
    key=(
        ZONE,
        _ENTRY,
        Column(
            "length",
            "moment",
            "Duration from which the share is valid.",
            of_video=False,
        ),
    ),
    columns=(
        ZONE_KEY,
        Column("at_risk", "integer", "Visits that are observed at this duration."),
        Column("ended", "integer", "Visits with an observed end at this duration."),
        Column(
            "end_unobserved", "integer", "Visits with an unobserved end at this duration: they lasted longer."
        ),
        Column("share", "number", "Share of the visits that last longer: the Kaplan-Meier estimate.", "1"),
        Column("share_low", "number", "Lower confidence bound of the share; missing for one person.", "1"),
        Column("share_high", "number", "Upper confidence bound of the share; missing for one person.", "1"),
    ),
)

DWELL = Table(
    name="dwell",
    row="the visits to one zone",
    key=(ZONE,),
    columns=(
        ZONE_KEY,
        Column("visits", "integer", "Number of visits."),
        _START_UNOBSERVED,
        _END_UNOBSERVED,
        Column("observed_mean", "span", "Mean of the observed dwell, to whole milliseconds.", "s"),
        Column("observed_median", "span", "Ordinary median of the observed dwell.", "s"),
        Column(
            "median",
            "span",
            "Smallest duration that at most half of the visits exceed (Kaplan-Meier).",
            "s",
        ),
        Column(
            "median_low",
            "span",
            "Lower confidence bound of the median; missing for fewer than 6 people.",
            "s",
        ),
        Column(
            "median_high",
            "span",
            "Upper confidence bound of the median; also missing if too few long visits ended.",
            "s",
        ),
        Column("horizon", "span", "Duration up to which the restricted mean is computed.", "s"),
        Column(
            "restricted_mean",
            "span",
            "Mean duration of the visits; longer visits count as the horizon.",
            "s",
        ),
        Column(
            "restricted_mean_low",
            "span",
            "Lower confidence bound of the restricted mean; missing for fewer than 20 people.",
            "s",
        ),
        Column(
            "restricted_mean_high",
            "span",
            "Upper confidence bound of the restricted mean; missing for fewer than 20 people.",
            "s",
        ),
        _PERSONS,
        _NOTE,
    ),
)

DWELL_BY_ENTRY = Table(
    name="dwell_by_entry",
    row="the visits to one zone with one kind of entry",
    key=(ZONE, Column("entry", "text", "How the visits began: an entry of VISITS.")),
    columns=(*DWELL.columns[:2], _START_UNOBSERVED, _END_UNOBSERVED, *DWELL.columns[4:]),
)

SCENE_STAY = Table(
    name="stay_in_scene",
    row="the people in the whole scene",
    key=(
        Column(
            "scene",
            "text",
            "Always scene.",
        ),
    ),
    columns=(
        Column("people", "integer", "Number of people (tracks)."),
        Column(
            "start_unobserved",
            "integer",
            "People already present at the start of the video. Estimates exclude them.",
        ),
        Column(
            "end_unobserved", "integer", "People still present at the end of the video: they stayed longer."
        ),
        *DWELL.columns[4:],
    ),
)

DWELL_QUANTILES = Table(
    name="dwell_quantiles",
    row="one quantile of the duration of visits to one zone, with one kind of entry or any",
    key=(ZONE, _ENTRY, Column("quantile", "number", "Share of the visits that do not last longer.", "1")),
    columns=(
        ZONE_KEY,
        Column("observed", "span", "Quantile of the observed dwell.", "s"),
        Column(
            "estimate",
            "span",
            "Quantile of the duration of the visits (Kaplan-Meier); missing if too few ended.",
            "s",
        ),
        Column("estimate_low", "span", "Lower confidence bound; missing for fewer than 6 people.", "s"),
        Column("estimate_high", "span", "Upper confidence bound; also missing if too few ended.", "s"),
        _PERSONS,
        _NOTE,
    ),
)

DWELL_COMPARISON = Table(
    name="dwell_comparison",
    row="one figure of the visits to one zone in two periods, or to two zones",
    key=(
        Column("zone", "text", "Name of the zone, or names of the two zones."),
        Column(
            "figure",
            "text",
            "median, restricted_mean, share_within, or visits (per hour if durations are given).",
        ),
    ),
    columns=(
        Column("first", "number", "The figure in the first period or zone; durations in s."),
        Column("second", "number", "The figure in the second period or zone."),
        Column("difference", "number", "second minus first."),
        Column("low", "number", "Lower confidence bound of the difference."),
        Column("high", "number", "Upper confidence bound of the difference."),
        Column("confidence", "number", "Share of such intervals that contain the true difference.", unit="1"),
        Column(
            "verdict",
            "text",
            "may be chance: the interval contains no difference; differs: it does not; unknown: no interval.",
        ),
        Column("note", "text", "Reason for a missing bound; otherwise empty."),
    ),
)

WAITS = Table(
    name="waiting_times",
    row="one wait of one person in one queue",
    key=VISITS.key,
    columns=(
        ZONE_KEY,
        Column("entered", "moment", "Start of the wait."),
        Column("wait", "span", "Time in the queue, including absences that a visit bridges.", "s"),
        Column("begin_seen", "flag", "Whether the start was observed; otherwise the wait began earlier."),
        Column("end_seen", "flag", "Whether the end was observed; otherwise the wait lasted longer."),
    ),
)

SERVICE_LEVELS = Table(
    name="service_levels",
    row="the share of the waits in one queue that end within a target",
    key=(
        ZONE,
        Column(
            "target",
            "moment",
            "Time since the start of a wait within which it should end.",
            of_video=False,
        ),
    ),
    columns=(
        ZONE_KEY,
        Column("waits", "integer", "Number of waits."),
        _START_UNOBSERVED,
        _END_UNOBSERVED,
        Column(
            "observed_share_within",
            "number",
            "Share of the waits whose observed part is within the target.",
            "1",
        ),
        Column(
            "share_within", "number", "Service level: share of the waits that end within the target.", "1"
        ),
        Column("share_within_low", "number", "Lower confidence bound of the share.", "1"),
        Column("share_within_high", "number", "Upper confidence bound of the share.", "1"),
        _PERSONS,
        _NOTE,
    ),
)

STAFF = Table(
    name="staff",
    row="one person detected as staff",
    key=(PERSON,),
    columns=(
        Column("longest_stay", "span", "Dwell of the person's longest visit to any zone.", "s"),
        Column("in_staff_zones", "span", "Total dwell of the person in staff zones.", "s"),
        Column("most_stays", "integer", "Maximum number of the person's visits to one zone."),
        Column("reason", "text", "Rules that the person meets: stay, zone, recurrence."),
    ),
)


_OUTSIDE = "(outside)"

ORIGINS = (_OUTSIDE, *(f"({entry})" for entry in ENTRIES[1:]))
"""Origins before the first visit, in the order of ``ENTRIES``."""

DESTINATIONS = (_OUTSIDE, *(f"({exit_})" for exit_ in EXITS[1:]))
"""Destinations after the last visit, in the order of ``EXITS``."""

_END_KEY = {
    end: Column(
        f"{end}_key",
        "text",
        f"Key of the zone in the table zones; missing if the {end} is not a zone.",
        optional=True,
    )
    for end in ("origin", "destination")
}

TRANSITIONS = Table(
    name="transitions",
    row="the transitions from one origin to one destination",
    key=(
        Column(
            "origin",
            "text",
            "Name of the zone visited before; in brackets how the first visit began: (outside) is crossed.",
        ),
        Column(
            "destination",
            "text",
            "Name of the zone visited next; in brackets how the last visit ended: (outside) is crossed.",
        ),
    ),
    columns=(
        _END_KEY["origin"],
        _END_KEY["destination"],
        Column("transitions", "integer", "Number of transitions from the origin to the destination."),
        Column("persons", "integer", "Number of distinct people who made them."),
        Column("share", "number", "Share of the transitions from the origin.", unit="1"),
        Column(
            "mean_travel",
            "span",
            "Mean time from leaving one zone to entering the other, truncated to milliseconds; missing if "
            "origin or destination is not a zone.",
            unit="s",
        ),
        Column(
            "median_travel",
            "span",
            "Median of these times, rounded to whole milliseconds; missing in the same rows.",
            unit="s",
        ),
    ),
)

FUNNEL = Table(
    name="funnel",
    row="one step of an ordered list of zones",
    key=(Column("step", "integer", "Number of the step, from 1."),),
    columns=(
        Column("zone", "text", "Name of the zone of the step."),
        Column(
            "persons", "integer", "Number of people who reached the zone after all previous steps, in order."
        ),
        Column("share_of_first", "number", "Share of the people who reached the first step.", unit="1"),
        Column(
            "share_of_previous",
            "number",
            "Share of the people who reached the previous step; missing in the first step.",
            unit="1",
        ),
        Column(
            "median_time",
            "span",
            "Median time from entering the zone of the previous step to entering this zone, rounded to whole "
            "milliseconds; missing in the first step and if no one reached it.",
            unit="s",
        ),
    ),
)

RETAIL = Table(
    name="retail_metrics",
    row="one retail metric of one zone",
    key=(ZONE, Column("figure", "text", "Name of the figure.")),
    columns=(
        ZONE_KEY,
        Column("value", "number", "Value of the figure; missing if taken_of is 0."),
        Column("low", "number", "Lower confidence bound of the figure (95 %)."),
        Column("high", "number", "Upper confidence bound of the figure (95 %)."),
        Column("measured_in", "text", "Unit of the value: persons, visits, s or 1."),
        Column(
            "taken_of",
            "integer",
            "Number of people or visits in the figure; for a rate or a mean, the denominator.",
        ),
        Column("definition", "text", "Definition of the figure and its source."),
        Column(
            "note",
            "text",
            "Reason for a missing bound, or caveat of the interval; otherwise empty.",
        ),
    ),
)
