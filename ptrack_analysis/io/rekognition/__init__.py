"""The live API of People Pathing, for endpoints that still speak it.

AWS ended the service on 31 October 2025. Its operations StartPersonTracking and GetPersonTracking are still
in boto3, so a client whose ``endpoint_url`` names an endpoint that speaks them serves as ever.
"""

from ptrack_analysis.io.rekognition.fetch import FetchSummary, fetch_pages
from ptrack_analysis.io.rekognition.message import wait_for_message
from ptrack_analysis.io.rekognition.start import NotificationChannel, start_tracking
from ptrack_analysis.io.rekognition.wait import wait_for_job

__all__ = [
    "FetchSummary",
    "NotificationChannel",
    "fetch_pages",
    "start_tracking",
    "wait_for_job",
    "wait_for_message",
]
