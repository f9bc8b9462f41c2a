"""Whether the process lives (/healthz) and whether it can do its work (/readyz)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from billing_app.database import migrations, outbox
from billing_app.database.engine import reading

# A worker takes what is due within seconds.
_OUTBOX_AGE_MAX = timedelta(minutes=15)

PATHS = ("/healthz", "/readyz")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the app needs; finds a public sentence when it is missing."""

    name: str
    find_problem: Callable[[], str | None]


def database_check(engine: Engine) -> Check:
    """Whether the database answers and has the shape this version expects."""

    def find_problem() -> str | None:
        try:
            is_at_head = migrations.is_at_head(reading(engine))
        except SQLAlchemyError:
            return "The database does not answer."
        return None if is_at_head else "The database waits for `tallyport migrate`."

    return Check("database", find_problem)


def outbox_check(engine: Engine, now: Callable[[], datetime]) -> Check:
    """Whether promised work, mail above all, is being done."""

    def find_problem() -> str | None:
        try:
            oldest = outbox.oldest_waiting(engine, now())
        except SQLAlchemyError:
            return "The database does not answer."
        if oldest is None or now() - oldest < _OUTBOX_AGE_MAX:
            return None
        return f"Work waits since {oldest:%Y-%m-%d %H:%M} UTC; is a worker running?"

    return Check("outbox", find_problem)


def health_routes(checks: Sequence[Check]) -> list[Route]:
    async def live(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def ready(_: Request) -> JSONResponse:
        found = await run_in_threadpool(find_problems, checks)
        if found:
            return JSONResponse({"status": "not ready", "problems": found}, 503)
        return JSONResponse({"status": "ready"})

    return [Route("/healthz", live), Route("/readyz", ready)]


def find_problems(checks: Sequence[Check]) -> dict[str, str]:
    """Ask all checks; what each found, by its name."""
    answers = {check.name: check.find_problem() for check in checks}
    return {name: problem for name, problem in answers.items() if problem}
