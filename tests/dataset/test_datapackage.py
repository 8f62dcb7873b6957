"""datapackage.json describes each table by the rules of Data Package 2 and Table Schema."""

import json
import re
from dataclasses import replace

import duckdb
import pytest
from stored_dataset import CHOICES, write_dataset

from ptrack_analysis.dataset.datapackage import format_datapackage
from ptrack_analysis.dataset.relations import RELATIONS

DUCKDB_TYPES = {
    "integer": {"BIGINT", "INTEGER"},
    "number": {"DOUBLE", "FLOAT"},
    "string": {"VARCHAR"},
    "boolean": {"BOOLEAN"},
    "date": {"DATE"},
    "datetime": {"TIMESTAMP WITH TIME ZONE"},
}


@pytest.fixture(scope="module", params=[None, "local_month"], ids=["flat", "partitioned"])
def description(request, tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("package"), request.param).description


@pytest.fixture
def package(description):
    return json.loads(format_datapackage(description))


def test_names_and_paths_follow_the_profile(package):
    names = [package["name"], *(resource["name"] for resource in package["resources"])]
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name in names)
    assert len({*names[1:]}) == len(names[1:]) == 17
    for resource in package["resources"]:
        assert not resource["path"].startswith(("/", "."))
        assert resource["type"] == "table"
        fields = [field["name"] for field in resource["schema"]["fields"]]
        assert len({*fields}) == len(fields)


def test_paths_find_the_files_and_fields_have_their_types(package, description):
    for resource in package["resources"]:
        path = f"{description.location}/{resource['path']}"
        query = "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)"
        found = duckdb.execute(query, [path]).fetchall()
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == [row[0] for row in found]
        assert all(row[1] in DUCKDB_TYPES[field["type"]] for field, row in zip(fields, found, strict=True))


def test_keys_exist_and_references_lead_to_fields(package):
    schemas = {resource["name"]: resource["schema"] for resource in package["resources"]}
    fields = {name: {field["name"]: field for field in schema["fields"]} for name, schema in schemas.items()}
    referring = 0
    for name, schema in schemas.items():
        assert {*schema["primaryKey"]} <= fields[name].keys()
        assert schema["missingValues"] == []
        assert all(fields[name][key]["constraints"]["required"] for key in schema["primaryKey"])
        for one in schema.get("foreignKeys", []):
            [column], [key] = one["fields"], one["reference"]["fields"]
            referred = fields[one["reference"]["resource"]][key]
            assert referred["constraints"]["unique"]
            assert fields[name][column]["type"] == referred["type"]
            referring += 1
    assert referring == len(RELATIONS)


def test_choices_and_units_are_in_the_fields(package):
    [visits] = [one for one in package["resources"] if one["name"] == "visits"]
    fields = {field["name"]: field for field in visits["schema"]["fields"]}
    assert fields["entry"]["constraints"]["enum"] == [*CHOICES["entry"]]
    assert fields["dwell_s"]["unit"] == "s"
    assert fields["visit_id"]["constraints"]["unique"]


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("/data/Shop 1", "shop-1"),
        ("s3://bucket/nightly/", "nightly"),
        ("C:\\data\\out", "out"),
        ("/", "dataset"),
    ],
)
def test_the_name_of_the_package_is_that_of_the_folder(description, location, name):
    assert json.loads(format_datapackage(replace(description, location=location)))["name"] == name
