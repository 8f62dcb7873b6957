"""The message for a public name that is looked up in the wrong module."""

import ast
from difflib import get_close_matches
from functools import cache
from importlib import util

_PACKAGE = __name__.partition(".")[0]
_MOST = 3
"""Suggestions in a message."""


def describe_missing(module: str, name: str) -> AttributeError:
    """Return the error for a name that a module lacks: where the name is, or which names are similar."""
    message = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(message)
    homes = _find_homes()
    if name in homes:
        return AttributeError(f"{message}: {name} is in {homes[name]}")
    near = get_close_matches(name, homes, n=_MOST)
    near = near or [each for each in homes if name.lower().rstrip("s") in each.lower()][:_MOST]
    similar = " or ".join(f"{homes[each]}.{each}" for each in near)
    return AttributeError(f"{message}. Did you mean {similar}?" if near else message)


@cache
def _find_homes() -> dict[str, str]:
    """Return the module of each public name, the top level first; nothing is imported for it."""
    names = _read_list(_PACKAGE, "__all__")
    homes = {
        name: f"{_PACKAGE}.{part}"
        for part in _read_list(_PACKAGE, "_SUBMODULES")
        for name in read_public_names(part)
    }
    return homes | dict.fromkeys(names, _PACKAGE)


def read_public_names(submodule: str) -> list[str]:
    """Return the public names of a submodule without importing it."""
    return _read_list(f"{_PACKAGE}.{submodule}", "__all__")


def _read_list(module: str, variable: str) -> list[str]:
    """Read a literal list or tuple from the source of a module."""
    spec = util.find_spec(module)
    source = getattr(spec and spec.loader, "get_source", lambda _: None)(module)
    for statement in ast.parse(source or "").body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == variable:
            return [*ast.literal_eval(statement.value)]
    return []
