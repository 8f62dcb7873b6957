"""A week in the life of a dataset: after each day it has the totals of a fresh export of the same source."""

import os
import random
import shutil
import signal
from dataclasses import replace
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from cut_short import cut_short
from moving import find_faults, read_all_rows
from pages import page, record, write

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.dataset import manifest as manifest_module
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import MANIFEST, format_manifest, read_manifest
from ptrack_analysis.dataset.publishing import recover
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.storage.columns import VERSION_MARK
from ptrack_analysis.storage.facts import SCHEMA_VERSION, STEPS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")]
MOST_STEPS = 250
"""About as many steps as an export of a day takes."""

CAMERA = """
[[camera]]
name = "{name}"
files = "{name}_*"
site = "{site}"
zones = "{name}.geojson"
timezone = "{timezone}"
started_at = "{name}_%Y-%m-%dT%H-%M-%S"
"""
DOOR = CAMERA.format(name="door", site="Mitte", timezone="Europe/Berlin")
TILL = CAMERA.format(name="till", site="Tokyo", timezone="Asia/Tokyo")


def draw_zones(folder, name, right):
    """Draw a zone up to some place of the image's width, and a line at its side."""
    ring = [[0, 0], [right, 0], [right, 1], [0, 1], [0, 0]]
    shapes = {
        f"{name} zone": {"type": "Polygon", "coordinates": [ring]},
        f"{name} line": {"type": "LineString", "coordinates": [[right, 0], [right, 1]]},
    }
    features = [
        {"type": "Feature", "properties": {"name": title}, "geometry": shape}
        for title, shape in shapes.items()
    ]
    write(folder / f"{name}.geojson", {"type": "FeatureCollection", "unit": "fraction", "features": features})


def walk(first, last, speed, person=1):
    """Make the records of a person who walks to the right, four per second."""
    return [
        record(250 * step, person, box=(min(0.85, 0.02 + speed * step / 40), 0.2, 0.1, 0.4))
        for step in range(4 * first, 4 * last)
    ]


def film(folder, camera, day, *, seconds=12):
    """Write the pages of one night: it starts shortly before midnight, and two people come by."""
    name = f"{camera}_2026-10-{21 + day}T23-59-5{day}"
    records = [*walk(0, seconds, 1 + day / 10), *walk(day % 3, seconds - 1, 0.7 + day / 20, 2)]
    records.sort(key=lambda one: one["Timestamp"])
    write(folder / "pages" / name / "page-1.json", page(*records, job=name))
    return name


def lengthen(folder, name):
    """Add a page to the job of a video."""
    path = folder / "pages" / name / "page-1.json"
    path.write_text(path.read_text().replace('"JobStatus"', '"NextToken": "more", "JobStatus"', 1))
    write(path.with_name("page-2.json"), page(*walk(12, 20, 0.9, 3), job=name))


def sum_by_day(out):
    """Return the rows and the sums of all numbers of each table and day, as a tool that globs sees them."""
    totals = {}
    for table in read_manifest(out).tables:
        files = (out / table).rglob("*.parquet")
        content = pa.concat_tables(pq.ParquetFile(path).read() for path in files)
        numbers = [field.name for field in content.schema if field.type in (pa.float64(), pa.int64())]
        for day in pc.unique(content["local_date"]).to_pylist():
            same = pc.is_null(content["local_date"]) if day is None else pc.equal(content["local_date"], day)
            rows = content.filter(same)
            sums = {name: round(pc.sum(rows[name]).as_py() or 0, 6) for name in numbers}
            totals[table, day] = {"rows": len(rows)} | sums
    return totals


def write_older_version(out):
    """Bring a dataset to a schema version in which visits had ``dwell_ms`` instead of ``dwell_s``."""
    manifest = read_manifest(out)
    files = []
    for file in manifest.files:
        path = out / file.place
        if file.batch >= 0:
            content = pq.ParquetFile(path).read()
            if file.table == "visits":
                index = content.column_names.index("dwell_s")
                dwell = pc.round(pc.multiply(content["dwell_s"], 1000.0)).cast(pa.int64())
                content = content.set_column(index, "dwell_ms", dwell)
            marks = {**content.schema.metadata, VERSION_MARK: str(SCHEMA_VERSION - 1).encode()}
            pq.write_table(content.replace_schema_metadata(marks), path)
            size, digest = path.stat().st_size, sha256(path.read_bytes()).hexdigest()
            files.append(replace(file, size=size, sha256=digest))
        else:
            files.append(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_module, "SCHEMA_VERSION", SCHEMA_VERSION - 1)
        content = format_manifest(replace(manifest, files=tuple(files)))
    (out / MANIFEST).write_bytes(content)


def to_present_version(content):
    """Bring the rows of a table to the present version: the step that a package would have."""
    if "dwell_ms" not in content.column_names:
        return content
    index = content.column_names.index("dwell_ms")
    return content.set_column(index, "dwell_s", pc.divide(content["dwell_ms"].cast(pa.float64()), 1000.0))


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize("partition", [None, "local_day"])
def test_a_week_of_one_dataset_has_the_totals_of_fresh_exports(tmp_path, monkeypatch, partition, seed):  # noqa: PLR0915 - a week has many events
    """With a seed, each run is killed or terminated a few times at random before it succeeds."""
    out, pages, setup = tmp_path / "out", tmp_path / "pages", tmp_path / "cameras.toml"
    options = ["--cameras", setup, "--strict", *(["--partition", partition] if partition else [])]
    chance, codes = random.Random(seed), []

    def kill(*arguments):
        for _ in range(0 if seed is None else chance.randint(1, 3)):
            how = chance.choice(["SIGKILL", "terminate"])
            done, _ = cut_short(arguments, out, step=chance.randint(1, MOST_STEPS), how=how)
            codes.append(done.returncode)
            assert done.returncode in {0, -signal.SIGKILL, 143} or "has no video" in done.stderr

    def export(target=out, *, kills=True):
        if kills and target == out:
            kill("export", pages, out, *options)
        return export_dataset(pages, target, cameras=setup, strict=True, partition=partition)

    def compare(day, written):
        """Compare the dataset with a fresh export of what the source has now."""
        fresh = tmp_path / f"fresh-{day}"
        export(fresh)
        assert sum_by_day(out) == sum_by_day(fresh)
        assert read_all_rows(out) == read_all_rows(fresh)
        assert find_faults(out) == []
        assert verify_dataset(out).findings == []
        assert (
            seed is not None
            or written is None
            or written == {video.name for video in summary.of_status("written")}
        )

    # Day 1: one camera.
    write(setup, DOOR)
    draw_zones(tmp_path, "door", 0.4)
    first = film(tmp_path, "door", 1)
    summary = export()
    compare(1, {first})

    # Day 2: a camera is added.
    write(setup, DOOR + TILL)
    draw_zones(tmp_path, "till", 0.6)
    second = {film(tmp_path, "door", 2), film(tmp_path, "till", 2)}
    summary = export()
    compare(2, second)

    # Day 3: the zones of one camera are moved; only its videos are computed again.
    draw_zones(tmp_path, "door", 0.55)
    third = {film(tmp_path, "door", 3), film(tmp_path, "till", 3)}
    doors = {name for name in second if name.startswith("door")}
    summary = export()
    compare(3, third | doors | {first})

    # Day 4: a video is replaced, with a page more.
    lengthen(tmp_path, first)
    fourth = {film(tmp_path, "door", 4), film(tmp_path, "till", 4)}
    summary = export()
    compare(4, fourth | {first})

    # Day 5: the run is killed while it publishes and run again; then the dataset is compacted.
    for camera in ("door", "till"):
        film(tmp_path, camera, 5)
    shutil.copytree(out, tmp_path / "copy/out")
    _, steps = cut_short(["export", pages, tmp_path / "copy/out", *options], tmp_path / "copy")
    done, _ = cut_short(["export", pages, out, *options], out, step=steps * 3 // 4)
    assert done.returncode == -signal.SIGKILL
    summary = export()
    compare(5, None)
    before = len(read_manifest(out).files)
    kill("compact", out)
    compact_dataset(out)
    assert len(read_manifest(out).files) < before
    assert sum_by_day(out) == sum_by_day(tmp_path / "fresh-5")
    assert find_faults(out) == []

    # Day 6: the dataset has an older schema, which the run brings to the present one.
    write_older_version(out)
    monkeypatch.setitem(STEPS, SCHEMA_VERSION - 1, to_present_version)
    sixth = {film(tmp_path, "door", 6), film(tmp_path, "till", 6)}
    summary = export(kills=False)  # this step is known in this process only
    compare(6, sixth)
    assert read_manifest(out).version == SCHEMA_VERSION
    assert len({day for _, day in sum_by_day(out)}) == 7  # the last night ends on the next day

    # Day 7: a video is removed, from the source too.
    kill("remove", out, "--video", first)
    recover(out)
    if first in read_manifest(out).entries:
        remove_videos(out, first)
    shutil.rmtree(pages / first)
    seventh = {film(tmp_path, "door", 7), film(tmp_path, "till", 7)}
    summary = export()
    compare(7, seventh)
    assert seed is None or sum(code != 0 for code in codes) >= 5
