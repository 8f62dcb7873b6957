"""Writing of reports to files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ptrack_analysis import __version__
from ptrack_analysis.clock.lookup import no_start
from ptrack_analysis.dataset.manifest import MANIFEST
from ptrack_analysis.dataset.opening import Dataset, open_dataset
from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.pipeline.camera_config import resolve_videos
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.appendix import checks_section, method_section, tables_section, words_section
from ptrack_analysis.report.evidence import Evidence
from ptrack_analysis.report.finding_texts import format_length
from ptrack_analysis.report.findings import find_opening
from ptrack_analysis.report.overview import overview_report
from ptrack_analysis.report.page import MARKED, report_html
from ptrack_analysis.report.parts import Report
from ptrack_analysis.report.printing import print_page
from ptrack_analysis.report.sections import (
    choose_colors,
    explorer_section,
    figures_section,
    places_section,
    time_section,
    transitions_section,
    zones_section,
)
from ptrack_analysis.sources.archive import FORMAT_OPTIONS, FormatOptions, VideoReference
from ptrack_analysis.sources.finding import find_videos, form_given, rename_videos
from ptrack_analysis.storage.files import write_output
from ptrack_analysis.storage.s3 import AnyPath, parse_path
from ptrack_analysis.web.ground import embedded_background


def video_report(
    analysis: VideoAnalysis,
    *,
    background: Any = None,
    files: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    title: str | None = None,
) -> Report:
    """Build the report of one video.

    Parameters
    ----------
    analysis
        The video with its configuration. If its start is known, the page shows local times.
    background
        Image of the scene, or with a floor plan the plan within its bounds.
    files
        Names of the source files by role.
    notes
        Additional notes for the reader.
    title
        Title of the page; by default the name of the video.

    Raises
    ------
    ParameterError
        If the background cannot be read, or the frame size is not known.
    """
    embedded = None if background is None else embedded_background(background)
    evidence = Evidence(analysis)
    opening = find_opening(evidence)
    colors = choose_colors(evidence)
    sections = [
        figures_section(evidence, [finding.key for finding in opening.findings]),
        zones_section(evidence, colors),
        time_section(evidence, colors),
        transitions_section(evidence, colors),
        places_section(evidence, colors, embedded),
        explorer_section(evidence, colors, embedded),
    ]
    appendix = [
        checks_section(evidence, notes),
        tables_section(evidence),
        words_section(),
        method_section(evidence, dict(files or {})),
    ]
    recording, clock = analysis.recording, evidence.clock
    when = "date and time of day not known" if clock is None else f"{clock:%A, %Y-%m-%d, from %H:%M}"
    parts = [recording.site, recording.camera, f"{format_length(evidence.length)} of video", when]
    return Report(
        title=title or analysis.name,
        subtitle=" \N{MIDDLE DOT} ".join(part for part in parts if part),
        opening=opening,
        sections=[one for one in sections if one is not None],
        appendix=appendix,
        footer=f"Made with ptrack-analysis {__version__}. This page needs no network.",
        scene=None if embedded is None else embedded.address,
    )


SUFFIXES = ("", ".html", ".htm", ".pdf")
_HEAD = 4096
_NAMED = 5
_NO_FORM: dict[str, Any] = dict.fromkeys(FORMAT_OPTIONS)


def write_report(
    source: str | PathLike[str] | AnyPath | VideoAnalysis,
    path: str | PathLike[str],
    *,
    settings: AnalysisConfig | None = None,
    video: str | None = None,
    background: str | PathLike[str] | None = None,
    cameras: str | PathLike[str] | None = None,
    form: dict[str, Any] | None = None,
    force: bool = False,
    name: str | None = None,
    title: str | None = None,
) -> None:
    """Write the report of one video, or the overview of a dataset, as one self-contained page.

    The report of a video begins with its reliability and the main findings. Key figures follow, then charts
    of stays, of people and crossings over time, of transitions and of positions, and the explorer. A folded
    appendix has the quality checks, all tables, definitions and parameters. It is not printed. The overview
    of a dataset from ``export_dataset`` compares days, hours, zones, sites and videos.

    Tables can be sorted and saved as CSV in the browser. Charts are drawn for phones, screens and A4. The
    same input produces the same page. If the clock of the video is known, the page shows local times.

    Parameters
    ----------
    source
        Any source of ``read_tracking``, a dataset, or a ``VideoAnalysis``, which has its configuration.
    path
        The file to write, ``.html`` or ``.pdf``. It is replaced atomically. PDF needs an installed Chromium,
        Chrome or Edge.
    settings
        Configuration of the video's analysis. A dataset keeps the configuration of its export.
    video
        Name of the video, if the source contains several.
    background
        Image of the scene, or with a floor plan the plan within its bounds.
    cameras
        File of cameras, as in ``export_dataset``: the video is analyzed with the configuration of its camera.
    form
        Options for reading another tracker's file, such as ``format``, ``columns`` and ``classes``; see
        ``read_tracking``.
    force
        Whether a file that is not a report may be replaced.
    name
        Name of the video; by default the name of its files or folder, see ``find_videos``.
    title
        Title of the page; by default the name of the video or of the dataset.

    Warns
    -----
    PtrackWarning
        If rows were dropped, facts were assumed or pages are missing. The report has the same counts.

    Raises
    ------
    OutputError
        If the file cannot be written, exists and is not a report, or a PDF cannot be printed.
    ParameterError
        If the source contains several videos and ``video`` is not given, or the background cannot be read; if
        settings, a video, a background or a form are given for a dataset.
    PtrackError
        If the source cannot be read or analyzed with this configuration.

    Notes
    -----
    A video of 15 minutes produces a page of about 1 to 3 MB. The page contains the positions of all people.

    Examples
    --------
    >>> from pathlib import Path
    >>> pta.write_report("data/shop", "report.html", title="Shop")
    >>> "<title>Shop" in Path("report.html").read_text(encoding="utf-8")
    True
    """
    target = Path(path)
    validate_replaceable(target, force=force)
    page = report_page(
        source,
        settings=settings,
        video=video,
        background=background,
        cameras=cameras,
        form=form,
        name=name,
        title=title,
        folder=target.parent,
    )
    write_output(target, print_page(page) if target.suffix.lower() == ".pdf" else page.encode("utf-8"))


def report_page(
    source: str | PathLike[str] | AnyPath | VideoAnalysis,
    *,
    settings: AnalysisConfig | None = None,
    video: str | None = None,
    background: str | PathLike[str] | None = None,
    cameras: str | PathLike[str] | None = None,
    form: dict[str, Any] | None = None,
    name: str | None = None,
    title: str | None = None,
    folder: Path | None = None,
) -> str:
    """Return the report as HTML, with the arguments of ``write_report``.

    ``folder`` is the folder of the page. An overview links reports of single videos in it.
    """
    if isinstance(source, VideoAnalysis):
        if settings is not None or video is not None or cameras is not None or form:
            raise ParameterError(
                "The VideoAnalysis already has settings, video, cameras and form. Omit these arguments."
            )
        return report_html(video_report(source, background=background, title=title))
    root = parse_path(source, name="source")
    if is_dataset(root):
        of_video = [
            video,
            background,
            cameras,
            *(form or {}).values(),
            None if settings == AnalysisConfig() else settings,
        ]
        if any(option is not None for option in of_video):
            raise ParameterError(
                f"{root} is a dataset, whose overview uses the configuration of its export. Omit settings, "
                "video, background, cameras and form, which apply to the report of one video only."
            )
        dataset = open_dataset(root)
        report = overview_report(dataset, {} if folder is None else _find_reports(folder, dataset))
        report = report if title is None else replace(report, title=title)
    else:
        given = _NO_FORM | (form or {})
        config = settings or AnalysisConfig()
        (reference,) = rename_videos([_one_video(root, video, given)], name, root)
        report = _of_video(
            root,
            reference,
            config,
            form_given(**given),
            background=background,
            cameras=cameras,
            title=title,
        )
    return report_html(report)


def validate_replaceable(file: Path, *, force: bool) -> None:
    """Reject an output path that has another suffix, is a folder, or exists and is not a report.

    Raises
    ------
    OutputError
        If the path cannot be written or replaced.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{file}: the suffix must be .html or .pdf")
    if file.is_dir():
        raise OutputError(f"{file}: is a folder. Pass the path of a file.")
    if force or not file.exists():
        return
    if file.suffix.lower() == ".pdf":
        raise OutputError(f"{file}: already exists. Use --force to replace it.")
    with file.open("rb") as opened:
        if MARKED not in opened.read(_HEAD):
            raise OutputError(f"{file}: exists and is not a ptrack report. Use --force to replace it.")


def _find_reports(folder: Path, dataset: Dataset) -> dict[str, str]:
    """Return the reports of videos in a folder: files such as ``shop.html``."""
    found = {}
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for video in dataset.videos:
        file = folder / f"{video}.html"
        if file.name in names and file.is_file():  # some file systems find Shop.html as shop.html
            with file.open("rb") as opened:
                if MARKED in opened.read(_HEAD):
                    found[video] = quote(file.name)
    return found


def is_dataset(root: AnyPath) -> bool:
    """Return whether a folder is a dataset, which has a manifest."""
    return (root / MANIFEST).is_file()


def _one_video(root: AnyPath, name: str | None, form: dict[str, Any]) -> VideoReference:
    found = find_videos(root, **form)
    chosen = [one for one in found if name in {None, one.name}]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(repr(one.name) for one in found[:_NAMED]) + (" ..." if len(found) > _NAMED else "")
    if name is not None:
        raise ParameterError(f"{root} does not contain video {name!r}, but {names}")
    raise ParameterError(
        f"{root} contains {len(found)} videos ({names}). Choose one with --video NAME, or export them and "
        "report the dataset."
    )


def _of_video(
    root: AnyPath,
    reference: VideoReference,
    settings: AnalysisConfig,
    form: FormatOptions | None,
    *,
    background: Any,
    cameras: str | PathLike[str] | None,
    title: str | None,
) -> Report:

    videos, notes = resolve_videos(settings, [reference], root, cameras=cameras)
    video = videos[reference.name]
    settings = video.config
    analysis = VideoAnalysis(reference, settings, video.scene, video.recording, form=form)
    if analysis.recording.started_at is None:
        notes += no_start(settings, [reference.name])
    return video_report(
        analysis,
        background=background,
        files=_names(reference, settings, background),
        notes=notes,
        title=title,
    )


def _names(reference: VideoReference, settings: AnalysisConfig, background: Any) -> dict[str, str]:
    """Return the names of the files behind the report, without their folders."""
    names = [file.name for file in reference.files]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""  # noqa: PLR2004 - two are named
    files = {"source": ", ".join(names[:2]) + more}
    for name, file in (("zones", settings.zones), ("floor plan", settings.floor), ("background", background)):
        if file is not None and not hasattr(file, "shape"):
            files[name] = Path(file).name
    return files
