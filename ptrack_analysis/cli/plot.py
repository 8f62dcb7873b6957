"""``ptrack plot``: plots of one video."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import add_options, read_config, read_fields
from ptrack_analysis.cli.options import (
    add_command,
    add_source,
    add_source_options,
    add_video,
    chosen,
    format_arguments,
    list_video_notes,
    open_source,
    parse_file_path,
    show_activity,
    shown,
)
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.outputs import PLOTS, Need, Output, Plot, validate_needs
from ptrack_analysis.pipeline.plot_options import PlotOptions

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.scene.zone_files import Scene

_USAGE = 2
_SAMPLE = "data/shop"
_NEEDED = {
    Need.ZONES: f"--zones {_SAMPLE}/zones.geojson",
    Need.LINES: f"--zones {_SAMPLE}/zones.geojson",
    Need.FLOOR_PLAN: f"--floor {_SAMPLE}/floor.json",
    Need.STOP_SIZE: f"--floor {_SAMPLE}/floor.json",
}
"""Options that provide the requirements of a plot for the sample."""


def add(commands: Any) -> None:
    """Add the command and its plots."""
    parser = add_command(
        commands,
        "plot",
        "Draw a plot of one video.",
        f"plot paths {_SAMPLE} -o paths.png --background {_SAMPLE}/background.png",
        f"plot heatmap {_SAMPLE} -o heatmap.svg",
        f"plot visits {_SAMPLE} -o visits.pdf --zones {_SAMPLE}/zones.geojson",
    )
    plots = parser.add_subparsers(title="plots", metavar="PLOT", required=True)
    for name, (output, plot) in PLOTS.items():
        text = f"Draw {plot.help}."
        command = add_command(plots, name, text, *_list_examples(output, plot), help=plot.help)
        add_source(command)
        _add_output(command, plot)
        add_options(command, "scene", into=command)
        if plot.on_plane:
            add_options(command, "background", config=PlotOptions, into=command)
        if "png" in plot.formats:
            add_options(command, "title", config=PlotOptions, into=command)
        add_video(command)
        command.add_argument(
            "--force", action="store_true", help="replace FILE even if ptrack did not write it"
        )
        for config in (PlotOptions, AnalysisConfig):
            add_options(command, *plot.options, config=config, defaults=dict(plot.defaults))
        add_options(command, "presence", "cleaning", "part")
        add_source_options(command)
        command.set_defaults(run=run, plot=name)


def _list_examples(output: Output, plot: Plot) -> list[str]:
    """Return two commands that draw the plot of the sample."""
    needed = " ".join(sorted({_NEEDED[need] for need in output.needs if need in _NEEDED}))
    needed += " --video-file film.mp4" if plot.on_video else ""
    first = f"plot {plot.name} {_SAMPLE} -o {plot.name}.{plot.formats[0]} {needed.strip()}".strip()
    return [first, f"{first} --from 30s --to 90s"]


def _add_output(command: argparse.ArgumentParser, plot: Plot) -> None:
    listed = ", ".join(f".{suffix}" for suffix in plot.formats)
    stdout = "" if plot.on_video else "; - is stdout"
    command.add_argument(
        "-o",
        "--output",
        type=parse_file_path,
        required=True,
        metavar="FILE",
        help=f"file to write, {listed}{stdout}",
    )
    command.add_argument(
        "--as", dest="form", choices=plot.formats, help="format, if the suffix does not determine it"
    )


def run(given: argparse.Namespace) -> int:
    """Draw the plot and write it."""
    from ptrack_analysis.plots.saving import save_content, save_picture, validate_replaceable

    plot = PLOTS[given.plot][1]
    target = None if given.output == "-" else Path(given.output)
    form = given.form or (target.suffix.lower().lstrip(".") if target else plot.formats[0])
    if form not in plot.formats:
        listed = ", ".join(f".{each}" for each in plot.formats)
        return _report_usage_error(
            f"{given.output}: the suffix must be one of {listed}. Alternatively, pass the format with --as."
        )
    settings = AnalysisConfig(**read_config(given))
    options = PlotOptions(**read_fields(given, PlotOptions))
    if plot.on_video and (target is None or options.video_file is None):
        missing = "--video-file FILE" if target else "-o FILE, because it cannot write to stdout"
        return _report_usage_error(f"plot {given.plot} needs {missing}")
    settings = _complete_config(plot, settings, options)
    scene = _read_scene(given.plot, settings)
    if target and not given.force:
        validate_replaceable(target)
    uses_frame = given.zones or given.floor or settings.stitch or settings.video.width
    if not plot.needs_frame and not uses_frame:
        settings = replace(settings, video=replace(settings.video, width=1, height=1))
    with show_activity(f"drawing {given.plot}") as report:
        analysis = _analysis(given, settings, scene)
        drawn = None if plot.on_video else plot.draw(analysis, options)
        if plot.on_video and target:
            plot.write(analysis, options, target, form, report)
    if isinstance(drawn, bytes):
        save_content(drawn, target or sys.stdout.buffer)
    elif drawn is not None:
        save_picture(drawn, target or sys.stdout.buffer, form)
    if target:
        print(f"wrote {target}", file=sys.stderr)
    return 0


def _complete_config(plot: Plot, config: AnalysisConfig, options: PlotOptions) -> AnalysisConfig:
    """Complete frame size and frame rate from the video file, and include faces for it."""
    if options.video_file is None:
        return config
    from ptrack_analysis.scene.video_files import VideoFile

    video = config.video
    with VideoFile(options.video_file, f"video_file {str(options.video_file)!r}") as source:
        width, height = source.size if video.width is None else (video.width, video.height)
        rate = None if source.frame_rate is None else float(source.frame_rate)
    video = replace(video, width=width, height=height, frame_rate=video.frame_rate or rate)
    return replace(config, video=video, faces=plot.on_video)


def _read_scene(name: str, settings: AnalysisConfig) -> "Scene | None":
    """Read the zone file, and reject a plot whose requirements the options do not meet."""
    from ptrack_analysis.pipeline.video_analysis import read_scene_file

    scene = read_scene_file(settings)
    needs = PLOTS[name][0].needs - {Need.FLOOR_PLAN, Need.STOP_SIZE}  # points in m meet them, too
    validate_needs(f"plot {name}", [need for need in needs if not need.is_met(settings, scene)])
    return scene


def _report_usage_error(message: str) -> int:
    print(f"ptrack: {shown(message)}", file=sys.stderr)
    return _USAGE


def _analysis(given: argparse.Namespace, settings: AnalysisConfig, scene: "Scene | None") -> "VideoAnalysis":
    """Read the video, and print its notes on stderr."""
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.sources.finding import form_given

    with open_source(given) as source:
        form = format_arguments(given)
        one = chosen(source, given.video, form)
        analysis = VideoAnalysis(one, settings, scene, form=form_given(**form), name=given.video_name)
        needs = PLOTS[given.plot][0].needs
        validate_needs(f"plot {given.plot}", [need for need in needs if not analysis.meets(need)])
        notes = list_video_notes(analysis)
    for note in notes:
        print(f"note: {shown(analysis.name)}: {shown(note)}", file=sys.stderr)
    return analysis
