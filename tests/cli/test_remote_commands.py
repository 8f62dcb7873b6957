"""The commands that talk to the service: what they print, what they refuse, how they end."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
import shell
from rekognition_job import completion_message, people
from rekognition_server import ENVIRONMENT, RekognitionServer

from ptrack_analysis.storage.s3 import S3Path, create_client


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def server():
    with RekognitionServer() as running:
        running.add(people(12))
        yield running


@pytest.fixture
def run(capfd):
    """Run the shell; give its exit code, stdout and stderr."""
    return partial(shell.run, capfd)


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_from_a_video_to_an_archive(tmp_path, run, server):
    here = ("--endpoint-url", server.url)
    code, out, err = run("start", "s3://videos/a.mp4", "--job-tag", "tag", "--request-token", "one", *here)
    job = out.strip()
    assert (code, err, job in server.jobs) == (0, "", True)
    assert run("start", "s3://videos/a.mp4", "--job-tag", "tag", "--request-token", "one", *here)[1] == out
    assert run("wait", job, *here) == (0, f"{job}: SUCCEEDED\n", "")
    archive = tmp_path / "archive"
    assert run("fetch", job, archive, *here) == (
        0,
        f"{archive}: complete, 1 page, 1 fetched now\n",
        "",
    )
    code, out, _ = run("inspect", archive)
    assert code == 0
    assert out.startswith("archive: ")
    assert run("fetch", job, archive, *here) == (
        0,
        f"{archive}: was complete before (1 page); nothing was fetched\n",
        "",
    )


def test_a_start_can_ask_for_a_message(run, server):
    arns = ("--topic-arn", "arn:aws:sns:us-east-1:1:t", "--role-arn", "arn:aws:iam::1:role/r")
    code, *_ = run("start", "s3://videos/a.mp4", *arns, "--object-version", "7", "--endpoint-url", server.url)
    ((_, asked),) = server.requests
    assert code == 0
    assert asked["NotificationChannel"] == {"SNSTopicArn": arns[1], "RoleArn": arns[3]}
    assert asked["Video"]["S3Object"]["Version"] == "7"


def test_fetch_speaks_json_and_takes_order_and_page_size(tmp_path, run, server):
    code, out, _ = run(
        "fetch", "job-1", tmp_path / "archive", "--sort-by", "INDEX", "--max-results", "5", "--json",
        "--endpoint-url", server.url, "--region", "eu-west-1",
    )  # fmt: skip
    assert code == 0
    assert json.loads(out) == {
        "job_id": "job-1",
        "archive": str(tmp_path / "archive"),
        "pages": 3,
        "fetched": 3,
        "restarts": 0,
        "complete": True,
    }
    assert {(asked["SortBy"], asked["MaxResults"]) for _, asked in server.requests} == {("INDEX", 5)}


@pytest.mark.parametrize("lost", [1, 2, 4])
def test_a_page_that_is_lost_after_the_fetch_is_named(tmp_path, run, server, lost):
    archive = tmp_path / "archive"
    here = ("--endpoint-url", server.url)
    assert run("fetch", "job-1", archive, "--max-results", "3", *here)[0] == 0
    assert run("summary", archive)[0] == 0
    (archive / f"00000{lost}.json").unlink()
    for command in ("inspect", "summary"):
        code, out, err = run(command, archive)
        assert code == 3
        assert f"fetch.json counts 4 pages, but '00000{lost}.json' is missing" in out + err
        assert "--allow-incomplete" in out + err
    code, out, err = run("summary", archive, "--allow-incomplete")
    assert code == 0
    assert f"'00000{lost}.json' is missing" in out + err
    assert run("fetch", "job-1", archive, "--max-results", "3", *here)[0] == 0
    assert run("summary", archive)[0] == 0


def test_a_restart_is_told(tmp_path, run, server):
    server.faults = {2: "expired"}
    code, _, err = run(
        "fetch", "job-1", tmp_path / "archive", "--max-results", "5", "--endpoint-url", server.url
    )
    assert code == 0
    assert err.startswith("note: a token expired")


def test_progress_is_shown_on_a_terminal_only(tmp_path, run, server, monkeypatch):
    here = ("--max-results", "5", "--endpoint-url", server.url)
    assert run("fetch", "job-1", tmp_path / "one", *here)[2] == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, out, err = run("fetch", "job-1", tmp_path / "two", *here)
    assert code == 0
    assert "3page" in err
    assert "page/s" not in out


def test_an_archive_can_lie_in_s3(run, server, moto_url):
    s3 = create_client("s3", endpoint_url=moto_url)
    s3.create_bucket(Bucket="shell-archives")
    here = ("--max-results", "5", "--endpoint-url", server.url, "--s3-endpoint-url", moto_url)
    code, out, _ = run("fetch", "job-1", "s3://shell-archives/people", *here)
    assert (code, out) == (0, "s3://shell-archives/people: complete, 3 pages, 3 fetched now\n")
    found = [path.name for path in S3Path("shell-archives", "people", client=s3).below()]
    assert found == ["000001.json", "000002.json", "000003.json", "fetch.json"]
    s3.close()
    code, _, err = run("fetch", "job-1", "s3://no-such-bucket/people", *here)
    assert code == 5
    assert "the bucket does not exist. Check its spelling." in err


def test_waiting_for_the_message_of_the_end(run, moto_url):
    sqs = create_client("sqs", endpoint_url=moto_url)
    queue = sqs.create_queue(QueueName="ends")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=completion_message())
    here = ("--queue-url", queue, "--endpoint-url", moto_url)
    assert run("wait", "job-1", *here) == (0, "job-1: SUCCEEDED\n", "")
    code, _, err = run("wait", "job-1", *here, "--deadline", "0s")
    assert (code, "no completion message" in err) == (3, True)
    sqs.close()


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        ("access denied", 5, "AWS ended People Pathing on 31 October 2025. Use another endpoint"),
        ("expired credentials", 5, "Sign in again"),
        ("failed", 3, "the job's status is FAILED, not SUCCEEDED: odd codec"),
        ("in progress", 3, "the job's status is IN_PROGRESS, not SUCCEEDED. Wait until it has ended"),
        ("other job", 3, "the page belongs to job 'job-of-others'"),
    ],
)
def test_a_fetch_that_fails_is_one_sentence(tmp_path, run, server, fault, code, message):
    server.faults = {1: fault}
    found, out, err = run("fetch", "job-1", tmp_path / "archive", "--no-wait", "--endpoint-url", server.url)
    assert (found, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "archive").exists()


def test_waiting_has_a_deadline(run, server):
    server.add([], job_id="job-2", in_progress=10**6)
    code, _, err = run("wait", "job-2", "--deadline", "0s", "--endpoint-url", server.url)
    assert code == 3
    assert "is still in progress" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("fetch", "../job", "archive"),
            2,
            "job_id must be 1 to 64 letters, digits, '-' and '_', got '../job'",
        ),
        (("fetch", "job-1", "s3://"), 2, "has no bucket"),
        (("fetch", "job-1", "archive", "--sort-by", "TIME"), 2, "invalid choice: 'TIME'"),
        (
            ("fetch", "job-1", "archive", "--max-results", "5000"),
            2,
            "max_results must be 1 to 1000, got 5000",
        ),
        (("fetch", "job-1", "archive", "--max-pages", "0"), 2, "max_pages must be at least 1, got 0"),
        (("fetch", "job-1", "archive", "--profile", "nobody"), 5, "the profile does not exist"),
        (("wait", "job-1", "--deadline", "5"), 2, "'5' has no unit"),
        (("wait", "job/1"), 2, "got 'job/1'"),
        (("start", "a.mp4"), 2, "s3_uri must be a video in S3"),
        (("start", "s3://videos/a.mp4", "--job-tag", "a b"), 2, "got 'a b'"),
        (
            ("start", "s3://videos/a.mp4", "--topic-arn", "arn:t"),
            2,
            "--topic-arn and --role-arn belong together",
        ),
        (("start", "s3://videos/a.mp4", "--endpoint-url", "nonsense"), 5, "Invalid endpoint: nonsense"),
    ],
)
def test_a_slip_is_one_sentence(run, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_is_no_archive_of_the_job_is_left_alone(tmp_path, run, server):
    (tmp_path / "mine.json").write_text("{}")
    code, _, err = run("fetch", "job-1", tmp_path, "--endpoint-url", server.url)
    assert code == 1
    assert "contains pages that were not fetched by ptrack, such as 'mine.json'" in err


@pytest.mark.parametrize("command", ["start", "wait", "fetch"])
def test_help_says_that_the_service_has_ended(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "31 October 2025" in " ".join(out.split())


def test_help_loads_no_boto3():
    code = (
        "from ptrack_analysis.cli import main\n"
        "try: main(['fetch', '--help'])\n"
        "except SystemExit: pass\n"
        "import sys; print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"boto3", "botocore", "pandas", "numpy"} & set(done.stdout.split())


def test_the_command_can_be_killed_and_run_again(tmp_path, run, server):
    here = ("--max-results", "2", "--endpoint-url", server.url)
    run("fetch", "job-1", tmp_path / "clean", *here)
    command = [sys.executable, "-m", "ptrack_analysis", "fetch", "job-1", str(tmp_path / "archive"), *here]
    for pages in (1, 2):
        server.count, server.faults = 0, {pages + 1: "slow"}
        with subprocess.Popen(command, env=os.environ) as process:
            while server.count <= pages and process.poll() is None:
                time.sleep(0.002)
            os.kill(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert len(list((tmp_path / "archive").glob("0*.json"))) == pages + (pages == 2)
    code, out, _ = run("fetch", "job-1", tmp_path / "archive", *here)
    assert (code, "complete, 6 pages, 3 fetched now" in out) == (0, True)
    assert files_of(tmp_path / "archive") == files_of(tmp_path / "clean")
