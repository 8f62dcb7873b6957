"""Run the notebooks and store their outputs, so that they can be read on a code host.

``python tools/render_notebooks.py [NAME ...]`` runs all notebooks, or these. Images have 128 colors. The
explorer is left out, because a code host does not run it. ``"alt"`` in the metadata of a cell is the text for
people who cannot see its image.
"""

import base64
import io
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
COLORS = 128
LARGE = 100_000
"""Size of HTML above which it is a page of its own [characters]."""


def render(file: Path) -> None:
    """Run a notebook and store what it shows."""
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"{file.stem}-{number:02d}"
        alt = cell.metadata.get("alt")
        cell.metadata = {"alt": alt} if alt else {}
        if cell.cell_type == "code":
            cell.outputs = [store_output(output, alt) for output in cell.outputs]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, file)


def store_output(output: Any, alt: str | None) -> Any:
    """Return an output in its stored form."""
    data = output.get("data", {})
    if len(data.get("text/html", "")) > LARGE:
        del data["text/html"]
        data["text/plain"] = "Run this cell to see the explorer."
    if "image/png" in data:
        data["image/png"] = reduce_colors(data["image/png"])
        data.pop("text/plain", None)
    images = {kind: {"alt": alt} for kind in ("image/png", "image/gif") if alt and kind in data}
    output.metadata = images
    return output


def reduce_colors(encoded: str) -> str:
    """Return a PNG in base64 with at most 128 colors."""
    image = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    small = io.BytesIO()
    image.quantize(COLORS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


if __name__ == "__main__":
    names = sys.argv[1:]
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if not names or path.stem in names:
            render(path)
            print(f"{path.name}: {path.stat().st_size // 1000} kB")
