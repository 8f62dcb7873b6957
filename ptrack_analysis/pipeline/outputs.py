"""The list of all tables that are computed for a video and written to a dataset."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ptrack_analysis import schema
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.schema import Table

if TYPE_CHECKING:
    from pathlib import Path

    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.plot_options import PlotOptions
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
    from ptrack_analysis.scene.zone_files import Scene
    from ptrack_analysis.schema.arrays import Rows


class Need(Enum):
    """Requirement of a table beyond detections, with the message if it is not met."""

    ZONES = "needs zones. Pass a GeoJSON file of polygons: zones=... (--zones FILE)."
    LINES = "needs lines. Pass a GeoJSON file with LineStrings: zones=... (--zones FILE)."
    FLOOR_PLAN = "needs a floor plan. Pass floor=... (--floor FILE), or a source of points in m."
    CLOCK = "needs the start of the recording. Pass recordings=... (--recordings) or started_at=..."
    FACES = "needs faces. Pass faces=True (--faces)."
    QUEUE = "needs a zone of kind 'queue'. Add it to the zone file."
    STITCHING = "needs stitched tracks. Pass stitch=True (--stitch)."
    BOXES = "needs bounding boxes, but the source has points."
    STOP_SIZE = "needs the extent of a stop in px. Pass stop_extent=... (--stop-extent LENGTH)."

    @property
    def sentence(self) -> str:
        """The end of the error message if the requirement is not met."""
        return self.value

    def is_met(self, config: AnalysisConfig, scene: Scene | None) -> bool:
        """Return whether the configuration and the zone file meet the requirement."""
        zones, lines = (scene.zones, scene.lines) if scene is not None else ([], [])
        return {
            Need.ZONES: scene is not None,
            Need.LINES: bool(lines),
            Need.FLOOR_PLAN: config.unit == "m",
            Need.CLOCK: config.tells_clocks,
            Need.FACES: config.faces,
            Need.QUEUE: any(zone.kind == "queue" for zone in zones),
            Need.STITCHING: config.stitch,
            Need.BOXES: not config.points_unit,
            Need.STOP_SIZE: config.measures_stops,
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot of an output.

    ``function`` is the function of ``plots`` that draws it. ``options`` are the groups of options
    that change it: fields of ``AnalysisConfig`` and ``PlotOptions``. ``defaults`` describes the defaults of
    fields that differ for this plot. ``on_plane``: it can have a background image. ``needs_frame``: the
    frame size must be known. ``on_video``: it is drawn on the frames of the tracked video and written to a
    file while it is drawn.
    """

    name: str
    help: str
    function: str
    options: tuple[str, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    on_plane: bool = False
    needs_frame: bool = True
    on_video: bool = False
    formats: tuple[str, ...] = ("png", "svg", "pdf")

    def draw(self, analysis: VideoAnalysis, options: PlotOptions) -> Any:
        """Draw the plot: matplotlib axes, or the bytes of an animation."""
        return import_module("ptrack_analysis.pipeline.drawing").draw_plot(self, analysis, options)

    def write(
        self,
        analysis: VideoAnalysis,
        options: PlotOptions,
        output: Path,
        form: str,
        report: Callable[[float], None],
    ) -> None:
        """Write a plot on the frames of the video to a file, and report progress as a share."""
        drawing = import_module("ptrack_analysis.pipeline.drawing")
        drawing.write_plot(self, analysis, options, output, form, report=report)


class Privacy(Enum):
    """Kind of personal data in a table, which decides how the table may be published."""

    PUBLIC = "nothing"
    FIGURES = "figures: published as ``schema.released`` declares, unless they count few people"
    PERSONAL = "a row describes one person or a pair: named by salted keys, withheld with min_count"
    TRACK_NUMBERS = "person indices: withheld with a salt or min_count"


PUBLIC, FIGURES, PERSONAL, TRACK_NUMBERS = Privacy


@dataclass(frozen=True, slots=True)
class Output:
    """A table that can be computed for a video and written.

    ``name`` is its folder in a dataset and its key in a VideoAnalysis. ``function`` is the function of
    ``pipeline.tables`` that computes it. ``standard``: an export writes it by default. ``plots`` lists its
    plots.
    """

    name: str
    table: Table
    function: str
    privacy: Privacy
    needs: frozenset[Need] = frozenset()
    standard: bool = True
    plots: tuple[Plot, ...] = ()

    def __post_init__(self) -> None:
        """Reject an output whose keys name people but are not salted."""
        if self.table.names_people != (self.privacy is PERSONAL):
            raise TypeError(f"output {self.name!r}: privacy does not match whether the key names people")

    @property
    def has_figures(self) -> bool:
        """Whether the schema declares columns that can be published with a minimum count."""
        declared = schema.RELEASED.get(self.table.name, {})
        return self.privacy is FIGURES and any(
            one.is_figure for column in self.table.columns for one in declared.get(column.name, ())
        )

    def is_released(self, *, salted: bool, suppressed: bool) -> bool:
        """Return whether any part of the table is published."""
        if salted and self.privacy is TRACK_NUMBERS:
            return False
        return not suppressed or self.privacy is PUBLIC or self.has_figures

    def released_table(self, *, salted: bool, suppressed: bool) -> Table:
        """Return the table in the form that is published."""
        if salted and self.privacy is PERSONAL:
            return schema.SALTED[self.table.name]
        if suppressed and self.has_figures:
            return schema.SUPPRESSED[self.table.name]
        return self.table

    def compute(self, analysis: VideoAnalysis) -> Rows:
        """Compute the table."""
        kernel: Callable[[VideoAnalysis], Rows] = getattr(
            import_module("ptrack_analysis.pipeline.tables"), self.function
        )
        return kernel(analysis)


def _output(
    name: str,
    table: Table,
    privacy: Privacy,
    *needs: Need,
    function: str | None = None,
    plots: tuple[Plot, ...] = (),
) -> Output:
    return Output(name, table, function or name, privacy, frozenset(needs), name in FACTS, plots)


def _plot(name: str, text: str, *options: str, **more: Any) -> Plot:
    return Plot(name=name, help=text, options=options, **{"function": f"plot_{name}", **more})


HEAT_CELL, FIELD_CELL = 0.25, 0.5
"""Default size of the cells of plots on a floor plan [m]."""
FIELD_SHAPE = (18, 32)
"""Default rows and columns of a plotted flow field: one visible arrow per cell."""
_CELL = "{} on a floor plan, larger on a large one"
"""Default size of the cells in help texts."""
FACTS = (
    "videos",
    "tracks",
    "detections",
    "trajectories",
    "visits",
    "occupancy",
    "zone_occupancy",
    "crossings",
    "heatmap",
    "dwell",
    "transitions",
    "quality",
)
"""The standard outputs: the tables that an export writes by default."""

OUTPUTS: dict[str, Output] = {
    output.name: output
    for output in (
        _output(
            "videos",
            schema.VIDEOS,
            PUBLIC,
            plots=(
                _plot("summary", "paths, heatmap, dwell time and people over time in one", on_plane=True),
            ),
        ),
        _output("tracks", schema.TRACKS, PERSONAL),
        _output(
            "detections",
            schema.DETECTIONS,
            PERSONAL,
            Need.BOXES,
            plots=(
                _plot(
                    "video",
                    "boxes, trails, zones and live counts on the tracked video (needs --video-file)",
                    "moving",
                    "video",
                    "visits",
                    "lines",
                    function="write_annotated_video",
                    formats=("mp4", "mov", "mkv"),
                    on_video=True,
                ),
            ),
        ),
        _output("stitches", schema.STITCHES, TRACK_NUMBERS, Need.STITCHING, Need.BOXES),
        _output(
            "trajectories",
            schema.TRAJECTORIES,
            PERSONAL,
            plots=(
                _plot("paths", "the path of each person", "paths", on_plane=True),
                _plot(
                    "animation",
                    "people walking, as an animated GIF",
                    "moving",
                    "animation",
                    function="animate_paths",
                    on_plane=True,
                    formats=("gif",),
                ),
            ),
        ),
        _output("kinematics", schema.MOVEMENT, PERSONAL),
        _output(
            "stops",
            schema.STOPS,
            PERSONAL,
            Need.STOP_SIZE,
            plots=(_plot("stops", "where people stood still, and for how long", "stops", on_plane=True),),
        ),
        _output(
            "encounters",
            schema.ENCOUNTERS,
            PERSONAL,
            Need.FLOOR_PLAN,
            plots=(_plot("encounters", "where people met (needs --floor)", on_plane=True),),
        ),
        _output("groups", schema.GROUPS, PERSONAL, Need.FLOOR_PLAN),
        _output(
            "visits",
            schema.VISITS,
            PERSONAL,
            Need.ZONES,
            plots=(_plot("visits", "visits to zones over time (needs --zones)", "visits"),),
        ),
        _output("stay_in_scene", schema.SCENE_STAY, FIGURES),
        _output(
            "dwell",
            schema.DWELL,
            FIGURES,
            Need.ZONES,
            plots=(
                _plot("dwell", "dwell time of each visit by zone, with the median (needs --zones)", "visits"),
            ),
        ),
        _output(
            "dwell_by_entry",
            schema.DWELL_BY_ENTRY,
            FIGURES,
            Need.ZONES,
        ),
        _output("dwell_quantiles", schema.DWELL_QUANTILES, FIGURES, Need.ZONES),
        _output(
            "survival",
            schema.SURVIVAL,
            FIGURES,
            Need.ZONES,
            plots=(
                _plot(
                    "survival",
                    "share of visits that last longer, unobserved ends taken into account (needs --zones)",
                    "visits",
                ),
            ),
        ),
        _output(
            "visits_hourly",
            schema.VISITS_HOURLY,
            FIGURES,
            Need.ZONES,
            Need.CLOCK,
        ),
        _output("waiting_times", schema.WAITS, PERSONAL, Need.QUEUE),
        _output("service_levels", schema.SERVICE_LEVELS, FIGURES, Need.QUEUE),
        _output("queue_length", schema.QUEUE, FIGURES, Need.QUEUE),
        _output(
            "transitions",
            schema.TRANSITIONS,
            FIGURES,
            Need.ZONES,
            plots=(
                _plot("transitions", "transitions between zones as a matrix (needs --zones)", "visits"),
                _plot("sankey", "transitions between zones as bands (needs --zones)", "visits"),
            ),
        ),
        _output(
            "retail_metrics",
            schema.RETAIL,
            FIGURES,
            Need.ZONES,
        ),
        _output("zone_overlaps", schema.OVERLAPS, PUBLIC, Need.ZONES),
        _output(
            "occupancy",
            schema.OCCUPANCY,
            FIGURES,
        ),
        _output(
            "zone_occupancy",
            schema.ZONE_OCCUPANCY,
            FIGURES,
            Need.ZONES,
        ),
        _output(
            "occupancy_changes",
            schema.OCCUPANCY_CHANGES,
            FIGURES,
            plots=(_plot("occupancy", "number of people over time", needs_frame=False),),
        ),
        _output(
            "occupancy_hourly",
            schema.OCCUPANCY_HOURLY,
            FIGURES,
            Need.CLOCK,
        ),
        _output("density", schema.DENSITY, FIGURES, Need.ZONES, Need.FLOOR_PLAN),
        _output(
            "fundamental_diagram",
            schema.FUNDAMENTAL,
            FIGURES,
            Need.ZONES,
            Need.FLOOR_PLAN,
            plots=(
                _plot("fundamental_diagram", "speed against density (needs --zones and --floor)", "bins"),
            ),
        ),
        _output(
            "crossings",
            schema.CROSSINGS,
            PERSONAL,
            Need.LINES,
            plots=(
                _plot(
                    "crossings",
                    "number and positions of crossings of lines (needs --zones with lines)",
                    "lines",
                    on_plane=True,
                ),
            ),
        ),
        _output(
            "counts",
            schema.COUNTS,
            FIGURES,
            Need.LINES,
            plots=(_plot("counts", "counts per bin over time (needs --zones with lines)", "lines", "bins"),),
        ),
        _output(
            "count_drift",
            schema.BALANCE,
            FIGURES,
            Need.LINES,
            plots=(
                _plot(
                    "count_drift",
                    "counts compared with the number of people present (needs --zones with lines)",
                    "lines",
                ),
            ),
        ),
        _output("line_flow", schema.FLOW, FIGURES, Need.LINES),
        _output(
            "heatmap",
            schema.HEATMAP,
            FIGURES,
            plots=(
                _plot(
                    "heatmap",
                    "person-seconds per cell",
                    "heatmap",
                    "cells",
                    defaults=(("shape", "54x96"), ("cell", _CELL.format(HEAT_CELL))),
                    on_plane=True,
                ),
            ),
        ),
        _output("box_heatmap", schema.BOX_HEATMAP, FIGURES, Need.BOXES),
        _output("cell_values", schema.MEASURE, FIGURES),
        _output(
            "flow_field",
            schema.FIELD,
            FIGURES,
            plots=(
                _plot(
                    "field",
                    "mean direction and speed per cell",
                    "cells",
                    function="plot_flow_field",
                    defaults=(
                        ("shape", "{}x{}".format(*FIELD_SHAPE)),
                        ("cell", _CELL.format(FIELD_CELL)),
                    ),
                    on_plane=True,
                ),
            ),
        ),
        _output("faces", schema.FACES, PERSONAL, Need.FACES, Need.BOXES),
        _output("facing", schema.FACING, PERSONAL, Need.ZONES, Need.FACES, Need.BOXES),
        _output("confidence_intervals", schema.INTERVALS, FIGURES),
        _output("quality", schema.QUALITY, FIGURES, Need.BOXES),
    )
}
ALWAYS = ("videos", "tracks")
"""Tables that are always written, because the others refer to them."""


def find_output(name: str) -> Output:
    """Return the output of this name.

    Raises
    ------
    ParameterError
        If no output has this name. The message suggests a similar one.
    """
    if name not in OUTPUTS:
        near = get_close_matches(str(name), OUTPUTS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(OUTPUTS)}."
        raise ParameterError(f"There is no table {name!r}. {hint}")
    return OUTPUTS[name]


def validate_needs(what: str, missing: Collection[Need]) -> None:
    """Reject a computation whose requirements are not met.

    Raises
    ------
    ParameterError
        If requirements are missing. The message lists them all, with the options that provide them.
    """
    if missing:
        raise ParameterError(f"{what} {' It '.join(need.sentence for need in Need if need in missing)}")


def outputs_available(config: AnalysisConfig, scene: Scene | None) -> list[Output]:
    """Return the outputs whose requirements the configuration and the zone file meet."""
    return [one for one in OUTPUTS.values() if all(need.is_met(config, scene) for need in one.needs)]


PLOTS: dict[str, tuple[Output, Plot]] = {
    plot.name: (output, plot) for output in OUTPUTS.values() for plot in output.plots
}
"""Each plot by name, with its output."""
