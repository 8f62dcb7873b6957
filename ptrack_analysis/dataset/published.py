"""Which figures of a video may be published: cells over who contributes to them, and the rules for cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC

import numpy as np
import pandas as pd

from ptrack_analysis.clock.hourly import Hours, split_hours
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.dataset.audit import Cells, choose_suppressed
from ptrack_analysis.dataset.contributions import Contributions, compute_contributions, find_pieces
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.schema import Released
from ptrack_analysis.video import Milliseconds

DOMINANCE = 10.0
"""The p of the p % rule: a contribution that can be estimated to within so many percent is protected."""

_TIME = ("timestamp", "hour_at", "open")
_DAY = 86_400_000
_LINKS = (
    ("dwell", "zone", "presence", "zone"),
    ("visit", "zone", "transition", "origin"),
    ("visit", "zone", "transition", "destination"),
)
"""Totals that are equal: of a measure by an attribute, and of another measure by an attribute."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """The figures of one column of a table: their declaration, and the rows that have them."""

    table: str
    column: str
    declared: Released
    rows: Integers
    values: pd.DataFrame

    @property
    def measures(self) -> list[str]:
        """The measures that the figures are computed from."""
        return [of for of in (self.declared.of, self.declared.per) if of]

    @property
    def levels(self) -> list[str]:
        """The levels of the table's key over which the figures add up."""
        return [name for name in self.declared.adds_over if name in self.values.index.names]

    def list_levels(self) -> list[list[str]]:
        """List the levels of each sum that a figure is computed from: a share also needs its total."""
        whole = [name for name in self.levels if name != self.declared.total]
        return [self.levels, whole] if self.declared.kind == "share" else [self.levels]

    def list_keys(self, levels: Sequence[str]) -> pd.DataFrame:
        """Return the keys of the rows: times as whole milliseconds, instants as microseconds."""
        keys = {name: to_plain(self.values.index.get_level_values(name)[self.rows]) for name in levels}
        return pd.DataFrame(keys, index=np.arange(len(self.rows)))


def find_rows(declared: Released, table: pd.DataFrame) -> Bools:
    """Mark the rows of a table that a declaration is about."""
    if declared.where is None or declared.where[0] not in table.index.names:
        return np.ones(len(table), dtype=bool)
    rows: Bools = np.asarray(table.index.get_level_values(declared.where[0]) == declared.where[1])
    return rows


def to_plain(level: pd.Index) -> np.ndarray:
    """Return a level of a key as numbers or text."""
    if isinstance(level, pd.TimedeltaIndex):
        return np.asarray(level.as_unit("ms")).astype("int64")
    if isinstance(level, pd.DatetimeIndex):
        return np.asarray(level.tz_localize(None).as_unit("us")).astype("int64")
    return np.asarray(level)


@dataclass(frozen=True, slots=True, eq=False)
class _Family:
    """The atoms of a measure by some attributes, and how much each person contributes to each atom."""

    measure: str
    attributes: tuple[str, ...]
    atoms: pd.DataFrame
    shares: pd.DataFrame
    zones: pd.DataFrame | None

    def list_atoms(self, names: Sequence[str]) -> pd.DataFrame:
        """List the atoms by some attributes; once for each of its zones, where a place may have several."""
        if self.zones is None or "zone" not in names or "place" not in self.attributes:
            return self.atoms
        return self.atoms.merge(self.zones, on="place")


@dataclass(slots=True, eq=False)
class _Sums:
    """Sums over atoms. Equal sums become one cell, whatever tables they are in."""

    entries: list[tuple[Integers, Integers, Integers]] = field(default_factory=list)
    count: int = 0

    def add(self, number: Integers, atom: Integers, factor: Integers | int, count: int) -> Integers:
        """Add ``count`` sums, by the number of the sum and the atom of each entry; return their numbers."""
        factors = np.broadcast_to(np.asarray(factor, dtype="int64"), len(number))
        self.entries.append((self.count + number, atom, factors))
        self.count += count
        return np.arange(self.count - count, self.count)

    def build(self, atoms: int) -> tuple[Cells, Integers]:
        """Return the cells, and the cell of each sum; -1 for a sum of nothing."""
        number, atom, factor = (np.concatenate(parts) for parts in zip(*self.entries, strict=True))
        weights = np.random.default_rng(0).integers(1, 2**63, size=atoms, dtype="uint64")
        marks = np.zeros(self.count, dtype="uint64")
        np.add.at(marks, number, weights[atom] * factor.astype("uint64"))
        filled = np.flatnonzero(np.bincount(number, minlength=self.count))
        _, first, cell = np.unique(marks[filled], return_index=True, return_inverse=True)
        cell_of_sum = np.full(self.count, -1)
        cell_of_sum[filled] = cell
        is_first = np.zeros(self.count, dtype=bool)
        is_first[filled[first]] = True
        kept = is_first[number]
        return Cells(cell_of_sum[number[kept]], atom[kept], factor[kept], len(first), atoms), cell_of_sum


def find_hidden(
    figures: Sequence[Figure],
    tables: Mapping[str, pd.DataFrame],
    settings: AnalysisConfig,
    least: int,
    *,
    dominance: float = DOMINANCE,
) -> list[Bools]:
    """Mark the figures of one video that must not be published.

    Parameters
    ----------
    figures
        The figures that tables would publish.
    tables
        All computed tables of the video.
    settings
        How the tables were computed.
    least
        Number of people that must contribute to a figure.
    dominance
        The p of the p % rule [%].

    Returns
    -------
    list
        For each of ``figures`` a mask of its rows.
    """
    families, sums, of_figure = list[_Family](), _Sums(), [list[Integers]() for _ in figures]
    hours = _find_hours(tables) if any("hour_at" in one.levels for one in figures) else None
    for measure in dict.fromkeys(of for one in figures if one.levels for of in one.measures):
        own = {place: one for place, one in enumerate(figures) if one.levels and measure in one.measures}
        edges = _find_edges(own.values(), hours)
        contributions = compute_contributions(measure, tables, edges, settings)
        made = list[_Family]()
        for attributes in _list_attributes(own.values(), contributions):
            made.append(_build_family(measure, attributes, contributions, [*families, *made]))
        for place, figure in own.items():
            wanted = _find_attributes(figure, contributions)
            family = next(one for one in made if wanted <= {*one.attributes})
            of_figure[place] += [
                sums.add(*_locate(figure, levels, family, edges, hours), 1, len(figure.rows))
                for levels in figure.list_levels()
            ]
        families += made
    if not families:
        return [_mark(one, [], least) for one in figures]
    suppressed = _choose(sums, families, least, dominance)
    return [
        _mark(figure, [suppressed[numbers] for numbers in of_figure[place]], least)
        for place, figure in enumerate(figures)
    ]


def _find_hours(tables: Mapping[str, pd.DataFrame]) -> Hours:
    """Cut the video at the hours of the local clock, as the tables by hour do."""
    video = tables["videos"].iloc[0]
    zone, opening = (
        None if pd.isna(video[name]) else str(video[name]) for name in ("timezone", "opening_hours")
    )
    started = video["started_at"].to_pydatetime(warn=False).astimezone(UTC)
    recording = Recording(
        video=str(tables["videos"].index[0]), started_at=started, timezone=zone, opening_hours=opening
    )
    ends = [
        0,
        *(
            int(to_plain(pd.Index(tables[name][column])).max())
            for name, column in (("tracks", "last_seen"), ("visits", "exited"))
            if name in tables and len(tables[name])
        ),
    ]
    return split_hours(recording, 0, max(ends) + _DAY)


def _find_edges(figures: Iterable[Figure], hours: Hours | None) -> Milliseconds:
    """Return where the pieces of time begin into which these figures cut the video [ms]."""
    edges = [np.zeros(1, dtype="int64")]
    for figure in figures:
        if "timestamp" in figure.levels:
            edges.append(figure.list_keys(["timestamp"])["timestamp"].to_numpy())
        if "hour_at" in figure.levels and hours is not None:
            edges.append(hours.bounds[:-1])
    return np.unique(np.concatenate(edges))


def _find_attributes(figure: Figure, contributions: Contributions) -> set[str]:
    """Return the attributes of contributions that the key of a figure is about."""
    zone = "zone" if contributions.zones is None else "place"
    names = dict.fromkeys(_TIME, "piece") | {"zone": zone}
    return {names.get(name, name) for name in figure.levels} | {name for name, _ in figure.declared.only}


def _list_attributes(figures: Iterable[Figure], contributions: Contributions) -> list[tuple[str, ...]]:
    """List the sets of attributes that figures need; a set within another needs no family of its own."""
    needed = {frozenset(_find_attributes(figure, contributions)) for figure in figures}
    return sorted(tuple(sorted(one)) for one in needed if not any(one < other for other in needed))


def _build_family(
    measure: str, attributes: tuple[str, ...], contributions: Contributions, earlier: Sequence[_Family]
) -> _Family:
    """Make a family whose atoms have numbers above those of earlier families."""
    offset = sum(len(family.atoms) for family in earlier)
    rows = contributions.rows
    number = rows.groupby([*attributes], sort=False).ngroup().to_numpy()
    atoms = rows[~pd.Series(number).duplicated().to_numpy()][[*attributes]].reset_index(drop=True)
    amounts = rows.assign(atom=number + offset).groupby(["atom", "person"])["amount"].sum()
    return _Family(
        measure,
        attributes,
        atoms.assign(atom=np.arange(len(atoms)) + offset),
        amounts.reset_index(),
        contributions.zones,
    )


def _locate(
    figure: Figure, levels: Sequence[str], family: _Family, edges: Milliseconds, hours: Hours | None
) -> tuple[Integers, Integers]:
    """Pair the rows of a figure with the atoms that they are the sum of."""
    atoms = family.list_atoms(levels)
    for name, value in figure.declared.only:
        atoms = atoms[(atoms[name] == value).to_numpy()]
    if "timestamp" in levels:
        starts = np.unique(figure.list_keys(["timestamp"])["timestamp"])
        atoms = atoms.assign(timestamp=starts[find_pieces(edges[atoms["piece"]], starts)])
    if "hour_at" in levels and hours is not None:
        row = hours.row[hours.find_stretch(edges[atoms["piece"]])]
        atoms = atoms.assign(hour_at=hours.hour_at[row], open=hours.open[row])
    keys = figure.list_keys(levels).rename_axis("number").reset_index()
    found = keys.merge(atoms, on=[*levels]) if levels else keys.merge(atoms, how="cross")
    return found["number"].to_numpy(), found["atom"].to_numpy()


def _choose(sums: _Sums, families: Sequence[_Family], least: int, dominance: float) -> Integers:
    """Return 1 for each suppressed sum, 0 for a published one, and -1 if nothing contributes to it."""
    published, atoms = sums.count, sum(len(family.atoms) for family in families)
    for family in families:
        _add_margins(sums, family)
    protected = sums.count
    for place, family in enumerate(families):
        for other in families[:place]:
            _add_links(sums, family, other)
    cells, cell = sums.build(atoms)
    is_figure, is_fixed = (np.zeros(cells.count, dtype=bool) for _ in "12")
    is_figure[cell[:published][cell[:published] >= 0]] = True
    is_fixed[cell[protected:]] = True
    shares = pd.concat([family.shares for family in families])
    people, small = find_small(cells, shares, least, dominance)
    suppressed = choose_suppressed(
        cells, is_figure | is_fixed, small & ~is_fixed, is_fixed, people.astype("float64")
    )
    return np.where(cell < 0, -1, suppressed[cell].astype("int64"))[:published]


def _add_margins(sums: _Sums, family: _Family) -> None:
    """Add the atoms themselves, and their totals by each attribute: sums that must not be revealed."""
    atom = family.atoms["atom"].to_numpy()
    sums.add(np.arange(len(atom)), atom, 1, len(atom))
    for name in family.attributes if len(family.attributes) > 1 else ():
        number, values = pd.factorize(family.atoms[name])
        sums.add(number, atom, 1, len(values))


def _add_links(sums: _Sums, family: _Family, other: _Family) -> None:
    """Add the equations between totals of two families: those of equal totals are 0."""
    if family.measure == other.measure:
        shared = [name for name in family.attributes if name in other.attributes]
        _add_equations(sums, family, shared, other, shared)
    for first, second in ((family, other), (other, family)):
        for measure, name, of, attribute in _LINKS:
            if (first.measure, second.measure) == (measure, of):
                _add_equations(sums, first, [name], second, [attribute])


def _add_equations(sums: _Sums, family: _Family, names: list[str], other: _Family, others: list[str]) -> None:
    """Add an equation for each value that attributes of two families share; only if both have them."""
    sides = []
    for one, wanted in ((family, names), (other, others)):
        atoms = one.list_atoms(wanted)
        if not {*wanted} <= {*atoms.columns}:
            return
        keys = atoms[wanted].astype("str").agg("\0".join, axis=1) if wanted else pd.Series("", atoms.index)
        sides.append((keys, atoms["atom"].to_numpy()))
    common = pd.Index(sides[0][0].unique()).intersection(sides[1][0].unique())
    numbers = [common.get_indexer(keys) for keys, _ in sides]
    parts = [
        (number[number >= 0], atom[number >= 0]) for number, (_, atom) in zip(numbers, sides, strict=True)
    ]
    factors = np.repeat([1, -1], [len(number) for number, _ in parts])
    number, atom = (np.concatenate(values) for values in zip(*parts, strict=True))
    sums.add(number, atom, factors, len(common))


def find_small(cells: Cells, shares: pd.DataFrame, least: int, dominance: float) -> tuple[Integers, Bools]:
    """Count the people who contribute to each cell, and mark the cells that reveal something about one.

    Parameters
    ----------
    cells
        The cells.
    shares
        The ``amount`` that each ``person`` contributes to each ``atom``.
    least
        Number of people that must contribute.
    dominance
        The p of the p % rule [%]: what is left of a cell without the two largest contributions must be at
        least so much of the largest one.
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


def _mark(figure: Figure, states: Sequence[Integers], least: int) -> Bools:
    """Mark the rows of a figure that are hidden; also a value that no contribution explains."""
    column = figure.values[figure.column].iloc[figure.rows]
    if column.dtype.kind == "m":
        column = column.dt.total_seconds()
    value = column.astype("float64").fillna(0.0).to_numpy()
    if not figure.levels:
        return (value > 0) & (value < least)
    state = np.stack(states)
    hidden: Bools = (state == 1).any(axis=0) | ((value != 0) & (state[0] < 0))
    return hidden
