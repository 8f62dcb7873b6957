"""Digests of all output, to show that restructuring the package changes no figure.

``python -m tests.laws.golden`` rewrites ``golden.json``; ``test_golden.py`` compares the present output with
it through ``RENAMED``. A digest covers one column, one list of cells or one JSON value, so a difference names
what differs. Floats are compared to 12 significant digits.
"""

import base64
import gzip
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from hashlib import sha256
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

import ptrack_analysis as pta
from ptrack_analysis.cli import main

ROOT = Path(__file__).parent.parent.parent
GOLDEN = Path(__file__).parent / "golden.json"
SHOP, DAY = ROOT / "data/shop", ROOT / "data/day"
REAL = ROOT.parent / "shared/data"

RENAMED: list[tuple[str, str]] = []
"""Old and new names, in the order in which they are replaced in the keys of ``golden.json``."""
GONE: tuple[str, ...] = ()
"""Ends of the names of what is gone."""
NEW: tuple[str, ...] = ()
"""Parts of the names of what is new since ``golden.json`` was written."""

CLEAN = "--stitch --fill-gaps 5s --smooth 500ms --max-speed 5 --repair-jumps"
VISITS = "--margin 0.2 --enter-after 1s --merge-gap 2s --min-dwell 1s"
CLOCK = "--started-at {stem}_%Y --timezone Europe/Berlin"
EXPORTS = {
    "plain": "",
    "floor": "--floor {floor}",
    "faces": "--faces",
    "cleaned": f"--floor {{floor}} {CLEAN}",
    "visits": f"--floor {{floor}} {VISITS}",
    "part": "--from 20s --to 70s --persons 0,1,2,5",
    "part-cleaned": "--floor {floor} --from 20s --to 70s --stitch --smooth 1s",
    "salted": "--salt-file {salt}",
    "suppressed": "--min-count 3",
    "csv": "--csv --cell 0.5 --floor {floor}",
    "all": "--tables all --floor {floor} --stitch --stop-extent 1",
    "all-px": "--tables all --stop-extent 40",
}
REAL_FILES = {
    "edenai": "rekognition/edenai-2023-10-16.json",
    "edenai-last": "rekognition/edenai-2022-12-08-last-page-only.json",
    "awscli": "rekognition/awscli-example.json --allow-incomplete --frame-size 640x360",
    "awsdocs": "rekognition/awsdocs-example.json --allow-incomplete --frame-size 640x360",
    "mot-gt": "mot/TUD-Campus/gt.txt --frame-size 640x480 --frame-rate 25",
    "mot-test": "mot/TUD-Campus/test.txt --frame-size 640x480 --frame-rate 25",
    "csvsink": "supervision/csvsink-excerpt.csv --frame-size 1920x1080 --frame-rate 25 --first-frame 1",
    "jsonsink": "supervision/jsonsink-excerpt.csv --frame-size 1920x1080 --frame-rate 25 --first-frame 1",
    "boxmot": "cases/trackers/boxmot-class0.txt --frame-size 1280x720 --frame-rate 25 --first-pixel 1",
    "too-short": "cases/numbers/duration-too-short.json",
    "edge": "cases/numbers/leaves-over-the-edge.csv --frame-size 1000x1000 --frame-rate 25 "
    "--columns frame=frame,id=track_id,left=x1,top=y1,right=x2,bottom=y2",
}


def digest(values):
    """Give the first 16 digits of the checksum of a list of texts."""
    return sha256("\n".join(values).encode()).hexdigest()[:16]


def without_part(text):
    """Take the name of a part off the name of a video."""
    return re.sub(r"@[^:/]*-[^:/]*", "", text)


def text_of(value):
    """Give a value as a text that does not depend on how it is held."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return "nan" if np.isnan(value) else f"{float(value):.12g}"
    if isinstance(value, int | np.integer):
        return f"{float(value):.12g}" if abs(value) < 2**53 else str(value)
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if value is None or value is pd.NaT or value is pd.NA:
        return "nan"
    return without_part(str(value))


def flat(value, name=""):
    """Give the leaves of a JSON value by their paths."""
    if isinstance(value, dict):
        return {key: leaf for part in value for key, leaf in flat(value[part], f"{name}/{part}").items()}
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return {k: leaf for n, one in enumerate(value) for k, leaf in flat(one, f"{name}/{n}").items()}
    return {name: digest(map(text_of, value)) if isinstance(value, list) else text_of(value)}


def of_dataset(out):
    """Digest the tables, notes and figures of a dataset."""
    found = {}
    for file in sorted(out.rglob("*.parquet")):
        if ".ptrack" not in file.parts:
            table = pq.ParquetFile(file).read().to_pandas()
            place = without_part(file.relative_to(out).with_suffix("").as_posix())
            found |= {f"{place}:{name}": digest(map(text_of, table[name])) for name in table.columns}
    for file in sorted(out.rglob("*.csv")):
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
        place = file.relative_to(out).as_posix()
        found |= {f"{place}:{name}": digest(map(text_of, table[name])) for name in table.columns}
    for file in sorted((out / "_runs").glob("*.json")):
        record = json.loads(file.read_text())
        name = without_part(file.stem)
        found |= flat({"notes": len(record["notes"]), "figures": record["figures"]}, f"_runs/{name}")
    return found


class Cells(HTMLParser):
    """The texts of the cells of a page's tables."""

    def __init__(self):
        super().__init__()
        self.tables, self.open = [], False

    def handle_starttag(self, tag, _):
        if tag == "table":
            self.tables.append([])
        self.open = tag == "td"
        if self.open and self.tables:
            self.tables[-1].append("")

    def handle_endtag(self, tag):
        self.open = self.open and tag != "td"

    def handle_data(self, data):
        if self.open and self.tables and self.tables[-1]:
            self.tables[-1][-1] += data.strip()


def of_report(file):
    """Digest the tables of a report."""
    cells = Cells()
    cells.feed(file.read_text())
    return {f"table {number}": digest(table) for number, table in enumerate(cells.tables)}


def of_explorer(data):
    """Digest what the explorer is given."""
    packed, found, start = gzip.decompress(base64.b64decode(data["data"])), {}, 0
    for array in data["arrays"]:
        kind = np.dtype(f"<{array['type']}")
        size = kind.itemsize * array["length"]
        found[f"array {array['name']}"] = sha256(packed[start : start + size]).hexdigest()[:16]
        start += size
    rest = {
        name: value for name, value in data.items() if name not in {"data", "arrays", "background", "notes"}
    }
    return found | flat(rest)


def shell(*arguments):
    """Run a command; give its exit code and what it prints."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = main([str(argument) for argument in arguments])
    if code:
        raise AssertionError(f"{arguments}: exit code {code}: {err.getvalue()}")
    return out.getvalue()


def cases(folder):
    """Give each case's name and a function that digests its output; ``folder`` is for what is written."""
    (folder / "salt").write_text("a salt of at least sixteen bytes")
    recordings = folder / "recordings.csv"
    recordings.write_text(
        "video,started_at,timezone,site,opening_hours\n"
        + "".join(
            f"{name},2026-10-24T{hour}:59:30,Europe/Berlin,shop,Mo-Su 09:00-20:00\n"
            for name, hour in (("morning", "08"), ("noon", "12"), ("evening", "19"), ("shop", "11"))
        )
    )
    number = 0

    def exported(source, zones, options):
        nonlocal number
        number += 1
        out = folder / f"out{number}"
        shell("export", source, out, *zones, *options.split())
        verified = shell("verify", out, "--json")
        return of_dataset(out) | flat({"sound": json.loads(verified).get("findings")}, "verify")

    for place in (SHOP, DAY):
        zones = ["--zones", place / "zones.geojson"]
        known = {"floor": place / "floor.json", "salt": folder / "salt"}
        for name, options in EXPORTS.items():
            yield f"export {place.name} {name}", exported, (place, zones, options.format(**known))
        yield f"export {place.name} clock", exported, (place, zones, f"--recordings {recordings}")
        for name in ("plain", "floor", "cleaned", "visits", "part"):
            options = EXPORTS[name].format(**known).split()

            def summed(place=place, zones=zones, options=options):
                return flat(json.loads(shell("summary", place, *zones, *options, "--json")))

            def reported(place=place, zones=zones, options=options, name=name):
                file = folder / f"{place.name}-{name}.html"
                shell("report", place, "-o", file, *zones, *options)
                return of_report(file)

            yield f"summary {place.name} {name}", summed, ()
            if place == SHOP:
                yield f"report {place.name} {name}", reported, ()

        yield (
            f"inspect {place.name}",
            lambda place=place: flat(json.loads(shell("inspect", place, "--json"))),
            (),
        )
    yield "explorer px", explored, (None,)
    yield "explorer floor", explored, (SHOP / "floor.json",)
    if REAL.is_dir():
        for name, arguments in REAL_FILES.items():
            source, _, options = arguments.partition(" ")
            yield f"export {name}", exported, (REAL / source, [], options)
            yield (
                f"inspect {name}",
                lambda source=source, options=options: flat(
                    json.loads(
                        shell("inspect", REAL / source, *options.split(), "--json").replace(f"{REAL}/", "")
                    )
                ),
                (),
            )


def explored(floor):
    """Digest the explorer's data of the shop."""
    from ptrack_analysis.web.payload import explorer_data  # noqa: PLC0415 - it moves

    detections, video = pta.read_tracking(SHOP)
    plane = None if floor is None else pta.read_floor_plan(floor, video)
    zones, lines = pta.read_zones(SHOP / "zones.geojson", video, plane=plane)
    trajectories = pta.compute_trajectories(detections, video, plane=plane)
    heatmap = None if floor else pta.compute_box_heatmap(detections, trajectories, video, shape=(27, 48))
    data = explorer_data(
        trajectories, video, zones=zones, lines=lines, detections=detections, floor=plane, heatmap=heatmap
    )
    return of_explorer(data)


def digests(folder):
    """Digest every case."""
    return {name: function(*arguments) for name, function, arguments in cases(folder)}


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        found = digests(Path(made))
    GOLDEN.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")
    sys.stdout.write(f"{len(found)} cases, {sum(map(len, found.values()))} digests\n")
