"""What reaches the terminal: names as they are, and never as commands."""

import json
import os
import subprocess
import sys

import pytest
from pages import page, record, write

from ptrack_analysis.cli import main
from ptrack_analysis.cli.options import shown

ESCAPE = "\x1b"


def run(capfd, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capfd.readouterr()


def scene(file, name):
    """Write a file of one zone, the left half of the picture, and one line of this name."""
    shapes = {
        "Polygon": [[[0, 0], [0.5, 0], [0.5, 1], [0, 1], [0, 0]]],
        "LineString": [[0.5, 0], [0.5, 1]],
    }
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"{name} {place}", "unit": "fraction"},
            "geometry": {"type": kind, "coordinates": outline},
        }
        for place, (kind, outline) in enumerate(shapes.items())
    ]
    return write(file, {"type": "FeatureCollection", "features": features})


def archive(folder):
    """Write an archive of a person who stands in the left half."""
    write(folder / "a.json", page(*(record(time, 1, box=(0.1, 0.2, 0.2, 0.4)) for time in range(0, 400, 40))))
    return folder


TEXTS = {
    "plain": ("till 3, Kasse für Übergrößen", "till 3, Kasse für Übergrößen"),
    "lines stay lines": ("one\ntwo", "one\ntwo"),
    "a color": ("\x1b[31mtill", "\\x1b[31mtill"),
    "one command in a byte": ("\x9b2Jtill", "\\x9b2Jtill"),
    "back to the start of the line": ("till\rgood", "till\\rgood"),
    "bell, back and delete": ("\a\b\x7f", "\\x07\\x08\\x7f"),
    "a line that is none": ("a\u2028b", "a\\u2028b"),
    "the other direction": ("\u202egood", "\\u202egood"),
    "half a character": ("\ud800", "\\ud800"),
    "letters that are kept apart": ("a\u200cb", "a\u200cb"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("text", "wanted"), TEXTS.values(), ids=TEXTS.keys())
def test_what_commands_a_terminal_is_shown_as_its_code(text, wanted):
    assert shown(text) == wanted


@pytest.mark.parametrize("form", [[], ["--markdown"]])
def test_the_name_of_a_zone_commands_nothing_in_the_summary(capfd, tmp_path, form):
    zones = scene(tmp_path / "zones.geojson", f"{ESCAPE}[2Jtill")
    code, out, err = run(capfd, "summary", archive(tmp_path / "in"), "--zones", zones, *form)
    assert code == 0
    assert "x1b" in out
    assert ESCAPE not in out + err


def test_the_summary_for_machines_keeps_names_as_they_are(capfd, tmp_path):
    zones = scene(tmp_path / "zones.geojson", f"{ESCAPE}[2Jtill")
    _, out, _ = run(capfd, "summary", archive(tmp_path / "in"), "--zones", zones, "--json")
    assert ESCAPE not in out
    assert json.loads(out)["videos"][0]["zones"][0]["zone"] == f"{ESCAPE}[2Jtill 0"


@pytest.mark.skipif(os.name == "nt", reason="no such names of files there")
@pytest.mark.parametrize("command", ["inspect", "summary"])
def test_the_name_of_a_file_commands_nothing(capfd, tmp_path, command):
    source = archive(tmp_path / f"in{ESCAPE}[2J")
    write(source / f"{ESCAPE}[31mother.json", {"truth": 1})
    write(source / f"{ESCAPE}[32mbroken.json", "{")
    code, out, err = run(capfd, command, source)
    assert code == 4
    assert "\\x1b[32mbroken" in out + err
    assert ESCAPE not in out + err


@pytest.mark.parametrize("arguments", [["--json"], ["--markdown"], []])
def test_a_terminal_that_knows_few_letters_gets_what_it_can_show(tmp_path, arguments):
    zones = scene(tmp_path / "zones.geojson", "Übergrößen")
    command = [sys.executable, "-m", "ptrack_analysis", "summary", archive(tmp_path / "in"), "--zones", zones]
    done = subprocess.run(
        [*command, *arguments],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    shape = b"\\u00dcbergr\\u00f6\\u00dfen" if arguments == ["--json"] else b"?bergr??en"
    assert shape in done.stdout


@pytest.mark.parametrize("command", [["export"], ["plot", "paths"]])
def test_what_a_page_says_commands_nothing(capfd, tmp_path, command):
    said = f"{ESCAPE}[2J{ESCAPE}]0;owned\a"
    write(tmp_path / "in/a.json", page(record(), JobStatus="FAILED", StatusMessage=said))
    out = [tmp_path / "out"] if command == ["export"] else ["-o", tmp_path / "a.png"]
    code, told, err = run(capfd, *command, tmp_path / "in", *out)
    assert code == 3
    assert "\\x1b[2J" in err
    assert ESCAPE not in told + err
