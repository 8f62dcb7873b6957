"""Waiting for a job: by asking, and by its completion message through a real SNS and SQS."""

import json

import boto3
import pytest
from rekognition_job import completion_message, people
from rekognition_server import KEY, REGION, SECRET, RekognitionServer

from ptrack_analysis.errors import JobError, ParameterError, RemoteError
from ptrack_analysis.sources.rekognition.wait import wait_for_job, wait_for_message


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now, self.pauses = 100.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server():
    with RekognitionServer() as running:
        yield running


def wait(server, clock, **options):
    wait_for_job("job-1", client=server.client(), sleep=clock.sleep, clock=clock, **options)


def test_waiting_ends_when_the_job_has_succeeded_and_pauses_grow_to_the_longest(server, clock):
    server.add(people(3), in_progress=6)
    wait(server, clock, first_pause="1s", longest_pause="4s")
    assert clock.pauses == [1, 1.5, 2.25, 3.375, 4, 4]
    assert all(request["MaxResults"] == 1 for _, request in server.requests)


def test_a_finished_job_is_not_waited_for(server, clock):
    server.add(people(3))
    wait(server, clock, deadline="0s")
    assert clock.pauses == []


def test_a_failed_job_is_an_error_with_its_message(server, clock):
    server.add([], in_progress=1, failed="Unsupported codec")
    with pytest.raises(JobError, match="job 'job-1': the job's status is FAILED, not SUCCEEDED: Unsupported"):
        wait(server, clock)


def test_the_deadline_is_kept_and_the_service_asked_once_more_at_it(server, clock):
    server.add([], in_progress=10_000)
    with pytest.raises(JobError, match=r"still in progress after 0 days 00:00:10. Wait longer"):
        wait(server, clock, deadline="10s")
    assert sum(clock.pauses) == pytest.approx(10)
    assert len(server.requests) == len(clock.pauses) + 1


def test_a_broken_answer_does_not_end_the_waiting(server, clock):
    server.add(people(3), in_progress=2)
    server.faults = {1: "html", 2: "empty"}
    wait(server, clock)
    assert clock.pauses[:2] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deadline": "soon"}, "deadline must be a duration .*, got 'soon'"),
        ({"deadline": "-1s"}, "deadline must be a duration of at least 0, got '-1s'"),
        ({"first_pause": "0s"}, "first_pause must be above 0, got '0s'"),
        ({"longest_pause": "0s"}, "longest_pause must be above 0, got '0s'"),
    ],
)
def test_a_wrong_length_of_time_is_refused(server, clock, options, message):
    with pytest.raises(ParameterError, match=message):
        wait(server, clock, **options)


def test_an_unknown_job_is_refused_at_once(server, clock):
    with pytest.raises(RemoteError, match="This endpoint has no such job"):
        wait(server, clock)


@pytest.fixture
def client_of(moto_url):
    """Give clients of the moto server, and close them."""
    made = []

    def make(service):
        made.append(
            boto3.client(
                service,
                endpoint_url=moto_url,
                region_name=REGION,
                aws_access_key_id=KEY,
                aws_secret_access_key=SECRET,
            )
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def sqs(client_of):
    return client_of("sqs")


@pytest.fixture
def queue(sqs):
    url = sqs.create_queue(QueueName="completions", Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def publish(client_of, sqs, queue):
    """Publish to a topic that feeds the queue, in its envelope or raw."""
    sns = client_of("sns")
    made = []
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def send(text, *, raw=False):
        topic = sns.create_topic(Name=f"AmazonRekognition-{raw}")["TopicArn"]
        made.append(topic)
        attributes = {"RawMessageDelivery": str(raw).lower()}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        sns.publish(TopicArn=topic, Message=text)

    yield send
    for topic in set(made):
        sns.delete_topic(TopicArn=topic)


def left_in(sqs, queue):
    """Take all visible messages out of the queue."""
    left = []
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        left += [message["Body"] for message in found]
    return left


def wait_at(sqs, queue, clock, **options):
    options = {"deadline": "0s"} | options
    wait_for_message("job-1", queue_url=queue, sqs=sqs, sleep=clock.sleep, clock=clock, **options)


@pytest.mark.parametrize("raw", [False, True])
def test_the_message_ends_the_waiting_and_is_gone(sqs, queue, publish, clock, raw):
    publish(completion_message(), raw=raw)
    used = []
    wait_at(sqs, queue, clock, use=lambda: used.append(1))
    assert used == [1]
    assert left_in(sqs, queue) == []


@pytest.mark.parametrize("status", ["FAILED", "ERROR"])
@pytest.mark.parametrize("raw", [False, True])
def test_a_failed_job_is_an_error_and_its_message_is_gone(sqs, queue, publish, clock, raw, status):
    publish(completion_message(status=status, StatusMessage="odd codec"), raw=raw)
    with pytest.raises(JobError, match=f"status is {status}, not SUCCEEDED: odd codec"):
        wait_at(sqs, queue, clock)
    assert left_in(sqs, queue) == []


FOREIGN = {
    "another job": completion_message("job-2"),
    "another API": completion_message(API="StartFaceDetection"),
    "no JSON": "hello",
    "empty object": "{}",
    "a list": "[1]",
    "a number": "7",
    "deep": "[" * 50_000,
    "envelope of no text": json.dumps({"Message": {"JobId": "job-1"}}),
    "no status": json.dumps({"JobId": "job-1"}),
    "odd status": completion_message(status="DONE"),
    "status no text": json.dumps({"JobId": "job-1", "Status": 7}),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_the_jobs_is_left_for_others(sqs, queue, clock, name):
    sqs.send_message(QueueUrl=queue, MessageBody=FOREIGN[name])
    with pytest.raises(JobError, match=r"no completion message after 0 days 00:00:00. Wait longer"):
        wait_at(sqs, queue, clock)
    assert left_in(sqs, queue) == [FOREIGN[name]]


def test_the_jobs_message_is_found_behind_many_others_which_stay(sqs, queue, clock):
    others = [completion_message(f"job-x{number}") for number in range(25)]
    for text in (*others, completion_message()):
        sqs.send_message(QueueUrl=queue, MessageBody=text)
    wait_at(sqs, queue, clock)
    assert sorted(left_in(sqs, queue)) == sorted(others)


def test_a_message_that_came_twice_is_gone_twice(sqs, queue, clock):
    for _ in range(2):
        sqs.send_message(QueueUrl=queue, MessageBody=completion_message())
    wait_at(sqs, queue, clock)
    assert left_in(sqs, queue) == []


def test_a_message_whose_use_failed_is_left(sqs, queue, clock):
    sqs.send_message(QueueUrl=queue, MessageBody=completion_message())

    def use():
        raise RemoteError("the fetch failed")

    with pytest.raises(RemoteError, match="the fetch failed"):
        wait_at(sqs, queue, clock, use=use)
    assert left_in(sqs, queue) == [completion_message()]


def test_between_looks_at_others_messages_there_is_a_pause(sqs, queue, clock):
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    with pytest.raises(JobError):
        wait_at(sqs, queue, clock, deadline="12s")
    assert clock.pauses == [5, 5, 2]
    assert left_in(sqs, queue) == ["hello"]


def test_a_message_that_comes_late_is_found(sqs, queue, clock):
    sqs.send_message(QueueUrl=queue, MessageBody="hello")

    def sleep(seconds):
        clock.now += seconds
        sqs.send_message(QueueUrl=queue, MessageBody=completion_message())

    wait_for_message("job-1", queue_url=queue, sqs=sqs, deadline="1min", sleep=sleep, clock=clock)
    assert left_in(sqs, queue) == ["hello"]


def test_an_interrupt_gives_all_messages_back(sqs, queue, clock):
    texts, calls = ["hello", completion_message("job-2")], []
    for text in texts:
        sqs.send_message(QueueUrl=queue, MessageBody=text)

    def interrupt_the_second(**_):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    sqs.meta.events.register("before-call.sqs.ReceiveMessage", interrupt_the_second)
    with pytest.raises(KeyboardInterrupt):
        wait_at(sqs, queue, clock)
    assert sorted(left_in(sqs, queue)) == sorted(texts)


def test_a_queue_that_is_not_there_is_one_sentence(sqs, queue, clock):
    with pytest.raises(RemoteError, match=r"The queue does not exist. Check its URL") as raised:
        wait_at(sqs, queue.replace("completions", "other"), clock)
    assert "AWS ended" not in str(raised.value)
