"""Promise to pay by a date: a plain form on the page of an invoice."""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.documents.portal import render_message
from billing_app.domain.errors import BillingError, NotFound, NotSignedIn
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.portal_settings import WriteAuth
from billing_app.domain.speech import later
from billing_app.endpoints import route_ids
from billing_app.endpoints.portal_request import language_of, opened_page, place_of
from billing_app.endpoints.refusals import status_of
from billing_app.workflows import promises

_FIELDS_MAX = 3
_TYPED_LENGTH_MAX = 20


def promise_routes(head: Markup) -> list[Route]:
    """Return the routes that promises are posted to; `head` links the stylesheets."""
    route_ids.register()

    async def post(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
        typed = str(form.get("promised_on", ""))[:_TYPED_LENGTH_MAX]
        back = place_of(request.url.path.rpartition("/")[0]).path
        try:
            await run_in_threadpool(_promise, request, typed)
        except (NotFound, NotSignedIn):
            # The page itself says what is the matter with the link.
            return RedirectResponse(back, 303)
        except VerificationRequired as missing:
            if missing.wanted == WriteAuth.OFF:
                return _refused(request, missing, head)
            return RedirectResponse(f"{back}/verify", 303)
        except BillingError as refusal:
            return _refused(request, refusal, head)
        return RedirectResponse(back, 303)

    return [
        Route(f"{page}/promises", post, methods=["POST"]) for page in INVOICE_ROUTES
    ]


def _promise(request: Request, typed: str) -> None:
    with opened_page(request, request.url.path.rpartition("/")[0]) as link:
        promises.make_promise(runtime.current(), link, typed)


def _refused(request: Request, refusal: BillingError, head: Markup) -> Response:
    page = render_message(
        later("Not noted"),
        refusal.message,
        later("Go back in your browser to choose again."),
        head=head,
        language=language_of(request),
    )
    return HTMLResponse(page, status_of(refusal))
