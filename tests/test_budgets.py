"""Commands under a limit of the address space: one sentence and exit code 2 or 3 instead of a crash."""

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ptrack_analysis import Video, limits
from ptrack_analysis.analysis.counting import counts
from ptrack_analysis.analysis.crowd.density import bin_counts
from ptrack_analysis.cli.config_options import _read_file
from ptrack_analysis.editing.documents import read_content
from ptrack_analysis.errors import InputError, ParameterError, PtrackError
from ptrack_analysis.limits import allowed_memory, available_memory, limit_memory, validate_budget
from ptrack_analysis.scene.cameras import read_cameras
from ptrack_analysis.schema import CROSSINGS, empty_table
from ptrack_analysis.sources.trackers.registry import read_tracks

resource = pytest.importorskip("resource")

ROOT = Path(__file__).parent.parent
SHOP = ROOT / "data/shop"
ADDRESS_SPACE = 3 * 10**9
LONGEST = 120
FACTS = ("--frame-rate", "25", "--frame-size", "640x360")
BOXES = "frame,id,left,top,width,height\n"


def run_limited(folder, *arguments, timeout=LONGEST):
    """Run a command with 3 GB of address space; return exit code and stderr."""
    limits = [(resource.RLIMIT_AS, ADDRESS_SPACE), (resource.RLIMIT_CORE, 0)]
    paths = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-m", "ptrack_analysis", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        timeout=timeout,
        preexec_fn=lambda: [resource.setrlimit(limit, (most, most)) for limit, most in limits],
        check=False,
    )
    return done.returncode, done.stderr.decode()


def is_refused(folder, *arguments, timeout=LONGEST):
    """Run a command that must be refused, and return its error message."""
    code, said = run_limited(folder, *arguments, timeout=timeout)
    assert code in {2, 3}, said[-2000:]
    messages = [line for line in said.splitlines() if not line.startswith(("note: ", "warning: "))]
    assert len(messages) == 1, said[-2000:]
    assert len(said) < 1500
    assert "Error" not in said
    return messages[0]


def write(path, content):
    """Write a file and return its path."""
    path.write_text(content)
    return path


def write_document(folder):
    """Write a page with a text of 300 MB, as a sparse file."""
    return write_long_text(folder / "page.json")


def write_line(folder):
    """Write a line of 300 MB, as a sparse file."""
    return write_long_text(folder / "pages.jsonl")


def write_long_text(file):
    with file.open("wb") as opened:
        opened.write(b'{"JobStatus": "SUCCEEDED", "Persons": [], "x": "')
        opened.truncate(300_000_000)
    return "summary", file, "--memory", "300MB"


def write_nested_xml(folder):
    """Write XML of CVAT with 500,000 nested elements."""
    track = '<annotations><track id="0" label="person">' + "<a>" * 500_000 + "</a>" * 500_000
    return "summary", write(folder / "deep.xml", track + "</track></annotations>"), "--format", "cvat-video"


def write_crowd(folder):
    """Write 10,000 people at one time on 2 m²."""
    rows = (f"{frame},{n},{n % 100 / 50},{n // 100 / 100}" for frame in range(2) for n in range(10_000))
    crowd = write(folder / "crowd.csv", "frame,id,x,y\n" + "\n".join(rows))
    return "table", "encounters", crowd, "--unit", "m", "--frame-rate", "25"


def write_broken_tracks(folder):
    """Write 8000 tracks that fit each other."""
    rows = (f"{n % 50 + k},{n},{10 + n % 7},10,20,50" for n in range(8000) for k in range(3))
    tracks = write(folder / "tracks.csv", BOXES + "\n".join(rows))
    return "table", "tracks", tracks, "--stitch", *FACTS


def write_wide_recordings(folder):
    """Write a file of recordings with 100,000 columns."""
    names = ",".join(f"c{n}" for n in range(100_000))
    content = f"video,started_at,{names}\nshop,2026-01-05T09:00:00Z" + ",1" * 100_000
    recordings = write(folder / "recordings.csv", content)
    return "table", "occupancy_hourly", SHOP, "--recordings", recordings, "--timezone", "UTC"


def write_pixels(folder):
    """Write an image file of 10^5 x 10^5 pixels."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, data in (
        (b"IHDR", struct.pack(">IIBBBBB", 10**5, 10**5, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(10**5))),
        (b"IEND", b""),
    ):
        parts += [struct.pack(">I", len(data)), name + data, struct.pack(">I", zlib.crc32(name + data))]
    (folder / "huge.png").write_bytes(b"".join(parts))
    return "plot", "paths", SHOP, "-o", folder / "out.png", "--background", folder / "huge.png"


ATTACKS = {
    "document": (
        write_document,
        r"page\.json: a document of 300000000 bytes or more needs more than .* of memory",
    ),
    "line": (
        write_line,
        r"pages\.jsonl, line 1: a document of \d+ bytes or more needs more than .* of memory",
    ),
    "device": (
        lambda _: ("table", "visits", SHOP, "--zones", "/dev/zero"),
        r"/dev/zero: a file of \d+ bytes or more needs more than .* of memory, but .* may be used",
    ),
    "nested XML": (write_nested_xml, "line 1: more than 100 elements are nested"),
    "crowd": (write_crowd, r"the search for encounters, with \d+ pairs .* needs more than .*\(--persons\)"),
    "wide recordings": (
        write_wide_recordings,
        "recordings.csv:1: the file has 100002 columns, more than 200",
    ),
    "pixels": (write_pixels, "has 10000.0 megapixels. The limit is 40 megapixels"),
    "digits": (
        lambda _: ("table", "tracks", SHOP, "--persons", "9" * 10_000),
        r"'9{199}\.\.\. is not a list",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_input_that_needs_too_much_is_refused_with_one_sentence(name, tmp_path):
    make, message = ATTACKS[name]
    assert_matches(is_refused(tmp_path, *make(tmp_path)), message)


def assert_matches(said, message):
    """Compare a message with a pattern."""
    with pytest.raises(InputError, match=message):
        raise InputError(said)


HEAVY = {
    "stitching": (write_broken_tracks, r"stitching, with \d+ possible joins or more, needs more than"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_input_is_refused_with_one_sentence(name, tmp_path):
    make, message = HEAVY[name]
    assert_matches(is_refused(tmp_path, *make(tmp_path), timeout=300), message)


@pytest.mark.slow
def test_comparing_crowds_is_refused_before_the_memory_is_full(tmp_path):
    rows = (f"{frame},{n},{10 + n % 600},{10 + n // 600},20,50" for frame in range(2) for n in range(10_000))
    crowd = write(tmp_path / "crowd.csv", BOXES + "\n".join(rows))
    said = is_refused(tmp_path, "compare", crowd, crowd, *FACTS, timeout=300)
    assert_matches(said, r"the comparison, with \d+ pairs of boxes that overlap or more, needs more than")


def make_boxes(rows):
    """Make a table of boxes, 100 per frame."""
    n = np.arange(rows)
    box = {"left": n % 100 * 1.0, "top": 1.0, "width": 20.0, "height": 50.0}
    return pa.Table.from_pandas(pd.DataFrame({"frame": n // 100, "id": n % 100, **box}))


def repeat_text(length, rows):
    """Make a column with one long text in each row, stored once."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "int32")), pa.array(["1" * length]))


def make_long_list(length, rows):
    """Make a column with one long list."""
    offsets = np.append(0, np.full(rows, length))
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(np.zeros(length, "int8")))


BOMBS = {
    "repeated text": (
        lambda table: table.append_column("note", repeat_text(10**6, len(table))),
        r"a table with texts of 1000000000 bytes needs more than 2GB of memory, but 64MB may be used",
    ),
    "repeated id": (
        lambda table: table.set_column(1, "id", repeat_text(10**6, len(table))),
        r"a table with texts of 1000000000 bytes needs more than",
    ),
    "long text": (
        lambda table: table.append_column("note", pa.array(["a" * 33_000_000, *[None] * (len(table) - 1)])),
        r"a table with \d+ values in 33\d{6} bytes needs more than",
    ),
    "long list": (
        lambda table: table.set_column(2, "left", make_long_list(9_000_000, len(table))),
        r"a table with 900\d{4} values in \d+ bytes needs more than",
    ),
    "long footer": (
        lambda table: table.replace_schema_metadata({"x": "a" * 2_200_000}),
        r"a footer of \d+ bytes needs more than .* write larger row groups",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_parquet_file_that_needs_too_much_is_refused_before_it_is_decoded(name, tmp_path):
    change, message = BOMBS[name]
    file = tmp_path / "bomb.parquet"
    pq.write_table(change(make_boxes(1000)), file, compression="zstd", write_statistics=False)
    assert file.stat().st_size < 6_000_000
    video = Video(width=640, height=360, frame_rate=25.0)
    with limit_memory(limits.SMALL), pytest.raises(InputError, match=rf"bomb\.parquet: {message}"):
        read_tracks(file, video=video)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_with_too_many_columns_is_refused(suffix, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_COLUMNS", 5)
    file = tmp_path / f"wide.{suffix}"
    if suffix == "csv":
        write(file, BOXES + "0,1,1,1,5,5\n")
    else:
        pq.write_table(make_boxes(10), file)
    with pytest.raises(InputError, match=r"the table has 6 columns, more than 5\. Keep only"):
        read_tracks(file, video=Video(width=640, height=360, frame_rate=25.0))


@pytest.mark.parametrize(
    "read", [lambda file: _read_file(file, "--salt-file"), lambda file: read_content(Path(file))]
)
def test_a_small_file_that_is_read_as_a_unit_is_not_read_without_end(read):
    with pytest.raises(PtrackError, match=r"^/dev/zero: the file .*has more than \d+ bytes\. "):
        read("/dev/zero")


def test_occupancy_in_too_many_zones_and_bins_is_refused_before_it_is_allocated():
    changes = {str(zone): (np.array([0, 1000]), np.array([1, 1])) for zone in range(1000)}
    edges = np.arange(1001, dtype="int64")
    with (
        limit_memory(10**8),
        pytest.raises(InputError, match="the occupancy of 1000 zones in 1000 bins needs"),
    ):
        bin_counts(changes, edges, 0, 1000)


def test_too_many_bins_of_counts_are_refused_before_they_are_allocated(monkeypatch):
    monkeypatch.setattr(counts, "_intervals", None)
    video = Video(duration=pd.Timedelta("1D"))
    with pytest.raises(ParameterError, match="gives 86400000 bins for each of 1 lines"):
        counts.count_crossings(empty_table(CROSSINGS, unit="px"), ["door"], video, every="1ms")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = " + "9" * 5000, "not TOML: Exceeds the limit"),
        ("a" + ".a" * 100_000 + " = 1", "a key has 50 or more parts"),
        ("a = " + "[" * 100_000, "not TOML: maximum recursion depth"),
    ],
)
def test_a_file_of_cameras_that_the_parser_cannot_bear_is_refused(content, message, tmp_path):
    file = write(tmp_path / "cameras.toml", content)
    with pytest.raises(InputError, match=message):
        read_cameras(file, ())


def test_the_budget_is_the_limit_of_the_caller_or_a_share_of_the_available_memory():
    with limit_memory(10**6):
        assert allowed_memory() == 10**6
        with pytest.raises(
            InputError, match=r"^it needs more than 2MB of memory, but 1MB may be used\. Stop\.$"
        ):
            validate_budget(2 * 10**6, "it", "Stop.")
        validate_budget(10**6, "it", "Stop.")
    validate_budget(10**6, "it", "Stop.")


def test_a_limit_of_the_address_space_reduces_the_available_memory(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemAvailable: 4000000 kB\n")
    (tmp_path / "proc/self/cgroup").write_text("")
    (tmp_path / "proc/self/statm").write_text("1000 500 0 0 0 0 0\n")
    (tmp_path / "proc/self/limits").write_text("Max address space         5000000   5000000   bytes\n")
    assert available_memory(tmp_path) == 5_000_000 - 1000 * 4096
    (tmp_path / "proc/self/limits").write_text("Max address space         unlimited unlimited bytes\n")
    assert available_memory(tmp_path) == 4_096_000_000
