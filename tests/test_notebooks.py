"""The notebooks run without an error or a warning, and their stored outputs are those of a run."""

import json
import os
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
PICTURES = {
    "01-first-look": 3,
    "02-dwell-and-zones": 5,
    "03-paths-on-the-floor": 5,
    "04-leaving-rekognition": 3,
    "05-many-videos": 3,
    "gallery": 25,
}
OF_ALL = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)


def test_they_are_all_there():
    assert {file.stem for file in NOTEBOOKS} == set(PICTURES)


@OF_ALL
def test_cells_have_their_names_and_images_have_texts(file):
    notebook = json.loads(file.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert [cell["id"] for cell in notebook["cells"]] == [
        f"{file.stem}-{number:02d}" for number, _ in enumerate(notebook["cells"], 1)
    ]
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"alt"}
        for output in cell.get("outputs", []):
            for kind in output.get("data", {}):
                if kind.startswith("image/"):
                    assert output["metadata"][kind]["alt"] == cell["metadata"]["alt"]


@OF_ALL
def test_the_last_section_says_what_may_mislead(file):
    last = json.loads(file.read_text(encoding="utf-8"))["cells"][-1]
    assert "".join(last["source"]).startswith("## What may mislead")


@OF_ALL
def test_a_notebook_is_small(file):
    assert file.stat().st_size < 1_500_000


@OF_ALL
def test_files_and_notebooks_that_are_linked_are_there(file):
    notebook = json.loads(file.read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    for place in re.findall(r"\]\(([^)#:]+)\)|Path\(\"(\.\./[^\"]+)\"\)", text):
        assert (file.parent / (place[0] or place[1])).exists()


def stored_code_cells(file):
    notebook = json.loads(file.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def read_texts(cell):
    """Return the tables and texts of a cell; images and the explorer are not compared."""
    texts = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        is_text = not any(kind.startswith("image/") for kind in data) and "iframe" not in data.get(
            "text/html", ""
        )
        text = data.get("text/plain", "")
        if is_text and not "".join(text).startswith("Run this cell"):
            texts.append("".join(text))
    return texts


def outputs_of(file, folder):
    """Run a notebook as ``notebooks/`` of a folder that has the data; give its cells with outputs."""
    nbformat = pytest.importorskip("nbformat", reason="nbclient is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    (folder / "data").symlink_to(file.parent.parent / "data", target_is_directory=True)
    (folder / "notebooks").mkdir()
    notebook = nbformat.read(file, as_version=4)
    place = {"metadata": {"path": str(folder / "notebooks")}}
    client = nbclient.NotebookClient(notebook, timeout=900, kernel_name="python3", resources=place)
    before = set((folder / "notebooks").iterdir())
    client.execute(env={**os.environ, "TMPDIR": str(folder)})
    assert set((folder / "notebooks").iterdir()) == before
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@OF_ALL
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_notebook_runs_and_shows_its_pictures(file, tmp_path):
    cells = outputs_of(file, tmp_path)
    shown = [output for cell in cells for output in cell.outputs]
    said = [output.text for output in shown if output.output_type == "stream"]
    assert not said, "warnings and prints"
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    assert len(pictures) == PICTURES[file.stem]
    assert [read_texts(cell) for cell in cells] == [read_texts(cell) for cell in stored_code_cells(file)]
    if file.stem in {"01-first-look", "gallery"}:
        explorer = shown[-1]["data"]["text/html"]
        assert explorer.startswith('<iframe title="Explorer: shop" sandbox="allow-scripts allow-downloads"')
    if file.stem == "gallery":
        assert any("image/gif" in output.get("data", {}) for output in shown)
