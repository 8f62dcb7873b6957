"""The key figures of one video as text."""

from collections.abc import Sequence
from typing import Any

from ptrack_analysis.analysis.quality.verdict import format_value
from ptrack_analysis.report.finding_texts import (
    clock_time,
    format_length,
    format_length_range,
    format_percent,
)
from ptrack_analysis.report.parts import Opening
from ptrack_analysis.report.text_layout import (
    TextPart,
    escape_markdown,
    format_markdown,
    format_text,
    one_line,
    wrap_text,
)

PLAIN, MARKDOWN = "text", "markdown"
NONE = "\N{EN DASH}"
_HOUR = 3600
_ZONES = (
    "zone",
    "people",
    "visits",
    "total",
    "observed mean",
    "median",
    "interval",
    "unobserved",
    "peak",
    "checks",
)
_FIGURES = {
    "people (tracks)": "persons",
    "people in a zone": "persons",
    "time in the scene": "present_s",
    "median stay in the scene": "stay_in_scene",
    "mean speed": "speed",
    "present at the end": "occupancy",
    "present on average": "occupancy",
    "present at most": "occupancy",
    "busiest minute": "busiest_interval",
    "busiest hour": "busiest_interval",
    "busiest cell": "busiest_cell",
}
"""The figure of each row, for the checks that affect it."""
_WAYS = ("from", "to", "times", "people", "share", "median time")
_CROSSED = ("line", "in", "out", "checks")
_CHECKS = ("check", "zone or line", "verdict", "value", "affects")
_UNKNOWN = ("unknown check", "requirement")


def format_page(figures: dict[str, Any], form: str = PLAIN, *, opening: Opening | None = None) -> str:
    """Format the figures of one video as a page: ``"text"`` or ``"markdown"``.

    The page begins with the verdict and the findings of ``opening``. Lines of text have at most 100
    characters. Durations are rounded to 0.1 s below ten seconds, to 1 s below an hour, otherwise to 1 min.
    Times in the video are floored to the second, as a player shows them. Unknown values are an en dash.
    """
    start, end = figures["start_s"], figures["end_s"]
    title = f"{one_line(figures['video']) or 'video'}: {clock_time(start)} to {clock_time(end)}"
    parts = [_usual(figures), *_zones(figures), *_crossed(figures), *_ways(figures), *_trust(figures)]
    if figures["unavailable"]:
        parts.append(TextPart("Not available", sentences=tuple(figures["unavailable"])))
    if form == MARKDOWN:
        first = [] if opening is None else _open_markdown(opening)
        return "\n\n".join([f"## {escape_markdown(title)}", *first, *map(format_markdown, parts)])
    first = [] if opening is None else _open_text(opening)
    return "\n\n".join(["\n".join(wrap_text(title)), *first, *map(format_text, parts)])


def _open_text(opening: Opening) -> list[str]:
    """Write the verdict and the findings as text."""
    lines = ["Findings", *wrap_text(opening.empty, 2)]
    for number, finding in enumerate(opening.findings, 1):
        lines += wrap_text(finding.sentence, 2, f"{number}. ")
        lines += wrap_text(finding.detail, 5)
    return ["\n".join(wrap_text(f"{opening.verdict} {opening.limits}")), "\n".join(lines)]


def _open_markdown(opening: Opening) -> list[str]:
    """Write the verdict and the findings as Markdown."""
    items = [
        f"{number}. **{escape_markdown(finding.sentence)}** {escape_markdown(finding.detail)}"
        for number, finding in enumerate(opening.findings, 1)
    ]
    verdict = f"**{escape_markdown(opening.verdict)}** {escape_markdown(opening.limits)}"
    return [verdict, "### Findings", "\n".join(items) or escape_markdown(opening.empty)]


def span(seconds: float | None) -> str:
    """Format a duration; a dash if it is unknown."""
    return NONE if seconds is None else format_length(seconds)


def share(value: float | None) -> str:
    """Format a share; a dash if it is unknown."""
    return NONE if value is None else format_percent(value)


def _decimal(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def describe_rows(read: int, kept: int) -> str:
    """Describe how many rows of the source were read and dropped."""
    return f"{read}, {read - kept} dropped" if read > kept else f"{read}, all kept"


def _usual(figures: dict[str, Any]) -> TextPart:
    """Return the key figures on people, occupancy and speed."""
    there, busiest = figures["occupancy"], figures["busiest"]
    in_zones, report = figures["persons_in_zones"], figures["read_report"]
    rows = [
        *([] if report["completeness"] is None else [("pages", report["completeness"])]),
        ("rows read", describe_rows(report["rows_read"], report["rows_kept"])),
        ("people (tracks)", str(figures["persons"])),
        *([] if in_zones is None else [("people in a zone", str(in_zones))]),
        ("median stay in the scene", _stay(figures["stay_in_scene"], figures["confidence"])),
        ("time in the scene", span(figures["present_s"])),
        (
            "without position",
            f"{span(figures['without_position_s'])} ({share(figures['without_position_share'])})",
        ),
        *([("outside the image", span(figures["outside_image_s"]))] if figures["outside_image_s"] else []),
        *(
            [
                (
                    "truncated boxes",
                    (
                        f"{span(figures['box_truncated_s'])} "
                        f"({share(figures['box_truncated_share'])} of the time with a position)"
                    ),
                )
            ]
            if figures["box_truncated_s"]
            else []
        ),
        ("mean speed", _speed(figures["speed"], figures["unit"])),
        ("present at the end", str(there["at_end"])),
        ("present on average", _decimal(there["mean"])),
        ("present at most", f"{there['peak']}{_first(there['peak_at_s'])}"),
        _busiest_interval(busiest["interval"]),
        ("busiest cell", _cell(busiest["cell"], figures["unit"])),
    ]
    affected = figures["trust"]["affected"]
    marked = [(*row, _names(affected[_FIGURES[row[0]]]) if row[0] in _FIGURES else NONE) for row in rows]
    return TextPart("Figures", ("figure", "value", "checks"), marked)


def describe_stay_bounds(stay: dict[str, Any], confidence: float) -> str:
    """Format the interval of the median stay in the scene, and the number of people behind it."""
    bounds = describe_median_bounds(stay["median_low_s"], stay["median_high_s"], stay["note"])
    based = (
        f"{stay['persons']} people who came in; of all {stay['people']}, {stay['start_unobserved']} were "
        f"there at the start and {stay['end_unobserved']} at the end"
    )
    return f"{share(confidence)} interval: {bounds}; {based}"


def _stay(stay: dict[str, Any] | None, confidence: float) -> str:
    return NONE if stay is None else f"{span(stay['median_s'])} ({describe_stay_bounds(stay, confidence)})"


def describe_range(low: float, high: float) -> str:
    """Format the confidence bounds of a count with one decimal."""
    return f"{low:.1f} to {high:.1f}"


def _speed(speed: dict[str, Any], unit: str) -> str:
    mean = speed[f"mean_{unit}_per_s"]
    return NONE if mean is None else f"{mean:.{2 if unit == 'm' else 1}f} {unit}/s"


def _first(moment: float | None) -> str:
    return "" if moment is None else f" (first at {clock_time(moment)})"


def _busiest_interval(interval: dict[str, Any] | None) -> tuple[str, str]:
    if interval is None:
        return "busiest minute", NONE
    name = "hour" if interval["every_s"] == _HOUR else "minute"
    start = interval["start_s"]
    return (
        f"busiest {name}",
        (
            f"{clock_time(start)} to {clock_time(start + interval['length_s'])}: "
            f"{interval['person_seconds']:.1f} person-seconds, {interval['mean_persons']:.2f} on average"
        ),
    )


def _cell(cell: dict[str, Any] | None, unit: str) -> str:
    if cell is None:
        return NONE
    x, y = (f"{cell[f'{axis}_{unit}']:.{2 if unit == 'm' else 0}f}" for axis in "xy")
    return f"around x {x} {unit}, y {y} {unit}: occupied for {span(cell['stood_s'])}"


def _zones(figures: dict[str, Any]) -> list[TextPart]:
    if figures["zones"] is None:
        return []
    rows = [
        (
            zone["zone"],
            str(zone["visitors"]),
            f"{zone['visits']} ({describe_range(zone['visits_low'], zone['visits_high'])})",
            span(zone["total_dwell_s"]),
            span(zone["naive_mean_dwell_s"]),
            span(zone["median_dwell_s"]),
            describe_median_bounds(
                zone["median_dwell_low_s"], zone["median_dwell_high_s"], zone["dwell_note"]
            ),
            share(zone["censored_share"]),
            str(zone["occupancy"]["peak"]),
            _names(zone["affected_by"]),
        )
        for zone in figures["zones"]
    ]
    definitions = (
        f"median: dwell time by Kaplan-Meier, with its {share(figures['confidence'])} interval; "
        "observed mean: mean of the observed dwell; unobserved: visits whose start or end was not observed; "
        "peak: most people at a time; in brackets: interval of the number of visits."
    )
    return [TextPart("Zones", _ZONES, rows, (definitions,))]


def describe_median_bounds(low: float | None, high: float | None, note: str) -> str:
    """Format the interval of a median, or the reason in the note of its row why it is missing."""
    if low is None:
        reasons = dict(part.split(": ", 1) for part in note.split("; ") if ": " in part)
        return f"none: {reasons['median']}" if "median" in reasons else NONE
    return format_length_range(low, high)


def _ways(figures: dict[str, Any]) -> list[TextPart]:
    ways = figures["transitions"]
    if ways is None:
        return []
    if not ways:
        return [TextPart("From zone to zone", sentences=("No transitions between zones",))]
    rows = [
        (
            way["origin"],
            way["destination"],
            str(way["transitions"]),
            str(way["persons"]),
            share(way["share"]),
            span(way["median_travel_s"]),
        )
        for way in ways
    ]
    checks = figures["trust"]["affected"]["transitions"]
    return [TextPart("From zone to zone", _WAYS, rows, (describe_affecting(checks),) if checks else ())]


def _crossed(figures: dict[str, Any]) -> list[TextPart]:
    if figures["lines"] is None:
        return []
    rows = [
        (
            line["line"],
            *(
                f"{line[f'{way}_total']} ({describe_range(line[f'{way}_low'], line[f'{way}_high'])})"
                for way in ("in", "out")
            ),
            _names(line["affected_by"]),
        )
        for line in figures["lines"]
    ]
    interval = f"in brackets: {share(figures['confidence'])} interval of the count"
    drift = describe_drift(figures)
    checks = figures["trust"]["affected"]["balance"]
    return [
        TextPart(
            "Lines", _CROSSED, rows, (interval, drift, *((describe_affecting(checks),) if checks else ()))
        )
    ]


def _trust(figures: dict[str, Any]) -> list[TextPart]:
    """List the checks that are not good, then the unknown checks and their requirements."""
    trust = figures["trust"]
    rows = [
        (
            check["check"],
            check["name"] or "complete video",
            check["verdict"],
            format_value(check["value"], check["value_unit"]),
            ", ".join(check["affects"]),
        )
        for check in trust["checks"]
    ]
    texts = {check["check"]: f"{check['meaning']} {check['advice']}" for check in trust["checks"]}
    sentences = tuple(f"{check}: {text}" for check, text in texts.items())
    sentences = sentences or (describe_no_findings(trust["verdict"]),)
    unknown = [(one["check"], one["needs"]) for one in trust["unknown"]]
    parts = [TextPart(f"Quality: {trust['verdict']}", _CHECKS, rows, sentences)]
    return [*parts, TextPart("Unknown checks", _UNKNOWN, unknown)] if unknown else parts


def describe_drift(figures: dict[str, Any], lines: str = "") -> str:
    """Compare the counts over the lines with the people present at the end."""
    balance = figures["balance"]
    bounding = [line for line in figures["lines"] if line["line"] in balance["lines"]]
    into, out = (sum(line[f"{way}_total"] for line in bounding) for way in ("in", "out"))
    start, present = balance["counted"] - into + out, balance["present"]
    people, verb = "person" if start == 1 else "people", "is" if present == 1 else "are"
    return (
        f"{start} {people} at the start, {into} in and {out} out over "
        f"{lines or ', '.join(balance['lines'])} make {balance['counted']} at the end, and "
        f"{present} {verb} present: a count drift of {format_drift(balance['drift'])}."
    )


def format_drift(drift: int) -> str:
    """Format a count drift with its sign."""
    return f"{drift:+d}" if drift else "0"


def describe_affecting(checks: Sequence[str]) -> str:
    """Name the quality checks that are not good for a figure."""
    return f"Quality checks that are not good here: {', '.join(checks)}"


def describe_no_findings(verdict: str) -> str:
    """Explain a verdict without doubtful or bad checks."""
    if verdict == "unknown":
        return "The tracking could not be checked: the checks need detections with boxes."
    return "All known checks passed. They cannot detect people the tracker missed."


def _names(checks: Sequence[str]) -> str:
    return ", ".join(checks) or NONE
