"""The folded sections at the end of a report: checks, tables, definitions, parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.crowd.density import MINUTE, compute_occupancy_bins
from ptrack_analysis.analysis.quality.intervals import compute_confidence_intervals
from ptrack_analysis.pipeline.notes import notes_on
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report import page_texts as texts
from ptrack_analysis.report.estimates import GARWOOD
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import clock_time, count, format_length
from ptrack_analysis.report.key_figures import number
from ptrack_analysis.report.parts import (
    Cell,
    Facts,
    Heading,
    Items,
    Part,
    ReportTable,
    Section,
    Words,
    build_table,
    column_text,
    find_verdict_kind,
    isolated,
)
from ptrack_analysis.report.summary import describe_drift
from ptrack_analysis.schema import DWELL, QUALITY, TRACKS, TRANSITIONS, VISITS, ZONE_OCCUPANCY
from ptrack_analysis.video import milliseconds

_WORST = ("bad", "doubtful", "unknown", "good")


def checks_section(evidence: Evidence, notes: Sequence[str] = ()) -> Section:
    """Show each check with its value and thresholds, and notes on how the video was read."""
    trust = evidence.figures["trust"]
    checks = {check["check"]: check for check in trust["checks"]}
    sentences = [
        f"{name[:1].upper()}{name[1:]}: {one['meaning']} It affects {', '.join(one['affects'])}. "
        f"{one['advice']}"
        for name, one in checks.items()
    ]
    verdict = Words(
        f"{trust['verdict'][:1].upper()}{trust['verdict'][1:]}.", find_verdict_kind(trust["verdict"])
    )
    items = [*sentences, *_list_notes(evidence.analysis, notes)]
    parts: list[Part] = [verdict, *([Items(items)] if items else [])]
    parts.append(_quality_table(evidence.quality))
    if trust["unknown"]:
        headings = [Heading("check", "check"), Heading("needs", "requirement")]
        rows = [[one["check"], one["needs"]] for one in trust["unknown"]]
        parts.append(
            ReportTable("unknown_checks", "Checks that could not be made", headings, rows, row="one check")
        )
    return Section("trust", f"{texts.CHECKS}: {_count_checks(evidence.quality)}", parts)


def _count_checks(quality: pd.DataFrame) -> str:
    """Count the checks by their result."""
    verdicts = quality["verdict"].astype(str)[quality.index.get_level_values("name") == ""]
    counts = {verdict: int((verdicts == verdict).sum()) for verdict in _WORST}
    words = {"bad": "bad", "doubtful": "doubtful", "unknown": "could not be made"}
    passed = f"{count(counts['good'], 'check', 'checks')} passed"
    return ", ".join([passed, *(f"{counts[one]} {label}" for one, label in words.items() if counts[one])])


def _list_notes(analysis: VideoAnalysis, notes: Sequence[str]) -> list[str]:
    """List the notes on how the video was read and measured."""
    found = [
        *notes_on(analysis.reading, analysis["tracks"] if analysis.has_points else None),
        *analysis.notes,
        *notes,
    ]
    return [
        f"{note[:1].upper()}{note[1:]}{'' if note.endswith('.') else '.'}" for note in dict.fromkeys(found)
    ]


def _quality_table(quality: pd.DataFrame) -> ReportTable:
    """List the checks, worst first, with the zones and lines in which they are not good."""
    verdict = quality["verdict"].astype(str)
    is_shown = (quality.index.get_level_values("name") == "") | verdict.isin(["bad", "doubtful"])
    rank = verdict[is_shown].map({one: rank_of_verdict for rank_of_verdict, one in enumerate(_WORST)})
    ordered = quality[is_shown].iloc[rank.to_numpy().argsort(kind="stable")]
    is_video = ordered.index.get_level_values("name") == ""
    ordered = ordered.assign(meaning=ordered["meaning"].where(is_video, ""))
    return build_table(
        ordered,
        QUALITY,
        "Checks of the tracking",
        ["check", "name", "verdict", "value", "value_unit", "doubtful_above", "bad_above", "meaning"],
        labels={"name": "zone or line", "value_unit": "unit"},
        marks="verdict",
    )


def tables_section(evidence: Evidence) -> Section:
    """Show the tables behind the charts."""
    analysis = evidence.analysis
    parts: list[Part] = []
    if analysis.zones:
        parts += [_dwell_table(evidence), _visits_table(evidence)]
    parts.append(_presence_table(evidence))
    if analysis.zones:
        parts.append(
            build_table(
                analysis["transitions"].sort_values("transitions", ascending=False, kind="stable"),
                TRANSITIONS,
                "Transitions from zone to zone",
                ["origin", "destination", "transitions", "persons", "share", "median_travel"],
                labels={
                    "origin": "from",
                    "destination": "to",
                    "transitions": "times",
                    "median_travel": "median time",
                },
            )
        )
    if analysis.lines:
        lines = ", ".join(map(isolated, evidence.figures["balance"]["lines"]))
        parts += [_lines_table(evidence), Words(describe_drift(dict(evidence.figures), lines))]
    return Section("tables", texts.TABLES, [*parts, _persons_table(evidence)])


def _dwell_table(evidence: Evidence) -> ReportTable:
    """List the dwell in each zone: the median and the observed mean, each with its interval."""
    means = compute_confidence_intervals(evidence.analysis["visits"], of="dwell", statistic="mean")
    means = means.reset_index("figure", drop=True)
    rows = []
    for zone in evidence.figures["zones"]:
        low, high, note = _bound_mean(means, zone["zone"])
        row: list[Cell] = [
            zone["zone"],
            zone["visitors"],
            *(zone[f"visits{end}"] for end in ("", "_low", "_high")),
            *(zone[f"median_dwell{end}_s"] for end in ("", "_low", "_high")),
            zone["naive_mean_dwell_s"],
            low,
            high,
            zone["end_unobserved"],
            zone["start_unobserved"],
            zone["total_dwell_s"],
            zone["occupancy"]["peak"],
            ", ".join(zone["affected_by"]),
            _join_notes(zone["dwell_note"], note),
        ]
        rows.append(row)
    defined = {
        name: column_text(DWELL, name)
        for name in ("median", "median_low", "median_high", "end_unobserved", "start_unobserved")
    }
    ends = " Jackknife over people."
    headings = [
        Heading("zone", "zone"),
        Heading("visitors", "people", "Number of different people in the zone.", 0),
        Heading("visits", "visits", column_text(DWELL, "visits"), 0),
        Heading("visits_low", "from", f"Lower bound of the number of visits.{GARWOOD}", 1),
        Heading("visits_high", "to", f"Upper bound of the number of visits.{GARWOOD}", 1),
        Heading("median_s", "median [s]", defined["median"], 1),
        Heading("median_low_s", "from", defined["median_low"], 1),
        Heading("median_high_s", "to", defined["median_high"], 1),
        Heading("observed_mean_s", "mean [s]", column_text(DWELL, "observed_mean"), 1),
        Heading("observed_mean_low_s", "from", f"Lower bound of the mean.{ends}", 1),
        Heading("observed_mean_high_s", "to", f"Upper bound of the mean.{ends}", 1),
        Heading("end_unobserved", "end not observed", defined["end_unobserved"], 0),
        Heading("start_unobserved", "start not observed", defined["start_unobserved"], 0),
        Heading("dwell_s", "in all [s]", column_text(VISITS, "dwell"), 1),
        Heading("max_persons", "most at a time", "Largest number of people at any time.", 0),
        Heading("affected_by", "checks", "Quality checks that are doubtful or bad for dwell in this zone."),
        Heading("note", "on the intervals", "Reason why a bound is missing or an interval is unreliable."),
    ]
    return ReportTable(
        "dwell", "Dwell by zone, with 95 % intervals", headings, rows, row="the visits to one zone"
    )


def _bound_mean(means: pd.DataFrame, zone: str) -> tuple[float | None, float | None, str]:
    """Return the interval of the mean dwell, and a note if it is missing or unreliable."""
    if zone not in means.index:
        return None, None, ""
    row = means.loc[zone]
    return number(row["low"]), number(row["high"]), str(row["note"])


def _join_notes(of_dwell: str, of_mean: str) -> str:
    """Return the notes on the intervals of the median and the mean."""
    notes = [note for note in of_dwell.split("; ") if note.startswith("median: ")]
    return "; ".join([*notes, *([f"mean: {of_mean}"] if of_mean else [])])


def _visits_table(evidence: Evidence) -> ReportTable:
    ordered = evidence.analysis["visits"].sort_values("entered", kind="stable")
    columns = ["zone", "person_index", "entered", "exited", "dwell", "entry", "exit"]
    labels = {"person_index": "person"}
    return build_table(ordered, VISITS, "Visits", columns, labels=labels, clock=evidence.clock)


def _presence_table(evidence: Evidence) -> ReportTable:
    """List how many people were in view, by interval."""
    analysis = evidence.analysis
    bins = compute_occupancy_bins(
        analysis["occupancy_changes"], analysis.video_until_end, every=analysis.config.every or MINUTE
    )
    return build_table(
        bins[bins.index.get_level_values("zone") == ""],
        ZONE_OCCUPANCY,
        "People in view by interval",
        ["timestamp", "recorded_time", "mean_persons", "max_persons", "person_seconds"],
        labels={
            "timestamp": "from",
            "recorded_time": "length",
            "mean_persons": "on average",
            "max_persons": "at most",
        },
        clock=evidence.clock,
        digits={"person_seconds": 0},
        name="presence",
    )


def _lines_table(evidence: Evidence) -> ReportTable:
    """List how often each line was crossed."""
    rows = [
        [
            one["line"],
            *(one[f"{way}_{name}"] for way in ("in", "out") for name in ("total", "low", "high")),
            ", ".join(one["affected_by"]),
        ]
        for one in evidence.figures["lines"]
    ]
    headings = [
        Heading("line", "line"),
        *(
            Heading(f"{way}_{name}", label, text, digits)
            for way in ("in", "out")
            for name, label, text, digits in (
                ("count", way, f"Crossings {way}.", 0),
                ("low", "from", f"Lower bound of the number of crossings.{GARWOOD}", 1),
                ("high", "to", f"Upper bound of the number of crossings.{GARWOOD}", 1),
            )
        ),
        Heading("affected_by", "checks", "Quality checks that are doubtful or bad for counts of this line."),
    ]
    return ReportTable("lines", "Crossings of each line, with 95 % intervals", headings, rows)


def _persons_table(evidence: Evidence) -> ReportTable:
    unit = evidence.analysis.unit
    return build_table(
        evidence.analysis["tracks"].sort_values("first_seen", kind="stable"),
        TRACKS,
        "People",
        [
            "person_index",
            "first_seen",
            "last_seen",
            "time_in_scene",
            "without_position",
            f"path_length_{unit}",
        ],
        unit=unit,
        labels={"person_index": "person", "time_in_scene": "in the scene"},
        digits={f"path_length_{unit}": 1},
        name="persons",
        clock=evidence.clock,
    )


def words_section() -> Section:
    """Define the words on the page."""
    return Section("words", texts.WORDS, [Facts([*texts.DEFINITIONS.items()])])


def method_section(evidence: Evidence, files: Mapping[str, str]) -> Section:
    """List the metadata of the video, the read report and the parameters of the analysis."""
    analysis, figures = evidence.analysis, evidence.figures
    video, recording, report = analysis.video, analysis.recording, analysis.reading.report
    clock = evidence.clock
    facts = {
        **files,
        "recorded": clock and f"{clock:%A, %Y-%m-%d %H:%M:%S} ({recording.timezone})",
        "site": recording.site,
        "camera": recording.camera,
        "video file": video.source,
        "frame": f"{video.width} x {video.height} px" if video.width and video.height else None,
        "frame rate": None if video.frame_rate is None else f"{video.frame_rate:g} frames per second",
        "length": video.duration and format_length(video.duration.total_seconds()),
        "measured part": f"{clock_time(figures['start_s'])} to {clock_time(figures['end_s'])}",
        "pages": report.verdict,
        "rows read": str(report.rows),
        "rows kept": str(report.kept),
        "detections": str(len(analysis.detections)),
        "sampling period": f"{analysis.period.total_seconds():g} s",
        "codec": video.codec,
        "job": video.job_id,
        "job tag": video.job_tag,
        "distances in": _describe_plane(analysis),
        **recording.further,
    }
    known = [(name, str(value)) for name, value in facts.items() if value]
    return Section(
        "method", texts.METHOD, [Facts(known), Words("Parameters", "heading"), _parameters(analysis)]
    )


def _describe_plane(analysis: VideoAnalysis) -> str:
    if analysis.has_points:
        return f"{'meters' if analysis.unit == 'm' else 'px'}, as in the source; y points {analysis.y_axis}"
    return "meters on a floor plan" if analysis.floor_plan else "px of the image"


def _parameters(analysis: VideoAnalysis) -> Facts:
    """List the parameters: times in ms, distances in the plane's unit, files by checksum."""
    withheld = {"csv", "tables", "salt", "faces", "video", "min_count", "allow_incomplete", "allow_dropped"}
    shown: dict[str, Any] = {"max_gap": f"{milliseconds(analysis.max_gap, 'max_gap')} ms"}
    for name, value in analysis.config.parameters().items():
        if name in {*withheld, "max_gap"} or value is None or value is False:
            continue
        given = getattr(analysis.config, name, None)
        shown[name] = f"{milliseconds(given, name)} ms" if isinstance(given, pd.Timedelta) else str(value)
    return Facts([*shown.items()])
