"""The verdict on the tracking of one video, from its quality checks."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

GOOD, WITH_CARE, NOT_USABLE, UNKNOWN = "good", "usable with care", "not usable", "unknown"
"""The verdicts on a video. ``NOT_USABLE`` is followed by the outputs that are not usable, if any are."""
_OUTPUTS_BY_NAME = frozenset({"visits", "dwell", "transitions", "occupancy", "crossings", "counts"})
"""Outputs with figures per zone or line: a check with values per zone spoils them only there."""
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class VideoVerdict:
    """The verdict on one video.

    Attributes
    ----------
    verdict
        ``good``, ``usable with care``, ``not usable`` or ``unknown``.
    spoiled
        Outputs that are not usable, with their zones.
    """

    verdict: str
    spoiled: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the verdict in words, such as ``not usable for visits and dwell in hall``."""
        return f"{self.verdict} for {'; '.join(self.spoiled)}" if self.spoiled else self.verdict


def judge_video(
    quality: pd.DataFrame | None, *, problems: Sequence[str] = (), caveats: Sequence[str] = ()
) -> VideoVerdict:
    """Judge the tracking of one video.

    The verdict is ``not usable`` if there are problems, or ``not usable for`` the outputs of bad checks. It
    is ``usable with care`` with a doubtful check or a caveat, and otherwise ``good``. Unknown checks never
    lower it; without any known check it is ``unknown``.

    Parameters
    ----------
    quality
        QUALITY of the video, None without it.
    problems
        Reasons why the video cannot be read.
    caveats
        Reasons for care besides the checks.
    """
    if problems:
        return VideoVerdict(NOT_USABLE)
    verdicts = set() if quality is None else set(quality["verdict"].astype(str))
    if quality is not None and "bad" in verdicts:
        return VideoVerdict(NOT_USABLE, _describe_spoiled(quality))
    if "doubtful" in verdicts or caveats:
        return VideoVerdict(WITH_CARE)
    return VideoVerdict(GOOD if "good" in verdicts else UNKNOWN)


def find_affecting_checks(
    quality: pd.DataFrame,
    outputs: Sequence[str],
    name: str = "",
    verdicts: Sequence[str] = ("bad", "doubtful"),
) -> list[str]:
    """Return the checks that spoil one of the outputs, in one zone or line, or with no name as a whole.

    Parameters
    ----------
    quality
        QUALITY of one video.
    outputs
        Names of outputs.
    name
        Name of a zone or line.
    verdicts
        The verdicts of the checks to return.
    """
    found = []
    for check, rows in quality.groupby(level="check", sort=True):
        affects = [one for one in rows["affects"].iloc[0].split(", ") if one in outputs]
        by_name = rows["verdict"].astype(str).droplevel("check")
        has_names = len(by_name) > 1
        for output in affects:
            key = name if has_names and output in _OUTPUTS_BY_NAME else ""
            if by_name.get(key) in verdicts:
                found.append(str(check))
                break
    return found


def _describe_spoiled(quality: pd.DataFrame) -> tuple[str, ...]:
    """List the outputs of bad checks, grouped by the zones in which they are not usable."""
    names: dict[str, set[str]] = {}
    for _, rows in quality.groupby(level="check", sort=True):
        verdicts = rows["verdict"].astype(str).droplevel("check")
        bad = verdicts.index[verdicts == "bad"]
        by_name = {str(name) for name in bad if name}
        for output in rows["affects"].iloc[0].split(", "):
            is_by_name = len(verdicts) > 1 and output in _OUTPUTS_BY_NAME
            if is_by_name and by_name and len(by_name) < len(verdicts) - 1:
                names.setdefault(output, set()).update(by_name)
            elif "" in bad or (is_by_name and by_name):
                names.setdefault(output, set()).add("")
    groups: dict[tuple[str, ...], list[str]] = {}
    for output, where in names.items():
        groups.setdefault(() if "" in where else tuple(sorted(where)), []).append(output.replace("_", " "))
    return tuple(
        _join(outputs) + (f" in {_join(_shorten(where))}" if where else "")
        for where, outputs in sorted(groups.items())
    )


def _shorten(names: Sequence[str]) -> list[str]:
    more = len(names) - _MOST_NAMES
    return [*names[:_MOST_NAMES], f"{more} more"] if more > 0 else list(names)


def _join(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
