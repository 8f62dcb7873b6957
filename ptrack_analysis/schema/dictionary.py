"""The data dictionary: every column of every table, as text."""

from collections.abc import Iterable

from ptrack_analysis.schema.table import Table


def dictionary(tables: Iterable[Table]) -> str:
    """Write the data dictionary of these tables as Markdown: names, types, units, definitions in memory."""
    return "\n\n".join(_section(table) for table in tables) + "\n"


def _section(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key_names)
    lines = [
        f"## {table.name}",
        "",
        f"A row is {table.row}. Key: {key}.",
        "",
        "| column | type | unit | definition |",
        "|---|---|---|---|",
    ]
    for column in (*table.key, *table.columns):
        names = (
            " or ".join(f"`{column.named(u)}`" for u in table.units)
            if column.in_plane
            else f"`{column.name}`"
        )
        text = column.text
        if column.choices:
            text += " One of " + ", ".join(f"`{choice}`" for choice in column.choices) + "."
        unit = " or ".join(column.unit_in(u) for u in table.units) if column.in_plane else column.unit
        lines.append(f"| {names} | {column.dtype} | {unit} | {text} |")
    return "\n".join(lines)
