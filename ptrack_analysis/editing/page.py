"""The editor's page: one document that holds its scripts, its style and what it begins with."""

import re
from functools import cache
from html import escape
from typing import Any

from ptrack_analysis.web import asset, content_policy, inline_json, inline_script

MODULES = (
    "geometry",
    "homography",
    "validity",
    "model",
    "view",
    "drawing",
    "hands",
    "calibration",
    "panel",
    "main",
)
_IMPORT = re.compile(r"^import [^;]*;\n", flags=re.MULTILINE)
_EXPORT = re.compile(r"^export ", flags=re.MULTILINE)


@cache
def editor_script() -> str:
    """Join the editor's ES modules into one: their imports fall away, and their exports are its names."""
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", asset(f"editor/{name}.js"))) for name in MODULES)
    return inline_script(joined)


def editor_page(opening: dict[str, Any]) -> tuple[str, str]:
    """Make the page, and the content security policy that it goes out with."""
    script, style = editor_script(), asset("editor/editor.css")
    policy = f"{content_policy([script], [style], media=True)}; connect-src 'self'"
    name = opening["zones"]["file"]
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(name)} - zones</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<div id="editor"></div>\n<noscript>The zone editor needs JavaScript.</noscript>\n'
        f'<script type="application/json" id="opening">{inline_json(opening)}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )
    return page, policy
