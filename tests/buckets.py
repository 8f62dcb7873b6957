"""An S3 bucket of a test, and the content of folders and prefixes."""

import json

import boto3
from pages import page

BUCKET = "dataset-bucket"


def content(folder):
    """Return the content of every file below a folder, hidden ones too, but for the empty lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def put(key, *records, job):
    body = json.dumps(page(*records, job=job)).encode()
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def objects(prefix):
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
    return {one["Key"]: one["ETag"] for one in listed}
