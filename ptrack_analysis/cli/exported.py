"""What ``ptrack export`` says of an export, to people and to machines."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary

_SHOWN = 10


def notes_of(summary: "ExportSummary") -> list[str]:
    """List what is odd: videos that are gone, what the dataset says, what is said of videos."""
    return [*_gone(summary), *summary.warnings, *_noted(summary)]


def _gone(summary: "ExportSummary") -> list[str]:
    """Say which videos of the dataset the source no longer has, and what becomes of their files."""
    if not summary.gone:
        return []
    more = f" and {len(summary.gone) - _SHOWN} more" if len(summary.gone) > _SHOWN else ""
    names = ", ".join(summary.gone[:_SHOWN]) + more
    became = "their files were removed" if summary.pruned else "their files stay (--prune removes them)"
    return [f"{_videos(len(summary.gone))} of the dataset no longer in the source: {names}; {became}"]


def _noted(summary: "ExportSummary") -> list[str]:
    """List the notes on the videos; what is said of several is said once."""
    videos: dict[str, list[str]] = {}
    for video in summary.videos:
        for text in video.warnings:
            videos.setdefault(text, []).append(video.name)
    return [
        f"{names[0] if len(names) == 1 else f'{len(names)} videos'}: {text}" for text, names in videos.items()
    ]


def text_of(summary: "ExportSummary", *, withheld: bool) -> str:
    """Say what was done, where it lies, and how long people stayed, unless that is withheld."""
    out = str(summary.out)
    counts = {status: len(summary.of_status(status)) for status in ("written", "unchanged", "failed")}
    done = [video for video in summary.videos if video.status != "failed"]
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines = [f"{_videos(len(summary.videos))}: {said}"]
    if done and not withheld:
        rows = [("video", "where", "person-seconds")]
        for video in done[:_SHOWN]:
            rows += _rows(video)
        widths = [max(len(row[place]) for row in rows) for place in range(2)]
        lines += ["", *(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>14}" for a, b, c in rows)]
        if len(done) > _SHOWN:
            lines.append(f"and {_videos(len(done) - _SHOWN)} more (--json lists them all)")
    if done:
        lines += ["", f"results are in {out}: see {out.rstrip('/')}/dictionary.md for every column"]
    return "\n".join(lines)


def _videos(count: int) -> str:
    return f"{count} video" if count == 1 else f"{count} videos"


def _seconds(span: "pd.Timedelta | None") -> float | None:
    return None if span is None else float(span.total_seconds())


def _rows(video: "VideoSummary") -> list[tuple[str, str, str]]:
    times = {"in the scene": video.in_scene, "of it unlocated": video.unlocated}
    times |= {f"zone {zone}": dwell for zone, dwell in video.dwell.items()}
    said = ["not known" if (found := _seconds(time)) is None else f"{found:.3f}" for time in times.values()]
    names = [video.name, *[""] * (len(times) - 1)]
    return list(zip(names, times, said, strict=True))


def plain_of(summary: "ExportSummary") -> dict[str, Any]:
    """Turn the summary into JSON values: times as seconds under ``<name>_s``."""
    videos = [
        {
            "name": video.name,
            "status": video.status,
            "error": None if video.error is None else str(video.error),
            "rows": dict(video.rows),
            "in_scene_s": _seconds(video.in_scene),
            "unlocated_s": _seconds(video.unlocated),
            "dwell_s": {zone: dwell.total_seconds() for zone, dwell in video.dwell.items()},
            "warnings": list(video.warnings),
        }
        for video in summary.videos
    ]
    return {
        "out": str(summary.out),
        "videos": videos,
        "warnings": list(summary.warnings),
        "gone": list(summary.gone),
        "pruned": summary.pruned,
    }
