"""The server behind the tests of fetching, and calls that are refused with advice."""

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError
from rekognition_job import people
from rekognition_server import ENVIRONMENT, REGION, RekognitionServer

from ptrack_analysis.errors import ParameterError, RemoteError
from ptrack_analysis.sources.rekognition.fetch import fetch_pages
from ptrack_analysis.sources.rekognition.start import NotificationChannel, start_job
from ptrack_analysis.storage.s3 import create_client

ENDED = "AWS ended People Pathing on 31 October 2025. Use another endpoint that implements the API"


@pytest.fixture
def server():
    with RekognitionServer() as running:
        running.add(people(1500))
        yield running


@pytest.fixture
def environment(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_pages_have_a_cap_and_chained_tokens(server):
    client = server.client()
    first = client.get_person_tracking(JobId="job-1", MaxResults=5000)
    second = client.get_person_tracking(JobId="job-1", NextToken=first["NextToken"])
    assert (len(first["Persons"]), len(second["Persons"]), "NextToken" in second) == (1000, 500, False)
    assert first["VideoMetadata"] == second["VideoMetadata"]
    assert first["Video"] == {"S3Object": {"Bucket": "videos", "Name": "a.mp4"}}


def test_sorted_by_index_the_order_within_a_person_is_by_time(server):
    persons = server.client().get_person_tracking(JobId="job-1", SortBy="INDEX", MaxResults=600)["Persons"]
    order = [(row["Person"]["Index"], row["Timestamp"]) for row in persons]
    assert {index for index, _ in order} == {0, 1}
    assert order == sorted(order)


def test_a_token_serves_its_job_and_order_only(server):
    client = server.client()
    token = client.get_person_tracking(JobId="job-1")["NextToken"]
    with pytest.raises(ClientError) as refused:
        client.get_person_tracking(JobId="job-1", NextToken=token, SortBy="INDEX")
    assert refused.value.response["Error"]["Code"] == "InvalidPaginationTokenException"


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        ({"secret": "wrong"}, "The secret key does not match the access key"),
        ({"key": "wrong"}, "The access key is unknown. Check the profile"),
    ],
)
def test_requests_are_signed(tmp_path, server, credentials, message):
    with pytest.raises(RemoteError, match=message):
        fetch_pages("job-1", tmp_path / "archive", client=server.client(**credentials))
    assert not server.requests


def test_an_unsigned_request_is_refused(tmp_path, server):
    client = server.client()
    client.meta.events.register("before-send.*.*", _unsign)
    with pytest.raises(RemoteError, match="The request was not signed"):
        fetch_pages("job-1", tmp_path / "archive", client=client)


def _unsign(request, **_):
    del request.headers["Authorization"]


def test_a_start_gives_a_job_that_can_be_fetched(tmp_path, server):
    channel = NotificationChannel("arn:aws:sns:us-east-1:1:topic", "arn:aws:iam::1:role/r")
    client = server.client()
    job = start_job("s3://videos/a/b c.mp4", client=client, job_tag="tag", notification=channel, version="7")
    ((operation, asked),) = server.requests
    assert operation == "StartPersonTracking"
    assert asked["Video"] == {"S3Object": {"Bucket": "videos", "Name": "a/b c.mp4", "Version": "7"}}
    assert asked["NotificationChannel"] == {"SNSTopicArn": channel.topic_arn, "RoleArn": channel.role_arn}
    assert asked["JobTag"] == "tag"
    assert fetch_pages(job, tmp_path / "archive", client=client).complete


def test_starts_with_one_token_are_one_job(server):
    client = server.client()
    again = [start_job("s3://videos/a.mp4", client=client, request_token="t") for _ in range(2)]
    assert again[0] == again[1]
    new = {start_job("s3://videos/a.mp4", client=client) for _ in range(2)}
    assert len({*new, *again}) == 3
    with pytest.raises(RemoteError, match=r"was used with other parameters. Pass another"):
        start_job("s3://videos/b.mp4", client=client, request_token="t")


def test_a_broken_answer_to_a_start_is_asked_for_again_with_the_same_token(server):
    client, bodies = server.client(), [b"<html>", b"", b"{}", b"\xff", None]

    def spoil(response_dict, **_):
        body = bodies.pop(0)
        response_dict["body"] = response_dict["body"] if body is None else body

    client.meta.events.register_first("before-parse.rekognition.StartPersonTracking", spoil)
    assert start_job("s3://videos/a.mp4", client=client, sleep=lambda _: None) in server.jobs
    assert len(server.jobs) == 2
    assert len({asked["ClientRequestToken"] for _, asked in server.requests}) == 1


@pytest.mark.parametrize(
    ("address", "options", "message"),
    [
        ("videos/a.mp4", {}, "s3_uri must be a video in S3 such as 's3://bucket/key', got 'videos/a.mp4'"),
        ("s3://videos", {}, "must be a video in S3"),
        ("s3:///a.mp4", {}, "has no bucket"),
        ("s3://videos/a.mp4", {"request_token": "a b"}, "request_token must be .*, got 'a b'"),
        ("s3://videos/a.mp4", {"request_token": ""}, "request_token must be .*, got ''"),
        ("s3://videos/a.mp4", {"job_tag": "ü"}, "job_tag must be .*, got 'ü'"),
        (
            "s3://videos/a.mp4",
            {"notification": ("topic", "arn:aws:iam::1:role/r")},
            "topic_arn must be .*, got 'topic'",
        ),
        ("s3://b/a.mp4", {}, "s3://b/a.mp4: Parameter validation failed: Invalid length"),
    ],
)
def test_a_wrong_start_is_refused_before_anything_is_asked(server, address, options, message):
    with pytest.raises(ParameterError, match=message):
        start_job(address, client=server.client(), **options)
    assert not server.requests


def test_an_endpoint_that_is_down_is_named(tmp_path, environment):
    with RekognitionServer() as server:
        client = server.client()
    with pytest.raises(RemoteError, match=f"{server.url}: the endpoint cannot be reached. Check") as raised:
        fetch_pages("job-1", tmp_path / "archive", client=client)
    assert "AWS ended" not in str(raised.value)
    client.close()


def _aws(answer):
    """Make a client of AWS's own endpoint whose requests never leave this process."""
    client = create_client("rekognition", region=REGION)
    client.meta.events.register("before-send.rekognition.*", answer)
    return client


def test_an_unreachable_aws_says_that_the_service_ended(tmp_path, environment):
    def answer(request, **_):
        raise EndpointConnectionError(endpoint_url=request.url)

    client = _aws(answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        with pytest.raises(RemoteError, match=f"amazonaws.com: the endpoint cannot be reached.*{ENDED}"):
            fetch_pages("job-1", tmp_path / "archive", client=client)
    client.close()


class Raw:
    """The body of an answer, as botocore reads it."""

    def __init__(self, text):
        self.text = text

    def stream(self, **_):
        yield self.text.encode()


@pytest.mark.parametrize(
    ("code", "is_end"),
    [
        ("AccessDeniedException", True),
        ("UnknownOperationException", True),
        ("ServiceDiscontinued", True),
        ("ThrottlingException", False),
        ("ExpiredTokenException", False),
    ],
)
def test_what_aws_itself_refuses_says_that_the_service_ended(tmp_path, environment, code, is_end):
    def answer(request, **_):
        return AWSResponse(request.url, 400, {}, Raw(f'{{"__type": "{code}", "Message": "No."}}'))

    client = _aws(answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        with pytest.raises(RemoteError, match=code) as raised:
            fetch_pages("job-1", tmp_path / "archive", client=client)
    assert (ENDED in str(raised.value)) == is_end
    client.close()


def test_a_client_needs_region_profile_and_address(environment, monkeypatch):
    with pytest.raises(RemoteError, match=r"the profile does not exist\. Check --profile"):
        create_client("rekognition", profile="nobody")
    with pytest.raises(RemoteError, match="Invalid endpoint: nonsense"):
        create_client("rekognition", endpoint_url="nonsense")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(RemoteError, match=r"the region is unknown\. Set it with --region"):
        create_client("rekognition")


def test_no_credentials_are_one_sentence(tmp_path, environment, monkeypatch, server):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = create_client("rekognition", endpoint_url=server.url)
    with pytest.raises(RemoteError, match=r"no AWS credentials were found. Sign in, or choose a profile"):
        fetch_pages("job-1", tmp_path / "archive", client=client)
    client.close()


def test_the_client_tries_often_and_gives_up_in_time(environment):
    client = create_client("rekognition")
    config = client.meta.config
    assert (config.retries["total_max_attempts"], config.retries["mode"]) == (8, "standard")
    assert (config.connect_timeout, config.read_timeout) == (10, 60)
    client.close()
