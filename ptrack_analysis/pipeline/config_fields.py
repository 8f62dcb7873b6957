"""Fields of a configuration, declared once for Python and for the shell.

The name, type, default and metadata of a field determine its entry in the docstring of its class, its
validation and its option in ``ptrack``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from textwrap import fill, indent
from typing import Any, TypeVar

_UNITS = {"plane": "unit of the plane", "plane/s": "unit of the plane/s"}
_WIDTH = 106
_Config = TypeVar("_Config")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Declaration of a field.

    Parameters
    ----------
    text
        Noun phrase that describes the field, without its unit and default.
    group
        Group of the option; commands choose options by group.
    unit
        Unit: ``ms``, ``px``, ``m``, or ``plane`` and ``plane/s`` where it depends on the floor plan.
    note
        Sentences that concern Python only.
    default
        Description of the default, if its value does not explain it.
    flag
        Name of the option, if it differs from the name of the field.
    metavar
        Placeholder of the value in the shell; by default derived from the type.
    choices
        The possible values, if they are few.
    above_zero
        Whether a number or a duration must be above 0, instead of at least 0.
    auto
        Whether the shell accepts ``auto`` for None.
    from_file
        Whether the shell reads the value from a file.
    """

    text: str
    group: str
    unit: str = ""
    note: str = ""
    default: str = ""
    flag: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    above_zero: bool = False
    auto: bool = False
    from_file: bool = False


def option(text: str, group: str, **more: Any) -> dict[str, Option]:
    """Return the metadata of a field that is also a shell option."""
    return {"option": Option(text=text, group=group, **more)}


def find_options(config: type) -> Iterator[tuple[Field[Any], Option]]:
    """Yield the fields of a configuration that are options, with their declarations."""
    for each in fields(config):
        if "option" in each.metadata:
            yield each, each.metadata["option"]


def get_value_type(declared: Field[Any]) -> str:
    """Return the name of a field's type, without None."""
    return str(declared.type).removesuffix(" | None")


def document_fields(config: type[_Config]) -> type[_Config]:
    """Replace ``FIELDS`` in the docstring of a configuration with the entries of its fields."""
    entries = "\n".join(
        f"    {each.name}\n{_describe(each, declared)}" for each, declared in find_options(config)
    )
    config.__doc__ = (config.__doc__ or "").replace("    FIELDS", entries)
    return config


def _describe(each: Field[Any], declared: Option) -> str:
    flag = get_value_type(each) == "bool"
    text = f"whether to {declared.text}" if flag else declared.text
    unit = f" [{_UNITS.get(declared.unit, declared.unit)}]" if declared.unit else ""
    default = declared.default or _format_default(each)
    sentence = f"{text[0].upper()}{text[1:]}{unit}{f'; by default {default}' if default else ''}."
    return indent(fill(f"{sentence} {declared.note}".strip(), _WIDTH - 8), " " * 8)


def _format_default(each: Field[Any]) -> str:
    if each.default is None or each.default is False:
        return ""
    return f"{each.default:g}" if isinstance(each.default, float) else repr(each.default)
