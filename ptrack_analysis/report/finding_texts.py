"""Texts of the findings and the verdict, written for managers."""

from collections.abc import Mapping, Sequence
from math import ceil

import pandas as pd

from ptrack_analysis.analysis.quality.verdict import (
    GOOD,
    LINE_OUTPUTS,
    NOT_USABLE,
    UNKNOWN,
    WITH_CARE,
    ZONE_OUTPUTS,
    judge_video,
)
from ptrack_analysis.report.parts import isolated

REASONS: Mapping[str, str] = {
    "sampling period": "people were located only every {value}",
    "coarse sampling": "people were located only every {value}",
    "irregular sampling": "some samples are {value} times as far apart as usual",
    "long steps": "{value} of the steps between sightings are too long to follow a person",
    "gaps": "people were lost from sight {value}",
    "bridged time": "for {value} of the time people counted as present without being detected",
    "face only": "in {value} of the sightings only a face was detected",
    "time without position": "for {value} of the time it is not known where people stood",
    "short tracks": "{value} of the people were tracked for less than a second",
    "track ends inside": "{value} of the tracks begin or end in the middle of the scene",
    "continued tracks": "{value} of the people are probably someone who was already counted",
    "identity switches": "people may have been mixed up {value}",
    "duplicate tracks": "{value} of the people were probably counted twice",
    "dropped rows": "{value} of the tracking could not be read",
    "missing pages": "at least {value} of the tracking is missing",
    "boxes beyond image": "{value} of the boxes reach beyond the image",
    "truncated boxes": "for {value} of the time feet were out of the image",
    "time outside image": "for {value} of the time people stood outside the image",
    "tiny boxes": "{value} of the boxes are smaller than a pixel",
    "impossible speeds": "for {value} of the time people seem to move faster than anyone runs",
    "near horizon": "for {value} of the time people were too far away to be located",
    "off the plan": "for {value} of the time people stood outside the floor plan",
    "visit flicker": "visits were broken up {value}",
    "crossing flicker": "crossings were counted again {value}",
}
"""Result of each quality check."""
_IN_ZONE = {"face only": "for {value} of the time only a face was detected"}
"""Results in a zone, for checks that measure zones and the complete video differently."""

_SUBJECTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("the number of people", frozenset({"tracks"})),
    ("the number of people at a time", frozenset({"occupancy"})),
    ("the time in zones", frozenset({"visits", "dwell"})),
    ("the transitions between zones", frozenset({"transitions"})),
    ("the counts at the door", frozenset({"crossings", "counts", "count_drift"})),
    ("the positions of people", frozenset({"heatmap", "trajectories", "stops"})),
    ("speeds", frozenset({"kinematics", "flow_field"})),
)
"""Subjects that the outputs describe, in the order of the text."""
_IN_ZONES = ("the time in zones", "the transitions between zones")
_AT_DOOR = "the counts at the door"
_MOST_NAMES, _MOST_REASONS, _LONGEST_NAME = 3, 2, 40
_PERCENT = 100
FEW = 20
"""Number up to which a share is given as a count."""
_TENTHS_BELOW, _MINUTE, _HOUR = 10, 60, 3600


def format_length(seconds: float) -> str:
    """Format a duration: ``2.4 s``, ``41 s``, ``1 min 2 s``, ``2 h 05 min``."""
    if round(seconds, 1) < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    if round(seconds) < _MINUTE:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / _MINUTE), _MINUTE)
    return f"{hours} h {minutes:02d} min"


def clock_time(seconds: float) -> str:
    """Format a time in the video as a player shows it, floored to the second."""
    hours, rest = divmod(int(seconds), _HOUR)
    minutes, whole = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"


def format_length_range(low: float, high: float | None) -> str:
    """Format a range of durations: ``0.6 to 12 s``, or ``at least 20 s`` without an upper bound."""
    if high is None:
        return f"at least {format_length(low)}"
    first, last = format_length(low), format_length(high)
    is_in_seconds = last.endswith(" s") and " min" not in last
    return f"{first.removesuffix(' s') if is_in_seconds else first} to {last}"


def format_percent(share: float) -> str:
    """Format a share as an integer percentage; 0 and 100 only for shares of 0 and 1."""
    whole = round(_PERCENT * share)
    if whole == 0 and share > 0:
        return "under 1 %"
    return "over 99 %" if whole == _PERCENT and share < 1 else f"{whole} %"


def format_percent_range(low: float, high: float) -> str:
    """Format a range of shares with its unit once."""
    first = format_percent(low)
    return f"{first.removesuffix(' %')} to {format_percent(high)}"


def format_share(part: int, whole: int, of: str = "") -> str:
    """Format a share of a count: ``4 of 9``, or ``44 % (132 of 300)`` above 20."""
    counted = f"{part} of {whole}{of}"
    return counted if whole <= FEW else f"{format_percent(part / whole)} ({counted})"


def count(number: int, one: str = "person", many: str = "people") -> str:
    """Format a number with its noun."""
    return f"{number} {one if number == 1 else many}"


def name_zone(name: str) -> str:
    """Format the name of a zone for a sentence: add an article to nouns, shorten long names."""
    name = " ".join(name.split())
    short = (
        name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    )
    return f"the {short}" if short.isascii() and short.isalpha() and short.islower() else isolated(short)


def join(words: Sequence[str]) -> str:
    """Join words with commas and a final *and*."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def join_names(names: Sequence[str]) -> str:
    """Join the names of zones; if they are many, the first ones and the number of the others."""
    shown = [name_zone(name) for name in names[:_MOST_NAMES]]
    return join([*shown, f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else shown)


def capitalize(words: str) -> str:
    """Begin a sentence with a capital letter."""
    return f"{words[:1].upper()}{words[1:]}"


def chance_unseen(people: int) -> int:
    """Return the upper bound of a share that was observed as 0, by the rule of three [%]."""
    return ceil(3 * _PERCENT / people)


def describe_reason(check: str, value: float, unit: str) -> str:
    """Describe the result of a check, such as ``for 10 % of the time feet were out of the image``."""
    return REASONS[check].format(value=_format_value(value, unit))


def describe_check(check: str) -> str:
    """Describe a check without its value: ``for some of the time feet were out of the image``."""
    text = REASONS[check].replace("only every {value}", "only rarely")
    text = text.replace("{value} times as far apart as usual", "far apart").removesuffix(" {value}")
    return text.replace("{value}", "some")


def _format_value(value: float, unit: str) -> str:
    if unit == "%":
        return format_percent(value / _PERCENT)
    if unit == "1/min":
        return f"{value:.1f} times a minute"
    return format_length(value) if unit == "s" else f"{value:.1f}"


def list_subjects(outputs: Sequence[str], *, zones: bool, lines: bool) -> list[str]:
    """Name the subjects of some outputs, without subjects that need missing zones or lines."""
    return [
        subject
        for subject, members in _SUBJECTS
        if members & {*outputs} and (zones or subject not in _IN_ZONES) and (lines or subject != _AT_DOOR)
    ]


class QualityWords:
    """The quality checks of a video in words.

    Parameters
    ----------
    quality
        QUALITY of the video.
    has_zones, has_lines
        Whether the video has zones and lines.
    """

    def __init__(self, quality: pd.DataFrame, *, has_zones: bool, has_lines: bool) -> None:
        rows = quality.astype({"verdict": str}).reset_index()
        self._rows = rows[rows["verdict"].isin(["bad", "doubtful"])]
        self._given = {"zones": has_zones, "lines": has_lines}
        self._verdict = judge_video(quality).verdict
        unknown = rows[(rows["verdict"] == "unknown") & (rows["name"] == "")]["check"].tolist()
        self._unknown, self._is_split_unknown = len(unknown), "continued tracks" in unknown

    def checks(self, verdict: str) -> list[str]:
        """Return the checks whose worst verdict is this one."""
        found = self._rows[self._rows["verdict"] == verdict]["check"].unique().tolist()
        bad = self._rows[self._rows["verdict"] == "bad"]["check"].unique()
        return [check for check in found if verdict == "bad" or check not in bad]

    def _find_named(self, check: str) -> pd.DataFrame:
        """Return the rows of the zones or lines in which a check is not good, the worst first."""
        rows = self._rows[(self._rows["check"] == check) & (self._rows["name"] != "")]
        return rows.sort_values("value", ascending=False, kind="stable")

    def _find_affected(self, check: str) -> list[str]:
        """Return the affected outputs; only outputs of zones or lines if only these are affected."""
        rows = self._rows[self._rows["check"] == check]
        outputs = str(rows["affects"].iloc[0]).split(", ")
        if (rows["name"] == "").any():
            return outputs
        local = ZONE_OUTPUTS if ZONE_OUTPUTS & {*outputs} else LINE_OUTPUTS
        return [output for output in outputs if output in local]

    def subjects(self, check: str) -> list[str]:
        """Name the subjects that a check affects, with the affected zones for time in zones."""
        found, names = list_subjects(self._find_affected(check), **self._given), self._find_named(check)
        local = f"the time at {join_names(names['name'].tolist())}"
        return [local if subject == "the time in zones" and len(names) else subject for subject in found]

    def reason(self, check: str) -> str:
        """Describe the result of a check in the video, and in zones or lines where it is not good."""
        rows, names = self._rows[self._rows["check"] == check], self._find_named(check)
        unit = str(rows["value_unit"].iloc[0])
        shown = [
            f"{_format_value(value, unit)} at {name_zone(name)}"
            for name, value in zip(names["name"][:_MOST_NAMES], names["value"], strict=False)
        ]
        if check in _IN_ZONE and shown:
            shown[0] = shown[0].replace(" at ", " of the time at ", 1)
        if len(names) > _MOST_NAMES:
            shown.append(f"{len(names) - _MOST_NAMES} more")
        whole = rows[rows["name"] == ""]
        if whole.empty:
            worst = _IN_ZONE.get(check, REASONS[check]).format(
                value=_format_value(float(names["value"].iloc[0]), unit)
            )
            return ", ".join([f"{worst} at {name_zone(names['name'].iloc[0])}", *shown[1:]])
        reason = describe_reason(check, float(whole["value"].iloc[0]), unit)
        return f"{reason} ({', '.join(shown)})" if shown else reason

    def spoiled(self) -> list[str]:
        """Name the subjects that are unreliable."""
        return list(
            dict.fromkeys(subject for check in self.checks("bad") for subject in self.subjects(check))
        )

    def describe_verdict(self) -> str:
        """Describe the reliability of the video in a few words."""
        if self._verdict == NOT_USABLE:
            spoiled = self.spoiled()
            return f"Not usable for {join(spoiled)}." if spoiled else "Usable with care."
        return {GOOD: "Reliable.", WITH_CARE: "Usable with care.", UNKNOWN: "Not checked."}[self._verdict]

    def describe_limits(self) -> str:
        """Describe which figures are reliable, and why others are not."""
        if self._verdict == UNKNOWN:
            return "The tracking could not be checked: the checks need people with body boxes."
        affected = {one for check in self._rows["check"].unique() for one in self._find_affected(check)}
        outputs = [name for _, members in _SUBJECTS[:-1] for name in members if not members & affected]
        reliable = list_subjects(outputs, **self._given)
        is_plural = len(reliable) > 1 or (reliable and reliable[0].endswith("s"))
        sentences = (
            [capitalize(f"{join(reliable)} {'are' if is_plural else 'is'} reliable.")] if reliable else []
        )
        checks = [*self.checks("bad"), *self.checks("doubtful")]
        reported = [check for check in checks if self.subjects(check)]
        effects: dict[str, list[str]] = {}
        for check in reported[:_MOST_REASONS]:
            effect = "cannot be relied on" if check in self.checks("bad") else "may be off"
            effects.setdefault(f"{join(self.subjects(check))} {effect}", []).append(self.reason(check))
        sentences += [capitalize(f"{join(reasons)}, so {effect}.") for effect, reasons in effects.items()]
        if len(reported) > _MOST_REASONS:
            sentences.append(
                f"{count(len(reported) - _MOST_REASONS, 'more check is', 'more checks are')} not good."
            )
        if self._unknown:
            twice = ", among them whether a person was counted twice" if self._is_split_unknown else ""
            sentences.append(f"{count(self._unknown, 'check', 'checks')} could not be made{twice}.")
        return " ".join(sentences)
