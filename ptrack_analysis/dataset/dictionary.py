"""The data dictionary of a dataset: every column of every file, as Markdown."""

from ptrack_analysis.dataset.contents import Contents
from ptrack_analysis.dataset.layout import FOLDERS, PLACES, place_file
from ptrack_analysis.dataset.ownership import MARK
from ptrack_analysis.io.stored import Stored
from ptrack_analysis.schema import Table

_TYPES = {"timestamp": "timestamp[us, UTC]"}
_PREFACE = f"""\
<!-- {MARK} -->

# Tables of this dataset

One folder a table, one Parquet file a video. What is not known is null. A column `..._ms` is a moment since
the start of its video, in whole milliseconds; a column `..._s` is a length of time, in seconds. Tables are
joined by `video`, `person`, `zone` and `line`.
"""


def dictionary(contents: Contents) -> str:
    """Write the data dictionary of what a dataset holds."""
    sections = [
        _section(folder, FOLDERS[folder], f"{folder}/<video>.parquet", columns)
        for folder, columns in contents.columns.items()
    ]
    sections += [
        _section(name, PLACES[name], place_file(name), columns) for name, columns in contents.places.items()
    ]
    return "\n".join([_PREFACE, *sections])


def _section(name: str, schema: Table, place: str, columns: list[Stored]) -> str:
    key = ", ".join(f"`{column.name}`" for column in columns if _is_key(column, schema))
    lines = [f"## {name}", "", f"`{place}`: a row is {schema.row}. Key: {key}.", ""]
    lines += ["| column | type | unit | definition |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {_TYPES.get(column.type, column.type)} | {column.unit} | {column.definition} |"
        for column in columns
    ]
    return "\n".join(lines) + "\n"


def _is_key(column: Stored, schema: Table) -> bool:
    return column.name == "video" or column.of in schema.key
