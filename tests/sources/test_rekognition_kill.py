"""A fetch that is killed at any moment, again and again, ends in the archive of one that was not."""

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal
from rekognition_faults import FAULTS
from rekognition_job import people
from rekognition_server import ENVIRONMENT, RekognitionServer

from ptrack_analysis import read_tracking
from ptrack_analysis.errors import IncompleteError, InputError, PtrackError
from ptrack_analysis.sources.rekognition.fetch import fetch_pages
from ptrack_analysis.storage.s3 import S3Path, create_client

PERSONS = people(40)
KILLS = 60
FORKS = """
import os, sys
import boto3
from botocore.config import Config
import botocore.endpoint
from cut_short import watch
from ptrack_analysis.sources.rekognition.fetch import fetch_pages
botocore.endpoint.time.sleep = lambda _: None
url, patience, counter = sys.argv[1], float(sys.argv[2]), sys.argv[3]
config = Config(retries={"mode": "standard", "total_max_attempts": 3}, read_timeout=patience)
client = boto3.client("rekognition", endpoint_url=url, config=config)
for line in sys.stdin:
    step, archive = line.rstrip().split(" ", 1)
    child = os.fork()
    if not child:
        code = 0
        watch(archive, counter, int(step), "SIGKILL")
        try:
            fetch_pages("job-1", archive, client=client, max_results=4, sleep=lambda _: None)
        except ValueError:
            code = 1
        os._exit(code)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Forks a process for each fetch: it starts in a millisecond, with everything loaded."""


class Fetcher:
    """Processes that fetch, one after the other."""

    def __init__(self, process, counter):
        self.process, self.counter = process, counter

    def run(self, archive, *, step=0):
        """Fetch, up to a step of the work; give the signal that ended it, or the code that it ended with."""
        self.counter.write_bytes(b"")
        self.process.stdin.write(f"{step} {archive}\n")
        self.process.stdin.flush()
        status = int(self.process.stdout.readline())
        return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def steps(self):
        """Give how many steps the last fetch has taken."""
        return self.counter.stat().st_size


@contextmanager
def fetcher(url, folder, patience=60):
    """Run the process that forks; its fetches wait that long for an answer [s]."""
    counter = folder / "steps"
    with subprocess.Popen(
        [sys.executable, "-c", FORKS, url, str(patience), str(counter)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        yield Fetcher(process, counter)
        process.stdin.close()


def files_of(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """An archive that was fetched in one go."""
    folder = tmp_path_factory.mktemp("clean") / "archive"
    with RekognitionServer() as server:
        server.add(PERSONS)
        fetch_pages("job-1", folder, client=server.client(), max_results=4)
    return folder


def assert_not_deceiving(archive, right):
    """What a killed fetch leaves is refused, or is right."""
    try:
        assert_frame_equal(read_tracking(archive)[0], right)
    except IncompleteError:
        return
    except InputError as error:
        assert not list(archive.rglob("0*.json")), error  # noqa: PT017 - only an archive without any page


def test_killed_at_random_moments_and_finished_an_archive_is_that_of_one_go(tmp_path, clean):
    chance, right, killed, ended = random.Random(7), read_tracking(clean)[0], 0, 0
    with RekognitionServer() as server, fetcher(server.url, tmp_path) as fetching:
        server.add(PERSONS)
        assert fetching.run(tmp_path / "first") == 0
        steps = fetching.steps()
        for _ in range(10 * KILLS):
            if killed == KILLS:
                break
            archive = tmp_path / f"{ended}" / "archive"
            was_killed = fetching.run(archive, step=chance.randint(1, steps)) == -signal.SIGKILL
            killed += was_killed
            assert_not_deceiving(archive.parent, right) if archive.exists() else None
            if not was_killed or chance.random() < 0.3:
                assert fetching.run(archive) == 0
                assert files_of(archive) == files_of(clean)
                ended += 1
        assert (killed, ended > KILLS // 5) == (KILLS, True)


@pytest.mark.parametrize("seed", range(6))
def test_the_same_with_all_faults_at_random(tmp_path, clean, seed):
    chance, right, archive = random.Random(seed), read_tracking(clean)[0], tmp_path / "archive"
    with RekognitionServer() as server, fetcher(server.url, tmp_path, patience=0.5) as fetching:
        server.add(PERSONS)
        server.faults = lambda number: _one_in(3, random.Random(f"{seed} {number}"))
        for _ in range(200):
            code = fetching.run(archive, step=chance.choice([0, chance.randint(1, 60)]))
            assert_not_deceiving(archive.parent, right) if archive.exists() else None
            if code == 0:
                break
        assert code == 0
    assert files_of(archive) == files_of(clean)
    assert_frame_equal(read_tracking(archive)[0], right)


def _one_in(count, chance):
    return chance.choice(FAULTS) if chance.randrange(count) == 0 else None


@pytest.fixture
def s3(monkeypatch, moto_url):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    client = create_client("s3", endpoint_url=moto_url)
    client.create_bucket(Bucket="killed-archives")
    yield client
    client.close()


@pytest.mark.parametrize("seed", range(3))
def test_an_archive_in_s3_is_that_on_disk_whatever_happened_on_the_way(clean, s3, seed):
    archive = S3Path("killed-archives", f"people/{seed}", client=s3)
    with RekognitionServer() as server:
        server.add(PERSONS)
        server.faults = lambda number: _one_in(4, random.Random(f"{seed} {number}")) if seed else None
        client = server.client(read_timeout=0.5)
        for _ in range(200):
            try:
                fetch_pages("job-1", archive, client=client, max_results=4, sleep=lambda _: None)
                break
            except PtrackError:
                continue
        count = server.count
        assert fetch_pages("job-1", archive, client=client, max_results=4).fetched == 0
        assert server.count == count
    found = {one.name: S3Path(one.bucket, one.key, client=s3).read_bytes() for one in archive.below()}
    assert found == files_of(clean)
    assert_frame_equal(read_tracking(archive)[0], read_tracking(clean)[0])
