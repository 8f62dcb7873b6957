"""The explorer as a page: in a notebook's cell, or in a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from os import PathLike
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import at_least
from ptrack_analysis.pipeline.video_analysis import ObservedEnds, VideoAnalysis
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.storage.files import write_text
from ptrack_analysis.video import Video, YAxis
from ptrack_analysis.web.assets import (
    content_policy,
    embed_video_file,
    inline_json,
    inline_script,
    joined_script,
)
from ptrack_analysis.web.ground import Background, Bounds
from ptrack_analysis.web.payload import explorer_data

THEMES = ("auto", "light", "dark")
_SHARED = ("dom", "text", "colors", "view", "pointer")
_MODULES = (
    *("state", "data", "figures", "elements", "styles", "playback", "selection", "coloring", "heatmap"),
    *("background", "people", "timeline", "draw", "list", "details", "zones", "tooltip", "export", "input"),
    "main",
)
PARTS = (*(f"shared/{name}" for name in _SHARED), *(f"explorer/{name}" for name in _MODULES))
"""Modules of the explorer, each after those that it imports; the last one exports ``mount``."""
_LOWEST = 240
_STYLE = (
    "html,body{height:100%;margin:0}body>main{height:100%}"
    "h1{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)}"
)
_MOUNT = """
const held = (name) => JSON.parse(document.getElementById(`explorer-${name}`)?.textContent ?? "null");
const [data, options, video_file] = ["data", "options", "video_file"].map(held);
if (video_file) {
  const bytes = Uint8Array.from(atob(video_file.data), (letter) => letter.charCodeAt(0));
  options.video = URL.createObjectURL(new Blob([bytes], { type: video_file.type }));
}
globalThis.explorer = mount(document.getElementById("explorer"), data, options);
"""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explorer:
    """An explorer of one video: shows itself in a notebook, or is saved as one file that needs nothing else.

    ``data`` is that of ``explorer_data``, ``height`` that of the notebook's cell [px], ``theme`` one of
    ``"auto"`` (that of the reader's system), ``"light"`` and ``"dark"``, ``video_file`` that of
    ``embed_video_file``.
    """

    data: dict[str, Any] = field(repr=False)
    height: int = 640
    theme: str = "auto"
    video_file: dict[str, Any] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        rows = next(array["length"] for array in self.data["arrays"] if array["name"] == "time")
        name, people = self.data["video"]["name"], len(self.data["persons"])
        return f"Explorer({name!r}, {people} people, {rows} detections)"

    @property
    def html(self) -> str:
        """The whole page."""
        return explorer_page(self.data, theme=self.theme, video_file=self.video_file)

    def save(self, path: str | PathLike[str]) -> None:
        """Write one self-contained HTML file, whole or not at all.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        write_text(path, self.html)

    def _repr_html_(self) -> str:
        """Show the page in a frame of its own, which may run its script and save files."""
        return (
            f'<iframe title="Explorer: {escape(self.data["video"]["name"])}" '
            'sandbox="allow-scripts allow-downloads" '
            f'width="100%" height="{self.height}" style="border:0;display:block" '
            f'srcdoc="{escape(self.html)}"></iframe>'
        )


def explore(
    trajectories: pd.DataFrame | VideoAnalysis,
    video: Video | None = None,
    *,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    detections: pd.DataFrame | None = None,
    visits: pd.DataFrame | None = None,
    quality: pd.DataFrame | None = None,
    heatmap: Heatmap | None = None,
    background: Picture | Background | None = None,
    floor: FloorPlan | None = None,
    bounds: Bounds | None = None,
    y_axis: YAxis = "down",
    video_file: str | PathLike[str] | None = None,
    height: int = 640,
    theme: str = "auto",
) -> Explorer:
    """Look at the persons of a video moving: in a notebook's cell, or saved as a page.

    A person is shown from a detection's moment for the time that it holds, never longer: a gap is a gap.
    Positions step from detection to detection; the reader may have them run smoothly between two of a run.
    Whoever is present and not located is named beside the picture. Trajectories in px are drawn on the
    video's frame; those in m on its picture too if ``floor`` is given, else on a plan. Boxes are drawn on
    the frame only. An empty table gives an explorer that says so.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order; or a ``VideoAnalysis``, which has everything up to
        ``floor`` and ``bounds``.
    video
        The video, for its name, its duration and the size of its frame.
    zones, lines
        Outlines to draw with their names, in the plane of the trajectories.
    detections
        DETECTIONS that the trajectories were computed from, for their boxes.
    visits
        VISITS to list and to filter by; by default those to ``zones``.
    quality
        QUALITY of the video. The explorer shows the verdict, and marks zones whose visits need care.
    heatmap
        A heatmap of the same plane to show; by default the explorer sums up where the persons stood.
    background
        Picture to draw below: a file, or an array (rows, columns, colors). One of another shape than what
        it is laid over is stretched, and a note says so.
    floor
        The floor plan that the trajectories are in, to draw them on the video's picture.
    bounds
        x0, y0, x1, y1 of the rectangle of the plane to draw, which a plan as background fills:
        ``floor.bounds``.
    y_axis
        Which way y grows in that plane, ``up`` or ``down``.
    video_file
        A video file of the video to play below, whose clock then leads: a file that browsers play (``.mp4``,
        ``.webm``), up to 100 MB; the page holds it.
    height
        Height of the notebook's cell [px], at least 240.
    theme
        ``"auto"``, ``"light"`` or ``"dark"``.

    Returns
    -------
    Explorer
        What a notebook shows; ``.save("explorer.html")`` writes a file.

    Raises
    ------
    SchemaError
        If a table is not what it should be, or a zone or line is in another unit.
    ParameterError
        If the background or the video file cannot be read or nothing says where the background lies, the
        bounds is empty, or ``height`` or ``theme`` is none.

    Notes
    -----
    O(n log n); the page has some 8 bytes a detection. It holds what it shows: whoever has it has the tables.
    """
    at_least(height, "height", _LOWEST)
    if theme not in THEMES:
        raise ParameterError(f"theme is {theme!r}, not one of {', '.join(THEMES)}")
    observed: ObservedEnds | None = None
    margin: float = 0.0
    enter_after: pd.Timedelta | str = "0s"
    if isinstance(trajectories, VideoAnalysis):
        analysis = trajectories
        trajectories, video = analysis.trajectories, replace(analysis.video, name=analysis.name)
        zones, lines, floor = analysis.zones, analysis.lines, analysis.floor_plan
        bounds = None if floor is None else analysis.bounds
        y_axis = analysis.y_axis
        detections = None if analysis.has_points else analysis.detections
        visits = analysis["visits"] if analysis.scene is not None else None
        observed = analysis.observed
        margin, enter_after = analysis.config.margin, analysis.config.enter_after
        quality = analysis.quality
    if video is None:
        raise ParameterError("video must be a Video, got None. Pass the video that read_tracking returned.")
    data = explorer_data(
        trajectories,
        video,
        zones=zones,
        lines=lines,
        detections=detections,
        visits=visits,
        observed=observed,
        quality=quality,
        heatmap=heatmap,
        background=background,
        floor=floor,
        bounds=bounds,
        y_axis=y_axis,
        margin=margin,
        enter_after=enter_after,
    )
    return Explorer(data, int(height), theme, None if video_file is None else embed_video_file(video_file))


def explorer_script() -> str:
    """Return the source of the explorer's ES module; it exports ``mount(element, data, options)``."""
    return joined_script(PARTS)


def explorer_page(
    data: dict[str, Any], *, theme: str = "auto", video_file: dict[str, Any] | None = None
) -> str:
    """Make the self-contained page of an explorer from ``explorer_data``, and a video file if given."""
    script = inline_script(explorer_script() + _MOUNT)
    title = escape(f"{data['video']['name']} - explorer")
    options = {"theme": theme, "fill": True, "keys": "page"}
    policy = content_policy([script], [_STYLE], media=video_file is not None)
    held = ""
    if video_file is not None:
        held = (
            f'<script type="application/json" id="explorer-video_file">{inline_json(video_file)}</script>\n'
        )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{title}</h1></header>\n<main id="explorer"></main>\n'
        "<noscript>The explorer needs JavaScript.</noscript>\n"
        f'<script type="application/json" id="explorer-data">{inline_json(data)}</script>\n'
        f'<script type="application/json" id="explorer-options">{inline_json(options)}'
        f"</script>\n{held}"
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )
