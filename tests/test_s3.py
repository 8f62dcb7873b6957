"""Archives and datasets in S3, against a real moto server."""

import json
import os
import pickle
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from moving import find_faults, make_archive, read_all_rows
from pages import page, record
from pandas.testing import assert_frame_equal

from ptrack_analysis import export_dataset, find_videos, inspect_tracking, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import lock
from ptrack_analysis.dataset.lock import locked
from ptrack_analysis.dataset.manifest import JOURNAL, MANIFEST, STAGING
from ptrack_analysis.dataset.publishing import recover
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.errors import InputError, OutputError, ParameterError, PtrackWarning, RemoteError
from ptrack_analysis.storage import s3 as s3_asking
from ptrack_analysis.storage.s3 import S3Path, ahead, default_client, parse_path

boto3 = pytest.importorskip("boto3")
BUCKET = "archive-bucket"


@pytest.fixture
def s3(moto_url, monkeypatch, tmp_path):
    """A client of that server, which is also the default session's; with an empty bucket."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    monkeypatch.setattr(os, "environ", environment)
    s3_asking._client.cache_clear()
    client = default_client()
    client.create_bucket(Bucket=BUCKET)
    yield client
    for found in S3Path(BUCKET, "", client=client).below():
        found.unlink()
    client.delete_bucket(Bucket=BUCKET)


def upload(folder, prefix):
    for file in folder.rglob("*"):
        if file.is_file():
            parse_path(f"s3://{BUCKET}/{prefix}/{file.relative_to(folder).as_posix()}").write_bytes(
                file.read_bytes()
            )


def local(folder):
    files = (file for file in folder.rglob("*") if file.is_file() and "_ptrack" not in file.parts)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def remote(prefix):
    root = S3Path(BUCKET, prefix)
    found = {one.relative_to(root).as_posix(): one for one in root.below() if "_ptrack" not in one.parts}
    return {place: one.read_bytes() for place, one in found.items()}


def test_an_archive_in_s3_is_read_as_on_disk(s3, data):
    upload(data / "day", "archive/day")
    address = f"s3://{BUCKET}/archive/day"
    here, there = find_videos(data / "day"), find_videos(address)
    assert [one.name for one in there] == [one.name for one in here]
    for one, other in zip(here, there, strict=True):
        assert_frame_equal(read_tracking(other)[0], read_tracking(one)[0])
        assert read_tracking(other)[1] == read_tracking(one)[1]
    upload(data / "shop" / "pages", "shop")
    assert_frame_equal(read_tracking(f"s3://{BUCKET}/shop")[0], read_tracking(data / "shop")[0])
    with pytest.warns(PtrackWarning, match="incomplete: its page has a NextToken"):
        first = read_tracking(f"s3://{BUCKET}/shop/shop-1.json", allow_incomplete=True)[0]
    assert len(first) == 1000
    assert len(inspect_tracking(f"s3://{BUCKET}/shop").problems) == 0


def test_a_listing_of_many_parts_is_read_to_its_end_in_natural_order(s3, monkeypatch):
    """S3 lists at most 1000 keys at once; the server is told to list 5."""
    os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = "5"
    count = 23
    for number in range(1, count + 1):
        token = None if number == count else f"t{number}"
        parse_path(f"s3://{BUCKET}/many/p-{number}.json").write_bytes(
            json.dumps(page(record(number), token=token)).encode()
        )
    (reference,) = find_videos(f"s3://{BUCKET}/many")
    assert [file.name for file in reference.files] == [f"p-{number}.json" for number in range(1, count + 1)]
    assert len(read_tracking(reference)[0]) == count


def test_a_client_can_be_given_instead_of_the_default_session(s3, monkeypatch, data):
    upload(data / "shop" / "pages", "shop")
    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    assert len(read_tracking(parse_path(f"s3://{BUCKET}/shop", client=s3))[0]) == 5957


def test_a_reference_travels_to_another_process_without_client_and_content(s3):
    parse_path(f"s3://{BUCKET}/one.json").write_bytes(json.dumps(page(record())).encode())
    (reference,) = find_videos(parse_path(f"s3://{BUCKET}/one.json", client=s3))
    sent = pickle.loads(pickle.dumps(reference))  # noqa: S301 - what was made on the line itself
    assert sent == reference
    assert sent.files[0].client is None
    assert len(read_tracking(sent)[0]) == 1


def test_files_are_given_in_their_order_while_others_are_fetched_ahead(s3):
    files = [parse_path(f"s3://{BUCKET}/f/{number}") for number in range(30)]
    for number, file in enumerate(files):
        file.write_bytes(str(number).encode())
    listed = sorted(S3Path(BUCKET, "f").below(), key=lambda file: int(file.name))
    assert [int(file.read_bytes()) for file in ahead(listed)] == list(range(30))
    assert [file.content for file in ahead(listed)][:2] == [b"0", b"1"]


PLACED = {
    "dbt/README.md",
    "dbt/models/sources.yml",
    "dbt/profiles.yml",
    "views/athena.sql",
    "views/duckdb.sql",
}
"""Texts that contain the address of the dataset."""


def test_an_export_of_and_to_s3_has_the_tables_of_one_on_disk(s3, data, tmp_path):
    upload(data / "day", "archive/day")
    zones = data / "day" / "zones.geojson"
    export_dataset(data / "day", tmp_path / "out", zones=zones)
    summary = export_dataset(f"s3://{BUCKET}/archive/day", f"s3://{BUCKET}/out", zones=zones)
    assert str(summary.out) == f"s3://{BUCKET}/out"
    there, here = remote("out"), local(tmp_path / "out")
    assert there.keys() == here.keys()
    assert {name for name in there if there[name] != here[name]} == PLACED
    export_dataset(f"s3://{BUCKET}/archive/day", tmp_path / "again/out", zones=zones)
    again = local(tmp_path / "again/out")
    assert {name for name in here if again[name] != here[name]} <= PLACED


def reads(s3):
    """Note the keys of what is got from now on."""
    keys = []
    s3.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: keys.append(params["url_path"].lstrip("/"))
    )
    return keys


def test_each_page_is_got_once_and_not_at_all_while_nothing_has_changed(s3, data, tmp_path):
    upload(data / "day" / "pages", "day")
    pages = sorted(f"day/{file.name}" for file in (data / "day" / "pages").iterdir())
    keys = reads(s3)
    for reference in find_videos(f"s3://{BUCKET}/day"):
        read_tracking(reference)
    assert sorted(keys) == pages
    upload(data / "shop" / "pages", "shop")
    shop = sorted(f"shop/{file.name}" for file in (data / "shop" / "pages").iterdir())
    keys.clear()
    export_dataset(f"s3://{BUCKET}/shop", tmp_path / "out")
    assert sorted(keys) == shop
    keys.clear()
    summary = export_dataset(f"s3://{BUCKET}/shop", tmp_path / "out")
    assert ([one.status for one in summary.videos], keys) == (["unchanged"], [])
    read_tracking(f"s3://{BUCKET}/shop")
    assert sorted(keys) == shop
    upload(data / "shop" / "pages", "other")  # the same content under other names has the same ETags
    keys.clear()
    export_dataset(f"s3://{BUCKET}/other", tmp_path / "other")
    assert sorted(keys) == sorted(key.replace("shop/", "other/", 1) for key in shop)


def test_copies_of_objects_take_a_bounded_part_of_the_disk_and_may_vanish(s3, monkeypatch):
    monkeypatch.setattr(s3_asking, "_COPIES", s3_asking._Copies(limit=3000))
    for number in range(4):
        parse_path(f"s3://{BUCKET}/many/{number}.json").write_bytes(
            json.dumps(page(record(number), job=str(number))).encode().ljust(1000)
        )
    references = find_videos(f"s3://{BUCKET}/many")
    copies = [reference.files[0].copy for reference in references]
    there = [copy is not None and copy.exists() for copy in copies]
    assert sum(there) <= 3
    assert s3_asking._COPIES.size <= 3000
    next(copy for copy, is_there in zip(copies, there, strict=True) if is_there).unlink()
    keys = reads(s3)
    assert [len(read_tracking(reference)[0]) for reference in references] == [1] * 4
    assert len(keys) == 5 - sum(there)


WRITES = ("PutObject", "CopyObject", "DeleteObject")


@contextmanager
def noted(s3, *operations):
    """Note the requests of these kinds, in their order, with their keys and conditions; but for the lock."""
    requests = []

    def note(params, model, **_):
        key = params["url_path"].lstrip("/")
        if not key.endswith("_ptrack/lock"):
            requests.append((model.name, key, params["headers"].get("If-Match")))

    for name in operations:
        s3.meta.events.register(f"before-call.s3.{name}", note, unique_id=name)
    yield requests
    for name in operations:
        s3.meta.events.unregister(f"before-call.s3.{name}", unique_id=name)


def test_a_second_export_writes_nothing_and_the_manifest_comes_last(s3, data):
    zones, out = data / "shop" / "zones.geojson", f"s3://{BUCKET}/out"
    export_dataset(data / "shop", out, zones=zones)
    export_dataset(data / "shop", out, zones=zones)  # the looks of the files may have settled only now
    with noted(s3, *WRITES) as requests:
        summary = export_dataset(data / "shop", out, zones=zones)
    assert summary.videos[0].status == "unchanged"
    assert requests == []
    tag = parse_path(f"{out}/{MANIFEST}").find_tag()
    with noted(s3, *WRITES) as requests:
        export_dataset(data / "shop", out, zones=zones, max_gap="3s")
    (manifest,) = (place for place, one in enumerate(requests) if one[1] == f"out/{MANIFEST}")
    assert requests[manifest] == ("PutObject", f"out/{MANIFEST}", tag)
    (journal,) = (place for place, one in enumerate(requests) if one[:2] == ("PutObject", f"out/{JOURNAL}"))
    assert all(one[1].startswith(f"out/{STAGING}/") for one in requests[:journal])
    assert {kind for kind, *_ in requests[journal + 1 : manifest]} == {"CopyObject"}
    assert "out/visits/part-000001.parquet" in [one[1] for one in requests[journal:manifest]]
    assert requests[manifest + 1][:2] == ("DeleteObject", f"out/{JOURNAL}")
    assert find_faults(parse_path(out)) == []


def refuse(s3, number):
    """Let S3 refuse the n-th request from now on; return a list that says whether it did."""
    seen, refused = [], []

    def answer(**_):
        seen.append(1)
        if len(seen) == number:
            refused.append(number)
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Any")

    s3.meta.events.register("before-call.s3", answer, unique_id="refuse")
    return refused


@pytest.mark.parametrize(
    ("command", "stride"), [("export", 3), ("remove", 3), pytest.param("export", 1, marks=pytest.mark.slow)]
)
def test_s3_that_refuses_any_one_request_loses_and_doubles_nothing(
    s3, tmp_path, monkeypatch, command, stride
):
    """One sentence each; the next run completes the dataset, and removes what was staged."""
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=-1))  # also the lock may not be removed
    out, pages = parse_path(f"s3://{BUCKET}/out"), make_archive(tmp_path, 3)
    zones = tmp_path / "zones.geojson"

    def export(gap="1s"):
        export_dataset(pages, out, zones=zones, tables=["visits"], max_gap=gap)

    export()
    before, number = read_all_rows(out), 0
    remove_videos(out, "v001-p")
    removed = read_all_rows(out)
    export()
    while True:
        number += stride
        refused = refuse(s3, number)
        try:
            export("400ms") if command == "export" else remove_videos(out, "v001-p")
        except (RemoteError, OutputError) as error:
            assert "S3 rejected the request: AccessDenied: the credentials" in str(error)  # noqa: PT017 - it may succeed
        finally:
            s3.meta.events.unregister("before-call.s3", unique_id="refuse")
        recover(out)
        assert read_all_rows(out) in (before, removed)
        export()
        assert read_all_rows(out) == before
        assert find_faults(out) == []
        if not refused:
            break
    assert number > 20


def test_a_manifest_that_another_run_wrote_meanwhile_is_not_replaced(s3, data):
    intruder = parse_path(f"s3://{BUCKET}/out/{MANIFEST}")

    def interfere(params, **_):
        if "trajectories" in params["url_path"] and not intruder.is_file():
            intruder.write_bytes(b"{}")

    s3.meta.events.register("before-call.s3.PutObject", interfere, unique_id="intruder")
    with pytest.raises(OutputError, match="another run has changed the dataset"):
        export_dataset(data / "shop", f"s3://{BUCKET}/out")
    s3.meta.events.unregister("before-call.s3.PutObject", unique_id="intruder")
    assert intruder.read_bytes() == b"{}"
    assert remote("out") == {}


def test_a_second_writer_is_told_who_writes(s3, data):
    out = parse_path(f"s3://{BUCKET}/out")
    with locked(out), pytest.raises(OutputError, match="another run is writing this dataset"):
        export_dataset(data / "shop", out)
    assert not list(out.below())


def test_what_lies_where_the_dataset_should_go_is_not_replaced(s3, data):
    parse_path(f"s3://{BUCKET}/out/zones/mine.parquet").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"'zones/mine\.parquet' was not written by ptrack-analysis"):
        export_dataset(data / "shop", f"s3://{BUCKET}/out")
    with pytest.raises(OutputError, match="is an object"):
        export_dataset(data / "shop", f"s3://{BUCKET}/out/zones/mine.parquet")
    assert remote("out") == {"zones/mine.parquet": b"mine"}


def test_nothing_to_read_is_said_as_of_a_folder(s3):
    with pytest.raises(InputError, match="there is no such file or folder"):
        find_videos(f"s3://{BUCKET}/nothing")
    with pytest.raises(ParameterError, match="has no bucket"):
        find_videos("s3:///nothing")


REFUSED = {
    "no such bucket": ([], "s3://no-such-bucket/x", "the bucket does not exist"),
    "a bucket name that cannot be": ([], "s3://B_/x", "S3"),
    "an endpoint that is down": (
        ["--endpoint-url", "http://127.0.0.1:9"],
        f"s3://{BUCKET}/x",
        "Check --endpoint-url",
    ),
    "an endpoint that is no address": (["--endpoint-url", "nowhere"], f"s3://{BUCKET}/x", "nowhere"),
    "no such profile": (["--profile", "nobody"], f"s3://{BUCKET}/x", "Check --profile"),
}


@pytest.mark.parametrize(("options", "source", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_s3_refuses_is_one_sentence_and_exit_5(s3, capfd, monkeypatch, tmp_path, options, source, said):
    code = main(["inspect", source, *options])
    (sentence,) = capfd.readouterr().err.splitlines()[-1:]
    assert code == 5
    assert said in sentence
    assert "Traceback" not in sentence


def test_no_credentials_are_said_with_what_to_do(s3, capfd, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del os.environ[name]
    os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
    assert main(["inspect", f"s3://{BUCKET}/x"]) == 5
    assert "there are no credentials. Sign in, or set a profile with --profile" in capfd.readouterr().err


def test_the_shell_takes_addresses_wherever_it_takes_paths(s3, capfd, data, tmp_path):
    upload(data / "shop", "shop")
    address, zones = f"s3://{BUCKET}/shop", str(data / "shop" / "zones.geojson")
    assert main(["inspect", address]) == 0
    assert main(["export", address, f"s3://{BUCKET}/out", "--zones", zones]) == 0
    assert main(["plot", "occupancy", address, "-o", str(tmp_path / "a.png")]) == 0
    assert f"s3://{BUCKET}/out/dictionary.md" in capfd.readouterr().out


def test_a_path_in_s3_has_the_manners_that_reading_needs():
    path = parse_path("s3://bucket-a/a/b/c.json")
    assert (path.name, path.parent.key, str(path)) == ("c.json", "a/b", "s3://bucket-a/a/b/c.json")
    assert path.relative_to(S3Path("bucket-a", "a")).as_posix() == "b/c.json"
    assert S3Path("bucket-a", "").resolve().name == "bucket-a"
    assert str(S3Path("bucket-a", "a/") / "b") == "s3://bucket-a/a/b"
    assert parse_path(Path("x")) == Path("x")
    with pytest.raises(ValueError, match="mode must be 'rb'"):
        path.open("w")


class Refusing:
    """A client that S3 answers with one error, as no server here does."""

    def __init__(self, code):
        self.code = code

    def get_paginator(self, _):
        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "ListObjectsV2")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDenied", "Check the profile (--profile) and the policy"),
        ("PermanentRedirect", "the bucket is in another region. Set it with --region."),
        ("AuthorizationHeaderMalformed", "the bucket is in another region. Set it with --region."),
        ("ExpiredToken", "the credentials have expired. Sign in again"),
        ("InvalidAccessKeyId", "the access key is unknown"),
    ],
)
def test_what_this_server_does_not_refuse_has_its_sentence_too(code, said):
    with pytest.raises(RemoteError) as refused:
        find_videos(parse_path("s3://some-bucket/x", client=Refusing(code)))
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"s3://some-bucket/x: S3 rejected the request: {code}: ")


@pytest.mark.parametrize(
    "place", ["s3:/bucket/out", "s3:bucket/out", "S3://bucket/out", Path("s3://bucket/out")]
)
def test_a_misspelled_address_is_refused_instead_of_written_as_a_folder(place, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=r"is not an address in S3. Write s3://bucket/prefix"):
        export_dataset(data / "day/pages", place)
    assert not list(tmp_path.iterdir())
