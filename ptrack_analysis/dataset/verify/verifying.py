"""Reading a whole dataset again, check by check."""

import tempfile
from os import PathLike
from pathlib import Path

from ptrack_analysis.dataset.catalogue import CATALOGUE
from ptrack_analysis.dataset.records import VideoEntry, schema_in
from ptrack_analysis.dataset.verify import describing, files, laws, references, rows
from ptrack_analysis.dataset.verify.describing import check_catalogue
from ptrack_analysis.dataset.verify.files import check_file, check_strangers
from ptrack_analysis.dataset.verify.findings import (
    RECORD_RULE,
    ExpectedDataset,
    Held,
    Ledger,
    Verification,
    places_below,
    read_holding,
)
from ptrack_analysis.dataset.verify.laws import LAWS
from ptrack_analysis.dataset.verify.references import Known, check_references, gather_known_keys
from ptrack_analysis.dataset.verify.rows import check_rows
from ptrack_analysis.dataset.verify.sums import Shelf, Tables
from ptrack_analysis.storage.s3 import S3Path, parse_path

RULES = {
    "records": RECORD_RULE,
    **files.RULES,
    **describing.RULES,
    **rows.RULES,
    **references.RULES,
    **laws.RULES,
}


def verify_dataset(out: str | PathLike[str] | S3Path) -> Verification:
    """Read everything in a dataset again, and set it against its records, its schema and itself.

    Each check has a name and a rule, and tells how much it looked at and what it found: first the records,
    then each file by itself (there, as recorded, of the schema), the catalogue, each table's rows (values,
    keys), the references between the tables, and at last the conservation laws. What is found to be broken is
    not looked into further, so that one damage is told once, by the first check that sees it: laws are
    checked for the videos all of whose tables they need are sound, and whose settings keep them. Persons
    whose numbers were replaced by salted keys are compared by these; no law is checked where small counts
    were suppressed.

    Parameters
    ----------
    out
        A dataset's folder, on disk or in S3, as ``export_dataset`` or ``compact_dataset`` wrote it. Files and
        folders whose name starts with a dot are no part of it, nor is what lies beside its folders.

    Returns
    -------
    Verification
        Every check; ``passed`` if none found anything.

    Raises
    ------
    InputError
        If there is no such folder, or no record in it.
    RemoteError
        If S3 refuses.

    Notes
    -----
    Each file is read twice, for its checksum and for its rows, a row group at a time; one row group a table
    is held in memory, and the sums of one video. Files in S3 are fetched one after the other, one a table.
    """
    root = parse_path(out)
    ledger = Ledger(RULES)
    with tempfile.TemporaryDirectory(prefix="ptrack-") as folder:
        scratch = Path(folder)
        places = places_below(root)
        holding = read_holding(root, places, ledger)
        shelf = Shelf(root, scratch)
        check_strangers(holding, places, set(CATALOGUE), ledger)
        tables = check_catalogue(holding, shelf, scratch / "catalogue", ledger)
        if holding.is_compact:
            _check_files(holding, shelf, ledger)
        _check_videos(holding, gather_known_keys(tables), shelf, ledger)
    return Verification(root, tuple(held.video for held in holding.videos), ledger.checks())


def _check_files(holding: ExpectedDataset, shelf: Shelf, ledger: Ledger) -> None:
    """Check each large file by itself, and the order of its keys from video to video."""
    record_of = {
        part.place: record
        for held, record in zip(holding.videos, holding.records, strict=True)
        for parts in held.parts.values()
        for part in parts
    }
    for place, made in holding.files.items():
        folder = place.partition("/")[0]
        usual = next((record for record in holding.records if folder in record.folders), None)
        record = record_of.get(place, usual)
        if record is not None:
            check_file(place, record, made, shelf, ledger)


def _check_videos(holding: ExpectedDataset, known: Known, shelf: Shelf, ledger: Ledger) -> None:
    """Check the tables of each video, one video after the other."""
    for held, record in zip(holding.videos, holding.records, strict=True):
        if not holding.is_compact:
            _check_own_files(record, shelf, ledger)
        for folder, parts in held.parts.items():
            if not any(part.place in ledger.bad for part in parts):
                schema, salted = schema_in(folder, held.parameters), held.parameters.get("salt") is not None
                check_rows(held.video, parts, schema, shelf, ledger, salted=salted)
        check_references(held.parts, known, shelf, ledger)
        _check_laws(held, shelf, ledger)


def _check_own_files(record: VideoEntry, shelf: Shelf, ledger: Ledger) -> None:
    for place, made in record.outputs.items():
        check_file(place, record, made, shelf, ledger)


def _check_laws(held: Held, shelf: Shelf, ledger: Ledger) -> None:
    """Check the laws whose tables are all sound."""
    sound = {
        folder: parts
        for folder, parts in held.parts.items()
        if not any(part.place in ledger.bad for part in parts)
    }
    tables = Tables(sound, shelf, held.parameters)
    for name, law in LAWS.items():
        if not law.holds(held.parameters) or any(folder not in tables for folder in law.tables):
            continue
        ledger.look(name, sum(tables.rows(f) for f in (*law.tables, *law.further) if f in tables))
        for folder, place, found, expected in law.broken(tables):
            where = f"{held.video}: {place}" if held.video not in tables.place(folder) else place
            ledger.find(name, tables.place(folder), where, found, expected)
