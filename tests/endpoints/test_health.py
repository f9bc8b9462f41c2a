from starlette.applications import Starlette

from billing_app.endpoints.health import Check, health_routes
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


async def test_a_check_that_breaks_is_not_ready():
    def broken() -> str | None:
        raise ConnectionError

    async with http(app(Check("database", broken))) as browser:
        assert (await browser.get("/readyz")).status_code == 500
