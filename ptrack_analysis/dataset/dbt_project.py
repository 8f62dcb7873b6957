"""A dbt project over a dataset: sources with documentation and tests, and models."""

import json
from collections.abc import Iterator
from typing import Any

from ptrack_analysis.dataset.description import (
    MARK,
    DatasetDescription,
    StoredTable,
    as_sentence,
    find_choices,
    find_definition,
    find_type,
    find_unit,
    quote_name,
)
from ptrack_analysis.dataset.duckdb_views import DUCKDB_TYPES
from ptrack_analysis.dataset.question_views import list_question_views
from ptrack_analysis.dataset.relations import Relation

SOURCE = "ptrack"
_PROJECT = f"""\
# {MARK}
name: ptrack_dataset
version: "{{version}}"
config-version: 2
profile: ptrack
require-dbt-version: ">=1.10.5"
model-paths: [models]
test-paths: [tests]
flags:
  send_anonymous_usage_stats: false
models:
  ptrack_dataset:
    +materialized: table
"""
_PROFILE = f"""\
# {MARK}. An example: copy it to ~/.dbt/profiles.yml, or use it from this folder.
ptrack:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: _ptrack.duckdb
      threads: 2
"""
_PROFILE_S3 = """\
      extensions: [httpfs, aws]
      secrets:
        - type: s3
          provider: credential_chain
"""
_README = f"""\
<!-- {MARK} -->

# dbt project of this dataset

The tables of the dataset are sources with documentation and tests. The models answer common questions.
`ptrack export` writes this folder again, so keep your own models in another project.

```sh
pip install dbt-duckdb
cd OUT/dbt
dbt build --target-path _target --log-path _logs
```

`dbt build` creates the models in `_ptrack.duckdb` and runs all tests. Names that begin with `_` are not
part of the dataset. To use the sources in your own project, copy `models/sources.yml` and `tests`, and set
the location of the dataset in `dbt_project.yml`:

```yaml
vars:
  ptrack_root: {{location}}
```

The tests check that keys are unique and not null, that references exist, and that columns have only accepted
values. Tests for keys of several columns are in `tests`, because the built-in tests take one column.
"""
_KEY_TEST = """\
-- {mark}. Rows of {table} whose key ({key}) is not unique.
select {columns}, count(*) as rows_with_key
from {source}
group by {columns}
having count(*) > 1
"""


def format_dbt(description: DatasetDescription) -> dict[str, str]:
    """Format the files of a dbt project by their paths in the dataset.

    The project works with dbt-duckdb without further packages. Sources are located relative to the folder of
    the project, or in S3. The variable ``ptrack_root`` overrides this location.
    """
    root = description.root if description.is_in_s3 else ".."
    files = {
        "dbt_project.yml": _PROJECT.format(version=f"{description.version}.0.0"),
        "profiles.yml": _PROFILE + (_PROFILE_S3 if description.is_in_s3 else ""),
        "README.md": _README.format(
            folder="OUT/dbt", location=json.dumps(description.root, ensure_ascii=False)
        ),
        "models/sources.yml": _format_yaml(_describe_sources(description, root)),
        "models/models.yml": _format_yaml(_describe_models(description)),
    }
    for view in list_question_views(description, _refer):
        files[f"models/{view.name}.sql"] = f"-- {MARK}\n{view.query}\n"
    for table in description.tables:
        if len(table.key) > 1:
            files[f"tests/unique_key_{table.name}.sql"] = _format_key_test(table)
    return {f"dbt/{path}": text for path, text in files.items()}


def _refer(table: str) -> str:
    return f"{{{{ source('{SOURCE}', '{table}') }}}}"


def _format_key_test(table: StoredTable) -> str:
    return _KEY_TEST.format(
        mark=MARK,
        table=table.name,
        key=", ".join(table.key),
        columns=", ".join(map(quote_name, table.key)),
        source=_refer(table.name),
    )


def _describe_sources(description: DatasetDescription, root: str) -> dict[str, Any]:
    tables = [_describe_table(description, table, root) for table in description.tables]
    source = {"name": SOURCE, "description": "Tables of people tracked in videos.", "tables": tables}
    return {"version": 2, "sources": [source]}


def _describe_table(description: DatasetDescription, table: StoredTable, root: str) -> dict[str, Any]:
    location = f"{{{{ var('ptrack_root', '{root}') }}}}/{description.find_pattern(table)}"
    location = f"read_parquet('{location}', union_by_name = true, hive_partitioning = false)"
    relations = [relation for relation in description.list_relations() if relation.table == table.name]
    return {
        "name": table.name,
        "description": _escape(as_sentence(f"A row is {table.row}")),
        "config": {"meta": {"external_location": location}},
        "columns": [*_describe_columns(table, relations)],
    }


def _describe_columns(table: StoredTable, relations: list[Relation]) -> Iterator[dict[str, Any]]:
    """Describe the columns, except columns whose names dbt would read as templates."""
    for column in table.schema:
        if "{" in column.name:
            continue
        unit = find_unit(column)
        text = find_definition(column) + (f" [{unit}]" if unit else "")
        tests = [*_list_tests(table, column.name, find_choices(column), relations)]
        yield {
            "name": column.name,
            "description": _escape(text),
            "data_type": DUCKDB_TYPES[find_type(column)].lower(),
            "quote": True,
            **({"data_tests": tests} if tests else {}),
        }


def _list_tests(
    table: StoredTable, name: str, choices: list[str], relations: list[Relation]
) -> Iterator[Any]:
    if name in table.unique_columns:
        yield "unique"
    if name in table.key or name in table.unique_columns:
        yield "not_null"
    for relation in relations:
        if relation.column == name:
            to = f"source('{SOURCE}', '{relation.to}')"
            yield {"relationships": {"arguments": {"to": to, "field": quote_name(relation.key)}}}
    if choices:
        yield {"accepted_values": {"arguments": {"values": choices}}}


def _describe_models(description: DatasetDescription) -> dict[str, Any]:
    views = list_question_views(description)
    return {
        "version": 2,
        "models": [{"name": view.name, "description": _escape(view.text)} for view in views],
    }


def _escape(text: str) -> str:
    """Replace the braces that begin a template in dbt."""
    return " ".join(text.split()).replace("{", "(").replace("}", ")")


def _format_yaml(content: dict[str, Any]) -> str:
    """Format nested lists and objects as YAML; a JSON string is a YAML string."""
    return f"# {MARK}\n" + "\n".join(_list_lines(content, "")) + "\n"


def _list_lines(content: Any, indent: str) -> Iterator[str]:
    pairs = content.items() if isinstance(content, dict) else [(None, value) for value in content]
    for name, value in pairs:
        start = f"{indent}{name}:" if name is not None else f"{indent}-"
        if not isinstance(value, dict | list) or not value:
            yield f"{start} {json.dumps(value, ensure_ascii=False)}"
        elif name is not None:
            yield start
            yield from _list_lines(value, f"{indent}  ")
        else:
            first, *others = _list_lines(value, f"{indent}  ")
            yield f"{start} {first.lstrip()}"
            yield from others
