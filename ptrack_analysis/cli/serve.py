"""``ptrack serve``: an endpoint of People Pathing for any source."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.options import (
    add_command,
    add_source,
    add_source_options,
    fallback_video,
    format_arguments,
    open_source,
    shown,
    span,
)

if TYPE_CHECKING:
    from ptrack_analysis.sources.rekognition.server import TrackingServer

PORT = 8080
_HIGHEST_PORT = 65535
_SHOWN = 10
_TICK = 0.5
"""Longest wait for the end [s]."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "serve",
        "Answer StartPersonTracking and GetPersonTracking from a source. Code written for Rekognition runs "
        "with endpoint_url alone. Requests are not authenticated. Ctrl-C ends the server.",
        "serve data/shop",
        "serve tracks.csv --frame-rate 25 --map tracks=videos/shop.mp4 --delay 10s",
        "serve archive --host 0.0.0.0 --sns-endpoint-url http://localhost:5000",
    )
    add_source(parser)
    parser.add_argument(
        "--port", type=_port, default=PORT, metavar="N", help=f"port (default {PORT}; 0 chooses a free one)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on (default 127.0.0.1, this machine only); 0.0.0.0 in a container",
    )
    parser.add_argument(
        "--map",
        dest="keys",
        type=_mapping,
        action="append",
        default=[],
        metavar="NAME=KEY",
        help="S3 key or s3://bucket/key of the video NAME (default: the key without folder and suffix is the "
        "name of the video); can be given several times",
    )
    parser.add_argument(
        "--delay",
        type=span,
        default="0s",
        metavar="DURATION",
        help="time for which a started job is in progress (default 0s)",
    )
    parser.add_argument(
        "--token-lifetime",
        type=span,
        default="1h",
        metavar="DURATION",
        help="time after which a NextToken expires (default 1h)",
    )
    parser.add_argument(
        "--envelope",
        choices=("gateway",),
        help="also answer GET requests of the gateway form, {success, data}: see ptrack fetch --gateway",
    )
    parser.add_argument(
        "--sns-endpoint-url",
        metavar="URL",
        help="endpoint of SNS for completion messages (default: no messages are sent)",
    )
    parser.add_argument(
        "--allow-incomplete", action="store_true", help="serve archives that lack pages as they are"
    )
    parser.add_argument(
        "--allow-dropped",
        action="store_true",
        help="serve sources of which many rows are dropped for a reason that may be a misreading",
    )
    add_source_options(parser)
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to {_HIGHEST_PORT}")
    return int(text)


def _mapping(text: str) -> tuple[str, str]:
    name, sign, key = text.partition("=")
    if not (name and sign and key):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=KEY, such as shop=videos/shop-2026.mp4")
    return key, name


def run(given: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; print the URL and an example on stdout."""
    from ptrack_analysis.sources.finding import find_videos
    from ptrack_analysis.sources.rekognition.server import serve_tracking

    ended = Event()
    with (
        open_source(given) as source,
        serve_tracking(
            find_videos(source, name=given.video_name, **format_arguments(given)),
            host=given.host,
            port=given.port,
            keys=dict(given.keys),
            delay=given.delay,
            token_lifetime=given.token_lifetime,
            envelope=given.envelope,
            sns_endpoint_url=given.sns_endpoint_url,
            video=fallback_video(given),
            allow_incomplete=given.allow_incomplete,
            allow_dropped=given.allow_dropped,
            say=lambda text: print(shown(text), file=sys.stderr, flush=True),
        ) as server,
    ):
        _handle_signals({signal.SIGINT, signal.SIGTERM}, lambda *_: ended.set())
        _introduce(server, given)
        while not ended.wait(_TICK):  # on Windows, Ctrl-C does not end a wait without a limit
            pass
    print("stopped", file=sys.stderr)
    return 0


def _handle_signals(numbers: Iterable[signal.Signals], handle: Callable[[int, Any], Any]) -> None:
    """Handle signals, which only the main thread can."""
    if current_thread() is main_thread():
        for number in numbers:
            signal.signal(number, handle)


def _introduce(server: "TrackingServer", given: argparse.Namespace) -> None:
    """Print the URL and an example on stdout, and the served videos on stderr."""
    if server.is_public:
        print(
            f"warning: {given.host} can be reached from other machines. Requests are not authenticated, so "
            "anyone there can read the tracking data.",
            file=sys.stderr,
        )
    keys = {name: key for key, name in given.keys}
    service = server.service
    jobs = {job.video.name: job.job_id for job in reversed(service.jobs.values())}
    for name in [*service.videos][:_SHOWN]:
        finished = f"; finished job {jobs[name]}" if name in jobs else ""
        key = keys.get(name) or f"{name}.mp4 (any folder and suffix)"
        print(shown(f"video {name}: S3 key {key}{finished}"), file=sys.stderr)
    if len(service.videos) > _SHOWN:
        print(f"and {len(service.videos) - _SHOWN} more videos", file=sys.stderr)
    name = next(iter(service.videos))
    bucket, key = _split_key(keys.get(name, f"{name}.mp4"))
    filmed = {"S3Object": {"Bucket": bucket, "Name": key}}
    example = (
        f'rekognition = boto3.client("rekognition", endpoint_url="{server.url}")\n'
        f"job = rekognition.start_person_tracking(Video={filmed!r})"
    )
    print(
        "boto3 also needs a region and credentials, which may be anything: AWS_DEFAULT_REGION=us-east-1 "
        "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any",
        file=sys.stderr,
    )
    print(server.url, shown(example), sep="\n", flush=True)


def _split_key(key: str) -> tuple[str, str]:
    """Return bucket and name of an S3 object; any bucket will do for a key without one."""
    if not key.startswith("s3://"):
        return "bucket", key
    bucket, _, name = key.removeprefix("s3://").partition("/")
    return bucket, name
