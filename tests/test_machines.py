"""Other machines: Windows, locales, time zones and home folders."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from unicodedata import normalize

import pytest
from moving import make_archive
from pages import page, record, write
from rekognition_server import ENVIRONMENT

import ptrack_analysis as pta
from ptrack_analysis import export_dataset, open_dataset, read_parquet, write_parquet, write_report
from ptrack_analysis.cli import main
from ptrack_analysis.cli.main import COMMANDS, _is_source
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import is_inside
from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.report.writing import MARKED, _find_reports
from ptrack_analysis.scene.selection import Selector, SelectorIndex, VideoKeys, fits_pattern
from ptrack_analysis.sources.names import make_slug, slugs, validate_name
from ptrack_analysis.storage import files
from ptrack_analysis.storage.files import leftovers, make_folder, temporary_beside, write_text

ROOT = Path(__file__).parents[1]
SHOP = ROOT / "data/shop"
DEVICES = ["CON", "prn", "Aux", "NUL", *(f"com{n}" for n in range(10)), *(f"LPT{n}" for n in range(10))]


@pytest.fixture
def windows(monkeypatch):
    """Behave like Windows, where ``os.kill`` terminates the process; paths stay those of this machine."""

    def terminate(process, number):
        pytest.fail(f"process {process} was terminated")

    monkeypatch.setattr(files.os, "kill", terminate)
    monkeypatch.setattr(files, "os", _Windows())


class _Windows:
    """The module ``os`` with the name of Windows."""

    name = "nt"

    def __getattr__(self, name):
        return getattr(os, name)


def test_on_windows_no_process_is_terminated_to_find_out_whether_it_runs(windows, tmp_path):
    young = temporary_beside(tmp_path / "table.parquet")
    old = temporary_beside(tmp_path / "table.parquet")
    for path in (young, old):
        path.write_bytes(b"half")
    before = time.time() - 7200
    os.utime(old, (before, before))
    assert leftovers(tmp_path, ["table.parquet"]) == [old]
    assert sorted(leftovers(tmp_path, ["table.parquet"], of_all=True)) == sorted([young, old])


def test_on_windows_a_file_that_a_program_has_open_is_one_clear_sentence(windows, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutputError, match=r"denied\. Close the programs that have the file open\.$"):
        write_text(tmp_path / "report.html", "new")
    assert [*tmp_path.iterdir()] == []


def test_on_windows_a_path_that_is_too_long_is_one_clear_sentence(windows, tmp_path, monkeypatch):
    def refuse(path, *_, **__):
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OutputError, match=r"written: No such file or directory$"):
        write_text(tmp_path / "report.html", "new")
    deep = tmp_path / ("x" * 150) / ("y" * 150)
    deep.mkdir(parents=True)
    with pytest.raises(OutputError, match=r"The path has \d{3} characters: use a shorter folder, or enable"):
        write_text(deep / "report.html", "new")
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=r"The path has \d{3} characters: use a shorter folder, or enable"):
        make_folder(deep / "out")


@pytest.fixture
def unopened(monkeypatch):
    """Behave like Windows, which neither replaces nor removes a file that is open."""
    checked = []

    def forbid(name):
        call = getattr(os, name)

        def checked_call(*paths, **options):
            for path in paths:
                checked.append(path)
                assert str(Path(path).absolute()) not in _open_files(), f"{name} of {path}, which is open"
            return call(*paths, **options)

        return checked_call

    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, forbid(name))
    return checked


def _open_files():
    """List the files that this process has open or mapped."""
    mapped = {
        line.split(maxsplit=5)[5] for line in Path("/proc/self/maps").read_text().splitlines() if "/" in line
    }
    opened = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            opened.add(str(link.readlink()))
    return opened | mapped


@pytest.mark.skipif(sys.platform != "linux", reason="/proc lists open files")
def test_no_open_file_is_replaced_or_removed(unopened, tmp_path):
    out, source = tmp_path / "out", tmp_path / "a.json"
    write(source, page(*(record(time, 1) for time in range(0, 400, 40))))
    for _ in range(2):
        export_dataset(source, out, csv=True, force=True)
    compact_dataset(out)
    dataset = open_dataset(out)
    write_report(out, tmp_path / "report.html")
    for _ in range(2):
        write_parquet(dataset.read("tracks"), tmp_path / "tracks.parquet")
        read_parquet(tmp_path / "tracks.parquet")
    assert {"tracks.parquet", "report.html", "manifest.parquet"} <= {Path(path).name for path in unopened}


@pytest.mark.parametrize("device", DEVICES)
def test_no_video_gets_the_name_of_a_device(device):
    for title in (device, f"{device}.json", f"-{device}", f"{device}."):
        name = make_slug(title)
        assert name.startswith("video-")
        assert validate_name(name) == name
    with pytest.raises(ParameterError, match=f"Use 'video-{device}'"):
        validate_name(device)
    assert make_slug(f"{device}x") == f"{device}x"


@pytest.mark.parametrize("title", ["a.", "a. ", "a.-.", f"{'x' * 99}..mp4", f"{'x' * 99}-b", "...", " . "])
def test_no_name_ends_with_a_dot_or_a_space_and_each_is_accepted_again(title):
    name = make_slug(title)
    assert re.fullmatch(r"[\w.-]*\w", name, re.ASCII)
    assert validate_name(name) == name


def test_names_differ_in_more_than_their_case():
    names = slugs(["Shop", "shop", "door"])
    assert len({name.casefold() for name in names}) == 3
    assert names[2] == "door"


def test_a_name_that_the_locale_cannot_decode_is_that_of_other_machines():
    assert make_slug("Käse".encode().decode("ascii", "surrogateescape")) == make_slug("Käse") == "Kase"
    assert make_slug(b"a\xffb".decode("ascii", "surrogateescape")) == "a-b"
    assert make_slug("a\ud800b") == "a-b"


@pytest.mark.parametrize(
    "place", ["C:/evil", "C:evil", r"C:\evil", r"\\host\share\evil", r"..\evil", "/evil"]
)
def test_a_path_that_is_outside_on_windows_is_outside(place):
    assert not is_inside(place)


def test_letters_with_accents_are_equal_in_both_forms_that_file_systems_have():
    apart = normalize("NFD", "Käse/Eingang")
    assert apart != "Käse/Eingang"
    for value, pattern in (
        (apart, "käse/eingang"),
        ("Käse/Eingang", apart),
        (apart, "*ä*"),
        ("KÄSE", f"{apart[:3]}*"),
    ):
        assert fits_pattern(value, pattern)
    assert not fits_pattern("Kase", "Käse")
    row = Selector(files=("Käse.json",))
    keys = VideoKeys("Kase", paths=(normalize("NFD", "Käse.json"),))
    assert SelectorIndex([row]).find(keys) == [0]


def test_a_report_of_another_case_is_not_that_of_a_video(tmp_path, monkeypatch):
    (tmp_path / "Shop.html").write_bytes(MARKED)
    monkeypatch.setattr(Path, "is_file", lambda _: True)  # as where Shop.html and shop.html are one file

    class Dataset:
        videos = ("Shop", "shop")

    assert _find_reports(tmp_path, Dataset()) == {"Shop": "Shop.html"}


def test_a_path_with_slashes_is_a_source_where_the_separator_is_another(monkeypatch):
    monkeypatch.setattr(os.path, "sep", "\\")
    assert _is_source("data/none")
    assert _is_source(r"data\none")
    assert not _is_source("none")


def test_no_text_is_read_or_written_in_the_encoding_of_the_machine():
    """A text file is opened as bytes, or with an encoding."""
    text_mode = re.compile(r"""\.(?:read|write)_text\((?!["']|text\b|[^)]*(?:encoding|"utf-8"|"ascii"))""")
    opened = re.compile(r"""(?<![\w.])open\((?![^)]*(?:b"|encoding))|\.open\("[rwax]t?"\)""")
    found = []
    for path in sorted((ROOT / "ptrack_analysis").rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            is_code = not line.lstrip().startswith((">>>", "...", "#"))
            ours = re.search(r"(?<![.\w])(?:read|write)_text\(|def (?:read|write|open)", line)
            if is_code and not ours and (text_mode.search(line) or opened.search(line)):
                found.append(f"{path.name}:{number}: {line.strip()}")
    assert found == []


def shell(*arguments, prefix=(), **changes):
    """Run a command in another environment; None removes a variable."""
    environment = {**os.environ, "PYTHONUNBUFFERED": None, **changes}
    return subprocess.run(
        [*prefix, sys.executable, "-m", "ptrack_analysis", *map(str, arguments)],
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        check=False,
    )


C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
WITHOUT_RIGHTS = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]


@pytest.mark.skipif(os.name == "nt", reason="locales and rights of POSIX")
@pytest.mark.parametrize("kind", ["a locale without letters", "time zone", "no time zone", "read-only home"])
def test_another_environment_gives_the_same_bytes(tmp_path, kind):
    pages, zones = SHOP / "pages", SHOP / "zones.geojson"
    named = tmp_path / "named.geojson"
    named.write_text(zones.read_text("utf-8").replace("checkout", "Käse"), "utf-8")
    (tmp_path / "home").mkdir(mode=0o500)
    home = dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"))
    changes, prefix = {
        "a locale without letters": (C_LOCALE, []),
        "time zone": ({"TZ": "Asia/Kathmandu"}, []),
        "no time zone": ({"TZ": "Not/AZone"}, []),
        "read-only home": (
            {**home, "HOME": str(tmp_path / "home")},
            WITHOUT_RIGHTS if os.geteuid() == 0 and shutil.which("setpriv") else [],
        ),
    }[kind]
    for arguments in (
        ["summary", pages, "--zones", named],
        ["table", "visits", pages, "--zones", named],
        ["report", pages, "--zones", named, "-o", "-"],
    ):
        here = shell(*arguments, LC_ALL="C.UTF-8", TZ=None)
        there = shell(*arguments, prefix=prefix, **changes)
        assert (here.returncode, there.returncode) == (0, 0)
        assert b"K\xc3\xa4se" in here.stdout
        assert there.stdout == here.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes")
def test_names_that_are_no_text_are_read_and_an_output_of_such_a_name_is_refused(tmp_path, capfd):
    name = os.fsdecode(b"K\xe4se")
    write(tmp_path / name / "a.json", page(*(record(time, 1) for time in range(0, 400, 40))))
    for _ in range(2):
        export_dataset(tmp_path / name, tmp_path / "out")
    with pytest.raises(ParameterError, match="valid UTF-8 text"):
        export_dataset(tmp_path / name, tmp_path / f"out{name}")
    assert not (tmp_path / f"out{name}").exists()


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["table", "--help"], ["--version"], ["table", "visits", SHOP], ["summary", SHOP, "--json"]],
    ids=lambda one: " ".join(map(str, one[:2])).replace(str(SHOP), "shop"),
)
def test_a_reader_that_is_gone_ends_a_command_quietly(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "ptrack_analysis", *map(str, arguments)]
    zones = ["--zones", str(SHOP / "zones.geojson")] if "visits" in arguments else []
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [*command, *zones], env=environment, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small archive, a dataset of it, and the arguments of each command that prints something."""
    folder = tmp_path_factory.mktemp("small")
    pages, out = make_archive(folder, 2), folder / "out"
    export_dataset(pages, out)
    one, server = pages / "v001", ["--endpoint-url", "URL"]
    return {
        "look": [one],
        "inspect": ["inspect", one],
        "summary": ["summary", one],
        "plot": ["plot", "paths", one, "-o", "-"],
        "table": ["table", "tracks", one],
        "report": ["report", one, "-o", "-"],
        "export": ["export", pages, folder / "another"],
        "verify": ["verify", out],
        "compact": ["compact", out],
        "remove": ["remove", out, "--video", "v001-p"],
        "compare": ["compare", one, one],
        "zones": ["zones", one, "-o", folder / "drawn.geojson", "--no-browser"],
        "start": ["start", "s3://bucket/p.mp4", *server],
        "wait": ["wait", "job-0", *server],
        "fetch": ["fetch", "job-0", folder / "fetched", *server],
        "serve": ["serve", pages, "--port", "0"],
        "completion": ["completion", "bash"],
        "an error": ["summary", folder / "none"],
        "a wrong option": ["summary", one, "--none"],
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pta.rekognition.serve_tracking(make_archive(tmp_path_factory.mktemp("served"), 1)) as running:
        yield running


def open_broken_pipe():
    """Open the end of a pipe whose reader is gone."""
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w", encoding="utf-8", buffering=1)


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("which", [*COMMANDS, "look", "an error", "a wrong option"])
def test_each_command_ends_quietly_when_the_reader_of_its_output_is_gone(
    small, server, monkeypatch, capfd, which
):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    given = [server.url if one == "URL" else str(one) for one in small[which]]
    failures = {"an error": 3, "a wrong option": 2}
    with ExitStack() as opened, monkeypatch.context() as patch:
        for name in ["stdout", "stderr"] if which in failures else ["stdout"]:
            patch.setattr(sys, name, opened.enter_context(open_broken_pipe()))
        handler = signal.getsignal(signal.SIGINT)
        try:
            code = main(given)
        except SystemExit as stop:
            code = stop.code
        signal.signal(signal.SIGINT, handler)
    assert code == failures.get(which, 1)
    out, err = capfd.readouterr()
    assert (out, "Traceback" in err, "Broken pipe" in err) == ("", False, False)


@pytest.mark.skipif(os.name == "nt", reason="descriptors of POSIX")
def test_a_command_without_stdout_and_stderr_ends_as_with_them(small):
    closed = f"exec >&- 2>&-; exec {shlex.quote(sys.executable)} -m ptrack_analysis"
    command = f"{closed} {shlex.join(map(str, small['an error']))}"
    assert subprocess.run(command, shell=True, check=False).returncode == 3  # noqa: S602 - its own text
