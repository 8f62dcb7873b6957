"""The explorer as a page, in a notebook cell or in a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from os import PathLike
from typing import Any, get_args

import pandas as pd

from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.limits import at_least, parse_bounds, validate_choice, validate_path
from ptrack_analysis.pipeline.video_analysis import ObservedEnds, VideoAnalysis
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.storage.files import write_output
from ptrack_analysis.video import Video, YAxis, validate_plane, validate_video
from ptrack_analysis.web.absences import Absences, find_absences_in_analysis
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
    *("background", "people", "timeline", "tooltip", "draw", "list", "details", "zones", "export", "input"),
    "main",
)
PARTS = (*(f"shared/{name}" for name in _SHARED), *(f"explorer/{name}" for name in _MODULES))
"""Modules of the explorer, each after its imports; the last module exports ``mount``."""
_LOWEST = 240
_STYLE = (
    "html,body{height:100%;margin:0}body>main{height:100%}"
    "h1{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)}"
)
_MOUNT = """
const read = (name) => JSON.parse(document.getElementById(`explorer-${name}`)?.textContent ?? "null");
const [data, options, video_file] = ["data", "options", "video_file"].map(read);
if (video_file) {
  const bytes = Uint8Array.from(atob(video_file.data), (letter) => letter.charCodeAt(0));
  options.video = URL.createObjectURL(new Blob([bytes], { type: video_file.type }));
}
globalThis.explorer = mount(document.getElementById("explorer"), data, options);
const openAddress = () => {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (wanted.get("t") && Number.isFinite(Number(wanted.get("t")))) explorer.seek(1000 * wanted.get("t"));
  if (wanted.has("person")) explorer.select(wanted.getAll("person"));
};
explorer.ready.then(openAddress, () => undefined);
addEventListener("hashchange", openAddress);
"""
"""Shows the explorer in a page, at the time and person of an address such as ``#t=92.4&person=7``."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explorer:
    """The explorer of one video, for a notebook cell or one self-contained file.

    ``data`` is the result of ``explorer_data``, ``height`` the height of the notebook cell [px], ``theme``
    ``"auto"`` (the theme of the system), ``"light"`` or ``"dark"``, and ``video_file`` the result of
    ``embed_video_file``.

    Examples
    --------
    >>> explorer = pta.explore(pta.open_video("data/shop"), theme="dark")
    >>> explorer.html.splitlines()[0]
    '<!doctype html>'
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
        """The complete page."""
        return explorer_page(self.data, theme=self.theme, video_file=self.video_file)

    def save(self, path: str | PathLike[str]) -> None:
        """Write one self-contained HTML file; if this fails, no file is left.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        write_output(path, self.html.encode("utf-8"))

    def _repr_html_(self) -> str:
        """Show the page in a frame that may run scripts and save files."""
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
    """Explore how people move through a video, in a notebook cell or as a saved page.

    Each detection is shown for its time present, never across a gap. Positions step from detection to
    detection; the reader can switch to smooth motion within a tracklet. A list next to the image names people
    present without a position. Trajectories in px are drawn on the video frame. Trajectories in m are
    drawn on the frame if ``floor`` is given, otherwise on a plan. Boxes are drawn on the frame only.

    The reader can set a range of time: the list, dwell times and heatmap then refer to it. People can be
    colored by person, zone, dwell time or speed, and the view can be saved as PNG and CSV.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order; or a ``VideoAnalysis``, which also provides zones,
        lines, detections, visits, quality, ``floor`` and ``bounds``.
    video
        The video, for its name, duration and frame size.
    zones, lines
        Zones and lines to draw, in the plane of the trajectories.
    detections
        DETECTIONS of the trajectories, for their boxes.
    visits
        VISITS to list and to filter by. By default they are computed from ``zones``.
    quality
        QUALITY of the video. The explorer shows the verdict and marks zones whose checks are not good.
    heatmap
        A heatmap of the same plane. By default the explorer computes the time per cell.
    background
        Background image: a file, or an array (rows, columns, colors). An image with another aspect ratio is
        stretched, with a note.
    floor
        The floor plan of the trajectories, to draw them on the image of the video.
    bounds
        x0, y0, x1, y1 of the rectangle to draw, which a plan as background fills: ``floor.bounds``.
    y_axis
        Direction in which y grows in the plane, ``up`` or ``down``.
    video_file
        A video file to play under the drawing (``.mp4``, ``.webm``), up to 100 MB. The page contains the
        file, and playback follows its clock.
    height
        Height of the notebook cell [px], at least 240.
    theme
        ``"auto"``, ``"light"`` or ``"dark"``.

    Returns
    -------
    Explorer
        Displayed by a notebook; ``.save("explorer.html")`` writes a file.

    Raises
    ------
    SchemaError
        If a table does not have its schema, or a zone or line is in another unit.
    ParameterError
        If the background or the video file cannot be read, the bounds of the background are unknown,
        ``bounds`` is empty, or ``height`` or ``theme`` is not valid.

    Notes
    -----
    O(n log n). The page has about 8 bytes per detection. It contains the positions that it shows.

    Examples
    --------
    >>> explorer = explore(pta.open_video("data/shop"))
    >>> explorer
    Explorer('shop', 13 people, 5957 detections)
    >>> explorer.save("explorer.html")
    """
    at_least(height, "height", _LOWEST)
    validate_choice(theme, "theme", THEMES)
    observed: ObservedEnds | None = None
    absences: Absences | None = None
    if isinstance(trajectories, VideoAnalysis):
        analysis = trajectories
        trajectories, video = analysis.trajectories, replace(analysis.video, name=analysis.name)
        zones, lines, floor = analysis.zones, analysis.lines, analysis.floor_plan
        bounds = None if floor is None else analysis.bounds
        y_axis = analysis.y_axis
        detections = None if analysis.has_points else analysis.detections
        if analysis.scene is not None:
            visits = analysis["visits"]
            absences = find_absences_in_analysis(analysis, visits)
        else:
            visits = None
        observed = analysis.observed
        quality = analysis.quality
    video = validate_video(video)
    validate_plane(floor, "floor")
    validate_choice(y_axis, "y_axis", get_args(YAxis))
    if bounds is not None:
        bounds = parse_bounds(bounds)
    if video_file is not None:
        validate_path(video_file, "video_file")
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
        absences=absences,
    )
    return Explorer(data, int(height), theme, None if video_file is None else embed_video_file(video_file))


def explorer_script() -> str:
    """Return the ES module of the explorer, which exports ``mount(element, data, options)``."""
    return joined_script(PARTS)


def explorer_page(
    data: dict[str, Any], *, theme: str = "auto", video_file: dict[str, Any] | None = None
) -> str:
    """Build the self-contained page from the result of ``explorer_data``."""
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
