"""Plots of a VideoAnalysis: the table, the zones and the bounds are read from it."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

import pandas as pd
from matplotlib.axes import Axes

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.plots.style import drawable, set_title
from ptrack_analysis.plots.time_axis import MINUTE, clock, time_unit

_Result = TypeVar("_Result")
_Content_contra = TypeVar("_Content_contra", contravariant=True)
_Drawn_co = TypeVar("_Drawn_co", covariant=True)
_Options = ParamSpec("_Options")
_LONGEST = 60  # letters of the name of a video in a title
_UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")
_OF_MATPLOTLIB = ("alpha", "cmap", "color", "linestyle", "linewidth", "marker", "vmax", "vmin")
_ENTRY = "\n    ----------\n"


class TablesByName(Protocol):
    """Tables of one video, read by name: a VideoAnalysis."""

    @property
    def tables(self) -> pd.DataFrame:
        """All tables, with whether each can be computed."""

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
        Parameters that default to attributes of the analysis, such as ``zones``.
    **parts
        Parameters that default to the result of a function of the analysis.
    """

    def decorate(
        plot: Callable[Concatenate[_Result, _Options], _Drawn_co],
    ) -> PlotFunction[_Result, _Options, _Drawn_co]:
        @wraps(plot)
        def draw(content: Any, *args: Any, **options: Any) -> _Drawn_co:
            if not hasattr(content, "tables"):
                with _unknown_options(plot):
                    return plot(content, *args, **options)
            for name in options.keys() & {"floor", "lens", "stitch"}:
                raise ParameterError(f"{name} is an option of the analysis. Pass it to open_video.")
            if "basis" in options:
                raise ParameterError("basis is an option of heatmap. Pass analysis.heatmap(basis=...).")
            given = {*signature(plot).bind_partial(None, *args, **options).arguments}
            missing = {name: getattr(content, name) for name in names if name not in given}
            missing |= {name: part(content) for name, part in parts.items() if name not in given}
            result = content[read] if isinstance(read, str) else read(content)
            with _unknown_options(plot):
                drawn = plot(result, *args, **options, **missing)
            if {"ax", "title"} & given:
                return drawn
            return cast("_Drawn_co", set_video_title(drawn, content, result, options.get("persons")))

        before, entry, after = (plot.__doc__ or "").partition(_ENTRY)
        name, _, rest = after.partition("\n")
        draw.__doc__ = f"{before}{entry}{name}\n        A VideoAnalysis, or:\n{rest}"
        return cast("PlotFunction[_Result, _Options, _Drawn_co]", draw)

    return decorate


@contextmanager
def _unknown_options(plot: Callable[..., Any]) -> Iterator[None]:
    """Suggest an option for a misspelled one, which matplotlib rejects."""
    try:
        yield
    except AttributeError as error:
        unknown = _UNEXPECTED.search(str(error))
        if unknown is None:
            raise
        near = get_close_matches(unknown[1], [*signature(plot).parameters, *_OF_MATPLOTLIB], n=1)
        advice = f". Did you mean {near[0]}?" if near else f" ({error})"
        raise ParameterError(f"{plot.__name__} has no option {unknown[1]!r}{advice}") from error


def set_video_title(
    drawn: Any, analysis: Any, plotted: object, persons: Collection[int] | None = None
) -> Any:
    """Set the title of axes without one: the name of the video, its time and number of people.

    The time is the local clock time if it is known. ``plotted`` is the plotted result. People without a row
    or a position in it count as not drawn, as do people who are not in ``persons`` if given.
    """
    if isinstance(drawn, Axes) and not drawn.get_title(loc="left"):
        set_title(drawn, build_video_title(analysis, plotted, persons))
    return drawn


def build_video_title(analysis: Any, plotted: object, persons: Collection[int] | None = None) -> str:
    """Return the title of ``set_video_title``."""
    people = len(analysis["tracks"])
    counted = f"{people} person" if people == 1 else f"{people} people"
    missing = people - _count_people(plotted, people, persons)
    if missing > 0:
        counted += f", {missing} not drawn"
    name = drawable(analysis.name)
    name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
    return f"{name}, {_write_times(analysis)}, {counted}"


def _write_times(analysis: Any) -> str:
    start, end = (time.total_seconds() for time in analysis.window)
    started_at = analysis.recording.local_start
    if started_at is None:
        unit = time_unit(max(end, MINUTE + 1))
        return " to ".join(clock(float(int(seconds)), unit) for seconds in (start, end))
    first, last = (
        (started_at.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(started_at.tzinfo)
        for seconds in (start, end)
    )
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S}"


def _count_people(plotted: object, people: int, persons: Collection[int] | None) -> int:
    """Count the people of a table (of ``persons`` if given) who have a position, if it has positions."""
    if not isinstance(plotted, pd.DataFrame) or "person_index" not in plotted.index.names:
        return people
    if "position_status" in plotted.columns:
        plotted = plotted[plotted["position_status"] != "missing"]
    levels = [level for level in ("person_index", "other") if level in plotted.index.names]
    found = {person for level in levels for person in plotted.index.unique(level)}
    return len(found if persons is None else found & set(persons))
