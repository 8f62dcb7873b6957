"""SVG elements as text, and the widths of charts."""

from collections.abc import Callable, Sequence
from html import escape
from unicodedata import east_asian_width

from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.report.parts import isolated, writable

WIDTHS = {"narrow": 320, "middle": 660, "wide": 1010}
"""Widths of a full-width chart: on phones, on paper and small screens, on large screens [px]."""
HALF_WIDTHS = {"narrow": 320, "middle": 660, "wide": 480}
"""Widths of a chart that fills half of a section on large screens."""
NARROW = 400
"""Below this width a drawing is for a phone [px]."""
_WIDE_LETTER, _LETTER = 1.0, 0.58
"""Width of a letter as a multiple of its height."""


def element(name: str, *children: str, **attributes: str | float | None) -> str:
    """Write an element; underscores in attribute names become hyphens, trailing ones are dropped.

    Attributes are escaped. Children are elements: ``letters``, ``part`` and ``title`` escape texts.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_write(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def _write(value: str | float) -> str:
    if isinstance(value, str):
        return escape(value)
    return f"{value:.1f}".removesuffix(".0")


def _escape(words: str) -> str:
    return escape(isolated(writable(words)))


def letters(x: float, y: float, words: str, class_: str | None = None, anchor: str | None = None) -> str:
    """Write a text into a drawing."""
    shown = _escape(words)
    return element("text", shown, x=x, y=y, class_=class_, text_anchor=anchor)


def part(words: str, class_: str | None = None) -> str:
    """Write a part of a text."""
    return element("tspan", _escape(words), class_=class_)


def line(x0: float, y0: float, x1: float, y1: float, class_: str) -> str:
    """Draw a line."""
    return element("line", x1=x0, y1=y0, x2=x1, y2=y1, class_=class_)


def title(words: str) -> str:
    """Write the tooltip of an element."""
    return f"<title>{_escape(words)}</title>"


def fit(words: str, room: float, size: float = 13) -> str:
    """Shorten a text to a width [px]."""
    words = " ".join(words.split())
    left = room / size
    for index, letter in enumerate(words):
        left -= _WIDE_LETTER if east_asian_width(letter) in "WF" else _LETTER
        if left < 0:
            return f"{words[: max(index - 1, 1)].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    return words


def drawing(across: float, down: float, *children: str, **attributes: str | float) -> str:
    """Write a complete drawing of this size."""
    box = f"0 0 {across:g} {down:.0f}"
    return element("svg", *children, viewBox=box, aria_hidden="true", **attributes)


def draw_widths(draw: Callable[[int], str], widths: dict[str, int] = WIDTHS) -> dict[str, str]:
    """Draw a chart in each width; equal widths share a drawing and a combined key."""
    shared: dict[int, list[str]] = {}
    for name, width in widths.items():
        shared.setdefault(width, []).append(name)
    return {" ".join(names): draw(width) for width, names in shared.items()}


def step_path(x: Floats, counts: Integers | Floats, down: Callable[[float], float], *, closed: bool) -> str:
    """Return a step path: each count applies until the next x. If closed, it is an area above zero.

    If several steps are within one pixel, the highest and the last are drawn.
    """
    points: list[tuple[float, float]] = []
    last = 0.0
    for position, count in zip(x.tolist(), counts.tolist(), strict=True):
        if points and int(position) == int(points[-1][0]) and len(x) > x[-1] - x[0]:
            points[-1] = points[-1][0], max(points[-1][1], count)
        else:
            if points and last != points[-1][1]:
                points.append((min(float(int(points[-1][0]) + 1), position), last))
            points.append((position, count))
        last = count
    if points and last != points[-1][1]:
        points.append((min(float(int(points[-1][0]) + 1), float(x[-1])), last))
    end = float(x[-1])
    path = "".join(
        f"{'H' if number or closed else 'M'}{position:.1f}{'V' if number or closed else ' '}{down(count):.1f}"
        for number, (position, count) in enumerate(points)
    )
    if closed:
        return f"M{points[0][0]:.1f} {down(0):.1f}{path}H{end:.1f}V{down(0):.1f}Z"
    return f"{path}H{end:.1f}"


def choose_step(length: float, room: float, steps: Sequence[float]) -> float:
    """Return the smallest step whose ticks fit on a length; otherwise the largest step."""
    return next((step for step in steps if length / step <= room), steps[-1])
