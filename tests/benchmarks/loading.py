"""Loading an archive: from pages on disk to the finished, sorted, checked table."""

from functools import partial
from importlib.util import find_spec

import pandas as pd

from ptrack_analysis import read_tracking
from ptrack_analysis.schema import DETECTIONS, assemble
from ptrack_analysis.sources.pages.decode import WITH_FACES

from .inputs import archive
from .rivals import RIVALS
from .rounds import Line, Rounds, alternate, median, ratio

OVER_NORMALIZE = 15
OVER_FASTEST = 2.0
OF_DECODING = 0.45


def run(options):
    """Measure read_tracking against everything else that gives the same table, and against decoding alone."""
    pages = archive(options.cache)
    table, _ = read_tracking(pages.pages)
    size, ours, lines, ratios = pages.megabytes, [], [], {}
    for name, (function, form, how) in RIVALS.items():
        note = f"{'JSON Lines of pages' if form == 'lines' else 'pages'}, as ours beside it; {how}"
        whole = partial(_finished, function, pages)
        refused = _difference(whole, table)
        if refused:
            lines.append(Line(name, f"no ratio: {refused}"))
            continue
        mine, theirs = alternate(partial(read_tracking, getattr(pages, form)), whole, rounds=options.rounds)
        ours += mine if form == "pages" else []
        ratios[name] = ratio(theirs, mine)
        target = OVER_NORMALIZE if name == "json_normalize" else None
        lines.append(Line(name, note, theirs, _speed(size, theirs), ratios[name], "x slower", target))
    mine, bare = alternate(
        partial(read_tracking, pages.pages), partial(_decoded, pages), rounds=options.rounds
    )
    ours += mine
    limit = Line(
        "msgspec alone",
        "pages; decoded to our types, nothing kept; value: our share of its speed",
        bare,
        _speed(size, bare),
        ratio(bare, mine),
        "of it",
        OF_DECODING,
    )
    ours = Rounds(ours, mine.peak)
    limits = [limit, *_parsed(pages, options), _copied(table, options)]
    return [_our_line(pages, len(table), ours, ratios), *lines, *limits]


def _parsed(pages, options):
    """Measure simdjson's bare parse of the same bytes: what the machine can do at all."""
    if not find_spec("simdjson"):
        return []
    import simdjson  # noqa: PLC0415 - it may not be there

    parser = simdjson.Parser()

    def parse():
        for file in pages.files:
            parser.parse(file.read_bytes())

    mine, bare = alternate(partial(read_tracking, pages.pages), parse, rounds=options.rounds)
    note = "pages; parsed, no value looked at; value: our share of its speed"
    return [Line("simdjson alone", note, bare, _speed(pages.megabytes, bare), ratio(bare, mine), "of it")]


def _copied(table, options):
    """Measure copying the finished table's columns: what putting them down once costs at least."""
    columns = [table[name].to_numpy() for name in table.columns]
    (copying,) = alternate(lambda: [column.copy() for column in columns], rounds=options.rounds)
    size = sum(column.nbytes for column in columns) / 1e6
    return Line("the table copied", f"{size:.0f} MB of columns, by memcpy", copying, _speed(size, copying))


def _our_line(pages, detections, ours, ratios):
    engines = {name: times for name, times in ratios.items() if name not in {"json_normalize", "orjson"}}
    note = f"{detections} detections in {len(pages.files)} pages, {pages.megabytes:.0f} MB"
    speed = _speed(pages.megabytes, ours)
    if not engines:
        return Line("read_tracking", note, ours, speed)
    fastest = min(engines, key=engines.get)
    return Line("read_tracking", note, ours, speed, engines[fastest], f"x {fastest}", OVER_FASTEST)


def _finished(function, pages):
    """Give a rival's columns the key, the order and the types of the table."""
    return assemble(DETECTIONS, function(pages))


def _decoded(pages):
    decode = WITH_FACES.pages[0].decode
    for file in pages.files:
        decode(file.read_bytes())


def _difference(whole, table):
    """Say why a rival's table is not the one that read_tracking gives, value by value; empty if it is."""
    try:
        pd.testing.assert_frame_equal(whole(), table, check_exact=True)
    except ImportError as error:
        return f"not installed ({error.name})"
    except AssertionError as error:
        return "its table differs: " + " ".join(str(error).split())
    return ""


def _speed(size, seconds):
    return f"{size / median(seconds):.0f} MB/s"
