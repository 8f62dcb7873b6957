"""The modules of the explorer and the editor, and the scripts that they are joined to."""

import re
from importlib.resources import files

import pytest

from ptrack_analysis.editing.web_page import PARTS as EDITOR
from ptrack_analysis.web.assets import asset, joined_script
from ptrack_analysis.web.explorer import PARTS as EXPLORER
from ptrack_analysis.web.explorer import explorer_script

IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\./|\.\./shared/)(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:const|let|function|class) (?:\[([\w, ]+)\]|(\w+))", re.MULTILINE)
DECLARED = re.compile(
    r"^(?:export )?(?:async )?(?:const|let|function|class) (?:\[([\w, ]+)\]|(\w+))", re.MULTILINE
)
MOST_LINES = 300


def list_names(pattern, part):
    found = pattern.findall(asset(f"{part}.js"))
    return [name for several, one in found for name in (several.split(", ") if several else [one])]


def list_imports(part):
    """List the imports of a module: names, and the module that they are from."""
    folder = part.split("/")[0]
    return [
        (names.split(", "), f"{folder if where == './' else 'shared'}/{name}")
        for names, where, name in IMPORT.findall(asset(f"{part}.js"))
    ]


def test_the_joined_module_asks_for_no_other_and_exports_mount_alone():
    script = explorer_script()
    assert not re.search(r"^\s*import\b", script, re.MULTILINE)
    assert re.findall(r"^export .*", script, re.MULTILINE) == [
        "export function mount(element, data, options = {}) {"
    ]


SCRIPTS = pytest.mark.parametrize("parts", [EXPLORER, EDITOR], ids=["explorer", "editor"])


@pytest.mark.parametrize("folder", ["explorer", "editor", "shared"])
def test_every_module_is_joined(folder):
    found = {file.name for file in files("ptrack_analysis.web").joinpath(folder).iterdir()}
    joined = {f"{part}.js" for part in (*EXPLORER, *EDITOR) if part.startswith(folder)}
    assert {f"{folder}/{name}" for name in found if name.endswith(".js")} == joined


@SCRIPTS
def test_no_module_imports_a_later_one_so_there_is_no_circle(parts):
    for number, part in enumerate(parts):
        assert {other for _, other in list_imports(part)} <= set(parts[:number]), part


@SCRIPTS
def test_shared_modules_import_no_module_of_the_pages(parts):
    for part in parts:
        if part.startswith("shared/"):
            assert all(other.startswith("shared/") for _, other in list_imports(part))


@SCRIPTS
def test_no_module_is_longer_than_300_lines(parts):
    lengths = {part: len(asset(f"{part}.js").splitlines()) for part in parts}
    assert {part: length for part, length in lengths.items() if length > MOST_LINES} == {}


@SCRIPTS
def test_no_two_modules_declare_the_same_name(parts):
    names = [name for part in parts for name in list_names(DECLARED, part)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("part", sorted({*EXPLORER, *EDITOR}))
def test_imported_names_exist_and_are_used(part):
    source = asset(f"{part}.js")
    body = IMPORT.sub("", source)
    assert not re.search(r"^import\b", body, re.MULTILINE)
    for names, other in list_imports(part):
        assert set(names) <= set(list_names(EXPORT, other)), other
        assert all(re.search(rf"\b{name}\b", body) for name in names), other


def test_exported_names_are_imported_somewhere():
    imported = {name for part in (*EXPLORER, *EDITOR) for names, _ in list_imports(part) for name in names}
    exported = {name for part in EXPLORER for name in list_names(EXPORT, part)}
    assert exported - imported == {"mount"}


def test_modules_are_joined_in_order_and_only_the_last_exports(monkeypatch):
    sources = {
        "x/a.js": '/** A.\n * B. */\nimport { b } from "../shared/b.js";\nexport const a = () => b();\n',
        "x/b.js": (
            'import { a } from "./a.js";\nexport function b() {\n  // why\n  return "// no comment";\n}\n'
        ),
    }
    monkeypatch.setattr("ptrack_analysis.web.assets.asset", sources.__getitem__)
    assert joined_script(["x/a", "x/b"]) == (
        'const a = () => b();\nexport function b() {\nreturn "// no comment";\n}\n'
    )
