"""A part of a table: which files, columns and rows, and how it is given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pa_dataset

from ptrack_analysis.dataset.holding import unknown
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.storage.arrow import from_arrow
from ptrack_analysis.storage.columns import PERSON, schema_by_marks, stored_columns, stored_key, with_video
from ptrack_analysis.storage.s3 import AnyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is read of the files of one table; ``of_one``: of one video, whose name the key leaves out."""

    content: pa_dataset.FileSystemDataset
    table: str
    columns: list[str] | None
    condition: pa_dataset.Expression | None
    as_: str
    of_one: bool

    def scanner(self, **options: Any) -> pa_dataset.Scanner:
        """Make what reads it, one file after the other; for pandas the key is read in any case."""
        wanted = self.columns
        if wanted is not None and self.as_ == "pandas":
            key = [name for name in _key_names(self.content.schema) if name not in wanted]
            wanted = [*key, *wanted]
        return self.content.scanner(
            columns=wanted, filter=self.condition, batch_readahead=2, fragment_readahead=1, **options
        )


def names_of(schema: pa.Schema, columns: Sequence[str], root: AnyPath, table: str) -> list[str]:
    """Give the stored names of columns that are named as in memory or as stored.

    Raises
    ------
    ParameterError
        If one is not there.
    """
    if isinstance(columns, str):
        raise ParameterError(f"columns is {columns!r}, not a list of names")
    spec = with_video(schema_by_marks(schema.metadata))
    stored = [column for unit in (None, *spec.units) for column in stored_columns(spec, unit)]
    known = {column.memory_name: column.name for column in stored if column.name in schema.names}
    known |= {name: name for name in schema.names}
    for name in columns:
        if name not in known:
            raise unknown(f"{root}: table {table!r}", "column", name, known)
    return list(dict.fromkeys(known[name] for name in columns))


def in_memory(content: pa.Table, chosen: Selection) -> pd.DataFrame:
    """Give the rows as the table in memory.

    Raises
    ------
    ParameterError
        If some of them are measured in px and others in m, or have columns that others lack and that cannot
        be missing in memory.
    """
    content = _in_one_unit(content, chosen.table)
    _refuse_gaps(content, chosen.table)
    try:
        table = from_arrow(content, whole=chosen.columns is None)
    except InputError as error:
        raise InputError(f"table {chosen.table!r}: {error}") from error
    return table.droplevel("video") if chosen.of_one and table.index.nlevels > 1 else table


def _in_one_unit(content: pa.Table, name: str) -> pa.Table:
    """Leave out the columns of planes in which none of the rows is measured."""
    spec = schema_by_marks(content.schema.metadata)
    named = {
        unit: [c.named(unit) for c in spec.columns if c.in_plane and c.named(unit) in content.column_names]
        for unit in spec.units
    }
    there = [unit for unit in spec.units if named[unit]]
    used = [u for u in there if any(content[c].null_count < len(content) for c in named[u])]
    if len(used) > 1:
        raise ParameterError(
            f"table {name!r} has rows measured in {' and in '.join(used)}, which cannot be one pandas table: "
            "choose videos of one unit, or as_='arrow', which has the columns of both"
        )
    kept = (used or there)[:1]
    return content.drop_columns([column for unit in there if unit not in kept for column in named[unit]])


def _refuse_gaps(content: pa.Table, name: str) -> None:
    """Refuse whole numbers and truth values that some of the files have and others have not."""
    spec = with_video(schema_by_marks(content.schema.metadata))
    may_miss = {
        column.name
        for unit in spec.units
        for column in stored_columns(spec, unit)
        if column.of.nullable or column.of.kind == "moment"
    }
    for field, array in zip(content.schema, content.columns, strict=True):
        whole = pa.types.is_boolean(field.type) or pa.types.is_integer(field.type)
        if whole and array.null_count and field.name not in may_miss:
            raise ParameterError(
                f"column {field.name!r} of table {name!r} is not known of all of these videos: "
                "choose others, leave it out with columns=, or take as_='arrow'"
            )


def _key_names(schema: pa.Schema) -> list[str]:
    """List the stored columns of the key that the files have."""
    key = stored_key(with_video(schema_by_marks(schema.metadata)))
    return [one.name for one in key if one.of is not PERSON and one.name in schema.names]
