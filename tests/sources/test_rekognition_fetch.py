"""Fetching against the endpoint: what each fault saves and raises, and that a rerun completes."""

import json
import threading
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal
from rekognition_faults import FAULTS
from rekognition_job import people
from rekognition_server import RekognitionServer

from ptrack_analysis import find_videos, inspect_tracking, read_tracking
from ptrack_analysis.errors import (
    IncompleteError,
    InputError,
    JobError,
    MixedError,
    OutputError,
    ParameterError,
    RemoteError,
)
from ptrack_analysis.sources.archive import scan
from ptrack_analysis.sources.rekognition import fetch
from ptrack_analysis.sources.rekognition.answers import PAUSES
from ptrack_analysis.sources.rekognition.fetch import fetch_pages

PERSONS = people(18)
PAGES = 4
PATIENCE = 5
"""So long a client waits for an answer that never comes; all others must come within it [s]."""
ONCE = {
    "throttling": (RemoteError, "too busy. Run again later; saved pages are kept"),
    "throughput": (RemoteError, "too busy"),
    "500": (RemoteError, "The service has an internal error"),
    "503": (RemoteError, "returned ServiceUnavailable: busy"),
    "expired": None,
    "access denied": (RemoteError, "AWS ended People Pathing on 31 October 2025. Use another endpoint"),
    "unknown operation": (RemoteError, "AWS ended People Pathing on 31 October 2025"),
    "expired credentials": (RemoteError, "The credentials have expired. Sign in again"),
    "500 of HTML": (RemoteError, "The service has an internal error"),
    "500 of null": None,
    "500 not UTF-8": None,
    "reset": (RemoteError, "the endpoint closed the connection"),
    "slow": (RemoteError, "does not respond in time"),
    "cut connection": None,
    "chunked": None,
    "truncated": None,
    "empty": None,
    "html": None,
    "null": None,
    "a list": None,
    "a number": None,
    "deep": None,
    "not UTF-8": None,
    "gzip": None,
    "gzip cut": None,
    "gzip bomb": None,
    "gzip of HTML": None,
    "no status": None,
    "no persons": None,
    "repeated token": (RemoteError, "page 2: its NextToken repeats an earlier one"),
    "repeated page": (RemoteError, "page 2: its Persons repeat an earlier page"),
    "other metadata": (MixedError, "page 2: VideoMetadata differ .*: FrameWidth was 1000 and is now 999"),
    "other job": (MixedError, "page 2: the page belongs to job 'job-of-others'"),
    "in progress": None,
    "failed": (JobError, "status is FAILED, not SUCCEEDED: odd codec"),
    "never ends": None,
    "never ends with rows": None,
}
"""What a fault raises that comes once, with the second page; None: it is overcome in the same call."""
STAYING = {
    name: (RemoteError, f"page 2: the response is broken: .*{len(PAUSES) + 1} attempts")
    for name, raised in ONCE.items()
    if raised is None
} | {
    "in progress": (JobError, "status is IN_PROGRESS, not SUCCEEDED. Wait until it has ended"),
    "expired": (RemoteError, "The NextToken is unknown or has expired. Run again"),
    "never ends": (RemoteError, "more than 7 pages, perhaps without end"),
    "never ends with rows": (RemoteError, "more than 7 pages, perhaps without end"),
}
"""What those faults raise that are overcome if they come once, if they stay."""
FORMS = {"chunked", "gzip"}
"""Whole answers, in another form."""


def files_of(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def fetch_from(server, folder, **more):
    options = {"client": server.client(), "max_results": 5, "sleep": lambda _: None} | more
    return fetch_pages("job-1", folder, **options)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """An archive that was fetched in one go."""
    folder = tmp_path_factory.mktemp("clean") / "archive"
    with RekognitionServer() as server:
        server.add(PERSONS)
        done = fetch_from(server, folder)
    assert (done.pages, done.fetched, done.restarts, done.complete) == (PAGES, PAGES, 0, True)
    return folder


@pytest.fixture
def server():
    with RekognitionServer() as running:
        running.add(PERSONS)
        yield running


def assert_same_tables(folder, other):
    one, another = read_tracking(folder)[0], read_tracking(other)[0]
    assert_frame_equal(one, another)
    assert len(one) == len(PERSONS)


def test_every_fault_is_in_the_table():
    assert set(ONCE) == set(FAULTS)


@pytest.mark.parametrize("name", ONCE)
def test_a_fault_that_comes_once_loses_and_doubles_nothing(tmp_path, clean, server, name):
    server.faults = {2: name}
    archive = tmp_path / "archive"
    if ONCE[name] is not None:
        kind, message = ONCE[name]
        client = server.client(read_timeout=PATIENCE if name == "slow" else 60)
        with pytest.raises(kind, match=message) as raised:
            fetch_from(server, archive, client=client)
        assert "\n" not in str(raised.value)
        assert set(files_of(archive)) == {"000001.json", "fetch.json"}
        with pytest.raises(IncompleteError):
            read_tracking(archive)
        server.heal()
    done = fetch_from(server, archive)
    assert done.restarts == (name == "expired" or name.startswith("never"))
    assert files_of(archive) == files_of(clean)
    assert_same_tables(archive, clean)


@pytest.mark.parametrize("name", [name for name in STAYING if name not in FORMS])
def test_a_fault_that_stays_is_an_error_in_the_end_and_a_rerun_completes(tmp_path, clean, server, name):
    server.faults = lambda number: name if number > 1 else None
    archive = tmp_path / "archive"
    kind, message = STAYING[name]
    with pytest.raises(kind, match=message):
        fetch_from(server, archive, max_pages=7, wait=False)
    saved = 7 if name.startswith("never") else 1
    assert len(files_of(archive)) == saved + 1
    with pytest.raises(IncompleteError):
        read_tracking(archive)
    server.heal()
    assert fetch_from(server, archive).complete
    assert files_of(archive) == files_of(clean)


def test_what_botocore_tries_again_by_itself_is_not_seen(tmp_path, clean, server, monkeypatch):
    pauses = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", pauses.append)
    server.faults = dict(enumerate(("throttling", "500", "reset", "throughput", "503", "slow"), 2))
    fetch_from(server, tmp_path / "archive", client=server.client(attempts=8, read_timeout=PATIENCE))
    assert files_of(tmp_path / "archive") == files_of(clean)
    assert len(pauses) == 6


def test_pauses_before_a_broken_page_is_asked_for_again_grow(tmp_path, server):
    pauses = []
    server.faults = lambda _: "html"
    with pytest.raises(RemoteError, match=r"page 1: .*starting with b'<html><body>"):
        fetch_from(server, tmp_path / "archive", sleep=pauses.append)
    assert pauses == list(PAUSES) == sorted(pauses)
    assert not (tmp_path / "archive").exists()


def test_what_is_saved_are_the_bytes_that_came(tmp_path, clean):
    pages = [json.loads((clean / f"{number:06}.json").read_bytes()) for number in range(1, PAGES + 1)]
    assert [len(page["Persons"]) for page in pages] == [5, 5, 5, 3]
    assert all(page["JobStatus"] == "SUCCEEDED" and page["JobId"] == "job-1" for page in pages)
    by_hand = tmp_path / "by_hand.json"
    by_hand.write_text(json.dumps(pages))
    assert_same_tables(clean, by_hand)


def test_the_archive_is_one_video_named_by_its_folder(clean):
    found = scan(clean)
    assert [one.name for one in found.videos] == ["archive"]
    assert found.ignored == [("fetch.json", "well-formed, but not a GetPersonTracking page")]
    assert [one.name for one in find_videos(clean.parent)] == ["archive"]
    assert not inspect_tracking(clean).problems


def test_a_complete_archive_is_left_alone_and_the_service_is_not_asked(clean, server):
    before = {path: path.stat().st_mtime_ns for path in clean.iterdir()}
    done = fetch_from(server, clean)
    assert (done.pages, done.fetched, done.complete) == (PAGES, 0, True)
    assert {path: path.stat().st_mtime_ns for path in clean.iterdir()} == before
    assert not server.requests


def test_a_rerun_asks_only_for_what_is_missing(tmp_path, clean, server):
    server.faults = {3: "access denied"}
    with pytest.raises(RemoteError):
        fetch_from(server, tmp_path / "archive")
    state = json.loads((tmp_path / "archive" / "fetch.json").read_text())
    assert (state["pages"], state["complete"]) == (2, False)
    server.requests.clear()
    seen = []
    done = fetch_from(server, tmp_path / "archive", progress=seen.append)
    assert server.requests[0][1]["NextToken"] == state["next_token"]
    assert [(one.pages, one.fetched) for one in seen] == [(3, 1), (4, 2)]
    assert seen[-1] == done
    assert files_of(tmp_path / "archive") == files_of(clean)


def test_a_first_page_that_does_not_fit_the_second_is_asked_for_again(tmp_path, clean, server):
    server.faults = {1: "other metadata"}
    with pytest.raises(MixedError, match=r"page 2: .*FrameWidth was 999 and is now 1000"):
        fetch_from(server, tmp_path / "archive")
    assert fetch_from(server, tmp_path / "archive").fetched == PAGES
    assert files_of(tmp_path / "archive") == files_of(clean)


def test_saved_pages_are_kept_until_the_first_page_has_come_anew(tmp_path, server):
    server.faults = {3: "expired", 4: "access denied"}
    with pytest.raises(RemoteError):
        fetch_from(server, tmp_path / "archive")
    assert set(files_of(tmp_path / "archive")) == {"000001.json", "000002.json", "fetch.json"}
    server.jobs.clear()
    with pytest.raises(RemoteError, match="This endpoint has no such job"):
        fetch_from(server, tmp_path / "archive")
    assert set(files_of(tmp_path / "archive")) == {"000001.json", "000002.json", "fetch.json"}


def test_tokens_that_always_expire_end_in_an_error(tmp_path, clean, server):
    server.faults = lambda number: "expired" if number % 2 == 0 else None
    with pytest.raises(RemoteError, match=r"has expired. Run again"):
        fetch_from(server, tmp_path / "archive")
    assert server.count == 2 * (fetch.MAX_RESTARTS + 1)
    server.heal()
    fetch_from(server, tmp_path / "archive")
    assert files_of(tmp_path / "archive") == files_of(clean)


@pytest.mark.parametrize("loss", ["first", "changed", "another page", "last", "not JSON"])
@pytest.mark.parametrize("begun", [3, PAGES])
def test_lost_or_changed_pages_are_fetched_anew(tmp_path, clean, server, loss, begun):
    archive = tmp_path / "archive"
    server.faults = {begun + 1: "access denied"}
    if begun < PAGES:
        with pytest.raises(RemoteError):
            fetch_from(server, archive)
    else:
        fetch_from(server, archive)
        (archive / "000003.json").unlink()
    server.heal()
    first = archive / "000001.json"
    if loss == "first":
        first.unlink()
    elif loss == "changed":
        first.write_bytes((archive / "000002.json").read_bytes())
    elif loss == "last":
        (archive / f"{begun:06}.json").unlink()
    else:
        first.write_bytes(b"{}" if loss == "another page" else b"{")
    assert fetch_from(server, archive).restarts == 1
    assert files_of(archive) == files_of(clean)


def test_the_order_of_the_service_changes_no_table(tmp_path, clean, server):
    done = fetch_from(server, tmp_path / "archive", sort_by="INDEX")
    assert done.pages == PAGES
    assert files_of(tmp_path / "archive")["000001.json"] != files_of(clean)["000001.json"]
    assert_same_tables(tmp_path / "archive", clean)


@pytest.mark.parametrize("more", [{"last_token": ""}, {"metadata": {}}, {"job_tag": "tag"}])
def test_pages_may_be_a_little_different(tmp_path, clean, server, more):
    server.add(PERSONS, **more)
    assert fetch_from(server, tmp_path / "archive").pages == PAGES
    assert_same_tables(tmp_path / "archive", clean)


def test_a_job_without_persons_is_one_page(tmp_path, server):
    server.add([])
    assert fetch_from(server, tmp_path / "archive").pages == 1
    assert read_tracking(tmp_path / "archive")[0].empty


def test_empty_pages_with_tokens_are_pages(tmp_path, server):
    server.faults = {1: "never ends", 2: "never ends"}
    with pytest.raises(RemoteError, match="more than 2 pages"):
        fetch_from(server, tmp_path / "archive", max_pages=2)
    assert len(files_of(tmp_path / "archive")) == 3


@pytest.mark.parametrize(
    ("job", "options", "message"),
    [
        ("", {}, "job_id must be .*, got ''"),
        ("../x", {}, "job_id must be .*, got '../x'"),
        ("a" * 65, {}, "job_id must be 1 to 64 letters"),
        ("job-1", {"sort_by": "TIME"}, "sort_by must be one of 'TIMESTAMP', 'INDEX', got 'TIME'"),
        ("job-1", {"max_results": 0}, "max_results must be 1 to 1000, got 0"),
        ("job-1", {"max_results": 1001}, "max_results must be 1 to 1000, got 1001"),
        ("job-1", {"max_pages": 0}, "max_pages must be at least 1, got 0"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_asked(tmp_path, job, options, message):
    with pytest.raises(ParameterError, match=message):
        fetch_pages(job, tmp_path / "archive", client=None, **options)
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("options", [{"sort_by": "INDEX"}, {"max_results": 7}])
def test_an_archive_is_not_gone_on_with_by_other_questions(tmp_path, server, options):
    server.faults = {2: "access denied"}
    with pytest.raises(RemoteError):
        fetch_from(server, tmp_path / "archive")
    with pytest.raises(ParameterError, match="was started with"):
        fetch_from(server, tmp_path / "archive", **options)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("other-1.json", "{}", "contains pages that were not fetched by ptrack, such as 'other-1.json'"),
        ("fetch.json", "{}", "fetch.json is not the state of a fetch"),
        ("fetch.json", "{", "fetch.json is not the state of a fetch"),
    ],
)
def test_what_is_no_archive_of_a_fetch_is_left_alone(tmp_path, server, name, content, message):
    (tmp_path / name).write_text(content)
    (tmp_path / "readme.txt").write_text("mine")
    with pytest.raises(OutputError, match=message):
        fetch_from(server, tmp_path)
    assert set(files_of(tmp_path)) == {name, "readme.txt"}


def test_an_archive_of_another_job_is_left_alone(clean, server):
    before = files_of(clean)
    with pytest.raises(OutputError, match=r"is the archive of job 'job-1'. Fetch 'job-2' into another"):
        fetch_pages("job-2", clean, client=server.client())
    assert files_of(clean) == before


def test_a_file_is_no_archive(tmp_path, server):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="must be a folder, but it or a parent is a file"):
        fetch_from(server, tmp_path / "file")


def test_the_client_is_left_as_it_was(tmp_path, server):
    client, seen = server.client(), []
    client.meta.events.register("before-parse.rekognition.GetPersonTracking", lambda **_: seen.append(1))
    fetch_from(server, tmp_path / "archive", client=client)
    assert len(seen) == PAGES
    assert len(client.get_person_tracking(JobId="job-1")["Persons"]) == len(PERSONS)


def test_one_client_serves_several_threads(tmp_path, clean, server):
    client, failed = server.client(), []

    def run(number):
        try:
            fetch_from(server, tmp_path / str(number), client=client)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        assert len(client.get_person_tracking(JobId="job-1")["Persons"]) == len(PERSONS)
    for thread in threads:
        thread.join()
    assert not failed
    assert all(files_of(tmp_path / str(number)) == files_of(clean) for number in range(6))


class Died(Exception):  # noqa: N818 - no error of the package: the process is gone
    pass


class Dying:
    """A keeping that dies before its n-th change, as a killed process does."""

    def __init__(self, keeping, left):
        self.keeping, self.left = keeping, left

    def __getattr__(self, name):
        return getattr(self.keeping, name)

    def __str__(self):
        return str(self.keeping)

    def _change(self):
        self.left -= 1
        if self.left < 0:
            raise Died

    def write(self, *given):
        self._change()
        self.keeping.write(*given)

    def remove(self, *given):
        self._change()
        self.keeping.remove(*given)


@pytest.mark.parametrize("faults", [{}, {3: "expired"}, {4: "expired"}], ids=["no fault", "early", "late"])
def test_whatever_step_is_the_last_the_loader_is_never_deceived(tmp_path, clean, monkeypatch, faults):
    open_store, right = fetch.open_store, read_tracking(clean)[0]
    for steps in range(100):
        archive, died = tmp_path / f"{steps}" / "archive", False
        with RekognitionServer(faults=faults) as server:
            server.add(PERSONS)
            monkeypatch.setattr(fetch, "open_store", lambda place, left=steps: Dying(open_store(place), left))
            try:
                fetch_from(server, archive)
            except Died:
                died = True
            monkeypatch.setattr(fetch, "open_store", open_store)
            if died and (archive / "000001.json").exists():
                try:
                    assert_frame_equal(read_tracking(archive)[0], right)
                except IncompleteError:
                    assert not (archive / "000004.json").exists()
            fetch_from(server, archive)
        assert files_of(archive) == files_of(clean)
        if not died:
            break
    assert steps == 1 + 2 * PAGES + (bool(faults) and 1 + 3 * (min(faults) - 1))


def test_an_archive_with_a_hole_is_incomplete_from_the_first_page_that_goes(tmp_path, clean, monkeypatch):
    open_store, right = fetch.open_store, read_tracking(clean)[0]
    for steps in range(2, 4 + 2 * PAGES):
        archive = tmp_path / f"{steps}" / "archive"
        with RekognitionServer() as server:
            server.add(PERSONS)
            fetch_from(server, archive)
            (archive / "000002.json").unlink()
            monkeypatch.setattr(fetch, "open_store", lambda place, left=steps: Dying(open_store(place), left))
            with pytest.raises(Died):
                fetch_from(server, archive)
            monkeypatch.setattr(fetch, "open_store", open_store)
            if (archive / "000004.json").exists():
                assert_frame_equal(read_tracking(archive)[0], right)
            else:
                with pytest.raises(InputError):
                    read_tracking(archive)
            fetch_from(server, archive)
        assert files_of(archive) == files_of(clean)
