"""The plots of ``ptrack plot``: each drawn from one VideoAnalysis."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ptrack_analysis import plots
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.pipeline.outputs import Need, validate_needs
from ptrack_analysis.plots.analyses import set_video_title
from ptrack_analysis.scene.images import read_picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ptrack_analysis.pipeline.outputs import Plot
    from ptrack_analysis.pipeline.plot_options import PlotOptions
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis


@lru_cache(maxsize=1)
def _read_background(path: str) -> Image.Image:
    """Read a background image once, for the note on its shape and for the plot."""
    return read_picture(path)


def draw_plot(plot: Plot, analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Draw a plot whose title names the video, its time and its people.

    Returns
    -------
    matplotlib.axes.Axes or bytes
        The axes, or the content of an animation.
    """
    more: dict[str, Any] = {}
    if plot.on_plane and options.background is not None:
        more["background"] = np.asarray(_read_background(str(options.background)))
    if plot.name == "paths":
        more["color_by"] = options.color_by
    elif plot.name == "animation":
        more |= {"width": options.width, "duration": options.duration}
        more |= {"frame_rate": options.fps, "trail": options.trail, "video_file": options.video_file}
    if options.title is not None:
        more["title"] = options.title
    function = getattr(plots, plot.function)
    if plot.name == "heatmap":
        return _draw_heatmap(function, analysis, options, more)
    return function(analysis, **more)


def _draw_heatmap(function: Any, analysis: VideoAnalysis, options: PlotOptions, more: dict[str, Any]) -> Any:
    """Draw the heatmap of boxes or foot points, as person-seconds or as density."""
    if analysis.floor_plan is not None and options.basis == "boxes":
        raise ParameterError("A floor plan has no boxes. Omit --floor, or pass --basis foot_points.")
    if analysis.has_points and options.basis == "boxes":
        validate_needs("--basis boxes", [Need.BOXES])
    if options.density and (analysis.unit != "m" or analysis.duration is None):
        raise ParameterError(
            "--density needs a floor plan (--floor FILE) or points in m, and a video of known duration."
        )
    more["duration"] = analysis.duration if options.density else None
    if options.basis != "foot_points":
        return function(analysis, **more)
    heatmap = analysis.heatmap(basis="foot_points", truncated=False, **analysis.choose_cells("heatmap"))
    more |= {"zones": analysis.zones, "lines": analysis.lines, "bounds": analysis.bounds}
    drawn = function(heatmap, y_axis=analysis.y_axis, **more)
    return drawn if "title" in more else set_video_title(drawn, analysis, heatmap)


def write_plot(
    plot: Plot,
    analysis: VideoAnalysis,
    options: PlotOptions,
    output: Path,
    form: str,
    *,
    report: Callable[[float], None] | None = None,
) -> None:
    """Write a plot on the frames of the video to a file, and report progress as a share.

    Raises
    ------
    ParameterError
        If no video file is given.
    """
    if options.video_file is None:
        raise ParameterError(f"plot {plot.name} needs the video that was tracked. Pass --video-file FILE.")
    more: dict[str, Any] = {"trail": options.trail, "form": form, "report": report}
    if options.blur:
        more["blur"] = True
    getattr(plots, plot.function)(analysis, options.video_file, output, **more)
