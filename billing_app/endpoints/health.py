"""Whether the process lives (/healthz) and whether it can do its work (/readyz)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

PATHS = ("/healthz", "/readyz")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the app needs; finds a public sentence when it is missing."""

    name: str
    find_problem: Callable[[], str | None]


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
