"""Patterns of file names that tell when and where a video was recorded."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from ptrack_analysis.clock.recording import taken_names
from ptrack_analysis.errors import ParameterError

_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{2}",
    "d": r"\d{2}",
    "j": r"\d{3}",
    "H": r"\d{2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,6}",
    "z": r"[Zz]|[+-]\d{2}:?\d{2}",
}
_PARTS = re.compile(r"%(?P<directive>.?)|\{(?P<field>[^{}]*)\}|(?P<text>[^%{}]+|[{}])", re.DOTALL)
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_NEEDED = "a date (%Y, %m and %d, or %Y and %j) and an hour (%H)"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of names, ready to be compared: its fields and the directives of its time, in their order."""

    text: str
    names: re.Pattern[str]
    fields: tuple[str, ...]
    directives: tuple[str, ...]

    def read(self, name: str) -> tuple[datetime, dict[str, str]] | None:
        """Read the time, local where there is no ``%z``, and the fields; None if the name does not fit.

        Raises
        ------
        ParameterError
            If the name fits, and its digits are no date and time.
        """
        found = self.names.fullmatch(name)
        if found is None:
            return None
        values = [found[f"time_{directive}"].upper() for directive in self.directives]
        try:
            form = " ".join(f"%{directive}" for directive in self.directives)
            moment = datetime.strptime(" ".join(values), form)  # noqa: DTZ007 - a local time is settled later
        except ValueError as error:
            raise ParameterError(
                f"the name {name!r} fits {self.text!r}, but has no such time: {error}"
            ) from error
        return moment, {one: found[f"field_{one}"] for one in self.fields}


@lru_cache(maxsize=64)
def pattern_of(text: str) -> Pattern:
    """Make a pattern: ``{camera}`` stands for any text, ``%Y`` and its like for digits of the time.

    Directives are those of ``strptime`` that are written in digits: ``%Y %y %m %d %j %H %M %S %f %z``; ``%%``
    is a percent sign. Everything else stands for itself, in upper or lower case.

    Raises
    ------
    ParameterError
        If it has another directive, one or a field twice, two fields with nothing between them, or no date
        and hour.
    """
    expression, fields, directives = "", list[str](), list[str]()
    after_field = False
    for part in _PARTS.finditer(text):
        if (directive := part["directive"]) is not None and directive != "%":
            expression += f"(?P<time_{_directive(directive, directives, text)}>{_DIRECTIVES[directive]})"
        elif (name := part["field"]) is not None:
            if after_field:
                raise ParameterError(f"pattern {text!r}: nothing stands between {fields[-1]!r} and {name!r}")
            expression += f"(?P<field_{_field(name, fields, text)}>[^/]+)"
        elif part["text"] in ("{", "}"):
            raise ParameterError(
                f"pattern {text!r}: a brace stands alone, not around a name as in {{camera}}"
            )
        else:
            expression += re.escape(part["text"] or "%")
        after_field = part["field"] is not None
    given = set(directives)
    if not (given & {"Y", "y"} and ({"m", "d"} <= given or "j" in given) and "H" in given):
        raise ParameterError(f"pattern {text!r} does not tell {_NEEDED}")
    return Pattern(text, re.compile(expression, re.IGNORECASE), tuple(fields), tuple(directives))


def _directive(directive: str, earlier: list[str], text: str) -> str:
    if directive not in _DIRECTIVES:
        known = " ".join(f"%{one}" for one in _DIRECTIVES)
        raise ParameterError(f"pattern {text!r}: %{directive} is not one of {known}")
    if directive in earlier:
        raise ParameterError(f"pattern {text!r}: %{directive} is there twice")
    earlier.append(directive)
    return directive


def _field(name: str, earlier: list[str], text: str) -> str:
    if not _FIELD.fullmatch(name) or name in taken_names():
        raise ParameterError(f"pattern {text!r}: {{{name}}} cannot be a column; {{camera}} and {{site}} can")
    if name in earlier:
        raise ParameterError(f"pattern {text!r}: {{{name}}} is there twice")
    earlier.append(name)
    return name
