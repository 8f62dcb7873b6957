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
_OF_BOXES = {"face only", "truncated boxes", "boxes beyond image"}
_BAD, _SOME = 3, 4


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "inspect",
        "Show the contents of an archive, its completeness, and the reliability of the tracking.",
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
        _print_ignored(archive.ignored)
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


def _print_ignored(ignored: list[tuple[str, str]]) -> None:
    if ignored:
        print(f"\nIgnored {_count(len(ignored), 'other file')}:")
        for name, reason in ignored[:_SHOWN]:
            print(shown(f"  {name}: {reason}"))
        if len(ignored) > _SHOWN:
            print(f"  and {len(ignored) - _SHOWN} more (--json lists them all)")


def _text(found: "Inspection") -> str:
    """Format the inspection of one video, with the terms of the summary and the quality checks."""
    from ptrack_analysis.analysis.quality.verdict import format_value
    from ptrack_analysis.report.summary import describe_rows

    video = found.video
    size = f"{video.width} x {video.height} px" if video.width and video.height else "frame size unknown"
    rate = f"{video.frame_rate:.6g} frames/s" if video.frame_rate else "frame rate unknown"
    length = _seconds(video.duration) if video.duration is not None else "duration unknown"
    unknown_share = found.without_position / found.dwell if found.dwell else 0.0
    rows = [
        ("video", f"{size}, {rate}, {length}"),
        ("source", f"{_count(found.pages, 'page')} in " * bool(found.pages) + _count(found.files, "file")),
        *([("pages", found.read_report.verdict)] if found.read_report.verdict else []),
        ("rows read", describe_rows(found.read_report.rows, found.read_report.kept)),
        ("people (tracks)", f"{found.persons}"),
        ("detections", f"{found.detections}" + _between(found)),
        (
            "time in the scene",
            f"{_seconds(found.dwell)}, without position {_seconds(found.without_position)}"
            + (f" ({format_value(100 * unknown_share, '%')})" if found.dwell else ""),
        ),
        ("face only", f"{_share(found.without_box, found.detections)} detections"),
        ("truncated boxes", f"{_share(found.truncated_boxes, found.boxes)} body boxes"),
        ("boxes beyond image", f"{_share(found.boxes_beyond_image, found.boxes)} body boxes"),
        ("sampling period", _seconds(found.period)),
        (
            "gaps",
            f"{found.gaps}" + (f", the longest {_seconds(found.longest_gap)}" if found.longest_gap else ""),
        ),
        ("duplicates", f"{_count(found.merged, 'row')}, {_count(found.repeated_pages, 'page')}"),
        ("quality checks", _count_verdicts(found)),
    ]
    if not found.read_report.rows and found.problems:
        return "\n".join(
            [f"{video.name}: {found.verdict}", *(f"  problem: {text}" for text in found.problems)]
        )
    if found.has_points:
        rows = [row for row in rows if row[0] not in _OF_BOXES]
        rows.insert(3, ("positions", f"points without boxes, y points {video.y_axis}"))
    lines = [f"{video.name}: {found.verdict}", *(f"  {name:<20}{text}" for name, text in rows)]
    lines += [f"  note: {note}" for note in found.notes]
    return "\n".join(lines + [f"  problem: {problem}" for problem in found.problems])


def _count_verdicts(found: "Inspection") -> str:
    if not found.checks:
        return "all unknown"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in found.checks.items() if count)
    is_unknown = found.checks.get("unknown")
    return counts + (" (ptrack summary lists their requirements)" if is_unknown else "")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _between(found: "Inspection") -> str:
    if found.first is None or found.last is None:
        return ""
    return f", from {_seconds(found.first)} to {_seconds(found.last)}"


def _seconds(span: Any) -> str:
    return f"{span.total_seconds():.3f} s"


def _share(part: int, whole: int) -> str:
    from ptrack_analysis.analysis.quality.verdict import format_value

    return f"{part} of {whole}" + (f" ({format_value(100 * part / whole, '%')})" if whole else "")


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
