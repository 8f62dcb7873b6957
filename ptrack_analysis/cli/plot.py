"""``ptrack plot``: pictures of one video."""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.options import (
    add_cut,
    add_merge_gap,
    add_places,
    add_presence,
    add_source,
    add_video,
    chosen,
    form_of,
    period_of,
    read_noted,
    source_of,
    video_of,
)
from ptrack_analysis.cli.texts import place, shape

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.video import Plane, Video
    from ptrack_analysis.zones import Line, Zone

_PICTURES = {
    "paths": "the way that each person walked",
    "heatmap": "person-seconds a cell",
    "visits": "who stayed in which zone, over time (needs --zones)",
    "occupancy": "how many persons were there, over time",
}
_FORMATS = ("png", "svg", "pdf")


def add(commands: Any) -> None:
    """Add the command and its pictures."""
    parser = commands.add_parser("plot", help="draw a picture", description="Draw a picture of one video.")
    pictures = parser.add_subparsers(title="pictures", metavar="PICTURE", required=True)
    for name, text in _PICTURES.items():
        picture = pictures.add_parser(name, help=text, description=f"Draw {text}.")
        add_source(picture)
        picture.add_argument(
            "-o",
            "--output",
            type=place,
            required=True,
            metavar="FILE",
            help="PNG, SVG or PDF by its suffix; - is stdout",
        )
        picture.add_argument("--as", dest="form", choices=_FORMATS, help="where the suffix does not say it")
        picture.add_argument(
            "--force", action="store_true", help="replace FILE though ptrack did not make it"
        )
        add_video(picture)
        if name in {"paths", "heatmap"}:
            picture.add_argument(
                "--backdrop", type=place, metavar="FILE", help="picture of the scene to draw over"
            )
        if name == "heatmap":
            picture.add_argument(
                "--of",
                choices=("boxes", "footpoints"),
                help="what people cover or where they stood (default boxes; on a floor footpoints)",
            )
            picture.add_argument(
                "--shape",
                type=shape,
                default=(54, 96),
                metavar="RxC",
                help="rows and columns (default 54x96)",
            )
        add_places(picture)
        add_presence(picture)
        if name == "visits":
            add_merge_gap(picture)
        add_cut(picture)
        picture.set_defaults(run=run, picture=name)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a picture is drawn from."""

    video: "Video"
    plane: "Plane"
    detections: "pd.DataFrame"
    trajectories: "pd.DataFrame"
    zones: "list[Zone]"
    lines: "list[Line]"
    period: "pd.Timedelta"

    @property
    def extent(self) -> "tuple[float, float, float, float]":
        """What of the plane is drawn: the frame, or the floor plan's extent."""
        if self.plane.unit == "m":
            return self.plane.extent  # type: ignore[attr-defined,no-any-return] # the plane in m is a Floor
        pixels = self.video.pixels
        return (0.0, 0.0, float(pixels.width), float(pixels.height))

    @property
    def outlines(self) -> dict[str, Any]:
        """Zones and lines, as plots take them."""
        return {"zones": self.zones, "lines": self.lines}


def run(given: argparse.Namespace) -> int:
    """Draw the picture and write it."""
    from ptrack_analysis.plots.saving import refuse_to_replace, save_picture

    output = None if given.output == "-" else Path(given.output)
    form = given.form or (output.suffix.lower().lstrip(".") if output else "png")
    if form not in _FORMATS:
        print(
            f"ptrack: {given.output}: the suffix is not .png, .svg or .pdf; name one with --as",
            file=sys.stderr,
        )
        return 2
    if given.picture == "visits" and not given.zones:
        print("ptrack: a picture of visits needs zones: give --zones FILE, a GeoJSON file", file=sys.stderr)
        return 2
    if output and not given.force:
        refuse_to_replace(output)
    axes = _DRAWN[given.picture](given, _scene(given))
    save_picture(axes, output or sys.stdout.buffer, form)
    if output:
        print(f"wrote {output}", file=sys.stderr)
    return 0


def _scene(given: argparse.Namespace) -> _Scene:
    """Read the video and compute its trajectories."""
    import pandas as pd

    from ptrack_analysis.analysis.presence import sampling_period
    from ptrack_analysis.analysis.selection import select
    from ptrack_analysis.analysis.trajectories import compute_trajectories
    from ptrack_analysis.floor import read_floor
    from ptrack_analysis.zones import read_zones

    with source_of(given) as source:
        one = chosen(source, given.video, form_of(given))
        detections, video = read_noted(one, given, video_of(given), form_of(given))
    if given.picture == "occupancy" and not (given.zones or given.floor) and video.width is None:
        video = replace(video, width=1, height=1)  # no place enters the count of persons
    plane = read_floor(given.floor, video) if given.floor else video.pixels
    zones, lines = read_zones(given.zones, video, plane) if given.zones else ([], [])
    period = pd.Timedelta(period_of(given) or sampling_period(detections, video, max_gap=given.max_gap))
    part = select(detections, start=given.start, end=given.end, persons=given.persons)
    trajectories = compute_trajectories(part, video, plane=plane, max_gap=given.max_gap, period=period)
    return _Scene(video, plane, part, trajectories, zones, lines, period)


def _paths(given: argparse.Namespace, scene: _Scene) -> Any:
    from ptrack_analysis.plots import plot_paths

    return plot_paths(scene.trajectories, backdrop=given.backdrop, extent=scene.extent, **scene.outlines)


def _heatmap(given: argparse.Namespace, scene: _Scene) -> Any:
    from ptrack_analysis.analysis.heatmaps import compute_box_heatmap, compute_heatmap
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.plots import plot_heatmap

    on_floor = scene.plane.unit == "m"
    if on_floor and given.of == "boxes":
        raise ParameterError(
            "boxes lie in the picture, not on a floor plan: leave --floor or take --of footpoints"
        )
    if on_floor or given.of == "footpoints":
        heatmap = compute_heatmap(scene.trajectories, scene.video, shape=given.shape, extent=scene.extent)
    else:
        heatmap = compute_box_heatmap(scene.detections, scene.trajectories, scene.video, shape=given.shape)
    return plot_heatmap(heatmap, backdrop=given.backdrop, extent=scene.extent, **scene.outlines)


def _visits(given: argparse.Namespace, scene: _Scene) -> Any:
    from ptrack_analysis.analysis.visits import compute_visits
    from ptrack_analysis.plots import plot_visits

    visits = compute_visits(
        scene.trajectories, scene.zones, scene.video, merge_gap=given.merge_gap, period=scene.period
    )
    return plot_visits(visits, zones=scene.zones)


def _occupancy(given: argparse.Namespace, scene: _Scene) -> Any:  # noqa: ARG001 - all pictures are called alike
    from ptrack_analysis.analysis.occupancy import compute_occupancy
    from ptrack_analysis.plots import plot_occupancy

    occupancy = compute_occupancy(scene.trajectories, scene.video, scene.zones)
    return plot_occupancy(occupancy, zones=["", *scene.zones])


_DRAWN = {"paths": _paths, "heatmap": _heatmap, "visits": _visits, "occupancy": _occupancy}
