"""The command ``ptrack``: its commands, its errors, its exit codes."""

import argparse
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ptrack_analysis import __version__
from ptrack_analysis.cli import (
    compact,
    compare,
    export,
    fetch,
    inspect,
    plot,
    report,
    start,
    summary,
    verify,
    wait,
    zones,
)
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
        super().__init__(*given, **named)
        self._negative_number_matcher = re.compile(r"-[\d.]")

    def parse_known_args(
        self, args: Any = None, namespace: Any = None
    ) -> Any:  # the command's own help is named
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell command; give its exit code.

    Data go to stdout, messages to stderr. An error is one sentence on stderr.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name that the terminal cannot show is no failure
    try:
        given = _parser().parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ptrack",
        description="Make sense of where people walked in a video, from saved People Pathing pages.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ptrack-analysis {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    every = (inspect, export, verify, compact, plot, report, compare, summary, zones, start, wait, fetch)
    for command in every:
        command.add(commands)
    return parser
