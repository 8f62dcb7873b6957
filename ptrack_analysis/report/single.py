"""The report of one video."""

from collections.abc import Mapping
from typing import Any

from ptrack_analysis import __version__
from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.dataset.road import Road
from ptrack_analysis.dataset.settings import Settings
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
from ptrack_analysis.web.backdrop import embedded_backdrop


def video_report(
    road: Road,
    settings: Settings,
    *,
    recording: Recording | None = None,
    backdrop: Any = None,
    files: Mapping[str, str] | None = None,
) -> Report:
    """Gather all that the report of one video tells.

    Parameters
    ----------
    road
        The video as far as its trajectories.
    settings
        What is measured, and how: those that the road was taken with.
    recording
        When and where it was recorded, where that is known; the page's times are then those of the place's
        clock.
    backdrop
        Picture of the scene, or with a floor plan the plan of its extent.
    files
        Names of the files that it was made from, by what they are.

    Raises
    ------
    ParameterError
        If the backdrop cannot be read, or the frame size is not known.
    """
    embedded = None if backdrop is None else embedded_backdrop(backdrop)
    recording = recording or Recording(video=road.video.name)
    measured = measure(road, settings, recording, backdrop, embedded)
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
        title=road.video.name,
        subtitle=f"Where people were and for how long: {length} of video{when}{where}",
        sections=[one for one in sections if one is not None],
        footer=f"Made with ptrack-analysis {__version__}. The page asks for nothing from the network.",
    )
