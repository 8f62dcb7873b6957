"""The first and last sections of a report: quality, key figures, definitions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.counting.counts import count_crossings
from ptrack_analysis.analysis.counting.crossings import compute_crossings
from ptrack_analysis.analysis.crowd.density import compute_occupancy_bins
from ptrack_analysis.analysis.dwell.dwell import compute_dwell, compute_stay_in_scene
from ptrack_analysis.analysis.heat.quantities import compute_box_heatmap, compute_heatmap
from ptrack_analysis.analysis.quality.checks import compute_quality
from ptrack_analysis.analysis.quality.intervals import compute_confidence_intervals
from ptrack_analysis.analysis.quality.verdict import format_value
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.zones.occupancy import compute_occupancy
from ptrack_analysis.analysis.zones.transitions import compute_transitions
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.pipeline.notes import notes_on
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.estimates import estimate_bounds
from ptrack_analysis.report.key_figures import gather_key_figures, read_quality
from ptrack_analysis.report.parts import (
    Facts,
    Heading,
    Items,
    Key,
    Keys,
    Part,
    ReportTable,
    Section,
    Words,
    build_table,
    column_text,
    extract_rule,
    find_verdict_kind,
    first_sentence,
    isolated,
    local_time,
)
from ptrack_analysis.report.summary import (
    clock_time,
    describe_no_findings,
    describe_range,
    describe_stay_bounds,
    format_drift,
    share,
    span,
)
from ptrack_analysis.scene.zones import ENTRANCE
from ptrack_analysis.schema import OCCUPANCY_CHANGES, QUALITY, TRACKS, VISITS, ZONE_OCCUPANCY
from ptrack_analysis.video import milliseconds
from ptrack_analysis.web.ground import Background


@dataclass(frozen=True, slots=True, eq=False)
class ReportData:
    """One video with its key figures and the image behind its plots.

    ``clock`` is the local start of the video, None where it is not known; ``stays`` are the confidence
    intervals of the mean visit, None without zones.
    """

    analysis: VideoAnalysis
    figures: dict[str, Any]
    background: Any
    embedded: Background | None
    stays: pd.DataFrame | None
    notes: tuple[str, ...] = ()

    @property
    def recording(self) -> Recording:
        """When and where the video was recorded."""
        return self.analysis.recording

    @property
    def visits(self) -> pd.DataFrame | None:
        """The visits, None without zones."""
        return self.analysis["visits"] if self.analysis.zones else None

    @property
    def busiest_zones(self) -> list[str]:
        """The names of the zones, those with the most time inside first."""
        zones = self.figures["zones"] or []
        ordered = sorted(zones, key=lambda zone: -(zone["total_dwell_s"] or 0.0))
        return [zone["zone"] for zone in ordered]

    @property
    def clock(self) -> datetime | None:
        """The local start of the recording, where it is known."""
        return self.recording.local_start


def measure(
    analysis: VideoAnalysis, background: Any, embedded: Background | None, notes: tuple[str, ...] = ()
) -> ReportData:
    """Compute what a report needs beside the tables."""
    stays = (
        compute_confidence_intervals(analysis["visits"], of="dwell", statistic="mean")
        if analysis.zones
        else None
    )
    return ReportData(
        analysis=analysis,
        figures=gather_key_figures(analysis),
        background=background,
        embedded=embedded,
        stays=stays,
        notes=notes,
    )


_WORST = ("bad", "doubtful", "unknown", "good")
_HOUR = 3600


def trust_section(measured: ReportData) -> Section:
    """Describe how far the tracking can be trusted: verdict, notes, each check with its thresholds."""
    trust = measured.figures["trust"]
    parts: list[Part] = [Words(describe_verdict(trust), find_verdict_kind(trust["verdict"]))]
    checks = {check["check"]: check for check in trust["checks"]}
    said = [
        f"{name[:1].upper()}{name[1:]}: {one['meaning']} It affects {', '.join(one['affects'])}. "
        f"{one['advice']}"
        for name, one in checks.items()
    ]
    if items := [*said, *dict.fromkeys(notes_said(measured))]:
        parts.append(Items(items))
    parts.append(quality_table(read_quality(measured.analysis)))
    if trust["unknown"]:
        headings = [Heading("check", "unknown check"), Heading("needs", "what makes it known")]
        rows = [[one["check"], one["needs"]] for one in trust["unknown"]]
        parts.append(ReportTable("unknown_checks", "Unknown checks", headings, rows, row="one check"))
    return Section("trust", "How far to trust it", parts)


def describe_verdict(trust: dict[str, Any]) -> str:
    """Write the verdict, and the values of each check that is not good, also in zones and on lines."""
    verdict = f"{trust['verdict'][:1].upper()}{trust['verdict'][1:]}."
    if not trust["checks"]:
        return f"{verdict} {describe_no_findings(trust['verdict'])}"
    values: dict[str, list[str]] = {}
    for check in trust["checks"]:
        where = f" in {isolated(check['name'])}" if check["name"] else ""
        value = format_value(check["value"], check["value_unit"])
        values.setdefault(check["check"], []).append(f"{value}{where}")
    said = "; ".join(f"{name} {', '.join(one)}" for name, one in values.items())
    return f"{verdict} {said[:1].upper()}{said[1:]}."


def notes_said(measured: ReportData) -> list[str]:
    """List what a reader should know of how the video was read and measured."""
    analysis = measured.analysis
    found = [
        *notes_on(analysis.reading, analysis["tracks"] if analysis.has_points else None),
        *analysis.notes,
        *measured.notes,
    ]
    return [f"{note[:1].upper()}{note[1:]}{'' if note.endswith('.') else '.'}" for note in found]


def quality_table(quality: Any) -> ReportTable:
    """List the checks, the worst first, and the zones and lines where they are not good."""
    verdict = quality["verdict"].astype(str)
    is_shown = (quality.index.get_level_values("name") == "") | verdict.isin(["bad", "doubtful"])
    rank = verdict[is_shown].map({one: place for place, one in enumerate(_WORST)})
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


def video_section(measured: ReportData, files: dict[str, str]) -> Section:
    """Describe what the video is, and what of it was measured."""
    video, figures = measured.analysis.video, measured.figures
    size = f"{video.width} x {video.height} px" if video.width and video.height else None
    rate = None if video.frame_rate is None else f"{video.frame_rate:g} frames a second"
    length = None if video.duration is None else span(video.duration.total_seconds())
    clock, recording = measured.clock, measured.recording
    begun = None if clock is None else f"{clock:%A, %Y-%m-%d %H:%M:%S} ({recording.timezone})"
    facts = {
        **files,
        "recorded": begun,
        "site": recording.site,
        "camera": recording.camera,
        "filmed file": video.source,
        "frame": size,
        "frame rate": rate,
        "length": length,
        "measured part": f"{clock_time(figures['start_s'])} to {clock_time(figures['end_s'])}",
        "pages": measured.analysis.reading.report.verdict,
        "rows read": f"{measured.analysis.reading.report.rows}",
        "rows kept": f"{measured.analysis.reading.report.kept}",
        "detections": str(len(measured.analysis.detections)),
        "sampling period": f"{measured.analysis.period.total_seconds():g} s",
        "codec": video.codec,
        "job": video.job_id,
        "job tag": video.job_tag,
        "distances in": _describe_plane(measured.analysis),
    }
    told = [(name, str(value)) for name, value in [*facts.items(), *recording.further.items()] if value]
    return Section("video", "The video", [Facts(told)])


def _describe_plane(analysis: VideoAnalysis) -> str:
    if analysis.has_points:
        return f"{'meters' if analysis.unit == 'm' else 'px'}, as in the source; y points {analysis.y_axis}"
    return "meters on a floor plan" if analysis.floor_plan else "px of the picture"


def key_section(measured: ReportData, findings: Sequence[str] = ()) -> Section:
    """Describe the key figures, each with its definition.

    If one of the findings is that the counts at the door do not add up, the counts are marked.
    """
    affected = dict(measured.figures["trust"]["affected"])
    if "door_drift" in findings:
        affected["balance"] = [*affected["balance"], "count drift"]
    keys = [
        replace(key, checks=affected[key.figure]) if key.figure else key
        for key in (*_persons(measured), *_presence(measured), *_crossed(measured))
    ]
    parts: list[Part] = [Keys(keys)]
    if not measured.figures["persons"]:
        parts.insert(0, Words("Nobody was detected in this video, so all figures are of nobody.", "note"))
    return Section("figures", "Key figures", parts)


def _persons(measured: ReportData) -> list[Key]:
    figures = measured.figures
    inside = figures["persons_in_zones"]
    a_person = (
        f"The number of rows of the table persons; a row is {TRACKS.row}. A person whom the tracker lost and "
        "found again under another number counts twice."
    )
    keys = [Key("People (tracks)", str(figures["persons"]), _describe_part(inside), a_person, "persons")]
    stay = figures["stay_in_scene"]
    if stay is not None:
        beside = describe_stay_bounds(stay, figures["confidence"])
        definition = (
            f"{first_sentence(compute_stay_in_scene)} The median is the first length that at most half of "
            "them exceed (Kaplan-Meier); people who were there at the end stayed longer."
        )
        keys.append(
            Key("Median stay in the scene", span(stay["median_s"]), beside, definition, "stay_in_scene")
        )
    unlocated = f"{share(figures['without_position_share'])} of it without position"
    text = f"{column_text(TRACKS, 'time_in_scene')} {column_text(TRACKS, 'without_position')}"
    keys.append(Key("Time in the scene, all", span(figures["present_s"]), unlocated, text, "present_s"))
    if figures["outside_image_s"]:
        definition = column_text(TRACKS, "time_outside_image")
        keys.append(
            Key("Time outside the image", span(figures["outside_image_s"]), "", definition, "present_s")
        )
    return keys


def _describe_part(inside: int | None) -> str:
    return "" if inside is None else f"{inside} of them in a zone"


def _presence(measured: ReportData) -> list[Key]:
    figures = measured.figures
    there, busiest = figures["occupancy"], figures["busiest"]["interval"]
    mean = "\N{EN DASH}" if there["mean"] is None else f"{there['mean']:.2f}"
    first = there["peak_at_s"]
    peak_at = "" if first is None else f"first at {moment(measured, first)}"
    count = column_text(OCCUPANCY_CHANGES, "persons")
    keys = [
        Key(
            "Present on average",
            mean,
            f"{there['at_end']} at the end",
            f"{count} Its mean over time.",
            "occupancy",
        ),
        Key("Present at most", str(there["peak"]), peak_at, f"{count} The largest.", "occupancy"),
    ]
    if busiest is not None:
        name = "hour" if busiest["every_s"] >= _HOUR else "minute"
        text = f"The {name} with the most person-seconds. {column_text(ZONE_OCCUPANCY, 'person_seconds')}"
        beside = f"{busiest['mean_persons']:.2f} persons on average"
        keys.append(
            Key(
                f"Busiest {name}",
                f"from {moment(measured, busiest['start_s'])}",
                beside,
                text,
                "busiest_interval",
            )
        )
    return keys


def _crossed(measured: ReportData) -> list[Key]:
    keys = []
    if measured.visits is not None:
        text = f"A stay is {VISITS.row}. {column_text(VISITS, 'dwell')}"
        total = float(measured.visits["dwell"].dt.total_seconds().sum())
        level = share(measured.figures["confidence"])
        count = f"{level} interval of the count: {describe_range(*estimate_bounds(measured.visits))}"
        keys.append(Key("Visits to zones", str(len(measured.visits)), f"{span(total)} in all; {count}", text))
    balance = measured.figures["balance"]
    if balance is not None:
        ways = (
            f"{describe_range(balance[f'{way}_low'], balance[f'{way}_high'])} {way}" for way in ("in", "out")
        )
        level = share(measured.figures["confidence"])
        beside = f"{level} intervals: {', '.join(ways)}; count drift {format_drift(balance['drift'])}"
        value = f"{balance['in_total']} in, {balance['out_total']} out"
        lines = ", ".join(map(isolated, balance["lines"]))
        has_doors = any(line.kind == ENTRANCE for line in measured.analysis.lines)
        text = f"Crossings of the lines of kind {ENTRANCE!r}: {lines}."
        if not has_doors:
            text = f"Crossings of all lines, as none is of the kind {ENTRANCE!r}: {lines}."
        keys.append(Key("Over the doors" if has_doors else "Over the lines", value, beside, text, "balance"))
    return keys


def moment(measured: ReportData, seconds: float) -> str:
    """Write a time in the video, floored to the second; in local time if the clock is known."""
    if measured.clock is None:
        return clock_time(seconds)
    return f"{local_time(round(1000 * seconds), measured.clock):%H:%M:%S}"


def definitions_section(measured: ReportData) -> Section:
    """Unfold the rules by which all was computed, and list the parameters."""
    rules: list[Any] = [compute_trajectories, compute_tracks, compute_occupancy, compute_occupancy_bins]
    if measured.visits is not None:
        rules += [compute_visits, compute_dwell, compute_transitions]
    if measured.analysis.lines:
        rules += [compute_crossings, count_crossings]
    has_boxes = measured.analysis.unit == "px" and not measured.analysis.has_points
    rules.append(compute_box_heatmap if has_boxes else compute_heatmap)
    rules += [compute_stay_in_scene, compute_confidence_intervals]
    if not measured.analysis.has_points:
        rules.append(compute_quality)
    said = "What each figure means, in the words of the functions that compute it."
    return Section(
        "definitions",
        "Definitions and parameters",
        [Words(said), *map(extract_rule, rules), _parameters(measured)],
    )


def _parameters(measured: ReportData) -> Facts:
    """List what was asked for: times in ms, distances in the plane's unit; files by their checksum."""
    withheld = {"csv", "tables", "salt", "faces", "video", "min_count", "allow_incomplete", "allow_dropped"}
    given = {
        name: value
        for name, value in measured.analysis.config.parameters().items()
        if name not in withheld and value is not None and value is not False
    }
    analysis = measured.analysis
    times = {name for name in given if isinstance(getattr(analysis.config, name, None), pd.Timedelta)}
    shown = [
        (name, f"{milliseconds(getattr(analysis.config, name), name)} ms" if name in times else str(value))
        for name, value in given.items()
        if name != "max_gap"
    ]
    shown.insert(0, ("max_gap", f"{milliseconds(analysis.max_gap, 'max_gap')} ms"))
    return Facts(shown)
