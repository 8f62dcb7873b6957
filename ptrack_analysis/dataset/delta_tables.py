"""Opening and reading of Delta tables of a dataset."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as pa_dataset

from ptrack_analysis.dataset.manifest import PARTITION_KEYS, Manifest
from ptrack_analysis.errors import InputError, OutputError, ParameterError
from ptrack_analysis.storage.columns import VERSION_MARK
from ptrack_analysis.storage.facts import upgrade
from ptrack_analysis.storage.s3 import AnyPath, S3Path, default_client

if TYPE_CHECKING:
    from deltalake import DeltaTable

_REARRANGING = {"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES"}
"""Operations that do not change rows."""


def require_deltalake() -> Any:
    """Import and return deltalake.

    Raises
    ------
    ParameterError
        If deltalake is not installed.
    """
    try:
        import deltalake  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ParameterError(
            "Delta tables require deltalake. Install it with pip install 'ptrack-analysis[delta]'."
        ) from error
    return deltalake


def find_storage_options(out: AnyPath) -> dict[str, str]:
    """Return boto3's credentials, region and endpoint as options of deltalake."""
    if not isinstance(out, S3Path):
        return {}
    client = out.client or default_client()
    options = {"aws_region": client.meta.region_name, "aws_conditional_put": "etag"}
    credentials = client._request_signer._credentials  # noqa: SLF001 - there is no public attribute
    if credentials is not None:
        found = credentials.get_frozen_credentials()
        options |= {"aws_access_key_id": found.access_key, "aws_secret_access_key": found.secret_key}
        options |= {"aws_session_token": found.token} if found.token else {}
    endpoint = client.meta.endpoint_url
    if not endpoint.rstrip("/").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        options |= {"aws_endpoint": endpoint, "aws_virtual_hosted_style_request": "false"}
        options |= {"aws_allow_http": "true"} if endpoint.startswith("http:") else {}
    return options


def open_table(out: AnyPath, name: str) -> "DeltaTable | None":
    """Open a table at its newest version; None if it does not exist."""
    deltalake, options = require_deltalake(), find_storage_options(out)
    try:
        table: DeltaTable = deltalake.DeltaTable(locate(out, name), storage_options=options)
    except deltalake.exceptions.TableNotFoundError:
        return None
    except (deltalake.exceptions.DeltaError, OSError) as error:
        raise InputError(f"{out / name}: cannot be read as a Delta table: {say(error)}") from error
    return table


def locate(out: AnyPath, name: str) -> str:
    """Return the address of a table."""
    return str((out / name).resolve()) if isinstance(out, Path) else str(out / name)


def say(error: Exception) -> str:
    """Return the first line of an error."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def open_recorded(out: AnyPath, name: str, version: int, *, writing: bool = False) -> "DeltaTable":
    """Open a table at the manifest's version, or a newer version with equal rows.

    Raises
    ------
    InputError
        If the table or its version is missing.
    OutputError
        If ``writing`` is set, but another program changed the rows of the table.
    """
    table = open_table(out, name)
    if table is None or table.version() < version:
        raise InputError(f"{out / name}: version {version} is missing, but the manifest lists it")
    newer = table.version() - version
    operations = {entry["operation"] for entry in table.history(newer)} if newer else set()
    if operations <= _REARRANGING:
        return table
    if writing:
        raise OutputError(
            f"{out / name}: another program changed the table ({', '.join(sorted(operations))}) after "
            f"version {version}, which ptrack-analysis wrote. Restore it with DeltaTable.restore({version}), "
            "or export to another folder."
        )
    try:
        table.load_as_version(version)
    except (require_deltalake().exceptions.DeltaError, OSError) as error:
        raise InputError(
            f"{out / name}: version {version} no longer exists. If a run has just removed videos, open the "
            f"dataset again. {say(error)}"
        ) from error
    return table


def find_versions(out: AnyPath, manifest: Manifest) -> dict[str, int]:
    """Return the current versions of the tables with the rows that the manifest lists.

    Raises
    ------
    InputError, OutputError
        If a table is missing, or another program changed its rows.
    """
    return {
        name: open_recorded(out, name, version, writing=True).version()
        for name, version in manifest.versions.items()
    }


def scan_table(out: AnyPath, name: str, version: int, schema: pa.Schema | None = None) -> pa_dataset.Dataset:
    """Return a table as an Arrow dataset, with the columns and metadata of a schema."""
    found = open_recorded(out, name, version).to_pyarrow_dataset()
    return found if schema is None else found.replace_schema(schema)


def read_videos(
    out: AnyPath, name: str, version: int, names: pa.Array, *, schema_version: int
) -> Iterator[pa.Table]:
    """Read the rows of some videos in the current schema version."""
    is_wanted = pa_dataset.field("video").isin(names)
    mark = {VERSION_MARK: str(schema_version).encode()}
    for batch in scan_table(out, name, version).to_batches(filter=is_wanted):
        if batch.num_rows:
            rows = pa.Table.from_batches([batch])
            kept = [column for column in rows.column_names if column not in PARTITION_KEYS.values()]
            yield upgrade(rows.select(kept).replace_schema_metadata(mark))


def list_table_problems(out: AnyPath, name: str, version: int) -> Iterator[str]:
    """List the problems of the version and the files of a table."""
    try:
        table = open_recorded(out, name, version, writing=True)
    except (InputError, OutputError) as error:
        yield str(error).removeprefix(f"{out / name}: ")
        return
    actions = pa.table(table.get_add_actions(flatten=True)).select(["path", "size_bytes"]).to_pylist()
    folder = out / name
    if isinstance(folder, S3Path):
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.below()}
    else:
        sizes = {
            path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*.parquet")
        }
    for action in actions:
        size = sizes.get(unquote(action["path"]))
        if size != action["size_bytes"]:
            found = "is missing" if size is None else f"has {size} bytes instead of {action['size_bytes']}"
            yield f"file {action['path']} {found}"
