from pathlib import Path

from starlette.applications import Starlette

from billing_app.database import migrations
from billing_app.database.engine import open_engine
from billing_app.endpoints.health import Check, database_check, health_routes
from tests.support.asgi import http


def app(*checks: Check) -> Starlette:
    return Starlette(routes=health_routes(checks))


async def test_a_process_that_answers_lives():
    async with http(app(Check("database", lambda: "It is gone."))) as browser:
        answer = await browser.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok")


async def test_ready_when_nothing_is_missing():
    async with http(app(Check("database", lambda: None))) as browser:
        answer = await browser.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_says_what_is_missing():
    checks = (
        Check("database", lambda: None),
        Check("migrations", lambda: "Run tallyport migrate."),
    )
    async with http(app(*checks)) as browser:
        answer = await browser.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "problems": {"migrations": "Run tallyport migrate."},
    }


class TestDatabaseCheck:
    def test_finds_nothing_wrong_with_a_migrated_database(self, tmp_path: Path):
        engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
        migrations.upgrade(engine)

        assert database_check(engine).find_problem() is None

    def test_finds_a_database_that_is_not_migrated(self, tmp_path: Path):
        engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")

        assert "tallyport migrate" in (database_check(engine).find_problem() or "")

    def test_finds_a_database_that_is_gone(self, tmp_path: Path):
        engine = open_engine(f"sqlite:///{tmp_path / 'no' / 'folder' / 'x.db'}")

        assert database_check(engine).find_problem() == "The database does not answer."


async def test_a_check_that_breaks_is_not_ready():
    def broken() -> str | None:
        raise ConnectionError

    async with http(app(Check("database", broken))) as browser:
        assert (await browser.get("/readyz")).status_code == 500
