"""Where the videos of a dataset do not fit together, a sentence each."""

from collections.abc import Iterator, Sequence

from ptrack_analysis.dataset.catalogue import other_settings, other_zones
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.dataset.video_files import Export

_SHOWN = 3


def misfits(records: Sequence[Record], export: Export) -> Iterator[str]:
    """Say where the videos of a dataset do not fit together."""
    yield from _twice(records, export)
    yield from _bound_to_nobody(export)
    differing = other_settings(records, export.videos, export.parameters)
    if differing:
        yield (
            "videos of earlier runs, left as they are, were measured with other settings: "
            + ", ".join(differing)
        )
    others = other_zones(records, export.parameters) if export.scene is not None else []
    if others:
        named = ", ".join(repr(name) for name in others[:_SHOWN])
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        yield f"the visits of {named}{more}, exported earlier, are to the zones of another zone file"


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
