"""Jobs of Amazon Rekognition People Pathing, and services with its API."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.public_names import describe_missing
from ptrack_analysis.sources.pages.writing import write_pages
from ptrack_analysis.sources.rekognition.fetch import fetch_pages
from ptrack_analysis.sources.rekognition.server import serve_tracking
from ptrack_analysis.sources.rekognition.start import start_job
from ptrack_analysis.sources.rekognition.wait import wait_for_job, wait_for_message
from ptrack_analysis.storage.s3 import create_client

__all__ = [
    "create_client",
    "fetch_pages",
    "serve_tracking",
    "start_job",
    "wait_for_job",
    "wait_for_message",
    "write_pages",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
