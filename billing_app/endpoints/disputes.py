"""Dispute without a script: a form, one sentence where it can't be, and back."""

from __future__ import annotations

import secrets

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.domain.dispute import REASON_LENGTH_MAX, DisputeForm
from billing_app.domain.errors import BillingError, NotFound, NotSignedIn
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.endpoints import route_ids
from billing_app.endpoints.portal_request import open_page
from billing_app.endpoints.refusals import status_of
from billing_app.endpoints.refused_forms import refused_form
from billing_app.workflows import disputes

_FIELDS_MAX = 5
_TYPED_LENGTH_MAX = 60
_REFUSED = "Dispute not sent"
_FORM = Markup(
    """<form method="post" action="{action}">
<input type="hidden" name="line" value="{line}">
<p class="field">
<label class="field-label" for="amount">Amount you dispute</label>
<input class="input input-number" id="amount" name="amount" value="{amount}"
 inputmode="decimal" autocomplete="off">
</p>
<p class="field">
<label class="field-label" for="reason">What is wrong?</label>
<textarea class="input" id="reason" name="reason" rows="6">{reason}</textarea>
</p>
<p><button class="button button-primary">Send dispute</button></p>
</form>"""
)


def dispute_routes() -> list[Route]:
    route_ids.register()
    return [
        route
        for page in INVOICE_ROUTES
        for route in (
            Route(f"{page}/disputes", open_dispute, methods=["POST"]),
            Route(
                f"{page}/disputes/{{dispute_id:id}}/withdraw",
                withdraw_dispute,
                methods=["POST"],
            ),
        )
    ]


async def open_dispute(request: Request) -> Response:
    """Open a dispute and go back to it, or say why not with all that was typed."""
    form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
    sent = DisputeForm(
        amount=str(form.get("amount", ""))[:_TYPED_LENGTH_MAX],
        # One character too many is enough to be told so.
        reason=str(form.get("reason", ""))[: 2 * REASON_LENGTH_MAX],
        line=str(form.get("line", ""))[:_TYPED_LENGTH_MAX],
        request_key=secrets.token_hex(16),
    )
    page = request.url.path.removesuffix("/disputes")
    try:
        await run_in_threadpool(_open, request, page, sent)
    except (NotFound, NotSignedIn):
        return RedirectResponse(page, 303)
    except BillingError as refusal:
        return _refused(refusal, page, sent)
    return RedirectResponse(f"{page}#disputes", 303)


async def withdraw_dispute(request: Request) -> Response:
    """Take a dispute back and show the invoice as it is now."""
    page = request.url.path.partition("/disputes/")[0]
    try:
        await run_in_threadpool(
            _withdraw, request, page, request.path_params["dispute_id"]
        )
    except (NotFound, NotSignedIn):
        return RedirectResponse(page, 303)
    except BillingError as refusal:
        words = refused_form(_REFUSED, refusal.message, back=f"{page}#disputes")
        return HTMLResponse(words, status_of(refusal))
    return RedirectResponse(f"{page}#disputes", 303)


def _open(request: Request, page: str, sent: DisputeForm) -> None:
    disputes.open_dispute(runtime.current(), open_page(request, page), sent)


def _withdraw(request: Request, page: str, dispute_id: int) -> None:
    disputes.withdraw_dispute(runtime.current(), open_page(request, page), dispute_id)


def _refused(refusal: BillingError, page: str, sent: DisputeForm) -> Response:
    form = _FORM.format(
        action=f"{page}/disputes",
        line=sent.line,
        amount=sent.amount,
        reason=sent.reason,
    )
    words = refused_form(_REFUSED, refusal.message, form=form, back=f"{page}#disputes")
    return HTMLResponse(words, status_of(refusal))
