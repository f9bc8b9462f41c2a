"""Pay without a script: a form that leads to Stripe, and the way back from there."""

from __future__ import annotations

import re

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database import authentication
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import BillingError, InvalidInput, NotFound
from billing_app.domain.online_payment import AttemptStatus
from billing_app.workflows import pay_online

_FIELDS_MAX = 5
_TYPED_LENGTH_MAX = 60
# What the page says after the way back; it reads the rest from the database.
_SAID = {
    AttemptStatus.SUCCEEDED: "yes",
    AttemptStatus.HELD: "review",
    AttemptStatus.PROCESSING: "processing",
    AttemptStatus.FAILED: "failed",
    AttemptStatus.EXPIRED: "expired",
}

_PAGE = Markup(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Payment not started</title>
<link rel="icon" href="/favicon.svg">
<link rel="stylesheet" href="/tokens.css">
<link rel="stylesheet" href="/base.css">
<link rel="stylesheet" href="/portal.css">
</head>
<body class="alone">
<main>
<h1>Payment not started</h1>
<p class="message message-bad" role="alert">{message}</p>
{form}
<p><a class="link" href="{back}">Back to the invoice</a></p>
</main>
</body>
</html>
"""
)
_FORM = Markup(
    """<form method="post" action="{action}">
<p class="field">
<label class="field-label" for="amount">Amount to pay</label>
<input class="input input-number" id="amount" name="amount" value="{amount}"
 inputmode="decimal" autocomplete="off" aria-invalid="true">
<input type="hidden" name="invoice" value="{invoice}">
</p>
<p><button class="button button-primary">Pay now</button></p>
</form>"""
)


def pay_routes() -> list[Route]:
    return [
        Route("/p/{token}/pay", pay, methods=["POST"]),
        Route("/c/{token}/pay", pay, methods=["POST"]),
        Route("/pay/return/{token}", come_back, methods=["GET"]),
    ]


async def pay(request: Request) -> Response:
    """Send the browser to the payment page, or say why there is none."""
    token = request.path_params["token"]
    form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
    amount = str(form.get("amount", ""))[:_TYPED_LENGTH_MAX]
    invoice = str(form.get("invoice", ""))[:20]
    invoice_id = int(invoice) if re.fullmatch("[0-9]{1,15}", invoice) else None
    running = runtime.current()
    try:
        visitor = await run_in_threadpool(_visitor, token)
        url = await run_in_threadpool(
            pay_online.start, running, visitor, amount, invoice_id
        )
    except NotFound:
        return RedirectResponse(_back(request), 303)
    except BillingError as refusal:
        return _refused(request, refusal, amount, invoice)
    return RedirectResponse(url, 303)


async def come_back(request: Request) -> Response:
    """Ask Stripe what happened, then show the invoice as it is now."""
    token = request.path_params["token"]
    checkout_id = request.query_params.get("page", "")[:120]
    running = runtime.current()
    try:
        visitor = await run_in_threadpool(_visitor, token)
        status = await run_in_threadpool(
            pay_online.finish, running, visitor, checkout_id
        )
    except BillingError:
        # The invoice's own page says what is the matter with the link.
        return RedirectResponse(f"/p/{token}", 303)
    page = "p" if visitor.invoice_id is not None else "c"
    return RedirectResponse(f"/{page}/{token}?paid={_SAID.get(status, 'open')}", 303)


def _visitor(token: str) -> PortalVisitor:
    running = runtime.current()
    return authentication.visitor_from_link(running.engine, token, running.now())


def _back(request: Request) -> str:
    return request.url.path.removesuffix("/pay")


def _refused(
    request: Request, refusal: BillingError, amount: str, invoice: str
) -> Response:
    """Show the sentence, and the amount again where another one may do."""
    form = Markup("")
    if isinstance(refusal, InvalidInput):
        form = _FORM.format(action=request.url.path, amount=amount, invoice=invoice)
    page = _PAGE.format(message=refusal.message, form=form, back=_back(request))
    return HTMLResponse(page, 422)
