"""The catalogue of a dataset against what the records of its videos tell."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.catalogue import CATALOGUE
from ptrack_analysis.dataset.compaction_record import describe
from ptrack_analysis.dataset.dictionary import gather_contents
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.records import place_file
from ptrack_analysis.dataset.verify.files import check_columns
from ptrack_analysis.dataset.verify.findings import ExpectedDataset, Ledger
from ptrack_analysis.dataset.verify.rows import check_keys, check_values
from ptrack_analysis.dataset.verify.sums import Shelf

RULES = {
    "catalogue": "the tables of zones, lines, sites and dates, the dictionary and the views are there, and "
    "say what the records tell (looked at: files)"
}
_FIX = "what the records tell: export again"


def check_catalogue(
    holding: ExpectedDataset, shelf: Shelf, scratch: Path, ledger: Ledger
) -> dict[str, pa.Table]:
    """Check what describes the dataset; give its tables of zones, lines and the like by name."""
    if not holding.sound:
        return {}
    describe(scratch, holding.records, is_compact=holding.is_compact)
    for place in CATALOGUE:
        path, expected = shelf.local(place), scratch / place
        there = path.is_file()
        if place.endswith(".parquet") and not expected.is_file():
            continue  # a table that is not made from records is checked by itself
        ledger.look("catalogue", 1)
        if there != expected.is_file():
            found, wanted = ("is there", "no such file") if there else ("is missing", _FIX)
            ledger.find("catalogue", place, "", found, wanted)
        elif there and path.read_bytes() != expected.read_bytes():
            ledger.find("catalogue", place, "", "says something else", _FIX)
    return _tables(holding, shelf, ledger)


def _tables(holding: ExpectedDataset, shelf: Shelf, ledger: Ledger) -> dict[str, pa.Table]:
    contents = gather_contents(holding.records)
    tables = {}
    for name, columns in contents.places.items():
        place, path = place_file(name), shelf.local(place_file(name))
        if not path.is_file():
            if place not in ledger.bad:
                ledger.find("catalogue", place, "", "is missing", _FIX)
            continue
        try:
            table = pq.read_table(path, partitioning=None)
        except (OSError, pa.ArrowException):
            if place not in ledger.bad:
                ledger.find("catalogue", place, "", "is no Parquet file", _FIX)
            continue
        check_columns(place, DIMENSIONS[name].table.name, columns, table.schema, ledger)
        if place not in ledger.bad:
            check_values(place, table, DIMENSIONS[name].table, 0, ledger)
            check_keys(place, table, DIMENSIONS[name].table, ledger)
            tables[name] = table
    return tables
