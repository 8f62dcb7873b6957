"""Exporting an archive as a dataset: a folder of Parquet files that BI tools read without help."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ptrack_analysis.dataset.catalogue import CATALOGUE, other_settings, other_zones, write_catalogue
from ptrack_analysis.dataset.layout import places_of, record_place, refuse_names
from ptrack_analysis.dataset.ownership import refuse_strangers
from ptrack_analysis.dataset.record import Record, read_record, read_records
from ptrack_analysis.dataset.scene_file import read_scene_file
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.dataset.staging import staged
from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary
from ptrack_analysis.dataset.video_files import Export, export_video
from ptrack_analysis.errors import OutputError
from ptrack_analysis.io.archive import Source, VideoReference
from ptrack_analysis.io.finding import find_videos
from ptrack_analysis.io.s3 import S3Path, path_of
from ptrack_analysis.io.writing import remove_leftovers

_SHOWN = 3

Progress = Callable[[VideoSummary, int], object]


def export_dataset(
    source: Source,
    out: str | PathLike[str] | S3Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    unit: Literal["px", "fraction"] | None = None,
    **settings: Any,
) -> ExportSummary:
    """Export an archive as a dataset: one folder a table, in it one Parquet file a video.

    The folders are ``videos``, ``persons``, ``detections``, ``trajectories``, ``movement``,
    ``occupancy``, ``occupancy_bins``, ``heatmap`` and ``quality``; with zones ``visits``, ``observed``,
    ``dwell``, ``transitions``, ``retail`` and ``zone_overlaps``; with lines ``crossings``, ``counts`` and
    ``balance``; with a floor plan ``stops``, ``encounters`` and ``groups``, and with zones too
    ``fundamental``; with ``stitch`` ``stitches``; beside them lie ``zones.parquet`` and
    ``lines.parquet``, ``dictionary.md``, which defines every column, views for DuckDB and Athena in
    ``views``, and ``_runs`` with a record of what each video's files were made from. Every file is
    replaced whole or not at all. A video whose sources, settings and files are those of its record is
    left as it is; so a second run changes nothing, and a run after a killed one completes it. A video
    that fails does not stop the others, and keeps the files that it had. Files that an earlier run made
    of a video and this one does not are removed; videos that are not in the archive stay.

    Parameters
    ----------
    source
        File or folder of saved pages, of one job or of many, on disk or in S3 (``s3://bucket/prefix``).
    out
        The dataset's folder, on disk or in S3; it is made, or brought up to date. In S3 files are made on
        this machine and uploaded whole, records last.
    force
        Whether to replace files that the package did not write.
    progress
        Called after each video with its summary and the number of videos.
    format, columns, first_frame, unit
        How another tracker's file is to be read, as in ``read_tracking``.
    **settings
        What is measured, and how: the fields of ``Settings``, such as ``zones="zones.geojson"``,
        ``floor="floor.json"``, ``max_gap="2s"``, ``stitch=True``.

    Returns
    -------
    ExportSummary
        What became of each video, in the order of ``find_videos``.

    Raises
    ------
    OutputError
        If ``out`` is a file, files that the package did not write are in the way, or writing fails.
    ZoneError
        If the zone file or the floor plan cannot be used.
    InputError
        If there is no page in the source.
    ParameterError
        If a setting is out of its range.
    RemoteError
        If S3 refuses, or another run has exported the same video there meanwhile.

    Notes
    -----
    If every video fails, nothing is written. Videos are read one after the other, each once; the memory
    needed is that of the largest. ``end`` of a selection does not shorten the video: occupancy is 0 after it.
    """
    measured = Settings(**settings)
    place = path_of(out)
    if isinstance(place, Path) and place.exists() and not place.is_dir():
        raise OutputError(f"{place}: is a file, so no dataset can be written there")
    scene = read_scene_file(measured)
    references = find_videos(source, format=format, columns=columns, first_frame=first_frame, unit=unit)
    names = [reference.name for reference in references]
    with staged(place, names) if isinstance(place, S3Path) else nullcontext(place) as folder:
        export = Export(path_of(source), folder, measured, measured.parameters(), scene, frozenset(names))
        summary = _export(references, export, force=force, progress=progress)
    return replace(summary, out=place)


def _export(
    references: Sequence[VideoReference], export: Export, *, force: bool, progress: Progress | None
) -> ExportSummary:
    """Export the videos one after the other, and then describe the dataset."""
    _prepare(references, export, force=force)
    summaries = []
    for reference in references:
        summaries.append(export_video(reference, export))
        if progress is not None:
            progress(summaries[-1], len(references))
    if all(summary.status == "failed" for summary in summaries):
        return ExportSummary(export.out, tuple(summaries))
    return ExportSummary(export.out, tuple(summaries), _finish(export))


def _prepare(references: Sequence[VideoReference], export: Export, *, force: bool) -> None:
    """Refuse what is in the way, and remove what killed runs left half written."""
    names = [reference.name for reference in references]
    refuse_names(names)
    unknown = [*CATALOGUE]
    for name in names:
        record = read_record(export.out, name)
        recorded = set() if record is None else set(record.outputs)
        unknown += [place for place in (*export.places(name), record_place(name)) if place not in recorded]
    refuse_strangers(export.out, unknown, force=force)
    written: dict[Path, list[str]] = {}
    for name in names:
        for place in (*places_of(name), record_place(name)):
            path = export.out / place
            written.setdefault(path.parent, []).append(path.name)
    for place in CATALOGUE:
        path = export.out / place
        written.setdefault(path.parent, []).append(path.name)
    for folder, files in written.items():
        remove_leftovers(folder, files)


def _finish(export: Export) -> tuple[str, ...]:
    """Write what describes the whole dataset; warn where its videos do not fit together."""
    records = read_records(export.out)
    write_catalogue(export.out, records, export.scene)
    warnings = [*_twice(records, export), *_bound_to_nobody(export)]
    differing = other_settings(records, export.videos, export.parameters)
    if differing:
        warnings.append(
            "videos of earlier runs, left as they are, were measured with other settings: "
            + ", ".join(differing)
        )
    others = other_zones(records, export.parameters) if export.scene is not None else []
    if not others:
        return tuple(warnings)
    named = ", ".join(repr(name) for name in others[:_SHOWN])
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    warnings.append(f"the visits of {named}{more}, exported earlier, are to the zones of another zone file")
    return tuple(warnings)


def _bound_to_nobody(export: Export) -> Iterator[str]:
    """Say which zones and lines are bound to videos that are not in the source."""
    strangers = [] if export.scene is None else sorted(set(export.scene.videos) - export.videos)
    if strangers:
        yield (
            f"{export.settings.zones} has zones or lines of {', '.join(map(repr, strangers))}, which is no "
            f"video of the source; it has {', '.join(map(repr, sorted(export.videos)[:_SHOWN]))}"
        )


def _twice(records: Sequence[Record], export: Export) -> Iterator[str]:
    """Say which videos of the dataset were made of the same files under two names, and so count twice."""
    names: dict[tuple[str, ...], str] = {}
    for record in sorted(records, key=lambda record: record.video not in export.videos):
        files = tuple(sorted(source["sha256"] for source in record.source))
        first = names.setdefault(files, record.video)
        if first != record.video and record.video not in export.videos:
            yield (
                f"{record.video!r}, exported earlier, was made of the same files as {first!r}, so they count "
                f"twice: remove the files named {record.video} from {export.out}"
            )
