"""The examples in the help of the commands run on the sample data."""

import argparse
import re
import shlex

import pytest

from ptrack_analysis.cli.main import COMMANDS, build_parser, main

SERVICES = {"start", "wait", "fetch", "serve", "zones"}
"""Commands that need an endpoint or a browser; their own tests run them."""


def list_examples():
    parser = build_parser(COMMANDS)
    [commands] = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for name, command in commands.choices.items():
        if name not in SERVICES:
            found = re.findall(r"^  (ptrack .+)$", command.description or "", re.MULTILINE)
            assert found, f"{name} has no examples"
            yield from found


NEEDS_MORE = re.compile(
    r"s3://|tcp://|cameras\.toml|film\.mp4|--video-file|--list|completion|\$|>|\.hevc|nightly/"
)


@pytest.mark.parametrize("line", [*list_examples()])
def test_an_example_of_the_help_runs(line, data, tmp_path, monkeypatch, capsys):
    if NEEDS_MORE.search(line):
        pytest.skip("needs files or services that the samples do not have")
    (tmp_path / "data").symlink_to(data, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    if line.split()[1] in {"verify", "compact", "remove"} or line.startswith("ptrack report out"):
        assert main(shlex.split("export data/day out --zones data/day/zones.geojson")) == 0
    assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
