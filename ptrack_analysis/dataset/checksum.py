"""The checksum of a file."""

from hashlib import file_digest

from ptrack_analysis.io.s3 import AnyPath


def checksum(path: AnyPath) -> str:
    """Give the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
