"""Rules for findings about the video: reliability, busiest time, entrances, stay in the scene."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.uncertainty.estimates import count_by_unit, estimate_share
from ptrack_analysis.report import finding_texts as texts
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import count, format_length
from ptrack_analysis.report.parts import Finding

FEWEST_PEOPLE = 6
"""Minimum number of people for a median or a share."""
_FEWEST_FOR_BUSIEST = 5
_STANDS_OUT = 1.15
"""Ratio of the busiest minute to the mean from which it is reported."""
_MOST_UNPLACED = 0.20
_MOST_DRIFT = 0.05
_FEWEST_ENTRIES, _LEAST_LENGTH = 20, 600.0
_MOST_REASONS = 2
_HOUR = 3600


WIDEST = 20.0
"""Ratio of the bounds of a median above which it is too uncertain."""


def is_narrow(low: float | None, high: float | None) -> bool:
    """Return whether the bounds of a median are known and narrow enough to report it."""
    return low is not None and low > 0 and (high is None or high / low <= WIDEST)


def format_bounds(low: float, high: float | None) -> str:
    """Format the confidence interval of a median."""
    return f"95 % range: {texts.format_length_range(low, high)}"


def find_trust(evidence: Evidence) -> Iterator[Finding]:
    """Report unreliable subjects if a check is bad or much of the time has no position."""
    words, share = evidence.words, evidence.figures["without_position_share"] or 0.0
    spoiled = words.spoiled()
    if spoiled:
        reported = [check for check in words.checks("bad") if words.subjects(check)]
        reasons = texts.join([words.reason(check) for check in reported[:_MOST_REASONS]])
        more = (
            f" {count(len(reported) - _MOST_REASONS, 'more check is', 'more checks are')} bad."
            if len(reported) > _MOST_REASONS
            else ""
        )
        figures: dict[str, float | int | str | None] = {"checks": len(reported)}
    elif share > _MOST_UNPLACED:
        spoiled = ["where people stood"]
        reasons = f"for {texts.format_percent(share)} of the time their position is not known"
        more, figures = "", {"share": share}
    else:
        return
    sentence = texts.capitalize(f"{texts.join(spoiled)} cannot be determined from this video: {reasons}.")
    yield Finding("trust", sentence, f"The figures concerned are marked below.{more}", "trust", figures)


def find_busiest(evidence: Evidence) -> Iterator[Finding]:
    """Find the busiest minute or hour."""
    there, busiest = evidence.figures["occupancy"], evidence.figures["busiest"]["interval"]
    if busiest is None or evidence.figures["persons"] < _FEWEST_FOR_BUSIEST or not there["mean"]:
        return
    mean, overall = busiest["mean_persons"], there["mean"]
    if mean < _STANDS_OUT * overall:
        return
    start, end = busiest["start_s"], busiest["start_s"] + busiest["length_s"]
    name = "hour" if busiest["every_s"] == _HOUR else "minute"
    place = f"in {evidence.analysis.recording.site}" if evidence.analysis.recording.site else "in view"
    first = evidence.format_time(there["peak_at_s"])
    yield Finding(
        "busiest",
        f"Busiest {name}: {evidence.format_time(start)} to {evidence.format_time(end)}, with {mean:.1f} "
        f"people {place} on average.",
        f"The overall average is {overall:.1f}. Most at once: {there['peak']}, first at {first}.",
        "presence",
        {
            "start_s": start,
            "end_s": end,
            "mean_persons": mean,
            "mean": overall,
            "peak": there["peak"],
            "peak_at_s": there["peak_at_s"],
        },
    )


def _name_door(evidence: Evidence) -> str:
    doors = evidence.entrance_lines
    return "the door" if len(doors) == 1 else f"the {len(doors)} doors"


def _measure_door(evidence: Evidence) -> tuple[dict[str, Any], bool] | None:
    """Return the counts over the entrance lines, and True if they agree with the people present."""
    balance = evidence.figures["balance"]
    if balance is None or not evidence.entrance_lines:
        return None
    passed = balance["in_total"] + balance["out_total"]
    if passed < FEWEST_PEOPLE:
        return None
    names = ("in_total", "out_total", "counted", "present", "drift")
    figures = {name: balance[name] for name in names}
    figures["at_start"] = balance["counted"] - balance["in_total"] + balance["out_total"]
    return figures, abs(balance["drift"]) <= max(1, _MOST_DRIFT * passed)


def find_door(evidence: Evidence) -> Iterator[Finding]:
    """Report the people who came in and went out, if the counts agree with the people present."""
    measured = _measure_door(evidence)
    if measured is None or not measured[1]:
        return
    figures, door = measured[0], _name_door(evidence)
    verb = "was" if figures["at_start"] == 1 else "were"
    inside = (
        f"{figures['at_start']} {verb} inside when the video began and {figures['present']} when it ended"
    )
    adds_up = ": the count adds up." if not figures["drift"] else f"; the count says {figures['counted']}."
    yield Finding(
        "door",
        f"{count(figures['in_total'])} came in and {figures['out_total']} went out through {door}.",
        f"{inside}{adds_up}",
        "presence",
        figures,
    )


def find_door_drift(evidence: Evidence) -> Iterator[Finding]:
    """Report that the counts at the door do not agree with the people present."""
    measured = _measure_door(evidence)
    if measured is None or measured[1]:
        return
    figures, door = measured[0], _name_door(evidence)
    counted, present = figures["counted"], figures["present"]
    seen = f"{present} {'is' if present == 1 else 'are'} visible"
    should = f"{counted} should be inside at the end, {seen}"
    if counted < 0:
        should = f"{-counted} more went out than were inside, and {seen} at the end"
    yield Finding(
        "door_drift",
        f"The count at {door} misses people: {should}.",
        f"{figures['at_start']} were inside when the video began; {figures['in_total']} in and "
        f"{figures['out_total']} out were counted. All figures of {door} may be off.",
        "presence",
        figures,
    )


def find_stay(evidence: Evidence) -> Iterator[Finding]:
    """Find how long people stay in the scene."""
    stay = evidence.figures["stay_in_scene"]
    if stay is None or not evidence.has_entrance or stay["persons"] < FEWEST_PEOPLE:
        return
    median, low, high = (stay[name] for name in ("median_s", "median_low_s", "median_high_s"))
    if median is None or not is_narrow(low, high):
        return
    came, complete = evidence.observed_stays
    inside = len(came) - len(complete)
    still = f", {inside} still inside when the video ended" if inside else ""
    yield Finding(
        "stay",
        f"Half of the people who came in stayed {format_length(median)} or longer.",
        f"{format_bounds(low, high)}. {count(stay['persons'])}{still}.",
        "zones",
        {
            "median_s": median,
            "low_s": low,
            "high_s": high,
            "persons": stay["persons"],
            "still_inside": inside,
        },
    )


def find_trend(evidence: Evidence) -> Iterator[Finding]:
    """Find a difference in the people who came in between the halves of the video."""
    doors = {line.name for line in evidence.entrance_lines}
    if not doors or (evidence.clock is None and evidence.length < _LEAST_LENGTH):
        return
    crossings = evidence.analysis["crossings"].reset_index()
    entries = crossings[crossings["line"].isin(doors) & (crossings["direction"] == "in")]
    if len(entries) < _FEWEST_ENTRIES:
        return
    middle = (evidence.figures["start_s"] + evidence.figures["end_s"]) / 2
    is_late = (entries["timestamp"] >= pd.Timedelta(seconds=middle)).to_numpy()
    late, early = int(is_late.sum()), int((~is_late).sum())
    half, more, fewer = ("second", late, early) if late >= early else ("first", early, late)
    bounds = estimate_share(more, count_by_unit(entries["person_index"].to_numpy()))[1]
    if not bounds.low > 0.5:  # noqa: PLR2004 - the ratio is above 1
        return
    figures: dict[str, float | int | str | None] = {"first_half": early, "second_half": late}
    ratio_low = bounds.low / (1 - bounds.low)
    sentence = f"All {more} came in during the {half} half."
    detail = f"{early} came in during the first half and {late} during the second."
    if fewer:
        figures |= {"ratio": more / fewer, "ratio_low": ratio_low}
        sentence = f"{more / fewer:.1f} times as many came in during the {half} half."
        detail += f" 95 % range: at least {ratio_low:.1f} times."
        if bounds.high < 1:
            ratio_high = bounds.high / (1 - bounds.high)
            figures["ratio_high"] = ratio_high
            detail = detail.replace(f"at least {ratio_low:.1f}", f"{ratio_low:.1f} to {ratio_high:.1f}")
    yield Finding("trend", sentence, detail, "presence", figures)
