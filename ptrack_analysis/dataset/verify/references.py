"""References from table to table: persons, zones and lines that are named are there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.dataset.verify.findings import Ledger
from ptrack_analysis.dataset.verify.sums import Shelf, TableFile
from ptrack_analysis.schema import DESTINATIONS, ORIGINS
from ptrack_analysis.storage.columns import PERSON

RULES = {
    "references": "each person named is in persons, each zone in zones and each line in lines "
    "(looked at: rows)"
}
_A_PERSON = "a person of the table tracks"
_KEYS = {"zones": ("zone_key", "zone"), "lines": ("line_key", "line")}
_OTHER_ZONES = {"origin": ORIGINS, "destination": DESTINATIONS, "other": ()}
_OTHER_PERSONS = {"other": "person_index", "merged_into": "person_index", "other_person": PERSON.name}


@dataclass(frozen=True, slots=True)
class Known:
    """What may be named: the zones and the lines of the dataset, by key and by name.

    Those of a table that is not there, or is broken, are not known, and not looked for.
    """

    places: dict[str, pa.Array] = field(default_factory=dict)


def gather_known_keys(places: Mapping[str, pa.Table]) -> Known:
    """Gather the keys and names of zones and lines; a key stands together with its name."""
    known: dict[str, pa.Array] = {}
    for table, (key, name) in _KEYS.items():
        if table in places:
            keys, names = (places[table][column].combine_chunks() for column in (key, name))
            known |= {name: names, key: _paired(keys, names)}
    return Known(known)


def check_references(
    parts: Mapping[str, Sequence[TableFile]], known: Known, shelf: Shelf, ledger: Ledger
) -> None:
    """Check what the tables of one video name; tables with a finding before are passed over."""
    sound = {folder: rows for folder, rows in parts.items() if not any(p.place in ledger.bad for p in rows)}
    persons = _persons(sound, shelf)
    for folder, rows in sound.items():
        if folder == "tracks":
            continue
        for part in rows:
            at = part.start
            for batch in shelf.batches([part]):
                ledger.look("references", batch.num_rows)
                for name, wrong, expected in _dangling(batch, persons, known):
                    if expected == _A_PERSON and pc.any(wrong).as_py():
                        ledger.bad.update(part.place for part in sound["tracks"])
                    for row in np.flatnonzero(np.asarray(pc.fill_null(wrong, fill_value=False)))[:1].tolist():
                        found = repr(batch[name][row].as_py())
                        ledger.find(
                            "references", part.place, f"row {at + row}, column {name!r}", found, expected
                        )
                at += batch.num_rows


def _persons(parts: Mapping[str, Sequence[TableFile]], shelf: Shelf) -> dict[str, pa.Array] | None:
    """Return the persons of a video by key and number; None where the table cannot be relied on."""
    if "tracks" not in parts:
        return None
    names = [name for name in (PERSON.name, "person_index") if name in shelf.columns(parts["tracks"])]
    batches = list(shelf.batches(parts["tracks"], names))
    if not batches:
        return {PERSON.name: pa.array([], pa.string()), "person_index": pa.array([], pa.int64())}
    table = pa.concat_tables(batches)
    return {name: table[name].combine_chunks() for name in names}


def _dangling(
    batch: pa.Table, persons: dict[str, pa.Array] | None, known: Known
) -> Iterator[tuple[str, pa.Array, str]]:
    """List columns that name something, the rows in which that is not there, and what was expected."""
    for name in batch.column_names:
        column = batch[name]
        is_number = pa.types.is_integer(column.type)
        if name == PERSON.name or (name in _OTHER_PERSONS and (is_number or name == "other_person")):
            there = None if persons is None else persons.get(_OTHER_PERSONS.get(name, name))
            if there is not None:
                yield name, _missing(column, there), _A_PERSON
        elif name in _OTHER_ZONES and pa.types.is_string(column.type):
            states = pa.array(_OTHER_ZONES[name], pa.string())
            if "zone" in known.places:
                there = pa.concat_arrays([known.places["zone"], states])
                yield name, _missing(column, there), "a zone of zones.parquet"
        else:
            yield from _dangling_places(batch, name, known)


def _dangling_places(batch: pa.Table, name: str, known: Known) -> Iterator[tuple[str, pa.Array, str]]:
    for table, (key, named) in _KEYS.items():
        expected = f"one of {table}.parquet"
        if name == named and name in known.places:
            yield name, _missing(batch[name], known.places[name]), expected
        elif name == key and key in known.places and named in batch.column_names:
            pairs = _paired(batch[key].combine_chunks(), batch[named].combine_chunks())
            yield name, _missing(pairs, known.places[key]), f"{expected} with the same {named}"


def _missing(column: pa.ChunkedArray, there: pa.Array) -> pa.ChunkedArray:
    """Return where a value is none of those that are there; null and "" name nothing."""
    named = pc.is_valid(column)
    if pa.types.is_string(column.type):
        named = pc.and_(named, pc.not_equal(column, ""))
    return pc.and_(named, pc.invert(pc.is_in(column, value_set=there)))


def _paired(keys: pa.Array, names: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(keys, names, "\0")
