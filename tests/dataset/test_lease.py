"""Two runs that want one dataset in S3, against a real moto server."""

import json
import threading
import time
from datetime import timedelta

import pytest

from ptrack_analysis.dataset import lock as lease
from ptrack_analysis.dataset.lock import leased
from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage.s3 import S3Path

boto3 = pytest.importorskip("boto3")
BUCKET, PLACE = "leases", ".ptrack/lock"
OURS, THEIRS = ({"process": number, "host": name, "since": "now"} for number, name in ((1, "a"), (2, "b")))
SHORT = timedelta(milliseconds=50)


@pytest.fixture(scope="module")
def client(moto_url):
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    made = boto3.client("s3", endpoint_url=moto_url, **keys)
    made.create_bucket(Bucket=BUCKET)
    return made


@pytest.fixture
def out(client, request):
    return S3Path(BUCKET, request.node.name, client=client)


def held(out):
    return json.loads((out / PLACE).read_bytes())


def test_it_is_there_while_the_run_goes_on_and_then_gone(out):
    with leased(out, PLACE, OURS) as check:
        check()
        assert held(out) == OURS | {"renewals": 0}
    assert not list(out.below())


def test_it_goes_with_a_run_that_fails(out):
    with pytest.raises(ZeroDivisionError), leased(out, PLACE, OURS):
        raise ZeroDivisionError
    assert not list(out.below())


def test_a_second_run_is_told_who_is_there_and_leaves_it(out):
    with leased(out, PLACE, OURS):
        with pytest.raises(OutputError, match=r"another run .*\(process 1 on a, since now\)"):
            leased(out, PLACE, THEIRS).__enter__()
        assert held(out)["process"] == 1


@pytest.mark.parametrize("content", [b"", b"[1]", b"[" * 100_000, b"{"], ids=["empty", "list", "deep", "cut"])
def test_what_holds_it_may_be_anything(out, content):
    (out / PLACE).write_bytes(content)
    with pytest.raises(OutputError, match="process unknown on an unknown host, since an unknown time"):
        leased(out, PLACE, OURS).__enter__()
    assert (out / PLACE).read_bytes() == content


def test_one_that_was_left_behind_is_taken_over(out, monkeypatch):
    (out / PLACE).write_bytes(json.dumps(THEIRS).encode())
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=-1))
    with leased(out, PLACE, OURS):
        assert held(out)["process"] == 1
    assert not list(out.below())


def test_of_two_that_take_it_over_one_is_told_that_the_other_did(out, monkeypatch):
    (out / PLACE).write_bytes(json.dumps({"process": 3}).encode())
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=-1))
    age = lease._age

    def slow(headers):
        (out / PLACE).write_bytes(json.dumps(THEIRS).encode())  # the other one was faster
        return age(headers)

    monkeypatch.setattr(lease, "_age", slow)
    with pytest.raises(OutputError, match="process 2 on b"):
        leased(out, PLACE, OURS).__enter__()
    assert held(out) == THEIRS


def test_it_is_renewed(out, monkeypatch):
    monkeypatch.setattr(lease, "RENEWAL", SHORT)
    with leased(out, PLACE, OURS) as check:
        until(lambda: held(out)["renewals"] >= 2)
        check()


def test_who_slept_too_long_may_write_no_more_and_leaves_the_others(out, monkeypatch):
    taken = threading.Event()
    monkeypatch.setattr(lease, "RENEWAL", After(taken))
    run = leased(out, PLACE, OURS)
    check = run.__enter__()
    (out / PLACE).write_bytes(json.dumps(THEIRS).encode())
    taken.set()
    until(lambda: raises(check))
    with pytest.raises(OutputError, match="another run has taken over the dataset"):
        run.__exit__(None, None, None)
    assert held(out) == THEIRS


def test_one_that_was_taken_away_ends_without_a_word_about_it(out):
    with leased(out, PLACE, OURS):
        (out / PLACE).unlink()
    assert not list(out.below())


def test_a_renewal_that_s3_refuses_is_tried_again(out, client, monkeypatch):
    monkeypatch.setattr(lease, "RENEWAL", SHORT)
    with leased(out, PLACE, OURS) as check:
        until(lambda: held(out)["renewals"] >= 1)
        monkeypatch.setattr(client, "put_object", refused(client.put_object, times=2))
        seen = held(out)["renewals"]
        until(lambda: held(out)["renewals"] >= seen + 3)
        check()


class After:
    """A pause that does not begin before an event: the server does not keep two requests at once apart."""

    def __init__(self, event):
        self.event = event

    def total_seconds(self):
        self.event.wait()
        return SHORT.total_seconds()


def refused(put, times):
    """Refuse some requests as S3 does when it is too busy."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 may not be there

    left = iter(range(times))

    def busy(**request):
        if next(left, None) is None:
            return put(**request)
        answer = {"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}
        raise ClientError(answer | {"ResponseMetadata": {"HTTPStatusCode": 503}}, "PutObject")

    return busy


def raises(check):
    try:
        check()
    except OutputError:
        return True
    return False


def until(there, seconds=120):
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)
