"""Pay without a script: a form that leads to Stripe, and the way back from there."""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    InvalidInput,
    NotFound,
    NotSignedIn,
)
from billing_app.domain.online_payment import LIVE, SAID, AttemptStatus
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.endpoints import route_ids
from billing_app.endpoints.portal_request import open_page, place_of
from billing_app.endpoints.refusals import status_of
from billing_app.endpoints.refused_forms import refused_form
from billing_app.workflows import pay_online

_FIELDS_MAX = 5
_TYPED_LENGTH_MAX = 60

_FORM = Markup(
    """<form method="post" action="{action}">
<p class="field">
<label class="field-label" for="amount">Amount to pay</label>
<input class="input input-number" id="amount" name="amount" value="{amount}"
 inputmode="decimal" autocomplete="off" aria-invalid="true">
</p>
<p><button class="button button-primary">Pay now</button></p>
</form>"""
)


def pay_routes() -> list[Route]:
    route_ids.register()
    return [
        route
        for page in INVOICE_ROUTES
        for route in (
            Route(f"{page}/pay", pay, methods=["POST"]),
            Route(f"{page}/paid", come_back, methods=["GET"]),
        )
    ]


async def pay(request: Request) -> Response:
    """Send the browser to the payment page, or say why there is none."""
    form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
    amount = str(form.get("amount", ""))[:_TYPED_LENGTH_MAX]
    try:
        url = await run_in_threadpool(_start, request, amount)
    except (NotFound, NotSignedIn):
        return RedirectResponse(_back(request), 303)
    except BillingError as refusal:
        return _refused(request, refusal, amount)
    return RedirectResponse(url, 303)


async def come_back(request: Request) -> Response:
    """Ask Stripe what happened, then show the invoice as it is now.

    From a payment page we have asked for its name; a bank that wanted proof leads
    back with Stripe's own words.
    """
    asked = request.query_params
    checkout_id = (asked.get("page") or asked.get("payment_intent", ""))[:120]
    try:
        status = await run_in_threadpool(_finish, request, checkout_id)
    except BillingError:
        # The page itself says what is the matter with the link.
        return RedirectResponse(_back(request), 303)
    said = SAID.get(status, "open")
    if status in LIVE and asked.get("redirect_status") == "failed":
        said = "unproven"
    return RedirectResponse(f"{_back(request)}?paid={said}", 303)


def _start(request: Request, amount: str) -> str:
    path = place_of(_back(request)).pattern
    running = runtime.current()
    return pay_online.start(running, _visitor(request), amount, path=path)


def _finish(request: Request, checkout_id: str) -> AttemptStatus:
    return pay_online.finish(runtime.current(), _visitor(request), checkout_id)


def _visitor(request: Request) -> PortalVisitor:
    return open_page(request, _back(request)).visitor


def _back(request: Request) -> str:
    return request.url.path.rpartition("/")[0]


def _refused(request: Request, refusal: BillingError, amount: str) -> Response:
    """Show the sentence, and the amount again where another one may do."""
    form = Markup("")
    if isinstance(refusal, InvalidInput | DiskFull):
        form = _FORM.format(action=request.url.path, amount=amount)
    page = refused_form(
        "Payment not started", refusal.message, form=form, back=_back(request)
    )
    return HTMLResponse(page, status_of(refusal))
