"""The tables that are computed for a video and written to a dataset: the one list of what exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING

from ptrack_analysis import schema
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.schema import Table

if TYPE_CHECKING:
    import pandas as pd

    from ptrack_analysis.pipeline.config import Settings
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.scene.zone_files import Scene


class Need(Enum):
    """What a table needs beyond detections: whether it is there, and what to say if it is not."""

    ZONES = "needs zones. Pass a GeoJSON file of polygons: zones=... (--zones FILE)."
    LINES = "needs lines. Pass a GeoJSON file with LineStrings: zones=... (--zones FILE)."
    FLOOR_PLAN = "needs a floor plan. Pass floor=... (--floor FILE)."
    CLOCK = "needs the start of the recording. Pass recordings=... (--recordings) or started_at=..."
    FACES = "needs faces. Pass faces=True (--faces)."
    QUEUE = "needs a zone of kind 'queue'. Add it to the zone file."
    STITCHING = "needs stitched tracks. Pass stitch=True (--stitch)."
    BOXES = "needs bounding boxes, but the source has points."
    STOP_SIZE = "needs the extent of a stop in px. Pass stop_extent=... (--stop-extent LENGTH)."

    @property
    def sentence(self) -> str:
        """What to say if it is missing."""
        return self.value

    def is_met(self, config: Settings, scene: Scene | None) -> bool:
        """Return whether the configuration and the zone file have it."""
        zones, lines = (scene.zones, scene.lines) if scene is not None else ([], [])
        return {
            Need.ZONES: scene is not None,
            Need.LINES: bool(lines),
            Need.FLOOR_PLAN: config.floor is not None,
            Need.CLOCK: config.tells_clocks,
            Need.FACES: config.faces,
            Need.QUEUE: any(zone.kind == "queue" for zone in zones),
            Need.STITCHING: config.stitch,
            Need.BOXES: True,
            Need.STOP_SIZE: config.measures_stops,
        }[self]


@dataclass(frozen=True, slots=True)
class Output:
    """A table that can be computed for a video and written.

    ``name`` is its folder in a dataset and its key in a VideoAnalysis; ``function`` is the function of
    ``pipeline.tables`` that computes it; ``standard`` tells whether an export writes it by default.
    """

    name: str
    table: Table
    function: str
    needs: frozenset[Need] = frozenset()
    standard: bool = True

    def compute(self, analysis: VideoAnalysis) -> pd.DataFrame:
        """Compute the table."""
        kernel: Callable[[VideoAnalysis], pd.DataFrame] = getattr(
            import_module("ptrack_analysis.pipeline.tables"), self.function
        )
        return kernel(analysis)


def _output(
    name: str, table: Table, *needs: Need, function: str | None = None, standard: bool = True
) -> Output:
    return Output(name, table, function or name, frozenset(needs), standard)


OUTPUTS: dict[str, Output] = {
    output.name: output
    for output in (
        _output("videos", schema.VIDEOS),
        _output("persons", schema.TRACKS, function="tracks"),
        _output("detections", schema.DETECTIONS),
        _output("stitches", schema.STITCHES, Need.STITCHING),
        _output("trajectories", schema.TRAJECTORIES),
        _output("movement", schema.MOVEMENT),
        _output("stops", schema.STOPS, Need.STOP_SIZE),
        _output("encounters", schema.ENCOUNTERS, Need.FLOOR_PLAN),
        _output("groups", schema.GROUPS, Need.FLOOR_PLAN),
        _output("visits", schema.VISITS, Need.ZONES),
        _output("dwell", schema.DWELL, Need.ZONES),
        _output("dwell_by_entry", schema.DWELL_BY_ENTRY, Need.ZONES),
        _output("dwell_quantiles", schema.DWELL_QUANTILES, Need.ZONES),
        _output("survival", schema.SURVIVAL, Need.ZONES),
        _output("visits_hourly", schema.VISITS_HOURLY, Need.ZONES, Need.CLOCK),
        _output("waits", schema.WAITS, Need.QUEUE),
        _output("service_levels", schema.SERVICE_LEVELS, Need.QUEUE),
        _output("queue", schema.QUEUE, Need.QUEUE),
        _output("transitions", schema.TRANSITIONS, Need.ZONES),
        _output("retail", schema.RETAIL, Need.ZONES),
        _output("zone_overlaps", schema.OVERLAPS, Need.ZONES),
        _output("occupancy", schema.OCCUPANCY),
        _output("occupancy_bins", schema.BINS),
        _output("occupancy_hourly", schema.OCCUPANCY_HOURLY, Need.CLOCK),
        _output("density", schema.DENSITY, Need.ZONES, Need.FLOOR_PLAN),
        _output("fundamental", schema.FUNDAMENTAL, Need.ZONES, Need.FLOOR_PLAN),
        _output("crossings", schema.CROSSINGS, Need.LINES),
        _output("counts", schema.COUNTS, Need.LINES),
        _output("balance", schema.BALANCE, Need.LINES),
        _output("flow", schema.FLOW, Need.LINES),
        _output("heatmap", schema.HEATMAP, Need.BOXES),
        _output("measure", schema.MEASURE, standard=False),
        _output("field", schema.FIELD, standard=False),
        _output("facing", schema.FACING, Need.ZONES, Need.FACES, Need.BOXES),
        _output("intervals", schema.INTERVALS, standard=False),
        _output("quality", schema.QUALITY, Need.BOXES),
    )
}
ALWAYS = ("videos", "persons")
"""Written whichever tables are chosen, because the others refer to them."""


def find_output(name: str) -> Output:
    """Return the output of this name.

    Raises
    ------
    ParameterError
        If there is none; the message names a similar one.
    """
    if name not in OUTPUTS:
        near = get_close_matches(str(name), OUTPUTS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(OUTPUTS)}."
        raise ParameterError(f"There is no table {name!r}. {hint}")
    return OUTPUTS[name]


def outputs_available(config: Settings, scene: Scene | None) -> list[Output]:
    """Return the outputs whose needs the configuration and the zone file meet."""
    return [one for one in OUTPUTS.values() if all(need.is_met(config, scene) for need in one.needs)]
