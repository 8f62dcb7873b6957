"""Where the videos of a dataset do not fit together, a sentence each."""

import math
from collections.abc import Iterator, Sequence

from ptrack_analysis.clock.lookup import no_start
from ptrack_analysis.dataset.catalogue import other_settings, other_zones
from ptrack_analysis.dataset.layout import video_name
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.dataset.video_files import Export
from ptrack_analysis.errors import OutputError
from ptrack_analysis.sources.names import listed

_SHOWN = 3
_WITHHELD = ("min_count", "salt")


def misfits(records: Sequence[Record], export: Export) -> Iterator[str]:
    """Say where the videos of a dataset do not fit together."""
    yield from _twice(records, export)
    yield from _bound_to_nobody(export)
    yield from no_start(
        export.settings,
        [one.video for one in records if one.video in export.videos and not one.about.get("days")],
    )
    bare = [record.video for record in _unwithheld(records, export)]
    if bare:
        yield (
            f"of {listed(bare, _SHOWN)}, which could not be exported now, an earlier run's files are there, "
            "with what is withheld of the others: do not hand them on"
        )
    differing = other_settings(records, export.videos, export.parameters)
    if differing:
        yield (
            "videos of earlier runs, left as they are, were measured with other settings: "
            + ", ".join(differing)
        )
    others = other_zones(records, export.parameters) if export.scene is not None else []
    if others:
        yield f"the visits of {listed(others, _SHOWN)}, exported earlier, are to the zones of another file"


def refuse_unwithheld(records: Sequence[Record], export: Export, gone: Sequence[str], *, prune: bool) -> None:
    """Refuse to withhold something in a dataset in which full files of other videos would stay.

    ``gone`` are the videos that ``prune`` removes.

    Raises
    ------
    OutputError
        If there are videos that the source does not have, or other parts of its videos, with other settings
        of what is withheld.
    """
    others = [one.video for one in _unwithheld(records, export) if one.video not in export.videos]
    kept = [name for name in others if name not in gone]
    if kept:
        raise OutputError(
            f"{export.out} holds {listed(kept, _SHOWN)} from another source or of other parts, with "
            "values that are to be withheld now. Write to another folder."
        )
    if others and not prune:
        raise OutputError(
            f"{export.out}: holds {listed(others, _SHOWN)} of an earlier run, no longer in the source, with "
            "what is to be withheld now: give another folder, or prune=True (in the shell --prune) to remove "
            "them"
        )


def _unwithheld(records: Sequence[Record], export: Export) -> list[Record]:
    """List the videos of which an earlier run withheld less, or by another salt or count, than this one."""
    if not export.settings.withholds:
        return []
    wanted = [export.parameters.get(name) for name in _WITHHELD]
    return [one for one in records if [one.parameters.get(name) for name in _WITHHELD] != wanted]


def _bound_to_nobody(export: Export) -> Iterator[str]:
    """Say which zones and lines are bound to videos that are not in the source."""
    videos = {video_name(video) for video in export.videos}
    strangers = [] if export.scene is None else sorted(set(export.scene.videos) - videos)
    if strangers:
        yield (
            f"{export.settings.zones} has zones or lines of {', '.join(map(repr, strangers))}, which is no "
            f"video of the source; it has {', '.join(map(repr, sorted(videos)[:_SHOWN]))}"
        )


def _twice(records: Sequence[Record], export: Export) -> Iterator[str]:
    """Say which videos of the dataset were made of the same files and overlap in time, and so count twice."""
    alike: dict[tuple[str, ...], list[Record]] = {}
    for record in sorted(records, key=lambda record: record.video not in export.videos):
        files = tuple(sorted(source["sha256"] for source in record.source))
        others = alike.setdefault(files, [])
        other = next((one for one in others if _overlap(one, record)), None)
        others.append(record)
        if other is not None and record.video not in export.videos:
            yield (
                f"{record.video!r}, exported earlier, was made of the same files as {other.video!r}"
                f"{'' if _between(record) == _between(other) else ' and overlaps it in time'}, so they count "
                f"twice: remove the files named {record.video} from {export.out}"
            )


def _overlap(one: Record, other: Record) -> bool:
    """Return whether the parts of two records have a time in common."""
    return max(_between(one)[0], _between(other)[0]) < min(_between(one)[1], _between(other)[1])


def _between(record: Record) -> tuple[float, float]:
    """Return the start and the end of the part that a record is of [ms]."""
    start, end = (record.parameters.get(name) for name in ("start", "end"))
    return start or 0, math.inf if end is None else end
