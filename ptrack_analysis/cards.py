"""Cards of objects in notebooks: small tables without colors of their own, for light and dark themes."""

from collections.abc import Mapping
from html import escape


def build_card(kind: str, name: object, facts: Mapping[str, object], *, calls: str = "") -> str:
    """Return a table with a caption; facts that are None or empty are excluded, and all texts are escaped."""
    rows = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th>'
        f'<td style="text-align:left">{escape(str(value))}</td></tr>'
        for label, value in facts.items()
        if value is not None and value != ""
    )
    caption = f"{escape(kind)} <b>{escape(str(name))}</b>" if str(name) else escape(kind)
    style = "text-align:left;caption-side:top;color:inherit"
    more = f"<p><code>{escape(calls)}</code></p>" if calls else ""
    return f'<table><caption style="{style}">{caption}</caption>{rows}</table>{more}'


def format_fields(given: object, values: Mapping[str, object]) -> str:
    """Return ``Kind(name=value, ...)`` of the values that are not None or empty."""
    shown = ", ".join(f"{name}={value!r}" for name, value in values.items() if value not in (None, (), ""))
    return f"{type(given).__name__}({shown})"
