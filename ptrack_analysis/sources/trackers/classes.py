"""Selection of rows by class and confidence, with counts of the excluded rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Bools
from ptrack_analysis.sources.read_report import DroppedRows
from ptrack_analysis.sources.trackers.cells import Cells, parse_numbers
from ptrack_analysis.sources.trackers.tracked import Given

PEOPLE = frozenset(
    {
        *("person", "pedestrian", "people", "ped", "human", "person_sitting", "worker", "player"),
        *("child", "adult", "man", "woman", "boy", "girl"),
    }
)
"""Class names of people, in lower case, without riders."""
PERHAPS_PEOPLE = frozenset(
    {
        *("children", "customer", "employee", "kid", "men", "pedestrians", "persons", "staff", "visitor"),
        *("walker", "women", "workers"),
    }
)
"""Class names that may mean people. The caller must decide before such rows are dropped."""
_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassList:
    """The class names of a format by number, and the classes kept by default."""

    names: Mapping[int, str]
    people: Collection[int]
    advice: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RowSelection:
    """A mask of the kept rows, the reasons for dropping the others, and messages."""

    keep: Bools
    dropped: tuple[DroppedRows, ...] = ()
    assumptions: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()


def parse_classes(classes: Any) -> tuple[int | str, ...]:
    """Validate the classes to keep: names, whole numbers, or both.

    Raises
    ------
    ParameterError
        If a class is something else.
    """
    listed = [classes] if isinstance(classes, str | int) else list(classes)
    for item in listed:
        if isinstance(item, bool) or not isinstance(item, str | int | np.integer) or item == "":
            raise ParameterError(f"classes must be names or numbers such as ['person', 0], got {classes!r}")
    return tuple(item if isinstance(item, str) else int(item) for item in listed)


def select_classes(
    cells: Cells, columns: Mapping[str, str], given: Given, known: ClassList | None = None
) -> RowSelection:
    """Keep the classes that the caller names, or people by default.

    People are recognized by class names in the file or in the class list of its format. If no name means a
    person, or the classes are numbers without names, all rows are kept.

    Raises
    ------
    InputError
        If no row has one of the classes.
    ParameterError
        If the caller names classes, and the file has only numbers or no classes.
    """
    numbers, names = _read_numbers(cells, columns), _read_names(cells, columns)
    if names is None and numbers is not None and known is not None:
        names = _name(numbers, known.names)
    if given.classes:
        return _select_given(cells, numbers, names, given.classes)
    if known is not None and numbers is not None:
        return _select(cells, np.isin(numbers, list(known.people)), names, known)
    if names is not None:
        return _select_people(cells, names)
    if numbers is None:
        return _keep_all(cells)
    found = np.unique(numbers[~np.isnan(numbers)])
    if len(found) <= 1:
        return _keep_all(cells)
    shown = ", ".join(f"{number:g}" for number in found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
    text = (
        f"the classes are numbers without names ({shown}): rows of all classes are kept, unless classes "
        "(--classes) are given"
    )
    return RowSelection(_all(cells), assumptions=(text,))


def select_confident(cells: Cells, columns: Mapping[str, str], given: Given, among: Bools) -> RowSelection:
    """Exclude rows with a confidence below ``min_confidence``.

    Only rows in the mask ``among`` are counted. A row without a confidence is kept.

    Raises
    ------
    ParameterError
        If the file has no confidence.
    """
    least, name = given.min_confidence, columns.get("confidence")
    if least is None or not cells.count:
        return _keep_all(cells)
    known = name is not None and name in cells.columns
    values = cells.numbers(name, required=False) if name is not None and known else None
    if values is None or (np.isnan(values) | (values == -1)).all():
        raise ParameterError(
            f"{cells.place}: min_confidence requires a confidence, which the file does not have. Remove it "
            "(--min-confidence)."
        )
    low = (values < least) & (values != -1) & among
    if not low.any():
        return _keep_all(cells)
    text = f"{int(low.sum())} of {cells.count} rows with a confidence below {least:g} are excluded"
    examples = cells.list_examples(np.flatnonzero(low), name)
    return RowSelection(~low, (DroppedRows(text, int(low.sum()), examples, is_excluded=True),))


def _all(cells: Cells) -> Bools:
    return np.ones(cells.count, dtype=bool)


def _keep_all(cells: Cells) -> RowSelection:
    return RowSelection(_all(cells))


def _read_numbers(cells: Cells, columns: Mapping[str, str]) -> Any:
    """Return the class numbers of the rows, or None if there are no numbers."""
    name = columns.get("class", "")
    if name not in cells.columns:
        return None
    values, missing = parse_numbers(cells.columns[name])
    is_text = ~np.isfinite(values) & ~missing
    return None if is_text.any() or missing.all() else values


def _read_names(cells: Cells, columns: Mapping[str, str]) -> Any:
    """Return the class names of the rows, or None if the file has no names.

    A missing name is empty.
    """
    for role in ("class_name", "class"):
        name = columns.get(role, "")
        if name not in cells.columns or (role == "class" and _read_numbers(cells, columns) is not None):
            continue
        texts = pc.fill_null(pc.utf8_trim_whitespace(pc.cast(cells.columns[name], pa.string())), "")
        if pc.any(pc.not_equal(texts, ""), min_count=0).as_py():
            return texts
    return None


def _name(numbers: Any, names: Mapping[int, str]) -> Any:
    codes = np.unique(numbers)
    labels = [names.get(int(code), f"class {code:g}") if code == code else "" for code in codes]  # noqa: PLR0124
    return pa.array(labels, pa.string()).take(pa.array(np.searchsorted(codes, numbers)))


def _select_given(cells: Cells, numbers: Any, names: Any, classes: Sequence[int | str]) -> RowSelection:
    """Keep the rows whose class the caller names."""
    wanted = {str(item).strip().lower() for item in classes}
    digits = {int(item) for item in wanted if item.lstrip("-").isdecimal()}
    if numbers is None and names is None:
        raise ParameterError(
            f"{cells.place}: classes requires a class column, which the file does not have. Remove it "
            "(--classes)."
        )
    if names is None and wanted - {str(digit) for digit in digits}:
        shown = ", ".join(f"{number:g}" for number in np.unique(numbers[~np.isnan(numbers)])[:_SHOWN])
        raise ParameterError(
            f"{cells.place}: the classes of the file are numbers without names ({shown}). Give numbers as "
            f"classes "
            "(--classes)."
        )
    keep: Bools = np.zeros(cells.count, dtype=bool)
    if numbers is not None:
        keep |= np.isin(numbers, list(digits))
    if names is not None:
        keep |= (
            pc.is_in(pc.utf8_lower(names), pa.array(sorted(wanted)))
            .to_numpy(zero_copy_only=False)
            .astype(bool)
        )
    selection = _select(cells, keep, names if names is not None else _name(numbers, {}), None)
    missing = sorted(wanted - _list_kept(keep, numbers, names))
    if missing:
        text = f"no row has the class {', '.join(map(repr, missing))}"
        return replace(selection, oddities=(text,))
    return selection


def _list_kept(keep: Bools, numbers: Any, names: Any) -> set[str]:
    found: set[str] = set()
    if numbers is not None:
        found |= {f"{number:g}" for number in np.unique(numbers[keep & ~np.isnan(numbers)])}
    if names is not None:
        found |= set(pc.unique(pc.utf8_lower(names).filter(pa.array(keep))).to_pylist())
    return found


def _select_people(cells: Cells, names: Any) -> RowSelection:
    """Keep people and rows without a class name, or all rows if no class is a person."""
    lower = pc.utf8_lower(names)
    is_person = pc.is_in(lower, pa.array(sorted(PEOPLE))).to_numpy(zero_copy_only=False).astype(bool)
    unnamed = pc.equal(names, "").to_numpy(zero_copy_only=False).astype(bool)
    if not is_person.any():
        text = f"no class has the name of a person: rows of all classes are kept ({_count(names, ~unnamed)})"
        return RowSelection(_all(cells), assumptions=(f"{text}, unless classes (--classes) are given",))
    selection = _select(cells, is_person | unnamed, names, None)
    dropped = pc.unique(lower.filter(pa.array(~selection.keep))).to_pylist()
    if PERHAPS_PEOPLE.isdisjoint(dropped):
        return selection
    advice = "To keep classes, name them with classes (--classes)."
    doubtful = (
        replace(reason, is_certain=False, is_excluded=False, advice=advice) for reason in selection.dropped
    )
    return replace(selection, dropped=tuple(doubtful))


def _select(cells: Cells, keep: Bools, names: Any, known: ClassList | None) -> RowSelection:
    """Keep rows, and count the others by class."""
    if keep.all():
        return _keep_all(cells)
    counts = _count(names, ~keep)
    if not keep.any():
        wanted = "of the given classes" if known is None else "of the class "
        if known is not None:
            wanted += " or ".join(known.names[number] for number in sorted(known.people))
        advice = "Choose with classes (--classes)." if known is None else known.advice
        raise InputError(f"{cells.place}: no row is {wanted} ({counts}). {advice}".rstrip())
    count = int((~keep).sum())
    text = f"{count} of {cells.count} rows of other classes are excluded ({counts})"
    examples = cells.list_examples(np.flatnonzero(~keep))
    return RowSelection(keep, (DroppedRows(text, count, examples, is_excluded=True),))


def _count(names: Any, rows: Bools) -> str:
    """Return the number of rows of each class, the most frequent first."""
    counted = pc.value_counts(names.filter(pa.array(rows))).to_pylist()
    ordered = sorted(counted, key=lambda item: (-item["counts"], item["values"] or ""))
    shown = [f"{item['counts']} {item['values'] or 'without a class'}" for item in ordered[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(ordered) > _SHOWN else "")
