"""Asking S3, through boto3, and what to do about its refusals."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from ptrack_analysis.errors import RemoteError, TakenError
from ptrack_analysis.io.clients import make_client

SETTINGS = ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
"""The variables of the environment in which boto3 looks for profile, region and endpoint."""
_R = TypeVar("_R")


def default_client() -> Any:
    """Give the client of the default session; profile, region and endpoint are those of the environment."""
    return _client(*(os.environ.get(name) for name in SETTINGS))


@cache
def _client(*_: str | None) -> Any:
    """Make a client, once for each environment."""
    return make_client("s3")


def asked(place: object, client: Any, ask: Callable[[Any], _R]) -> _R:
    """Ask S3 for something at a place, and say in one sentence what it refused and what to do about it.

    Raises
    ------
    TakenError
        If it has changed meanwhile, so that what was to be written was not.
    RemoteError
        If S3 refuses, or cannot be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy, and needed for S3 alone

    try:
        return ask(client or default_client())
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        kind = TakenError if code in _TAKEN else RemoteError
        raise kind(f"{place}: S3 refused: {code}: {_ADVICE.get(code, error)}") from error
    except (BotoCoreError, ValueError) as error:
        name = type(error).__name__
        raise RemoteError(f"{place}: S3 could not be asked: {_ADVICE.get(name, error)}") from error


_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_ADVICE = {
    "NoSuchBucket": "there is no bucket of this name; check its spelling",
    "NoSuchKey": "there is no object of this name",
    "404": "there is no object of this name",
    "AccessDenied": "these credentials may not do this; check the profile (--profile) and the policy",
    "403": "these credentials may not do this; check the profile (--profile) and the policy",
    "InvalidAccessKeyId": "the access key is not known; check the profile (--profile)",
    "SignatureDoesNotMatch": "the secret key does not fit the access key; check the profile (--profile)",
    "ExpiredToken": "the credentials have expired; sign in again",
    "PermanentRedirect": "the bucket is in another region; give it with --region",
    "AuthorizationHeaderMalformed": "the bucket is in another region; give it with --region",
    "IllegalLocationConstraintException": "the bucket is in another region; give it with --region",
    "PreconditionFailed": "another run has written this meanwhile; run again",
    "NoCredentialsError": "no credentials are found; sign in, or name a profile with --profile",
    "PartialCredentialsError": "the credentials are not whole; check the profile (--profile)",
    "EndpointConnectionError": "the endpoint cannot be reached; check --endpoint-url and the network",
    "ConnectTimeoutError": "the endpoint does not answer; check --endpoint-url and the network",
    "ReadTimeoutError": "the endpoint does not answer in time; try again",
}
