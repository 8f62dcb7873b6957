"""Tables for data that leaves the house: salted keys, and no figure that rests on few people."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.dataset.contributions import list_sources
from ptrack_analysis.dataset.published import Figure, find_hidden, find_rows
from ptrack_analysis.geometry import Bools
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
from ptrack_analysis.schema.table import TRACKER_IDENTITIES


def release(
    tables: Mapping[str, pd.DataFrame], settings: AnalysisConfig, video: str
) -> dict[str, pd.DataFrame]:
    """Return the tables of one video in the form in which they may be published.

    With a salt, ``person`` is the first 16 hex digits of HMAC-SHA256(salt, "video:person_index"). No person
    index is left, and rows are sorted by key, so their order does not reveal it: groups are numbered anew,
    and the smaller key of a pair comes first. ``stitches`` is withheld, because it is about person indices.

    With ``min_count``, only columns that ``schema.released`` declares keep their values. Tables of single
    people are withheld, and so are extremes, medians and times. A figure is suppressed if fewer people
    contribute to it, or if the largest contribution can be estimated to within 10 % (the p % rule): the
    person with the second largest one could compute it. Further figures are suppressed until no such figure
    follows from those that are published, by addition and subtraction. ``suppressed`` marks the rows.

    With either, columns of a tracker's file without a role are withheld, because it is not known what they
    reveal.

    Parameters
    ----------
    tables
        The tables of one video by folder, as ``compute_tables`` returns them.
    settings
        What is published: ``salt``, ``min_count`` and ``tables``.
    video
        The video's name.

    Notes
    -----
    A person is a track. No figure covers more than one video, so one video is protected without knowing
    the others. Not covered: bounds that follow because no value is negative, two editions of one dataset
    (other zones, times or limits), and knowledge from elsewhere.

    References
    ----------
    Cell suppression with a threshold and the p % rule, primary and complementary: A. Hundepool et al.,
    Statistical Disclosure Control, Wiley 2012, doi:10.1002/9781118348239, chapter 4.
    """
    made = {name: tables[name] for name in released_folders(list(tables), settings)}
    if settings.withholds:
        made = {name: _drop_source_columns(name, table) for name, table in made.items()}
    if settings.min_count is not None:
        made = _suppress(made, tables, settings, settings.min_count)
    if isinstance(settings.salt, bytes):
        salt = settings.salt
        made |= {
            name: _salt(table, OUTPUTS[name].table, salt, video)
            for name, table in made.items()
            if OUTPUTS[name].privacy is Privacy.PERSONAL
        }
    return made


def released_folders(folders: list[str], settings: AnalysisConfig) -> list[str]:
    """List the computed tables that are written."""
    wanted = {*(settings.tables or [one.name for one in OUTPUTS.values() if one.standard]), *ALWAYS}
    salted, suppressed = settings.salt is not None, settings.min_count is not None
    return [
        name
        for name in folders
        if name in wanted and OUTPUTS[name].is_released(salted=salted, suppressed=suppressed)
    ]


def needed_folders(settings: AnalysisConfig) -> set[str]:
    """List the tables that tell who contributes to figures: they are computed, even if not written."""
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
    """Drop the columns of a tracker's file; those of ``videos`` describe the recordings."""
    further = [] if name == "videos" else find_further_columns(table, OUTPUTS[name].table)
    return table.drop(columns=further) if further else table


def _suppress(
    made: dict[str, pd.DataFrame],
    tables: Mapping[str, pd.DataFrame],
    settings: AnalysisConfig,
    least: int,
) -> dict[str, pd.DataFrame]:
    """Withhold undeclared columns, and suppress figures that reveal something about few people."""
    kept = {name: table[_has_figures(name, table)] for name, table in made.items()}
    figures = [figure for name, table in kept.items() for figure in list_figures(name, table)]
    hidden = find_hidden(figures, tables, settings, least)
    return {
        name: _without(
            table,
            OUTPUTS[name].table,
            [(one, rows) for one, rows in zip(figures, hidden, strict=True) if one.table == name],
        )
        for name, table in kept.items()
    }


def _has_figures(name: str, table: pd.DataFrame) -> Bools:
    """Mark the rows of which a figure may be published; all rows of a table without figures."""
    declared = [one for column in RELEASED[OUTPUTS[name].table.name].values() for one in column]
    figures = [one for one in declared if one.is_figure]
    marked = np.full(len(table), not figures)
    for one in figures:
        marked |= find_rows(one, table)
    return marked


def list_figures(name: str, table: pd.DataFrame) -> list[Figure]:
    """List the figures that a table publishes: one for each column and declaration of it."""
    schema = OUTPUTS[name].table
    return [
        Figure(name, column, declared, np.flatnonzero(find_rows(declared, table)), table)
        for column, described in list_columns(table, schema)
        for declared in RELEASED[schema.name].get(described.name, ())
        if declared.is_figure
    ]


def _without(table: pd.DataFrame, schema: Table, hidden: Sequence[tuple[Figure, Bools]]) -> pd.DataFrame:
    """Return a table without the values of some figures, and without those of undeclared columns."""
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
        whole = table[name]
        if column.kind == "integer" and not is_public:
            whole = whole.astype("Int64")
        columns[name] = whole if shown.all() else whole.mask(~shown)
    if is_public:
        return table.assign(**columns)
    table = table.assign(**columns, suppressed=gone)
    validate(table, SUPPRESSED[schema.name])
    return table


def _salt(table: pd.DataFrame, schema: Table, salt: bytes, video: str) -> pd.DataFrame:
    """Replace person indices by salted keys, and sort the rows by them."""
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
    if "group" in table.columns:  # numbered by person index, it would reveal the order
        table["group"] = pd.factorize(table["group"])[0].astype("int64") + 1
    return table


def _sort_pairs(person: pd.Index, other: pd.Index) -> list[pd.Index]:
    """Put the smaller key of each pair first, because the order of the indices must not be revealed."""
    keys = np.sort(np.column_stack([person.to_numpy(dtype=object), other.to_numpy(dtype=object)]), axis=1)
    names = (person.name, other.name)
    return [
        pd.Index(pd.array(column, dtype="str"), name=name) for column, name in zip(keys.T, names, strict=True)
    ]
