from pathlib import Path

from starlette.applications import Starlette

from billing_app.database import migrations
from billing_app.database.engine import open_engine
from billing_app.endpoints.health import (
    Check,
    database_check,
    health_routes,
    outbox_check,
)
from billing_app.models import OutboxMessage
from tests.support.asgi import http
from tests.support.world import World


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


class TestOutboxCheck:
    def check(self, world: World) -> Check:
        return outbox_check(world.runtime.engine, world.clock)

    def promise(self, world: World) -> None:
        with world.unit(world.northwind.system) as uow:
            uow.add(
                OutboxMessage(
                    topic="mail", key="1", available_at=uow.now, created_at=uow.now
                )
            )

    def test_finds_nothing_wrong_when_nothing_waits(self, world: World):
        assert self.check(world).find_problem() is None

    def test_gives_a_worker_time(self, world: World):
        self.promise(world)
        world.clock.advance(minutes=14)

        assert self.check(world).find_problem() is None

    def test_finds_work_that_nobody_does(self, world: World):
        self.promise(world)
        world.clock.advance(minutes=15)

        assert "since 2026-03-02 11:00 UTC" in (self.check(world).find_problem() or "")


async def test_a_check_that_breaks_is_not_ready():
    def broken() -> str | None:
        raise ConnectionError

    async with http(app(Check("database", broken))) as browser:
        assert (await browser.get("/readyz")).status_code == 500
