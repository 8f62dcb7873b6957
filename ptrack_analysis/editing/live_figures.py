"""Figures and warnings of zones and lines while they are drawn, computed as in all outputs."""

from collections.abc import Iterator
from threading import Lock
from typing import Any

import numpy as np

from ptrack_analysis.analysis.dwell.survival import split_visits
from ptrack_analysis.analysis.presence import mark_starts
from ptrack_analysis.analysis.quality.checks import CHECKS
from ptrack_analysis.analysis.quality.flicker import measure_crossing_flicker, measure_visit_flicker
from ptrack_analysis.analysis.quality.inputs import LEAST_EVENTS, QualityInputs
from ptrack_analysis.analysis.uncertainty.kaplan_meier import estimate_survival, find_quantile
from ptrack_analysis.editing.session import EditSession
from ptrack_analysis.editing.zone_edits import apply_zone_edits
from ptrack_analysis.errors import PtrackError, ZoneError
from ptrack_analysis.geometry import Floats, Integers, contains
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.zone_checks import check_zone, find_useless
from ptrack_analysis.scene.zone_files import Scene, parse_scene, project_scene
from ptrack_analysis.scene.zones import ENTRANCE, Line, Zone
from ptrack_analysis.schema import CROSSINGS, DIRECTIONS, ENTRIES, VISITS
from ptrack_analysis.schema.arrays import Rows, empty_arrays, read_column

_IN, _OUT = (DIRECTIONS.index(way) for way in ("in", "out"))
_UNNAMED = "unnamed"
Figures = dict[str, Any]


class LiveFigures:
    """Computes visits, people and median dwell of edited zones, and counts of edited lines."""

    def __init__(self, session: EditSession) -> None:
        self._session = session
        self._lock = Lock()

    def compute(self, original: dict[str, Any], edits: Any) -> list[Figures]:
        """Return the figures and warnings of each edited zone or line, in order.

        Each zone is computed separately. If this fails, ``error`` gives the reason. ``elsewhere`` marks a
        zone or line that is bound to other videos. Without tracking data there are only warnings.

        Raises
        ------
        ZoneError
            If the edits are not a list.
        """
        if not isinstance(edits, list):
            raise ZoneError(f"the edits must be a list, got {edits!r:.60}")
        with self._lock:
            return [self._compute_one(original, edit) for edit in edits]

    def _compute_one(self, original: dict[str, Any], edit: Any) -> Figures:
        session = self._session
        try:
            content = apply_zone_edits(original, [edit], session.unit)
            for feature in content["features"]:
                _fill_name(feature)
            scene = parse_scene(content, session.output.name)
            analysis = session.analysis
            checks = self._check(scene)
            if analysis is None:
                return {"warnings": checks}
            zones, lines = project_scene(
                scene.of_camera(None), analysis.video, analysis.plane, place=session.output.name
            )
        except PtrackError as error:
            return {"error": str(error)}
        if zones:
            figures = compute_zone_figures(analysis, zones[0])
        elif lines:
            figures = compute_line_figures(analysis, lines[0])
        else:
            figures = {"elsewhere": True, "warnings": []}
        figures["warnings"] = [*checks, *figures["warnings"]]
        return figures

    def _check(self, scene: Scene) -> list[str]:
        """Check size, location and time on the drawn plane."""
        session = self._session
        plane = session.drawn_plane
        part = next(scene.unbind())
        zones, lines = project_scene(part, session.video, plane, place=session.output.name)
        found = [text for zone in zones for text in check_zone(zone, session.video, plane)]
        return [*found, *find_useless(lines, session.video, plane)]


def _fill_name(feature: dict[str, Any]) -> None:
    """Name a feature without a name, because figures do not depend on the name."""
    properties = feature.get("properties") or {}
    if not str(properties.get("name") or "").strip():
        feature["properties"] = {**properties, "name": _UNNAMED}


def compute_zone_figures(analysis: VideoAnalysis, zone: Zone) -> Figures:
    """Return visits, people, median dwell [s] and warnings of one zone.

    Visits and median are computed like the tables ``visits`` and ``dwell`` with the options of the analysis:
    visits without an observed start are excluded from the median, and visits without an observed end are
    censored.
    """
    part = analysis.with_outlines([zone], [])
    visits = part.compute_rows("visits")
    people = np.unique(read_column(visits, "person_index"))
    figures = {
        "visits": len(visits),
        "people": len(people),
        "median": _find_median(part, visits),
        "warnings": [*_check_entrance(part, zone, visits), *_advise_on_flicker(part, visits=visits)],
    }
    analysis.walks.forget_zone(zone)
    return figures


def _find_median(analysis: VideoAnalysis, visits: Rows) -> float | None:
    """Return the median of the table ``dwell`` [s], without its confidence interval."""
    if not len(visits):
        return None
    (group,) = split_visits(visits, by="zone", inside_before=None, groups=None, **analysis.observed)
    median = find_quantile(estimate_survival(group.lengths), 0.5)
    return None if np.isnan(median) else median / 1000


def compute_line_figures(analysis: VideoAnalysis, line: Line) -> Figures:
    """Return the counts in and out over one line, and warnings."""
    part = analysis.with_outlines([], [line])
    crossings = part.compute_rows("crossings")
    direction = read_column(crossings, "direction")
    found = list(_advise_on_flicker(part, crossings=crossings))
    if line.kind == ENTRANCE and not len(crossings):
        found.append("No one crosses this entrance. Draw it where people walk across it.")
    return {
        "in": int((direction == _IN).sum()),
        "out": int((direction == _OUT).sum()),
        "warnings": found,
    }


def _check_entrance(analysis: VideoAnalysis, zone: Zone, visits: Rows) -> Iterator[str]:
    """Warn if an entrance is not where people come from and go to."""
    if zone.kind != ENTRANCE:
        return
    walks = analysis.walks
    rows = np.concatenate(find_track_ends(analysis))
    if len(rows) and not contains(zone.edges, walks.x[rows], walks.y[rows]).any():
        yield "No track starts or ends in this entrance. Draw it where people come into view or leave."
    if len(visits):
        observed = {ENTRIES.index(entry) for entry in analysis.config.observed_entries}
        if not np.isin(read_column(visits, "entry"), [*observed]).any():
            yield (
                f"0 of {len(visits)} visits have an observed start, because people appear inside this "
                "entrance. To count these starts as observed, add appeared to observed_entries "
                "(--observed-entries)."
            )


def _advise_on_flicker(
    analysis: VideoAnalysis, *, visits: Rows | None = None, crossings: Rows | None = None
) -> Iterator[str]:
    """Yield the advice of the flicker check for this zone or line."""
    empty = empty_arrays(CROSSINGS, unit=analysis.unit)
    inputs = QualityInputs(
        detections=analysis.trajectories,
        walks=analysis.walks,
        video=analysis.video,
        period=0,
        max_gap=0,
        part=(0, 0),
        entrances=None,
        stitches=None,
        zones=analysis.zones,
        lines=analysis.lines,
        visits=empty_arrays(VISITS) if visits is None else visits,
        crossings=empty if crossings is None else crossings,
        floor_plan=None,
        thresholds={name: check.doubtful for name, check in CHECKS.items()},
    )
    measured = measure_crossing_flicker(inputs) if visits is None else measure_visit_flicker(inputs)
    if measured.advice and (measured.events or 0) >= LEAST_EVENTS:
        yield measured.advice


def find_track_ends(analysis: VideoAnalysis) -> tuple[Integers, Integers]:
    """Return the first and the last row with a position of each person, in the order of ``walks``."""
    walks = analysis.walks
    located = np.flatnonzero(np.isfinite(walks.x))
    if not len(located):
        return located, located
    person = walks.rows.person[located]
    is_new = mark_starts(person)
    return located[is_new], located[np.append(is_new[1:], values=True)]


def encode_tracks(session: EditSession) -> bytes:
    """Encode the foot points of all people for the page, sorted by person and time.

    Little-endian uint32: the number of points n, of tracklets r and of people p; then float32 x and y of each
    point as fractions of the background, and uint32 the first point of each tracklet and of each person.
    """
    analysis = session.analysis
    if analysis is None:
        return np.zeros(3, "<u4").tobytes()
    walks = analysis.walks
    fractions = _project_to_background(session, np.column_stack(walks.position))
    located = np.flatnonzero(np.isfinite(fractions).all(axis=1))
    starts = [np.flatnonzero(mark_starts(group[located])) for group in (walks.run, walks.rows.person)]
    head = np.array([len(located), *map(len, starts)], "<u4")
    points = fractions[located].astype("<f4")
    return b"".join(array.tobytes() for array in (head, points, *(each.astype("<u4") for each in starts)))


def _project_to_background(session: EditSession, points: Floats) -> Floats:
    """Project positions of the analysis to fractions of the background."""
    analysis = session.analysis
    if session.unit != "m" and analysis is not None and analysis.floor_plan is not None:
        return analysis.floor_plan.unproject(points)
    pixels = session.video
    if session.unit != "m" and not session.is_on_points and pixels.width and pixels.height:
        left, top, right, bottom = 0.0, 0.0, float(pixels.width), float(pixels.height)
    else:
        left, top, right, bottom = session.bounds
    fractions: Floats = (points - np.array([left, top])) / np.array([right - left, bottom - top])
    return fractions
