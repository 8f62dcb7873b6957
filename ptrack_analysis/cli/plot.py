"""``ptrack plot``: plots of one video."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
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
    config_arguments,
)
from ptrack_analysis.cli.options import (
    add_source,
    add_video,
    chosen,
    format_arguments,
    open_source,
    place,
    shown,
    span,
)

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.drawing import PlotOptions
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

_USAGE = 2
_CELLS = "default {}x{}; on a floor plan square cells of {} m, larger on a large one"


def add(commands: Any) -> None:
    """Add the command and its plots."""
    from ptrack_analysis.pipeline.outputs import FIELD_CELL, FIELD_SHAPE, PLOTS

    parser = commands.add_parser("plot", description="Draw a plot of one video.")
    plots = parser.add_subparsers(title="plots", metavar="PLOT", required=True)
    groups: dict[str, Callable[[argparse.ArgumentParser], None]] = {
        "heatmap": _add_heatmap,
        "animation": _add_animation,
        "flow_field": partial(add_cells, default=_CELLS.format(*FIELD_SHAPE, FIELD_CELL)),
        "visits": add_visits,
        "lines": add_lines,
        "bins": add_counts,
        "stops": add_stops,
    }
    for name, (_, plot) in PLOTS.items():
        command = plots.add_parser(name, help=plot.help, description=f"Draw {plot.help}.")
        add_source(command)
        _add_output(command, plot.formats)
        add_video(command)
        if plot.on_plane:
            command.add_argument(
                "--background",
                type=place,
                metavar="FILE",
                help="background image: of the scene (video.mp4@12.5s names a frame of a video), or "
                "with --floor of the floor plan's bounds",
            )
        add_places(command)
        add_presence(command)
        for group, add_group in groups.items():
            if group in plot.options:
                add_group(command)
        add_cleaning(command)
        add_cut(command)
        command.set_defaults(run=run, plot=name)


def _add_output(command: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    command.add_argument(
        "-o",
        "--output",
        type=place,
        required=True,
        metavar="FILE",
        help=f"{' or '.join(formats).upper()}, by its suffix; - is stdout",
    )
    command.add_argument("--as", dest="form", choices=formats, help="where the suffix does not say it")
    command.add_argument("--force", action="store_true", help="replace FILE though ptrack did not make it")


def _add_heatmap(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--basis",
        choices=("boxes", "foot_points"),
        help="what people cover or where they stood (default boxes; on a floor footpoints)",
    )
    command.add_argument(
        "--density", action="store_true", help="mean persons per m² instead of seconds (needs --floor)"
    )
    from ptrack_analysis.pipeline.outputs import HEAT_CELL

    add_cells(command, default=_CELLS.format(54, 96, HEAT_CELL))


def _add_animation(command: argparse.ArgumentParser) -> None:
    command.add_argument("--width", type=int, default=640, metavar="PX", help="of the picture (default 640)")
    command.add_argument(
        "--duration", type=span, default="12s", metavar="TIME", help="of the animation (default 12s)"
    )
    command.add_argument("--fps", type=int, default=10, metavar="N", help="frames a second (default 10)")
    command.add_argument(
        "--trail", type=span, default="5s", metavar="TIME", help="how much of the way is shown (default 5s)"
    )


def run(given: argparse.Namespace) -> int:
    """Draw the plot and write it."""
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.drawing import PlotOptions
    from ptrack_analysis.pipeline.outputs import PLOTS
    from ptrack_analysis.plots.saving import save_content, save_picture, validate_replaceable

    plot = PLOTS[given.plot][1]
    target = None if given.output == "-" else Path(given.output)
    form = given.form or (target.suffix.lower().lstrip(".") if target else plot.formats[0])
    if form not in plot.formats:
        listed = ", ".join(f".{each}" for each in plot.formats)
        return _report_usage_error(f"{given.output}: the suffix is not one of {listed}; name one with --as")
    settings = AnalysisConfig(**config_arguments(given))
    _check_needs(given, settings)
    if target and not given.force:
        validate_replaceable(target)
    uses_frame = given.zones or given.floor or settings.stitch or settings.video.width
    if not plot.needs_frame and not uses_frame:
        settings = replace(settings, video=replace(settings.video, width=1, height=1))
    names = {option.name for option in fields(PlotOptions)}
    options = PlotOptions(**{name: value for name, value in vars(given).items() if name in names})
    drawn = plot.draw(_analysis(given, settings, options), options)
    if isinstance(drawn, bytes):
        save_content(drawn, target or sys.stdout.buffer)
    else:
        save_picture(drawn, target or sys.stdout.buffer, form)
    if target:
        print(f"wrote {target}", file=sys.stderr)
    return 0


def _check_needs(given: argparse.Namespace, settings: "AnalysisConfig") -> None:
    """Reject a plot of an output whose needs the options do not meet."""
    from ptrack_analysis.pipeline.outputs import PLOTS, validate_needs
    from ptrack_analysis.scene.zone_files import read_scene

    scene = read_scene(settings.zones) if settings.zones else None
    needs = PLOTS[given.plot][0].needs
    validate_needs(f"plot {given.plot}", [need for need in needs if not need.is_met(settings, scene)])


def _report_usage_error(message: str) -> int:
    print(f"ptrack: {shown(message)}", file=sys.stderr)
    return _USAGE


def _analysis(
    given: argparse.Namespace, settings: "AnalysisConfig", options: "PlotOptions"
) -> "VideoAnalysis":
    """Read the video, and print what is odd about it on stderr."""
    from ptrack_analysis.pipeline.drawing import background_notes
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.sources.finding import form_given

    with open_source(given) as source:
        form = format_arguments(given)
        one = chosen(source, given.video, form)
        analysis = VideoAnalysis(one, settings, form=form_given(**form))
        notes = [*analysis.reading.notes, *analysis.notes, *background_notes(analysis, options)]
    for note in notes:
        print(f"note: {shown(analysis.video.name)}: {shown(note)}", file=sys.stderr)
    return analysis
