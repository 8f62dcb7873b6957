"""``ptrack plot``: pictures of one video."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.measures import (
    add_cells,
    add_cleaning,
    add_counts,
    add_cut,
    add_lines,
    add_places,
    add_presence,
    add_stops,
    add_visits,
    measures_of,
)
from ptrack_analysis.cli.options import add_source, add_video, chosen, form_of, place, shown, source_of, span
from ptrack_analysis.cli.pictures import (
    AT_LINES,
    DRAWN,
    FIELD_CELL,
    FIELD_SHAPE,
    HEAT_CELL,
    OF_VISITS,
    ON_A_FLOOR,
    ON_A_PLANE,
    TEXTS,
    WITHOUT_PLACES,
)

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.config import Settings
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

_FORMATS = ("png", "svg", "pdf")
_USAGE = 2
_CELLS = "default {}x{}; on a floor plan square cells of {} m, larger on a large one"


def add(commands: Any) -> None:
    """Add the command and its pictures."""
    parser = commands.add_parser("plot", help="draw a picture", description="Draw a picture of one video.")
    pictures = parser.add_subparsers(title="pictures", metavar="PICTURE", required=True)
    for name, text in TEXTS.items():
        picture = pictures.add_parser(name, help=text, description=f"Draw {text}.")
        add_source(picture)
        _add_output(picture, _formats_of(name))
        add_video(picture)
        if name in ON_A_PLANE:
            picture.add_argument(
                "--backdrop",
                type=place,
                metavar="FILE",
                help="picture to draw over: of the scene (video.mp4@12.5s names a frame of a video), or "
                "with --floor the plan of its extent",
            )
        if name == "heatmap":
            _add_heatmap(picture)
        if name == "animation":
            _add_animation(picture)
        add_places(picture)
        add_presence(picture)
        if name == "field":
            add_cells(picture, default=_CELLS.format(*FIELD_SHAPE, FIELD_CELL))
        if name in OF_VISITS:
            add_visits(picture)
        if name in AT_LINES:
            add_lines(picture)
        if name in {"counts", "fundamental"}:
            add_counts(picture)
        if name == "stops":
            add_stops(picture)
        add_cleaning(picture)
        add_cut(picture)
        picture.set_defaults(run=run, picture=name)


def _formats_of(picture: str) -> tuple[str, ...]:
    return ("gif",) if picture == "animation" else _FORMATS


def _add_output(picture: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    picture.add_argument(
        "-o",
        "--output",
        type=place,
        required=True,
        metavar="FILE",
        help=f"{' or '.join(formats).upper()}, by its suffix; - is stdout",
    )
    picture.add_argument("--as", dest="form", choices=formats, help="where the suffix does not say it")
    picture.add_argument("--force", action="store_true", help="replace FILE though ptrack did not make it")


def _add_heatmap(picture: argparse.ArgumentParser) -> None:
    picture.add_argument(
        "--of",
        choices=("boxes", "footpoints"),
        help="what people cover or where they stood (default boxes; on a floor footpoints)",
    )
    picture.add_argument(
        "--density", action="store_true", help="mean persons per m² instead of seconds (needs --floor)"
    )
    add_cells(picture, default=_CELLS.format(54, 96, HEAT_CELL))


def _add_animation(picture: argparse.ArgumentParser) -> None:
    picture.add_argument("--width", type=int, default=640, metavar="PX", help="of the picture (default 640)")
    picture.add_argument(
        "--duration", type=span, default="12s", metavar="TIME", help="of the animation (default 12s)"
    )
    picture.add_argument("--fps", type=int, default=10, metavar="N", help="frames a second (default 10)")
    picture.add_argument(
        "--trail", type=span, default="5s", metavar="TIME", help="how much of the way is shown (default 5s)"
    )


def run(given: argparse.Namespace) -> int:
    """Draw the picture and write it."""
    from ptrack_analysis.pipeline.config import Settings
    from ptrack_analysis.plots.saving import refuse_to_replace, save_content, save_picture

    output = None if given.output == "-" else Path(given.output)
    formats = _formats_of(given.picture)
    form = given.form or (output.suffix.lower().lstrip(".") if output else formats[0])
    if form not in formats:
        listed = ", ".join(f".{each}" for each in formats)
        return _refuse(f"{given.output}: the suffix is not one of {listed}; name one with --as")
    if given.picture in OF_VISITS | {"fundamental"} and not given.zones:
        return _refuse(f"a picture of {given.picture} needs zones: give --zones FILE, a GeoJSON file")
    if given.picture in ON_A_FLOOR and not given.floor:
        return _refuse(f"a picture of {given.picture} needs metres: give --floor FILE, a floor plan")
    if given.picture in AT_LINES and not given.zones:
        return _refuse(f"a picture of {given.picture} needs lines: give --zones FILE, a GeoJSON file")
    if output and not given.force:
        refuse_to_replace(output)
    settings = Settings(**measures_of(given))
    uses_places = given.zones or given.floor or settings.stitch or settings.video.width
    if given.picture in WITHOUT_PLACES and not uses_places:
        settings = replace(settings, video=replace(settings.video, width=1, height=1))
    if given.picture == "stops" and not settings.measures_stops:
        return _refuse("in px no size of a stop suits every camera: give --stop-extent PX, or --floor FILE")
    drawn = DRAWN[given.picture](given, _analysis(given, settings))
    if isinstance(drawn, bytes):
        save_content(drawn, output or sys.stdout.buffer)
    else:
        save_picture(drawn, output or sys.stdout.buffer, form)
    if output:
        print(f"wrote {output}", file=sys.stderr)
    return 0


def _refuse(message: str) -> int:
    print(f"ptrack: {shown(message)}", file=sys.stderr)
    return _USAGE


def _analysis(given: argparse.Namespace, settings: "Settings") -> "VideoAnalysis":
    """Read the video, and print what is odd about it on stderr."""
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.scene.zone_files import read_scene
    from ptrack_analysis.sources.finding import form_given

    scene = read_scene(settings.zones) if settings.zones else None
    if given.picture in AT_LINES and scene and not scene.lines:
        raise ParameterError(f"{settings.zones} has no lines: draw one as a LineString")
    with source_of(given) as source:
        form = form_of(given)
        one = chosen(source, given.video, form)
        analysis = VideoAnalysis(one, settings, scene, form=form_given(**form))
        notes = (*analysis.reading.notes, *analysis.notes)
    for note in notes:
        print(f"note: {shown(analysis.video.name)}: {shown(note)}", file=sys.stderr)
    return analysis
