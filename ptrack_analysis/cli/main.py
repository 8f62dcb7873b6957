"""The command ``ptrack``: its commands, its errors, its exit codes."""

import argparse
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

from ptrack_analysis import __version__
from ptrack_analysis.cli.options import shown
from ptrack_analysis.errors import (
    InputError,
    OutputError,
    ParameterError,
    PtrackError,
    PtrackWarning,
    RemoteError,
    SchemaError,
    ZoneError,
)

COMMANDS = {
    "inspect": "say what an archive holds, and whether it can be trusted",
    "export": "write a dataset of Parquet files: dwell times, trajectories, heatmaps",
    "verify": "read a dataset again, and say whether it is whole",
    "compact": "write a dataset's tables as few large files",
    "plot": "draw a plot",
    "report": "write a page about a video, or about a dataset",
    "compare": "say whether two trackings of one video saw the same",
    "table": "write one table of one video as CSV or Parquet",
    "summary": "say the usual figures: visitors, occupancy, dwell, trust",
    "zones": "draw zones, lines and the floor plan in the browser",
    "start": "start a job for a video in S3, at an endpoint that speaks the API",
    "wait": "wait until a job has succeeded",
    "fetch": "fetch a job's pages into an archive",
}
"""Each command with its help; its options are built only when it is called."""
FAILURE, USAGE, BAD_INPUT, REMOTE, INTERRUPTED = 1, 2, 3, 5, 130
_CODES: list[tuple[type[PtrackError], int]] = [
    (ParameterError, USAGE),
    (InputError, BAD_INPUT),
    (ZoneError, BAD_INPUT),
    (SchemaError, BAD_INPUT),
    (OutputError, FAILURE),
    (RemoteError, REMOTE),
]
_EPILOG = """\
exit codes: 0 done, 1 failure, 2 usage, 3 input is bad or incomplete, 4 some videos failed,
5 remote error, 130 interrupted

Amazon ended People Pathing on 31 October 2025; archives of its pages are read as ever.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, and which takes -1s for a value."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **{"allow_abbrev": False} | named)
        self._negative_number_matcher = re.compile(r"-[\d.]")

    def parse_known_args(
        self, args: Any = None, namespace: Any = None
    ) -> Any:  # the command's own help is named
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            hint = _similar(unknown[0].partition("=")[0], self._option_string_actions)
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            hint = _similar(str(value), choices) or f". Choose from {', '.join(choices)}"
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{hint}")

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _similar(word: str, known: Iterable[str]) -> str:
    """Return a question that names the most similar known word, or nothing."""
    near = get_close_matches(word, [*known], n=1)
    return f". Did you mean {near[0]!r}?" if near else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell command; give its exit code.

    Data go to stdout, messages to stderr. An error is one sentence on stderr.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name that the terminal cannot show is no failure
    try:
        arguments = sys.argv[1:] if arguments is None else arguments
        given = _parser(arguments).parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = given.run
        with warnings.catch_warnings():
            warnings.simplefilter("always", PtrackWarning)
            warnings.showwarning = _show(warnings.showwarning)
            code = run(given)
        sys.stdout.flush()
    except PtrackError as error:
        return _report(error, next((code for kind, code in _CODES if isinstance(error, kind)), FAILURE))
    except KeyboardInterrupt:
        return _report("interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except OSError as error:
        return _report(f"{error.filename or 'system'}: {error.strerror or error}", FAILURE)
    except MemoryError:
        return _report("out of memory: the table does not fit", FAILURE)
    return code


def _show(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Return what shows a warning: one of the package in a line on stderr, as other messages."""

    def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
        if issubclass(category, PtrackWarning):
            print(f"warning: {shown(' '.join(str(message).split()))}", file=sys.stderr)
        else:
            otherwise(message, category, *more, **named)

    return show


def _report(message: object, code: int) -> int:
    print(f"ptrack: {shown(' '.join(str(message).split()))}", file=sys.stderr)
    return code


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ptrack",
        description="Make sense of where people walked in a video, from saved People Pathing pages.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ptrack-analysis {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, text in COMMANDS.items():
        if name == called:
            import_module(f"ptrack_analysis.cli.{name}").add(commands)
        else:
            commands.add_parser(name, help=text)
    return parser
