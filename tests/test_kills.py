"""Runs killed at random moments: exports, changes, the sink and the editor. The next run goes on."""

import json
import os
import random
import shutil
import signal
import warnings

import pytest
from cut_short import cut_short, forked
from moving import find_faults, make_archive, read_all_rows
from PIL import Image

import ptrack_analysis as pta
from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.dataset.publishing import recover
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.session import open_session
from ptrack_analysis.errors import IncompleteError, InputError, OutputError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")

KILLS = 50
VIDEOS = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive, its zones, and the dataset that an undisturbed run makes of it."""
    folder = tmp_path_factory.mktemp("made")
    pages = make_archive(folder, VIDEOS)
    export_dataset(pages, folder / "out", zones=folder / "zones.geojson")
    return pages, folder / "zones.geojson", read_all_rows(folder / "out")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_an_exporter_killed_at_random_moments_is_completed_by_a_rerun(made, tmp_path, workers):
    """Half of the runs are killed with all their processes, half alone: then workers end by themselves."""
    pages, zones, expected = made
    options = ["--zones", zones, "--workers", workers]
    done, steps = cut_short(["export", pages, tmp_path / "whole/out", *options], tmp_path / "whole")
    assert done.returncode == 0
    chance, killed = random.Random(workers), 0
    for number in range(KILLS // 2):
        out, how = tmp_path / f"{number}/out", "parent" if number % 2 else "all"
        step = chance.randint(1, steps)
        done, _ = cut_short(["export", pages, out, *options], out.parent, step=step, how=how)
        killed += done.returncode == -signal.SIGKILL
        export_dataset(pages, out, zones=zones)
        assert read_all_rows(out) == expected
        assert find_faults(out) == []
        assert verify_dataset(out).findings == []
    assert killed >= KILLS // 2 - 2  # workers that run into each other may save a step at the very end


REMOVED = "v001-p"


@pytest.mark.slow
@pytest.mark.parametrize("as_", [None, "delta"])
@pytest.mark.parametrize("which", ["export", "compact", "remove"])
def test_a_change_killed_at_random_moments_is_completed_by_the_next_run(tmp_path, which, as_):
    """Also of Delta tables, whose own log must agree with the manifest."""

    def complete(out):
        recover(out)
        if which == "export":
            export_dataset(pages, out, zones=zones, as_=as_)
        elif which == "compact":
            compact_dataset(out)
        elif REMOVED in read_manifest(out).entries:
            remove_videos(out, REMOVED)

    if as_ == "delta":
        pytest.importorskip("deltalake")
    zones = tmp_path / "zones.geojson"
    for videos in (2, 4):
        pages = make_archive(tmp_path, videos)
        export_dataset(pages, tmp_path / "before", zones=zones, as_=as_)
    if which == "export":
        make_archive(tmp_path, 5)
    options = ["--zones", zones, *(["--as", as_] if as_ else [])]
    arguments = {
        "export": [pages, "OUT", *options],
        "compact": ["OUT"],
        "remove": ["OUT", "--video", REMOVED],
    }

    def cut(name, step):
        out = shutil.copytree(tmp_path / "before", tmp_path / name / "out")
        given = [out if one == "OUT" else one for one in arguments[which]]
        return out, *cut_short([which, *given], out, step=step)

    whole, done, steps = cut("whole", 0)
    assert done.returncode == 0
    chance = random.Random(which)
    for step in sorted(chance.sample(range(1, steps), min(8, steps - 1))):
        out, done, _ = cut(f"{step}", step)
        assert done.returncode == -signal.SIGKILL
        complete(out)
        assert read_all_rows(out) == read_all_rows(whole)
        assert verify_dataset(out).findings == []


TIMES = pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.slow)])
SINK = """
import numpy as np
import ptrack_analysis as pta

video, boxes = pta.Video(width=640, height=480, frame_rate=25), np.array([[10.0, 10, 60, 90], [9, 9, 50, 80]])

def work(place):
    with pta.TrackingSink(place, video=video, page_size=20) as sink:
        os.write(log, b"/")
        for frame in range(60):
            sink.append(([1, 2], boxes + frame, None), frame=frame)
            os.write(log, b".")
    os.write(log, b"!")
    return 0
"""


@TIMES
def test_of_a_killed_sink_at_most_one_page_of_what_was_added_is_lost(tmp_path, kills):
    """The archive is read as incomplete, and another sink does not write into it."""
    chance = random.Random(kills)
    with forked(SINK, tmp_path) as run:
        code, steps, _ = run(tmp_path / "clean")
        assert code == 0
        clean, _ = pta.read_tracking(tmp_path / "clean")
        for step in (chance.randint(1, steps) for _ in range(kills)):
            place = tmp_path / "killed"
            code, _, log = run(place, step=step)
            assert code == -signal.SIGKILL
            kept = read_killed(place)
            added = log.count(".")
            assert kept.equals(clean[: len(kept)])
            assert len(kept) >= 2 * added - 20
            assert len(kept) == len(clean) or not log.endswith("!")
            if any(place.glob("page-*")):
                with pytest.raises(OutputError, match="not empty"):
                    pta.TrackingSink(place, video=pta.Video(width=640, height=480))
            else:
                assert log == ""
                assert run(place)[0] == 0
                assert pta.read_tracking(place)[0].equals(clean)
                assert not list(place.glob(".*"))
            shutil.rmtree(place)


def read_killed(place):
    """Read what a killed sink has saved; only a complete archive is read without the option."""
    try:
        return pta.read_tracking(place)[0]
    except IncompleteError:
        with warnings.catch_warnings(action="ignore"):
            return pta.read_tracking(place, allow_incomplete=True)[0]
    except InputError:
        assert not any(place.glob("page-*"))
        return pta.read_tracking(place.with_name("clean"))[0][:0]


EDITOR = """
import http.client, json, re, threading, time, webbrowser
from urllib.parse import urlsplit
import ptrack_analysis.cli.zones, ptrack_analysis.editing.server
from ptrack_analysis.cli import main

RING = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.1]]
os.fsync = lambda _: time.sleep(0.1)

def browse(address):
    "Save five times as the page does, then press Done."
    place = urlsplit(address)
    def ask(method, path, body=None, **headers):
        connection = http.client.HTTPConnection(place.hostname, place.port)
        connection.request(method, path, body and json.dumps(body), headers)
        return connection.getresponse().read().decode()
    page = ask("GET", f"/?{place.query}")
    opening = json.loads(re.search('id="opening">(.*?)</script>', page)[1])
    headers = {"X-Ptrack-Session": opening["secret"], "Content-Type": "application/json"}
    edit = {name: opening["zones"][name] for name in ("base", "disk")}
    for number in range(5):
        zone = {"source": None, "properties": {"name": f"z{number}"}}
        zone["geometry"] = {"type": "Polygon", "coordinates": [RING]}
        edit["disk"] = json.loads(ask("PUT", "/zones", edit | {"features": [zone]}, **headers))["disk"]
        os.write(log, b".")
    ask("POST", "/done", {}, **headers)

def work(place):
    webbrowser.open = lambda address: threading.Thread(target=browse, args=(address,), daemon=True).start()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    return main(["zones", "-o", f"{place}/zones.json", "--background", f"{place}.png"])
"""


@TIMES
@pytest.mark.parametrize("how", ["SIGKILL", "terminate"])
def test_an_editor_ended_while_it_saves_leaves_the_old_zones_or_the_new_ones(tmp_path, kills, how):
    """A terminated one finishes the file first. What a killed one left is removed at the next start."""
    chance, place = random.Random(f"{how} {kills}"), tmp_path / "place"
    place.mkdir()
    picture, file = tmp_path / "place.png", place / "zones.json"
    Image.new("RGB", (160, 90)).save(picture)
    with forked(EDITOR, tmp_path) as run:
        code, steps, log = run(place)
        assert (code, len(log)) == (0, 5)
        for step in (chance.randint(1, steps) for _ in range(kills)):
            file.unlink(missing_ok=True)
            code, _, log = run(place, step=step, how=how)
            assert code == (143 if how == "terminate" else -signal.SIGKILL)
            if file.exists():
                (zone,) = json.loads(file.read_bytes())["features"]
                assert zone["properties"]["name"] in {f"z{len(log) - 1}", f"z{len(log)}"}
            else:
                assert log == ""
            if how == "terminate":
                assert [*place.iterdir()] == [file] * file.exists()
            EditorFiles(open_session(picture, file)).opening()
            assert [*place.iterdir()] == [file] * file.exists()
