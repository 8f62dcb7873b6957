"""A report as one HTML page."""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from unicodedata import bidirectional

from ptrack_analysis import __version__
from ptrack_analysis.report.page_texts import APPENDIX, WORDS
from ptrack_analysis.report.parts import (
    Chart,
    Columns,
    Cursor,
    Explored,
    Facts,
    Finding,
    Fold,
    Grid,
    Items,
    Key,
    Keys,
    Opening,
    Part,
    Report,
    ReportTable,
    Section,
    Words,
    find_verdict_kind,
    writable,
)
from ptrack_analysis.scene.zone_colors import ON_DARK, ON_WHITE
from ptrack_analysis.web.assets import asset, content_policy, inline_json, inline_script
from ptrack_analysis.web.explorer import explorer_script

SHOWN_ROWS = 25
_SHADES = 7
_LONG, _SHORT, _MINUTE = 30, 20, 60
_TURNING = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
_LINKS = {"trust": "All checks", "videos": "All videos"}
"""Labels of links that do not lead to a chart."""
_LETTERS = re.compile("([a-z][a-z ]*)")
_UNIT = re.compile(r"(\d) (?=%|s\b|min\b|h\b)")
_CODE = re.compile(r"``([^`]+)``|`([^`]+)`")


def section_html(section: Section) -> str:
    """Write one section."""
    inner = "\n".join(part_html(part) for part in section.parts)
    return (
        f'<section id="{section.place}" aria-labelledby="{section.place}-h">\n'
        f'<h2 id="{section.place}-h">{text(section.heading)}</h2>\n{inner}\n</section>'
    )


def part_html(part: Part) -> str:
    """Write one part."""
    return _WRITERS[type(part)](part)


def text(words: str) -> str:
    """Escape a text, isolate its direction, and replace control characters."""
    shown = escape(writable(words))
    return f"<bdi>{shown}</bdi>" if any(bidirectional(letter) in _TURNING for letter in words) else shown


def prose(words: str) -> str:
    """Escape a text, with code between backticks."""
    return _CODE.sub(lambda found: f"<code>{found[1] or found[2]}</code>", text(words))


def _words(words: Words) -> str:
    if words.kind == "heading":
        return f"<h3>{prose(words.text)}</h3>"
    if words.kind and words.kind.split()[0] in {"lead", "caption"}:
        return f'<p class="{words.kind}">{prose(words.text)}</p>'
    kind = f' class="said {words.kind}"' if words.kind else ""
    return f"<p{kind}>{prose(words.text)}</p>"


def _keys(keys: Keys) -> str:
    return f'<dl class="keys">{"".join(map(_key, keys.keys))}</dl>'


def _key(key: Key) -> str:
    value = _LETTERS.sub(r"<small>\1</small>", _unbroken(key.value))
    beside = f'<span class="beside">{_unbroken(key.beside)}</span>' if key.beside else ""
    mark = (
        f'<span class="mark">\N{WHITE UP-POINTING TRIANGLE} {_unbroken(key.mark)}</span>' if key.mark else ""
    )
    return f'<div><dt>{text(key.label)}</dt><dd><span class="value">{value}</span>{beside}{mark}</dd></div>'


def _chart(chart: Chart) -> str:
    drawings = "".join(f'<div class="{names}">{svg}</div>' for names, svg in chart.drawings.items())
    items = "".join(f"<li>{svg}{text(label)}</li>" for svg, label in chart.legend)
    legend = f'<ul class="legend">{items}</ul>' if items else ""
    return (
        f'<div class="chart" id="{chart.name}-chart" role="img" aria-label="{escape(writable(chart.alt))}">'
        f"{drawings}</div>{legend}"
    )


def _cursor(cursor: Cursor) -> str:
    data = cursor.data
    step = 1 if data["end"] - data["start"] > _MINUTE else 0.1
    limits = f'min="{data["start"]:.1f}" max="{data["end"]:.1f}" step="{step}" value="{cursor.start:.1f}"'
    return (
        '<div class="cursor live"><label for="cursor">Time</label>'
        f'<output for="cursor" id="cursor-time"></output><input type="range" id="cursor" {limits}></div>\n'
        '<p class="now live" id="now"></p>\n'
        f"{_data('timeline-data', data)}"
    )


def _columns(columns: Columns) -> str:
    left, right = ("\n".join(map(part_html, parts)) for parts in (columns.left, columns.right))
    return f'<div class="columns {columns.kind}">\n<div>{left}</div>\n<div>{right}</div>\n</div>'


def _fold(fold: Fold) -> str:
    inner = "\n".join(map(part_html, fold.parts))
    return f'<details class="fold"><summary>{text(fold.summary)}</summary>\n{inner}\n</details>'


def _facts(facts: Facts) -> str:
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts.facts)
    return f'<dl class="facts">{rows}</dl>'


def _items(items: Items) -> str:
    return "<ul>" + "".join(f"<li>{prose(item)}</li>" for item in items.items) + "</ul>"


def _explored(_: Explored) -> str:
    return (
        '<div class="explorer" id="explorer"></div>\n'
        '<p class="said note unscripted">The explorer needs JavaScript.</p>'
    )


def _table(table: ReportTable) -> str:
    heads = "".join(
        f'<th scope="col"{_width(table, place)}>{text(one.label)}</th>'
        for place, one in enumerate(table.headings)
    )
    body = "".join(f"<tr>{_cells(table, row)}</tr>" for row in table.rows[: _count_shown(table)])
    empty = f'<tr><td class="none" colspan="{len(table.headings)}">none</td></tr>'
    return (
        f'<div class="table" data-table="{table.name}">'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.caption)}">'
        f"<table><caption>{text(table.caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body or empty}</tbody></table></div>{_rest(table)}{_meaning(table)}</div>"
    )


def _count_shown(table: ReportTable) -> int:
    """Return the number of rows shown at first, including all rows of slightly longer tables."""
    return SHOWN_ROWS if len(table.rows) > 1.2 * SHOWN_ROWS else len(table.rows)


def _width(table: ReportTable, place: int) -> str:
    """Return the class of a column: numbers are right-aligned, sentences get more width."""
    if table.headings[place].digits is not None:
        return ' class="n"'
    longest = max((len(str(row[place])) for row in table.rows[:SHOWN_ROWS]), default=0)
    return ' class="w"' if longest > _LONG else ""


def _cells(table: ReportTable, row: Any) -> str:
    link = table.links.get(str(row[0])) if row else None
    return "".join(
        _cell(
            heading.shown(cell),
            number=heading.digits is not None,
            mark=heading.name == table.marks,
            link=None if place else link,
        )
        for place, (heading, cell) in enumerate(zip(table.headings, row, strict=True))
    )


def _cell(shown: str, *, number: bool, mark: bool, link: str | None) -> str:
    if mark:
        kind = ' class="k"' if len(shown) <= _SHORT else ""
        return f'<td{kind}><span class="verdict {escape(find_verdict_kind(shown))}">{text(shown)}</span></td>'
    kind = "n" if number else "k" if len(shown) <= _SHORT else ""
    inner = text(shown) if link is None else f'<a href="{escape(link)}">{text(shown)}</a>'
    return f'<td class="{kind}">{inner}</td>'


def _rest(table: ReportTable) -> str:
    """Describe the rows that are hidden at first, and the rows that the page does not contain."""
    shown, total = len(table.rows), max(table.total, len(table.rows))
    said = []
    if shown > _count_shown(table):
        said.append(f'<span class="more">The first {SHOWN_ROWS} of {shown} rows are shown.</span>')
    if total > shown:
        said.append(
            f"This page contains {shown} of {total} rows; <code>ptrack export</code> writes them all."
        )
    return f'<p class="rest">{" ".join(said)}</p>' if said else ""


def _meaning(table: ReportTable) -> str:
    defined = [one for one in table.headings if one.text]
    if not defined:
        return ""
    rows = "".join(f"<div><dt>{text(one.label)}</dt><dd>{prose(one.text)}</dd></div>" for one in defined)
    row = f"<p>A row is {prose(table.row)}.</p>" if table.row else ""
    return f"<details><summary>what the columns mean</summary>{row}<dl class='facts'>{rows}</dl></details>"


def _grid(grid: Grid) -> str:
    numbers = (cell for row in grid.cells for cell in row if cell is not None and not isinstance(cell, str))
    most = max(numbers, default=0.0)
    heads = "".join(f'<th scope="col"><span>{text(one)}</span></th>' for one in grid.columns)
    titles = grid.titles or [[""] * len(row) for row in grid.cells]
    lines = [
        "".join(_shade(cell, most, grid, title) for cell, title in zip(*row, strict=True))
        for row in zip(grid.cells, titles, strict=True)
    ]
    rows = "".join(
        f'<tr><th scope="row">{text(name)}</th>{line}</tr>'
        for name, line in zip(grid.rows, lines, strict=True)
    )
    return (
        f'<p class="title">{text(grid.caption)}{f" [{text(grid.unit)}]" if grid.unit else ""}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(grid.caption)}">'
        f'<table class="grid">'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _shade(cell: float | str | None, most: float, grid: Grid, said: str) -> str:
    if cell is None:
        kind = "gap" if grid.has_gaps else "none"
        return (
            f'<td class="{kind}" title="{text(grid.none)}"><span class="unseen">{text(grid.none)}</span></td>'
        )
    more = f' title="{escape(said)}"' if said else ""
    if isinstance(cell, str):
        return f'<td class="withheld"{more}><span class="unseen">{text(cell)}</span></td>'
    shade = round(_SHADES * (cell / most) ** 0.5) if most else 0
    return f'<td class="s{shade}"{more}>{cell:.{grid.digits}f}</td>'


_WRITERS: dict[type, Callable[[Any], str]] = {
    Words: _words,
    Keys: _keys,
    Facts: _facts,
    Items: _items,
    Chart: _chart,
    Cursor: _cursor,
    Columns: _columns,
    Fold: _fold,
    Explored: _explored,
    ReportTable: _table,
    Grid: _grid,
}


MARK = f'<meta name="generator" content="ptrack-analysis {__version__}">'
MARKED = b'<meta name="generator" content="ptrack-analysis '
_HAND_OVER = "\nglobalThis.ptrackExplorer = mount;\n"


def report_html(report: Report) -> str:
    """Write a report as one self-contained page; equal reports produce equal pages."""
    explored = [part for one in report.sections for part in one.parts if isinstance(part, Explored)]
    style = _style()
    scripts = [inline_script(explorer_script() + _HAND_OVER)] if explored else []
    scripts.append(inline_script(asset("report.js")))
    policy = content_policy(scripts, [style])
    words = [one for one in report.appendix if one.place == "words"]
    printed = "".join(
        f'<div class="printed"><h3>{text(WORDS)}</h3>{part_html(part)}</div>\n'
        for one in words
        for part in one.parts
    )
    sections = [*map(section_html, report.sections)]
    content = "\n".join([*sections[:2], printed, *sections[2:], *_appendix(report.appendix)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n{MARK}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(writable(report.title))}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">to the content</a>\n{_shared(report.scene)}'
        f'<header><p class="what">{text(report.subtitle)}</p><h1>{text(report.title)}</h1></header>\n'
        f'<main id="content">\n{_opening(report.opening)}{content}\n</main>\n'
        f"<footer><p>{text(report.footer)}</p></footer>\n"
        f"{_data('tables-data', _tables(report))}\n{_explorer(explored)}"
        + "".join(f'<script type="module">{script}</script>\n' for script in scripts)
        + "</body>\n</html>\n"
    )


def _style() -> str:
    """Return the style sheet with the colors of the zones."""
    light, dark = (
        "".join(f"--z{number}:{color};" for number, color in enumerate(colors))
        for colors in (ON_WHITE, ON_DARK)
    )
    rules = "".join(
        f".z{number}{{--zone:var(--z{number})}}.on{number}{{--zone:{color}}}"
        for number, color in enumerate(ON_WHITE)
    )
    dark_rule = f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{light}}}{dark_rule}{rules}\n{asset('report.css')}"


def _shared(scene: str | None) -> str:
    """Write the hatching and the background image that the charts refer to."""
    hatch = (
        '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)">'
        '<path class="hatch" d="M0 0V6"/></pattern>'
    )
    image = ""
    if scene is not None:
        image = (
            '<symbol id="scene" viewBox="0 0 1 1" preserveAspectRatio="none">'
            f'<image id="scene-image" width="1" height="1" preserveAspectRatio="none" href="{scene}"/>'
            "</symbol>"
        )
    return f'<svg class="unseen" aria-hidden="true">{hatch}{image}</svg>\n'


def _opening(opening: Opening | None) -> str:
    """Write the verdict and the findings."""
    if opening is None:
        return ""
    verdict = (
        f'<p class="said {opening.kind}"><strong>{text(opening.verdict)}</strong> '
        f'{_unbroken(opening.limits)} <a href="#{opening.target}">{_LINKS[opening.target]}</a></p>'
    )
    items = "".join(map(_finding, opening.findings))
    findings = f"<ol>{items}</ol>" if items else f"<p>{text(opening.empty)}</p>"
    return (
        f'<section class="opening" id="findings" aria-label="Findings">\n{verdict}\n{findings}\n</section>\n'
    )


def _finding(finding: Finding) -> str:
    link = (
        f'<a href="#{finding.target}">{_LINKS.get(finding.target, "Chart")}'
        f'<span class="unseen">: {text(finding.sentence)}</span></a>'
    )
    return (
        f'<li><p class="finding">{_unbroken(finding.sentence)}</p>'
        f'<p class="detail">{_unbroken(finding.detail)} {link}</p></li>'
    )


def _unbroken(words: str) -> str:
    """Escape a text, and keep each number on the same line as its unit."""
    return _UNIT.sub("\\1\N{NO-BREAK SPACE}", text(words))


def _appendix(sections: Sequence[Section]) -> list[str]:
    """Write the folded sections at the end."""
    if not sections:
        return []
    folds = "\n".join(
        f'<details class="fold"><summary><h3 id="{one.place}-h">{text(one.heading)}</h3></summary>\n'
        f'<div id="{one.place}" role="region" aria-labelledby="{one.place}-h">\n'
        + "\n".join(part_html(part) for part in one.parts)
        + "\n</div>\n</details>"
        for one in sections
    )
    heading = f'<h2 id="appendix-h">{text(APPENDIX)}</h2>'
    return [f'<section id="appendix" aria-labelledby="appendix-h">\n{heading}\n{folds}\n</section>']


def _tables(report: Report) -> list[dict[str, object]]:
    """Return the tables that the script can sort and save."""
    sections = [*report.sections, *report.appendix]
    tables = [part for one in sections for part in one.parts if isinstance(part, ReportTable)]
    return [
        {
            "name": table.name,
            "marks": table.marks,
            "links": dict(table.links),
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
