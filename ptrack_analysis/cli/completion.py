"""``ptrack completion``: completion scripts for bash, zsh and fish."""

import argparse
from typing import Any

from ptrack_analysis.cli.options import add_command, parse_file_path

_SHELLS = ("bash", "zsh", "fish")


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "completion",
        "Print a script that completes commands, options, their values and file names in a shell. The script "
        "matches this version of ptrack. Write it again after an update.",
        'completion bash > "${XDG_DATA_HOME:-$HOME/.local/share}/bash-completion/completions/ptrack"',
        'completion zsh > "${fpath[1]}/_ptrack"',
        "completion fish > ~/.config/fish/completions/ptrack.fish",
    )
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from ptrack_analysis.cli.main import COMMANDS, build_parser

    parser = build_parser(COMMANDS)
    _prepare(parser, shtab.FILE)
    print(shtab.complete(parser, args.shell))
    return 0


def _prepare(parser: argparse.ArgumentParser, file: Any) -> None:
    """Mark path arguments and shorten command descriptions to one line, also for subcommands."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of arguments
        if action.type is parse_file_path:
            action.complete = file  # type: ignore[attr-defined] # read by shtab
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the only way to the subcommands
            for line in action._choices_actions:  # noqa: SLF001 - the only way to their help
                command = action.choices[line.dest]
                command.description = line.help
                _prepare(command, file)
