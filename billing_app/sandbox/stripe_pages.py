"""The stand-in's pages: where customers pay, and where accidents are ordered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app.domain.formats import format_money
from billing_app.gateways.stripe_amounts import from_stripe_amount
from billing_app.sandbox.pages import html_page
from billing_app.sandbox.stripe_account import DECLINED, AccountBook
from billing_app.sandbox.stripe_faults import ArmedFault, Fault
from billing_app.sandbox.stripe_objects import BANK_DEBITS, Json
from billing_app.sandbox.stripe_refusals import StripeRefusal

if TYPE_CHECKING:
    from billing_app.sandbox.stripe_app import StripeSandbox

_RECENT = 30
_SECONDS_MAX = 600


def page_routes(sandbox: StripeSandbox) -> list[Route]:
    pages = StripePages(sandbox)
    return [
        Route("/c/pay/{id}", pages.checkout, methods=["GET"]),
        Route("/c/pay/{id}", pages.pay, methods=["POST"]),
        Route("/sandbox", pages.control, methods=["GET"]),
        Route("/sandbox/payments/{id}", pages.settle_debit, methods=["POST"]),
        Route("/sandbox/events/{id}", pages.send_again, methods=["POST"]),
        Route("/sandbox/faults", pages.list_faults, methods=["GET"]),
        Route("/sandbox/faults", pages.arm_fault, methods=["POST"]),
        Route("/sandbox/faults", pages.clear_faults, methods=["DELETE"]),
    ]


class StripePages:
    """The handlers of the pages; each holds the stand-in's lock for its moment.

    They run on the event loop: the threads may all be busy with calls that wait
    for the stand-in.
    """

    def __init__(self, sandbox: StripeSandbox) -> None:
        self._sandbox = sandbox

    async def checkout(self, request: Request) -> Response:
        with self._sandbox.working() as books:
            book = _book_with(books, "sessions", request.path_params["id"])
            if book is None:
                return html_page("checkout_missing.html", 404)
            return _checkout_page(book, request.path_params["id"])

    async def pay(self, request: Request) -> Response:
        form = await request.form()
        session_id = request.path_params["id"]
        with self._sandbox.working() as books:
            book = _book_with(books, "sessions", session_id)
            if book is None:
                return html_page("checkout_missing.html", 404)
            # Pressed twice, or after the page had expired: show how it stands.
            with contextlib.suppress(StripeRefusal):
                _act(book, session_id, str(form.get("action", "")))
            session = book.find("sessions", session_id)
            if session["status"] == "complete":
                return RedirectResponse(_success_url(session), status_code=303)
            return _checkout_page(book, session_id)

    async def control(self, request: Request) -> Response:
        with self._sandbox.working() as books:
            payments = [
                _payment_row(book, intent)
                for book in books.values()
                for intent in book.ledger.intents.values()
            ]
            payments.sort(key=lambda row: row["created"], reverse=True)
            return html_page(
                "control.html",
                payments=payments[:_RECENT],
                deliveries=list(self._sandbox.deliveries.recent)[::-1][:_RECENT],
                armed=self._sandbox.faults.list_armed(),
                faults=list(Fault),
            )

    async def settle_debit(self, request: Request) -> Response:
        form = await request.form()
        intent_id = request.path_params["id"]
        with self._sandbox.working() as books, contextlib.suppress(StripeRefusal):
            if book := _book_with(books, "intents", intent_id):
                settle = (
                    book.clear_debit
                    if form.get("action") == "clear"
                    else book.return_debit
                )
                settle(intent_id)
        return self._back_to_control()

    async def send_again(self, request: Request) -> Response:
        self._sandbox.deliveries.send_again(request.path_params["id"])
        return self._back_to_control()

    async def list_faults(self, request: Request) -> Response:
        return JSONResponse([asdict(x) for x in self._sandbox.faults.list_armed()])

    async def arm_fault(self, request: Request) -> Response:
        """Take a fault from the control page's form or as JSON."""
        is_json = request.headers.get("content-type", "").startswith("application/json")
        wanted = await request.json() if is_json else dict(await request.form())
        try:
            armed = ArmedFault(
                Fault(str(wanted.get("fault"))),
                times=int(wanted.get("times", 1)),
                match=str(wanted.get("match", "")),
                seconds=min(int(wanted.get("seconds", 30)), _SECONDS_MAX),
            )
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

        self._sandbox.faults.arm(armed)
        return JSONResponse(asdict(armed), 201) if is_json else self._back_to_control()

    async def clear_faults(self, request: Request) -> Response:
        self._sandbox.faults.clear()
        return Response(status_code=204)

    def _back_to_control(self) -> Response:
        return RedirectResponse(f"{self._sandbox.public_url}/sandbox", status_code=303)


def _act(book: AccountBook, session_id: str, action: str) -> None:
    actions: dict[str, Callable[[str], Json]] = {
        "card": book.pay_by_card,
        "decline": book.decline_card,
        "bank": book.pay_by_bank,
    }
    if action in actions:
        actions[action](session_id)


def _checkout_page(book: AccountBook, session_id: str) -> Response:
    session = book.find("sessions", session_id)
    intent = book.ledger.intents.get(session["payment_intent"] or "")
    failure = intent["last_payment_error"] if intent else None
    return html_page(
        "checkout.html",
        session=session,
        business=book.account.name,
        title=book.ledger.titles[session_id],
        amount=_amount_text(session["amount_total"], session["currency"]),
        bank_method=_bank_method(session),
        failure=DECLINED if failure else "",
        success_url=_success_url(session),
    )


def _bank_method(session: Json) -> str | None:
    method = BANK_DEBITS.get(session["currency"])
    return method if method in session["payment_method_types"] else None


def _success_url(session: Json) -> str:
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])


def _payment_row(book: AccountBook, intent: Json) -> dict[str, Any]:
    return {
        "id": intent["id"],
        "business": book.account.name,
        "description": intent["description"] or intent["id"],
        "amount": _amount_text(intent["amount"], intent["currency"]),
        "status": intent["status"].replace("_", " "),
        "is_processing": intent["status"] == "processing",
        "created": datetime.fromtimestamp(intent["created"], UTC),
    }


def _amount_text(amount: int, currency: str) -> str:
    code = currency.upper()
    return format_money(from_stripe_amount(amount, code), code, "en-US")


def _book_with(
    books: dict[str, AccountBook], kind: str, object_id: str
) -> AccountBook | None:
    """Find the account that holds a session or an intent."""
    return next(
        (b for b in books.values() if object_id in getattr(b.ledger, kind)), None
    )
