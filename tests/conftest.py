"""What all tests share: where real inputs lie, and the archives of the project."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import HealthCheck, settings

mpl.use("Agg")
# A check of every change asks the same questions each time; a developer's run asks new ones, the nightly one
# more of them, and the search for faults that no test notices few, as it asks them thousands of times.
# None of them complains of a slow machine.
ANY_SPEED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("laws", max_examples=75, derandomize="CI" in os.environ, **ANY_SPEED)
settings.register_profile("nightly", max_examples=600, **ANY_SPEED)
settings.register_profile("mutants", max_examples=15, derandomize=True, **ANY_SPEED)
settings.load_profile("laws")
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
