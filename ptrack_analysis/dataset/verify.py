"""Verification of a dataset's files against manifest, schemas and each other."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from os import PathLike
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pa_dataset
from shapely import from_wkt

from ptrack_analysis.dataset.audit import audit_video
from ptrack_analysis.dataset.delta_tables import list_table_problems, scan_table
from ptrack_analysis.dataset.dimensions import DIMENSIONS, find_schema
from ptrack_analysis.dataset.laws import check_laws
from ptrack_analysis.dataset.manifest import (
    JOURNAL,
    MANIFEST,
    PARTITION_KEYS,
    STAGING,
    DatasetFile,
    Manifest,
    VideoEntry,
    read_manifest,
)
from ptrack_analysis.dataset.opening import Dataset
from ptrack_analysis.dataset.publishing import list_places, wait_for_change
from ptrack_analysis.dataset.relations import RELATIONS
from ptrack_analysis.dataset.row_checks import (
    REFERENCES,
    FileRows,
    check_counts,
    check_local,
    check_reference,
    check_salted,
    check_times,
    check_unique,
    choose_columns,
    list_clocks,
    list_keys,
)
from ptrack_analysis.dataset.verification import Ledger, Verification
from ptrack_analysis.errors import InputError
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.storage.columns import PACKAGE_MARK, TABLE_MARK, VERSION_MARK
from ptrack_analysis.storage.facts import SCHEMA_VERSION
from ptrack_analysis.storage.parquet_files import open_parquet, read_columns
from ptrack_analysis.storage.s3 import AnyPath, S3Path, parse_path

_MARKS = (TABLE_MARK, PACKAGE_MARK, VERSION_MARK)
_FIELD_MARKS = (b"unit", b"definition", b"choices")


def verify_dataset(out: str | PathLike[str] | S3Path, *, laws: bool = False) -> Verification:
    """Verify a dataset's files against the manifest, their schemas and each other.

    Each check has a name, a rule, counts and findings. A missing or damaged file is reported once, and its
    rows are not examined.

    Parameters
    ----------
    out
        A dataset's folder, on disk or in S3. Files and folders whose names start with ``_`` or a dot are not
        part of its tables. Files outside the folders of the tables are ignored.
    laws
        Whether to also check the conservation laws between the tables, with SQL in DuckDB. Videos with
        withheld figures are skipped.

    Returns
    -------
    Verification
        The checks; ``passed`` is True if there are no findings.

    Raises
    ------
    InputError
        If the dataset does not exist.
    ParameterError
        If ``laws`` is True and DuckDB is not installed.
    RemoteError
        If S3 rejects a request.

    Notes
    -----
    Each file is read once. Memory is needed for one file, and for the key columns of one table of a batch.

    Examples
    --------
    >>> summary = pta.export_dataset("data/shop", "out", zones="data/shop/zones.geojson")
    >>> verification = pta.verify_dataset("out")
    >>> verification.passed
    True
    >>> [check.name for check in verification.checks][:4]
    ['manifest', 'unfinished', 'files', 'checksums']
    """
    root, ledger = parse_path(out, name="out"), Ledger()
    manifest = _read_manifest(root, ledger)
    if manifest is None:
        return ledger.close(root, ())
    reader = _Reader(root, manifest, _check_places(root, manifest, ledger), ledger)
    dimensions = {name: rows for name in DIMENSIONS for _, rows in reader.read_table(name, -1)}
    for name, rows in dimensions.items():
        _check_dimension(name, rows, dimensions, ledger)
    for file in manifest.files:
        if file.batch < 0 and file.table not in DIMENSIONS:
            content = reader.read(file)
            if content is not None and file.rows and file.table in manifest.tables:
                ledger.find("rows", file.place, f"has {file.rows} rows, but does not belong to a batch")
    for batch, entries in manifest.batches.items():
        _check_batch(batch, entries, reader, dimensions)
    if manifest.min_counts and not any(ledger.count[check] for check in ("files", "checksums", "schema")):
        _audit(root, manifest, ledger)
    if laws:
        check_laws(root, manifest, ledger)
    return ledger.close(root, manifest.names)


def _read_manifest(root: AnyPath, ledger: Ledger) -> Manifest | None:
    """Read the manifest; None if it is inconsistent or a change was interrupted."""
    ledger.examined.update(manifest=1, unfinished=1)
    try:
        wait_for_change(root)
    except InputError as error:
        ledger.find("unfinished", JOURNAL, str(error).removeprefix(f"{root}: "))
        return None
    staging = root / STAGING
    staged = [*(staging.below() if isinstance(staging, S3Path) else staging.rglob("*.*"))]
    if staged:
        problem = "has staged files: a run is writing, or was interrupted. The next run removes them"
        ledger.find("unfinished", STAGING, problem)
    if not (root / MANIFEST).is_file():
        return read_manifest(root)
    try:
        manifest = read_manifest(root)
    except InputError as error:
        ledger.find("manifest", MANIFEST, str(error).removeprefix(f"{root / MANIFEST}: "))
        return None
    problems = [*_list_problems(manifest)]
    for problem in problems:
        ledger.find("manifest", MANIFEST, problem)
    return None if problems else manifest


def _list_problems(manifest: Manifest) -> Iterator[str]:
    """List the inconsistencies of a manifest."""
    if manifest.version < SCHEMA_VERSION:
        yield (
            f"has schema version {manifest.version}, but this package writes {SCHEMA_VERSION}. "
            "Run ptrack export or ptrack compact to upgrade the dataset"
        )
    yield from (
        f"lists the table {name!r}, which does not exist" for name in manifest.tables if name not in OUTPUTS
    )
    places = Counter(file.place for file in manifest.files)
    yield from (f"lists {place} {count} times" for place, count in places.items() if count > 1)
    filled = {file.table for file in manifest.files}
    filled |= {*manifest.versions}
    for name in manifest.tables:
        if name not in filled:
            yield f"does not list a file of the table {name!r}"
    for file in manifest.files:
        is_fact = file.table in manifest.tables
        if file.batch >= 0 and not is_fact:
            yield f"lists {file.place}, which does not belong to its tables"
        if is_fact and not file.place.endswith(f"part-{max(file.batch, 0):06d}.parquet"):
            yield f"lists {file.place} as a file of batch {file.batch}"
    for entry in manifest.videos:
        if not 0 <= entry.batch < manifest.next_batch:
            yield f"lists {entry.video!r} in batch {entry.batch}, but the next batch is {manifest.next_batch}"


def _check_places(root: AnyPath, manifest: Manifest, ledger: Ledger) -> dict[str, int]:
    """Check for missing and foreign files; return the sizes of existing files."""
    places = list_places(root)
    if manifest.form == "delta":  # the log of a table lists its files, and readers ignore other files
        places = {
            place: size for place, size in places.items() if place.partition("/")[0] not in manifest.versions
        }
    known = {file.place: file for file in manifest.files if file.place not in manifest.versions}
    folders = {*manifest.tables, *DIMENSIONS, *(place.partition("/")[0] for place in known)}
    ledger.examined["files"] = len(known)
    for place in sorted({*known, *places}):
        if place not in places:
            ledger.find("files", place, "is missing")
        elif place not in known and place.partition("/")[0] in folders:
            ledger.find(
                "files", place, "is not in the manifest: ptrack did not write it, and engines would read it"
            )
    return places


class _Reader:
    """Reads files of a dataset that match the manifest."""

    def __init__(self, root: AnyPath, manifest: Manifest, places: Mapping[str, int], ledger: Ledger) -> None:
        self.root = root
        self.manifest = manifest
        self.ledger = ledger
        self._places = places
        self._tables: dict[str, pa_dataset.Dataset | None] = {}

    def read(self, file: DatasetFile) -> bytes | None:
        """Read a file; None if it is missing or does not match the manifest."""
        if file.place not in self._places:
            return None
        self.ledger.examined["checksums"] += 1
        content = (self.root / file.place).read_bytes()
        if len(content) != file.size:
            self.ledger.find("checksums", file.place, f"has {len(content)} bytes instead of {file.size}")
            return None
        digest = sha256(content).hexdigest()
        if digest != file.sha256:
            self.ledger.find(
                "checksums", file.place, f"has the SHA-256 {digest[:12]}... instead of {file.sha256[:12]}..."
            )
            return None
        return content

    def read_table(
        self, name: str, batch: int, columns: Iterable[str] | None = None
    ) -> Iterator[tuple[DatasetFile, pa.Table]]:
        """Read columns of the valid files of a table that belong to a batch."""
        if name in self.manifest.versions:
            yield from self._read_delta_table(name, batch, columns)
            return
        for file in self.manifest.files_of(name, {batch}):
            content = self.read(file)
            if content is None:
                continue
            self.ledger.examined["schema"] += 1
            try:
                schema = open_parquet(content).schema_arrow
                problems = [*_compare_schemas(schema, self.expected(name))]
                for problem in problems:
                    self.ledger.find("schema", file.place, problem)
                if problems:
                    continue
                chosen = None if columns is None else [*columns]
                rows = read_columns(content, chosen, page_checksum_verification=True)
            except InputError as error:
                raise InputError(f"{file.place}: {error}") from error
            except (OSError, pa.ArrowException) as error:
                self.ledger.find(
                    "schema", file.place, f"cannot be read as Parquet: {str(error).splitlines()[0]}"
                )
                continue
            if len(rows) != file.rows:
                self.ledger.find("rows", file.place, f"has {len(rows)} rows instead of {file.rows}")
            yield file, rows

    def _read_delta_table(
        self, name: str, batch: int, columns: Iterable[str] | None
    ) -> Iterator[tuple[DatasetFile, pa.Table]]:
        """Read columns of a Delta table if its files and columns are valid."""
        table = self._open_delta_table(name)
        if table is None:
            return
        chosen = None
        if name not in DIMENSIONS:
            videos = [entry.video for entry in self.manifest.batches.get(batch, ())]
            chosen = pa_dataset.field("video").isin(pa.array(videos, pa.string()))
        try:
            rows = table.to_table(columns=None if columns is None else [*columns], filter=chosen)
        except (OSError, pa.ArrowException) as error:
            self.ledger.find("schema", name, f"cannot be read: {str(error).splitlines()[0]}")
            return
        for file in self.manifest.files_of(name):
            if file.place == name and len(rows) != file.rows:  # a dimension
                self.ledger.find("rows", name, f"has {len(rows)} rows instead of {file.rows}")
        yield DatasetFile(name, len(rows), 0, "", batch), rows

    def is_sound(self, name: str) -> bool:
        """Return whether a Delta table can be used."""
        return self._open_delta_table(name) is not None

    def _open_delta_table(self, name: str) -> pa_dataset.Dataset | None:
        """Check the version, files, columns and videos of a Delta table; None if invalid."""
        if name in self._tables:
            return self._tables[name]
        self._tables[name] = None
        self.ledger.examined.update(files=1, schema=1)
        for problem in list_table_problems(self.root, name, self.manifest.versions[name]):
            self.ledger.find("files", name, problem)
            return None
        found = scan_table(self.root, name, self.manifest.versions[name])
        expected = self.expected(name)
        key = PARTITION_KEYS.get(self.manifest.partition or "") if name not in DIMENSIONS else None
        missing = [one for one in expected.names if one not in found.schema.names]
        more = [one for one in found.schema.names if one not in expected.names and one != key]
        differing = [
            field.name
            for field in expected
            if field.name not in missing and found.schema.field(field.name).type != field.type
        ]
        parts = (("lacks", missing), ("has further", more), ("has other types of", differing))
        problems = [f"{problem} columns {names}" for problem, names in parts if names]
        for problem in problems:
            self.ledger.find("schema", name, problem)
        if not problems:
            self._tables[name] = found.replace_schema(expected)
            if name not in DIMENSIONS:
                known = pa.array(self.manifest.names, pa.string())
                count = found.count_rows(filter=~pa_dataset.field("video").isin(known))
                if count:
                    self.ledger.find("rows", name, f"has {count} rows of videos that the manifest lacks")
        return self._tables[name]

    def expected(self, name: str) -> pa.Schema:
        """Return the schema of the files of a table."""
        return find_schema(self.manifest, name)


def _compare_schemas(found: pa.Schema, expected: pa.Schema) -> Iterator[str]:
    """List the differences between the schemas of a file and of its table."""
    marks, wanted = found.metadata or {}, expected.metadata or {}
    for mark in _MARKS:
        if marks.get(mark) != wanted.get(mark):
            one, other = _text(marks.get(mark)), _text(wanted.get(mark))
            yield f"has the mark {mark.decode()} {one} instead of {other}"
    if found.names != expected.names:
        missing = [name for name in expected.names if name not in found.names]
        more = [name for name in found.names if name not in expected.names]
        parts = [f"lacks {missing}"] * bool(missing) + [f"has {more}, which the table does not have"] * bool(
            more
        )
        yield f"columns: {' and '.join(parts) or 'are in another order'}"
    for field in expected:
        if field.name not in found.names:
            continue
        own = found.field(field.name)
        if own.type != field.type:
            yield f"column {field.name!r} is {own.type} instead of {field.type}"
        for mark in _FIELD_MARKS:
            one, other = (_text((each.metadata or {}).get(mark)) for each in (own, field))
            if one != other:
                yield f"column {field.name!r} has the {mark.decode()} {one} instead of {other}"


def _text(value: bytes | None) -> str:
    return "none" if value is None else repr(value.decode(errors="replace"))


def _check_dimension(name: str, rows: pa.Table, dimensions: Mapping[str, pa.Table], ledger: Ledger) -> None:
    """Check the key of a dimension and its references to other dimensions."""
    found = FileRows(f"{name}/{name}.parquet", rows, ledger)
    check_unique(found, [column.name for column in DIMENSIONS[name].table.key])
    for relation in RELATIONS:
        if relation.table == name:
            check_reference(found, relation, dimensions)


def _check_batch(
    batch: int, entries: Sequence[VideoEntry], reader: _Reader, dimensions: Mapping[str, pa.Table]
) -> None:
    """Check the rows of the videos of a batch in all tables."""
    manifest, ledger = reader.manifest, reader.ledger
    known, clocks = dict(dimensions), dict[str, Any]()
    for name in sorted(manifest.tables, key=lambda name: name not in ("videos", "tracks")):
        schema = manifest.schema(name)
        parts, keys = list[pa.Table](), list_keys(schema)
        for file, rows in reader.read_table(name, batch, choose_columns(name, schema)):
            found = FileRows(file.place, rows, ledger)
            if name == "videos":
                clocks |= list_clocks(rows)
            _check_rows(found, name, manifest, known)
            if clocks:
                check_times(found, schema, clocks)
                check_local(found, schema, clocks)
            parts.append(rows.select(list({column: 0 for key in keys for column in key})))
        files = manifest.files_of(name, {batch})
        if name in manifest.versions and not reader.is_sound(name):
            continue
        if len(parts) < len(files):
            continue
        joined = pa.concat_tables(parts) if parts else pa.table({"video": pa.array([], pa.string())})
        place = files[0].place if files else name
        check_counts(place, joined["video"], name, entries, ledger)
        for key in keys if parts else ():
            check_unique(FileRows(place, joined, ledger), key)
        if name in ("videos", "tracks"):
            known[name] = joined


def _check_rows(found: FileRows, name: str, manifest: Manifest, known: Mapping[str, pa.Table]) -> None:
    """Check the references of the rows of a fact and the keys of people."""
    found.ledger.examined["references"] += len(found.rows)
    for column in found.rows.column_names:
        relation = REFERENCES.get(column)
        if relation is not None and relation.to != name:
            check_reference(found, relation, known)
    if manifest.is_salted:
        check_salted(found)


def _audit(root: AnyPath, manifest: Manifest, ledger: Ledger) -> None:
    """Check the published figures of each video."""
    dataset = Dataset(root, manifest)
    for entry in manifest.videos:
        ledger.examined["audit"] += 1
        tables = {name: dataset.read(name, videos=entry.video) for name in manifest.tables}
        zones = {one["name"]: from_wkt(one["outline"]) for one in entry.places.get("zones", {}).values()}
        days = entry.about.get("holidays")
        holidays = None if days is None else frozenset(map(date.fromisoformat, days))
        least = entry.parameters["min_count"]
        for problem in audit_video(tables, zones, min_count=least, holidays=holidays):
            ledger.find("audit", entry.video, problem.removesuffix("."))
