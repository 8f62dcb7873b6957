"""Where the examples in docstrings run: a folder of their own that has the sample data."""

from pathlib import Path

import matplotlib as mpl
import pytest

import ptrack_analysis


@pytest.fixture(autouse=True)
def example_folder(request, tmp_path_factory, monkeypatch):
    """Run an example with ``pta`` imported, ``data`` at hand and no plot left open."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    folder = tmp_path_factory.mktemp("example")
    (folder / "data").symlink_to(Path(__file__).parent / "data", target_is_directory=True)
    monkeypatch.chdir(folder)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")  # boto3 signs requests, the server of the examples does not check
    request.node.dtest.globs["pta"] = ptrack_analysis
    mpl.use("Agg")
    yield
    import matplotlib.pyplot as plt  # noqa: PLC0415 - most examples plot nothing

    plt.close("all")
