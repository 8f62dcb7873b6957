"""``ptrack compare``: two trackings of one video, from the shell."""

import json

import pytest
from pages import page, record, write

from ptrack_analysis.cli import main


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


def run(capfd, *arguments):
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    return code, *capfd.readouterr()


def test_it_says_who_is_who_and_how_far_they_agree(capfd, two, data):
    code, out, err = run(capfd, "compare", *two, "--zones", data / "shop" / "zones.geojson")
    assert (code, err) == (0, "")
    assert "who is who: A 0 = B 7, A 1 = B 6" in out
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
