"""What the words of a report mean, as the schema and the functions themselves tell it."""

from collections.abc import Callable, Sequence
from inspect import getdoc
from typing import Any

from ptrack_analysis.report.parts import Definition
from ptrack_analysis.schema import Table


def rule_of(function: Callable[..., Any]) -> Definition:
    """Take the rule of a computation from its docstring: all up to its parameters."""
    return Definition(function.__name__, _paragraphs(function))


def first_sentence(function: Callable[..., Any]) -> str:
    """Take the first line of a docstring."""
    return _paragraphs(function)[0]


def column_text(schema: Table, name: str) -> str:
    """Take the definition of a column from the schema."""
    return next(one.text for one in (*schema.key, *schema.columns) if one.name == name)


def _paragraphs(function: Callable[..., Any]) -> Sequence[str]:
    text = (getdoc(function) or "").partition("\nParameters\n---")[0].partition("\nReturns\n---")[0]
    return [" ".join(one.split()) for one in text.strip().split("\n\n")]
