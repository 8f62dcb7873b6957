"""Plots as files."""

from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage.files import write_bytes

MARK = "ptrack-analysis"
_METADATA = {
    "png": {"Software": MARK},
    "svg": {"Creator": MARK, "Date": None},
    "pdf": {"Creator": MARK, "CreationDate": None},
}
_DPI = 150


def validate_replaceable(file: Path) -> None:
    """Reject to replace a file that this package did not make.

    Raises
    ------
    OutputError
        If there is such a file.
    """
    if file.is_dir():
        raise OutputError(f"{file}: is a folder, not a file to write a picture to")
    if file.exists() and not _has_mark(file):
        raise OutputError(f"{file}: exists and was not made by ptrack; --force replaces it")


def _has_mark(file: Path) -> bool:
    """Return whether a file contains the mark; a long video is not read into memory."""
    if not file.stat().st_size:
        return False
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(MARK.encode()) >= 0


def save_picture(axes: Axes | Figure, target: Path | IO[bytes], form: str) -> None:
    """Write a figure as ``png``, ``svg`` or ``pdf``, and close it; equal figures give equal bytes.

    Parameters
    ----------
    axes
        The figure, or its axes.
    target
        A file, replaced whole, or an open stream.
    form
        The format.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise OutputError("the axes belong to no figure")
    picture = BytesIO()
    with mpl.rc_context({"svg.hashsalt": MARK}):
        figure.savefig(picture, format=form, dpi=_DPI, metadata=_METADATA[form], bbox_inches="tight")
    plt.close(figure)
    save_content(picture.getvalue(), target)


def save_content(content: bytes, target: Path | IO[bytes]) -> None:
    """Write the content of a picture to a file, replaced whole, or to an open stream."""
    if isinstance(target, Path):
        write_bytes(target, content)
    else:
        target.write(content)
