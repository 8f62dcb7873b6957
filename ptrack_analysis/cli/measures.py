"""Options that say what is measured, and how."""

import argparse
from pathlib import Path
from typing import Any

from ptrack_analysis.cli.options import (
    above_zero,
    add_incomplete,
    at_least_zero,
    fallback_video,
    period,
    persons,
    place,
    shape,
    span,
)


def add_presence(parser: argparse.ArgumentParser) -> None:
    """Add the options of the arithmetic of presence."""
    group = parser.add_argument_group("presence")
    group.add_argument(
        "--max-gap",
        type=span,
        default="2s",
        metavar="TIME",
        help="longest time without a detection that does not interrupt presence (default 2s)",
    )
    group.add_argument(
        "--sampling-period",
        type=period,
        default="auto",
        metavar="TIME",
        help="how long the last detection before a gap holds (default auto: the video's usual step)",
    )
    add_incomplete(group)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add zones and floor plan."""
    group = parser.add_argument_group("places")
    group.add_argument("--zones", type=place, metavar="FILE", help="GeoJSON file of zones and lines")
    group.add_argument(
        "--floor", type=place, metavar="FILE", help="floor.json: measure in meters on this floor plan"
    )


def add_clock(parser: argparse.ArgumentParser) -> None:
    """Add the options of the clock: when and where the videos were recorded."""
    group = parser.add_argument_group("clock (local hours, and moments in UTC, where it is known)")
    group.add_argument(
        "--recordings",
        type=place,
        metavar="FILE",
        help="CSV file, also s3://: columns video, started_at; as well timezone, site, camera, "
        "opening_hours and any others",
    )
    group.add_argument(
        "--started-at",
        metavar="PATTERN",
        help="how file names tell it, as in '{camera}_%%Y-%%m-%%dT%%H-%%M-%%S%%z'",
    )
    group.add_argument(
        "--timezone", metavar="ZONE", help="time zone of recordings that tell none, as in Europe/Berlin"
    )
    group.add_argument(
        "--opening-hours", metavar="TEXT", help="as in 'Mo-Sa 09:00-20:00; Su off' (OpenStreetMap's)"
    )


def add_cut(parser: argparse.ArgumentParser) -> None:
    """Add the options that cut what is analyzed."""
    group = parser.add_argument_group("part of the video")
    group.add_argument(
        "--from",
        dest="start",
        type=span,
        metavar="TIME",
        help="from this moment on, as in 10s; in a dataset the part gets a name such as shop@10s-end",
    )
    group.add_argument(
        "--to",
        dest="end",
        type=span,
        metavar="TIME",
        help="until before this moment, as in 5min; who is last seen before it stays for one sampling period "
        "more, as if nothing were seen afterwards",
    )
    group.add_argument("--persons", type=persons, metavar="N,N", help="only these persons, as in 3,7")
    group.add_argument(
        "--memory",
        metavar="SIZE",
        help="memory that one video may take, as in 8GB; a larger video is refused: cut it with --from "
        "and --to (default: three quarters of the available memory)",
    )


def add_visits(parser: argparse.ArgumentParser) -> None:
    """Add the options of visits to zones."""
    group = parser.add_argument_group("visits to zones")
    group.add_argument(
        "--merge-gap",
        type=span,
        default="0s",
        metavar="TIME",
        help="longest absence from a zone that does not end a visit (default 0s)",
    )
    group.add_argument(
        "--min-dwell", type=span, default="0s", metavar="TIME", help="leave out shorter visits (default 0s)"
    )
    group.add_argument(
        "--enter-after",
        type=span,
        default="0s",
        metavar="TIME",
        help="a stretch inside that is shorter is passing by, not entering (default 0s)",
    )
    group.add_argument(
        "--margin",
        type=at_least_zero,
        default=0.0,
        metavar="LENGTH",
        help="who is inside is out only when farther than this from the zone, in px, or m with --floor",
    )


def add_lines(parser: argparse.ArgumentParser) -> None:
    """Add the option of crossings."""
    group = parser.add_argument_group("crossings of lines")
    group.add_argument(
        "--min-distance",
        type=at_least_zero,
        default=0.0,
        metavar="LENGTH",
        help="how far from a line a person must get for a crossing, in px, or m with --floor (default 0)",
    )


def add_counts(parser: argparse.ArgumentParser) -> None:
    """Add the option of counts over lines."""
    parser.add_argument(
        "--every",
        type=span,
        default="1min",
        metavar="TIME",
        help="length of the intervals in which crossings are counted (default 1min)",
    )


def add_stops(parser: argparse.ArgumentParser) -> None:
    """Add the options of stops."""
    group = parser.add_argument_group("stops")
    group.add_argument(
        "--stop-extent",
        type=above_zero,
        metavar="LENGTH",
        help="largest extent of a stop, in px, or m with --floor (default 1 m; in px it has to be given)",
    )
    group.add_argument(
        "--stop-duration",
        type=span,
        default="5s",
        metavar="TIME",
        help="shortest duration of a stop (default 5s)",
    )


def add_cells(parser: Any, *, default: str = "default 54x96") -> None:
    """Add the size of a heatmap's cells."""
    parser.add_argument("--shape", type=shape, metavar="RxC", help=f"heatmap's rows and columns ({default})")
    parser.add_argument(
        "--cell",
        type=above_zero,
        metavar="LENGTH",
        help="or the side of its square cells, in m (with --floor)",
    )


def add_cleaning(parser: argparse.ArgumentParser) -> None:
    """Add the options of cleaning; nothing is cleaned unless it is asked for."""
    group = parser.add_argument_group("cleaning (none unless asked for; what it does is flagged)")
    group.add_argument(
        "--stitch", action="store_true", help="join tracks that are one person's, whom the tracker lost"
    )
    group.add_argument("--fill-gaps", type=span, metavar="TIME", help="fill gaps up to this long")
    group.add_argument(
        "--max-speed",
        type=above_zero,
        metavar="SPEED",
        help="flag what is faster as a jump, in px/s, or m/s with --floor",
    )
    group.add_argument(
        "--repair-jumps", action="store_true", help="replace the positions of jumps, by interpolation"
    )
    group.add_argument(
        "--smooth", type=span, metavar="TIME", help="smooth positions over a window of this length"
    )


def parse_period(given: argparse.Namespace) -> str | None:
    """Return the sampling period, None for auto."""
    return None if given.sampling_period == "auto" else given.sampling_period


def add_release(group: Any) -> None:
    """Add what is withheld where data leaves the house."""
    group.add_argument(
        "--min-count",
        type=int,
        metavar="K",
        help="suppress what rests on fewer than K persons, and withhold the tables of single persons, "
        "medians, quantiles, times of single events and rates",
    )
    group.add_argument(
        "--salt-file",
        type=place,
        metavar="FILE",
        help="name persons by keys made with the secret in FILE (at least 16 bytes), not by their numbers",
    )


def config_arguments(given: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of ``AnalysisConfig`` that the command has options for."""
    from dataclasses import fields

    from ptrack_analysis.pipeline.config import AnalysisConfig

    named = {one.name: getattr(given, one.name) for one in fields(AnalysisConfig) if hasattr(given, one.name)}
    if getattr(given, "salt_file", None) is not None:
        named["salt"] = _salt_in(given.salt_file)
    return named | {"video": fallback_video(given), "period": parse_period(given)}


def _salt_in(file: str) -> bytes:
    """Read a salt; blanks and line ends around it are no part of it."""
    from ptrack_analysis.errors import InputError

    try:
        return Path(file).read_bytes().strip()
    except OSError as error:
        raise InputError(f"{file}: the salt cannot be read: {error.strerror or error}") from error
