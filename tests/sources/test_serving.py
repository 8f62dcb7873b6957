"""Code that was written for Rekognition, against a server of this package: pages, jobs, tokens, errors."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from pages import FACE, METADATA, page, record, write
from pandas.testing import assert_frame_equal
from rekognition_server import ENVIRONMENT, KEY, REGION, SECRET

import ptrack_analysis as pta
from ptrack_analysis.errors import InputError, ParameterError, RemoteError
from ptrack_analysis.schema import DETECTIONS, assemble, empty_table
from ptrack_analysis.sources.pages.encode import PAGE_COLUMNS
from ptrack_analysis.sources.rekognition import server as server_module
from ptrack_analysis.sources.rekognition import service as service_module
from ptrack_analysis.sources.rekognition.requests import GetRequest
from ptrack_analysis.sources.rekognition.served_videos import ServedVideo
from ptrack_analysis.storage.s3 import S3Path

fetch_pages, serve_tracking = pta.rekognition.fetch_pages, pta.rekognition.serve_tracking
ROWS = [record(40 * number, number % 3, face=FACE if number % 2 else None) for number in range(30)]


@pytest.fixture
def client_of():
    """Make clients of a server, and close them."""
    made = []

    def make(server, **config):
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, **config)
        made.append(
            boto3.client(
                "rekognition",
                endpoint_url=server if isinstance(server, str) else server.url,
                region_name=REGION,
                aws_access_key_id=KEY,
                aws_secret_access_key=SECRET,
                config=config,
            )
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def served(tmp_path):
    """A server of one video of 30 detections, whose pages name no job."""
    file = write(tmp_path / "source" / "shop.json", page(*ROWS, job=None))
    with serve_tracking(file) as running:
        yield running


def start(client, key="shop.mp4", bucket="videos", **more):
    return client.start_person_tracking(Video={"S3Object": {"Bucket": bucket, "Name": key}}, **more)["JobId"]


def page_through(client, job_id, **request):
    """Get all pages of a job, as code for Rekognition does."""
    pages, token = [], {}
    while True:
        response = client.get_person_tracking(JobId=job_id, **request, **token)
        pages.append(response)
        if not response.get("NextToken"):
            return pages
        token = {"NextToken": response["NextToken"]}


def code_of(call, **request):
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def assert_same_tracking(one, other):
    """Compare tables and facts, but not the names of the videos and columns that no page contains."""
    columns = [name for name in other[0].columns if name in PAGE_COLUMNS]
    assert_frame_equal(one[0], other[0][columns], check_exact=True)
    for fact in ("width", "height", "frame_rate", "duration", "codec", "format", "sampling_period"):
        assert getattr(one[1], fact) == getattr(other[1], fact), fact


@pytest.mark.parametrize("sort_by", ["TIMESTAMP", "INDEX"])
def test_an_archive_is_fetched_as_it_is_read(data, tmp_path, client_of, sort_by):
    with serve_tracking(data / "shop") as server:
        client = client_of(server)
        own = pta.find_videos(data / "shop")[0].job_id
        for job_id in (start(client, "2026/shop.mp4"), own):
            fetch_pages(job_id, tmp_path / job_id, client=client, sort_by=sort_by)
            found = pta.read_tracking(tmp_path / job_id, landmarks=True)
            assert_same_tracking(found, pta.read_tracking(data / "shop", landmarks=True))
            assert found[1].job_id == job_id
    rows = found[0]
    assert (rows["left"].isna() & rows["face_left"].notna()).sum() > 100
    assert found[1].source == "example-bucket/shop.mp4"


def test_the_table_of_a_tracker_is_fetched_as_it_is_read(data, tmp_path, client_of):
    columns = {"frame": "frame", "id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
    facts = pta.Video(width=1280, height=720, frame_rate=25)
    (reference,) = pta.find_videos(data / "tracker" / "morning.csv", columns=columns)
    with serve_tracking(reference, video=facts) as server:
        client = client_of(server)
        fetch_pages(start(client, "cam/morning.mov"), tmp_path / "pages", client=client)
    direct = pta.read_tracking(reference, video=facts)
    found = pta.read_tracking(tmp_path / "pages", faces=False)
    assert len(found[0]) > 500
    assert_same_tracking(found, direct)


def test_real_mot_text_is_fetched_as_it_is_read(real_data, tmp_path, client_of):
    facts = pta.Video(width=640, height=480, frame_rate=25)
    with serve_tracking(real_data / "mot" / "TUD-Campus", video=facts) as server:
        client = client_of(server)
        fetch_pages("TUD-Campus", tmp_path / "pages", client=client, max_results=100)
    direct = pta.read_tracking(real_data / "mot" / "TUD-Campus", video=facts)
    assert_same_tracking(pta.read_tracking(tmp_path / "pages", faces=False), direct)


@pytest.mark.parametrize("size", [1000, 7])
def test_an_archive_that_the_package_wrote_is_served_byte_for_byte(data, tmp_path, client_of, size):
    detections, video = pta.read_tracking(data / "shop", landmarks=True)
    part = detections.iloc[:90] if size == 7 else detections
    pta.rekognition.write_pages(part, video, tmp_path / "shop", page_size=size)
    with serve_tracking(tmp_path / "shop") as server:
        fetch_pages(video.job_id, tmp_path / "again", client=client_of(server), max_results=size)
    before = [file.read_bytes() for file in sorted((tmp_path / "shop").glob("page-*.json"))]
    after = [file.read_bytes() for file in sorted((tmp_path / "again").glob("0*.json"))]
    assert len(before) > 5
    assert after == before


def test_a_server_that_is_started_again_gives_the_same_pages(tmp_path, served, client_of):
    fetch_pages("shop", tmp_path / "one", client=client_of(served), max_results=7)
    with serve_tracking(tmp_path / "source") as server:
        fetch_pages("shop", tmp_path / "two", client=client_of(server), max_results=7)
    for file in (tmp_path / "one").glob("0*.json"):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_detections_in_memory_are_served(tmp_path, client_of):
    file = write(tmp_path / "a.json", page(*ROWS))
    detections, video = pta.read_tracking(file, landmarks=True)
    with serve_tracking((detections.sample(frac=1, random_state=1), video)) as server:
        pages = page_through(client_of(server), "job-1", MaxResults=7)
    assert [len(one["Persons"]) for one in pages] == [7, 7, 7, 7, 2]
    assert [row for one in pages for row in one["Persons"]] == ROWS


def test_every_page_names_the_job_the_video_and_its_facts(served, client_of):
    client = client_of(served)
    filmed = {"S3Object": {"Bucket": "videos", "Name": "a/b/shop.mp4", "Version": "7"}}
    job_id = client.start_person_tracking(Video=filmed, JobTag="tag")["JobId"]
    pages = page_through(client, job_id, MaxResults=11)
    assert [len(one["Persons"]) for one in pages] == [11, 11, 8]
    for one in pages:
        assert (one["JobStatus"], one["JobId"], one["JobTag"], one["Video"]) == (
            "SUCCEEDED",
            job_id,
            "tag",
            filmed,
        )
        assert one["VideoMetadata"]["FrameRate"] == 25.0


def test_by_index_a_person_comes_whole_and_in_time(served, client_of):
    pages = page_through(client_of(served), "shop", SortBy="INDEX", MaxResults=4)
    order = [(row["Person"]["Index"], row["Timestamp"]) for one in pages for row in one["Persons"]]
    assert order == sorted(order)
    assert len(order) == len(ROWS)


def test_more_than_a_thousand_results_are_cut_to_a_thousand(tmp_path, client_of):
    write(tmp_path / "a.json", page(*(record(40 * number, 0) for number in range(1001))))
    with serve_tracking(tmp_path) as server:
        client = client_of(server)
        assert [len(one["Persons"]) for one in page_through(client, "job-1", MaxResults=5000)] == [1000, 1]
        assert [len(one["Persons"]) for one in page_through(client, "job-1")] == [1000, 1]


def test_no_detections_are_one_page_without_persons(client_of):
    with serve_tracking((empty_table(DETECTIONS), pta.Video(name="empty", frame_rate=25))) as server:
        (only,) = page_through(client_of(server), "empty")
    assert (only["JobStatus"], only["Persons"], "NextToken" in only) == ("SUCCEEDED", [], False)


REFUSED = {
    "no job": ({}, "InvalidParameterException", "JobId is missing"),
    "a bad job": ({"JobId": "../shop"}, "InvalidParameterException", "JobId must be 1 to 64 letters"),
    "an unknown job": ({"JobId": "other"}, "ResourceNotFoundException", "no job 'other'"),
    "no results": ({"JobId": "shop", "MaxResults": 0}, "InvalidParameterException", "at least 1, got 0"),
    "less than none": ({"JobId": "shop", "MaxResults": -5}, "InvalidParameterException", "got -5"),
    "results as a text": ({"JobId": "shop", "MaxResults": "5"}, "SerializationException", "int"),
    "another order": (
        {"JobId": "shop", "SortBy": "TIME"},
        "InvalidParameterException",
        "SortBy must be TIMESTAMP or INDEX",
    ),
    "a wrong token": ({"JobId": "shop", "NextToken": "b"}, "InvalidPaginationTokenException", "not one of"),
    "a long token": ({"JobId": "shop", "NextToken": "b" * 256}, "InvalidParameterException", "at most 255"),
}


@pytest.mark.parametrize(("request_", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_request_for_a_page_has_the_error_of_the_service(served, client_of, request_, code, said):
    client = client_of(served, parameter_validation=False)
    found, message = code_of(client.get_person_tracking, **request_)
    assert found == code
    assert said in message


FILMED = {"S3Object": {"Bucket": "videos", "Name": "shop.mp4"}}
BAD_STARTS = {
    "no video": ({}, "InvalidParameterException", "Video.S3Object is missing"),
    "no bucket": (
        {"Video": {"S3Object": {"Name": "shop.mp4"}}},
        "InvalidParameterException",
        "Bucket is missing",
    ),
    "no key": ({"Video": {"S3Object": {"Bucket": "videos"}}}, "InvalidParameterException", "Name must have"),
    "an odd bucket": (
        {"Video": {"S3Object": {"Bucket": "a b c", "Name": "shop.mp4"}}},
        "InvalidParameterException",
        "Bucket must be",
    ),
    "an unknown video": (
        {"Video": {"S3Object": {"Bucket": "videos", "Name": "a/other.mp4"}}},
        "InvalidS3ObjectException",
        "no video 'other' for the key 'a/other.mp4'. It has 'shop'. Map the key with --map shop=a/other.mp4",
    ),
    "a tag with a space": ({"Video": FILMED, "JobTag": "a b"}, "InvalidParameterException", "JobTag must be"),
    "a long token": (
        {"Video": FILMED, "ClientRequestToken": "a" * 65},
        "InvalidParameterException",
        "ClientRequestToken must be",
    ),
    "no topic": (
        {"Video": FILMED, "NotificationChannel": {"SNSTopicArn": "t", "RoleArn": "arn:aws:iam::1:role/r"}},
        "InvalidParameterException",
        "the ARN of an SNS topic",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "code", "said"), BAD_STARTS.values(), ids=BAD_STARTS)
def test_a_wrong_start_has_the_error_of_the_service(served, client_of, request_, code, said):
    client = client_of(served, parameter_validation=False)
    found, message = code_of(client.start_person_tracking, **request_)
    assert found == code
    assert said in message


def test_other_operations_are_unknown(served, client_of):
    code, message = code_of(
        client_of(served).detect_faces, Image={"S3Object": {"Bucket": "videos", "Name": "a.png"}}
    )
    assert code == "UnknownOperationException"
    assert "Only StartPersonTracking and GetPersonTracking" in message


def test_a_token_is_for_one_job_and_one_order(served, client_of):
    client = client_of(served)
    token = client.get_person_tracking(JobId="shop", MaxResults=7)["NextToken"]
    assert client.get_person_tracking(JobId="shop", MaxResults=3, NextToken=token)["Persons"] == ROWS[7:10]
    other = start(client)
    for request in (
        {"JobId": other},
        {"JobId": "shop", "SortBy": "INDEX"},
        {"JobId": "shop", "NextToken": f"{token}x"},
    ):
        code, _ = code_of(client.get_person_tracking, **{"NextToken": token, **request})
        assert code == "InvalidPaginationTokenException"


def test_a_token_expires_and_a_fetch_begins_anew(tmp_path, served, client_of):
    client, now = client_of(served), [0.0]
    served.service.clock = lambda: now[0]
    token = client.get_person_tracking(JobId="shop", MaxResults=7)["NextToken"]
    now[0] = 3600.0
    client.get_person_tracking(JobId="shop", MaxResults=7, NextToken=token)
    now[0] = 3601.0
    code, message = code_of(client.get_person_tracking, JobId="shop", NextToken=token)
    assert (code, "has expired" in message) == ("InvalidPaginationTokenException", True)
    pages = []

    def let_expire(summary):
        pages.append(summary.pages)
        now[0] += 3601.0 if len(pages) == 2 else 0.0

    done = fetch_pages("shop", tmp_path / "a", client=client, max_results=7, progress=let_expire)
    assert (done.restarts, done.pages) == (1, 5)
    assert len(pta.read_tracking(tmp_path / "a")[0]) == len(ROWS)


def test_the_oldest_tokens_are_forgotten_first(monkeypatch, served, client_of):
    monkeypatch.setattr(service_module, "MAX_TOKENS", 2)
    client = client_of(served)
    tokens = [one.get("NextToken") for one in page_through(client, "shop", MaxResults=7)]
    assert code_of(client.get_person_tracking, JobId="shop", NextToken=tokens[0])[0].startswith("InvalidPag")
    assert client.get_person_tracking(JobId="shop", NextToken=tokens[3])["Persons"]


def test_starts_with_one_request_token_are_one_job(served, client_of):
    client = client_of(served)
    one, other = (start(client, ClientRequestToken="once", JobTag="tag") for _ in range(2))
    assert one == other
    assert start(client) != start(client)
    code, _ = code_of(client.start_person_tracking, Video=FILMED, ClientRequestToken="once", JobTag="another")
    assert code == "IdempotentParameterMismatchException"


def test_a_job_is_in_progress_until_its_delay_has_passed(tmp_path, client_of):
    write(tmp_path / "shop.json", page(*ROWS))
    with serve_tracking(tmp_path, delay="10s") as server:
        client, now = client_of(server), [100.0]
        server.service.clock = lambda: now[0]
        job_id = start(client, JobTag="tag")
        first = client.get_person_tracking(JobId=job_id)
        assert (first["JobStatus"], first["Persons"], first["JobTag"]) == ("IN_PROGRESS", [], "tag")
        assert "VideoMetadata" not in first
        with pytest.raises(pta.PtrackError, match="IN_PROGRESS"):
            fetch_pages(job_id, tmp_path / "out", client=client, wait=False)

        def pass_time(seconds):
            now[0] += seconds

        pta.rekognition.wait_for_job(job_id, client=client, sleep=pass_time, clock=lambda: now[0])
        assert now[0] >= 110.0
        assert client.get_person_tracking(JobId=job_id)["Persons"] == ROWS
        assert client.get_person_tracking(JobId="job-1")["JobStatus"] == "SUCCEEDED"


def test_too_many_open_jobs_are_refused_until_one_has_ended(tmp_path, monkeypatch, client_of):
    monkeypatch.setattr(service_module, "MAX_OPEN_JOBS", 2)
    write(tmp_path / "shop.json", page(*ROWS))
    with serve_tracking(tmp_path, delay="10s") as server:
        client, now = client_of(server), [0.0]
        server.service.clock = lambda: now[0]
        first, _ = start(client), start(client)
        assert code_of(client.start_person_tracking, Video=FILMED)[0] == "LimitExceededException"
        now[0] = 11.0
        assert client.get_person_tracking(JobId=first)["JobStatus"] == "SUCCEEDED"
        start(client)


def test_the_oldest_started_jobs_are_forgotten_but_never_those_of_the_source(monkeypatch, served, client_of):
    monkeypatch.setattr(service_module, "MAX_JOBS", 2)
    client = client_of(served)
    jobs = [start(client, ClientRequestToken=f"t{number}") for number in range(4)]
    assert [*served.service.jobs] == ["shop", *jobs[2:]]
    assert start(client, ClientRequestToken="t3") == jobs[3]
    assert start(client, ClientRequestToken="t0") != jobs[0]


@pytest.fixture
def several(tmp_path):
    """A server of three videos: one names its object, one has a broken page, and one has an odd name."""
    folder = tmp_path / "several"
    filmed = {"S3Object": {"Bucket": "films", "Name": "2026/front.mp4"}}
    write(folder / "door.json", page(*ROWS[:3], job="job-a", Video=filmed, JobTag="tag"))
    write(folder / "broken.json", page(record(-40), job="job-b"))
    write(folder / "hall x.json", page(*ROWS[:5], job="job-c"))
    said = []
    with serve_tracking(
        folder, keys={"cam/x.mp4": "hall-x", "s3://films/y.mp4": "door"}, say=said.append
    ) as running:
        running.said = said
        yield running


KEYS = {
    "the name of the video": ("videos", "a/door.mp4", 3),
    "the object that the pages name": ("films", "2026/front.mp4", 3),
    "a name made safe": ("videos", "hall x.mp4", 5),
    "a name without suffix": ("videos", "hall-x", 5),
    "a mapped key": ("videos", "cam/x.mp4", 5),
    "a mapped object": ("films", "y.mp4", 3),
}


@pytest.mark.parametrize(("bucket", "key", "rows"), KEYS.values(), ids=KEYS)
def test_a_video_is_found_by_its_key(several, client_of, bucket, key, rows):
    client = client_of(several)
    assert len(client.get_person_tracking(JobId=start(client, key, bucket))["Persons"]) == rows


def test_a_mapped_object_is_only_in_its_bucket(several, client_of):
    client = client_of(several)
    with pytest.raises(ClientError, match=r"no video 'y' .* It has 'broken' and 2 more"):
        start(client, "y.mp4", "videos")


def test_the_jobs_of_the_pages_are_finished_jobs(several, client_of):
    found = client_of(several).get_person_tracking(JobId="job-a")
    assert (found["JobTag"], found["Video"]["S3Object"]["Name"]) == ("tag", "2026/front.mp4")


def test_a_video_that_cannot_be_read_is_a_failed_job(several, client_of):
    client = client_of(several)
    job_id = start(client, "broken.mp4")
    found = client.get_person_tracking(JobId=job_id)
    assert (found["JobStatus"], found["Persons"]) == ("FAILED", [])
    assert "Timestamp is -40" in found["StatusMessage"]
    assert several.said[0].startswith("warning: video 'broken' cannot be served: ")
    assert client.get_person_tracking(JobId="job-a")["JobStatus"] == "SUCCEEDED"


def test_a_video_that_is_read_for_long_is_in_progress(monkeypatch, tmp_path, served, client_of):
    monkeypatch.setattr(service_module, "PATIENCE", 0.0)
    video = served.service.videos["shop"]
    rows = video.read()
    video.forget()
    goes_on = threading.Event()
    video.read = lambda: (goes_on.wait(), rows)[1]
    client = client_of(served)
    job_id = start(client)
    assert client.get_person_tracking(JobId=job_id)["JobStatus"] == "IN_PROGRESS"
    goes_on.set()
    monkeypatch.setattr(service_module, "PATIENCE", 60.0)
    assert client.get_person_tracking(JobId=job_id)["JobStatus"] == "SUCCEEDED"


def test_pages_of_a_source_that_has_changed_are_refused_and_a_new_job_has_the_new_rows(
    tmp_path, served, client_of
):
    client, now = client_of(served), [time.monotonic()]
    served.service.videos["shop"].clock = lambda: now[0]
    job_id = start(client)
    first = client.get_person_tracking(JobId=job_id, MaxResults=7)
    write(tmp_path / "source" / "shop.json", page(*ROWS[:20], job=None))
    now[0] += 2.0
    for request in ({"NextToken": first["NextToken"]}, {}):
        code, message = code_of(client.get_person_tracking, JobId=job_id, **request)
        assert code == "ResourceNotFoundException"
        assert "files of video 'shop' changed after the job was started. Start a new job." in message
    again = start(client)
    assert len(client.get_person_tracking(JobId=again)["Persons"]) == 20
    assert code_of(client.get_person_tracking, JobId=job_id)[0] == "ResourceNotFoundException"
    with pytest.raises(RemoteError, match="changed after the job was started"):
        fetch_pages(job_id, tmp_path / "out", client=client)


def test_a_file_of_the_same_size_and_another_time_has_changed(tmp_path, served, client_of):
    client = client_of(served)
    served.service.videos["shop"].clock = count(time.monotonic(), 2).__next__
    job_id = start(client)
    client.get_person_tracking(JobId=job_id)
    file = tmp_path / "source" / "shop.json"
    os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1_000_000))
    assert code_of(client.get_person_tracking, JobId=job_id)[0] == "ResourceNotFoundException"
    job_id = start(client)
    assert client.get_person_tracking(JobId=job_id)["JobStatus"] == "SUCCEEDED"
    file.unlink()
    assert code_of(client.get_person_tracking, JobId=job_id)[0] == "ResourceNotFoundException"


def test_a_source_that_changes_while_it_is_read_is_not_served(tmp_path):
    file = write(tmp_path / "a.json", page(*ROWS))

    def read_and_change():
        found = pta.read_tracking(file)
        write(file, page(*ROWS[:2]))
        return found

    with pytest.raises(InputError, match="changed while they were read"):
        ServedVideo("a", read_and_change, (file,)).open()


def test_videos_beyond_the_memory_are_read_again(monkeypatch, several, client_of):
    monkeypatch.setattr(service_module, "MEMORY", 1)
    client = client_of(several)
    jobs = [start(client, "door.mp4"), start(client, "hall-x.mp4")]
    for _ in range(2):
        assert [len(client.get_person_tracking(JobId=job)["Persons"]) for job in jobs] == [3, 5]
        assert [video.name for video in several.service.videos.values() if video.size] == ["hall-x"]
    client.get_person_tracking(JobId=start(client, "door.mp4"))
    assert [video.name for video in several.service.videos.values() if video.size] == ["door"]


def ask(server, method="POST", path="/", body=b"", **headers):
    """Send a request without boto3; give the status and the JSON of the answer."""
    host, port = server.server_address[:2]
    connection = http.client.HTTPConnection(host, port, timeout=30)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, names)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content) if content else None


GET = "RekognitionService.GetPersonTracking"
RAW = {
    "no target": ({}, 400, "UnknownOperationException", "X-Amz-Target must begin with RekognitionService."),
    "another service": ({"X_Amz_Target": "Sns.Publish"}, 400, "UnknownOperationException", "'Sns.Publish'"),
    "no JSON": ({"X_Amz_Target": GET, "body": b"{"}, 400, "SerializationException", "cannot be read"),
    "no body": ({"X_Amz_Target": GET}, 400, "SerializationException", "cannot be read"),
    "a list": ({"X_Amz_Target": GET, "body": b"[]"}, 400, "SerializationException", "object"),
    "deep JSON": ({"X_Amz_Target": GET, "body": b"[" * 100_000}, 400, "SerializationException", "cannot be"),
    "not UTF-8": ({"X_Amz_Target": GET, "body": b'{"JobId": "\xff"}'}, 400, "SerializationException", "read"),
    "10 MB": (
        {"X_Amz_Target": GET, "body": b" " * 10_000_000},
        413,
        "RequestEntityTooLargeException",
        "has 10000000 bytes; at most 1048576 are accepted",
    ),
    "no length": (
        {"X_Amz_Target": GET, "body": iter([b"{}"]), "Transfer_Encoding": "chunked"},
        411,
        "SerializationException",
        "Content-Length",
    ),
    "a negative length": (
        {"X_Amz_Target": GET, "Content_Length": "-1"},
        411,
        "SerializationException",
        "Content-Length",
    ),
    "a web page": (
        {"X_Amz_Target": GET, "body": b'{"JobId": "shop"}', "Origin": "http://evil.example"},
        403,
        "AccessDeniedException",
        "web pages",
    ),
    "a GET": ({"method": "GET", "path": "/../../etc/passwd"}, 405, "UnknownOperationException", "POST"),
    "a PUT": ({"method": "PUT"}, 501, "BadRequestException", "PUT"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "status", "kind", "said"), RAW.values(), ids=RAW)
def test_what_is_no_request_is_refused_in_the_form_of_the_service(served, request_, status, kind, said):
    found, answer = ask(served, **request_)
    failure = answer.get("error") or {"code": answer.get("__type"), "message": answer.get("Message")}
    assert (found, failure["code"]) == (status, kind)
    assert said in failure["message"]
    assert ask(served, body=b'{"JobId": "shop"}', X_Amz_Target=GET)[0] == 200


def test_the_path_does_not_matter(served):
    for path in ("/", "/any/path", "/../../etc/passwd"):
        status, answer = ask(
            served, path=path, body=b'{"JobId": "shop", "Unknown": 1}', X_Amz_Target=GET, Host="localhost:1"
        )
        assert (status, len(answer["Persons"])) == (200, len(ROWS))


def raw_answer(server, content):
    """Send bytes, and give the answer's bytes until the server closes the connection."""
    with socket.create_connection(server.server_address[:2], timeout=30) as connection:
        connection.sendall(content)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_large_body_is_refused_before_it_is_sent_where_the_client_asks(served):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\nExpect: 100-continue\r\n\r\n"
    answer = raw_answer(served, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"RequestEntityTooLargeException" in answer


def test_a_body_that_ends_early_or_never_comes_does_not_hold_the_server(monkeypatch, served):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: RekognitionService.GetPersonTracking\r\n"
    with socket.create_connection(served.server_address[:2], timeout=30) as connection:
        connection.sendall(head + b"Content-Length: 100\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        assert b"The body has 2 bytes, not 100" in connection.recv(65536)
    monkeypatch.setattr(server_module.TrackingHandler, "timeout", 0.2)
    assert raw_answer(served, head + b"Content-Length: 100\r\n\r\n{}") == b""
    assert raw_answer(served, b"POST / HTT") == b""
    monkeypatch.setattr(server_module, "_BODY_DEADLINE", -1)
    assert raw_answer(served, head + b"Content-Length: 100\r\n\r\n{}") == b""
    assert b"BadRequest" in raw_answer(served, b"nonsense\r\n\r\n")
    monkeypatch.undo()
    assert ask(served, body=b'{"JobId": "shop"}', X_Amz_Target=GET)[0] == 200


def test_an_error_of_the_server_is_an_internal_error(monkeypatch, served, client_of):
    said = []
    served.service.say = said.append
    monkeypatch.setattr(served.service, "get", lambda _: 1 / 0)
    code, message = code_of(client_of(served).get_person_tracking, JobId="shop")
    assert (code, "division by zero" in message) == ("InternalServerError", True)
    assert "ZeroDivisionError" in said[0]


@pytest.fixture
def gateway(tmp_path):
    write(tmp_path / "shop.json", page(*ROWS, job=None))
    with serve_tracking(tmp_path / "shop.json", envelope="gateway") as running:
        yield running


@pytest.mark.parametrize("path", ["/jobs/{job}", "/", "/people?stage=test", ""])
def test_a_gateway_is_fetched_from(tmp_path, gateway, path):
    done = fetch_pages("shop", tmp_path / "out", gateway=gateway.url + path, max_results=7, sort_by="INDEX")
    assert (done.pages, done.restarts) == (5, 0)
    assert_same_tracking(pta.read_tracking(tmp_path / "out"), pta.read_tracking(tmp_path / "shop.json"))


def test_a_job_is_started_with_boto3_and_fetched_from_the_gateway(tmp_path, gateway, client_of):
    job_id = start(client_of(gateway))
    assert fetch_pages(job_id, tmp_path / "out", gateway=f"{gateway.url}/{{job}}").complete


GATEWAY_REFUSED = {
    "no results": ("/shop?MaxResults=0", 400, "VALIDATION_ERROR", "at least 1, got 0"),
    "odd results": ("/shop?MaxResults=all", 400, "VALIDATION_ERROR", "got 'all'"),
    "no job": ("/?MaxResults=5", 400, "VALIDATION_ERROR", "JobId is missing"),
    "a way out": ("/..%2f..%2fetc", 400, "VALIDATION_ERROR", "JobId must be"),
    "an unknown job": ("/other", 404, "ResourceNotFoundException", "no job 'other'"),
    "a wrong token": ("/shop?NextToken=abc", 400, "VALIDATION_ERROR", "NextToken is not one of this job"),
    "not UTF-8": ("/shop?SortBy=%ff", 400, "VALIDATION_ERROR", "query"),
}


@pytest.mark.parametrize(("path", "status", "code", "said"), GATEWAY_REFUSED.values(), ids=GATEWAY_REFUSED)
def test_a_gateway_refuses_in_its_envelope(gateway, path, status, code, said):
    found, answer = ask(gateway, "GET", path)
    assert (found, answer["success"], answer["error"]["code"]) == (status, False, code)
    assert said in answer["error"]["message"]


def test_a_get_with_a_body_does_not_disturb_the_next_request(gateway):
    connection = http.client.HTTPConnection(*gateway.server_address[:2], timeout=30)
    for _ in range(2):
        connection.request("GET", "/shop?MaxResults=1", b"GET /other HTTP/1.1\r\n\r\n")
        assert json.loads(connection.getresponse().read())["success"]
    connection.close()


def test_an_expired_token_of_the_gateway_begins_anew(tmp_path, gateway):
    gateway.service.token_lifetime = -1.0

    def heal(summary):
        gateway.service.token_lifetime = 3600.0 if summary.restarts else -1.0

    done = fetch_pages("shop", tmp_path / "out", gateway=gateway.url, max_results=7, progress=heal)
    assert done.restarts >= 1


def test_many_readers_at_once_get_the_same_pages(served, client_of):
    clients = [client_of(served) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda client: page_through(client, "shop", MaxResults=3), clients))
    rows = [[row for one in pages for row in one["Persons"]] for pages in found]
    assert all(each == ROWS for each in rows)


def test_a_page_of_1000_boxes_takes_3_ms_of_the_processor():
    rows = 20_000
    arrays = {
        "timestamp": np.repeat(np.arange(rows // 10) * 40, 10),
        "person_index": np.tile(np.arange(10), rows // 10),
    }
    values = np.random.default_rng(1).random((4, rows))
    sides = dict(zip(("left", "top", "width", "height"), values, strict=True))
    detections = assemble(DETECTIONS, arrays | sides)
    with serve_tracking((detections, pta.Video(name="a", frame_rate=25))) as server:
        for order in ("TIMESTAMP", "INDEX"):
            times = []
            for _ in range(30):
                before = time.thread_time()
                content = server.service.get(GetRequest("a", sort_by=order))
                times.append(time.thread_time() - before)
            assert content.count(b"BoundingBox") == 1000
            assert min(times) < 0.003


def test_a_server_ends_although_a_client_keeps_its_connection(tmp_path, client_of):
    write(tmp_path / "shop.json", page(*ROWS))
    server = serve_tracking(tmp_path)
    client_of(server).get_person_tracking(JobId="job-1")
    began = time.monotonic()
    server.close()
    assert time.monotonic() - began < 2.0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(server.server_address[:2])
    server.close()


def test_a_video_that_is_read_for_long_does_not_keep_the_process(tmp_path):
    code = """
import time
from ptrack_analysis.sources.rekognition.served_videos import ServedVideo
from ptrack_analysis.storage.s3 import S3Path
from ptrack_analysis.sources.rekognition.server import TrackingServer
from ptrack_analysis.sources.rekognition.service import TrackingService
video = ServedVideo("a", lambda: time.sleep(300))
server = TrackingServer(TrackingService([video])).start()
server.service.answer("StartPersonTracking", b'{"Video": {"S3Object": {"Bucket": "films", "Name": "a"}}}')
server.close()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_source_in_s3_is_served_and_read_again_for_a_new_job(monkeypatch, moto_url, client_of):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    s3 = pta.rekognition.create_client("s3", endpoint_url=moto_url)
    s3.create_bucket(Bucket="served-pages")

    def put(number, *rows, token=None):
        content = page(*rows, token=token, VideoMetadata=METADATA | {"DurationMillis": 60_000})
        s3.put_object(Bucket="served-pages", Key=f"films/shop-{number}.json", Body=json.dumps(content))

    put(1, *ROWS[:20], token="t")
    put(2, *ROWS[20:])
    with serve_tracking(S3Path("served-pages", "films", client=s3)) as server:
        client = client_of(server)
        job_id = start(client)
        assert client.get_person_tracking(JobId=job_id)["Persons"] == ROWS
        put(2, *ROWS[20:25])
        again = start(client)
        assert client.get_person_tracking(JobId=again)["Persons"] == ROWS[:25]
        assert code_of(client.get_person_tracking, JobId=job_id)[0] == "ResourceNotFoundException"
    s3.close()


def test_an_answer_that_is_on_its_way_is_finished_when_the_server_ends(monkeypatch, tmp_path):
    write(tmp_path / "shop.json", page(*ROWS))
    server = serve_tracking(tmp_path)
    begun = threading.Event()
    get = server.service.get

    def get_slowly(request):
        begun.set()
        time.sleep(0.3)
        return get(request)

    monkeypatch.setattr(server.service, "get", get_slowly)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, server, body=b'{"JobId": "job-1"}', X_Amz_Target=GET)
        begun.wait()
        server.close()
        assert asked.result()[0] == 200


def test_a_wrong_argument_is_one_sentence(tmp_path, served):
    file = write(tmp_path / "a.json", page(*ROWS))
    port = served.server_address[1]
    with pytest.raises(ParameterError, match=rf"port {port} is in use. Choose another port \(--port N\)"):
        serve_tracking(file, port=port)
    with pytest.raises(ParameterError, match="port 70000: cannot listen on it"):
        serve_tracking(file, port=70_000)
    with pytest.raises(ParameterError, match=r"192\.0\.2\.1, port 0: cannot listen on it"):
        serve_tracking(file, host="192.0.2.1")
    with pytest.raises(ParameterError, match="envelope must be 'gateway' or None, got 'soap'"):
        serve_tracking(file, envelope="soap")
    with pytest.raises(
        ParameterError, match=r"keys contains the video 'b' for 'x\.mp4', but the source has 'a'"
    ):
        serve_tracking(file, keys={"x.mp4": "b"})
    with pytest.raises(ParameterError, match="keys contains an empty key"):
        serve_tracking(file, keys={"s3://": "a"})
    with pytest.raises(ParameterError, match="delay must be a duration such as '2s' or '500ms', got 'soon'"):
        serve_tracking(file, delay="soon")
    with pytest.raises(InputError, match="no such file or folder"):
        serve_tracking(tmp_path / "missing")
    with pytest.raises(InputError, match="Timestamp is -1"):
        serve_tracking(write(tmp_path / "bad.json", page(record(-1))))


def test_points_are_refused_because_pages_contain_boxes(tmp_path):
    points = write(tmp_path / "points.csv", "frame,id,x,y\n0,1,1.0,2.0\n1,1,1.1,2.0\n")
    columns = {"frame": "frame", "id": "id", "x": "x", "y": "y"}
    references = pta.find_videos(points, columns=columns, unit="m")
    with pytest.raises(ParameterError, match="points without boxes, but pages contain boxes"):
        serve_tracking(references)
    facts = pta.Video(frame_rate=25)
    with pytest.raises(ParameterError, match="points without boxes"):
        serve_tracking(pta.read_tracking(points, columns=columns, unit="m", video=facts))


def test_incomplete_archives_are_served_only_if_allowed(tmp_path, client_of):
    write(tmp_path / "shop.json", page(*ROWS, token="more"))
    with pytest.raises(InputError, match="incomplete"):
        serve_tracking(tmp_path)
    with pytest.warns(pta.PtrackWarning, match="incomplete"):
        server = serve_tracking(tmp_path, allow_incomplete=True)
    with server:
        assert len(client_of(server).get_person_tracking(JobId="job-1")["Persons"]) == len(ROWS)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6_and_all_addresses(tmp_path):
    file = write(tmp_path / "a.json", page(*ROWS))
    with serve_tracking(file, host="0.0.0.0") as server:  # noqa: S104 - tested
        assert server.is_public
        assert server.url.startswith("http://127.0.0.1:")
        assert ask(server, body=b'{"JobId": "job-1"}', X_Amz_Target=GET)[0] == 200
    try:
        server = serve_tracking(file, host="::1")
    except ParameterError:
        pytest.skip("no IPv6 loopback here")
    with server:
        assert not server.is_public
        assert server.url.startswith("http://[::1]:")
