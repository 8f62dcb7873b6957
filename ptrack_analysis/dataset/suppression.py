"""Detection and suppression of figures that published figures reveal."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers

_PRIME = 2**31 - 1
"""Modulus of the elimination: products of two residues fit into 64 bits."""
_CHUNK = 256
"""Number of cells that are reduced at once; bounds the memory."""
_ATOMS = 500
"""Number of atoms from which independent cells are examined separately; bounds the time."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Sums over atoms, as the nonzero entries of an integer matrix.

    Entry ``i`` means that cell ``cell[i]`` contains atom ``atom[i]``, multiplied by ``factor[i]``. An atom is
    the smallest part of a figure, such as the presence in one zone in one hour. ``count`` and ``atoms`` are
    the numbers of cells and atoms. All cells are different.
    """

    cell: Integers
    atom: Integers
    factor: Integers
    count: int
    atoms: int

    def dense(self, cells: Integers, atoms: Integers) -> Integers:
        """Return the rows of some cells and the columns of some atoms as a matrix."""
        row, column = np.full(self.count, -1), np.full(self.atoms, -1)
        row[cells], column[atoms] = np.arange(len(cells)), np.arange(len(atoms))
        kept = (row[self.cell] >= 0) & (column[self.atom] >= 0)
        matrix = np.zeros((len(cells), len(atoms)), dtype="int64")
        np.add.at(matrix, (row[self.cell[kept]], column[self.atom[kept]]), self.factor[kept])
        return matrix


def _split(cells: Cells, examined: Bools) -> Iterator[tuple[Integers, Cells]]:
    """Split the examined cells into parts without common atoms; yield their numbers and the parts."""
    kept = examined[cells.cell]
    cell, atom, factor = cells.cell[kept], cells.atom[kept], cells.factor[kept]
    if not len(cell):
        return
    size = cells.count + cells.atoms
    from scipy.sparse import coo_array  # noqa: PLC0415 - takes half a second to import
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    graph = coo_array((np.ones(len(cell), dtype="int8"), (cell, cells.count + atom)), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    atoms_before = np.cumsum(np.bincount(label[cells.count :], minlength=label.max() + 1))
    part = (atoms_before // _ATOMS)[label[cell]]
    order = np.argsort(part, kind="stable")
    for entries in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        numbers, own = np.unique(cell[entries], return_inverse=True)
        atoms, place = np.unique(atom[entries], return_inverse=True)
        yield numbers, Cells(own, place, factor[entries], len(numbers), len(atoms))


class _Known:
    """The linear system of the known cells, solved by elimination.

    An atom that is itself a known cell is known directly. The other known cells are reduced to row echelon
    form over the remaining atoms. Additional columns record the combination of cells of each row.
    """

    def __init__(self, cells: Cells, known: Bools) -> None:
        self.cells = cells
        alone = known & (np.bincount(cells.cell, minlength=cells.count) == 1)
        self.cell_of_atom = np.full(cells.atoms, -1)
        direct = alone[cells.cell]
        self.cell_of_atom[cells.atom[direct]] = cells.cell[direct]
        self.free = np.flatnonzero(self.cell_of_atom < 0)
        self.direct = np.flatnonzero(self.cell_of_atom >= 0)
        touched = np.zeros(cells.count, dtype=bool)
        touched[cells.cell[self.cell_of_atom[cells.atom] < 0]] = True
        self.rows = np.flatnonzero(known & touched)
        matrix = np.hstack([cells.dense(self.rows, self.free), np.eye(len(self.rows), dtype="int64")])
        self.pivots = _eliminate(matrix, len(self.free))
        self.reduced = matrix[: len(self.pivots)]

    def find_derivable(self, examined: Integers) -> Bools:
        """Mark the examined cells that are sums and differences of known cells."""
        column = np.full(self.cells.atoms, -1)
        column[self.free] = np.arange(len(self.free))
        entry = column[self.cells.atom] >= 0
        cell, at = self.cells.cell[entry], column[self.cells.atom[entry]]
        size = np.bincount(cell, minlength=self.cells.count)
        last = np.zeros(self.cells.count, dtype="int64")
        last[cell] = at
        reduced = self.reduced[:, : len(self.free)]
        solved = np.zeros(len(self.free) + 1, dtype=bool)  # one extra element, so that it is never empty
        solved[self.pivots[np.count_nonzero(reduced, axis=1) == 1]] = True
        derivable: Bools = (size[examined] == 0) | ((size[examined] == 1) & solved[last[examined]])
        several = np.flatnonzero(size[examined] > 1)
        for some in np.array_split(several, len(several) // _CHUNK + 1):
            wanted = self.cells.dense(examined[some], self.free)
            rest = (wanted - wanted[:, self.pivots] @ reduced) % _PRIME
            derivable[some] = ~rest.any(axis=1)
        return derivable

    def list_used(self, cell: int) -> Integers:
        """List the known cells that a derivable cell is derived from."""
        wanted = self.cells.dense(np.array([cell]), self.free)[0]
        factors = wanted[self.pivots] @ self.reduced[:, len(self.free) :] % _PRIME
        used = np.flatnonzero(factors)
        made = factors[used] @ self.cells.dense(self.rows[used], self.direct)
        rest = (self.cells.dense(np.array([cell]), self.direct)[0] - made) % _PRIME
        return np.concatenate([self.rows[used], self.cell_of_atom[self.direct[np.flatnonzero(rest)]]])


def _eliminate(matrix: Integers, width: int) -> Integers:
    """Reduce the first columns to row echelon form in place; return the pivots."""
    matrix %= _PRIME
    pivots = list[int]()
    for column in range(width):
        rank = len(pivots)
        if rank == len(matrix):
            break
        below = np.flatnonzero(matrix[rank:, column])
        if not len(below):
            continue
        matrix[[rank, rank + below[0]]] = matrix[[rank + below[0], rank]]
        matrix[rank] = matrix[rank] * pow(int(matrix[rank, column]), -1, _PRIME) % _PRIME
        others = np.flatnonzero(matrix[:, column])
        others = others[others != rank]
        inside = np.flatnonzero(matrix[rank])
        at = np.ix_(others, inside)
        product = matrix[others, column][:, None] * matrix[rank, inside] % _PRIME
        matrix[at] = (matrix[at] - product) % _PRIME
        pivots.append(column)
    return np.array(pivots, dtype="int64")


def find_derivable(cells: Cells, known: Bools, asked: Bools) -> Bools:
    """Mark the cells that follow from the known cells by addition and subtraction.

    Parameters
    ----------
    cells
        The cells.
    known
        (count,) cells whose value is published.
    asked
        (count,) cells to examine; the result is False elsewhere.

    Returns
    -------
    numpy.ndarray
        (count,) bool.

    Notes
    -----
    A cell follows if its row is in the row space of the known cells, computed modulo a prime. Bounds that
    follow because values are not negative are not found. O(cells² · atoms) in the worst case; atoms that are
    published directly do not add to the cost.
    """
    found = np.zeros(cells.count, dtype=bool)
    for numbers, part in _split(cells, known | asked):
        wanted = np.flatnonzero(asked[numbers])
        found[numbers[wanted]] = _Known(part, known[numbers]).find_derivable(wanted)
    return found


def choose_suppressed(cells: Cells, published: Bools, small: Bools, fixed: Bools, cost: Floats) -> Bools:
    """Choose the published cells to suppress so that small cells cannot be derived.

    Small cells are suppressed first. While a small cell still follows from other cells, the cheapest cell of
    its derivation is also suppressed. A suppressed cell that follows from the final choice is published,
    unless it is small.

    Parameters
    ----------
    cells
        The cells.
    published
        (count,) cells that a table publishes.
    small
        (count,) cells that must not be revealed, published or not.
    fixed
        (count,) published cells that cannot be suppressed, such as equations between cells.
    cost
        (count,) cost of suppressing each cell.

    Returns
    -------
    numpy.ndarray
        (count,) bool: the suppressed cells.
    """
    suppressed = published & small
    for numbers, part in _split(cells, published | small):
        if small[numbers].any():
            suppressed[numbers] = _choose_suppressed(
                part, published[numbers], small[numbers], fixed[numbers], cost[numbers]
            )
    return suppressed


def _choose_suppressed(cells: Cells, published: Bools, small: Bools, fixed: Bools, cost: Floats) -> Bools:
    """Choose the cells to suppress among cells with common atoms."""
    known, targets = published & ~small, np.flatnonzero(small)
    while True:
        system = _Known(cells, known)
        leaking = targets[system.find_derivable(targets)]
        if not len(leaking):
            break
        before = known.copy()
        for cell in leaking:
            used = system.list_used(int(cell))
            if known[used].all():  # otherwise this derivation is already prevented
                choice = used[~fixed[used]]
                known[choice[np.argmin(cost[choice])]] = False
        if (known == before).all():
            raise AssertionError("a small cell follows from equations alone")
    hidden = np.flatnonzero(published & ~known & ~small)
    known[hidden[system.find_derivable(hidden)]] = True
    return published & ~known
