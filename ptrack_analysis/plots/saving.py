"""Plots as files, and as SVG inside a page."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text
from PIL import Image

from ptrack_analysis.errors import OutputError
from ptrack_analysis.plots.style import GRID, INK, drawable
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


def save_picture(axes: Axes, target: Path | IO[bytes], form: str) -> None:
    """Write the axes' figure as ``png``, ``svg`` or ``pdf``, and close it; equal pictures give equal bytes.

    Parameters
    ----------
    axes
        Whose figure is written.
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


_QUALITY = 80
_MANY_POINTS = 3000
_PREFIX = re.compile(r"(?<=[</ ])ns\d+:|(?<= xmlns):ns\d+(?==)")
_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_DARK = {"#000000", to_hex(INK)}
_PAINT = {("stroke", GRID): "g", ("fill", "#ffffff"): "p"}
_STYLE = re.compile(r"\s*([\w-]+)\s*:\s*([^;]+)")
_DATA = "data:image/png;base64,"


def inline_svg(axes: Axes, name: str, alt: str, *, on_white: bool = False) -> str:
    """Write the axes' figure as an SVG element that can stand in a page, and close it.

    Letters stay text. What has very many points, and pictures, are held as WebP. There are no styles: what
    has the color of ink, of the grid or of paper has the class ``t`` (letters), ``a`` (strokes), ``b``
    (fillings), ``g`` or ``p``, so that the page can give them others in the dark; letters on a cell of a
    heatmap keep theirs. Equal pictures give equal texts.

    Parameters
    ----------
    axes
        Whose figure is written.
    name
        Goes before the names within the SVG, which have to differ from those of others in the page.
    alt
        What the picture shows, for those who cannot see it.
    on_white
        Whether what lies within the axes keeps its colors, on white: for pictures over a background.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise OutputError("the axes belong to no figure")
    for each in figure.axes:
        for drawn in each.collections:
            drawn.set_rasterized(_points(drawn) > _MANY_POINTS)
    for text in figure.findobj(Text):
        is_number = "\\mathdefault" in text.get_text()
        text.set_parse_math(is_number)  # a name with dollars is no formula
        text.set_text(drawable(text.get_text()))
    content = BytesIO()
    metadata = {"Creator": MARK, "Date": None}
    with mpl.rc_context({"svg.hashsalt": MARK, "svg.fonttype": "none"}):
        figure.savefig(content, format="svg", dpi=_DPI, metadata=metadata, bbox_inches="tight")
    plt.close(figure)
    root = ET.fromstring(content.getvalue())  # noqa: S314 - matplotlib wrote it just now
    _strip(root)
    colored = {id(element) for element in (_within(root) if on_white else _on_color(root))}
    for element in root.iter():
        _attribute(element, free=id(element) not in colored)
        _rename(element, name)
        if element.tag == f"{_SVG}text" and element.text:  # labels of ticks are made anew as it is drawn
            element.text = element.text.replace(r"\$", "$")
    root.attrib |= {"role": "img", "aria-label": alt, "stroke-linejoin": "round", "stroke-linecap": "butt"}
    return _PREFIX.sub("", ET.tostring(root, encoding="unicode")).replace("\n", " ")


def _points(drawn: Collection) -> int:
    if isinstance(drawn, LineCollection):
        return sum(np.shape(path.vertices)[0] for path in drawn.get_paths())
    return int(np.shape(drawn.get_offsets())[0]) if len(drawn.get_paths()) == 1 else 0


def _strip(root: ET.Element) -> None:
    """Take out what is not drawn: metadata and styles."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{_SVG}metadata", f"{_SVG}style"}:
                parent.remove(child)


def _on_color(root: ET.Element) -> Iterator[ET.Element]:
    """List the letters that stand in the cells of a picture, where they are white in others."""
    for group in root.iter(f"{_SVG}g"):
        texts = [text for child in group for text in child.iter(f"{_SVG}text")]
        if group.get("id", "").startswith("axes_") and group.find(f".//{_SVG}image") is not None:
            yield from (text for text in texts if "fill" in text.get("style", ""))


def _within(root: ET.Element) -> Iterator[ET.Element]:
    """List all that lies within the axes: no ticks and their labels, no legend, no color bar."""
    first = next((group for group in root.iter(f"{_SVG}g") if group.get("id", "").startswith("axes_")), root)
    for group in first:
        if not group.get("id", "").startswith(("matplotlib.axis", "legend", "axes_")):
            yield from group.iter()


def _attribute(element: ET.Element, *, free: bool) -> None:
    """Turn a style into attributes and a class, for a page that allows no styles."""
    classes = []
    is_text = element.tag == f"{_SVG}text"
    for key, value in _STYLE.findall(element.attrib.pop("style", "")):
        plain = value.strip()
        if key == "font-family":
            continue
        element.set(key, plain)
        if free and (key, plain) in _PAINT and element.tag == f"{_SVG}path":
            classes.append(_PAINT[key, plain])
        if free and plain in _DARK and key in {"stroke", "fill"} and not is_text:
            classes.append("a" if key == "stroke" else "b")
    if is_text and free and element.get("fill", "#000000") in _DARK:
        classes.append("t")
    if classes:
        element.set("class", " ".join(classes))
    if element.tag == f"{_SVG}image":
        element.set("href", _smaller(element.attrib.pop(f"{_LINK}href")))


def _smaller(address: str) -> str:
    """Hold a picture as WebP, which is a fraction of PNG."""
    picture = Image.open(BytesIO(b64decode("".join(address.removeprefix(_DATA).split()))))
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=_QUALITY, method=4)
    return f"data:image/webp;base64,{b64encode(stream.getvalue()).decode('ascii')}"


def _rename(element: ET.Element, name: str) -> None:
    """Make the names of one picture differ from those of all others in the page."""
    if "id" in element.attrib:
        element.set("id", f"{name}-{element.attrib['id']}")
    if f"{_LINK}href" in element.attrib:
        element.set("href", element.attrib.pop(f"{_LINK}href").replace("#", f"#{name}-"))
    if "clip-path" in element.attrib:
        element.set("clip-path", element.attrib["clip-path"].replace("#", f"#{name}-"))
