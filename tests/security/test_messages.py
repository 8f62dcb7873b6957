"""Messages in a queue that are made to stop or to mislead a waiting program."""

import json

import pytest

from ptrack_analysis.errors import JobError
from ptrack_analysis.sources.rekognition.wait import wait_for_message


class Queue:
    """Deliver some messages once, and note what was done with them."""

    def __init__(self, *bodies):
        self.messages = [{"ReceiptHandle": str(number), "Body": body} for number, body in enumerate(bodies)]
        self.deleted, self.returned = [], []

    def receive_message(self, **_):
        messages, self.messages = self.messages, []
        return {"Messages": messages}

    def delete_message(self, *, ReceiptHandle, **_):  # noqa: N803 - of boto3
        self.deleted.append(ReceiptHandle)

    def change_message_visibility_batch(self, *, Entries, **_):  # noqa: N803 - of boto3
        self.returned += [entry["ReceiptHandle"] for entry in Entries]


OWN = {"JobId": "job-1", "API": "StartPersonTracking"}


@pytest.mark.parametrize(
    "body",
    [
        *(
            json.dumps(OWN | {"Status": status})
            for status in ([], {}, ["SUCCEEDED"], None, 1, "", "succeeded")
        ),
        json.dumps({"JobId": ["job-1"], "Status": "SUCCEEDED"}),
        json.dumps({"Message": {"JobId": "job-1", "Status": "SUCCEEDED"}}),
        json.dumps({"Message": json.dumps([OWN])}),
        "[" * 100_000,
        '{"JobId": ' + "1" * 5000 + "}",
        "null",
        json.dumps(OWN | {"Status": "SUCCEEDED", "x": "a" * 2**20}),
    ],
    ids=lambda body: body[:60],
)
def test_a_message_of_another_form_is_returned_to_the_queue(body):
    queue = Queue(body)
    with pytest.raises(JobError, match="no completion message after"):
        wait_for_message("job-1", queue_url="q", sqs=queue, deadline="0s", clock=lambda: 0.0)
    assert (queue.deleted, queue.returned) == ([], ["0"])
