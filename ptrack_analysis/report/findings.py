"""Findings about one video: sentences that its tables support, most important first."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report import coverage_rules, video_rules, zone_rules
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import count, format_length
from ptrack_analysis.report.parts import Finding, Opening, find_verdict_kind

MOST_FINDINGS = 5
_DEMOTED = 5
"""Number of ranks by which a finding falls if a check that it needs is doubtful."""


_DOOR_CHECKS = ("identity switches", "crossing flicker")
Finder = Callable[[Evidence], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: rank, topic, required checks and outputs, and the function that finds its findings.

    A rule is skipped if a required check, or a check that affects a required output, is bad. Its findings
    rank behind the others if a required check is doubtful. ``find`` yields the best finding first.
    """

    topic: str
    find: Finder
    checks: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


RULES = (
    Rule("trust", video_rules.find_trust),
    Rule("busiest", video_rules.find_busiest, ("gaps", "short tracks"), ("occupancy",)),
    Rule("door", video_rules.find_door, _DOOR_CHECKS, ("crossings", "count_drift")),
    Rule("door", video_rules.find_door_drift),
    Rule("stay", video_rules.find_stay, ("continued tracks",), ("tracks",)),
    Rule("dwell", zone_rules.find_longest_zone),
    Rule("dwell", zone_rules.find_zone_dwell),
    Rule("goal", zone_rules.find_goal, ("track ends inside",), ("tracks",)),
    Rule("first_stop", zone_rules.find_first_stop, (), ("tracks",)),
    Rule("next_step", zone_rules.find_next_step),
    Rule("glances", zone_rules.find_glances),
    Rule("unvisited", coverage_rules.find_unvisited, (), ("tracks",)),
    Rule("missing_zone", coverage_rules.find_missing_zone, ("truncated boxes",), ("heatmap",)),
    Rule("waiting", zone_rules.find_waiting),
    Rule("trend", video_rules.find_trend, _DOOR_CHECKS, ("crossings", "counts")),
)
"""The rules in the order of their importance."""


def find_findings(analysis: VideoAnalysis, figures: Mapping[str, Any] | None = None) -> list[Finding]:
    """Find the main findings about a video, most important first.

    Each finding states numbers from the tables of the analysis. A rule is skipped if the data does not
    support its sentence: with too few people, a wide interval or a bad quality check. There are at most five
    findings, one per topic and one per zone.

    Parameters
    ----------
    analysis
        The video with its configuration.
    figures
        The key figures of the video; computed by default.

    Returns
    -------
    list of Finding
        Empty if there is too little data.
    """
    return _select(Evidence(analysis, figures))


def _select(evidence: Evidence) -> list[Finding]:
    """Return the first findings by rank, one per topic and one per zone."""
    ranked = [
        (rank + (_DEMOTED if doubts else 0), rule, doubts)
        for rank, rule in enumerate(RULES)
        if (doubts := _find_doubts(rule, evidence)) is not None
    ]
    found: list[Finding] = []
    topics, zones = set[str](), set[str]()
    for _, rule, doubts in sorted(ranked, key=lambda one: one[0]):
        if rule.topic in topics or len(found) == MOST_FINDINGS:
            continue
        finding = next((one for one in rule.find(evidence) if not zones & {*one.zones}), None)
        if finding is not None:
            topics.add(rule.topic)
            zones.update(finding.zones)
            care = "".join(f" With care: {evidence.describe_doubt(check)}." for check in doubts)
            found.append(replace(finding, detail=f"{finding.detail}{care}"))
    return found


def _find_doubts(rule: Rule, evidence: Evidence) -> list[str] | None:
    """Return the doubtful checks that a rule needs; None if the rule is skipped."""
    verdicts = {check: evidence.verdict(check) for check in rule.checks}
    if "bad" in verdicts.values() or evidence.is_bad(rule.outputs):
        return None
    return [check for check, verdict in verdicts.items() if verdict == "doubtful"]


def find_opening(evidence: Evidence) -> Opening:
    """Return the opening of a report: the reliability of the video, and the findings."""
    findings = _select(evidence)
    figures = evidence.figures
    people = count(figures["persons"])
    return Opening(
        verdict=evidence.words.describe_verdict(),
        kind=find_verdict_kind(figures["trust"]["verdict"]),
        limits=evidence.words.describe_limits(),
        findings=findings,
        empty=""
        if findings
        else f"Too little data for findings: {people} in {format_length(evidence.length)}.",
    )
