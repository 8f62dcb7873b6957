"""``ptrack inspect``: contents and quality of an archive."""

import argparse
import json
import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import add_options, read_fields
from ptrack_analysis.cli.options import (
    add_command,
    add_source,
    add_source_options,
    fallback_video,
    format_arguments,
    open_source,
    shown,
)

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.inspection import Inspection

_SHOWN = 8
_OF_BOXES = {"without body box", "feet not seen", "out of the frame"}
_BAD, _SOME = 3, 4


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "inspect",
        "Show what an archive contains, whether it is complete, and how reliable the tracking is.",
        "inspect data/shop",
        "inspect data/day --json",
    )
    add_source(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_options(parser, "presence")
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Inspect each video of the source; 3 if no video is usable, 4 if some are not."""
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.pipeline.inspection import inspect_tracking
    from ptrack_analysis.sources.finding import form_given, rename_videos, scan_source

    with open_source(given) as source:
        archive = scan_source(source, form_given(**format_arguments(given)))
        found, errors = [], []
        for reference in rename_videos(archive.videos, given.video_name, source):
            try:
                inspected = inspect_tracking(reference, video=fallback_video(given), **read_fields(given))
            except ParameterError as error:  # the options do not fit this video
                errors.append(f"{reference.name}: {error}")
            else:
                found.append(inspected)
    if not found and errors:
        raise ParameterError("; ".join(errors))
    if given.source == "-":
        found = [_named_stdin(one, str(source)) for one in found]
    if given.json:
        listed = [{"file": name, "reason": reason} for name, reason in archive.ignored]
        print(json.dumps({"videos": [_plain(one) for one in found], "ignored": listed}, indent=2))
    else:
        print(shown("\n\n".join(_text(one) for one in found)))
        _print_passed_over(archive.ignored)
    problems = [problem for one in found for problem in one.problems]
    for problem in (*problems, *errors):
        print(shown(f"ptrack: {problem}"), file=sys.stderr)
    bad = sum(bool(one.problems) for one in found) + len(errors)
    return 0 if not bad else _BAD if bad == len(archive.videos) else _SOME


def _named_stdin(found: "Inspection", file: str) -> "Inspection":
    """Replace the name of the temporary copy of stdin."""
    notes, problems = (
        tuple(text.replace(file, "stdin") for text in texts) for texts in (found.notes, found.problems)
    )
    dropped = tuple(
        replace(reason, examples=tuple(example.replace(file, "stdin") for example in reason.examples))
        for reason in found.read_report.dropped
    )
    report = replace(found.read_report, source="stdin", dropped=dropped)
    return replace(found, notes=notes, problems=problems, read_report=report)


def _print_passed_over(ignored: list[tuple[str, str]]) -> None:
    if ignored:
        print(f"\npassed over: {_count(len(ignored), 'other file')}")
        for name, reason in ignored[:_SHOWN]:
            print(shown(f"  {name}: {reason}"))
        if len(ignored) > _SHOWN:
            print(f"  and {len(ignored) - _SHOWN} more (--json lists them all)")


def _text(found: "Inspection") -> str:
    """Format what was found about one video."""
    video = found.video
    size = f"{video.width} x {video.height} px" if video.width and video.height else "frame size unknown"
    rate = f"{video.frame_rate:.6g} frames/s" if video.frame_rate else "frame rate unknown"
    length = _seconds(video.duration) if video.duration is not None else "length unknown"
    rows = [
        ("video", f"{size}, {rate}, {length}"),
        ("read", (f"{_count(found.pages, 'page')} in " if found.pages else "") + _count(found.files, "file")),
        ("rows", _rows_read(found)),
        *([("completeness", found.read_report.verdict)] if found.read_report.verdict else []),
        ("persons", f"{found.persons}"),
        ("detections", f"{found.detections}" + _between(found)),
        ("time in scene", f"{_seconds(found.dwell)}, of which {_seconds(found.without_position)} unlocated"),
        ("without body box", f"{_share(found.without_box, found.detections)} detections (face only)"),
        (
            "feet not seen",
            f"{_share(found.feet_not_seen, found.boxes)} body boxes end on the picture's lower edge",
        ),
        ("out of the frame", f"{_share(found.out_of_frame, found.boxes)} body boxes"),
        ("sampling period", _seconds(found.period)),
        (
            "gaps",
            f"{found.gaps}" + (f", the longest {_seconds(found.longest_gap)}" if found.longest_gap else ""),
        ),
        ("doubled", f"{_count(found.merged, 'row')}, {_count(found.repeated_pages, 'page')}"),
    ]
    if not found.read_report.rows and found.problems:
        return "\n".join(
            [f"{video.name}: {found.verdict}", *(f"  problem: {text}" for text in found.problems)]
        )
    if found.has_points:
        rows = [row for row in rows if row[0] not in _OF_BOXES]
        rows.insert(3, ("positions", f"points without boxes, y points {video.y_axis}"))
    lines = [f"{video.name}: {found.verdict}", *(f"  {name:<18}{text}" for name, text in rows)]
    lines += [f"  note: {note}" for note in found.notes]
    return "\n".join(lines + [f"  problem: {problem}" for problem in found.problems])


def _rows_read(found: "Inspection") -> str:
    report = found.read_report
    dropped = f", {report.dropped_rows} dropped" if report.dropped else ""
    return f"{report.rows} read, {report.kept} kept{dropped}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _between(found: "Inspection") -> str:
    if found.first is None or found.last is None:
        return ""
    return f", from {_seconds(found.first)} to {_seconds(found.last)}"


def _seconds(span: Any) -> str:
    return f"{span.total_seconds():.3f} s"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({part / whole:.0%})" if whole else "")


def _plain(found: "Inspection") -> dict[str, Any]:
    """Convert a report to JSON values, with times in milliseconds as ``<name>_ms``."""
    plain: dict[str, Any] = {"name": found.video.name, "verdict": found.verdict}
    plain |= {each.name: getattr(found, each.name) for each in fields(found) if each.name != "ignored"}
    facts = {each.name: getattr(found.video, each.name) for each in fields(found.video)}
    facts.pop("read_report")
    plain["video"] = _in_ms(facts)
    plain["read_report"] = found.read_report.to_dict()
    return _in_ms(plain)


def _in_ms(values: dict[str, Any]) -> dict[str, Any]:
    times = (
        "first",
        "last",
        "dwell",
        "without_position",
        "period",
        "longest_gap",
        "duration",
        "sampling_period",
    )
    return {
        f"{name}_ms" if name in times else name: _value(value)
        if name in times or name == "started_at"
        else value
        for name, value in values.items()
    }


def _value(value: Any) -> Any:
    if value is None:
        return None
    return (
        value.isoformat()
        if hasattr(value, "isoformat") and not hasattr(value, "as_unit")
        else round(value.total_seconds() * 1000)
    )
