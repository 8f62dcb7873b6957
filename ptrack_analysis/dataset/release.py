"""Tables for publication, with salted keys and without figures of few people."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from ptrack_analysis.dataset.contributions import Contributions, compute_contributions, list_sources
from ptrack_analysis.dataset.published import Figure, build_system, list_figures
from ptrack_analysis.dataset.suppression import Cells, choose_suppressed
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.config_values import create_key
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS, Privacy
from ptrack_analysis.schema import (
    PERSON_KEYS,
    RELEASED,
    SALTED,
    SUPPRESSED,
    Table,
    find_further_columns,
    list_columns,
    validate,
)
from ptrack_analysis.schema.arrays import Rows, to_frame
from ptrack_analysis.schema.table import TRACKER_IDENTITIES
from ptrack_analysis.video import Milliseconds

DOMINANCE = 10.0
"""The p of the p % rule: a contribution is protected if it can be estimated to within p percent."""


def release(
    tables: Mapping[str, Rows],
    settings: AnalysisConfig,
    video: str,
    holidays: frozenset[date] | None = None,
) -> dict[str, Rows]:
    """Return the tables of one video in a form that may be published.

    With a salt, ``person`` is the first 16 hex digits of HMAC-SHA256(salt, "video:person_index"). Person
    indices are removed. Their order is not revealed either: rows are sorted by key, groups are renumbered,
    and the smaller key of a pair comes first. ``stitches`` is withheld, because it contains person indices.

    With ``min_count``, only columns that ``schema.released`` declares keep their values. Tables of single
    people, extremes, medians and times are withheld. A figure is suppressed if too few people contribute to
    it. It is also suppressed if the person with the second largest contribution could estimate the largest
    contribution to within 10 % (the p % rule). Further figures are suppressed until such figures do not
    follow from published figures by addition and subtraction. This includes the differences between counts of
    lines that people cross one after the other, and between numbers of visits to zones that overlap.
    ``suppressed`` marks the rows.

    In both cases, unused columns of a tracker's file are withheld, because they may reveal anything, and
    ``source`` of ``videos`` contains only the name of the file.

    Parameters
    ----------
    tables
        The tables of one video by folder, as ``compute_tables`` returns them.
    settings
        The configuration, with ``salt``, ``min_count`` and ``tables``.
    video
        Name of the video.
    holidays
        Public holidays, if the opening hours of the video refer to them (``PH``).

    Notes
    -----
    A person is a track. No figure covers more than one video, so each video is protected independently.
    ``export_dataset`` rejects parts of one video that overlap in time. Not covered: bounds that follow
    because values are not negative, two editions of one dataset (other zones, times or limits),
    differences between numbers of different people (``persons``), and knowledge from other sources.

    References
    ----------
    Cell suppression with a threshold and the p % rule, primary and complementary: A. Hundepool et al.,
    Statistical Disclosure Control, Wiley 2012, doi:10.1002/9781118348239, chapter 4.
    """
    names = released_folders(list(tables), settings)
    if not settings.withholds:
        return {name: tables[name] for name in names}
    frames = {name: to_frame(table) for name, table in tables.items()}
    made = {name: _drop_source_columns(name, frames[name]) for name in names}
    if settings.min_count is not None:
        made = _suppress(made, frames, settings, settings.min_count, holidays)
    if isinstance(settings.salt, bytes):
        salt = settings.salt
        made |= {
            name: _salt(table, OUTPUTS[name].table, salt, video)
            for name, table in made.items()
            if OUTPUTS[name].privacy is Privacy.PERSONAL
        }
    return {**made}


def released_folders(folders: list[str], settings: AnalysisConfig) -> list[str]:
    """List the computed tables that are written."""
    standard = [one.name for one in OUTPUTS.values() if one.standard]
    standard += ["faces"] if settings.faces else []
    wanted = {*(settings.tables or standard), *ALWAYS}
    salted, suppressed = settings.salt is not None, settings.min_count is not None
    return [
        name
        for name in folders
        if name in wanted and OUTPUTS[name].is_released(salted=salted, suppressed=suppressed)
    ]


def needed_folders(settings: AnalysisConfig) -> set[str]:
    """List the tables with contributors, which are computed even if not written."""
    if settings.min_count is None:
        return set()
    declared = [
        one
        for name in released_folders(list(OUTPUTS), settings)
        for column in RELEASED.get(OUTPUTS[name].table.name, {}).values()
        for one in column
    ]
    return {source for one in declared for of in (one.of, one.per) if of for source in list_sources(of)}


def _drop_source_columns(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Drop the columns of a tracker's file, but keep columns about recordings, without paths of files."""
    if name == "videos":
        return table.assign(source=table["source"].str.replace(r".*[/\\]", "", regex=True))
    further = find_further_columns(table, OUTPUTS[name].table)
    return table.drop(columns=further) if further else table


def _suppress(
    made: dict[str, pd.DataFrame],
    tables: Mapping[str, pd.DataFrame],
    settings: AnalysisConfig,
    least: int,
    holidays: frozenset[date] | None,
) -> dict[str, pd.DataFrame]:
    """Withhold undeclared columns, and suppress figures that reveal few people."""
    kept = {name: table[_has_figures(name, table)] for name, table in made.items()}
    figures = [figure for name, table in kept.items() for figure in list_figures(OUTPUTS[name].table, table)]
    hidden = find_hidden(figures, tables, settings, least, holidays=holidays)
    return {
        name: _without(
            table,
            OUTPUTS[name].table,
            [
                (one, rows)
                for one, rows in zip(figures, hidden, strict=True)
                if one.table == OUTPUTS[name].table.name
            ],
        )
        for name, table in kept.items()
    }


def _has_figures(name: str, table: pd.DataFrame) -> Bools:
    """Mark rows with publishable figures, or all rows of a table without figures."""
    figures = list_figures(OUTPUTS[name].table, table)
    marked = np.full(len(table), not figures)
    for figure in figures:
        marked[figure.rows] = True
    return marked


def find_hidden(
    figures: Sequence[Figure],
    tables: Mapping[str, pd.DataFrame],
    settings: AnalysisConfig,
    least: int,
    *,
    dominance: float = DOMINANCE,
    holidays: frozenset[date] | None = None,
) -> list[Bools]:
    """Mark the figures of one video that must not be published.

    Parameters
    ----------
    figures
        The figures in the tables to publish.
    tables
        All computed tables of the video.
    settings
        The configuration of the tables.
    least
        Number of people that must contribute to a figure.
    dominance
        The p of the p % rule [%].
    holidays
        Public holidays, if the opening hours of the video refer to them.

    Returns
    -------
    list
        A mask of the rows of each figure.
    """

    def contribute(
        measure: str, _attributes: tuple[str, ...], _figures: list[Figure], edges: Milliseconds
    ) -> Contributions:
        if measure not in computed:
            computed[measure] = compute_contributions(measure, tables, edges, settings)
        return computed[measure]

    computed = dict[str, Contributions]()
    videos = tables.get("videos", pd.DataFrame())
    system = build_system(figures, contribute, videos, holidays, has_contributors=True)
    people, small = find_small(system.cells, system.shares, least, dominance)
    published = system.mark(some for one in system.cells_of for some in one) | system.equations
    suppressed = choose_suppressed(
        system.cells, published, small & ~system.equations, system.equations, people.astype("float64")
    )
    return [
        _mark(figure, cells, suppressed, least)
        for figure, cells in zip(figures, system.cells_of, strict=True)
    ]


def find_small(cells: Cells, shares: pd.DataFrame, least: int, dominance: float) -> tuple[Integers, Bools]:
    """Count contributors per cell, and mark cells that reveal too much about a person.

    Parameters
    ----------
    cells
        The cells.
    shares
        The ``amount`` that each ``person`` contributes to each ``atom``.
    least
        Number of people that must contribute.
    dominance
        The p of the p % rule [%]. A cell minus its two largest contributions must be at least this percentage
        of the largest contribution.
    """
    entries = pd.DataFrame({"cell": cells.cell, "atom": cells.atom}).merge(shares, on="atom")
    amounts = entries.groupby(["cell", "person"])["amount"].sum().reset_index()
    amounts = amounts.sort_values(["cell", "amount"], ascending=[True, False], kind="stable")
    by_cell = amounts.groupby("cell")["amount"]
    people, total, two = np.zeros((3, cells.count))
    largest = np.zeros(cells.count)
    for values, found in (
        (people, by_cell.size()),
        (total, by_cell.sum()),
        (largest, by_cell.max()),
        (two, amounts[by_cell.cumcount() < 2].groupby("cell")["amount"].sum()),  # noqa: PLR2004 - two
    ):
        values[found.index] = found
    small = (people > 0) & ((people < least) | (total - two < dominance / 100 * largest))
    return people.astype("int64"), small


def _mark(figure: Figure, cells: Sequence[Integers], suppressed: Bools, least: int) -> Bools:
    """Mark the hidden rows of a figure, including values without contributions."""
    value = figure.list_values()
    if not cells:
        return (value > 0) & (value < least)
    cell = np.stack(cells)
    known = cell >= 0
    hidden: Bools = (known & suppressed[cell]).any(axis=0) | ((value != 0) & ~known.all(axis=0))
    return hidden


def _without(table: pd.DataFrame, schema: Table, hidden: Sequence[tuple[Figure, Bools]]) -> pd.DataFrame:
    """Remove the values of hidden figures and of undeclared columns from a table."""
    declared, gone = RELEASED[schema.name], np.zeros(len(table), dtype=bool)
    is_public = not any(one.is_figure for column in declared.values() for one in column)
    columns = {}
    for name, column in list_columns(table, schema):
        kinds = declared.get(column.name, ())
        shown = np.full(len(table), any(one.kind == "about" for one in kinds))
        for figure, rows in hidden:
            if figure.column == name:
                shown[figure.rows[~rows]] = True
                gone[figure.rows[rows & table[name].notna().to_numpy()[figure.rows]]] = True
        values = table[name]
        if column.kind == "integer" and not is_public:
            values = values.astype("Int64")
        columns[name] = values if shown.all() else values.mask(~shown)
    if is_public:
        return table.assign(**columns)
    table = table.assign(**columns, suppressed=gone)
    validate(table, SUPPRESSED[schema.name])
    return table


def _salt(table: pd.DataFrame, schema: Table, salt: bytes, video: str) -> pd.DataFrame:
    """Replace person indices by salted keys, and sort the rows by these keys."""
    levels = []
    for old, new in zip(schema.key, SALTED[schema.name].key, strict=True):
        values = table.index.get_level_values(old.name)
        if old.name in PERSON_KEYS:
            keys = {number: create_key(salt, f"{video}:{number}") for number in values.unique()}
            named = np.array([keys[number] for number in values], dtype=object)
            values = pd.Index(pd.array(named, dtype="str"))
        levels.append(values.rename(new.name))
    if schema.key_names[:2] == [*PERSON_KEYS]:
        levels[:2] = _sort_pairs(*levels[:2])
    index = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
    table = table.drop(columns=[*TRACKER_IDENTITIES], errors="ignore").set_axis(index).sort_index()
    if "group" in table.columns:  # the numbers of groups reveal the order of person indices
        table["group"] = pd.factorize(table["group"])[0].astype("int64") + 1
    return table


def _sort_pairs(person: pd.Index, other: pd.Index) -> list[pd.Index]:
    """Sort the keys of each pair to conceal the order of the person indices."""
    keys = np.sort(np.column_stack([person.to_numpy(dtype=object), other.to_numpy(dtype=object)]), axis=1)
    names = (person.name, other.name)
    return [
        pd.Index(pd.array(column, dtype="str"), name=name) for column, name in zip(keys.T, names, strict=True)
    ]
