"""The tables of how persons went from zone to zone."""

from ptrack_analysis.schema.keys import ZONE, ZONE_KEY
from ptrack_analysis.schema.places import ENTRIES, EXITS
from ptrack_analysis.schema.table import Column, Table

_OUTSIDE = "(outside)"

ORIGINS = (_OUTSIDE, *(f"({entry})" for entry in ENTRIES[1:]))
"""What stands in the place of a zone before the first visit, in the order of ``ENTRIES``."""

DESTINATIONS = (_OUTSIDE, *(f"({exit_})" for exit_ in EXITS[1:]))
"""What stands in the place of a zone after the last visit, in the order of ``EXITS``."""

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
        Column("transitions", "integer", "How often somebody went from the origin to the destination."),
        Column("persons", "integer", "Number of distinct persons who did."),
        Column("share", "number", "Share of the transitions out of the origin.", unit="1", withheld=True),
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
            "Median of these times, of an even number the lower one; missing where one is no zone.",
            unit="s",
            withheld=True,
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
            "Median time from entering the zone of the step before to entering this one, of an even number "
            "the lower one; missing in the first step and where nobody reached it.",
            unit="s",
        ),
    ),
)

RETAIL = Table(
    name="retail",
    row="one figure of the retail dictionary for one zone",
    key=(ZONE, Column("figure", "text", "Name of the figure.")),
    columns=(
        ZONE_KEY,
        Column("value", "number", "The figure; missing where it has nothing to be taken of."),
        Column("measured_in", "text", "Unit of the value: persons, visits, s or 1."),
        Column(
            "taken_of",
            "integer",
            "Number of persons or visits that it is taken of; of a rate or a mean, what it divides by.",
        ),
        Column("definition", "text", "How it is worked out, and whose definition that is."),
    ),
)
