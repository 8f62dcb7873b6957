"""The description of a dataset as a Frictionless data package."""

import json
import re
from typing import Any

import pyarrow as pa

from ptrack_analysis.dataset.description import (
    DatasetDescription,
    StoredTable,
    find_choices,
    find_definition,
    find_type,
    find_unit,
)

_PACKAGE_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
_SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
_TYPES = {
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "int64": "integer",
    "float": "number",
    "double": "number",
    "string": "string",
    "bool": "boolean",
    "date": "date",
    "timestamp[us, UTC]": "datetime",
}
_PARQUET = {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
_DELTA = {"format": "delta"}
_NOT_OF_A_NAME = re.compile(r"[^a-z0-9._-]+")


def format_datapackage(description: DatasetDescription) -> str:
    """Format ``datapackage.json`` of a dataset (Data Package 2).

    Each table is a resource. Its path is a pattern, because the files change with each export. Fields have
    types, definitions, units and constraints; primary and foreign keys follow from the keys and relations.
    Only null is missing. An empty text is a value: in quality checks, it names the complete video.
    """
    package = {
        "$schema": _PACKAGE_PROFILE,
        "name": _find_name(description),
        "title": "People tracking dataset",
        "description": "Tables of people tracked in videos. dictionary.md explains keys, units and joins.",
        "keywords": ["people tracking", "dwell time", "footfall", "ptrack-analysis"],
        "schema_version": description.version,
        "partition": description.partition,
        "resources": [_describe_table(description, table) for table in description.tables],
    }
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _find_name(description: DatasetDescription) -> str:
    """Return the folder's name with the characters allowed in a package name."""
    folder = re.split(r"[\\/]", description.root)[-1]
    return _NOT_OF_A_NAME.sub("-", folder.lower()).strip("-") or "dataset"


def _describe_table(description: DatasetDescription, table: StoredTable) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "$schema": _SCHEMA_PROFILE,
        "fields": [_describe_column(table, column) for column in table.schema],
        "primaryKey": [*table.key],
        "missingValues": [],
    }
    references = [
        {"fields": [one.column], "reference": {"resource": one.to, "fields": [one.key]}}
        for one in description.list_relations()
        if one.table == table.name
    ]
    if references:
        schema["foreignKeys"] = references
    return {
        "$schema": _RESOURCE_PROFILE,
        "name": table.name,
        "type": "table",
        "path": description.find_pattern(table),
        **(_DELTA if description.form == "delta" else _PARQUET),
        "description": f"A row is {table.row}.",
        "schema": schema,
    }


def _describe_column(table: StoredTable, column: pa.Field) -> dict[str, Any]:
    described = {
        "name": column.name,
        "type": _TYPES[find_type(column)],
        "description": find_definition(column),
    }
    if unit := find_unit(column):
        described["unit"] = unit
    constraints: dict[str, Any] = {"required": True} if column.name in table.key else {}
    if column.name in table.unique_columns:
        constraints["unique"] = True
    if choices := find_choices(column):
        constraints["enum"] = choices
    return described | ({"constraints": constraints} if constraints else {})
