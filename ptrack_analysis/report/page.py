"""A report as one HTML page."""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from unicodedata import bidirectional

from ptrack_analysis import __version__
from ptrack_analysis.report.parts import (
    Definition,
    Explored,
    Facts,
    Finding,
    Grid,
    Items,
    Keys,
    Multiples,
    Opening,
    Part,
    Report,
    ReportFigure,
    ReportTable,
    Section,
    Words,
    find_verdict_kind,
)
from ptrack_analysis.web.assets import asset, content_policy, inline_json, inline_script
from ptrack_analysis.web.explorer import explorer_script

SHOWN_ROWS = 25
_SHADES = 7
_FEW = 8
_LONG, _SHORT = 30, 20
_TURNING = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
_LINKS = {"trust": "All checks", "figures": "Key figures"}
"""What the link of a finding is called where it does not lead to a chart."""
_UNIT = re.compile(r"(\d) (?=%|s\b|min\b|h\b)")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
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
    """Escape a text, keep it from turning the direction of what stands beside it, and replace controls."""
    shown = escape(_UNWRITABLE.sub("\ufffd", words))
    return f"<bdi>{shown}</bdi>" if any(bidirectional(letter) in _TURNING for letter in words) else shown


def prose(words: str) -> str:
    """Escape a text, with what stands between backticks as code."""
    return _CODE.sub(lambda found: f"<code>{found[1] or found[2]}</code>", text(words))


def _words(words: Words) -> str:
    kind = f' class="said {words.kind}"' if words.kind else ""
    return f"<p{kind}>{prose(words.text)}</p>"


def _keys(keys: Keys) -> str:
    return f'<div class="keys">{"".join(map(_key, keys.keys))}</div>'


def _key(key: Any) -> str:
    beside = f'<p class="beside">{text(key.beside)}</p>' if key.beside else ""
    checks = (
        f'<p class="checks"><span class="verdict doubtful">{text(", ".join(key.checks))}</span></p>'
        if key.checks
        else ""
    )
    definition = (
        f"<details><summary>what it means<span class='unseen'>: {text(key.label)}</span></summary>"
        f"<p>{prose(key.definition)}</p></details>"
        if key.definition
        else ""
    )
    return (
        f'<div class="key"><h3>{text(key.label)}</h3><p class="value">{text(key.value)}</p>'
        f"{beside}{checks}{definition}</div>"
    )


def _facts(facts: Facts) -> str:
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts.facts)
    return f'<dl class="facts">{rows}</dl>'


def _items(items: Items) -> str:
    return "<ul>" + "".join(f"<li>{prose(item)}</li>" for item in items.items) + "</ul>"


def _figure(figure: ReportFigure) -> str:
    caption = f"<figcaption>{prose(figure.caption)}</figcaption>" if figure.caption else ""
    return f'<figure><div class="picture">{figure.svg}</div>{caption}</figure>'


def _definition(definition: Definition) -> str:
    inner = "".join(map(_paragraph, definition.paragraphs))
    name = f"<summary><code>{text(definition.name)}</code></summary>"
    return f'<details class="definition">{name}{inner}</details>'


def _paragraph(words: str) -> str:
    """Write a paragraph, or the list that it is."""
    if not words.startswith("* "):
        return f"<p>{prose(words)}</p>"
    return "<ul>" + "".join(f"<li>{prose(item)}</li>" for item in words[2:].split(" * ")) + "</ul>"


def _explored(_: Explored) -> str:
    return (
        '<div class="explorer" id="explorer"></div>\n'
        '<p class="still-words">The explorer moves in a browser; this is one moment of it.</p>'
        '<noscript><p class="said note">The explorer needs JavaScript.</p></noscript>'
    )


def _table(table: ReportTable) -> str:
    heads = "".join(
        f'<th scope="col"{_width(table, place)}>{text(one.label)}</th>'
        for place, one in enumerate(table.headings)
    )
    body = "".join(f"<tr>{_cells(table, row)}</tr>" for row in table.rows[:SHOWN_ROWS])
    empty = f'<tr><td class="none" colspan="{len(table.headings)}">none</td></tr>'
    few = " few" if len(table.rows) <= _FEW else ""
    return (
        f'<div class="table{few}" data-table="{table.name}">'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.caption)}">'
        f"<table><caption>{text(table.caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body or empty}</tbody></table></div>{_rest(table)}{_meaning(table)}</div>"
    )


def _width(table: ReportTable, place: int) -> str:
    """Return a column's class: numbers stand at the right, sentences have room."""
    if table.headings[place].digits is not None:
        return ' class="n"'
    longest = max((len(str(row[place])) for row in table.rows[:SHOWN_ROWS]), default=0)
    return ' class="w"' if longest > _LONG else ""


def _cells(table: ReportTable, row: Any) -> str:
    return "".join(
        _cell(heading.shown(cell), number=heading.digits is not None, mark=heading.name == table.marks)
        for heading, cell in zip(table.headings, row, strict=True)
    )


def _cell(shown: str, *, number: bool, mark: bool) -> str:
    if mark:
        return f'<td><span class="verdict {escape(find_verdict_kind(shown))}">{text(shown)}</span></td>'
    kind = "n" if number else "k" if len(shown) <= _SHORT else ""
    return f'<td class="{kind}">{text(shown)}</td>'


def _rest(table: ReportTable) -> str:
    """Describe which rows are not on the page, and which not even in it."""
    held, total = len(table.rows), max(table.total, len(table.rows))
    said = []
    if held > SHOWN_ROWS:
        said.append(f'<span class="more">The first {SHOWN_ROWS} of {held} rows are shown.</span>')
    if total > held:
        said.append(f"This page holds {held} of {total} rows; <code>ptrack export</code> writes them all.")
    return f'<p class="rest">{" ".join(said)}</p>' if said else ""


def _meaning(table: ReportTable) -> str:
    told = [one for one in table.headings if one.text]
    if not told:
        return ""
    rows = "".join(f"<div><dt>{text(one.label)}</dt><dd>{prose(one.text)}</dd></div>" for one in told)
    row = f"<p>A row is {prose(table.row)}.</p>" if table.row else ""
    return f"<details><summary>what the columns mean</summary>{row}<dl class='facts'>{rows}</dl></details>"


def _grid(grid: Grid) -> str:
    numbers = (cell for row in grid.cells for cell in row if cell is not None and not isinstance(cell, str))
    most = max(numbers, default=0.0)
    heads = "".join(f'<th scope="col">{text(one)}</th>' for one in grid.columns)
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
        f'<p class="title">{text(grid.caption)} [{text(grid.unit)}]</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(grid.caption)}">'
        f'<table class="grid">'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _shade(cell: float | str | None, most: float, grid: Grid, title: str) -> str:
    if cell is None:
        return f'<td class="none"><span class="unseen">{text(grid.none)}</span></td>'
    if isinstance(cell, str):
        return f'<td title="{escape(cell)}">*<span class="unseen">{text(cell)}</span></td>'
    shade = round(_SHADES * (cell / most) ** 0.5) if most else 0
    more = f' title="{escape(title)}"' if title else ""
    return f'<td class="s{shade}"{more}>{cell:.{grid.digits}f}</td>'


def _multiples(multiples: Multiples) -> str:
    inner = "".join(
        f'<figure class="small"><figcaption><b>{text(name)}</b><span>{text(below)}</span></figcaption>'
        f'<div class="picture">{figure.svg}</div></figure>'
        for name, below, figure in multiples.small
    )
    return f'<div class="multiples">{inner}</div>'


_WRITERS: dict[type, Callable[[Any], str]] = {
    Words: _words,
    Keys: _keys,
    Facts: _facts,
    Items: _items,
    ReportFigure: _figure,
    Definition: _definition,
    Explored: _explored,
    ReportTable: _table,
    Grid: _grid,
    Multiples: _multiples,
}


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
    content = "\n".join([*map(section_html, report.sections), *_appendix(report.appendix)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n{MARK}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(report.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">to the content</a>\n{_header(report)}\n'
        f'<main id="content">\n{_opening(report.opening)}<div class="page">\n'
        f"{_contents([*report.sections, *report.appendix])}\n"
        f'<div class="sections">\n{content}\n</div>\n</div>\n</main>\n'
        f"<footer><p>{text(report.footer)}</p></footer>\n"
        f"{_data('tables', _tables(report))}\n{_explorer(explored)}"
        + "".join(f'<script type="module">{script}</script>\n' for script in scripts)
        + "</body>\n</html>\n"
    )


def _header(report: Report) -> str:
    return f"<header><h1>{text(report.title)}</h1><p>{text(report.subtitle)}</p></header>"


def _opening(opening: Opening | None) -> str:
    """Write the verdict and the findings."""
    if opening is None:
        return ""
    verdict = (
        f'<p class="said {opening.kind}"><strong>{text(opening.verdict)}</strong> '
        f'{_unbroken(opening.limits)} <a href="#trust">All checks</a></p>'
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
    """Escape a text, and keep each number on the line of its unit."""
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
    heading = '<h2 id="appendix-h">For those who want to check</h2>'
    return [f'<section id="appendix" aria-labelledby="appendix-h">\n{heading}\n{folds}\n</section>']


def _contents(sections: Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{one.place}">{text(one.heading)}</a></li>' for one in sections)
    return f'<nav aria-label="Contents"><ol>{links}</ol></nav>'


def _tables(report: Report) -> list[dict[str, object]]:
    """Return the tables as the script sorts and saves them: what is shown, and the values behind it."""
    sections = [*report.sections, *report.appendix]
    tables = [part for one in sections for part in one.parts if isinstance(part, ReportTable)]
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
