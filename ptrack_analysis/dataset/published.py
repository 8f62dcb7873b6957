"""Published figures of a video as cells over the contributions of people."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date

import numpy as np
import pandas as pd

from ptrack_analysis.clock.hourly import Hours, split_hours
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.dataset.contributions import BY_PLACE, JOINED, Contributions, find_pieces
from ptrack_analysis.dataset.suppression import Cells
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import RELEASED, Released, Table, list_columns
from ptrack_analysis.video import Milliseconds

_TIME = ("timestamp", "hour_at", "open")
_HOUR = 3_600_000
_NO_SHARES = pd.DataFrame({"atom": [], "person": [], "amount": []}).astype("int64")
_LINKS = (
    ("dwell", "zone", "presence", "zone"),
    ("visit", "zone", "transition", "origin"),
    ("visit", "zone", "transition", "destination"),
)
"""Pairs of a measure and an attribute whose totals are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """The figures of one column of a table, with their declaration and their rows."""

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
        """List the levels of each sum of a figure, including the total of a share."""
        of_total = [name for name in self.levels if name != self.declared.total]
        return [self.levels, of_total] if self.declared.kind == "share" else [self.levels]

    def list_values(self) -> Floats:
        """Return the values of the rows as numbers; NaN for missing values."""
        column = self.values[self.column].iloc[self.rows]
        numbers = column.dt.total_seconds() if column.dtype.kind == "m" else column
        values: Floats = numbers.to_numpy(dtype="float64", na_value=np.nan)
        return values

    def list_keys(self, levels: Sequence[str]) -> pd.DataFrame:
        """Return the keys of the rows, with video times in ms and wall-clock times in us."""
        keys = {name: to_plain(self.values.index.get_level_values(name)[self.rows]) for name in levels}
        return pd.DataFrame(keys, index=np.arange(len(self.rows)))


def find_rows(declared: Released, table: pd.DataFrame) -> Bools:
    """Mark the rows of a table to which a declaration applies."""
    if declared.where is None or declared.where[0] not in table.index.names:
        return np.ones(len(table), dtype=bool)
    rows: Bools = np.asarray(table.index.get_level_values(declared.where[0]) == declared.where[1])
    return rows


def list_figures(schema: Table, table: pd.DataFrame) -> list[Figure]:
    """List the figures that a table publishes, one per column and declaration."""
    return [
        Figure(schema.name, name, declared, np.flatnonzero(find_rows(declared, table)), table)
        for name, column in list_columns(table, schema)
        for declared in RELEASED[schema.name].get(column.name, ())
        if declared.is_figure
    ]


def to_plain(level: pd.Index) -> np.ndarray:
    """Return a level of a key as numbers or text."""
    if isinstance(level, pd.TimedeltaIndex):
        return np.asarray(level.as_unit("ms")).astype("int64")
    if isinstance(level, pd.DatetimeIndex):
        return np.asarray(level.tz_localize(None).as_unit("us")).astype("int64")
    return np.asarray(level)


@dataclass(frozen=True, slots=True, eq=False)
class _Family:
    """The atoms of a measure by some attributes, and people's contributions to them."""

    measure: str
    attributes: tuple[str, ...]
    atoms: pd.DataFrame
    shares: pd.DataFrame
    members: pd.DataFrame | None

    def list_atoms(self, names: Sequence[str]) -> pd.DataFrame:
        """List the atoms by some attributes, once per zone or line of the atom."""
        if self.members is None or "place" not in self.attributes or "place" in names:
            return self.atoms
        if not {*names} & {*self.members.columns}:
            return self.atoms
        return self.atoms.merge(self.members, on="place")


@dataclass(slots=True, eq=False)
class _Sums:
    """Sums over atoms, with equal sums as one cell, even in different tables."""

    entries: list[tuple[Integers, Integers, Integers]] = field(default_factory=list)
    count: int = 0

    def add(self, number: Integers, atom: Integers, factor: Integers | int, count: int) -> Integers:
        """Add ``count`` sums and return their indices.

        ``number`` is the index of the sum of each entry, and ``atom`` its atom.
        """
        factors = np.broadcast_to(np.asarray(factor, dtype="int64"), len(number))
        self.entries.append((self.count + number, atom, factors))
        self.count += count
        return np.arange(self.count - count, self.count)

    def build(self, atoms: int) -> tuple[Cells, Integers]:
        """Return the cells, and the cell of each sum; -1 for an empty sum."""
        empty = np.empty((3, 0), dtype="int64")
        number, atom, factor = (np.concatenate(parts) for parts in zip(empty, *self.entries, strict=True))
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


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """The figures of a video as cells over atoms.

    ``cells_of`` lists the arrays of cells that each figure is computed from. An array has one cell per row of
    the figure, -1 for rows without contributions. ``equations`` marks the cells that are known to be 0.
    ``shares`` has the ``amount`` that each ``person`` contributes to each ``atom``.
    """

    cells: Cells
    cells_of: list[list[Integers]]
    equations: Bools
    shares: pd.DataFrame

    def mark(self, cells: Iterable[Integers]) -> Bools:
        """Mark some cells; ignore -1."""
        marked = np.zeros(self.cells.count + 1, dtype=bool)
        for some in cells:
            marked[some] = True
        return marked[:-1]


Contribute = Callable[[str, tuple[str, ...], list[Figure], Milliseconds], Contributions]
"""Returns the contributions to a measure by attributes, for figures and time intervals."""


def build_system(
    figures: Sequence[Figure],
    contribute: Contribute,
    videos: pd.DataFrame,
    holidays: frozenset[date] | None = None,
    *,
    has_contributors: bool = False,
) -> System:
    """Express the figures of one video as sums over atoms, with their equations.

    Parameters
    ----------
    figures
        The figures.
    contribute
        Returns the contributions from which atoms are built.
    videos
        The video's row of VIDEOS, for its clock.
    holidays
        Public holidays, if the opening hours of the video refer to them.
    has_contributors
        Whether the contributions are those of people, and thus reveal which cells of the heatmap are in which
        zones. The sum of the cells of a zone is then also protected.
    """
    families, sums, sums_of = list[_Family](), _Sums(), [list[Integers]() for _ in figures]
    hours = _find_hours(figures, videos, holidays)
    additive = {index: one for index, one in enumerate(figures) if one.levels and len(one.rows)}
    for measure in dict.fromkeys(of for one in additive.values() for of in one.measures):
        own = {index: one for index, one in additive.items() if measure in one.measures}
        edges = _find_edges(own.values(), hours)
        made = list[_Family]()
        for attributes in _list_attributes(measure, own.values(), is_joint=has_contributors):
            contributions = contribute(measure, attributes, [*own.values()], edges)
            if measure in JOINED and "place" in attributes and not _has_sets(contributions):
                continue
            made.append(_build_family(measure, attributes, contributions, [*families, *made]))
        for index, figure in own.items():
            wanted = find_attributes(measure, figure)
            family = next(one for one in made if wanted <= {*one.attributes})
            sums_of[index] += [
                sums.add(*_locate(figure, levels, family, edges, hours), 1, len(figure.rows))
                for levels in figure.list_levels()
            ]
        families += made
    for family in families:
        _add_margins(sums, family)
    others = sums.count
    for index, family in enumerate(families):
        for other in families[:index]:
            _add_links(sums, family, other)
    cells, cell = sums.build(sum(len(family.atoms) for family in families))
    shares = pd.concat([_NO_SHARES, *(family.shares for family in families)])
    system = System(cells, [[cell[some] for some in one] for one in sums_of], np.empty(0, dtype=bool), shares)
    return replace(system, equations=system.mark([cell[others:]]))


def _find_hours(
    figures: Sequence[Figure], videos: pd.DataFrame, holidays: frozenset[date] | None
) -> Hours | None:
    """Split the video at local hours, as in hourly tables; None without hourly tables."""
    last = [
        one.list_keys(["hour_at"])["hour_at"].max()
        for one in figures
        if "hour_at" in one.levels and len(one.rows)
    ]
    if not last:
        return None
    video = videos.iloc[0]
    zone, opening = (
        None if pd.isna(video[name]) else str(video[name]) for name in ("timezone", "opening_hours")
    )
    started = video["started_at"].to_pydatetime(warn=False).astimezone(UTC)
    recording = Recording(
        video=str(videos.index[0]),
        started_at=started,
        timezone=zone,
        opening_hours=opening,
        holidays=holidays,
    )
    return split_hours(recording, 0, int(max(last) / 1000 - started.timestamp() * 1000) + _HOUR)


def _find_edges(figures: Iterable[Figure], hours: Hours | None) -> Milliseconds:
    """Return the starts of the time intervals of these figures [ms]."""
    edges = [np.zeros(1, dtype="int64")]
    for figure in figures:
        if "timestamp" in figure.levels:
            edges.append(figure.list_keys(["timestamp"])["timestamp"].to_numpy())
        if "hour_at" in figure.levels and hours is not None:
            edges.append(hours.bounds[:-1])
    return np.unique(np.concatenate(edges))


def find_attributes(measure: str, figure: Figure) -> set[str]:
    """Return the attributes of contributions that correspond to a figure's key."""
    zone = "place" if measure in BY_PLACE else "zone"
    names = dict.fromkeys(_TIME, "piece") | {"zone": zone}
    return {names.get(name, name) for name in figure.levels} | {name for name, _ in figure.declared.only}


def _list_attributes(measure: str, figures: Iterable[Figure], *, is_joint: bool) -> list[tuple[str, ...]]:
    """List the sets of attributes that figures need, without subsets of other sets.

    With ``is_joint``, cells of the heatmap are split by place if there are figures by place, and visits and
    crossings also have the set of places.
    """
    needed = {frozenset(find_attributes(measure, figure)) for figure in figures}
    if is_joint and any("place" in one for one in needed):
        needed = {one | {"place"} if "row" in one else one for one in needed}
    if is_joint and measure in JOINED:
        needed.add(frozenset({"place"} | (frozenset().union(*needed) & {"piece"})))
    return sorted(tuple(sorted(one)) for one in needed if not any(one < other for other in needed))


def _build_family(
    measure: str, attributes: tuple[str, ...], contributions: Contributions, earlier: Sequence[_Family]
) -> _Family:
    """Build a family, with its atoms numbered after those of earlier families."""
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
        contributions.members,
    )


def _has_sets(contributions: Contributions) -> bool:
    """Return whether a set has more than one zone or line."""
    members = contributions.members
    return members is not None and bool(members["place"].duplicated().any())


def _locate(
    figure: Figure, levels: Sequence[str], family: _Family, edges: Milliseconds, hours: Hours | None
) -> tuple[Integers, Integers]:
    """Pair the rows of a figure with the atoms in their sums."""
    atoms = family.list_atoms(levels)
    for name, value in figure.declared.only:
        atoms = atoms[(atoms[name] == value).to_numpy()]
    if "timestamp" in levels:
        starts = np.unique(figure.list_keys(["timestamp"])["timestamp"])
        atoms = atoms.assign(timestamp=starts[find_pieces(edges[atoms["piece"]], starts)])
    if "hour_at" in levels and hours is not None:
        row = hours.row[hours.find_intervals(edges[atoms["piece"]])]
        atoms = atoms.assign(hour_at=hours.hour_at[row], open=hours.open[row])
    keys = figure.list_keys(levels).rename_axis("number").reset_index()
    found = keys.merge(atoms, on=[*levels]) if levels else keys.merge(atoms, how="cross")
    return found["number"].to_numpy(), found["atom"].to_numpy()


def _add_margins(sums: _Sums, family: _Family) -> None:
    """Add the atoms and their totals by each attribute.

    These totals must not be revealed either.
    """
    atom = family.atoms["atom"].to_numpy()
    sums.add(np.arange(len(atom)), atom, 1, len(atom))
    for name in family.attributes if len(family.attributes) > 1 else ():
        number, values = pd.factorize(family.atoms[name])
        sums.add(number, atom, 1, len(values))


def _add_links(sums: _Sums, family: _Family, other: _Family) -> None:
    """Add equations between the totals of two families: equal totals differ by 0."""
    if family.measure == other.measure:
        shared = [name for name in family.attributes if name in other.attributes]
        for first, second in ((family, other), (other, family)):
            if first.members is not None and "place" in {*first.attributes} - {*second.attributes}:
                shared += [name for name in first.members if name in second.attributes]
        _add_equations(sums, family, shared, other, shared)
    for first, second in ((family, other), (other, family)):
        for measure, name, of, attribute in _LINKS:
            if (first.measure, second.measure) == (measure, of):
                _add_equations(sums, first, [name], second, [attribute])


def _add_equations(sums: _Sums, family: _Family, names: list[str], other: _Family, others: list[str]) -> None:
    """Add an equation for each common value of attributes that both families have."""
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
