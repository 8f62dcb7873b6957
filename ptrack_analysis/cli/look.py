"""``ptrack SOURCE``: a short look at a source, and the next commands."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import add_options, read_config
from ptrack_analysis.cli.options import (
    add_command,
    add_source,
    add_source_options,
    emphasize,
    format_arguments,
    open_source,
    show_activity,
    shown,
)

if TYPE_CHECKING:
    from ptrack_analysis.report.parts import Opening
    from ptrack_analysis.sources.archive import VideoReference
    from ptrack_analysis.storage.s3 import AnyPath

_NAMED = 5
_FINDINGS = 3


def add(commands: Any) -> None:
    """Add the command, which the help does not list."""
    parser = add_command(
        commands,
        "look",
        "Show the content of a source, the first findings, and the next commands. The word look is optional.",
        "look data/shop",
        "data/shop",
    )
    add_source(parser)
    add_options(parser, "scene", into=parser)
    add_options(parser, "presence")
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the look."""
    from ptrack_analysis.report.writing import is_dataset
    from ptrack_analysis.sources.finding import find_videos, rename_videos

    with open_source(given) as source:
        if is_dataset(source):
            lines, opening = _look_at_dataset(given.source, source)
        else:
            form = format_arguments(given)
            references = rename_videos(find_videos(source, **form), given.video_name, source)
            if len(references) == 1:
                lines, opening = _look_at_video(given, references[0])
            else:
                lines, opening = _look_at_videos(given, references), None
    text = shown("\n".join(lines))
    print(emphasize(text, opening.verdict, opening.kind) if opening else text)
    return 0


def _look_at_video(given: argparse.Namespace, reference: "VideoReference") -> "tuple[list[str], Opening]":
    """Describe one video: people, reliability, and the first findings."""
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.report.evidence import Evidence
    from ptrack_analysis.report.finding_texts import count, format_length
    from ptrack_analysis.report.findings import find_opening
    from ptrack_analysis.report.text_layout import wrap_text
    from ptrack_analysis.sources.finding import form_given

    config = AnalysisConfig(**read_config(given), faces=False)
    with show_activity(f"reading {reference.name}"):
        analysis = VideoAnalysis(reference, config, form=form_given(**format_arguments(given)))
        evidence = Evidence(analysis)
        opening = find_opening(evidence)
    people = count(evidence.figures["persons"])
    lines = wrap_text(f"{analysis.name}: {people} in {format_length(evidence.length)} of video")
    lines += ["", *wrap_text(f"{opening.verdict} {opening.limits}")]
    for finding in opening.findings[:_FINDINGS]:
        lines += wrap_text(finding.sentence, 2, "- ")
    zones = "" if given.zones else _find_zones(given.source)
    source = shlex.join(given.typed)
    commands = [
        "",
        "Next:",
        f"  ptrack summary {source}{zones}",
        f"  ptrack report {source} -o report.html{zones}",
        f"  ptrack export {source} out{zones}",
    ]
    if not zones and not given.zones:
        commands.append(f"For visits and counts, draw zones first: ptrack zones {source} -o zones.geojson")
    return [*lines, *commands], opening


def _find_zones(source: str) -> str:
    """Return the option for a zone file in the folder of the source or above it."""
    folder = Path(source)
    for file in (folder / "zones.geojson", folder.parent / "zones.geojson"):
        if "://" not in source and source != "-" and file.is_file():
            return f" --zones {shlex.quote(str(file))}"
    return ""


def _look_at_videos(given: argparse.Namespace, references: "list[VideoReference]") -> list[str]:
    """Describe a folder of several videos."""
    names = ", ".join(reference.name for reference in references[:_NAMED])
    more = f" and {len(references) - _NAMED} more" if len(references) > _NAMED else ""
    zones, source = "" if given.zones else _find_zones(given.source), shlex.join(given.typed)
    first = shlex.quote(references[0].name)
    return [
        f"{given.source}: {len(references)} videos: {names}{more}",
        "",
        "Next:",
        f"  ptrack summary {source} --video {first}{zones}",
        f"  ptrack export {source} out{zones}",
        "  ptrack report out -o overview.html",
    ]


def _look_at_dataset(name: str, source: "AnyPath") -> "tuple[list[str], Opening]":
    """Describe a dataset: its videos, their problems, and the first findings."""
    from ptrack_analysis.dataset.opening import open_dataset
    from ptrack_analysis.report.overview_data import OverviewData
    from ptrack_analysis.report.overview_rules import find_overview
    from ptrack_analysis.report.text_layout import wrap_text

    with show_activity(f"reading {name}"):
        dataset = open_dataset(source)
        opening = find_overview(OverviewData(dataset))
    lines = wrap_text(f"{name}: a dataset with the tables {', '.join(dataset.tables)}")
    lines += ["", *wrap_text(f"{opening.verdict} {opening.limits}")]
    for finding in opening.findings[:_FINDINGS]:
        lines += wrap_text(finding.sentence, 2, "- ")
    quoted = shlex.quote(name)
    commands = [
        "",
        "Next:",
        f"  ptrack report {quoted} -o overview.html",
        f"  ptrack verify {quoted}",
        f"  ptrack compact {quoted}",
    ]
    return [*lines, *commands], opening
