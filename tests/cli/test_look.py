"""``ptrack SOURCE``: a short look, and commands to paste."""

import shlex

import pytest
from pages import page, record, write

from ptrack_analysis import export_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.cli.options import emphasize, show_activity


def look(capfd, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capfd.readouterr()
    return code, captured.out, captured.err


def commands(out):
    """Return the arguments of the commands that are proposed."""
    return [shlex.split(line)[1:] for line in out.splitlines() if line.startswith("  ptrack ")]


def test_a_video_is_described_with_the_next_three_commands(capfd, data, tmp_path, monkeypatch):
    code, out, err = look(capfd, data / "shop")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "shop: 13 people in 3 min of video"
    assert lines[2].startswith("Usable with care. The number of people")
    assert "  - Busiest minute: 1:22 to 2:22, with 3.6 people in view on average." in lines
    assert max(map(len, lines[:8])) <= 100
    assert [command[0] for command in commands(out)] == ["summary", "report", "export"]
    monkeypatch.chdir(tmp_path)
    for command in commands(out):
        assert main(command) == 0
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "out" / "dictionary.md").is_file()


def test_zones_that_are_given_are_used(capfd, data):
    _, out, _ = look(capfd, data / "shop", "--zones", data / "shop" / "zones.geojson")
    assert "11 people came in and 11 went out through the door." in out
    assert str(data / "shop" / "zones.geojson") in commands(out)[0]


def test_a_folder_of_videos_and_a_dataset_have_commands_of_their_own(capfd, data, tmp_path, monkeypatch):
    _, out, _ = look(capfd, data / "day")
    assert "3 videos: evening, morning, noon" in out
    monkeypatch.chdir(tmp_path)
    for command in commands(out):
        assert main(command) == 0
    capfd.readouterr()
    _, out, _ = look(capfd, tmp_path / "out")
    assert "3 videos, 3 min 30 s of video" in " ".join(out.split())
    assert [command[0] for command in commands(out)] == ["report", "verify", "compact"]
    for command in commands(out):
        assert main(command) == 0


def test_options_are_kept_in_the_next_commands(capfd, data, tmp_path, monkeypatch):
    columns = "frame=frame,id=track_id,left=x1,right=x2,top=y1,bottom=y2,confidence=confidence"
    options = ["--columns", columns, "--frame-rate", "25", "--frame-size", "1280x720"]
    code, out, _ = look(capfd, data / "tracker" / "morning.csv", *options)
    assert code == 0
    monkeypatch.chdir(tmp_path)
    for command in commands(out):
        assert main(command) == 0


def test_names_with_spaces_and_control_characters_are_quoted(capfd, tmp_path):
    write(tmp_path / "my shop" / "page.json", page(record(0, 1)))
    code, out, _ = look(capfd, tmp_path / "my shop")
    assert code == 0
    assert commands(out)[0][1] == str(tmp_path / "my shop")
    write(tmp_path / "bad\x1b[31m" / "page.json", page(record(0, 1)))
    assert "\x1b" not in look(capfd, tmp_path / "bad\x1b[31m")[1]


@pytest.mark.parametrize(
    ("argument", "code", "said"),
    [
        ("summry", 2, "Did you mean 'summary'? (see ptrack --help)"),
        ("nothing", 2, "or name a file or folder that exists (see ptrack --help)"),
        ("./nothing", 3, "nothing"),
    ],
)
def test_what_is_neither_a_command_nor_a_source_is_refused(capfd, argument, code, said):
    try:
        found = main([argument])
    except SystemExit as error:
        found = error.code
    assert found == code
    assert said in capfd.readouterr().err


def test_a_broken_file_is_named(capfd, tmp_path):
    (tmp_path / "broken.json").write_text('{"Persons": [')
    code, _, err = look(capfd, tmp_path / "broken.json")
    assert code == 3
    assert "broken.json" in err


def test_colors_are_only_for_terminals(monkeypatch):
    text = "Not usable for\n  speeds. Rest."
    assert emphasize(text, "Not usable for speeds.", "bad") == text
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    colored = "\x1b[1;31mNot usable for\n  speeds.\x1b[0m Rest."
    assert emphasize(text, "Not usable for speeds.", "bad") == colored
    monkeypatch.setenv("NO_COLOR", "1")
    assert emphasize(text, "Not usable for speeds.", "bad") == text


def test_activity_is_shown_on_a_terminal_and_wiped(capsys, monkeypatch):
    with show_activity("reading"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("ptrack_analysis.cli.options._TICK", 0.01)
    with show_activity("reading a\x1bb"):
        while "reading" not in capsys.readouterr().err:
            pass
    assert capsys.readouterr().err.endswith("\r\x1b[K")


def test_activity_shows_the_share_that_is_done(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("ptrack_analysis.cli.options._TICK", 0.01)
    with show_activity("drawing video") as report:
        report(0.25)
        while ": 0 s, 25%" not in capsys.readouterr().err:
            pass


def test_a_dataset_that_was_exported_without_quality_is_not_called_reliable(capfd, data, tmp_path):
    export_dataset(data / "shop", tmp_path / "out", tables="occupancy")
    assert "Not checked." in look(capfd, tmp_path / "out")[1]
