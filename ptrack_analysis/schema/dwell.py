"""Tables of dwell times, queues, transitions and retail metrics."""

from ptrack_analysis.schema.table import PERSON, ZONE, ZONE_KEY, Column, Table
from ptrack_analysis.schema.zones import ENTRIES, EXITS, VISITS

_ENTRY = Column("entry", "text", 'How the stays began: an entry of the visits; "" is any.')
_START_UNOBSERVED = Column(
    "start_unobserved",
    "integer",
    "Visits whose start was not observed. Estimates exclude them, unless the time inside before is given.",
)
_END_UNOBSERVED = Column(
    "end_unobserved", "integer", "Visits whose end was not observed: they lasted longer than observed."
)
_PERSONS = Column(
    "persons", "integer", "Number of people (groups, where they are given) that the estimates are based on."
)
_NOTE = Column("note", "text", "Why a confidence bound is missing; empty if none is.")

# A length of time in a key is a moment since the stay began: stored in whole ms, so that keys stay exact.
SURVIVAL = Table(
    name="survival",
    row="the share of stays that last longer than a length of time, from this length until the next row",
    key=(
        ZONE,
        _ENTRY,
        Column(
            "length",
            "moment",
            "Moment of a stay, since its beginning, from which the share holds.",
            of_video=False,
        ),
    ),
    columns=(
        ZONE_KEY,
        Column("at_risk", "integer", "Stays seen to last until this length, and seen at it."),
        Column("ended", "integer", "Stays that ended, seen, at this length."),
        Column("end_unobserved", "integer", "Stays that ended unseen at this length: longer than seen."),
        Column("share", "number", "Share of the stays that last longer: the Kaplan-Meier estimate.", "1"),
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
            "First length that at most half of the visits exceed (Kaplan-Meier).",
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
            "Upper confidence bound of the median; missing also where too few long visits ended.",
            "s",
        ),
        Column("horizon", "span", "Length up to which the restricted mean is computed.", "s"),
        Column(
            "restricted_mean",
            "span",
            "Mean length of the visits, longer ones counting as the horizon.",
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
    row="the visits to one zone that began in one way",
    key=(ZONE, Column("entry", "text", "How the visits began: an entry of the visits.")),
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
    row="one quantile of the length of the visits to one zone, of one entry or of any",
    key=(ZONE, _ENTRY, Column("quantile", "number", "Share of the visits that do not last longer.", "1")),
    columns=(
        ZONE_KEY,
        Column("observed", "span", "Quantile of the observed dwell.", "s"),
        Column(
            "estimate",
            "span",
            "Quantile of the length of the visits (Kaplan-Meier); missing where too few ended.",
            "s",
        ),
        Column("estimate_low", "span", "Lower confidence bound; missing for fewer than 6 people.", "s"),
        Column("estimate_high", "span", "Upper confidence bound; missing also where too few ended.", "s"),
        _PERSONS,
        _NOTE,
    ),
)

DWELL_COMPARISON = Table(
    name="dwell_comparison",
    row="one figure of the visits to one zone in two periods, or to two zones",
    key=(
        Column("zone", "text", "Name of the zone; of two zones, their names."),
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
        Column("note", "text", "Why a bound is missing; empty if none is."),
    ),
)

WAITS = Table(
    name="waiting_times",
    row="one wait of one person in one queue",
    key=VISITS.key,
    columns=(
        ZONE_KEY,
        Column("entered", "moment", "First moment in the queue."),
        Column("wait", "span", "Time in the queue, absences that a visit bridges included.", "s"),
        Column("begin_seen", "flag", "Whether the wait was seen to begin; else it began earlier."),
        Column("end_seen", "flag", "Whether the wait was seen to end; else it lasted longer."),
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
            "observed_share_within", "number", "Share of the waits whose observed part is within it.", "1"
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
    row="one person who is taken for staff",
    key=(PERSON,),
    columns=(
        Column("longest_stay", "span", "Dwell of the person's longest stay in any zone.", "s"),
        Column("in_staff_zones", "span", "The person's dwell in the staff's zones, added up.", "s"),
        Column("most_stays", "integer", "The person's largest number of stays in one zone."),
        Column("reason", "text", "The rules that the person meets, of: stay, zone, recurrence."),
    ),
)


_OUTSIDE = "(outside)"

ORIGINS = (_OUTSIDE, *(f"({entry})" for entry in ENTRIES[1:]))
"""What stands in the place of a zone before the first visit, in the order of ``ENTRIES``."""

DESTINATIONS = (_OUTSIDE, *(f"({exit_})" for exit_ in EXITS[1:]))
"""What stands in the place of a zone after the last visit, in the order of ``EXITS``."""

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
    row="an origin and a destination between which somebody went",
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
        Column("transitions", "integer", "How often somebody went from the origin to the destination."),
        Column("persons", "integer", "Number of distinct persons who did."),
        Column("share", "number", "Share of the transitions out of the origin.", unit="1"),
        Column(
            "mean_travel",
            "span",
            "Mean time from leaving the one zone to entering the other, cut to whole ms; missing where one "
            "of them is no zone.",
            unit="s",
        ),
        Column(
            "median_travel",
            "span",
            "Median of these times, rounded to whole milliseconds; missing where one is not a zone.",
            unit="s",
        ),
    ),
)

FUNNEL = Table(
    name="funnel",
    row="one step of an ordered list of zones",
    key=(Column("step", "integer", "Number of the step, from 1."),),
    columns=(
        Column("zone", "text", "Name of the zone to be reached in this step."),
        Column("persons", "integer", "Number of persons who reached it after all steps before, in order."),
        Column("share_of_first", "number", "Share of those who reached the first step.", unit="1"),
        Column(
            "share_of_previous",
            "number",
            "Share of those who reached the step before; missing in the first step.",
            unit="1",
        ),
        Column(
            "median_time",
            "span",
            "Median time from entering the zone of the step before to entering this one, rounded to whole "
            "milliseconds; missing in the first step and where no one reached it.",
            unit="s",
        ),
    ),
)

RETAIL = Table(
    name="retail_metrics",
    row="one figure of the retail dictionary for one zone",
    key=(ZONE, Column("figure", "text", "Name of the figure.")),
    columns=(
        ZONE_KEY,
        Column("value", "number", "The figure; missing where it has nothing to be taken of."),
        Column("low", "number", "Lower confidence bound of the figure (95 %)."),
        Column("high", "number", "Upper confidence bound of the figure (95 %)."),
        Column("measured_in", "text", "Unit of the value: persons, visits, s or 1."),
        Column(
            "taken_of",
            "integer",
            "Number of persons or visits that it is taken of; of a rate or a mean, what it divides by.",
        ),
        Column("definition", "text", "How it is worked out, and whose definition that is."),
        Column(
            "note",
            "text",
            "Why a confidence bound is missing, or how far to trust the interval; else empty.",
        ),
    ),
)
