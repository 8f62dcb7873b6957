"""The web page of the editor: one document with its script and style."""

from functools import cache
from html import escape
from typing import Any

from ptrack_analysis.web.assets import asset, content_policy, inline_json, inline_script, joined_script

SHARED = ("dom", "colors", "text")
"""Modules of ``web/shared`` that the editor imports."""
MODULES = (
    "geometry",
    "homography",
    "validity",
    "model",
    "view",
    "elements",
    "calibration",
    "figures",
    "hit_testing",
    "scale",
    "drawing_tools",
    "drawing",
    "dragging",
    "tracks",
    "details",
    "floor_panel",
    "saving",
    "panel",
    "app",
    "keyboard",
    "pointer",
    "main",
)
PARTS = (*(f"shared/{name}" for name in SHARED), *(f"editor/{name}" for name in MODULES))
"""Modules of the editor, each after its imports."""
_USED = (
    "This address of the zone editor is not valid. Each address opens one page and cannot be used again. "
    "Start the editor again for a new address. If you did not use this one, another person on this machine "
    "did."
)
_USED_IN_NOTEBOOK = "This zone editor was opened before. Run the cell again to open it here."
_FOLLOW = "if (name.startsWith(`${location.origin}/?token=`)) location.replace(name);\n"
"""Opens the next address when a frame is reloaded; the page stores it in the name of the frame."""


@cache
def _read_script() -> str:
    return inline_script(joined_script(PARTS))


def make_page(opening: dict[str, Any]) -> tuple[str, str]:
    """Return the page and its content security policy."""
    script, style = _read_script(), asset("editor/editor.css")
    policy = f"{content_policy([script], [style], media=True)}; connect-src 'self'"
    name = opening["zones"]["file"]
    body = (
        '<div id="editor"></div>\n<noscript>The zone editor needs JavaScript.</noscript>\n'
        f'<script type="application/json" id="opening">{inline_json(opening)}</script>\n'
        f'<script type="module">{script}</script>\n'
    )
    return _make_document(f"{name} - zones", policy, f"<style>{style}</style>\n", body), policy


def make_refusal(*, in_notebook: bool) -> tuple[str, str]:
    """Return the page for an address that is not valid, and its content security policy."""
    script = inline_script(_FOLLOW) if in_notebook else ""
    policy = content_policy([script] if script else [])
    text = _USED_IN_NOTEBOOK if in_notebook else _USED
    body = f"<p>{escape(text)}</p>\n" + (f"<script>{script}</script>\n" if script else "")
    return _make_document("Zone editor", policy, "", body), policy


def _make_document(title: str, policy: str, head: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n{head}</head>\n<body>\n{body}</body>\n</html>\n"
    )
