"""Serves an ASGI app for real, in a thread of the test process."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from billing_app.endpoints.http_protocol import uvicorn_options

_START_SECONDS = 10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(
    app: Any, port: int, *, connections_max: int | None = None, **changed: Any
) -> Iterator[None]:
    """Serve while the block runs, as in production but for options `changed`."""
    options = uvicorn_options(connections_max=connections_max) | changed
    config = uvicorn.Config(app, port=port, lifespan="off", **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _wait_until_open(port)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
    raise TimeoutError(f"nothing listens on port {port}")
