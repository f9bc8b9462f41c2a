"""Dispute without a script: a form, one sentence where it can't be, and back."""

from __future__ import annotations

import secrets

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.documents.portal import NotSent, TypedField, render_not_sent
from billing_app.domain.dispute import REASON_LENGTH_MAX, DisputeForm
from billing_app.domain.errors import BillingError, NotFound, NotSignedIn
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.domain.speech import later
from billing_app.endpoints import route_ids
from billing_app.endpoints.portal_request import language_of, opened_page
from billing_app.endpoints.refusals import status_of
from billing_app.workflows import disputes

_FIELDS_MAX = 5
_TYPED_LENGTH_MAX = 60


def dispute_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of a refusal."""
    route_ids.register()
    plain = _PlainForms(head)
    return [
        route
        for page in INVOICE_ROUTES
        for route in (
            Route(f"{page}/disputes", plain.open, methods=["POST"]),
            Route(
                f"{page}/disputes/{{dispute_id:id}}/withdraw",
                plain.withdraw,
                methods=["POST"],
            ),
        )
    ]


class _PlainForms:
    """The answers to the forms of a page without a script."""

    def __init__(self, head: Markup) -> None:
        self._head = head

    async def open(self, request: Request) -> Response:
        """Open a dispute and go back to it, or say why not with what was typed."""
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
            return self._refused(request, _sent_again(refusal, page, sent), refusal)
        return RedirectResponse(f"{page}#disputes", 303)

    async def withdraw(self, request: Request) -> Response:
        """Take a dispute back and show the invoice as it is now."""
        page = request.url.path.partition("/disputes/")[0]
        dispute_id = request.path_params["dispute_id"]
        try:
            await run_in_threadpool(_withdraw, request, page, dispute_id)
        except (NotFound, NotSignedIn):
            return RedirectResponse(page, 303)
        except BillingError as refusal:
            words = NotSent(
                later("Dispute not withdrawn"), refusal.message, back=f"{page}#disputes"
            )
            return self._refused(request, words, refusal)
        return RedirectResponse(f"{page}#disputes", 303)

    def _refused(
        self, request: Request, it: NotSent, refusal: BillingError
    ) -> Response:
        language = language_of(request)
        page = render_not_sent(it, head=self._head, language=language)
        return HTMLResponse(page, status_of(refusal))


def _open(request: Request, page: str, sent: DisputeForm) -> None:
    with opened_page(request, page) as link:
        disputes.open_dispute(runtime.current(), link, sent)


def _withdraw(request: Request, page: str, dispute_id: int) -> None:
    with opened_page(request, page) as link:
        disputes.withdraw_dispute(runtime.current(), link, dispute_id)


def _sent_again(refusal: BillingError, page: str, sent: DisputeForm) -> NotSent:
    return NotSent(
        title=later("Dispute not sent"),
        message=refusal.message,
        back=f"{page}#disputes",
        action=f"{page}/disputes",
        button=later("Send dispute"),
        hidden=(("line", sent.line),),
        fields=(
            TypedField("amount", later("Amount you dispute"), sent.amount, "amount"),
            TypedField("reason", later("What is wrong?"), sent.reason, "long"),
        ),
    )
