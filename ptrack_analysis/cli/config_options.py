"""Shell options derived from the fields of a configuration."""

import argparse
from collections.abc import Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any

from ptrack_analysis.cli.options import (
    above_zero,
    at_least_zero,
    fallback_video,
    names,
    parse_file_path,
    period,
    persons,
    shape,
    span,
)
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.config_fields import Option, find_options, get_value_type

_READERS: dict[str, Any] = {
    "Duration": span,
    "FilePath": parse_file_path,
    "AnyFilePath": parse_file_path,
    "float": at_least_zero,
    "int": int,
    "tuple[int, int]": shape,
    "Iterable[int]": persons,
    "Iterable[str]": names,
}
"""Readers of option values by type of the field; other values are text."""
_METAVARS = {"Duration": "TIME", "FilePath": "FILE", "AnyFilePath": "FILE", "float": "LENGTH"}
_UNITS = {
    "plane": " [px, or m with --floor]",
    "plane/s": " [px/s, or m/s with --floor]",
    "m": " [m]",
    "px": " [px]",
}
_LONGEST_VALUE = 2**16
"""Largest file that contains the value of an option [bytes]."""
_AUTO = "auto"
_TITLES = {
    "scene": "zones and floor plan",
    "clock": "clock times",
    "presence": "presence",
    "positions": "positions",
    "visits": "visits to zones",
    "lines": "crossings of lines",
    "bins": "bins",
    "stops": "stops",
    "cleaning": "cleaning (off by default; changed rows are flagged)",
    "part": "part of the video",
    "cells": "heatmap cells",
    "faces": "faces",
    "tables": "tables",
    "privacy": "data for publication",
    "background": "background",
    "paths": "paths",
    "title": "title",
    "heatmap": "heatmap",
    "moving": "people in motion",
    "animation": "animation",
    "video": "annotated video",
}
MEASURING = ("presence", "positions", "visits", "lines", "bins", "stops", "cells", "cleaning", "part")
"""The groups of options that change the results, in the order of the help."""


def add_options(
    parser: argparse.ArgumentParser,
    *groups: str,
    config: type = AnalysisConfig,
    defaults: Mapping[str, str] | None = None,
    into: Any = None,
) -> None:
    """Add the options of some groups.

    Parameters
    ----------
    parser
        The parser that gets the options.
    *groups
        Names of the groups, in the order of the help.
    config
        The configuration that declares the fields.
    defaults
        Descriptions of defaults that differ for this command.
    into
        The help group for all options; by default each group has its own.
    """
    for group in groups:
        found = [(each, option) for each, option in find_options(config) if option.group == group]
        container = into or (parser.add_argument_group(_TITLES[group]) if found else None)
        for each, option in found:
            _add_option(container, each, option, (defaults or {}).get(each.name))


def _add_option(group: Any, each: Field[Any], option: Option, default: str | None) -> None:
    flag = option.flag or f"--{each.name.replace('_', '-')}"
    text = f"{option.text}{_UNITS.get(option.unit, '')}".replace("%", "%%")
    kind = get_value_type(each)
    if kind == "bool":
        group.add_argument(flag, dest=each.name, action="store_true", help=text)
        return
    options: dict[str, Any] = {"type": _READERS.get(kind, str), "default": each.default}
    options["metavar"] = option.metavar or _METAVARS.get(kind)
    if option.above_zero and kind == "float":
        options["type"] = above_zero
    if option.choices:
        options |= {"choices": option.choices, "metavar": None}
    if option.auto:
        options |= {"type": period, "default": _AUTO}
    if option.from_file:
        options |= {"type": parse_file_path, "metavar": "FILE"}
        text = f"file with the {text}"
    default = default or option.default or _format_default(options["default"])
    group.add_argument(
        flag, dest=each.name, help=f"{text} (default {default})" if default else text, **options
    )


def _format_default(default: Any) -> str:
    if default is None:
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


def read_config(args: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of ``AnalysisConfig`` for which the command has options."""
    return read_fields(args) | {"video": fallback_video(args)}


def read_fields(args: argparse.Namespace, config: type = AnalysisConfig) -> dict[str, Any]:
    """Return the fields of a configuration for which the command has options."""
    return {
        each.name: _read_value(getattr(args, each.name), option)
        for each, option in find_options(config)
        if hasattr(args, each.name)
    }


def _read_value(value: Any, option: Option) -> Any:
    if option.auto and value == _AUTO:
        return None
    return _read_file(value, option.flag) if option.from_file and value is not None else value


def _read_file(file: str, flag: str) -> bytes:
    """Read a value from a file, without surrounding white space."""
    from ptrack_analysis.errors import InputError

    try:
        with Path(file).open("rb") as stream:
            content = stream.read(_LONGEST_VALUE + 1)
    except OSError as error:
        raise InputError(f"{file}: cannot read the file of {flag}: {error.strerror or error}") from error
    if len(content) > _LONGEST_VALUE:
        raise InputError(
            f"{file}: the file of {flag} has more than {_LONGEST_VALUE} bytes. Pass a file that contains "
            "only the value."
        )
    return content.strip()
