"""The dictionary says what each table and column is, and how the tables join."""

import re
from dataclasses import replace

import pytest
from stored_dataset import DIMENSIONS, FACTS, write_dataset

from ptrack_analysis.dataset.data_dictionary import format_dictionary
from ptrack_analysis.dataset.description import StoredTable, find_definition, find_type, find_unit
from ptrack_analysis.dataset.relations import RELATIONS
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.storage.facts import arrow_schema


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("flat")).description


def sections(text):
    return dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def cells(section):
    return [
        [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith(("| column |", "| table |"))
    ]


def test_each_table_has_a_section_with_every_column(flat):
    found = sections(format_dictionary(flat))
    assert [*found] == ["Tables", "How the tables join", *FACTS, *DIMENSIONS]
    for table in flat.tables:
        listed = [row for row in cells(found[table.name]) if "mood" not in row[0]]
        assert listed == [
            [f"`{column.name}`", find_type(column), find_unit(column), find_definition(column)]
            for column in table.schema
            if "mood" not in column.name
        ]
        assert f"`{flat.find_pattern(table)}` is one row of {table.name}." in found[table.name]


def test_each_relation_is_listed_as_active_or_inactive(flat):
    listed = cells(sections(format_dictionary(flat))["How the tables join"])
    assert sorted(listed) == sorted(
        [
            f"`{one.table}`",
            f"`{one.column}`",
            f"`{one.to}` (`{one.key}`)",
            "active" if one.active else "inactive",
        ]
        for one in RELATIONS
    )


def test_facts_without_a_time_of_their_own_are_named(flat):
    [line] = re.findall(r"  In (.*?), they are the date and hour of the recording", format_dictionary(flat))
    assert line == "`heatmap`, `dwell`, `transitions`, `quality`"


@pytest.mark.parametrize("name", ["visits_hourly", "occupancy_hourly"])
def test_the_date_of_an_hour_is_not_the_start_of_the_recording(name, flat):
    table = OUTPUTS[name].table
    stored = StoredTable(name, arrow_schema(table), "An hour.", ("video", *table.key_names))
    text = format_dictionary(replace(flat, tables=(*flat.tables, stored)))
    [line] = re.findall(r"  In (.*?), they are the date and hour of the recording", text)
    assert name not in line


def test_the_dictionary_explains_partitions_and_withheld_data(flat):
    text = format_dictionary(flat)
    assert "month=" not in text
    assert "Withheld" not in text
    changed = replace(flat, partition="local_day", salted=True, min_counts=(5,))
    text = format_dictionary(changed)
    assert "`visits/day=2026-11-30/`" in text
    assert "visits/**/part-*.parquet" in text
    assert "partitioning=None" in text
    assert "salt that is not in this dataset" in text
    assert "fewer than 5 people" in text


def test_a_name_cannot_leave_its_cell(flat):
    [row] = [row for row in cells(sections(format_dictionary(flat))["detections"]) if "mood" in row[0]]
    assert row[:3] == ["`day's mood|'x'`", "string", ""]
