"""Files of plots."""

from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage.files import write_output

MARK = "ptrack-analysis"
_METADATA = {
    "png": {"Software": MARK},
    "svg": {"Creator": MARK, "Date": None},
    "pdf": {"Creator": MARK, "CreationDate": None},
}
_DPI = 150


def validate_replaceable(file: Path) -> None:
    """Refuse to replace a file that this package did not write.

    Raises
    ------
    OutputError
        If the file exists and does not contain the mark of this package, or is a folder.
    """
    if file.is_dir():
        raise OutputError(f"{file}: is a folder. Pass the name of an image file.")
    if file.exists() and not _has_mark(file):
        raise OutputError(f"{file}: exists and was not written by ptrack. Use --force to replace it.")


def _has_mark(file: Path) -> bool:
    """Return whether a file contains the mark, without reading a long video into memory."""
    if not file.stat().st_size:
        return False
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(MARK.encode()) >= 0


def save_picture(axes: Axes | Figure, target: Path | IO[bytes], form: str) -> None:
    """Write a figure as ``png``, ``svg`` or ``pdf``, and close it; equal figures write equal bytes.

    Parameters
    ----------
    axes
        The figure, or its axes.
    target
        A file, which is replaced completely or not at all, or an open stream.
    form
        The format.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise OutputError("The axes have no figure. Pass axes of a figure.")
    content = BytesIO()
    with mpl.rc_context({"svg.hashsalt": MARK}):
        figure.savefig(content, format=form, dpi=_DPI, metadata=_METADATA[form], bbox_inches="tight")
    plt.close(figure)
    save_content(content.getvalue(), target)


def save_content(content: bytes, target: Path | IO[bytes]) -> None:
    """Write the content of an image to an open stream, or to a file, completely or not at all."""
    if isinstance(target, Path):
        write_output(target, content)
    else:
        target.write(content)
