"""The report of one video."""

from collections.abc import Mapping, Sequence
from typing import Any

from ptrack_analysis import __version__
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.closing import definitions_section
from ptrack_analysis.report.measured import measure
from ptrack_analysis.report.opening import key_section, trust_section, video_section
from ptrack_analysis.report.parts import Report
from ptrack_analysis.report.sections import (
    explorer_section,
    lines_section,
    persons_section,
    places_section,
    presence_section,
    ways_section,
    zones_section,
)
from ptrack_analysis.summary.text import span
from ptrack_analysis.web.ground import embedded_backdrop


def video_report(
    analysis: VideoAnalysis,
    *,
    backdrop: Any = None,
    files: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Report:
    """Gather all that the report of one video tells.

    Parameters
    ----------
    analysis
        The video with its configuration. If it is known when it was recorded, the page's times are local.
    backdrop
        Picture of the scene, or with a floor plan the plan of its extent.
    files
        Names of the files that it was made from, by what they are.
    notes
        What else a reader should know.

    Raises
    ------
    ParameterError
        If the backdrop cannot be read, or the frame size is not known.
    """
    embedded = None if backdrop is None else embedded_backdrop(backdrop)
    recording = analysis.recording
    measured = measure(analysis, backdrop, embedded, tuple(notes))
    sections = [
        trust_section(measured),
        key_section(measured),
        zones_section(measured),
        presence_section(measured),
        ways_section(measured),
        lines_section(measured),
        places_section(measured),
        explorer_section(measured),
        persons_section(measured),
        video_section(measured, dict(files or {})),
        definitions_section(measured),
    ]
    figures = measured.figures
    when = "" if measured.clock is None else f", recorded {measured.clock:%A, %Y-%m-%d from %H:%M} local time"
    where = "".join(f", {one}" for one in (recording.site, recording.camera) if one)
    length = span(figures["end_s"] - figures["start_s"])
    return Report(
        title=analysis.video.name,
        subtitle=f"Where people were and for how long: {length} of video{when}{where}",
        sections=[one for one in sections if one is not None],
        footer=f"Made with ptrack-analysis {__version__}. The page asks for nothing from the network.",
    )
