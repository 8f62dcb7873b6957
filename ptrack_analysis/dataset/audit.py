"""Audit of published tables for figures that reveal suppressed figures."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from ptrack_analysis.dataset.contributions import BY_PLACE, SCENE, Contributions
from ptrack_analysis.dataset.published import Figure, build_system, find_attributes, list_figures
from ptrack_analysis.dataset.suppression import find_derivable
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.pipeline.outputs import OUTPUTS, Privacy
from ptrack_analysis.schema import RELEASED, Table, list_columns
from ptrack_analysis.video import Milliseconds

_Part = tuple[list[str], BaseGeometry | None]
"""The zones that contain a part of the plane, and its outline if it is known."""
_KINDS = {"start_observed": (True, False), "end_observed": (True, False), "direction": ("in", "out")}
"""Attributes that are not in a key, and their values."""
_SLIVER = 1e-9
"""Smallest area of an intersection of zones, as a share of the smaller zone."""


def audit_video(
    tables: Mapping[str, pd.DataFrame],
    zones: Mapping[str, Polygon] | None = None,
    *,
    min_count: int,
    holidays: frozenset[date] | None = None,
) -> list[str]:
    """Find what the published tables of one video reveal about few people.

    A suppressed figure must not follow from published figures by addition and subtraction. Columns that
    ``schema.released`` does not declare must not have values, tables of single people must not exist, and
    published numbers of people must not be below ``min_count``.

    Parameters
    ----------
    tables
        The published tables of one video by folder, in memory, as ``read_parquet`` returns them without the
        level ``video``. ``videos`` is required if there are tables by hour.
    zones
        Outlines of the video's zones by name. Zones without an outline are taken to be disjoint.
    min_count
        Number of people that must contribute to a figure.
    holidays
        Public holidays, if there are tables by hour and the opening hours refer to holidays (``PH``).

    Returns
    -------
    list
        One sentence per finding.

    Notes
    -----
    The published tables do not contain the contributors, so the audit checks the suppressed figures.
    Figures that are not in a table, such as the presence outside all zones, are checked when tables are
    released, and so are sums of the heatmap's cells of a zone, and differences between counts of lines or
    between visits to zones that overlap. Not covered: bounds that follow because
    values are not negative, and two editions of one dataset.
    """
    findings, figures = list[str](), list[Figure]()
    for name, table in tables.items():
        output = OUTPUTS[name]
        if not output.is_released(salted=False, suppressed=True):
            findings.append(f"{name} must be withheld: it has figures of single people.")
        elif output.privacy is Privacy.FIGURES:
            findings += _find_undeclared(output.table, table)
            figures += list_figures(output.table, table)
    values = [figure.list_values() for figure in figures]
    for figure, value in zip(figures, values, strict=True):
        if not figure.levels:
            few = np.flatnonzero((value > 0) & (value < min_count))
            findings += [f"{_name(figure, row)} is {value[row]:g}, below {min_count}." for row in few]
    return findings + _find_revealed(figures, values, tables, zones or {}, holidays)


def _find_undeclared(schema: Table, table: pd.DataFrame) -> list[str]:
    """Find columns with values that must be withheld."""
    declared = RELEASED[schema.name]
    return [
        f"{schema.name}.{name} must be withheld, but has values."
        for name, column in list_columns(table, schema)
        if not any(one.is_shown for one in declared.get(column.name, ())) and table[name].notna().any()
    ]


def _find_revealed(
    figures: Sequence[Figure],
    values: Sequence[Floats],
    tables: Mapping[str, pd.DataFrame],
    zones: Mapping[str, Polygon],
    holidays: frozenset[date] | None,
) -> list[str]:
    """Find the suppressed figures that follow from published ones."""

    def contribute(
        measure: str, attributes: tuple[str, ...], own: list[Figure], edges: Milliseconds
    ) -> Contributions:
        return _list_possible(measure, attributes, own, edges, zones)

    system = build_system(figures, contribute, tables.get("videos", pd.DataFrame()), holidays)
    known, hidden, empty = system.equations.copy(), list[Bools](), list[Integers]()
    for figure, value, cells in zip(figures, values, system.cells_of, strict=True):
        suppressed = figure.values["suppressed"].to_numpy()[figure.rows] & np.isnan(value)
        is_sum = figure.declared.kind in {"count", "sum", "rate"}
        hidden.append(suppressed & is_sum)
        known |= system.mark(cell[~np.isnan(value)] for cell in cells)
        if is_sum and cells:
            empty.append(cells[0][value == 0])
    known |= _find_empty(system.cells.cell, system.cells.atom, system.mark(empty))
    findings = []
    for figure, rows, cells in zip(figures, hidden, system.cells_of, strict=True):
        if len(cells) and rows.any():
            revealed = find_derivable(system.cells, known, system.mark([cells[0][rows]]))
            places = np.flatnonzero(rows & (cells[0] >= 0) & revealed[cells[0]])
            findings += [f"{_name(figure, row)} is suppressed, but follows from others." for row in places]
    return findings


def _find_empty(cell: Integers, atom: Integers, empty: Bools) -> Bools:
    """Mark the cells whose atoms are all 0.

    These atoms are part of cells with a value of 0.
    """
    is_zero = np.zeros(atom.max(initial=-1) + 1, dtype=bool)
    is_zero[atom[empty[cell]]] = True
    within = np.ones(len(empty), dtype=bool)
    within[cell[~is_zero[atom]]] = False
    return within


def _list_possible(
    measure: str,
    attributes: tuple[str, ...],
    figures: Sequence[Figure],
    edges: Milliseconds,
    zones: Mapping[str, Polygon],
) -> Contributions:
    """List every combination of attributes that people may have contributed to."""
    plain = [name for name in attributes if name not in {"piece", "place", *_KINDS}]
    keys = [
        figure.list_keys(plain)
        for figure in figures
        if {*plain} <= find_attributes(measure, figure) and {*plain} <= {*figure.levels}
    ]
    rows = pd.concat(keys).drop_duplicates() if plain else pd.DataFrame(index=[0])
    if "row" in plain:  # a detection without a position is in no cell
        rows = pd.concat([rows, pd.DataFrame(-1, index=[0], columns=plain)])
    places = None
    if measure in BY_PLACE:
        named = {
            name
            for figure in figures
            if "zone" in figure.levels
            for name in figure.list_keys(["zone"])["zone"].unique()
        }
        places = _list_places(sorted(named - {SCENE}), zones)
    sides = {
        "piece": np.arange(len(edges)),
        "place": () if places is None else places["place"].unique(),
        **_KINDS,
    }
    for name in attributes:
        if name in sides:
            rows = rows.merge(pd.DataFrame({name: sides[name]}), how="cross")
    return Contributions(rows.assign(person=0, amount=0), places)


def _list_places(names: Sequence[str], zones: Mapping[str, Polygon]) -> pd.DataFrame:
    """List the zones of each intersection of zones, and the area outside all zones."""
    parts = list[_Part]()
    for name in names:
        rest: BaseGeometry | None = zones.get(name)
        cut = list[_Part]()
        for inside, outline in parts:
            if rest is None or outline is None or not rest.intersects(outline):
                cut.append((inside, outline))
                continue
            pieces = (([*inside, name], outline & rest), (inside, outline - rest))
            least = _SLIVER * min(outline.area, zones[name].area)
            cut += [(of, piece) for of, piece in pieces if piece.area > least]
            rest = rest - outline
        if name not in zones or (rest is not None and rest.area > _SLIVER * zones[name].area):
            cut.append(([name], rest))
        parts = cut
    named: list[list[str]] = [[], *(of for of, _ in parts)]
    listed = [(number, name) for number, of in enumerate(named) for name in [SCENE, *of]]
    return pd.DataFrame(listed, columns=["place", "zone"])


def _name(figure: Figure, row: int | np.signedinteger) -> str:
    """Name a figure by its table, its key and its column."""
    key = figure.values.index[figure.rows[row]]
    parts = ", ".join(str(one) for one in (key if isinstance(key, tuple) else (key,)))
    return f"{figure.table} ({parts}): {figure.column}"
