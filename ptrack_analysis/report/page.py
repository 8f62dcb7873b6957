"""The page of a report: one file that needs nothing else and asks for nothing."""

from collections.abc import Sequence
from html import escape

from ptrack_analysis import __version__
from ptrack_analysis.report.parts import Explored, Report, Section, Table
from ptrack_analysis.report.rendering import section_html, text
from ptrack_analysis.web.assets import asset, content_policy, inline_json, inline_script
from ptrack_analysis.web.explorer import explorer_script

MARK = f'<meta name="generator" content="ptrack-analysis {__version__}">'
MARKED = b'<meta name="generator" content="ptrack-analysis '
_HAND_OVER = "\nglobalThis.ptrackExplorer = mount;\n"


def report_html(report: Report) -> str:
    """Write a report as one self-contained page; equal reports give equal pages."""
    explored = [part for one in report.sections for part in one.parts if isinstance(part, Explored)]
    style = asset("report.css")
    scripts = [inline_script(explorer_script() + _HAND_OVER)] if explored else []
    scripts.append(inline_script(asset("report.js")))
    policy = content_policy(scripts, [style])
    content = "\n".join(map(section_html, report.sections))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n{MARK}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(report.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">to the content</a>\n{_header(report)}\n'
        f'<div class="page">\n{_contents(report.sections)}\n<main id="content">\n{content}\n</main>\n</div>\n'
        f"<footer><p>{text(report.footer)}</p></footer>\n"
        f"{_data('tables', _tables(report))}\n{_explorer(explored)}"
        + "".join(f'<script type="module">{script}</script>\n' for script in scripts)
        + "</body>\n</html>\n"
    )


def _header(report: Report) -> str:
    return f"<header><h1>{text(report.title)}</h1><p>{text(report.subtitle)}</p></header>"


def _contents(sections: Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{one.place}">{text(one.heading)}</a></li>' for one in sections)
    return f'<nav aria-label="Contents"><ol>{links}</ol></nav>'


def _tables(report: Report) -> list[dict[str, object]]:
    """Give the tables as the script sorts and saves them: what is shown, and the values behind it."""
    tables = [part for one in report.sections for part in one.parts if isinstance(part, Table)]
    return [
        {
            "name": table.name,
            "marks": table.marks,
            "headings": [
                {"name": one.name, "label": one.label, "digits": one.digits, "letters": one.letters}
                for one in table.headings
            ],
            "rows": [list(row) for row in table.rows],
        }
        for table in tables
    ]


def _explorer(explored: list[Explored]) -> str:
    if not explored:
        return ""
    options = {"keys": "focus", "moment": explored[0].moment, "fill": True}
    return f"{_data('explorer-data', explored[0].data)}\n{_data('explorer-options', options)}\n"


def _data(name: str, value: object) -> str:
    return f'<script type="application/json" id="{name}">{inline_json(value)}</script>'
