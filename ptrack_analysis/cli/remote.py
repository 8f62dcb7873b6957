"""Options of the commands that talk to the service, and the clients that are made from them."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENDED = (
    "AWS ended People Pathing on 31 October 2025: --endpoint-url names another endpoint that speaks its API."
)


def add_remote(parser: argparse.ArgumentParser) -> None:
    """Add profile, region and endpoint, as in the AWS CLI."""
    group = parser.add_argument_group("remote, as in the AWS CLI")
    group.add_argument("--profile", metavar="NAME", help="profile whose credentials are used")
    group.add_argument("--region", metavar="NAME", help="region of the service")
    group.add_argument("--endpoint-url", metavar="URL", help="another endpoint than AWS")


@contextmanager
def client_of(given: argparse.Namespace, service: str = "rekognition") -> Iterator[Any]:
    """Make the client of a service that the options name, and close it afterwards."""
    from ptrack_analysis.storage.s3 import make_client

    client = make_client(service, endpoint_url=given.endpoint_url, profile=given.profile, region=given.region)
    try:
        yield client
    finally:
        client.close()
