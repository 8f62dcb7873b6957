"""A real moto server on loopback, for S3, SNS and SQS."""

from contextlib import contextmanager

import pytest


@contextmanager
def moto_server():
    """Run a moto server; give its address. All those of one process have the same buckets and queues."""
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        running.stop()
