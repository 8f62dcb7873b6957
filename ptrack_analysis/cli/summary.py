"""``ptrack summary``: print the findings and key metrics of each video."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.config_options import MEASURING, add_options, read_config
from ptrack_analysis.cli.options import (
    add_command,
    add_source,
    add_source_options,
    add_video,
    chosen,
    emphasize,
    format_arguments,
    list_video_notes,
    open_source,
    parse_file_path,
    show_activity,
    shown,
)

if TYPE_CHECKING:
    from ptrack_analysis.errors import PtrackError
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.report.parts import Opening
    from ptrack_analysis.scene.zone_files import Scene
    from ptrack_analysis.sources.archive import FormatOptions, VideoReference

    _Page = tuple[dict[str, Any], Opening]

_USAGE, _BAD, _SOME = 2, 3, 4


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "summary",
        "Print the findings and key metrics of each video: reliability, visitors, occupancy, dwell time per "
        "zone, transitions between zones, counts over lines, and data quality.",
        "summary data/shop --zones data/shop/zones.geojson",
        "summary data/shop --floor data/shop/floor.json --from 10s --to 60s",
        "summary data/day --markdown -o summary.md",
    )
    add_source(parser)
    add_options(parser, "scene", into=parser)
    add_video(parser)
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print JSON")
    formats.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument(
        "-o",
        "--output",
        type=parse_file_path,
        default="-",
        metavar="FILE",
        help="file to write (default -: stdout)",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    add_options(parser, *(group for group in MEASURING if group not in {"bins", "stops"}))
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the key metrics; 2 or 3 if all videos fail, 4 if some fail."""
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.video_analysis import read_scene_file

    output = None if given.output == "-" else Path(given.output)
    if output is not None:
        _validate_target(output, force=given.force)
    settings = AnalysisConfig(**read_config(given), faces=False)
    found, errors = _found(given, settings, read_scene_file(settings))
    for error in errors:
        print(shown(f"ptrack: {' '.join(str(error).split())}"), file=sys.stderr)
    if found:
        _put(_written(found, given), output)
    return _code(found, errors)


def _validate_target(output: Path, *, force: bool) -> None:
    from ptrack_analysis.errors import OutputError

    if output.is_dir():
        raise OutputError(f"{output} is a folder. Name a file.")
    if output.exists() and not force:
        raise OutputError(f"{output} exists. Replace it with --force.")


def _found(
    given: argparse.Namespace, settings: "AnalysisConfig", scene: "Scene | None"
) -> "tuple[list[_Page], list[PtrackError]]":
    """Return the key metrics of each video, and the errors of videos that failed."""
    from ptrack_analysis.errors import InputError, ParameterError, PtrackError, SchemaError, ZoneError
    from ptrack_analysis.sources.finding import find_videos, form_given, rename_videos

    found, errors = list[Any](), list[PtrackError]()
    with open_source(given) as source:
        form = format_arguments(given)
        references = [chosen(source, given.video, form)] if given.video else find_videos(source, **form)
        references = rename_videos(references, given.video_name, source)
        for number, reference in enumerate(references, 1):
            try:
                with show_activity(f"reading {reference.name}, {number} of {len(references)}"):
                    found.append(_figures(reference, settings, scene, form_given(**form)))
            except (InputError, ParameterError, SchemaError, ZoneError) as error:
                errors.append(_named_stdin(error, str(source)) if given.source == "-" else error)
    return found, errors


def _named_stdin(error: "PtrackError", file: str) -> "PtrackError":
    """Replace the name of the temporary copy of stdin."""
    return type(error)(str(error).replace(file, "stdin"))


def _figures(
    reference: "VideoReference",
    settings: "AnalysisConfig",
    scene: "Scene | None",
    form: "FormatOptions | None",
) -> "_Page":
    """Return the key metrics of one video with its findings, and print its notes on stderr."""
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.report.evidence import Evidence
    from ptrack_analysis.report.findings import find_opening

    analysis = VideoAnalysis(reference, settings, scene, form=form)
    evidence = Evidence(analysis)
    for note in list_video_notes(analysis):
        print(shown(f"note: {analysis.name}: {note}"), file=sys.stderr)
    return dict(evidence.figures), find_opening(evidence)


def _written(found: "list[_Page]", given: argparse.Namespace) -> str:
    from ptrack_analysis.report.summary import MARKDOWN, PLAIN, format_page

    if given.json:
        videos = [_to_json(figures, opening) for figures, opening in found]
        return json.dumps({"videos": videos}, indent=2, allow_nan=False) + "\n"
    form = MARKDOWN if given.markdown else PLAIN
    pages = [format_page(figures, form, opening=opening) for figures, opening in found]
    if given.markdown or given.output != "-":
        return shown(("\n\n" if given.markdown else "\n\n\n").join(pages)) + "\n"
    colored = [
        emphasize(shown(page), opening.verdict, opening.kind)
        for page, (_, opening) in zip(pages, found, strict=True)
    ]
    return "\n\n\n".join(colored) + "\n"


def _to_json(figures: dict[str, Any], opening: "Opening") -> dict[str, Any]:
    """Return the verdict, the findings and the key metrics of one video, in this order."""
    return {
        "video": figures["video"],
        "verdict": opening.verdict,
        "limits": opening.limits,
        "findings": [finding.to_dict() for finding in opening.findings],
        **figures,
    }


def _put(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    from ptrack_analysis.storage.files import write_output

    write_output(output, text.encode())
    print(f"wrote {output}", file=sys.stderr)


def _code(found: "list[_Page]", errors: "list[PtrackError]") -> int:
    from ptrack_analysis.errors import ParameterError

    if not errors:
        return 0
    if found:
        return _SOME
    return _USAGE if all(isinstance(error, ParameterError) for error in errors) else _BAD
