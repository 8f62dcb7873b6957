"""Telling a tracker's format by looking."""

import pytest
from pages import page, record, write

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.registry import TRACKERS, recognize

STRANGERS = {
    "words": ("a.txt", "lorem ipsum\n"),
    "binary": ("a.bin", bytes(range(256))),
    "a page": ("a.json", page(record())),
    "a sheet of something": ("a.csv", "a,b\n1,2\n"),
    "rubbish named gz": ("a.txt.gz", b"PK\x03\x04"),
}


@pytest.mark.parametrize(("name", "content"), STRANGERS.values(), ids=STRANGERS.keys())
def test_what_no_format_fits_is_refused_in_one_line(tmp_path, name, content):
    file = write(tmp_path / name, content)
    with pytest.raises(InputError) as refused:
        recognize(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert "\n" not in str(refused.value)


def test_a_folder_of_pages_is_no_trackers(tmp_path):
    for number in (1, 2):
        write(tmp_path / f"page-{number}.json", page(record()))
    with pytest.raises(InputError, match="a folder with no tracking data"):
        recognize(tmp_path)


def test_every_format_says_what_it_is():
    for name, tracker in TRACKERS.items():
        assert tracker.name == name
        assert tracker.text
        assert tracker.read.__doc__


def test_an_empty_file_is_told_so_at_once(tmp_path):
    with pytest.raises(InputError, match=r"a\.txt: the file is empty"):
        recognize(write(tmp_path / "a.txt", " \n"))
