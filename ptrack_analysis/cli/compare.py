"""``ptrack compare``: agreement of two trackings of one video."""

import argparse
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import add_options, read_fields
from ptrack_analysis.cli.options import (
    add_command,
    add_source_options,
    add_video,
    chosen,
    fallback_video,
    format_arguments,
    open_source,
    parse_file_path,
    read_noted,
    shown,
)

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.analysis.comparison.compare import Comparison
    from ptrack_analysis.video import Video

_MOST_PAIRS = 12
_SAID = ("width", "height", "frame_rate")


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "compare",
        "Compare two trackings of one video, such as an old job (A) and a run of a new tracker (B): "
        "matching people, presence, time in zones, and MOTA, IDF1 and HOTA of B with A as the reference. "
        "Format options apply to B, and --video selects a video of A. B takes the frame size and rate of A "
        "if it has none.",
        "compare data/shop data/shop/pages",
        "compare data/day data/tracker/morning.csv --video morning "
        "--columns frame=frame,id=track_id,left=x1,top=y1,right=x2,bottom=y2",
    )
    parser.add_argument(
        "a", type=parse_file_path, metavar="A", help="file, folder or s3://bucket/prefix of the reference"
    )
    parser.add_argument("b", type=parse_file_path, metavar="B", help="another tracking of the same video")
    add_options(parser, "scene", into=parser)
    add_video(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--min-overlap",
        type=overlap,
        metavar="IOU",
        help="minimum overlap (IoU) of matching boxes (default 0.5)",
    )
    parser.add_argument(
        "--max-distance",
        type=float,
        metavar="LENGTH",
        help="match by distance on the floor plan or in the image instead, up to this [m or px] (default for "
        "points in m: 0.5)",
    )
    add_options(parser, "presence")
    add_source_options(parser, has_name=False)
    parser.set_defaults(run=run)


def overlap(text: str) -> float:
    """Read a minimum overlap: above 0, at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not an overlap above 0 and at most 1")
    return value


def run(given: argparse.Namespace) -> int:
    """Compare the two trackings."""
    from ptrack_analysis.analysis.comparison.compare import compare_tracking
    from ptrack_analysis.scene.floor_plan import read_floor_plan
    from ptrack_analysis.scene.zone_files import read_zones

    a, video = _read(given, given.a, fallback_video(given), {})
    said = {fact: value for fact in _SAID if (value := getattr(fallback_video(given), fact)) is not None}
    b, video_b = _read(given, given.b, replace(video, **said), format_arguments(given))
    period = read_fields(given)["period"]
    periods = [period or one.sampling_period for one in (video, video_b)]
    plane = read_floor_plan(given.floor, video) if given.floor else None
    zones = read_zones(given.zones, video, plane=plane)[0] if given.zones else []
    found = compare_tracking(
        a,
        b,
        video,
        zones=zones,
        plane=plane,
        min_overlap=given.min_overlap,
        max_distance=given.max_distance,
        max_gap=given.max_gap,
        periods=(periods[0], periods[1]),
    )
    print(json.dumps(found.summary(), indent=2) if given.json else shown(_text(found)))
    return 0


def _read(
    given: argparse.Namespace, source: str, facts: "Video", form: dict[str, Any]
) -> "tuple[pd.DataFrame, Video]":
    given.source = source
    with open_source(given) as path:
        one = path if form else chosen(path, given.video, form)
        return read_noted(one, given, facts, form)


def _text(found: "Comparison") -> str:
    """Format the comparison."""
    summary = found.summary()
    presence, figures = summary["presence"], summary["figures"]
    lines = ["                      A            B"]
    lines += [
        f"{name:<16}{_cell(summary['trackings'][0][key]):>7}{_cell(summary['trackings'][1][key]):>13}"
        for name, key in (
            ("persons", "persons"),
            ("detections", "detections"),
            ("time in scene s", "time_present_s"),
        )
    ]
    lines += [
        "",
        (
            f"present in both {presence['both_s']:.3f} s, only in A {presence['only_a_s']:.3f} s, "
            f"only in B {presence['only_b_s']:.3f} s"
        ),
    ]
    if len(found.zones) > 1:
        lines += ["", f"{'zone':<20}{'dwell in A s':>14}{'dwell in B s':>14}"]
        lines += [
            f"{zone['zone'] or 'whole scene':<20}{zone['dwell_a_s']:>14.3f}{zone['dwell_b_s']:>14.3f}"
            for zone in summary["zones"]
        ]
    counterparts = [pair for pair in summary["pairs"] if pair["counterpart"]]
    lines += ["", "matching people: " + (_pairs(counterparts) or "none")]
    names = ("mota", "motp", "idf1", "hota", "recall", "precision")
    lines += [
        "",
        "B with A as the reference: "
        + ", ".join(
            f"{name.upper()} {_length(figures[name], found) if name == 'motp' else _share(figures[name])}"
            for name in names
        ),
    ]
    lines += [
        (
            f"misses {figures['misses']}, false positives {figures['false_positives']}, identity switches "
            f"{figures['switches']}, fragmentations {figures['fragmentations']}"
        )
    ]
    return "\n".join(lines)


def _pairs(pairs: list[dict[str, Any]]) -> str:
    shown = ", ".join(f"A {pair['person_a']} = B {pair['person_b']}" for pair in pairs[:_MOST_PAIRS])
    return shown + (f" and {len(pairs) - _MOST_PAIRS} more (--json)" if len(pairs) > _MOST_PAIRS else "")


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _length(value: float | None, found: "Comparison") -> str:
    """Format the MOTP, which is a distance if people are matched by distance."""
    if found.max_distance is None or value is None:
        return _share(value)
    return f"{value:.3f} {found.unit}"


def _share(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.1%}"
