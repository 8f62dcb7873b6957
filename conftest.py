"""Where the examples in docstrings run: a folder of their own that has the sample data."""

import warnings
from pathlib import Path

import matplotlib as mpl
import pytest

import ptrack_analysis

PACKAGES = {
    f"ptrack_analysis.interchange.to_{package}": package
    for package in ("geopandas", "movingpandas", "pedpy", "supervision")
}
"""Examples that need a package of the extra ``neighbors``."""


@pytest.fixture(autouse=True)
def example_folder(request, tmp_path_factory, monkeypatch):
    """Run an example with ``pta`` imported, ``data`` at hand and no plot left open.

    An example is skipped if its package is not installed. The package's own warnings are ignored.
    """
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
    with warnings.catch_warnings():
        if (package := PACKAGES.get(request.node.dtest.name)) is not None:
            warnings.simplefilter("ignore")
            pytest.importorskip(package)
        yield
    import matplotlib.pyplot as plt  # noqa: PLC0415 - most examples plot nothing

    plt.close("all")
