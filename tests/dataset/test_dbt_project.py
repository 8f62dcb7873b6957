"""The dbt project over a dataset: its tests and models are executed as SQL in DuckDB."""

import json
import re
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest
import yaml
from stored_dataset import CHOICES, change_table, list_tables, make_rows, write_dataset

from ptrack_analysis.dataset.dbt_project import format_dbt
from ptrack_analysis.dataset.description import DatasetDescription
from ptrack_analysis.dataset.duckdb_views import format_duckdb_views
from ptrack_analysis.dataset.relations import RELATIONS


@pytest.fixture(scope="module", params=[None, "local_month"], ids=["flat", "partitioned"])
def stored(request, tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("dbt"), request.param)


class Project:
    """A dbt project in memory, as dbt-duckdb would render it in the folder ``dbt`` of a dataset."""

    def __init__(self, description):
        self.files = format_dbt(description)
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.root = description.location
        [source] = yaml.safe_load(self.files["dbt/models/sources.yml"])["sources"]
        self.tables = {table["name"]: table for table in source["tables"]}

    def render(self, text):
        return re.sub(r"\{\{ source\('ptrack', '(\w+)'\) \}\}", lambda found: self.refer(found[1]), text)

    def refer(self, name):
        location = self.tables[name]["config"]["meta"]["external_location"]
        return re.sub(r"\{\{ var\('ptrack_root', '\.\.'\) \}\}", self.root, location)

    def list_tests(self):
        """Return the query of each test by its name; rows are failures."""
        queries = {}
        for table, described in self.tables.items():
            source = self.refer(table)
            for column in described["columns"]:
                assert column["quote"] is True
                name = '"' + column["name"].replace('"', '""') + '"'
                for test in column.get("data_tests", []):
                    kind, given = (test, {}) if isinstance(test, str) else next(iter(test.items()))
                    queries[kind, table, column["name"]] = self.query(
                        kind, source, name, given.get("arguments", {})
                    )
        for path, text in self.files.items():
            if found := re.fullmatch(r"dbt/tests/unique_key_(\w+)\.sql", path):
                queries["unique_key", found[1], ""] = self.render(text)
        return queries

    def query(self, kind, source, name, given):
        match kind:
            case "unique":
                return (
                    f"FROM {source} SELECT {name} WHERE {name} IS NOT NULL GROUP BY ALL HAVING count(*) > 1"
                )
            case "not_null":
                return f"FROM {source} WHERE {name} IS NULL"
            case "relationships":
                to = self.render(f"{{{{ {given['to']} }}}}")
                return f"FROM {source} WHERE {name} NOT IN (FROM {to} SELECT {given['field']})"
            case "accepted_values":
                values = ", ".join(f"'{value}'" for value in given["values"])
                return f"FROM {source} WHERE {name} NOT IN ({values})"

    def find_failures(self):
        return {
            test for test, query in self.list_tests().items() if self.connection.execute(query).fetchall()
        }


@pytest.fixture
def project(stored):
    return Project(stored.description)


def test_the_project_is_complete_and_refers_to_its_profile(project):
    configured = yaml.safe_load(project.files["dbt/dbt_project.yml"])
    profiles = yaml.safe_load(project.files["dbt/profiles.yml"])
    assert configured["profile"] in profiles
    assert profiles["ptrack"]["outputs"][profiles["ptrack"]["target"]]["type"] == "duckdb"
    described = yaml.safe_load(project.files["dbt/models/models.yml"])["models"]
    models = {path.split("/")[-1] for path in project.files if re.fullmatch(r"dbt/models/\w+\.sql", path)}
    assert models == {f"{model['name']}.sql" for model in described}
    assert len(models) == 7
    assert all(model["description"] for model in described)
    assert "dbt build" in project.files["dbt/README.md"]


def test_each_column_has_its_definition_and_type(project, stored):
    for table in stored.description.tables:
        documented = project.tables[table.name]["columns"]
        assert [column["name"] for column in documented] == table.schema.names
        assert all(column["description"].startswith("The ") for column in documented)
        found = project.connection.execute(f"DESCRIBE FROM {project.refer(table.name)}").fetchall()
        assert [column["data_type"].upper() for column in documented] == [row[1] for row in found]


def test_the_tests_cover_keys_references_and_choices(project, stored):
    tests = {*project.list_tests()}
    for table in stored.description.tables:
        assert {("not_null", table.name, key) for key in table.key} <= tests
        single = ("unique", table.name, table.key[0])
        assert (single if len(table.key) == 1 else ("unique_key", table.name, "")) in tests
    assert {("relationships", one.table, one.column) for one in RELATIONS} <= tests
    assert {column for kind, _, column in tests if kind == "accepted_values"} == CHOICES.keys()
    assert {("unique", "visits", "visit_id"), ("unique", "crossings", "crossing_id")} <= tests


def test_a_sound_dataset_passes_all_tests(project):
    assert len(project.list_tests()) > 90
    assert project.find_failures() == set()


def test_damage_fails_the_test_of_its_kind(tmp_path):
    rows = make_rows()
    rows["visits"][1] |= {"entry": "flew", "zone_key": "gone", "person": None}
    rows["occupancy"].append(rows["occupancy"][0])
    rows["sites"].append(rows["sites"][0])
    rows["heatmap"][0]["row"] = None
    stored = write_dataset(tmp_path, rows=rows)
    assert Project(stored.description).find_failures() == {
        ("accepted_values", "visits", "entry"),
        ("relationships", "visits", "zone_key"),
        ("unique_key", "occupancy", ""),
        ("unique", "sites", "site"),
        ("not_null", "heatmap", "row"),
    }


def test_models_give_the_rows_of_the_views(project, stored):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(format_duckdb_views(stored.description))
        for path, text in project.files.items():
            if found := re.fullmatch(r"dbt/models/(\w+)\.sql", path):
                expected = connection.execute(f"FROM {found[1]} ORDER BY ALL").fetchall()
                query = f"FROM ({project.render(text)}) ORDER BY ALL"
                assert project.connection.execute(query).fetchall() == expected
                assert expected


def test_a_dataset_in_s3_is_found_there_and_its_profile_has_credentials(stored):
    files = format_dbt(replace(stored.description, location="s3://bucket/nightly/"))
    assert "var('ptrack_root', 's3://bucket/nightly')" in files["dbt/models/sources.yml"]
    profile = yaml.safe_load(files["dbt/profiles.yml"])["ptrack"]["outputs"]["dev"]
    assert profile["secrets"] == [{"type": "s3", "provider": "credential_chain"}]


def test_no_text_of_a_source_is_a_template_for_dbt(stored):
    marks = {"definition": "{{ env_var('HOME') }} of the row"}
    schema = stored.description.find("detections").schema
    for name in ("{{ env_var('HOME') }}", "plain"):
        schema = schema.append(pa.field(name, pa.string(), metadata=marks))
    files = format_dbt(change_table(stored.description, "detections", schema=schema))
    assert not any("env_var" in text and "{{ env" in text for text in files.values())
    [source] = yaml.safe_load(files["dbt/models/sources.yml"])["sources"]
    [detections] = [table for table in source["tables"] if table["name"] == "detections"]
    assert detections["columns"][-1]["name"] == "plain"
    assert detections["columns"][-1]["description"] == "(( env_var('HOME') )) of the row"


def test_texts_of_any_kind_are_valid_yaml():
    odd = 'a: "b" #c\n- \\ \N{SNOWMAN} {d'
    tables = [
        replace(table, schema=pa.schema([pa.field(odd.replace("{", ""), pa.string())]), row=odd)
        for table in list_tables()[:1]
    ]
    text = format_dbt(DatasetDescription(tuple(tables), "/x"))["dbt/models/sources.yml"]
    [source] = yaml.safe_load(text)["sources"]
    assert source["tables"][0]["columns"][0]["name"] == odd.replace("{", "")
    assert json.dumps(source["tables"][0]["description"])
