"""The shell as people use it: what it prints, what it refuses, how it ends."""

import gzip
import io
import json
import os
import subprocess
import sys

import pandas as pd
import pytest
from moving import find_faults
from pages import FACE, page, record, write
from shell import run

from ptrack_analysis import open_dataset, verify_dataset

ZONES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "left"},
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [0.5, 0], [0.5, 1], [0, 1], [0, 0]]]},
        }
    ],
}
GOOD = page(record(0, 0), record(40, 0), record(80, 0, box=None, face=FACE))


@pytest.fixture
def archive(tmp_path):
    return write(tmp_path / "in" / "good-1.json", GOOD).parent


@pytest.fixture
def zones(tmp_path):
    return write(tmp_path / "zones.geojson", ZONES)


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


BAD = {
    "not JSON": "hello",
    "cut in the middle": json.dumps(GOOD)[:300],
    "empty": "",
    "nested 100 000 deep": '{"Persons": ' + "[" * 100_000,
    "no time": {"Persons": [{"Person": {"Index": 0}}]},
    "negative time": page(record(-1)),
    "fraction of a ms": page(record(0.5)),
    "truth value": page(record(True)),
    "beyond 2^53": page(record(2**53 + 1)),
    "index no number": page(record(0, "seven")),
    "NaN": json.dumps(page(record(box=(float("nan"), 0, 1, 1)))),
    "nan as a text": page(record(box=("nan", 0, 1, 1))),
    "Infinity as a text": page(record(box=("Infinity", 0, 1, 1))),
    "invalid UTF-8": json.dumps(GOOD).encode().replace(b"h264", b"h\xff64"),
    "in progress": {"JobStatus": "IN_PROGRESS", "Persons": []},
    "failed": {"JobStatus": "FAILED", "StatusMessage": "odd codec", "Persons": []},
    "error envelope": {"success": False, "error": {"code": "VALIDATION_ERROR", "message": "bad"}},
    "incomplete": page(record(), token="more"),
}
ZIPPED = {
    "gzip cut in the middle": gzip.compress(json.dumps(GOOD).encode())[:-20],
    "gzip bomb": gzip.compress(b" " * 20_000_000),
}
BAD = {
    name: content | {"JobId": "bad"} if isinstance(content, dict) and "JobId" in content else content
    for name, content in BAD.items()
}
NAMED = {name: ("bad-1.json", content) for name, content in BAD.items()} | {
    name: ("bad-1.json.gz", content) for name, content in ZIPPED.items()
}


@pytest.mark.parametrize(("name", "content"), NAMED.values(), ids=NAMED.keys())
def test_bad_input_is_one_sentence_exit_3_and_nothing_written(tmp_path, capfd, name, content):
    file = write(tmp_path / "in" / name, content)
    for source in (file, file.parent):
        code, _out, err = run(
            capfd, "export", source, tmp_path / "out", "--zones", write(tmp_path / "z.geojson", ZONES)
        )
        assert code == 3
        assert not (tmp_path / "out").exists()
        (sentence,) = err.splitlines()
        assert sentence.startswith((f"ptrack: {file}", f"ptrack: {file.parent}"))


@pytest.mark.parametrize(("name", "content"), NAMED.values(), ids=NAMED.keys())
def test_one_bad_video_leaves_the_others_done_and_exit_4(tmp_path, capfd, archive, zones, name, content):
    write(archive / name, content)
    code, out, err = run(capfd, "export", archive, tmp_path / "out", "--zones", zones)
    assert code == 4
    assert "2 videos: 1 written, 1 failed" in out
    assert len(err.splitlines()) >= 1
    dataset = open_dataset(tmp_path / "out")
    assert dataset.videos == ["good"]
    assert len(dataset.read("visits", videos="good")) > 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        (json.dumps(ZONES | {"unit": "m"}), "meters require a floor plan"),
        (json.dumps(ZONES | {"features": ZONES["features"] * 2}), "occurs twice"),
        (json.dumps(ZONES).replace("[0.5, 0], [0.5, 1]", "[0.5, 1], [0.5, 0]"), "not a valid outline"),
    ],
    ids=["broken", "meters", "equal names", "bow tie"],
)
def test_a_bad_zone_file_is_exit_3_and_nothing_written(tmp_path, capfd, archive, content, said):
    code, _, err = run(
        capfd, "export", archive, tmp_path / "out", "--zones", write(tmp_path / "z.geojson", content)
    )
    assert code == 3
    assert said in err
    assert "z.geojson" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pages_is_exit_3(tmp_path, capfd):
    for command in (["inspect"], ["export", "--force"], ["plot", "paths", "-o", tmp_path / "a.png"]):
        rest = [tmp_path / "out"] if command[0] == "export" else []
        code, _, err = run(capfd, *command, tmp_path, *rest)
        assert code == 3
        assert "no GetPersonTracking pages" in err


USAGE = {
    "no command": [],
    "unknown command": ["frobnicate"],
    "unknown option": ["inspect", "x", "--nonsense"],
    "no source": ["inspect"],
    "a length without a unit": ["inspect", "x", "--max-gap", "5"],
    "a negative length": ["inspect", "x", "--max-gap=-5s"],
    "no length": ["export", "x", "y", "--merge-gap", "soon"],
    "no size": ["inspect", "x", "--frame-size", "640"],
    "no rate": ["inspect", "x", "--frame-rate", "0"],
    "no persons": ["export", "x", "y", "--persons", "a,b"],
    "no picture": ["plot", "sculpture", "x", "-o", "y.png"],
    "odd suffix": ["plot", "paths", "x", "-o", "y.gif"],
    "no output": ["plot", "paths", "x"],
    "an empty path": ["inspect", ""],
    "an empty path for results": ["export", "x", ""],
    "results where the source is": ["export", "x", "x"],
    "no shape": ["export", "x", "y", "--shape", "0x5"],
    "visits without zones": ["plot", "visits", "x", "-o", "y.png"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE.keys())
def test_wrong_usage_is_one_sentence_and_exit_2(capfd, arguments):
    code, out, err = run(capfd, *arguments)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("command", [["export", "x", "y"], ["plot", "paths", "x", "-o", "a.png"]])
def test_an_unknown_option_is_told_by_the_command_that_does_not_know_it(capfd, command):
    name = " ".join(command[: 2 if command[0] == "plot" else 1])
    _, _, err = run(capfd, *command, "--nonsense", "z")
    assert err.startswith(f"ptrack {name}: unrecognized arguments: --nonsense z")
    assert err.endswith(f"(see ptrack {name} --help)\n")


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["expotr", "x", "y"], "'export'"),
        (["plot", "heatmpa", "x"], "'heatmap'"),
        (["summary", "x", "--max-gp", "2s"], "'--max-gap'"),
        (["plot", "heatmap", "x", "-o", "a.png", "--basis", "box"], "'boxes'"),
    ],
)
def test_a_mistyped_word_suggests_the_right_one(capfd, arguments, near):
    code, _, err = run(capfd, *arguments)
    assert code == 2
    assert f"Did you mean {near}?" in err


def test_an_abbreviated_option_is_refused(capfd):
    assert run(capfd, "summary", "x", "--max", "2s")[0] == 2


def test_an_output_path_that_is_a_file_is_exit_2(tmp_path, capfd, archive):
    code, _, err = run(capfd, "export", archive, write(tmp_path / "out", "mine"))
    assert code == 2
    assert "is a file" in err
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("name", ["x..%2f..%2fevil-1.json", "x..json", "-rf.json", "a b\n.json", "ünï.json"])
def test_no_name_and_no_job_writes_outside_out(tmp_path, capfd, name):
    write(tmp_path / "deep" / "in" / name, page(record(), job="../../../evil"))
    before = files_of(tmp_path)
    code, *_ = run(capfd, "export", tmp_path / "deep" / "in", tmp_path / "deep" / "out")
    assert code == 0
    after = files_of(tmp_path)
    assert all(path.startswith("deep/out/") for path in set(after) - set(before))
    assert len(list((tmp_path / "deep" / "out" / "videos").glob("*.parquet"))) == 1


def test_no_persons_is_fine_and_all_files_are_written(tmp_path, capfd, zones):
    file = write(tmp_path / "empty.json", page())
    code, _out, _ = run(capfd, "export", file, tmp_path / "out", "--zones", zones)
    assert code == 0
    written = files_of(tmp_path / "out")
    for table in ("videos", "tracks", "detections", "trajectories", "visits", "occupancy", "heatmap"):
        assert [path.startswith(f"{table}/part-") for path in written].count(True) == 1
    assert pd.read_parquet(tmp_path / "out" / "visits").empty
    assert open_dataset(tmp_path / "out").videos == ["empty"]


def test_export_says_where_results_are_and_how_long_people_stayed(tmp_path, capfd, archive, zones):
    code, out, err = run(capfd, "export", archive, tmp_path / "out", "--zones", zones)
    assert code == 0
    assert "1 video: 1 written" in out
    assert [line.split()[-1] for line in out.splitlines() if line.startswith(("good", " "))] == [
        "0.120",
        "0.040",
        "0.080",
    ]
    assert str(tmp_path / "out") in out
    assert err.startswith("note: good: positions are missing for 33% of the time")


def times(folder):
    """Give when each file of a dataset was written, but for what runs note for themselves."""
    files = (path for path in folder.rglob("*") if "_ptrack" not in path.parts)
    return {path: path.stat().st_mtime_ns for path in files}


def test_a_second_export_changes_nothing_and_says_so(tmp_path, capfd, archive, zones):
    run(capfd, "export", archive, tmp_path / "out", "--zones", zones)
    before = times(tmp_path / "out")
    code, out, _ = run(capfd, "export", archive, tmp_path / "out", "--zones", zones)
    assert (code, out.splitlines()[0]) == (0, "1 video: 1 unchanged")
    assert times(tmp_path / "out") == before
    code, out, _ = run(capfd, "export", archive, tmp_path / "out", "--zones", zones, "--max-gap", "1s")
    assert out.splitlines()[0] == "1 video: 1 written"


def test_export_without_zones_says_how_to_get_visits(tmp_path, capfd, archive):
    code, _, err = run(capfd, "export", archive, tmp_path / "out")
    assert code == 0
    assert "no visits and crossings without zones" in err
    assert open_dataset(tmp_path / "out").read("visits").empty


def test_what_inspect_notes_export_says_too_and_says_again(tmp_path, capfd):
    file = write(
        tmp_path / "a.json",
        page(record(9000), record(9040), VideoMetadata={"FrameWidth": 9, "FrameHeight": 9}),
    )
    for _ in range(2):
        _, _, err = run(capfd, "export", file, tmp_path / "out")
        assert "note: a: the first detection is at 9.000 s" in err
        assert "note: a: the video's duration is not known" in err


def test_a_choice_that_leaves_nothing_says_what_there_is(tmp_path, capfd, archive):
    for choice in (["--persons", "99"], ["--from", "10min"]):
        code, _, err = run(capfd, "export", archive, tmp_path / "out", *choice)
        assert code == 0
        assert "the selected persons and times contain no detection: the video has the persons 0 to 0" in err


def test_a_zone_outside_the_picture_is_noted(tmp_path, capfd, archive):
    far = (
        json.dumps(ZONES)
        .replace("[0.5, 0], [0.5, 1], [0, 1]", "[500, 0], [500, 300]")
        .replace("[0, 0]", "[400, 100]")
    )
    code, _, err = run(
        capfd, "export", archive, tmp_path / "out", "--zones", write(tmp_path / "far.json", far)
    )
    assert code == 0
    assert "zone 'left' is outside the image: check the unit of its file" in err


def test_of_exports_at_once_one_writes_and_the_others_say_so(tmp_path, data):
    command = [sys.executable, "-m", "ptrack_analysis", "export", str(data / "day"), str(tmp_path / "out")]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
    ended = [(one.communicate()[1].decode(), one.returncode) for one in running]
    assert 0 in [code for _, code in ended]
    for err, code in ended:
        assert code == 0 or (code == 1 and "another run is writing this dataset" in err), err
    assert find_faults(tmp_path / "out") == []
    assert verify_dataset(tmp_path / "out").findings == []


def test_export_speaks_json(tmp_path, capfd, archive, zones):
    code, out, _ = run(capfd, "export", archive, tmp_path / "out", "--zones", zones, "--json")
    (video,) = json.loads(out)["videos"]
    assert code == 0
    assert (video["name"], video["status"], video["dwell_s"]) == ("good", "written", {"left": 0.08})
    assert (video["in_scene_s"], video["without_position_s"], video["rows"]["detections"]) == (0.12, 0.04, 3)


def test_a_part_of_the_video_can_be_exported_with_the_period_of_the_whole(tmp_path, capfd):
    rows = [record(t, p) for t in range(0, 1000, 40) for p in (0, 1)] + [record(500, 2)]
    file = write(tmp_path / "a.json", page(*rows))
    run(capfd, "export", file, tmp_path / "out", "--persons", "2", "--from", "400ms", "--to", "600ms")
    persons = pd.read_parquet(tmp_path / "out" / "tracks")
    assert persons[["video", "person_index", "time_in_scene_s"]].to_numpy().tolist() == [
        ["a@400ms-600ms", 2, 0.04]
    ]


def test_inspect_prints_a_report_even_of_what_is_bad(tmp_path, capfd, archive):
    write(archive / "bad-1.json", page(record(), token="more", job="b"))
    code, out, err = run(capfd, "inspect", archive)
    assert code == 4
    assert "good: not usable for visits, dwell and heatmap" in out
    assert "bad: not usable" in out
    assert "the archive is incomplete" in err
    code, out, _ = run(capfd, "inspect", archive / "bad-1.json")
    assert code == 3
    assert "people (tracks)     1" in out
    assert run(capfd, "inspect", archive / "bad-1.json", "--allow-incomplete")[0] == 0


def test_inspect_speaks_json(capfd, archive):
    write(archive / "truth.json", {"a": 1})
    code, out, _ = run(capfd, "inspect", archive, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["videos"][0]["dwell_ms"] == 120
    assert found["videos"][0]["video"]["duration_ms"] == 1000
    assert found["ignored"] == [
        {"file": "truth.json", "reason": "well-formed, but not a GetPersonTracking page"}
    ]


def test_inspect_takes_the_sampling_period_that_is_given(tmp_path, capfd):
    file = write(tmp_path / "a.json", page(record(0)))
    code, out, _ = run(capfd, "inspect", file, "--sampling-period", "500ms")
    assert code == 0
    assert "time in the scene   0.500 s" in out


def test_one_video_that_cannot_be_measured_does_not_hide_the_others(capfd, archive):
    slow = page(record(), job="slow", VideoMetadata={"FrameRate": 0.25, "FrameWidth": 9, "FrameHeight": 9})
    write(archive / "slow-1.json", slow)
    code, out, err = run(capfd, "inspect", archive, "--max-gap", "2s")
    assert code == 4
    assert "good: not usable for visits, dwell and heatmap" in out
    assert "slow: max_gap must be at least the sampling period of 4000 ms" in err


def test_occupancy_needs_no_frame_size(tmp_path, capfd):
    file = write(tmp_path / "a.json", {"Persons": [record(0), record(40)]})
    assert run(capfd, "plot", "occupancy", file, "-o", tmp_path / "a.png")[0] == 0


def test_a_fault_of_stdin_names_stdin(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{")))
    code, _, err = run(capfd, "inspect", "-")
    assert code == 3
    assert "stdin" in err
    assert err.startswith("ptrack: stdin: ")


def test_a_video_with_a_new_name_replaces_itself(tmp_path, capfd):
    file = write(tmp_path / "in" / "result-7.json", page(record()))
    run(capfd, "export", file, tmp_path / "out")
    assert open_dataset(tmp_path / "out").videos == ["in"]
    run(capfd, "export", file.parent, tmp_path / "out", "--name", "Lobby")
    dataset = open_dataset(tmp_path / "out")
    assert dataset.videos == ["Lobby"]
    assert len(dataset.read("detections")) == 1


def test_a_page_can_come_from_stdin(capfd, monkeypatch):
    for content in (json.dumps(GOOD).encode(), gzip.compress(json.dumps(GOOD).encode())):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code, out, _ = run(capfd, "inspect", "-")
        assert code == 0
        assert out.startswith("stdin: not usable for visits, dwell")


def test_facts_can_be_given_where_pages_have_none(tmp_path, capfd):
    file = write(tmp_path / "a.json", {"Persons": [record(0), record(40)]})
    code, _, err = run(capfd, "export", file, tmp_path / "out")
    assert code in (2, 3)
    assert "--frame-size" in err
    code, *_ = run(capfd, "export", file, tmp_path / "out", "--frame-size", "640x360", "--frame-rate", "25")
    assert code == 0
    assert pd.read_parquet(tmp_path / "out" / "videos")["width"].tolist() == [640]


@pytest.mark.parametrize("picture", ["paths", "heatmap", "visits", "occupancy"])
@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_every_picture_is_drawn_in_every_format_and_twice_the_same(
    tmp_path, capfd, archive, zones, picture, suffix, magic
):
    target = tmp_path / f"a.{suffix}"
    for _ in range(2):
        code, out, _err = run(capfd, "plot", picture, archive, "-o", target, "--zones", zones)
        assert (code, out) == (0, "")
        content = target.read_bytes()
        assert content.startswith(magic)
        target.with_suffix(".before").write_bytes(content) if not target.with_suffix(
            ".before"
        ).exists() else None
    assert target.with_suffix(".before").read_bytes() == content


def test_a_picture_can_go_to_stdout(archive):
    done = subprocess.run(
        [sys.executable, "-m", "ptrack_analysis", "plot", "heatmap", str(archive), "-o", "-"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"\x89PNG")


def test_a_picture_does_not_replace_what_ptrack_did_not_make(tmp_path, capfd, archive):
    mine = write(tmp_path / "mine.png", "mine")
    code, _, err = run(capfd, "plot", "paths", archive, "-o", mine)
    assert code == 1
    assert "was not written by ptrack. Use --force to replace it" in err
    assert mine.read_text() == "mine"
    assert run(capfd, "plot", "paths", archive, "-o", mine, "--force")[0] == 0


def test_one_video_of_several_is_chosen_by_name(tmp_path, capfd, archive):
    write(archive / "other-1.json", page(record(), job="other"))
    target = tmp_path / "a.png"
    code, _, err = run(capfd, "plot", "paths", archive, "-o", target)
    assert code == 3
    assert "contains 2 videos ('good', 'other')" in err
    assert run(capfd, "plot", "paths", archive, "-o", target, "--video", "other")[0] == 0
    code, _, err = run(capfd, "plot", "paths", archive, "-o", target, "--video", "nobody")
    assert code == 2
    assert "has no video 'nobody'. It has 'good', 'other'." in err


def test_pictures_on_the_floor(tmp_path, capfd, data):
    shop = data / "shop"
    for picture in ("paths", "heatmap"):
        code, *_ = run(
            capfd, "plot", picture, shop, "-o", tmp_path / "a.svg", "--floor", shop / "floor.json",
            "--background", shop / "floor_plan.png", "--zones", shop / "zones.geojson",
        )  # fmt: skip
        assert code == 0
        assert "[m]" in (tmp_path / "a.svg").read_text()
    code, _, err = run(
        capfd,
        "plot",
        "heatmap",
        shop,
        "-o",
        tmp_path / "b.svg",
        "--floor",
        shop / "floor.json",
        "--basis",
        "boxes",
    )
    assert code == 2
    assert "A floor plan has no boxes" in err


def test_help_comes_at_once_and_names_the_exit_codes(capfd):
    code, out, _ = run(capfd, "--help")
    assert code == 0
    for word in ("inspect", "export", "plot", "exit codes", "31 October 2025"):
        assert word in out
    assert run(capfd, "--version")[1].startswith("ptrack-analysis ")


def test_a_closed_pipe_ends_quietly(archive):
    command = [sys.executable, "-m", "ptrack_analysis", "inspect", str(archive), "--json"]
    read, wrote = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=wrote, stderr=subprocess.PIPE, check=False)
    os.close(wrote)
    assert b"Traceback" not in done.stderr


def test_an_interrupt_is_exit_130(capfd, monkeypatch, archive):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("ptrack_analysis.pipeline.inspection.inspect_tracking", interrupted)
    code, _, err = run(capfd, "inspect", archive)
    assert code == 130
    assert err == "ptrack: interrupted\n"
