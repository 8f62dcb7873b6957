"""A notebook in a real JupyterLab: all cells run, the pictures and the explorer are there."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = "01-first-look.ipynb"
# No news from the network, and all cells in the document however far down they are.
QUIET = {
    "disabledExtensions": {
        "@jupyterlab/apputils-extension:announcements": True,
        "@jupyterlab/extensionmanager-extension": True,
    }
}
UNFOLDED = {"windowingMode": "none"}
FLAGS = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab on loopback over a copy of the notebook; give its address with the token."""
    if find_spec("jupyterlab") is None or find_spec("ipykernel") is None:
        pytest.skip("jupyterlab is not installed: pip install -e '.[notebooks]'")
    (tmp_path / "work" / "notebooks").mkdir(parents=True)
    (tmp_path / "work" / "data").symlink_to(ROOT / "data", target_is_directory=True)
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, tmp_path / "work" / "notebooks")
    write(tmp_path / "config" / "labconfig" / "page_config.json", QUIET)
    write(tmp_path / "settings" / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings", UNFOLDED)
    token = secrets.token_hex(16)
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
    }
    environment = {name: str(tmp_path / folder) for name, folder in places.items()}
    with (tmp_path / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *FLAGS, f"--ServerApp.root_dir={tmp_path / 'work'}"],
            env={**os.environ, **environment, "JUPYTER_TOKEN": token},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield f"{address(tmp_path, server)}lab/tree/notebooks/{NOTEBOOK}?token={token}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def write(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")


def address(folder, server):
    """Wait until the server says where it listens."""
    for _ in range(1500):
        for file in (folder / "runtime").glob("jpserver-*.json"):
            return json.loads(file.read_text(encoding="utf-8"))["url"]
        assert server.poll() is None, (folder / "lab.log").read_text(encoding="utf-8")
        time.sleep(0.2)
    pytest.fail((folder / "lab.log").read_text(encoding="utf-8"))


def test_all_cells_run_and_the_pictures_and_the_explorer_are_there(lab, open_page):
    page = open_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(600_000)
    page.goto(lab)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[data-command="runmenu:run-all"]').click()
    frame = page.locator('iframe[title="Explorer: shop"]')
    frame.wait_for()
    explorer = frame.element_handle().content_frame()
    explorer.evaluate("explorer.ready")
    explorer.evaluate("explorer.seek(60_000)")
    assert explorer.evaluate("explorer.state().moment") == pytest.approx(60_000)
    assert page.locator(".jp-OutputArea-output img").count() == 3
    assert page.locator('.jp-OutputArea-output[data-mime-type*="error"]').count() == 0
    assert page.locator('.jp-OutputArea-output[data-mime-type*="stderr"]').count() == 0
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert prompts == [f"[{number}]:" for number in range(1, len(prompts) + 1)]
