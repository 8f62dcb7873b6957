"""A bucket for tests of datasets in S3."""

import os

import boto3
import pytest
from buckets import BUCKET

from ptrack_analysis.storage.s3 import S3Path


@pytest.fixture
def bucket(monkeypatch, moto_url):
    """Serve an empty bucket."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield S3Path(BUCKET, "")
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])
    client.delete_bucket(Bucket=BUCKET)
