"""Files in S3 with the interface of files on disk, through boto3."""

import atexit
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from io import BufferedReader, BytesIO
from pathlib import Path, PurePosixPath
from shutil import rmtree
from tempfile import mkdtemp
from threading import Lock
from typing import Any, TypeVar

from ptrack_analysis.errors import ParameterError, RemoteError, TakenError
from ptrack_analysis.limits import validate_path


def create_client(
    service: str, *, endpoint_url: str | None = None, profile: str | None = None, region: str | None = None
) -> Any:
    """Create a boto3 client that tries each request up to 8 times.

    Options that are not given come from boto3's own configuration.

    Parameters
    ----------
    service
        Name of the service in boto3.
    endpoint_url
        URL of an endpoint other than AWS.
    profile
        Name of the profile with the credentials.
    region
        Region of the service.

    Returns
    -------
    botocore.client.BaseClient
        The client.

    Raises
    ------
    RemoteError
        If the profile does not exist, the region is unknown, or the endpoint is not a URL.

    Examples
    --------
    >>> client = pta.rekognition.create_client(
    ...     "rekognition", endpoint_url="http://127.0.0.1:8080", region="us-east-1"
    ... )
    >>> client.meta.endpoint_url
    'http://127.0.0.1:8080'
    """
    import boto3  # noqa: PLC0415 - slow to import, and only needed for remote calls
    from botocore.config import Config  # noqa: PLC0415 - the same
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - the same

    retries: Any = {"mode": "standard", "total_max_attempts": 8}
    config = Config(retries=retries, connect_timeout=10, read_timeout=60)
    try:
        session: Any = boto3.Session(profile_name=profile, region_name=region)
        return session.client(service, endpoint_url=endpoint_url, config=config)
    except (BotoCoreError, ValueError) as error:
        reason = _ADVICE.get(type(error).__name__, str(error))
        raise RemoteError(f"cannot create a client for {service}: {reason}") from error


_ADVICE = {
    "NoRegionError": "the region is unknown. Set it with --region.",
    "ProfileNotFound": "the profile does not exist. Check --profile.",
    "PartialCredentialsError": "the credentials are incomplete. Check the profile (--profile).",
}


SETTINGS = ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
"""Environment variables for boto3's profile, region and endpoint."""
_R = TypeVar("_R")


def default_client() -> Any:
    """Return a client with the profile, region and endpoint from the environment."""
    return _client(*(os.environ.get(name) for name in SETTINGS))


@cache
def _client(*_: str | None) -> Any:
    """Create a client, once per environment."""
    return create_client("s3")


def asked(place: object, client: Any, ask: Callable[[Any], _R]) -> _R:
    """Send a request to S3, and convert its errors to messages with advice.

    Raises
    ------
    TakenError
        If another run has changed the object, so that it was not written.
    RemoteError
        If S3 rejects the request or cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import, only for S3

    try:
        return ask(client or default_client())
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        kind = TakenError if code in _TAKEN else RemoteError
        raise kind(f"{place}: S3 rejected the request: {code}: {_S3_ADVICE.get(code, error)}") from error
    except (BotoCoreError, ValueError) as error:
        name = type(error).__name__
        raise RemoteError(f"{place}: the request to S3 failed: {_S3_ADVICE.get(name, error)}") from error


_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_S3_ADVICE = {
    "NoSuchBucket": "the bucket does not exist. Check its spelling.",
    "NoSuchKey": "the object does not exist.",
    "404": "the object does not exist.",
    "AccessDenied": "the credentials do not allow this. Check the profile (--profile) and the policy.",
    "403": "the credentials do not allow this. Check the profile (--profile) and the policy.",
    "InvalidAccessKeyId": "the access key is unknown. Check the profile (--profile).",
    "SignatureDoesNotMatch": "the secret key does not match the access key. Check the profile (--profile).",
    "ExpiredToken": "the credentials have expired. Sign in again.",
    "PermanentRedirect": "the bucket is in another region. Set it with --region.",
    "AuthorizationHeaderMalformed": "the bucket is in another region. Set it with --region.",
    "IllegalLocationConstraintException": "the bucket is in another region. Set it with --region.",
    "PreconditionFailed": "another run has written this object. Run again.",
    "NoCredentialsError": "there are no credentials. Sign in, or set a profile with --profile.",
    "PartialCredentialsError": "the credentials are incomplete. Check the profile (--profile).",
    "EndpointConnectionError": "the endpoint cannot be reached. Check --endpoint-url and the network.",
    "ConnectTimeoutError": "the endpoint does not respond. Check --endpoint-url and the network.",
    "ReadTimeoutError": "the endpoint did not respond in time. Try again.",
}


SCHEME = "s3://"
_AHEAD = 8
_SMALL = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Stat:
    """The size of an object [bytes], named as in ``os.stat_result``, and its ETag."""

    st_size: int
    tag: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class S3Path:
    """An S3 object or prefix with the methods of ``Path`` that the package uses.

    ``client`` is a boto3 client, or None for a client of the default session. It is ignored in comparisons
    and is not pickled. ``tag`` is the ETag from the listing, and ``copy`` a file on disk with the content of
    that version.
    """

    bucket: str
    key: str
    size: int | None = field(default=None, compare=False)
    tag: str | None = field(default=None, compare=False)
    client: Any = field(default=None, compare=False, repr=False)
    content: bytes | None = field(default=None, compare=False, repr=False)
    copy: Path | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    def __reduce__(self) -> tuple[Any, ...]:
        return S3Path, (self.bucket, self.key, self.size, self.tag, None, None, self.copy)

    @property
    def name(self) -> str:
        """The last part of the key."""
        return PurePosixPath(self.key).name

    @property
    def parts(self) -> tuple[str, ...]:
        """The bucket and the parts of the key."""
        return self.bucket, *PurePosixPath(self.key).parts

    @property
    def parent(self) -> "S3Path":
        """The prefix that contains the object."""
        return S3Path(self.bucket, self.key.rpartition("/")[0], client=self.client)

    def relative_to(self, other: "S3Path") -> PurePosixPath:
        """Return the key below a prefix."""
        return PurePosixPath(self.key).relative_to(other.key)

    def resolve(self) -> "S3Path":
        """Return the path; if its key is empty, the name of the bucket becomes the key."""
        return self if self.key else S3Path(self.bucket, self.bucket)

    def is_file(self) -> bool:
        """Return whether an object with this key exists."""
        return bool(self.key) and any(found.key == self.key for found in _listed(self, self.key, most=1))

    def stat(self) -> Stat:
        """Return the object's size and tag."""
        if self.size is not None:
            return Stat(self.size, self.tag)
        head = asked(self, self.client, lambda client: client.head_object(Bucket=self.bucket, Key=self.key))
        return Stat(int(head["ContentLength"]), str(head["ETag"]))

    def open(self, mode: str = "rb") -> BufferedReader | BytesIO:
        """Open the object for reading bytes."""
        if mode != "rb":
            raise ValueError(f"mode must be 'rb' for an object in S3, got {mode!r}")
        if self.content is None and self.copy is not None:
            with suppress(OSError):  # the copy was removed or is on another machine
                return self.copy.open("rb")
        return BytesIO(self.read_bytes())

    def read_bytes(self) -> bytes:
        """Read the complete object."""
        if self.content is not None:
            return self.content
        if self.copy is not None:
            with suppress(OSError):  # the copy was removed or is on another machine
                return self.copy.read_bytes()
        content: bytes = asked(
            self,
            self.client,
            lambda client: client.get_object(Bucket=self.bucket, Key=self.key)["Body"].read(),
        )
        return content

    def read_with_headers(self) -> tuple[bytes, dict[str, str]]:
        """Read the complete object and its headers, such as ``etag`` and ``date``."""

        def ask(client: Any) -> tuple[bytes, dict[str, str]]:
            answer = client.get_object(Bucket=self.bucket, Key=self.key)
            return answer["Body"].read(), answer["ResponseMetadata"]["HTTPHeaders"]

        return asked(self, self.client, ask)

    def write_bytes(self, content: bytes, *, new: bool = False, instead_of: str | None = None) -> str:
        """Write the object and return its ETag.

        If ``new`` is set, the object must not exist. With ``instead_of``, it must have this ETag.
        """
        more = {"IfNoneMatch": "*"} if new else {}
        more |= {} if instead_of is None else {"IfMatch": instead_of}
        answer = asked(
            self,
            self.client,
            lambda client: client.put_object(Bucket=self.bucket, Key=self.key, Body=content, **more),
        )
        return str(answer["ETag"])

    def read_end(self, most: int) -> tuple[bytes, int, str]:
        """Read at most this many bytes from the end; also return the object's size and ETag."""

        def ask(client: Any) -> tuple[bytes, int, str]:
            answer = client.get_object(Bucket=self.bucket, Key=self.key, Range=f"bytes=-{most}")
            content = answer["Body"].read()
            size = answer.get("ContentRange", "").rpartition("/")[2] or len(content)
            return content, int(size), str(answer["ETag"])

        return asked(self, self.client, ask)

    def read_part(self, start: int, stop: int, *, tag: str) -> bytes:
        """Read the bytes from ``start`` to before ``stop``; fail if the ETag differs."""
        wanted = f"bytes={start}-{stop - 1}"
        content: bytes = asked(
            self,
            self.client,
            lambda client: client.get_object(Bucket=self.bucket, Key=self.key, Range=wanted, IfMatch=tag)[
                "Body"
            ].read(),
        )
        return content

    def fetch(self, target: Path) -> None:
        """Download the object to a file in chunks; write no file if it does not exist."""

        def ask(client: Any) -> None:
            answer = client.get_object(Bucket=self.bucket, Key=self.key)
            with target.open("wb") as file:
                for piece in answer["Body"].iter_chunks(_SMALL):
                    file.write(piece)

        target.unlink(missing_ok=True)
        try:
            asked(self, self.client, ask)
        except RemoteError:
            if self.is_file():
                raise

    def put(self, source: Path) -> None:
        """Upload a file of at most 5 GB."""

        def ask(client: Any) -> None:
            with source.open("rb") as file:
                client.put_object(Bucket=self.bucket, Key=self.key, Body=file)

        asked(self, self.client, ask)

    def copy_to(self, target: "S3Path") -> None:
        """Copy the object to another key within S3."""
        source = {"Bucket": self.bucket, "Key": self.key}
        asked(
            target,
            self.client,
            lambda client: client.copy_object(CopySource=source, Bucket=target.bucket, Key=target.key),
        )

    def find_tag(self) -> str | None:
        """Return the ETag of the object, None if it does not exist."""
        return next((found.tag for found in _listed(self, self.key, most=1) if found.key == self.key), None)

    def is_dir(self) -> bool:
        """Return whether there are objects below this prefix."""
        return bool(_listed(self, self._prefix, most=1))

    def unlink(self) -> None:
        """Remove the object if it exists."""
        asked(self, self.client, lambda client: client.delete_object(Bucket=self.bucket, Key=self.key))

    def below(self) -> list["S3Path"]:
        """List all objects below this prefix."""
        return _listed(self, self._prefix)

    @property
    def _prefix(self) -> str:
        return f"{self.key.rstrip('/')}/" if self.key else ""

    def __truediv__(self, name: str) -> "S3Path":
        return S3Path(self.bucket, f"{self.key.rstrip('/')}/{name}".lstrip("/"), client=self.client)


AnyPath = Path | S3Path


def parse_path(place: object, client: Any = None, name: str = "path") -> AnyPath:
    """Return the path for a text, a Path, or an S3 address (``s3://bucket/prefix``).

    Raises
    ------
    ParameterError
        If the text is empty, or an address in S3 is misspelled or has no bucket.
    """
    if isinstance(place, S3Path):
        return place
    validate_path(place, name, "a path or an s3:// address")
    text = str(place)
    if not text:
        raise ParameterError("the path must not be empty")
    if not text.startswith(SCHEME):
        if text.lower().startswith("s3:"):
            raise ParameterError(f"{text!r} is not an address in S3. Write s3://bucket/prefix, as a text.")
        return Path(text)
    bucket, _, key = text.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise ParameterError(f"{text!r} has no bucket. An S3 address is s3://bucket/prefix.")
    return S3Path(bucket, key.rstrip("/"), client=client)


def ahead(files: Sequence[AnyPath], *, keep: bool = False) -> Iterator[AnyPath]:
    """Yield files in order; fetch small objects in S3 in advance.

    With ``keep``, copies of objects are kept on disk until the process ends, up to 4 GiB in total, so that
    the next read needs no request.
    """
    if all(isinstance(file, Path) for file in files):
        yield from files
        return
    fetch = _fetch_and_keep if keep else _fetched
    with ThreadPoolExecutor(max_workers=_AHEAD) as pool:
        waiting = [pool.submit(fetch, file) for file in files[:_AHEAD]]
        for index in range(len(files)):
            fetched = waiting.pop(0).result()
            if index + _AHEAD < len(files):
                waiting.append(pool.submit(fetch, files[index + _AHEAD]))
            yield fetched


def _fetched(file: AnyPath) -> AnyPath:
    if isinstance(file, Path) or file.copy is not None or (file.size or _SMALL) >= _SMALL:
        return file
    return replace(file, content=file.read_bytes())


def _fetch_and_keep(file: AnyPath) -> AnyPath:
    if isinstance(file, Path) or file.size is None:
        return _fetched(file)
    if (copy := _COPIES.find(file)) is not None:
        return replace(file, copy=copy)
    target = _COPIES.reserve(file.size)
    if target is None:
        return _fetched(file)
    if file.size >= _SMALL:
        file.fetch(target)
        content = None
    else:
        content = file.read_bytes()
        target.write_bytes(content)
    return replace(file, content=content, copy=_COPIES.add(file, target))


@dataclass(slots=True)
class _Copies:
    """Copies of objects on disk by address and ETag; the oldest are removed above the limit."""

    limit: int = 4 * 2**30
    size: int = 0
    folder: Path | None = None
    files: dict[tuple[str, str, str | None], tuple[Path, int]] = field(default_factory=dict)
    count: int = 0
    lock: Any = field(default_factory=Lock)

    def find(self, file: S3Path) -> Path | None:
        """Return the copy of an object, None if there is no copy."""
        found = self.files.get((file.bucket, file.key, file.tag))
        return found[0] if found is not None and found[0].exists() else None

    def reserve(self, size: int) -> Path | None:
        """Return a path for a copy of this size, None if it exceeds the limit."""
        with self.lock:
            while self.size + size > self.limit and self.files:
                path, freed = self.files.pop(next(iter(self.files)))
                path.unlink(missing_ok=True)
                self.size -= freed
            if self.size + size > self.limit:
                return None
            if self.folder is None:
                self.folder = Path(mkdtemp(prefix="ptrack-"))
                atexit.register(rmtree, self.folder, ignore_errors=True)
            self.size, self.count = self.size + size, self.count + 1
            return self.folder / str(self.count)

    def add(self, file: S3Path, copy: Path) -> Path:
        """Register the copy of an object."""
        with self.lock:
            self.files[file.bucket, file.key, file.tag] = copy, file.size or 0
        return copy


_COPIES = _Copies()


def _listed(path: S3Path, prefix: str, most: int | None = None) -> list[S3Path]:
    limit = {} if most is None else {"PaginationConfig": {"MaxItems": most}}

    def ask(client: Any) -> list[S3Path]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=path.bucket, Prefix=prefix, **limit)
        return [
            S3Path(path.bucket, found["Key"], int(found["Size"]), str(found["ETag"]), path.client)
            for page in pages
            for found in page.get("Contents", ())
        ]

    return asked(path, path.client, ask)
