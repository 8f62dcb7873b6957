"""The catalogue of a compacted dataset: that of the dataset, with the paths of the large files."""

from collections.abc import Sequence
from pathlib import Path

from ptrack_analysis.dataset.catalogue import write_catalogue
from ptrack_analysis.dataset.compact.planning import day_of
from ptrack_analysis.dataset.layout import ATHENA_FILE, DUCKDB_FILE, FOLDERS
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.storage.files import make_folder, write_text

_BY_DAY = "\nPARTITIONED BY (`day` string)"
_REPAIR = """
-- Each table lies in one folder a day: tell Athena of them, here and after each compaction.
"""


def describe(folder: Path, records: Sequence[Record], *, is_compact: bool) -> None:
    """Write the catalogue of what these records tell: dictionary, views, zones, lines, sites and dates.

    Of a compacted dataset the views read all files below a table's folder, whatever the day.
    """
    make_folder(folder)
    write_catalogue(folder, records)
    if not is_compact:
        return
    by_day = is_by_day(records)
    folders = [name for name in FOLDERS if any(name in record.folders for record in records)]
    duckdb, athena = ((folder / place).read_text(encoding="utf-8") for place in (DUCKDB_FILE, ATHENA_FILE))
    for name in folders if by_day else ():
        duckdb = duckdb.replace(f"'{name}/*.parquet'", f"'{name}/*/*.parquet'")
        end = f"STORED AS PARQUET\nLOCATION 's3://YOUR-BUCKET/PREFIX/{name}/';\n"
        athena = athena.replace(f"\n{end}", f"{_BY_DAY}\n{end}")
    if by_day:
        athena += _REPAIR + "".join(f"MSCK REPAIR TABLE `{name}`;\n" for name in folders)
    write_text(folder / DUCKDB_FILE, duckdb)
    write_text(folder / ATHENA_FILE, athena)


def is_by_day(records: Sequence[Record]) -> bool:
    """Whether the large files lie by day: where the clock of at least one video is known."""
    return any(day_of(record) is not None for record in records)
