"""Options of plots that are not part of the configuration of an analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ptrack_analysis.pipeline.config_fields import document_fields, option

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.config import FilePath
    from ptrack_analysis.video import Duration


@document_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class PlotOptions:
    """Options of plots beyond the configuration of the analysis.

    Parameters
    ----------
    FIELDS
    """

    background: FilePath | None = field(
        default=None,
        metadata=option(
            "background image: of the scene (video.mp4@12.5s names a frame of a video), or of the floor plan",
            "background",
        ),
    )
    title: str | None = field(
        default=None,
        metadata=option("title, instead of name, time and people of the video", "title", metavar="TEXT"),
    )
    color_by: str = field(
        default="person",
        metadata=option(
            "color of the paths; with more than 20 people, person shows how many passed each cell",
            "paths",
            choices=("person", "speed", "time", "zone"),
        ),
    )
    basis: str | None = field(
        default=None,
        metadata=option(
            "basis of a heatmap: what people cover, or where they stood",
            "heatmap",
            choices=("boxes", "foot_points"),
            default="boxes, or foot_points on a floor plan",
        ),
    )
    density: bool = field(
        default=False,
        metadata=option("show people per m² instead of person-seconds; needs a floor plan", "heatmap"),
    )
    width: int = field(
        default=640, metadata=option("width of the animation", "animation", unit="px", metavar="PX")
    )
    duration: Duration = field(
        default="12s", metadata=option("duration of the animation", "animation", unit="ms")
    )
    fps: int = field(
        default=10, metadata=option("frames per second of the animation", "animation", metavar="N")
    )
    video_file: FilePath | None = field(
        default=None,
        metadata=option("the tracked video, such as video.mp4, to draw on its frames", "moving"),
    )
    trail: Duration = field(
        default="5s", metadata=option("duration of the trail behind each person", "moving", unit="ms")
    )
    blur: bool = field(default=False, metadata=option("pixelate all people", "video"))
