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
    for listed in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        keys = [{"Key": found["Key"]} for found in listed.get("Contents", [])]
        if keys:
            client.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
    client.delete_bucket(Bucket=BUCKET)
