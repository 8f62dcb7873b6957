"""``ptrack compare``: two trackings of one video, from the shell."""

import json

import pytest
from pages import page, record, write
from shell import run


@pytest.fixture
def two(tmp_path):
    """An old job, and a run that saw the same under other numbers, but one moment less."""
    old = [
        record(time, person, box=(0.1 + 0.4 * person, 0.2, 0.2, 0.4))
        for time in range(0, 400, 40)
        for person in (0, 1)
    ]
    new = [
        record(time, 7 - person, box=(0.1 + 0.4 * person, 0.2, 0.2, 0.4))
        for time in range(0, 360, 40)
        for person in (0, 1)
    ]
    return write(tmp_path / "old.json", page(*old)), write(tmp_path / "new.json", page(*new, job="other"))


def test_it_says_who_is_who_and_how_far_they_agree(capfd, two, data):
    code, out, err = run(capfd, "compare", *two, "--zones", data / "shop" / "zones.geojson")
    assert (code, err) == (0, "")
    assert "matching people: A 0 = B 7, A 1 = B 6" in out
    assert "misses 2, false positives 0, identity switches 0" in out
    assert "whole scene" in out


def test_it_speaks_json(capfd, two):
    code, out, _ = run(capfd, "compare", *two, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["figures"]["mota"] == pytest.approx(0.9)
    assert found["presence"]["only_b_s"] == 0


@pytest.mark.parametrize("overlap", ["0", "1.5", "much"])
def test_an_overlap_out_of_range_is_wrong_usage(capfd, two, overlap):
    code, _, err = run(capfd, "compare", *two, "--min-overlap", overlap)
    assert code == 2
    assert "is not an overlap above 0 and at most 1" in err


def test_a_missing_file_is_bad_input(capfd, two, tmp_path):
    code, _, err = run(capfd, "compare", two[0], tmp_path / "nowhere.json")
    assert code == 3
    assert "there is no such file or folder" in err


def test_the_published_mota_of_tud_campus_comes_out(capfd, real_data):
    folder = real_data / "mot" / "TUD-Campus"
    size = ["--frame-size", "640x480", "--frame-rate", "25"]
    code, out, _ = run(capfd, "compare", folder / "gt.txt", folder / "test.txt", *size)
    assert code == 0
    assert "MOTA 52.6%" in out
    assert "misses 150, false positives 13, identity switches 7" in out


def test_what_the_second_lacks_is_taken_from_the_first(capfd, two, tmp_path):
    boxes = [f"{n + 1},{p},{101 + 400 * p},101,200,200,1,-1,-1,-1" for n in range(10) for p in (0, 1)]
    run_file = write(tmp_path / "run.txt", "\n".join(boxes) + "\n")
    code, out, err = run(capfd, "compare", two[0], run_file, "--format", "mot", "--first-pixel", "1")
    assert (code, err) == (0, "")
    assert "MOTA 100.0%" in out


def test_a_table_is_named_by_its_columns(capfd, tmp_path):
    table = write(tmp_path / "t.csv", "f,who,a,b,c,d\n0,7,10,20,20,40\n1,7,11,20,21,40\n")
    options = [
        "--columns",
        "frame=f,id=who,left=a,top=b,right=c,bottom=d",
        "--frame-size",
        "100x100",
        "--frame-rate",
        "25",
    ]
    code, out, _ = run(capfd, "export", table, tmp_path / "out", *options, "--first-frame", "0")
    assert code == 0
    assert "0.080" in out
    code, _, err = run(capfd, "inspect", table, "--columns", "frame")
    assert code == 2
    assert "is not a list, such as frame=frame,id=track_id" in err


def test_what_is_said_of_the_frame_holds_for_the_second(capfd, two, tmp_path):
    boxes = [f"{n + 1},{p},{201 + 800 * p},201,400,400,1,-1,-1,-1" for n in range(10) for p in (0, 1)]
    boxes.append("3,-1,1,1,5,5,1,-1,-1,-1")
    run_file = write(tmp_path / "run.txt", "\n".join(boxes) + "\n")
    code, out, err = run(capfd, "compare", two[0], run_file, "--format", "mot", "--frame-size", "2000x1000")
    assert code == 0
    assert "MOTA 100.0%" in out
    assert "run.txt: 1 rows without an id" in err
