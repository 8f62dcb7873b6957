"""Exporting an archive as a dataset: a folder of Parquet files that BI tools read without help."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Literal

from ptrack_analysis.dataset.catalogue import PLACES, other_zones, write_catalogue
from ptrack_analysis.dataset.layout import places_of, record_place, refuse_names
from ptrack_analysis.dataset.ownership import refuse_strangers
from ptrack_analysis.dataset.record import Record, read_record, read_records
from ptrack_analysis.dataset.settings import Span, read_scene_file, settings_from
from ptrack_analysis.dataset.staging import staged
from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary
from ptrack_analysis.dataset.video_files import Export, export_video
from ptrack_analysis.errors import OutputError
from ptrack_analysis.io.archive import Source, VideoReference
from ptrack_analysis.io.finding import find_videos
from ptrack_analysis.io.s3 import S3Path, path_of
from ptrack_analysis.io.writing import remove_leftovers
from ptrack_analysis.video import Video

_SHOWN = 3

Progress = Callable[[VideoSummary, int], object]


def export_dataset(
    source: Source,
    out: str | PathLike[str] | S3Path,
    *,
    zones: str | PathLike[str] | None = None,
    floor: str | PathLike[str] | None = None,
    video: Video | None = None,
    max_gap: Span = "2s",
    merge_gap: Span = "0s",
    period: Span | None = None,
    shape: tuple[int, int] = (54, 96),
    start: Span | None = None,
    end: Span | None = None,
    persons: Iterable[int] | None = None,
    faces: bool = False,
    csv: bool = False,
    allow_incomplete: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    unit: Literal["px", "fraction"] | None = None,
) -> ExportSummary:
    """Export an archive as a dataset: one folder a table, in it one Parquet file a video.

    The folders are ``videos``, ``persons``, ``detections``, ``trajectories``, ``visits`` (with zones),
    ``occupancy`` and ``heatmap``; beside them lie ``zones.parquet``, ``dictionary.md``, which defines every
    column, views for DuckDB and Athena in ``views``, and ``_runs`` with a record of what each video's files
    were made from. Every file is replaced whole or not at all. A video whose sources, settings and files are
    those of its record is left as it is; so a second run changes nothing, and a run after a killed one
    completes it. A video that fails does not stop the others, and keeps the files that it had. Files that an
    earlier run made of a video and this one does not are removed; videos that are not in the archive stay.

    Parameters
    ----------
    source
        File or folder of saved pages, of one job or of many, on disk or in S3 (``s3://bucket/prefix``).
    out
        The dataset's folder, on disk or in S3; it is made, or brought up to date. In S3 files are made on
        this machine and uploaded whole, records last.
    zones
        Zone file (GeoJSON); without one there are no visits.
    floor
        Floor plan: positions are then in m, and the heatmap is of footpoints only.
    video
        Facts to fall back to where the pages have none (frame size, frame rate).
    max_gap, period
        As in ``compute_trajectories`` [ms].
    merge_gap
        As in ``compute_visits`` [ms].
    shape
        Rows and columns of the heatmaps.
    start, end, persons
        What to keep, as in ``select``.
    faces
        Whether the columns of faces, which are personal data, are written.
    csv
        Whether each table is written as CSV too, below ``csv``.
    allow_incomplete
        Whether to read archives whose last page is missing.
    force
        Whether to replace files that the package did not write.
    progress
        Called after each video with its summary and the number of videos.
    format, columns, first_frame, unit
        How another tracker's file is to be read, as in ``read_tracking``.

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
    settings = settings_from(
        zones=zones,
        floor=floor,
        video=video,
        max_gap=max_gap,
        merge_gap=merge_gap,
        period=period,
        shape=shape,
        start=start,
        end=end,
        persons=persons,
        faces=faces,
        csv=csv,
        allow_incomplete=allow_incomplete,
    )
    place = path_of(out)
    if isinstance(place, Path) and place.exists() and not place.is_dir():
        raise OutputError(f"{place}: is a file, so no dataset can be written there")
    scene = read_scene_file(settings)
    references = find_videos(source, format=format, columns=columns, first_frame=first_frame, unit=unit)
    names = [reference.name for reference in references]
    with staged(place, names) if isinstance(place, S3Path) else nullcontext(place) as folder:
        export = Export(path_of(source), folder, settings, settings.parameters(), scene, frozenset(names))
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
    unknown = [*PLACES]
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
    for place in PLACES:
        path = export.out / place
        written.setdefault(path.parent, []).append(path.name)
    for folder, files in written.items():
        remove_leftovers(folder, files)


def _finish(export: Export) -> tuple[str, ...]:
    """Write what describes the whole dataset; warn where its videos do not fit together."""
    records = read_records(export.out)
    write_catalogue(export.out, records, export.scene)
    warnings = [*_twice(records, export)]
    others = other_zones(records, export.parameters) if export.scene is not None else []
    if not others:
        return tuple(warnings)
    named = ", ".join(repr(name) for name in others[:_SHOWN])
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    warnings.append(f"the visits of {named}{more}, exported earlier, are to the zones of another zone file")
    return tuple(warnings)


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
