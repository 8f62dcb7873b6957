"""The command ``ptrack``: commands, errors and exit codes."""

import argparse
import io
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO

from ptrack_analysis import __version__
from ptrack_analysis.cli.options import shown
from ptrack_analysis.errors import (
    InputError,
    NotedWarning,
    OutputError,
    ParameterError,
    PtrackError,
    PtrackWarning,
    RemoteError,
    SchemaError,
    ZoneError,
)

COMMANDS = {
    "inspect": "show what an archive contains and how reliable the tracking is",
    "summary": "print key metrics: visitors, occupancy, dwell time, data quality",
    "plot": "draw a plot",
    "table": "write one table of one video as CSV or Parquet",
    "report": "write an HTML page about a video or a dataset",
    "export": "write a dataset of Parquet files: dwell times, trajectories, heatmaps",
    "verify": "check that a dataset is complete and consistent",
    "compact": "rewrite the files of a dataset as few large ones",
    "remove": "remove videos from a dataset",
    "compare": "compare two trackings of one video",
    "zones": "draw zones, lines and the floor plan in the browser",
    "start": "start a job for a video in S3, at a service with the API",
    "wait": "wait until a job has succeeded",
    "fetch": "fetch the pages of a job into an archive",
    "serve": "answer the API of People Pathing from any source",
    "completion": "print a completion script for bash, zsh or fish",
}
"""Each command with its help. Its parser is built only when the command is called."""
LOOK = "look"
"""The command for a source without a command."""
FAILURE, USAGE, BAD_INPUT, REMOTE, INTERRUPTED = 1, 2, 3, 5, 130
_KILLED = 128
"""Exit code of a command ended by a signal, without the number of the signal."""
_CODES: list[tuple[type[PtrackError], int]] = [
    (ParameterError, USAGE),
    (InputError, BAD_INPUT),
    (ZoneError, BAD_INPUT),
    (SchemaError, BAD_INPUT),
    (OutputError, FAILURE),
    (RemoteError, REMOTE),
]
_OUT_OF_MEMORY = (
    "out of memory: analyze a part (--from, --to) or fewer people (--persons), choose larger cells (--shape, "
    "--cell) or bins (--every), or use a machine with more memory"
)
_LONG_WORD = re.compile(r"(\S{200})\S{200,}")
_DESCRIPTION = """\
examples:
  ptrack data/shop
  ptrack summary data/shop --zones data/shop/zones.geojson
  ptrack export data/shop out --zones data/shop/zones.geojson

Analyze how people move through video: dwell time, paths, heatmaps, counts and
crowding, from saved People Pathing pages or the files of other trackers.
ptrack COMMAND --help shows the options of a command.
"""
_EPILOG = """\
exit codes: 0 done, 1 failure, 2 usage, 3 input is bad or incomplete,
4 some videos failed, 5 remote error, 130 interrupted, 143 terminated

AWS ended People Pathing on 31 October 2025. Archives of its pages can still be
read.
"""


class _Terminated(KeyboardInterrupt):
    """The process received SIGTERM or SIGHUP; the argument is the number of the signal."""


class _Parser(argparse.ArgumentParser):
    """A parser with short usage and errors of one line, which accepts -1s as a value."""

    def __init__(self, *args: Any, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "allow_abbrev": False,
            "formatter_class": argparse.RawDescriptionHelpFormatter,
        }
        super().__init__(*args, **defaults | options)
        self._negative_number_matcher = re.compile(r"-[\d.]")

    def format_help(self) -> str:
        """Return the help with a usage of required arguments only, so that examples come first."""
        positional = [str(action.metavar or action.dest) for action in self._get_positional_actions()]
        required = [
            f"{action.option_strings[0]} {action.metavar}"
            for action in self._get_optional_actions()
            if action.required
        ]
        self.usage = " ".join([self.prog, *positional, *required, "[options]"])
        return super().format_help()

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
            similar = _similar(str(value), choices)
            hint = similar or f". Choose from {', '.join(choices)}"
            if not similar and isinstance(action, argparse._SubParsersAction) and self.prog == "ptrack":  # noqa: SLF001
                hint += ", or name a file or folder that exists"
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{hint}")

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {_shorten(message)} (see {self.prog} --help)\n")


def _shorten(message: str) -> str:
    """Cut words of more than 400 characters, such as a value of 10,000 digits."""
    return _LONG_WORD.sub(r"\1...", message)


def _similar(word: str, known: Iterable[str]) -> str:
    """Return a question that names the most similar known word, or nothing."""
    near = get_close_matches(word, [*known], n=1)
    return f". Did you mean {near[0]!r}?" if near else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Data go to stdout, messages to stderr. An error is one line on stderr.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before the start
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Files and pipes get the same bytes on every machine.
        if not sys.stdout.isatty() and "PYTHONIOENCODING" not in os.environ:
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        sys.stdout.reconfigure(errors="replace")  # names that the terminal cannot show do not fail
    try:
        with _end_in_order():
            return _run(arguments)
    finally:
        _release(sys.stdout)
        _release(sys.stderr)


def _release(stream: TextIO) -> None:
    """Flush a stream; if that fails, drop its content, which the interpreter would write at its end."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(arguments: Sequence[str] | None) -> int:
    """Run the command and return its exit code."""
    try:
        arguments = sys.argv[1:] if arguments is None else arguments
        called = next((argument for argument in arguments if not argument.startswith("-")), "")
        if called not in COMMANDS and _is_source(called):
            arguments, called = [LOOK, *arguments], LOOK
        try:
            given = build_parser({called}).parse_args(arguments)
        finally:
            sys.stdout.flush()  # help for a pipe that is closed ends like data for it
        given.typed = arguments[1:]
        run: Callable[[argparse.Namespace], int] = given.run
        with warnings.catch_warnings():
            warnings.simplefilter("always", PtrackWarning)
            warnings.simplefilter("ignore", NotedWarning)  # commands print the notes
            warnings.showwarning = _show(warnings.showwarning)
            code = run(given)
        sys.stdout.flush()
    except PtrackError as error:
        return _report(error, next((code for kind, code in _CODES if isinstance(error, kind)), FAILURE))
    except KeyboardInterrupt as error:
        if isinstance(error, _Terminated):
            code = _report("terminated", _KILLED + error.args[0])
        else:
            code = _report("interrupted", INTERRUPTED)
    except BrokenPipeError:
        return FAILURE
    except OSError as error:
        return _report(f"{error.filename or 'system'}: {error.strerror or error}", FAILURE)
    except MemoryError:
        return _report(_OUT_OF_MEMORY, BAD_INPUT)
    return code


@contextmanager
def _end_in_order() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the command like Ctrl-C, so that it removes its temporary files.

    Only the first signal counts. Signals that the caller ignores or handles are not changed.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    numbers = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]

    def end(number: int, _: Any) -> NoReturn:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise _Terminated(number)

    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _is_source(argument: str) -> bool:
    """Return whether an argument names a source and not a command."""
    is_address = "/" in argument or os.path.sep in argument
    return bool(argument) and (is_address or Path(argument).exists())


def _show(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Return a function that prints warnings of the package on stderr, like other messages."""

    def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
        if issubclass(category, PtrackWarning):
            print(f"warning: {shown(_shorten(' '.join(str(message).split())))}", file=sys.stderr)
        else:
            otherwise(message, category, *more, **named)

    return show


def _report(message: object, code: int) -> int:
    with suppress(OSError):  # a closed stderr does not change the exit code
        print(f"ptrack: {shown(_shorten(' '.join(str(message).split())))}", file=sys.stderr)
    return code


def build_parser(called: Container[str]) -> argparse.ArgumentParser:
    """Return the parser, with the options of the commands that are called."""
    parser = _Parser(
        prog="ptrack",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"ptrack-analysis {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    if LOOK in called:
        import_module(f"ptrack_analysis.cli.{LOOK}").add(commands)
    for name, text in COMMANDS.items():
        if name in called:
            import_module(f"ptrack_analysis.cli.{name}").add(commands)
        else:
            commands.add_parser(name, help=text)
    return parser
