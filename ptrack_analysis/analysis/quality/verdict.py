"""The verdict on the tracking of one video, from its quality checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ptrack_analysis.cards import build_card
from ptrack_analysis.limits import wrong_kind
from ptrack_analysis.schema import QUALITY, VERDICTS, validate

UNKNOWN_VALUE = "\N{EN DASH}"
GOOD, WITH_CARE, NOT_USABLE, UNKNOWN = "good", "usable with care", "not usable", "unknown"
"""Verdicts on a video. ``NOT_USABLE`` may be followed by the outputs that are not usable."""
ZONE_OUTPUTS = frozenset({"visits", "dwell", "transitions", "occupancy"})
LINE_OUTPUTS = frozenset({"crossings", "counts"})
"""Outputs with figures per zone or line: a check with values per zone or line affects them only there."""
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

    Examples
    --------
    >>> verdict = pta.quality.judge_video(pta.open_video("data/shop")["quality"])
    >>> verdict.verdict, verdict.spoiled
    ('usable with care', ())
    """

    verdict: str
    spoiled: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the verdict in words, such as ``not usable for visits and dwell in hall``."""
        return f"{self.verdict} for {'; '.join(self.spoiled)}" if self.spoiled else self.verdict

    def _repr_html_(self) -> str:
        """Return a card for notebooks."""
        return build_card("Quality", self.verdict, {"not usable for": "; ".join(self.spoiled)})


def judge_video(quality: pd.DataFrame | None, *, problems: Sequence[str] = ()) -> VideoVerdict:
    """Assess the tracking of one video.

    The verdict is ``not usable`` if there are problems, or ``not usable for`` the outputs of bad checks. It
    is ``usable with care`` with a doubtful check, and otherwise ``good``. Unknown checks do not lower the
    verdict. If all checks are unknown, it is ``unknown``.

    Parameters
    ----------
    quality
        QUALITY of the video, or None.
    problems
        Reasons why the video cannot be read.

    Returns
    -------
    VideoVerdict
        The verdict, with the outputs that are not usable.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop")
    >>> str(pta.quality.judge_video(analysis["quality"]))
    'usable with care'
    >>> str(pta.quality.judge_video(None, problems=["pages are missing"]))
    'not usable'
    """
    if quality is not None and "verdict" not in getattr(quality, "columns", ()):
        validate(quality, QUALITY)  # a stored table has fewer columns
    if isinstance(problems, str) or not isinstance(problems, Sequence):
        raise wrong_kind("problems", "a list of texts", problems)
    if problems:
        return VideoVerdict(NOT_USABLE)
    verdicts = set() if quality is None else set(quality["verdict"].astype(str))
    spoiled = () if quality is None else _describe_spoiled(quality)
    if spoiled:
        return VideoVerdict(NOT_USABLE, spoiled)
    if verdicts & {"bad", "doubtful"}:
        return VideoVerdict(WITH_CARE)
    return VideoVerdict(GOOD if "good" in verdicts else UNKNOWN)


def count_verdicts(quality: pd.DataFrame) -> dict[str, int]:
    """Count the checks of the complete video by verdict."""
    of_video = quality[quality.index.get_level_values("name") == ""]
    return {verdict: int((of_video["verdict"] == verdict).sum()) for verdict in VERDICTS}


def format_value(value: float | None, unit: str) -> str:
    """Format the value of a check with its unit, in three significant digits."""
    if value is None or pd.isna(value):
        return UNKNOWN_VALUE
    return f"{float(f'{value:.3g}'):g}" + ("" if unit == "1" else f" {unit}")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Verdicts of one check by zone or line, the outputs that it affects, and which of them per name."""

    verdicts: Mapping[str, str]
    outputs: tuple[str, ...]
    local: frozenset[str]


def index_checks(quality: pd.DataFrame) -> dict[str, CheckResult]:
    """Return the results of QUALITY by check, for many calls of ``find_affecting_checks``."""
    return {
        str(check): CheckResult(
            dict(zip(rows.index.get_level_values("name"), rows["verdict"].astype(str).tolist(), strict=True)),
            tuple(_split_outputs(rows)),
            _find_local_outputs(rows),
        )
        for check, rows in quality.groupby(level="check", sort=True)
    }


def find_affecting_checks(
    quality: pd.DataFrame | Mapping[str, CheckResult],
    outputs: Sequence[str],
    name: str = "",
    verdicts: Sequence[str] = ("bad", "doubtful"),
) -> list[str]:
    """Return the checks that affect one of the outputs, in one zone or line or in the complete video.

    Parameters
    ----------
    quality
        QUALITY of one video, or its results from ``index_checks``.
    outputs
        Names of outputs.
    name
        Name of a zone or line; empty for the complete video.
    verdicts
        The verdicts of the checks to return.

    Returns
    -------
    list of str
        Names of the checks, sorted.
    """
    results = index_checks(quality) if isinstance(quality, pd.DataFrame) else quality
    found = []
    for check, result in results.items():
        keys = {name if one in result.local else "" for one in result.outputs if one in outputs}
        if any(result.verdicts.get(key) in verdicts for key in keys):
            found.append(check)
    return found


def _split_outputs(rows: pd.DataFrame) -> list[str]:
    """Return the outputs that a check affects."""
    return str(rows["affects"].iloc[0]).split(", ")


def _find_local_outputs(rows: pd.DataFrame) -> frozenset[str]:
    """Return the outputs that a check affects only in the zones or lines for which it has a value.

    The values belong to zones or, if the check does not affect outputs per zone, to lines.
    """
    if len(rows) == 1:
        return frozenset()
    return ZONE_OUTPUTS if ZONE_OUTPUTS & {*_split_outputs(rows)} else LINE_OUTPUTS


def _describe_spoiled(quality: pd.DataFrame) -> tuple[str, ...]:
    """List the outputs of bad checks, grouped by the zones in which they are not usable."""
    names: dict[str, set[str]] = {}
    checks = quality.index.get_level_values("check")
    bad_checks = checks[(quality["verdict"] == "bad").to_numpy()]
    if not len(bad_checks):
        return ()
    for _, rows in quality[checks.isin(bad_checks)].groupby(level="check", sort=True):
        verdicts = rows["verdict"].astype(str).droplevel("check")
        bad = verdicts.index[verdicts == "bad"]
        by_name, local = {str(name) for name in bad if name}, _find_local_outputs(rows)
        for output in _split_outputs(rows):
            is_everywhere = len(by_name) == len(verdicts) - 1 if output in local else "" in bad
            if is_everywhere:
                names.setdefault(output, set()).add("")
            elif output in local and by_name:
                names.setdefault(output, set()).update(by_name)
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
