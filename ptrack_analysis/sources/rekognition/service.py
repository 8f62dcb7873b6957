"""The operations of People Pathing on the videos of a source: jobs, pages, tokens and messages."""

import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from threading import Lock, Semaphore, Thread, Timer
from typing import Any

import msgspec

from ptrack_analysis.errors import ParameterError, PtrackError
from ptrack_analysis.sources.names import listed, make_slug
from ptrack_analysis.sources.pages.encode import derive_token, encode_page, start_tokens
from ptrack_analysis.sources.rekognition.notification import publish_completion
from ptrack_analysis.sources.rekognition.requests import (
    BAD_TOKEN,
    JOB_ID,
    MAX_RESULTS,
    UNKNOWN_OPERATION,
    Channel,
    GetRequest,
    S3Object,
    ServiceError,
    StartRequest,
    decode_request,
)
from ptrack_analysis.sources.rekognition.served_videos import (
    ChangedSourceError,
    ServedPages,
    ServedVideo,
    Version,
)

MAX_OPEN_JOBS = 20
"""Maximum number of jobs in progress; the default quota of Rekognition."""
MAX_JOBS = 10_000
"""Maximum number of started jobs in memory; the oldest are forgotten."""
MAX_TOKENS = 100_000
"""Maximum number of tokens per job; the oldest expire."""
MEMORY = 2**30
"""Memory for the tables of videos [bytes]; a single video may be larger."""
PATIENCE = 5.0
"""Time that a request waits for a video to be read before its job is reported as in progress [s]."""
_READERS = 2
_SCHEME = "s3://"
_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One job. ``members`` are the members of its pages about the job, None to use the source's pages."""

    job_id: str
    video: ServedVideo
    members: dict[str, Any] | None = None
    ready_at: float = 0.0
    channel: Channel | None = None
    reading: "Future[Version] | None" = None
    tokens: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def describe(self, pages: ServedPages | None = None) -> dict[str, Any]:
        """Return the members of a page that identify the job and the video."""
        known = self.members
        if known is None:
            known = {} if pages is None else pages.job
        return {"JobId": self.job_id} | known | {"JobId": self.job_id}


class TrackingService:
    """Answers StartPersonTracking and GetPersonTracking from the videos of a source.

    Each video is also a finished job: the job that its pages name, otherwise a job with the name of the video
    as its ID. Jobs are kept in memory.

    Parameters
    ----------
    videos
        The videos.
    keys
        Names of videos by S3 key or ``s3://bucket/key``, for keys that differ from the name of the video.
    delay
        Time for which a started job is in progress [s].
    token_lifetime
        Time after which a NextToken expires [s].
    sns_endpoint_url
        Endpoint of SNS for completion messages; None sends no messages.
    clock
        Returns the current time [s].
    say
        Called with each message for the operator; logs a warning by default.
    """

    def __init__(
        self,
        videos: Sequence[ServedVideo],
        *,
        keys: Mapping[str, str] | None = None,
        delay: float = 0.0,
        token_lifetime: float = 3600.0,
        sns_endpoint_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], object] | None = None,
    ) -> None:
        self.videos = {video.name: video for video in videos}
        self.keys = _validate_keys(keys or {}, self.videos)
        self.delay, self.token_lifetime = delay, token_lifetime
        self.sns_endpoint_url = sns_endpoint_url
        self.clock, self.say = clock, say or _LOGGER.warning
        self.jobs = {job.job_id: job for job in map(_describe_finished_job, videos) if job is not None}
        self._own_jobs = frozenset(self.jobs)
        self._requests: dict[str, tuple[bytes, str]] = {}
        self._lock = Lock()
        self._readers = Semaphore(_READERS)
        self._timers: set[Timer] = set()

    def close(self) -> None:
        """Send no further messages."""
        with self._lock:
            timers, self._timers = self._timers, set()
        for timer in timers:
            timer.cancel()

    def answer(self, operation: str, body: bytes) -> bytes:
        """Answer a request.

        Raises
        ------
        ServiceError
            If the request is invalid.
        """
        if operation == "StartPersonTracking":
            return msgspec.json.encode(self.start(decode_request(body, StartRequest)))
        if operation == "GetPersonTracking":
            return self.get(decode_request(body, GetRequest))
        raise ServiceError(
            UNKNOWN_OPERATION,
            f"Only StartPersonTracking and GetPersonTracking are answered here, not {operation[:64]!r}.",
        )

    def start(self, request: StartRequest) -> dict[str, str]:
        """Start a job; requests with the same ClientRequestToken start only one job."""
        filmed = request.validate()
        video = self.find_video(filmed)
        asked, token = msgspec.json.encode(request), request.client_request_token
        with self._lock:
            if token is not None and token in self._requests:
                known, job_id = self._requests[token]
                if known != asked:
                    raise ServiceError(
                        "IdempotentParameterMismatchException",
                        f"ClientRequestToken {token!r} was used with other parameters.",
                    )
                return {"JobId": job_id}
            if sum(map(self._is_open, self.jobs.values())) >= MAX_OPEN_JOBS:
                raise ServiceError("LimitExceededException", f"{MAX_OPEN_JOBS} jobs are in progress.")
            members: dict[str, Any] = {} if request.job_tag is None else {"JobTag": request.job_tag}
            members["Video"] = msgspec.to_builtins(request.video)
            job = Job(
                secrets.token_hex(32), video, members, self.clock() + self.delay, request.notification_channel
            )
            self.jobs[job.job_id] = job
            if token is not None:
                self._requests[token] = (asked, job.job_id)
            self._forget_old_jobs()
            reading = self._read(job)
        if job.channel is not None:
            reading.add_done_callback(lambda _: self._announce_later(job))
        return {"JobId": job.job_id}

    def get(self, request: GetRequest) -> bytes:
        """Return a page of a job, or its status if it has not succeeded."""
        request.validate()
        job = self.jobs.get(request.job_id or "")
        if job is None:
            raise ServiceError("ResourceNotFoundException", f"This server has no job {request.job_id!r}.")
        with self._lock:
            reading = self._read(job)
        if self.clock() < job.ready_at:
            return _encode_status(job, "IN_PROGRESS")
        try:
            version = reading.result(timeout=PATIENCE)
        except TimeoutError:
            return _encode_status(job, "IN_PROGRESS")
        except PtrackError as error:
            return _encode_status(job, "FAILED", " ".join(str(error).split()))
        is_loaded = job.video.size > 0
        try:
            pages = job.video.open(version)[1]
        except ChangedSourceError as error:
            raise ServiceError("ResourceNotFoundException", str(error)) from error
        if not is_loaded:
            self._limit_memory(job.video)
        return self._encode_page(job, pages, request)

    def find_video(self, filmed: S3Object) -> ServedVideo:
        """Return the video of an S3 object.

        ``keys`` comes first, then a video whose pages name the object, then a video whose name is the key
        without folder and suffix.

        Raises
        ------
        ServiceError
            If the source has no such video.
        """
        key = filmed.name or ""
        uri = f"{_SCHEME}{filmed.bucket}/{key}"
        name = self.keys.get(uri) or self.keys.get(key)
        if name is not None:
            return self.videos[name]
        file = PurePosixPath(key).name
        stem = file.rpartition(".")[0] or file
        for video in self.videos.values():
            if video.uri in {uri, key}:
                return video
        for found in (stem, make_slug(stem), file):
            if found in self.videos:
                return self.videos[found]
        first, *more = self.videos
        others = f" and {len(more)} more" if more else ""
        raise ServiceError(
            "InvalidS3ObjectException",
            f"The source has no video {stem!r} for the key {key!r}. It has {first!r}{others}. "
            f"Map the key with --map {first}={key}.",
        )

    def _read(self, job: Job) -> "Future[Version]":
        """Return the future of reading a job's video; start reading on the first call."""
        if job.reading is None:
            job.reading = Future()
            Thread(target=self._fulfill, args=(job.reading, job.video), daemon=True).start()
        return job.reading

    def _fulfill(self, reading: "Future[Version]", video: ServedVideo) -> None:
        with self._readers:
            try:
                version, _ = video.open()
            except Exception as error:  # noqa: BLE001 - raised again for each request
                reading.set_exception(error)
                self.say(f"warning: video {video.name!r} cannot be served: {error}")
            else:
                self._limit_memory(video)
                reading.set_result(version)

    def _limit_memory(self, keep: ServedVideo) -> None:
        """Release the tables of the least recently used videos."""
        loaded = sorted(
            (video for video in self.videos.values() if video.size), key=lambda each: each.used_at
        )
        total = sum(video.size for video in loaded)
        for video in loaded:
            if total <= MEMORY:
                return
            if video is not keep:
                total -= video.size
                video.forget()

    def _is_open(self, job: Job) -> bool:
        if job.reading is None:
            return False
        return not job.reading.done() or self.clock() < job.ready_at

    def _forget_old_jobs(self) -> None:
        started = [job_id for job_id in self.jobs if job_id not in self._own_jobs]
        for job_id in started[: max(0, len(started) - MAX_JOBS)]:
            del self.jobs[job_id]
            self._requests = {token: known for token, known in self._requests.items() if known[1] != job_id}

    def _encode_page(self, job: Job, pages: ServedPages, request: GetRequest) -> bytes:
        order = request.sort_by or "TIMESTAMP"
        members = job.describe(pages)
        start = 0
        if request.next_token:
            start, before = self._find_start(job, order, request.next_token), request.next_token.encode()
        else:
            before = start_tokens(pages.metadata, members)
        stop = start + min(request.max_results or MAX_RESULTS, MAX_RESULTS)
        persons = pages.encode(order, start, stop)
        token = None
        if stop < len(pages):
            token = derive_token(before, persons)
            self._keep_token(job, order, token.decode(), stop)
        return encode_page(pages.metadata, members, persons, token)

    def _find_start(self, job: Job, order: str, token: str) -> int:
        """Return the first row of the page that a token requests."""
        start, issued_at = job.tokens.get((order, token), (0, None))
        if issued_at is None:
            raise ServiceError(
                BAD_TOKEN,
                f"NextToken is not one of this job with SortBy {order}. Begin without it.",
            )
        if self.clock() - issued_at > self.token_lifetime:
            raise ServiceError(BAD_TOKEN, "NextToken has expired. Begin without it.")
        return start

    def _keep_token(self, job: Job, order: str, token: str, start: int) -> None:
        with self._lock:
            job.tokens.pop((order, token), None)
            job.tokens[order, token] = start, self.clock()
            while len(job.tokens) > MAX_TOKENS:
                del job.tokens[next(iter(job.tokens))]

    def _announce_later(self, job: Job) -> None:
        """Schedule the completion message of a job for the end of its delay."""
        if job.channel is None:
            return
        timer = Timer(max(0.0, job.ready_at - self.clock()), self._announce, (job,))
        timer.daemon = True
        with self._lock:
            self._timers = {running for running in self._timers if running.is_alive()} | {timer}
            timer.start()

    def _announce(self, job: Job) -> None:
        topic = "" if job.channel is None else job.channel.topic_arn or ""
        if self.sns_endpoint_url is None:
            self.say(
                f"note: no message was sent to {topic}. Pass the endpoint of SNS with --sns-endpoint-url."
            )
            return
        status = "FAILED" if job.reading is None or job.reading.exception() else "SUCCEEDED"
        try:
            publish_completion(topic, job.describe(), status, endpoint_url=self.sns_endpoint_url)
        except PtrackError as error:
            self.say(f"warning: {error}")


def _describe_finished_job(video: ServedVideo) -> Job | None:
    """Return the finished job of a video; None if its name is not a valid job ID."""
    job_id = video.job_id or video.name
    return Job(job_id, video) if JOB_ID.fullmatch(job_id) else None


def _validate_keys(keys: Mapping[str, str], videos: Mapping[str, ServedVideo]) -> dict[str, str]:
    for key, name in keys.items():
        if name not in videos:
            raise ParameterError(
                f"keys contains the video {name!r} for {key!r}, but the source has "
                f"{listed([*videos], 3)} (--map NAME=KEY)"
            )
        if not key.removeprefix(_SCHEME):
            raise ParameterError(f"keys contains an empty key for the video {name!r} (--map NAME=KEY)")
    return dict(keys)


def _encode_status(job: Job, status: str, message: str | None = None) -> bytes:
    """Encode the response for a job that has not succeeded."""
    more = {} if message is None else {"StatusMessage": message}
    return msgspec.json.encode({"JobStatus": status} | more | {"Persons": []} | job.describe()) + b"\n"
