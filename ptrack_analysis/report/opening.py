"""The first sections of a report: what the video is, how far to trust it, its key figures."""

from typing import Any

from ptrack_analysis.analysis.quality.intervals import compute_intervals
from ptrack_analysis.pipeline.notes import ENTRANCE, notes_on
from ptrack_analysis.report.definitions import column_text, first_sentence
from ptrack_analysis.report.measured import Measured
from ptrack_analysis.report.parts import Facts, Items, Key, Keys, Part, Section, Table, Words, isolated
from ptrack_analysis.report.tables import local_time, table_of
from ptrack_analysis.schema import BINS, OCCUPANCY, QUALITY, TRACKS, VISITS
from ptrack_analysis.summary.text import share, span

_WORST = ("bad", "doubtful", "unknown", "good")
_HOUR, _MINUTE = 3600, 60


def trust_section(measured: Measured) -> Section:
    """Say how far the tracking can be trusted: verdict, notes, each check with its thresholds."""
    trust = measured.figures["trust"]
    verdict = trust["verdict"]
    parts: list[Part] = [Words(_verdict_said(trust), verdict)]
    notes = list(dict.fromkeys(notes_said(measured)))
    if notes:
        parts.append(Items(notes))
    parts.append(quality_table(measured.analysis["quality"]))
    return Section("trust", "How far to trust it", parts)


def _verdict_said(trust: dict[str, Any]) -> str:
    said: str = {
        "good": "Good: no check of the tracking finds anything odd, which proves nothing of what it missed.",
        "unknown": "Unknown: nothing can be said about the tracking.",
    }.get(trust["verdict"], "")
    unknown = ", ".join(trust["unknown"])
    if said:
        more = f" Nothing can be said by: {unknown}." if unknown and trust["verdict"] == "good" else ""
        return said + more
    names = ", ".join(f"{check['check']} ({check['verdict']})" for check in trust["checks"])
    worst = trust["verdict"].capitalize()
    return f"{worst}: {len(trust['checks'])} of the checks did not come out good: {names}."


def notes_said(measured: Measured) -> list[str]:
    """List what a reader should know of how the video was read and measured."""
    analysis = measured.analysis
    found = [
        *analysis.reading.notes,
        *notes_on(analysis.reading, measured.analysis["persons"], measured.analysis.config.max_gap),
        *analysis.notes,
        *measured.notes,
    ]
    return [f"{note[:1].upper()}{note[1:]}{'' if note.endswith('.') else '.'}" for note in found]


def quality_table(quality: Any) -> Table:
    """List the checks, the worst first."""
    rank = quality["verdict"].astype(str).map({one: place for place, one in enumerate(_WORST)})
    ordered = quality.iloc[rank.to_numpy().argsort(kind="stable")]
    return table_of(
        ordered,
        QUALITY,
        "Checks of the tracking",
        ["check", "verdict", "value", "value_unit", "doubtful_above", "bad_above", "meaning"],
        labels={"value": "found", "value_unit": "unit"},
        marks="verdict",
    )


def video_section(measured: Measured, files: dict[str, str]) -> Section:
    """Say what the video is, and what of it was measured."""
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
        "measured part": f"{span(figures['start_s'])} to {span(figures['end_s'])}",
        "detections": str(len(measured.analysis.detections)),
        "sampling period": f"{measured.analysis.period.total_seconds():g} s",
        "codec": video.codec,
        "job": video.job_id,
        "job tag": video.job_tag,
        "distances in": "metres on a floor plan" if measured.analysis.floor_plan else "px of the picture",
    }
    told = [(name, str(value)) for name, value in [*facts.items(), *recording.further.items()] if value]
    return Section("video", "The video", [Facts(told)])


def key_section(measured: Measured) -> Section:
    """Say the key figures, each with its definition."""
    keys = [*_persons(measured), *_presence(measured), *_crossed(measured)]
    parts: list[Part] = [Keys(keys)]
    if not measured.figures["persons"]:
        parts.insert(0, Words("Nobody was detected in this video, so all figures are of nobody.", "note"))
    return Section("figures", "Key figures", parts)


def _persons(measured: Measured) -> list[Key]:
    figures = measured.figures
    inside = figures["persons_in_zones"]
    stay = measured.scene_stay.iloc[0] if len(measured.scene_stay) else None
    a_person = (
        f"The number of rows of the table persons; a row is {TRACKS.row}. A person whom the tracker lost and "
        "found again under another number counts twice."
    )
    keys = [Key("Persons", str(figures["persons"]), _part_of(inside), a_person)]
    definition = f"{column_text(TRACKS, 'dwell')} Its mean over persons. {first_sentence(compute_intervals)}"
    if stay is not None:
        bounds = interval(stay["low"], stay["high"], stay["confidence"])
        keys.append(Key("Mean time in the scene", span(float(stay["value"])), bounds, definition))
    unlocated = f"{share(figures['unlocated_share'])} of it unlocated"
    text = f"{column_text(TRACKS, 'dwell')} Over all persons. Unlocated: {column_text(TRACKS, 'unlocated')}"
    keys.append(Key("Time in the scene, all", span(figures["present_s"]), unlocated, text))
    return keys


def _part_of(inside: int | None) -> str:
    return "" if inside is None else f"{inside} of them in a zone"


def interval(low: float, high: float, confidence: float) -> str:
    """Write an interval of times [s]."""
    if low != low or high != high:  # noqa: PLR0124 - NaN
        return "no interval: too few persons"
    return f"{share(confidence)} interval: {span(low)} to {span(high)}"


def _presence(measured: Measured) -> list[Key]:
    figures = measured.figures
    there, busiest = figures["occupancy"], figures["busiest"]["interval"]
    mean = "\N{EN DASH}" if there["mean"] is None else f"{there['mean']:.2f}"
    first = there["peak_at_s"]
    peak_at = "" if first is None else f"first at {moment(measured, first)}"
    count = column_text(OCCUPANCY, "persons")
    keys = [
        Key("Present on average", mean, f"{there['at_end']} at the end", f"{count} Its mean over time."),
        Key("Present at most", str(there["peak"]), peak_at, f"{count} The largest."),
    ]
    if busiest is not None:
        name = "hour" if busiest["every_s"] >= _HOUR else "minute"
        text = f"The {name} with the most person-seconds. {column_text(BINS, 'person_seconds')}"
        beside = f"{busiest['mean_persons']:.2f} persons on average"
        keys.append(Key(f"Busiest {name}", f"from {moment(measured, busiest['start_s'])}", beside, text))
    return keys


def _crossed(measured: Measured) -> list[Key]:
    keys = []
    if measured.visits is not None:
        text = f"A stay is {VISITS.row}. {column_text(VISITS, 'dwell')}"
        total = float(measured.visits["dwell"].dt.total_seconds().sum())
        keys.append(Key("Stays in zones", str(len(measured.visits)), f"{span(total)} in all", text))
    balance = measured.figures["balance"]
    if balance is not None:
        beside = f"drift against presence {balance['drift']:+d}"
        value = f"{balance['in_total']} in, {balance['out_total']} out"
        lines = ", ".join(map(isolated, balance["lines"]))
        has_doors = any(line.kind == ENTRANCE for line in measured.analysis.lines)
        text = f"Crossings of the lines of kind {ENTRANCE!r}: {lines}."
        if not has_doors:
            text = f"Crossings of all lines, as none is of the kind {ENTRANCE!r}: {lines}."
        keys.append(Key("Over the doors" if has_doors else "Over the lines", value, beside, text))
    return keys


def moment(measured: Measured, seconds: float) -> str:
    """Write a moment of the video: as the local clock, where it is known."""
    if measured.clock is None:
        minutes, rest = divmod(round(seconds), _MINUTE)
        return (
            f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
            if minutes >= _MINUTE
            else f"{minutes}:{rest:02d}"
        )
    return f"{local_time(round(1000 * seconds), measured.clock):%H:%M:%S}"
