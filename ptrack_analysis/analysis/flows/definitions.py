"""The retail dictionary: its figures, how each is worked out, and whose definition that is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what its value is measured in, how it is worked out, and whose definition that is."""

    measured_in: str
    definition: str
    source: str


_RETAILNEXT = "RetailNext, Metrics Glossary"
_BUMBEE = "Bumbee Labs, The retail metrics glossary"
_AURA = "Aura Vision, What is a Capture rate?"
_CLOUD4WI = "Cloud4Wi, Behaviors"
_PALEXY = "Palexy, Section Traffic Metrics"

FIGURES = {
    "visitors": Figure(
        "persons", "Distinct persons with a visit to the zone.", f"{_BUMBEE} (unique visitors)"
    ),
    "visits": Figure("visits", "Visits to the zone.", f"{_BUMBEE} (visits)"),
    "exposure_rate": Figure(
        "1",
        "Visitors of the zone divided by the persons with a visit to any zone.",
        f"{_RETAILNEXT} (exposure rate; here of persons)",
    ),
    "total_dwell": Figure(
        "s",
        "Sum of the dwell of all visits: the exposure of the zone in person-seconds.",
        f"{_BUMBEE} (dwell time)",
    ),
    "average_dwell": Figure("s", "Total dwell divided by visits.", f"{_CLOUD4WI} (visit duration)"),
    "dwell_per_visitor": Figure("s", "Total dwell divided by visitors.", f"{_PALEXY} (average dwell time)"),
    "peak_occupancy": Figure(
        "persons",
        "Most visits under way at one moment.",
        "Aura Vision, What is Occupancy? (its largest value)",
    ),
    "peak_moment": Figure(
        "s",
        "First moment of the peak occupancy, since the start of the video.",
        "Aura Vision, What is Occupancy? (when it is largest)",
    ),
    "bounce_rate": Figure(
        "1", "Visits with a dwell below the given length divided by visits.", f"{_CLOUD4WI} (bounce rate)"
    ),
    "one_zone_rate": Figure(
        "1",
        "Visitors who visited no other zone divided by visitors: bounce as on a website.",
        "Shoppermotion, Bounce rate",
    ),
    "re_entry_rate": Figure(
        "1",
        "Visits that are not the person's first to the zone divided by visits.",
        f"{_CLOUD4WI} (returning rate; here within the video)",
    ),
    "capture_ratio": Figure(
        "1",
        "Visitors divided by passers-by, those who passed without entering; may exceed 1.",
        f"{_BUMBEE} (capture rate)",
    ),
    "capture_rate": Figure("1", "Visitors divided by visitors and passers-by together.", _AURA),
    "conversion_rate": Figure(
        "1", "Transactions divided by visitors; may exceed 1.", f"{_BUMBEE} (conversion rate)"
    ),
}
