"""Where Stripe reports: check the signature, store, answer, then work on it."""

from __future__ import annotations

import logging

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.domain.errors import BillingError, DiskFull
from billing_app.endpoints.refusals import status_of
from billing_app.workflows import stripe_events
from billing_app.workflows.stripe_bursts import bursts
from billing_app.workflows.stripe_events import NobodyListens

log = logging.getLogger(__name__)


def webhook_routes() -> list[Route]:
    return [Route("/webhooks/stripe/{workspace}", take_in, methods=["POST"])]


async def take_in(request: Request) -> Response:
    """Answer as soon as it is stored: Stripe repeats what is slow."""
    running = runtime.current()
    payload = await request.body()
    signature = request.headers.get("stripe-signature", "")
    workspace = request.path_params["workspace"]
    try:
        received = await run_in_threadpool(
            stripe_events.receive, running, workspace, payload, signature
        )
    except NobodyListens as refusal:
        return PlainTextResponse(f"{refusal.message}\n", 404)
    except BillingError as refusal:
        log.warning("webhook.refused reason=%s", refusal.message)
        status = status_of(refusal) if isinstance(refusal, DiskFull) else 400
        return PlainTextResponse(f"{refusal.message}\n", status)
    if received.event_id is None:
        return PlainTextResponse("known\n")
    work = BackgroundTask(bursts.handle, running, received.actor, received.event_id)
    return PlainTextResponse("stored\n", background=work)
