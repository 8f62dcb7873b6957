"""What all tests share: where real inputs lie, and the archives of the project."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("Agg")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data():
    """The archives that the project made itself."""
    return ROOT / "data"


@pytest.fixture(scope="session")
def real_data():
    """Real inputs written by others: in the folder PTRACK_SHARED_DATA, or beside the checkout."""
    folder = Path(os.environ.get("PTRACK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the real inputs are not here: no folder {folder} (set PTRACK_SHARED_DATA)")
    return folder
