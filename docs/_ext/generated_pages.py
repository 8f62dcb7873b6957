"""Pages made from the code: the API reference, the command line, the tables and the notebooks."""

import argparse
import inspect
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import ptrack_analysis as pta
from ptrack_analysis import schema
from ptrack_analysis.cli.main import COMMANDS, build_parser
from ptrack_analysis.pipeline.config_fields import find_options
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.schema.tables import NOTEBOOK_ONLY, SALTED, SUPPRESSED, TABLES

NOTEBOOKS = "notebooks"
GALLERY = "gallery"


def write_pages(docs: Path) -> None:
    """Write all pages that are made from the code into ``generated``."""
    folder = docs / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    pages = {
        **build_api_pages(),
        "command-line.md": build_command_line(),
        "tables.md": build_tables(),
        "options.md": build_options(),
    }
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    write_notebooks(docs.parent, folder)


def list_topics() -> list[tuple[str, ModuleType]]:
    """Return the public modules: the top level first, then the submodules."""
    return [("", pta), *((name, getattr(pta, name)) for name in sorted(pta._SUBMODULES))]  # noqa: SLF001


def list_public(module: ModuleType) -> list[str]:
    """Return the public names of a module that are not modules."""
    return [name for name in sorted(module.__all__) if not inspect.ismodule(getattr(module, name))]


def build_api_pages() -> dict[str, str]:
    """Build a page for each public module, function and class.

    A function that the top level and a submodule share has its page at the top level.
    """
    pages: dict[str, str] = {}
    paths: dict[int, str] = {}
    for topic, module in list_topics():
        full = ".".join(part for part in ("ptrack_analysis", topic) if part)
        rows, children = [], []
        for name in list_public(module):
            value = getattr(module, name)
            path = f"{full}.{name}"
            if isinstance(value, schema.Table):
                rows.append(f"* - ``{name}``\n  - {_as_sentence(value.row)} See :doc:`../tables`.")
            elif not callable(value):
                rows.append(f"* - ``{name}``\n  - {_describe_constant(value)}")
            else:
                if id(value) not in paths:
                    paths[id(value)] = path
                    children.append(path)
                    pages[f"api/{path}.rst"] = _build_name_page(path, full, name, value)
                rows.append(f"* - :doc:`{name} <{paths[id(value)]}>`\n  - {_first_line(value, path)}")
        title = f"pta.{topic}" if topic else "Top level"
        summary = (inspect.getdoc(module) or "").partition("\n\n")[0]
        table = [".. list-table::", "   :class: api-names", "   :widths: 35 65", ""]
        table += ["   " + row.replace("\n", "\n   ") for row in rows]
        toctree = [".. toctree::", "   :hidden:", "", *(f"   {path}" for path in children)]
        pages[f"api/{topic or 'top-level'}.rst"] = "\n".join(
            [title, "=" * len(title), "", summary, "", *table, "", *toctree, ""]
        )
    pages["api/index.md"] = _build_api_index([topic or "top-level" for topic, _ in list_topics()])
    return pages


def _build_api_index(topics: list[str]) -> str:
    return "\n".join(
        [
            "# API reference",
            "",
            "`import ptrack_analysis as pta`. The everyday names are at the top level. All others are "
            "one level down, by topic, such as `pta.heat.compute_flow_field`.",
            "",
            'A duration is a text such as `"1.5s"` or `"10min"`, a Timedelta, or a number of seconds.',
            "",
            "```{toctree}",
            ":maxdepth: 2",
            "",
            *topics,
            "```",
            "",
        ]
    )


def _as_sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}".rstrip(".") + "."


def _describe_constant(value: object) -> str:
    if isinstance(value, schema.Column):
        return _as_sentence(value.text)
    text = repr(value)
    return f"``{text}``" if len(text) < 80 else f"A {type(value).__name__} of {len(value)} entries."


def _first_line(value: Any, path: str) -> str:
    text = (inspect.getdoc(value) or "").partition("\n\n")[0]
    if not text:
        raise ValueError(f"{path} has no docstring")
    return " ".join(text.split())


def _build_name_page(path: str, full: str, name: str, value: Any) -> str:
    directive = ["autoclass", "   :members:"] if inspect.isclass(value) else ["autofunction"]
    lines = [name, "=" * len(name), "", f".. currentmodule:: {full}", "", f".. {directive[0]}:: {path}"]
    return "\n".join([*lines, *directive[1:], ""])


def build_command_line() -> str:
    """Build the page of all commands and their options from the parser."""
    parser = build_parser(COMMANDS)
    epilog = parser.epilog.partition("\n\n")[0].replace("\n", " ")
    sections = [
        "# Command line\n",
        "`ptrack COMMAND SOURCE` reads a file, a folder or an `s3://` prefix. Data go to stdout, "
        "messages to stderr. `ptrack SOURCE` without a command gives a short look at the source and the next "
        "commands.\n",
        f"{epilog[0].upper()}{epilog[1:]}.\n",
    ]
    [commands] = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]  # noqa: SLF001
    for name in COMMANDS:
        sections += _describe_command(commands.choices[name], COMMANDS[name])
    return "\n".join(sections)


def _describe_command(parser: argparse.ArgumentParser, summary: str, depth: int = 2) -> Iterator[str]:
    yield f"{'#' * depth} {parser.prog}\n"
    examples, _, text = (parser.description or "").partition("\n\n")
    if not examples.startswith("examples:"):
        examples, text = "", parser.description or ""
    text = " ".join(text.split())
    yield (text or f"{summary[0].upper()}{summary[1:]}.") + "\n"
    if examples:
        lines = "\n".join(line.strip() for line in examples.splitlines()[1:])
        yield f"```sh\n{lines}\n```\n"
    for group in parser._action_groups:  # noqa: SLF001
        nested = [each for each in group._group_actions if isinstance(each, argparse._SubParsersAction)]  # noqa: SLF001
        actions = [
            each
            for each in group._group_actions  # noqa: SLF001
            if each.help != argparse.SUPPRESS and "--help" not in each.option_strings and each not in nested
        ]
        if actions:
            yield f"| {(group.title or 'options').removeprefix('positional ')} | |\n|---|---|"
            for action in actions:
                yield f"| {_format_names(action)} | {_format_help(parser, action)} |"
            yield ""
        for each in nested:
            for choice, subparser in each.choices.items():
                [help_] = [pseudo.help for pseudo in each._choices_actions if pseudo.dest == choice]  # noqa: SLF001
                yield from _describe_command(subparser, help_ or choice, depth + 1)


def _format_names(action: argparse.Action) -> str:
    value = action.metavar or (
        "" if action.nargs == 0 else f"{{{','.join(map(str, action.choices))}}}" if action.choices else ""
    )
    if not action.option_strings:
        return f"`{value or action.dest}`"
    joined = ", ".join(action.option_strings)
    return f"`{joined} {value}`".replace(" `", "`").replace("|", "\\|")


def _format_help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    formatter = parser._get_formatter()  # noqa: SLF001
    text = formatter._expand_help(action) if action.help else ""  # noqa: SLF001
    return escape(" ".join(text.split()))


def escape(text: str) -> str:
    """Escape what Markdown would read as markup in a cell of a table."""
    return re.sub(r"([|<>{}\[\]*_$])", r"\\\1", text)


def build_tables() -> str:
    """Build the page of all tables: what a row is, the key, and each column with unit and definition."""
    producers = {each.table.name: each for each in OUTPUTS.values()}
    lines = [
        "# Tables",
        "",
        "Each table that a function returns, `VideoAnalysis` computes or an export writes. "
        "Keys are index levels. `{u}` in a name is the unit of the plane: `x_px` or `x_m`. Times in memory "
        "are timedeltas; in a dataset, `timestamp` becomes `timestamp_ms` and `dwell` becomes `dwell_s`.",
        "",
        "The file `dictionary.md` of each exported dataset describes the columns as they are stored.",
        "",
    ]
    forms = {*(each.name for each in SALTED.values()), *(each.name for each in SUPPRESSED.values())}
    for table in sorted(TABLES.values(), key=lambda each: each.name):
        if table.name in forms:
            continue
        output = producers.get(table.name)
        lines += [f"## {table.name}", "", _as_sentence(table.row), ""]
        if output is not None:
            needs = ", ".join(sorted(need.name.lower().replace("_", " ") for need in output.needs))
            lines += [
                f"Output `{output.name}`"
                + ("; written by default" if output.standard else "; written with `--tables`")
                + (f"; needs: {needs}" if needs else "")
                + ".",
                "",
            ]
        elif table.name in NOTEBOOK_ONLY:
            lines += ["Returned by functions; not part of a dataset.", ""]
        lines += ["| column | type | unit | definition |", "|---|---|---|---|"]
        for part, columns in (("key", table.key), ("", table.columns)):
            for column in columns:
                if not column.text.strip():
                    raise ValueError(f"column {column.name!r} of table {table.name!r} has no definition")
                kind = ", ".join(
                    each for each in (part, column.dtype, "optional" if column.optional else "") if each
                )
                choices = (
                    f" Values: {', '.join(f'`{each}`' for each in column.choices)}." if column.choices else ""
                )
                text = _as_sentence(column.text)
                lines.append(
                    f"| `{column.name}` | {kind} | {escape(column.unit_in(None))} | {escape(text)}{choices} |"
                )
        lines.append("")
    return "\n".join(lines)


def build_options() -> str:
    """Build the page of all options of an analysis: in Python, in the shell, and what they mean."""
    lines = [
        "# Options of an analysis",
        "",
        "Fields of `AnalysisConfig`, keyword arguments of `open_video` and `export_dataset`, "
        "and options of the commands: the same list under three names.",
        "",
    ]
    groups: dict[str, list[str]] = {}
    for field, option in find_options(pta.AnalysisConfig):
        flag = option.flag or "--" + field.name.replace("_", "-")
        unit = {"plane": "px or m", "plane/s": "px/s or m/s"}.get(option.unit, option.unit)
        text = f"{option.text[0].upper()}{option.text[1:]}" + (f" [{unit}]" if unit else "") + "."
        default = option.default or ("" if field.default is None else str(field.default))
        flag = flag if flag.startswith("--") else f"--{flag}"
        groups.setdefault(option.group, []).append(
            f"| `{field.name}` | `{flag}` | {escape(text)} | {escape(default)} |"
        )
    for group, rows in groups.items():
        lines += [
            f"## {group[0].upper()}{group[1:]}",
            "",
            "| Python | shell | meaning | default |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    return "\n".join(lines)


def write_notebooks(root: Path, folder: Path) -> None:
    """Copy the articles with their stored outputs, and run the gallery anew."""
    import nbformat
    from nbclient import NotebookClient

    target = folder / NOTEBOOKS
    target.mkdir()
    for file in sorted((root / NOTEBOOKS).glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        if file.stem == GALLERY:
            client = NotebookClient(
                notebook, timeout=600, resources={"metadata": {"path": str(root / NOTEBOOKS)}}
            )
            client.execute(env={**os.environ, "PYTHONWARNINGS": "default"})
        for cell in notebook.cells:
            if "alt" in cell.metadata:
                cell.metadata["mystnb"] = {"image": {"alt": cell.metadata["alt"]}}
            cell.source = re.sub(r"\]\(\.\./docs/", "](../../", cell.source)
        (target / file.name).write_text(json.dumps(notebook), encoding="utf-8")
