"""``ptrack serve`` as its own process: what it prints, real boto3 against it, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import boto3
import pytest
import shell
from pages import FACE, page, record, write
from rekognition_server import ENVIRONMENT, KEY, REGION, SECRET

import ptrack_analysis as pta
from ptrack_analysis.cli import main
from ptrack_analysis.errors import JobError

ROWS = [record(40 * number, number % 3, face=FACE if number % 2 else None) for number in range(30)]
COMMAND = [sys.executable, "-m", "ptrack_analysis", "serve"]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


class Serving:
    """A running server: its process, its URL, and the lines of its example."""

    def __init__(self, process, errors):
        self.process, self.errors = process, errors
        self.url, *self.example = (process.stdout.readline().rstrip("\n") for _ in range(3))

    def read_errors(self):
        return self.errors.read_text()

    def wait_for_error(self, words):
        end = time.monotonic() + 30
        while words not in self.read_errors():
            assert time.monotonic() < end, self.read_errors()
            time.sleep(0.01)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


@contextmanager
def serving(tmp_path, *arguments, **more):
    """Run the command on a free port until its example is printed."""
    errors = tmp_path / "errors.txt"
    with (
        errors.open("w") as file,
        subprocess.Popen(
            [*COMMAND, *map(str, arguments), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            **more,
        ) as process,
    ):
        try:
            found = Serving(process, errors)
            assert found.url.startswith("http://"), errors.read_text()
            yield found
        finally:
            process.kill()


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    write(folder / "shop.json", page(*ROWS, job=None))
    return folder


@pytest.fixture
def client_of():
    """Make clients of any service, and close them."""
    made = []

    def make(service, url):
        options = {"region_name": REGION, "aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
        made.append(boto3.client(service, endpoint_url=url, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def channel(client_of, moto_url):
    """A topic that feeds a queue, both in moto: the NotificationChannel and the URL of the queue."""
    sns, sqs = client_of("sns", moto_url), client_of("sqs", moto_url)
    topic = sns.create_topic(Name="AmazonRekognition-serve")["TopicArn"]
    queue = sqs.create_queue(QueueName="serve")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    yield {"SNSTopicArn": topic, "RoleArn": "arn:aws:iam::123456789012:role/rekognition"}, queue, sqs
    sqs.delete_queue(QueueUrl=queue)
    sns.delete_topic(TopicArn=topic)


class VideoDetect:
    """The sample of AWS's guide for stored videos, with its clients from outside."""

    def __init__(self, rek, sqs, role, topic, queue, bucket, video):
        self.rek, self.sqs, self.role, self.topic, self.queue = rek, sqs, role, topic, queue
        self.bucket, self.video = bucket, video
        self.start_job_id = ""
        self.found = []

    def start_person_pathing(self):
        response = self.rek.start_person_tracking(
            Video={"S3Object": {"Bucket": self.bucket, "Name": self.video}},
            NotificationChannel={"RoleArn": self.role, "SNSTopicArn": self.topic},
        )
        self.start_job_id = response["JobId"]

    def get_sqs_message_success(self):
        while True:
            response = self.sqs.receive_message(
                QueueUrl=self.queue, MessageAttributeNames=["ALL"], MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in response.get("Messages", []):
                notification = json.loads(message["Body"])
                rek_message = json.loads(notification["Message"])
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                if rek_message["JobId"] == self.start_job_id:
                    return rek_message["Status"] == "SUCCEEDED"

    def get_person_pathing_results(self):
        pagination_token, finished = "", False
        while not finished:
            response = self.rek.get_person_tracking(
                JobId=self.start_job_id, MaxResults=10, NextToken=pagination_token
            )
            assert response["VideoMetadata"]["FrameRate"] == 25.0
            for person_detection in response["Persons"]:
                self.found.append((person_detection["Person"]["Index"], person_detection["Timestamp"]))
            if "NextToken" in response:
                pagination_token = response["NextToken"]
            else:
                finished = True


def test_the_sample_of_the_guide_runs_unchanged(tmp_path, source, client_of, channel, moto_url):
    names, queue, sqs = channel
    with serving(tmp_path, source, "--sns-endpoint-url", moto_url, "--delay", "500ms") as server:
        rekognition = client_of("rekognition", server.url)
        sample = VideoDetect(
            rekognition, sqs, names["RoleArn"], names["SNSTopicArn"], queue, "my-bucket", "2026/shop.mp4"
        )
        sample.start_person_pathing()
        assert rekognition.get_person_tracking(JobId=sample.start_job_id)["JobStatus"] == "IN_PROGRESS"
        assert sample.get_sqs_message_success()
        sample.get_person_pathing_results()
        assert sample.found == [(row["Person"]["Index"], row["Timestamp"]) for row in ROWS]
        assert server.end(signal.SIGTERM) == 0


def test_the_completion_message_is_that_of_the_service(tmp_path, source, client_of, channel, moto_url):
    names, queue, sqs = channel
    write(source / "broken.json", page(record(-40), job=None))
    with serving(tmp_path, source, "--sns-endpoint-url", moto_url) as server:
        rekognition = client_of("rekognition", server.url)
        filmed = {"S3Object": {"Bucket": "films", "Name": "a/shop.mp4"}}
        started = rekognition.start_person_tracking(Video=filmed, NotificationChannel=names, JobTag="tag")
        received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=received["ReceiptHandle"])
        first = json.loads(json.loads(received["Body"])["Message"])
        assert abs(first.pop("Timestamp") - time.time() * 1000) < 60_000
        assert first == {
            "JobId": started["JobId"],
            "Status": "SUCCEEDED",
            "API": "StartPersonTracking",
            "JobTag": "tag",
            "Video": {"S3ObjectName": "a/shop.mp4", "S3Bucket": "films"},
        }
        filmed = {"S3Object": {"Bucket": "films", "Name": "broken.mp4"}}
        job = rekognition.start_person_tracking(Video=filmed, NotificationChannel=names)["JobId"]
        with pytest.raises(JobError, match="status is FAILED, not SUCCEEDED"):
            pta.rekognition.wait_for_message(job, queue_url=queue, sqs=sqs, deadline="20s")
        assert rekognition.get_person_tracking(JobId=job)["JobStatus"] == "FAILED"
        server.wait_for_error("Timestamp is -40")


def test_the_shell_starts_waits_and_fetches(tmp_path, source, capfd, channel, moto_url):
    names, queue, _ = channel
    with serving(tmp_path, source, "--sns-endpoint-url", moto_url, "--envelope", "gateway") as server:
        here = ["--endpoint-url", server.url]
        arns = ["--topic-arn", names["SNSTopicArn"], "--role-arn", names["RoleArn"]]
        assert main(["start", "s3://films/shop.mp4", *arns, *here]) == 0
        job = capfd.readouterr().out.strip()
        assert main(["wait", job, "--queue-url", queue, "--endpoint-url", moto_url]) == 0
        assert main(["wait", job, *here]) == 0
        assert main(["fetch", job, str(tmp_path / "one"), *here]) == 0
        assert main(["fetch", job, str(tmp_path / "two"), "--gateway", f"{server.url}/jobs/{{job}}"]) == 0
    direct = pta.read_tracking(source)[0]
    for folder in ("one", "two"):
        assert pta.read_tracking(tmp_path / folder)[0].equals(direct)


def test_a_message_that_cannot_be_sent_is_told_and_the_job_succeeds(tmp_path, source, client_of):
    channel = {"SNSTopicArn": "arn:aws:sns:us-east-1:123456789012:t", "RoleArn": "arn:aws:iam::1:role/r"}
    request = {"Video": {"S3Object": {"Bucket": "films", "Name": "shop.mp4"}}, "NotificationChannel": channel}
    with serving(tmp_path, source) as server:
        client = client_of("rekognition", server.url)
        job = client.start_person_tracking(**request)["JobId"]
        server.wait_for_error(f"no message was sent to {channel['SNSTopicArn']}. Pass the endpoint of SNS")
        assert client.get_person_tracking(JobId=job)["JobStatus"] == "SUCCEEDED"
    with serving(tmp_path, source, "--sns-endpoint-url", "nonsense") as server:
        client = client_of("rekognition", server.url)
        job = client.start_person_tracking(**request)["JobId"]
        server.wait_for_error("Invalid endpoint: nonsense")
        assert client.get_person_tracking(JobId=job)["JobStatus"] == "SUCCEEDED"


def test_the_example_that_is_printed_runs(tmp_path, source):
    with serving(tmp_path, source, "--map", "shop=cam/'1'.mp4") as server:
        names = {"boto3": boto3}
        exec("\n".join(server.example), names)  # noqa: S102 - it is what the test is about
        assert len(server.example) == 2
        found = names["rekognition"].get_person_tracking(JobId=names["job"]["JobId"])
        assert found["Video"] == {"S3Object": {"Bucket": "bucket", "Name": "cam/'1'.mp4"}}
        assert len(found["Persons"]) == 30
        names["rekognition"].close()
    said = server.read_errors()
    assert "video shop: S3 key cam/'1'.mp4; finished job shop" in said
    assert "AWS_DEFAULT_REGION=us-east-1" in said
    assert "warning" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_and_frees_the_port(tmp_path, source, client_of, number):
    with serving(tmp_path, source) as server:
        client_of("rekognition", server.url).get_person_tracking(JobId="shop")  # its connection stays open
        assert server.end(number) == 0
        assert server.process.stdout.read() == ""
        assert server.read_errors().splitlines()[-1] == "stopped"
        assert "Traceback" not in server.read_errors()
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_another_host_is_warned_of(tmp_path, source, client_of):
    with serving(tmp_path, source, "--host", "0.0.0.0") as server:  # noqa: S104 - tested
        assert server.url.startswith("http://127.0.0.1:")
        assert "warning: 0.0.0.0 can be reached from other machines" in server.read_errors()
        assert client_of("rekognition", server.url).get_person_tracking(JobId="shop")["Persons"]


def test_a_tracker_file_is_served_with_its_options(tmp_path, data, client_of):
    columns = "frame=frame,id=track_id,left=x1,top=y1,right=x2,bottom=y2,confidence=confidence"
    options = ["--columns", columns, "--frame-rate", "25", "--frame-size", "1280x720", "--name", "today"]
    with serving(tmp_path, data / "tracker" / "morning.csv", *options) as server:
        client = client_of("rekognition", server.url)
        video = {"S3Object": {"Bucket": "films", "Name": "a/today.mp4"}}
        job = client.start_person_tracking(Video=video)["JobId"]
        found = client.get_person_tracking(JobId=job)
        assert found["VideoMetadata"]["FrameWidth"] == 1280
        assert len(found["Persons"]) == 1000


def test_stdin_is_served(tmp_path, client_of):
    file = write(tmp_path / "a.json", page(*ROWS, job="job-7"))
    with file.open("rb") as content, serving(tmp_path, "-", stdin=content) as server:
        client = client_of("rekognition", server.url)
        assert len(client.get_person_tracking(JobId="job-7")["Persons"]) == 30


def test_of_many_videos_the_first_are_listed(tmp_path, client_of):
    for number in range(12):
        write(tmp_path / "many" / f"door {chr(97 + number)}.json", page(record(), job=f"job-{number}"))
    with serving(tmp_path, tmp_path / "many") as server:
        said = server.read_errors()
        assert "video door-a: S3 key door-a.mp4 (any folder and suffix); finished job job-0" in said
        assert "and 2 more videos" in said
        assert client_of("rekognition", server.url).get_person_tracking(JobId="job-11")["Persons"]


@pytest.fixture
def run(capfd):
    def run_without_output(*arguments):
        code, out, err = shell.run(capfd, *arguments)
        assert out == ""
        return code, err

    return run_without_output


def test_a_port_in_use_is_one_sentence(source, run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, err = run("serve", source, "--port", port)
    assert code == 2
    assert re.fullmatch(
        rf"ptrack: port {port} is in use\. Choose another port .*; 0 chooses a free one\.\n", err
    )


SLIPS = {
    "no source": (["missing"], 3, "no such file or folder"),
    "no such video": (["source", "--map", "other=a.mp4"], 2, "contains the video 'other' for 'a.mp4'"),
    "no mapping": (["source", "--map", "shop"], 2, "'shop' is not NAME=KEY"),
    "no port": (["source", "--port", "99999"], 2, "'99999' is not a port from 0 to 65535"),
    "no unit": (["source", "--delay", "5"], 2, "'5' has no unit"),
    "no host": (["source", "--host", "no.such.host.invalid"], 2, "cannot listen on it"),
    "another envelope": (["source", "--envelope", "soap"], 2, "invalid choice: 'soap'"),
    "an incomplete archive": (["cut"], 3, "incomplete"),
    "points": (["points.csv", "--columns", "frame=frame,id=id,x=x,y=y"], 2, "pages contain boxes"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_one_sentence(tmp_path, monkeypatch, source, run, arguments, code, said):
    write(tmp_path / "cut" / "a.json", page(*ROWS, token="more"))
    write(tmp_path / "points.csv", "frame,id,x,y\n0,1,1.0,2.0\n1,1,1.1,2.0\n")
    monkeypatch.chdir(tmp_path)
    found, err = run("serve", *arguments)
    assert found == code
    assert said in err
    assert err.count("\n") == 1
