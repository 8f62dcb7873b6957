"""What the service refuses, in one sentence that says what to do."""

from typing import Any
from urllib.parse import urlsplit

from ptrack_analysis.errors import RemoteError

ENDED = (
    "AWS ended People Pathing on 31 October 2025; name another endpoint that speaks the API "
    "(--endpoint-url, endpoint_url of the client)"
)
_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_TOKEN = "InvalidPaginationTokenException"  # noqa: S105 - the name of an error
_CLOSED = {
    "AccessDenied", "AccessDeniedException", "InvalidAction", "UnknownOperation", "UnknownOperationException",
    "403", "404", "405", "410", "501",
}  # fmt: skip


class TokenError(RemoteError):
    """The service does not know a NextToken (any more)."""


def refused(error: Any, place: str, rekognition: Any) -> RemoteError:
    """Say which answer of a service was an error, from botocore's ClientError.

    ``rekognition`` is the client that asked, None for that of another service, which has not ended.
    """
    found = error.response.get("Error", {})
    code, message = str(found.get("Code") or "unknown"), str(found.get("Message") or "").strip()
    reason = ": ".join(part for part in (code, _ADVICE.get(code, message)) if part)
    if rekognition and (code in _CLOSED or (_is_aws(rekognition) and code not in _ADVICE)):
        reason = f"{reason.rstrip('.')}; {ENDED}"
    return (TokenError if code == _TOKEN else RemoteError)(f"{place}: the service refused: {reason}")


def unreached(error: Exception, place: str, rekognition: Any) -> RemoteError:
    """Say why there was no answer of a service, from one of botocore's other errors; see ``refused``."""
    name = type(error).__name__
    reason = _ADVICE.get(name, str(error))
    if name in _NETWORK:
        reason = _NETWORK[name]
        if rekognition:
            reason = f"{rekognition.meta.endpoint_url}: {reason}"
            reason += f"; {ENDED}" if _is_aws(rekognition) else ""
    return RemoteError(f"{place}: the service could not be asked: {reason}")


def _is_aws(client: Any) -> bool:
    return (urlsplit(client.meta.endpoint_url).hostname or "").endswith(_HOSTS)


_AGAIN = "the service is too busy; run again later, what is saved stays"
_ILL = "the service is ill; run again later, what is saved stays"
_QUEUE = "there is no such queue; check its URL and the region"
_ADVICE = {
    "ThrottlingException": _AGAIN,
    "ProvisionedThroughputExceededException": _AGAIN,
    "InternalServerError": _ILL,
    "500": _ILL,
    "502": _ILL,
    "503": _ILL,
    "504": _ILL,
    _TOKEN: "the NextToken is not known, or has expired; run again, the pages are then fetched anew",
    "ResourceNotFoundException": "this endpoint knows no such job; check the job's id and the region "
    "(--region), and that its results are still kept",
    "LimitExceededException": "too many jobs are open; wait until one has ended",
    "InvalidS3ObjectException": "the service cannot read the video; check its address, that the bucket is in "
    "the region of the service, and that these credentials may read it",
    "VideoTooLargeException": "the video is larger than the service takes",
    "IdempotentParameterMismatchException": "this request token was used with other parameters; give another",
    "ExpiredTokenException": "the credentials have expired; sign in again",
    "ExpiredToken": "the credentials have expired; sign in again",
    "UnrecognizedClientException": "the access key is not known; check the profile (--profile)",
    "InvalidSignatureException": "the secret key does not fit the access key, or this computer's clock is "
    "wrong; check the profile (--profile)",
    "MissingAuthenticationTokenException": "the request was not signed; check the profile (--profile)",
    "AWS.SimpleQueueService.NonExistentQueue": _QUEUE,
    "QueueDoesNotExist": _QUEUE,
    "NoCredentialsError": "no credentials are found; sign in, or name a profile with --profile",
    "PartialCredentialsError": "the credentials are not whole; check the profile (--profile)",
}
_NETWORK = {
    "EndpointConnectionError": "the endpoint cannot be reached; check --endpoint-url and the network",
    "ConnectTimeoutError": "the endpoint does not answer; check --endpoint-url and the network",
    "ReadTimeoutError": "the endpoint does not answer in time; run again later, what is saved stays",
    "ConnectionClosedError": "the endpoint closes the connection; run again later, what is saved stays",
    "ProxyConnectionError": "the proxy cannot be reached; check the network's settings",
    "SSLError": "the endpoint is not trusted; check --endpoint-url and its certificate",
}
