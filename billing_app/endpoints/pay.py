"""Pay without a script: a form that leads to Stripe, and the way back from there."""

from __future__ import annotations

import re
from dataclasses import replace

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database.authentication import OpenedLink
from billing_app.documents.portal import NotSent, TypedField, render_not_sent
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    InvalidInput,
    NotFound,
    NotSignedIn,
)
from billing_app.domain.online_payment import LIVE, SAID, AttemptStatus
from billing_app.domain.portal_place import ACCOUNT_ROUTES, INVOICE_ROUTES
from billing_app.domain.speech import later, spoken
from billing_app.endpoints import route_ids
from billing_app.endpoints.portal_request import (
    language_of,
    open_page,
    opened_page,
    place_of,
)
from billing_app.endpoints.refusals import status_of
from billing_app.workflows import account_payments, pay_online
from billing_app.workflows.pay_online import Chosen

_FIELDS_MAX = 5
# More than can be paid at once, so that too many are refused in words.
_CHOICES_MAX = 2_000
_ID = re.compile("[0-9]{1,15}")
_TYPED_LENGTH_MAX = 60
_TITLE = later("Payment not started")


def pay_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of a refusal."""
    route_ids.register()
    plain = _PlainForms(head)
    return [
        *(Route(f"{page}/pay", plain.pay, methods=["POST"]) for page in INVOICE_ROUTES),
        *(
            Route(f"{page}/pay", plain.pay_together, methods=["POST"])
            for page in ACCOUNT_ROUTES
        ),
        *(
            Route(f"{page}/paid", come_back, methods=["GET"])
            for page in (*INVOICE_ROUTES, *ACCOUNT_ROUTES)
        ),
    ]


class _PlainForms:
    """The answers to the forms of a page without a script."""

    def __init__(self, head: Markup) -> None:
        self._head = head

    async def pay(self, request: Request) -> Response:
        """Send the browser to the payment page, or say why there is none."""
        form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
        amount = str(form.get("amount", ""))[:_TYPED_LENGTH_MAX]
        try:
            url = await run_in_threadpool(_start, request, amount)
        except (NotFound, NotSignedIn):
            return RedirectResponse(_back(request), 303)
        except BillingError as refusal:
            may_do = isinstance(refusal, InvalidInput | DiskFull)
            it = NotSent(_TITLE, refusal.message, back=_back(request))
            again = _sent_again(it, request, amount) if may_do else it
            return self._refused(request, again, refusal)
        return RedirectResponse(url, 303)

    async def pay_together(self, request: Request) -> Response:
        """Do `pay` for the invoices that were chosen, or for the whole balance."""
        form = await request.form(max_files=0, max_fields=_CHOICES_MAX)
        typed = [str(text)[:_TYPED_LENGTH_MAX] for text in form.getlist("invoice")]
        chosen = Chosen(
            # What is no number is no invoice either.
            tuple(int(text) if _ID.fullmatch(text) else 0 for text in typed),
            str(form.get("balance", ""))[:3],
            str(form.get("amount", ""))[:_TYPED_LENGTH_MAX],
        )
        if chosen.currency:
            chosen = Chosen(currency=chosen.currency)
        try:
            link = await run_in_threadpool(open_page, request, _back(request))
        except BillingError:
            # The page itself says what is the matter with the link.
            return RedirectResponse(_back(request), 303)
        try:
            url = await run_in_threadpool(_start_together, request, link, chosen)
        except BillingError as refusal:
            is_amount = isinstance(refusal, InvalidInput) and refusal.field == "amount"
            may_do = is_amount or isinstance(refusal, DiskFull)
            it = NotSent(
                _TITLE,
                refusal.message,
                back=_back(request),
                is_of_account=True,
                hidden=tuple(("invoice", str(each)) for each in chosen.invoice_ids),
            )
            again = _sent_again(it, request, chosen.amount_text) if may_do else it
            return self._refused(request, again, refusal)
        return RedirectResponse(url, 303)

    def _refused(
        self, request: Request, it: NotSent, refusal: BillingError
    ) -> Response:
        language = language_of(request)
        page = render_not_sent(it, head=self._head, language=language)
        return HTMLResponse(page, status_of(refusal))


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
    with opened_page(request, _back(request)) as link:
        return pay_online.start(runtime.current(), link.visitor, amount, path=path)


def _start_together(request: Request, link: OpenedLink, chosen: Chosen) -> str:
    path = place_of(_back(request)).pattern
    with spoken(link.setup.language):
        if not chosen.invoice_ids and not chosen.currency:
            raise InvalidInput(later("Choose at least one invoice."), field="invoice")
        return account_payments.start(runtime.current(), link, chosen, path)


def _finish(request: Request, checkout_id: str) -> AttemptStatus:
    return pay_online.finish(runtime.current(), _visitor(request), checkout_id)


def _visitor(request: Request) -> PortalVisitor:
    return open_page(request, _back(request)).visitor


def _back(request: Request) -> str:
    return request.url.path.rpartition("/")[0]


def _sent_again(it: NotSent, request: Request, amount: str) -> NotSent:
    """Offer the amount again, where another one may do."""
    return replace(
        it,
        action=request.url.path,
        button=later("Pay now"),
        fields=(TypedField("amount", later("Amount to pay"), amount, "amount"),),
    )
