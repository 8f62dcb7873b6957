"""Completion in real shells."""

import shutil
import subprocess

import pytest

from ptrack_analysis.cli import main

_COMPLETE = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
"$(complete -p ptrack | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(capsys, tmp_path):
    def write(shell):
        assert main(["completion", shell]) == 0
        file = tmp_path / f"ptrack.{shell}"
        file.write_text(capsys.readouterr().out)
        return file

    return write


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ex", {"export"}),
        ("plot heat", {"heatmap"}),
        ("plot visits data --merge", {"--merge-gap"}),
        ("plot heatmap data --basis ", {"boxes", "foot_points"}),
        ("summary data --max", {"--max-gap", "--max-speed"}),
        ("fetch JOB out --sort-by T", {"TIMESTAMP"}),
        ("summary data --zones zones.g", {"zones.geojson"}),
        ("summary zo", {"zones.geojson"}),
        ("completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_bash_completes_commands_options_values_and_files(script, tmp_path, line, expected):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    (tmp_path / "zones.geojson").touch()
    words = ["ptrack", *line.split(" ")]
    done = subprocess.run(
        [bash, "--norc", "-c", _COMPLETE, "bash", str(script("bash")), *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == expected


def test_zsh_can_read_its_script(script):
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("zsh is not installed")
    subprocess.run([zsh, "-n", str(script("zsh"))], check=True)


def test_fish_completes_commands_with_their_description(script):
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("fish is not installed")
    code = f"source {script('fish')}; complete -C 'ptrack plot heat'"
    done = subprocess.run([fish, "--no-config", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\t") == ["heatmap", "person-seconds per cell\n"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_names_every_command(script, shell):
    text = script(shell).read_text()
    for name in ("inspect", "export", "heatmap", "sankey", "completion"):
        assert name in text


def test_an_unknown_shell_is_refused_with_the_similar_one(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["completion", "bsh"])
    assert stop.value.code == 2
    assert "Did you mean 'bash'?" in capsys.readouterr().err
