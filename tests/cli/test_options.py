"""The options of the shell and their help, which follow from the fields of the configuration."""

import argparse
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from ptrack_analysis.cli.config_options import add_options, read_fields
from ptrack_analysis.cli.main import COMMANDS, LOOK, main
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.config_fields import find_options
from ptrack_analysis.pipeline.outputs import OUTPUTS, PLOTS
from ptrack_analysis.pipeline.plot_options import PlotOptions

CALLS = [[name] for name in COMMANDS] + [["plot", name] for name in PLOTS]
GROUPS = {option.group for _, option in find_options(AnalysisConfig)}


def get_help(capsys, call):
    with pytest.raises(SystemExit) as stop:
        main([*call, "--help"])
    assert stop.value.code == 0
    return capsys.readouterr().out


def parse(config, *arguments):
    parser = argparse.ArgumentParser()
    add_options(parser, *{option.group for _, option in find_options(config)}, config=config)
    return read_fields(parser.parse_args(arguments), config)


def test_export_has_an_option_for_each_field_of_the_configuration(capsys):
    text = get_help(capsys, ["export"])
    missing = {
        each.name
        for each, option in find_options(AnalysisConfig)
        if not re.search(rf"^  {option.flag or '--' + each.name.replace('_', '-')}\b", text, re.MULTILINE)
    }
    assert not missing
    assert {each.name for each in fields(AnalysisConfig)} == {
        e.name for e, _ in find_options(AnalysisConfig)
    } | {"video", "points_unit"}


@pytest.mark.parametrize("config", [AnalysisConfig, PlotOptions])
def test_a_command_without_options_has_the_defaults_of_the_configuration(config):
    assert config(**parse(config)) == config()


def test_values_are_read_by_the_type_of_their_field(tmp_path):
    salt = tmp_path / "salt.txt"
    salt.write_text("only the house knows this\n")
    given = parse(
        AnalysisConfig,
        *("--from", "1s", "--to", "2s", "--persons", "3,7", "--shape", "5x9", "--margin", "2.5"),
        *("--stitch", "--min-count", "5", "--sampling-period", "40ms", "--salt-file", str(salt)),
    )
    assert (given["start"], given["end"], given["persons"]) == ("1s", "2s", [3, 7])
    assert (given["shape"], given["margin"], given["stitch"], given["min_count"]) == ((5, 9), 2.5, True, 5)
    assert (given["period"], given["salt"]) == ("40ms", b"only the house knows this")
    assert parse(AnalysisConfig, "--sampling-period", "auto")["period"] is None


@pytest.mark.parametrize(
    "option", ["--every=soon", "--max-speed=0", "--margin=-1", "--persons=a", "--shape=5"]
)
def test_a_value_of_the_wrong_type_is_refused(option):
    with pytest.raises(SystemExit):
        parse(AnalysisConfig, option)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"every": "0s"}, "every must be a duration above 0, got '0s'"),
        ({"stop_duration": "0s"}, "stop_duration must be a duration above 0, got '0s'"),
        ({"stop_extent": 0}, "stop_extent must be a number above 0, got 0"),
        ({"margin": -1}, "margin must be a number of at least 0, got -1"),
        ({"start": "2s", "end": "2s"}, "end must be after start ('2s'), got '2s'"),
        ({"repair_jumps": True}, "repair_jumps needs max_speed"),
        ({"fill_gaps": "2s"}, "fill_gaps (--fill-gaps) must be above max_gap (2 s), got '2s'"),
        (
            {"period": "3s", "max_gap": "2s"},
            "max_gap must be at least the sampling period of 3000 ms, got 2000 ms",
        ),
    ],
    ids=str,
)
def test_the_configuration_refuses_what_is_out_of_range(values, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        AnalysisConfig(**values)


@pytest.mark.parametrize("config", [AnalysisConfig, PlotOptions])
def test_the_docstring_describes_each_field_with_its_default(config):
    for each, option in find_options(config):
        entry = config.__doc__.partition(f"\n    {each.name}\n")[2].partition("\n    ")
        assert option.text.split()[-1] in " ".join(config.__doc__.split()), each.name
        assert entry[1]
    assert "FIELDS" not in config.__doc__
    assert "three sampling periods if that is longer." in " ".join(AnalysisConfig.__doc__.split())


def test_the_options_of_a_plot_are_groups_of_fields():
    groups = GROUPS | {option.group for _, option in find_options(PlotOptions)}
    assert {group for _, plot in PLOTS.values() for group in plot.options} <= groups
    for _, plot in PLOTS.values():
        assert {name for name, _ in plot.defaults} <= {e.name for e in fields(AnalysisConfig)}


def test_an_option_of_one_plot_is_refused_by_the_others(capsys):
    assert "--trail" in get_help(capsys, ["plot", "animation"])
    assert "--trail" not in get_help(capsys, ["plot", "heatmap"])
    assert "(default 18x32)" in get_help(capsys, ["plot", "field"])
    assert "(default 54x96)" in get_help(capsys, ["plot", "heatmap"])


@pytest.mark.parametrize("call", [[], *CALLS], ids=" ".join)
def test_help_begins_with_examples_that_parse(capsys, monkeypatch, call):
    text = get_help(capsys, call)
    usage, blank, head, *lines = text.splitlines()
    assert (usage.split()[:2], blank, head) == (["usage:", "ptrack"], "", "examples:")
    examples = lines[: lines.index("")]
    assert 2 <= len(examples) <= 3
    started = []
    for name in (*COMMANDS, LOOK):
        monkeypatch.setattr(f"ptrack_analysis.cli.{name}.run", lambda args: started.append(args) or 0)
    for example in examples:
        program, *arguments = shlex.split(example.partition(" > ")[0])
        assert program == "ptrack"
        assert arguments[: len(call)] == call
        if "--list" in arguments:
            continue
        assert main(arguments) == 0
    assert started


@pytest.mark.parametrize("call", [[], *CALLS], ids=" ".join)
def test_examples_name_sample_data_and_tables_that_exist(data, capsys, call):
    lines = get_help(capsys, call).partition("examples:\n")[2].partition("\n\n")[0].splitlines()
    words = [shlex.split(line)[1:] for line in lines]
    assert not [
        word
        for line in words
        for word in line
        if word.startswith("data/") and not (data.parent / word).exists()
    ]
    assert {line[1] for line in words if line[0] == "table"} <= {"--list", *OUTPUTS}


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_everyday_options_come_before_credentials_and_formats(capsys, call):
    text = get_help(capsys, call)
    heads = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert heads[0] == "examples"
    if "S3 and AWS (as in the AWS CLI)" in heads and call != ["fetch"]:
        assert heads[-1] == "S3 and AWS (as in the AWS CLI)"


def test_a_plot_reads_the_zone_file_once(data, tmp_path, monkeypatch):
    opened, open_file = [], Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, *how, **more: opened.append(path) or open_file(path, *how, **more)
    )
    zones = data / "shop" / "zones.geojson"
    target = str(tmp_path / "a.png")
    assert main(["plot", "visits", str(data / "shop"), "-o", target, "--zones", str(zones)]) == 0
    assert opened.count(zones) == 1
