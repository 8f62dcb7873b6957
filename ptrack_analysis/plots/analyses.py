"""Plots of a VideoAnalysis: the table, the zones and the bounds are read from it."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

import pandas as pd

_Result = TypeVar("_Result")
_Content_contra = TypeVar("_Content_contra", contravariant=True)
_Drawn_co = TypeVar("_Drawn_co", covariant=True)
_Options = ParamSpec("_Options")
_ENTRY = "\n    ----------\n"


class TablesByName(Protocol):
    """Tables of one video, read by name: a VideoAnalysis."""

    @property
    def tables(self) -> pd.DataFrame:
        """All tables, and whether each can be computed."""

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table."""


class PlotFunction(Protocol[_Content_contra, _Options, _Drawn_co]):
    """A function that plots a result, or the result of a VideoAnalysis."""

    @overload
    def __call__(
        self, content: _Content_contra, /, *args: _Options.args, **kwargs: _Options.kwargs
    ) -> _Drawn_co: ...

    @overload
    def __call__(self, analysis: TablesByName, /, *args: Any, **options: Any) -> _Drawn_co: ...


def plot_analysis(
    read: str | Callable[[Any], Any], *names: str, **parts: Callable[[Any], Any]
) -> Callable[
    [Callable[Concatenate[_Result, _Options], _Drawn_co]],
    PlotFunction[_Result, _Options, _Drawn_co],
]:
    """Let a plot function accept a VideoAnalysis instead of the result that it plots.

    Parameters
    ----------
    read
        Name of the table that is plotted, or a function that returns the result.
    *names
        Parameters that are attributes of the analysis, such as ``zones``, unless the caller gives them.
    **parts
        Parameters that a function of the analysis returns, unless the caller gives them.
    """

    def decorate(
        plot: Callable[Concatenate[_Result, _Options], _Drawn_co],
    ) -> PlotFunction[_Result, _Options, _Drawn_co]:
        @wraps(plot)
        def draw(content: Any, *args: Any, **options: Any) -> _Drawn_co:
            if not hasattr(content, "tables"):
                return plot(content, *args, **options)
            given = {*signature(plot).bind_partial(None, *args, **options).arguments}
            missing = {name: getattr(content, name) for name in names if name not in given}
            missing |= {name: part(content) for name, part in parts.items() if name not in given}
            result = content[read] if isinstance(read, str) else read(content)
            return plot(result, *args, **options, **missing)

        before, entry, after = (plot.__doc__ or "").partition(_ENTRY)
        name, _, rest = after.partition("\n")
        draw.__doc__ = f"{before}{entry}{name}\n        A VideoAnalysis, or:\n{rest}"
        return cast("PlotFunction[_Result, _Options, _Drawn_co]", draw)

    return decorate
