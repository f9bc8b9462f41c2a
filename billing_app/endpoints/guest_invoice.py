"""What the page for invoices without an account needs of HTTP: a cookie, the PDF, and
handing the invoice over to a workspace."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.secrets import digest
from billing_app.documents.pdf import PdfEngineMissing, PdfFailed
from billing_app.documents.portal import KeepPage, render_keep, render_message
from billing_app.domain.cookies import (
    guest_cookie,
    not_kept_cookie,
    read_cookie,
    session_cookie,
)
from billing_app.domain.errors import BillingError, DiskFull, NotSignedIn
from billing_app.domain.formats import format_money
from billing_app.domain.guest_invoice import KEEP_PATH, NOT_NOW_PATH, PATH, read_guest
from billing_app.endpoints.first_paint import AsItIs, Painter
from billing_app.endpoints.guard import client_network
from billing_app.endpoints.refusals import status_of
from billing_app.runtime import Runtime
from billing_app.workflows import guest_invoices, sign_in
from billing_app.workflows.sign_in import Browser

# What is kept goes a week after its last change; the cookie holds nothing else.
_COOKIE_SECONDS = 30 * 24 * 60 * 60
_BACK = ("Back to your invoice", PATH)
_PRIVATE = {"cache-control": "no-store"}


def guest_invoice_painter(head: Markup) -> Painter:
    """Give a browser the cookie of its invoice with the page, before that connects.

    `head` links the stylesheets of refusals.
    """

    def paint(request: Request) -> AsItIs | Response | None:
        running = runtime.current()
        if not running.settings.guest_invoices:
            words = ("Page not found", "There is nothing at this address.")
            return HTMLResponse(render_message(*words, head=head), 404, _PRIVATE)
        cookie = _new_cookie(running, request)
        return AsItIs(cookie) if cookie else None

    async def answer(scope: Scope) -> AsItIs | Response | None:
        return await run_in_threadpool(paint, Request(scope))

    return Painter(re.compile(f"{PATH}/?"), answer)


def guest_invoice_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of their pages."""

    def answering(
        answer: Callable[[Request], Response],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return await run_in_threadpool(answer, request)
            except NotSignedIn:
                return RedirectResponse(f"/sign-in?next={KEEP_PATH}", 303)
            except (PdfEngineMissing, PdfFailed):
                words = "The PDF can’t be made right now. Your invoice is kept."
                return _refused("No PDF at the moment", words, 503, head)
            except DiskFull:
                raise
            except BillingError as refusal:
                return refused(refusal, head)

        return endpoint

    async def keep(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=4)
        typed = form.get("workspace_id", "")
        request.state.workspace_id = _number(typed if isinstance(typed, str) else "")
        return await answering(lambda asked: _keep(asked, head))(request)

    def ask(request: Request) -> Response:
        return _ask(request, head)

    return [
        Route(f"{PATH}/invoice.pdf", answering(_print), methods=["GET"]),
        Route(KEEP_PATH, answering(ask), methods=["GET"]),
        Route(KEEP_PATH, keep, methods=["POST"]),
        Route(NOT_NOW_PATH, answering(_leave_be), methods=["GET"]),
    ]


def _new_cookie(running: Runtime, request: Request) -> str:
    """Return the cookie for a browser that has none, or whose invoice is taken."""
    token = _guest_token(request.headers)
    is_ours = guest_invoices.is_ours(running, token)
    wants_new = "new" in request.query_params
    if is_ours and not (wants_new and guest_invoices.is_taken(running, token)):
        return ""
    made = Response()
    is_https = running.settings.is_https
    made.set_cookie(
        guest_cookie(is_https),
        guest_invoices.begin(running, _network_of(request)),
        max_age=_COOKIE_SECONDS,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )
    return made.headers["set-cookie"]


def _print(request: Request) -> Response:
    running = runtime.current()
    token = _guest_token(request.headers)
    name, pdf = guest_invoices.print_guest(running, token, _network_of(request))
    disposition = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(pdf, media_type="application/pdf", headers=_PRIVATE | disposition)


def _ask(request: Request, head: Markup) -> Response:
    """Ask a signed-in person which workspace takes it over."""
    running = runtime.current()
    places = guest_invoices.list_places(running, _staff_token(request))
    form = guest_invoices.find_for_member(running, _guest_token(request.headers))
    if form is None:
        words = ("No invoice of this browser waits to be taken over.",)
        page = render_message("Nothing to keep", *words, head=head, onward=_BACK)
        return HTMLResponse(page, 404, _PRIVATE)
    read = read_guest(form)
    total = read.draft.totals.total
    page = KeepPage(
        action=KEEP_PATH,
        not_now=NOT_NOW_PATH,
        seller=read.seller.name,
        buyer=read.buyer.name,
        line_count=len(read.draft.lines),
        total=format_money(total.minor, total.currency, "en"),
        places=tuple((str(x.workspace_id), x.workspace_name) for x in places),
    )
    return HTMLResponse(render_keep(page, head=head), headers=_PRIVATE)


def _keep(request: Request, head: Markup) -> Response:
    running, staff_token = runtime.current(), _staff_token(request)
    wanted, here = request.state.workspace_id, _workspace_of(staff_token)
    answer = RedirectResponse("/invoices", 303, _PRIVATE)
    if wanted in (0, here):
        return _hand_over(answer, staff_token, _guest_token(request.headers))

    agent = request.headers.get("user-agent", "")
    opened = sign_in.switch_workspace(running, staff_token, wanted, Browser("", agent))
    try:
        _hand_over(answer, opened.token, _guest_token(request.headers))
    except BillingError as refusal:
        # The browser needs the new session all the same.
        answer = refused(refusal, head)
    set_session(answer, opened.token)
    return answer


def keep_at_once(answer: Response, staff_token: str, request: Request) -> Response:
    """Take over what somebody signed in for, where only one workspace can have it.

    Else, or where that is refused, the answer leads to the page that asks.
    """
    running = runtime.current()
    places = guest_invoices.list_places(running, staff_token)
    if len(places) == 1 and places[0].workspace_id == _workspace_of(staff_token):
        with suppress(BillingError):
            _hand_over(answer, staff_token, _guest_token(request.headers))
    return answer


def has_invoice(request: Request, staff_token: str) -> bool:
    """Tell whether this browser has an invoice that this person could take over.

    Whoever said that they don't want to is not asked about it again.
    """
    running = runtime.current()
    not_kept = _cookie_of(request.headers, not_kept_cookie)
    if not_kept and not_kept == _mark_of(_guest_token(request.headers)):
        return False
    form = guest_invoices.find_for_member(running, _guest_token(request.headers))
    if form is None or not form.bills_something:
        return False
    return bool(guest_invoices.list_places(running, staff_token))


def _leave_be(request: Request) -> Response:
    """Go on without it, and don't ask about it at the next sign-in."""
    answer = RedirectResponse("/dashboard", 303, _PRIVATE)
    is_https = runtime.current().settings.is_https
    answer.set_cookie(
        not_kept_cookie(is_https),
        _mark_of(_guest_token(request.headers)),
        max_age=_COOKIE_SECONDS,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )
    return answer


def _mark_of(guest_token: str) -> str:
    """Return what tells one invoice from the next, and finds none of them."""
    return digest(guest_token)[:16]


def set_session(answer: Response, token: str) -> None:
    """Give the browser the cookie of a staff session."""
    is_https = runtime.current().settings.is_https
    answer.set_cookie(
        session_cookie(is_https),
        token,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def _hand_over(answer: Response, staff_token: str, guest_token: str) -> Response:
    """Take the invoice over, and send the browser to the draft it has become."""
    taken = guest_invoices.take_over(runtime.current(), staff_token, guest_token)
    answer.headers["location"] = f"/invoices/{taken.invoice_id}/edit?kept=1"
    return answer


def _workspace_of(staff_token: str) -> int:
    running = runtime.current()
    actor = authentication.staff_actor(running.engine, staff_token, running.now())
    return actor.workspace_id


def _network_of(request: Request) -> str:
    hops = runtime.current().settings.trusted_proxy_hops
    return client_network(request.scope, request.headers, hops)


def _guest_token(headers: Headers) -> str:
    return _cookie_of(headers, guest_cookie)


def _cookie_of(headers: Headers, named: Callable[[bool], str]) -> str:
    name = named(runtime.current().settings.is_https)
    return read_cookie(headers.get("cookie", ""), name)


def _staff_token(request: Request) -> str:
    name = session_cookie(runtime.current().settings.is_https)
    return read_cookie(request.headers.get("cookie", ""), name)


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,15}", text, re.ASCII) else 0


def refused(refusal: BillingError, head: Markup) -> Response:
    """Return the page of a refusal, which leads back to the invoice."""
    status = status_of(refusal)
    return _refused("That did not work", refusal.message, status, head)


def _refused(title: str, words: str, status: int, head: Markup) -> Response:
    page = render_message(title, words, head=head, onward=_BACK)
    return HTMLResponse(page, status, _PRIVATE)
