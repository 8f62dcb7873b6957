"""The folder that a large video is spilled to, and those that killed processes left behind."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from socket import gethostname

from ptrack_analysis.errors import OutputError


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Make a folder among the temporary files (``TMPDIR``), and remove it in the end.

    Its name tells which process made it, on which machine. So folders that killed processes of this machine
    left behind are known, and are removed first.

    Raises
    ------
    OutputError
        If there can be none.
    """
    place = Path(tempfile.gettempdir())
    _remove_leftovers(place)
    try:
        folder = tempfile.TemporaryDirectory(prefix=f"{_prefix()}{os.getpid()}-", ignore_cleanup_errors=True)
    except OSError as error:
        raise OutputError(f"{place}: no folder can be made there: {error.strerror or error}") from error
    with folder as name:
        yield Path(name)


def _prefix() -> str:
    """Give how the names of this machine's folders begin."""
    return f"ptrack-spill-{sha256(gethostname().encode()).hexdigest()[:8]}-"


def _remove_leftovers(place: Path) -> None:
    for folder in place.glob(f"{_prefix()}*"):
        process = folder.name.removeprefix(_prefix()).split("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
