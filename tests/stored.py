"""What a dataset holds, read as any Parquet reader does, and whether its files fit its manifest."""

import json
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.manifest import read_manifest


def list_files(out, table):
    """List the Parquet files of a table that readers see."""
    files = (out / table).rglob("*.parquet")
    return sorted(file for file in files if not any(part[0] in "._" for part in file.relative_to(out).parts))


def read_stored(out, table):
    """Read a table as a reader does that reads all files of a folder and takes the columns of the first."""
    files = list_files(out, table)
    assert files, f"{table} has no file"
    parts = [pq.ParquetFile(file).read() for file in files]
    return pa.concat_tables([part.replace_schema_metadata() for part in parts])


def rows(out, table):
    """Return the rows of a table as texts, in an order of their own."""
    return sorted(json.dumps(row, default=str) for row in read_stored(out, table).to_pylist())


def list_tables(out):
    """List the tables of a dataset by its folders."""
    return sorted({file.relative_to(out).parts[0] for file in out.rglob("*.parquet")} - {"_ptrack"})


def contents(out):
    """Return the rows of every table."""
    return {table: rows(out, table) for table in list_tables(out)}


def values(out, table, column, **where):
    """Return the values of a column, of the rows with these values in other columns."""
    found = read_stored(out, table).to_pylist()
    return [row[column] for row in found if all(row[name] == value for name, value in where.items())]


def videos(out, table="videos"):
    """Return the names of the videos that a table has rows of."""
    return sorted({row["video"] for row in read_stored(out, table).to_pylist()})


def assert_sound(out):
    """Check that the files are those of the manifest, with its videos, and one schema per table."""
    manifest = read_manifest(out)
    listed = {file.place: file for file in manifest.files}
    there = {
        path.relative_to(out).as_posix()
        for table in list_tables(out)
        for path in (out / table).rglob("*")
        if path.is_file()
    }
    assert there == {place for place in listed if place.endswith(".parquet")}
    for place, file in listed.items():
        content = (out / place).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (file.size, file.sha256), place
        if place.endswith(".parquet"):
            assert pq.read_metadata(out / place).num_rows == file.rows, place
    for table in manifest.tables:
        schemas = [pq.read_schema(file) for file in list_files(out, table)]
        assert all(one.equals(schemas[0], check_metadata=True) for one in schemas), table
        assert {*read_stored(out, table)["video"].to_pylist()} <= {*manifest.names}, table
        counted = {entry.video: entry.rows.get(table, 0) for entry in manifest.videos}
        of_video = read_stored(out, table)["video"].to_pylist()
        assert {name: of_video.count(name) for name in counted} == counted, table
    assert videos(out) == sorted(manifest.names)
    assert not (out / "_ptrack/journal").exists()
    assert not (out / "_ptrack/staging").exists()
