"""The explorer's modules and the one that they are joined to."""

import re
from importlib.resources import files

import pytest

from ptrack_analysis.web.assets import asset, joined_script
from ptrack_analysis.web.explorer import PARTS, explorer_script

IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:const|let|function|class) (?:\[([\w, ]+)\]|(\w+))", re.MULTILINE)


def exported(part):
    found = EXPORT.findall(asset(f"explorer/{part}.js"))
    return {name for several, one in found for name in (several.split(", ") if several else [one])}


def test_the_joined_module_asks_for_no_other_and_exports_mount_alone():
    script = explorer_script()
    assert not re.search(r"^\s*import\b", script, re.MULTILINE)
    assert re.findall(r"^export .*", script, re.MULTILINE) == [
        "export function mount(element, data, options = {}) {"
    ]


def test_every_module_is_a_part():
    folder = files("ptrack_analysis.web").joinpath("explorer")
    assert sorted(file.name for file in folder.iterdir()) == sorted(f"{part}.js" for part in PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_what_a_module_takes_from_another_is_there_and_used(part):
    source = asset(f"explorer/{part}.js")
    body = IMPORT.sub("", source)
    for names, other in IMPORT.findall(source):
        assert set(names.split(", ")) <= exported(other), other
        assert all(re.search(rf"\b{name}\b", body) for name in names.split(", ")), other


def test_what_is_exported_is_taken_somewhere():
    taken = {
        name
        for part in PARTS
        for names, _ in IMPORT.findall(asset(f"explorer/{part}.js"))
        for name in names.split(", ")
    }
    assert set().union(*map(exported, PARTS)) - taken == {"mount"}


def test_modules_are_joined_in_their_order_and_the_last_alone_exports(monkeypatch):
    sources = {
        "x/a.js": '/** A. */\nimport { b } from "./b.js";\nexport const a = () => b();\n',
        "x/b.js": 'import { a } from "./a.js";\nexport function b() {\n  return "export const c";\n}\n',
    }
    monkeypatch.setattr("ptrack_analysis.web.assets.asset", sources.__getitem__)
    assert joined_script("x", ["a", "b"]) == (
        '/** A. */\nconst a = () => b();\n\nexport function b() {\n  return "export const c";\n}\n'
    )
