"""What the shell says of options for data that leaves the house."""

import pytest

from ptrack_analysis import open_dataset
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
    assert {*open_dataset(tmp_path / "out").manifest.tables} == {"videos", "tracks", "visits", "dwell"}
    for path in (path for path in (tmp_path / "out").rglob("*") if path.is_file()):
        assert SECRET.encode() not in path.read_bytes(), path


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


def test_a_new_salt_is_written_to_a_private_file_and_gives_the_same_keys_again(data, tmp_path, capsys):
    file = tmp_path / "salt.txt"
    assert export(data, tmp_path, "--new-salt", str(file), "--tables", "visits") == 0
    salt = file.read_text().strip()
    assert len(bytes.fromhex(salt)) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    said = capsys.readouterr()
    assert salt not in said.out + said.err
    assert "person-seconds" not in said.out
    keys = read_keys(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "first")
    assert export(data, tmp_path, "--salt-file", str(file), "--tables", "visits") == 0
    assert read_keys(tmp_path / "out") == keys


def read_keys(out):
    return open_dataset(out).read("tracks").index.get_level_values("person").tolist()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "salt.txt: the file exists. Use --salt-file to use the salt in it, or name another file."),
        (("--salt-file", "FILE"), "--new-salt and --salt-file must not both be given."),
    ],
    ids=["exists", "both"],
)
def test_a_new_salt_replaces_no_file_and_no_other_salt(options, said, data, tmp_path, capsys):
    file = tmp_path / "salt.txt"
    file.write_text(SECRET)
    given = [str(file) if one == "FILE" else one for one in options]
    new = tmp_path / "new.txt" if options else file
    assert export(data, tmp_path, "--new-salt", str(new), *given) == 2
    assert said in capsys.readouterr().err
    assert file.read_text() == SECRET
    assert not (tmp_path / "new.txt").exists()


def test_a_wrong_option_leaves_no_new_salt_behind(data, tmp_path):
    assert export(data, tmp_path, "--new-salt", str(tmp_path / "salt.txt"), "--min-count", "1") == 2
    assert not (tmp_path / "salt.txt").exists()
