"""Columns that may be published with ``--min-count``.

Columns that are not declared here are withheld.
"""

from dataclasses import dataclass
from typing import Literal

FigureKind = Literal["about", "count", "sum", "mean", "rate", "share", "order statistic", "extreme", "time"]


@dataclass(frozen=True, slots=True)
class Released:
    """The composition of a figure, which decides whether it can be published.

    Parameters
    ----------
    kind
        ``about`` describes the row and is not a figure. ``count`` and ``sum`` add up contributions of people.
        ``mean`` is a sum divided by the count ``per``. ``rate`` is a sum divided by a known number. ``share``
        is a sum divided by its total over all values of the level ``total``. An order statistic, an extreme
        or a time is the value of one person and is withheld.
    of
        The measure that is counted or added up. Columns of the same measure share their totals. ``person``
        counts distinct people; these counts do not add up.
    adds_over
        Levels of the key over which the figures add up; empty if they do not.
    per
        A measure that must be published for the same row: the denominator of a mean, or a measure of which a
        sum is a part or a multiple.
    only
        Attributes of the contributions that count, with the required values.
    where
        A level of the key and a value. If the table has this level, only rows with this value are released.

    Examples
    --------
    >>> (released,) = RELEASED["dwell"]["observed_mean"]
    >>> released.kind, released.of, released.per
    ('mean', 'dwell', 'visit')
    """

    kind: FigureKind
    of: str = "person"
    adds_over: tuple[str, ...] = ()
    per: str = ""
    only: tuple[tuple[str, bool | str], ...] = ()
    total: str = ""
    where: tuple[str, str] | None = None

    @property
    def is_figure(self) -> bool:
        """Whether the column has figures that can be published."""
        return self.kind in {"count", "sum", "mean", "rate", "share"}

    @property
    def is_shown(self) -> bool:
        """Whether the column has values in a published table."""
        return self.kind == "about" or self.is_figure


Columns = dict[str, tuple[Released, ...]]

ABOUT = (Released("about"),)


def _figures(about: str = "", **figures: Released | tuple[Released, ...]) -> Columns:
    columns = dict.fromkeys(about.split(), ABOUT)
    return columns | {
        name: figure if isinstance(figure, tuple) else (figure,) for name, figure in figures.items()
    }


_HOUR = ("zone", "hour_at", "open")
_BIN = ("zone", "timestamp")
_CELL = ("row", "column")
_ENTRY = ("zone", "entry")
_WAY = ("origin", "destination")
_CLOCK = "local_date local_hour weekday"
_PERSONS = Released("count")


def _stays(adds_over: tuple[str, ...]) -> Columns:
    return _figures(
        f"zone_key {_CLOCK}",
        visits=Released("count", "visit", adds_over),
        start_unobserved=Released("count", "visit", adds_over, only=(("start_observed", False),)),
        end_unobserved=Released("count", "visit", adds_over, only=(("end_observed", False),)),
        observed_mean=Released("mean", "dwell", adds_over, per="visit"),
    )


def _presence(adds_over: tuple[str, ...]) -> Columns:
    return _figures(
        f"zone_key interval recorded_time {_CLOCK}",
        person_seconds=Released("sum", "presence", adds_over),
        mean_persons=Released("rate", "presence", adds_over),
        max_persons=Released("extreme"),
    )


RELEASED: dict[str, Columns] = {
    "videos": _figures(
        "width height frame_rate duration codec format color_range job_id job_tag source sampling_period "
        "completeness analyzed_from analyzed_to started_at timezone site camera camera_key opening_hours "
        f"plane status {_CLOCK}"
    ),
    "zone_overlaps": _figures("zone_key shared_{u}2 share"),
    "dwell": _stays(("zone",)),
    "dwell_by_entry": _stays(_ENTRY),
    "visits_hourly": _figures(
        f"zone_key recorded_time {_CLOCK}",
        began=Released("count", "visit", _HOUR),
        entries=Released("count", "visit", _HOUR, only=(("start_observed", True),)),
        persons=_PERSONS,
        dwell=Released("sum", "presence", _HOUR),
    ),
    "transitions": _figures(
        f"origin_key destination_key {_CLOCK}",
        transitions=Released("count", "transition", _WAY),
        persons=_PERSONS,
        share=Released("share", "transition", _WAY, total="destination"),
        mean_travel=Released("mean", "travel", _WAY, per="transition"),
    ),
    "retail_metrics": _figures(
        f"zone_key measured_in definition {_CLOCK}",
        value=(
            Released("count", where=("figure", "visitors")),
            Released("count", "visit", ("zone",), where=("figure", "visits")),
            Released("sum", "dwell", ("zone",), where=("figure", "total_dwell")),
            Released("mean", "dwell", ("zone",), per="visit", where=("figure", "average_dwell")),
        ),
    ),
    "occupancy": _presence(("timestamp",)),
    "zone_occupancy": _presence(("zone", "timestamp")),
    "occupancy_hourly": _figures(
        f"zone_key recorded_time {_CLOCK}", person_seconds=Released("sum", "presence", _HOUR)
    ),
    "fundamental_diagram": _figures(
        f"zone_key interval recorded_time {_CLOCK}",
        person_seconds=Released("sum", "presence", _BIN),
        speed_time=Released("sum", "speed_time", _BIN, per="presence"),
        path_length_m=Released("sum", "path_length", _BIN, per="presence"),
    ),
    "counts": _figures(
        f"line_key interval {_CLOCK}",
        in_count=Released("count", "crossing", ("line", "timestamp"), only=(("direction", "in"),)),
        out_count=Released("count", "crossing", ("line", "timestamp"), only=(("direction", "out"),)),
    ),
    "heatmap": _figures(
        f"x_{{u}} y_{{u}} {_CLOCK}",
        seconds=Released("sum", "presence", _CELL),
        density_per_m2=Released("rate", "presence", _CELL),
    ),
    "cell_values": _figures(
        f"x_{{u}} y_{{u}} measured_in {_CLOCK}",
        number=Released("count", where=("quantity", "persons")),
    ),
}
"""Released columns by table. A column or table that is not listed is withheld."""
