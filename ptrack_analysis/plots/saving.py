"""Plots as files."""

from io import BytesIO
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
    if file.exists() and MARK.encode() not in file.read_bytes():
        raise OutputError(f"{file}: exists and was not made by ptrack; --force replaces it")


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
