"""A real moto server on loopback, for S3, SNS and SQS."""

from contextlib import contextmanager

import pytest


@contextmanager
def moto_server():
    """Run a moto server and return its address. Tests take the fixture `moto_url`, which marks them `s3`."""
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        running.stop()
