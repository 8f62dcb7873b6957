"""Clients of AWS services, made from what a user names in the shell."""

from typing import Any

from ptrack_analysis.errors import RemoteError


def make_client(
    service: str, *, endpoint_url: str | None = None, profile: str | None = None, region: str | None = None
) -> Any:
    """Make a boto3 client that tries a request up to 8 times; what is not given, boto3 finds as ever.

    Parameters
    ----------
    service
        Name of the service, as boto3 knows it.
    endpoint_url
        Another endpoint than that of AWS.
    profile
        The profile whose credentials are used.
    region
        The region of the service.

    Raises
    ------
    RemoteError
        If there is no such profile, no region is known, or the endpoint is no address.
    """
    import boto3  # noqa: PLC0415 - heavy, and needed for remote calls alone
    from botocore.config import Config  # noqa: PLC0415 - the same
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - the same

    retries: Any = {"mode": "standard", "total_max_attempts": 8}
    config = Config(retries=retries, connect_timeout=10, read_timeout=60)
    try:
        session: Any = boto3.Session(profile_name=profile, region_name=region)
        return session.client(service, endpoint_url=endpoint_url, config=config)
    except (BotoCoreError, ValueError) as error:
        reason = _ADVICE.get(type(error).__name__, str(error))
        raise RemoteError(f"no client for {service} can be made: {reason}") from error


_ADVICE = {
    "NoRegionError": "no region is known; give it with --region",
    "ProfileNotFound": "there is no such profile; check --profile",
    "PartialCredentialsError": "the credentials are not whole; check the profile (--profile)",
}
