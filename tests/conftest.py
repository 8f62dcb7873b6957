"""What all tests share: where real inputs lie, and the archives of the project."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import HealthCheck, settings
from moto_servers import moto_server

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests that start a browser or a moto server."""
    for item in items:
        if ROOT / "tests" / "browser" in item.path.parents:
            item.add_marker("browser")
        if "moto_url" in getattr(item, "fixturenames", ()):
            item.add_marker("s3")


@pytest.fixture(scope="session", autouse=True)
def unflushed():
    """Do not wait for the disk: no test survives a power failure. Processes that tests start do wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def moto_url():
    """Address of a moto server for S3, SNS and SQS; buckets and queues last as long as the process."""
    with moto_server() as url:
        yield url


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
