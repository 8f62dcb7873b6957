"""What the shell says of options for data that leaves the house."""

import pytest

from ptrack_analysis.cli import main

SECRET = "only the house knows this"


def export(data, tmp_path, *options):
    zones = str(data / "shop/zones.geojson")
    return main(["export", str(data / "shop/pages"), str(tmp_path / "out"), "--zones", zones, *options])


def test_the_salt_comes_from_a_file_and_is_printed_nowhere(data, tmp_path, capsys):
    file = tmp_path / "salt.txt"
    file.write_text(SECRET + "\n")
    assert export(data, tmp_path, "--salt-file", str(file), "--tables", "visits,dwell") == 0
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    assert "person-seconds" not in said.out
    assert {path.name for path in (tmp_path / "out").glob("[!._]*/")} == {
        "videos",
        "tracks",
        "visits",
        "dwell",
        "views",
    }


@pytest.mark.parametrize(
    ("content", "options", "code", "said"),
    [
        ("short", (), 2, "salt (--salt-file) must have at least 16 bytes, got 5"),
        ("", (), 2, "at least 16 bytes, got 0"),
        (None, (), 3, "cannot read the file of --salt-file: No such file or directory"),
        (
            SECRET,
            ("--min-count", "1"),
            2,
            "min_count (--min-count) must be a whole number of at least 2, got 1",
        ),
        (SECRET, ("--tables", "visit"), 2, "Did you mean 'visits'?"),
    ],
    ids=["short", "empty", "missing", "a count of one", "an unknown table"],
)
def test_what_cannot_be_is_one_sentence(content, options, code, said, data, tmp_path, capsys):
    file = tmp_path / "salt.txt"
    if content is not None:
        file.write_text(content)
    assert export(data, tmp_path, "--salt-file", str(file), *options) == code
    error = capsys.readouterr().err
    assert said in error
    assert SECRET not in error
    assert not (tmp_path / "out").exists()
