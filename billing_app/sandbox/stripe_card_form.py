"""What browsers get from the stand-in: its script, and the frames that script opens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from billing_app.domain.formats import format_money
from billing_app.gateways.stripe_amounts import from_stripe_amount
from billing_app.sandbox.pages import html_page
from billing_app.sandbox.stripe_account import AccountBook
from billing_app.sandbox.stripe_objects import Json
from billing_app.sandbox.stripe_refusals import StripeRefusal

if TYPE_CHECKING:
    from billing_app.sandbox.stripe_app import StripeSandbox

CARDS = (
    ("Pays", "4242 4242 4242 4242"),
    ("Declines", "4000 0000 0000 0002"),
    ("Asks for proof", "4000 0025 0000 3155"),
)
_SCRIPTS = Path(__file__).parent / "browser"
# Any page may load the script and show the frames, as with Stripe's own.
_SCRIPT_HEADERS = {"Cross-Origin-Resource-Policy": "cross-origin"}
_FRAME_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'unsafe-inline'; img-src data:; connect-src 'self'; frame-ancestors *",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


def card_form_routes(sandbox: StripeSandbox) -> list[Route]:
    form = _CardForm(sandbox)
    return [
        Route("/endive/stripe.js", _script("stripe.js"), methods=["GET"]),
        Route("/card/frame.js", _script("frame.js"), methods=["GET"]),
        Route("/card/proof.js", _script("proof.js"), methods=["GET"]),
        Route("/card/frame", form.show, methods=["GET"]),
        Route("/card/proof", form.ask, methods=["GET"]),
        Route("/card/proof", form.answer, methods=["POST"]),
    ]


class _CardForm:
    def __init__(self, sandbox: StripeSandbox) -> None:
        self._sandbox = sandbox

    async def show(self, _: Request) -> Response:
        return _framed(html_page("card_frame.html", cards=CARDS))

    async def ask(self, request: Request) -> Response:
        with self._sandbox.working() as books:
            found = _find(books, dict(request.query_params))
            if found is None:
                return _framed(html_page("checkout_missing.html", 404))
            book, intent = found
            code = intent["currency"].upper()
            minor = from_stripe_amount(intent["amount"], code)
            amount = format_money(minor, code, "en-US")
            page = html_page(
                "card_proof.html", business=book.account.name, amount=amount
            )
            return _framed(page)

    async def answer(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        with self._sandbox.working() as books:
            found = _find(books, form)
            if found is None:
                return Response(status_code=404)
            book, intent = found
            try:
                book.prove(intent["id"], is_proven=form.get("answer") == "complete")
            except StripeRefusal:
                # Answered in another window, or canceled meanwhile.
                return Response(status_code=409)
        return Response(status_code=204)


def _find(
    books: dict[str, AccountBook], asked: dict[str, str]
) -> tuple[AccountBook, Json] | None:
    """Find a payment by its secret and the key for browsers; both are needed."""
    secret = asked.get("client_secret", "")
    for book in books.values():
        if asked.get("key") != book.account.publishable_key:
            continue
        intent = book.ledger.intents.get(secret.partition("_secret_")[0])
        if intent is not None and intent["client_secret"] == secret:
            return book, intent
    return None


def _script(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return FileResponse(
            _SCRIPTS / name, media_type="text/javascript", headers=_SCRIPT_HEADERS
        )

    return answer


def _framed(page: Response) -> Response:
    page.headers.update(_FRAME_HEADERS)
    return page
