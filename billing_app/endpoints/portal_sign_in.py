"""Prove who one is as a customer, by plain forms that work without a script.

Only an HTTP answer can set a safe cookie. Every success loads the page anew, since
the socket of a page keeps the cookie it was opened with. A dialog on the page sends
the same forms and shows the same answers (web/portal/verifying.jsx); it is told by
an empty one that nothing is missing any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import segno
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import (
    Cookies,
    CustomerSession,
    PortalNotAvailable,
    SignInNotOffered,
)
from billing_app.documents.portal import VerifyStep, render_message, render_verify
from billing_app.domain.actors import SystemActor
from billing_app.domain.branding import brand_style, correct_brand, initials
from billing_app.domain.cookies import portal_cookie
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    InvalidInput,
    LimitReached,
    NotFound,
    NotSignedIn,
)
from billing_app.domain.portal_invoice import (
    NO_SIGN_IN,
    NOT_AVAILABLE,
    NOT_FOUND,
    is_word_mark,
)
from billing_app.domain.portal_place import INVOICE_ROUTES, parse_place
from billing_app.domain.portal_proof import SESSION_LIFETIME
from billing_app.domain.portal_settings import PortalSettings, WriteAuth
from billing_app.domain.speech import put_into_words
from billing_app.endpoints import route_ids
from billing_app.endpoints.guard import client_network
from billing_app.endpoints.portal_request import asked_language, language_of
from billing_app.queries.portal_desk import read_letterhead
from billing_app.services.portal_sessions import CodePlace
from billing_app.workflows import portal_sign_in as workflow
from billing_app.workflows.sign_in import Browser

_FIELDS_MAX = 6
_TYPED_LENGTH_MAX = 300
_ACCOUNT = "/account/{slug}"


@dataclass(frozen=True, slots=True)
class Desk:
    """The page where somebody proves who they are.

    Attributes:
        path: where its forms are sent; `inside` is where a proof leads.
        language: of the customer, or before they are known the browser's.
    """

    workspace_id: int
    place: CodePlace
    settings: PortalSettings
    session: CustomerSession | None
    path: str
    inside: str
    language: str

    @property
    def is_account(self) -> bool:
        return self.place.invoice_id is None


def portal_sign_in_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of their pages."""
    route_ids.register()
    pages = _Pages(head)
    by_link = (*INVOICE_ROUTES, "/c/{token}")
    return [
        *(Route(f"{page}/verify", pages.show, methods=["GET"]) for page in by_link),
        *(Route(f"{page}/verify", pages.take, methods=["POST"]) for page in by_link),
        *(Route(f"{page}/sign-out", pages.leave, methods=["POST"]) for page in by_link),
        Route(f"{_ACCOUNT}/sign-in", pages.show, methods=["GET"]),
        Route(f"{_ACCOUNT}/sign-in", pages.take, methods=["POST"]),
        Route(f"{_ACCOUNT}/change", pages.change, methods=["GET"]),
        Route(f"{_ACCOUNT}/sign-out", pages.leave, methods=["POST"]),
    ]


class _Pages:
    """The answers, and the pages that stand in for a refusal."""

    def __init__(self, head: Markup) -> None:
        self._head = head

    async def show(self, request: Request) -> Response:
        try:
            desk = await run_in_threadpool(_open, request)
            answer = await run_in_threadpool(self._next, desk)
            is_proven = isinstance(answer, RedirectResponse)
            return Response(status_code=204) if is_proven and _asks(request) else answer
        except BillingError as refusal:
            return self._refusal(request, refusal)

    async def take(self, request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
        try:
            desk = await run_in_threadpool(_open, request)
            answer = await run_in_threadpool(self._take, desk, form, _browser(request))
        except BillingError as refusal:
            return self._refusal(request, refusal)
        # The form with its refusal is what a dialog asked for; a browser would note
        # anything else as an error of the page.
        if _asks(request) and answer.status_code == 422:
            answer.status_code = 200
        return answer

    async def change(self, request: Request) -> Response:
        try:
            desk = await run_in_threadpool(_open, request)
            return await run_in_threadpool(self._choices, desk)
        except BillingError as refusal:
            return self._refusal(request, refusal)

    async def leave(self, request: Request) -> Response:
        try:
            desk = await run_in_threadpool(_open, request)
        except BillingError as refusal:
            return self._refusal(request, refusal)
        if desk.session is not None:
            await run_in_threadpool(workflow.sign_out, runtime.current(), desk.session)
        answer = RedirectResponse(desk.path if desk.is_account else desk.inside, 303)
        _set_cookie(answer, desk.workspace_id, "")
        return answer

    def _next(self, desk: Desk) -> Response:
        """Ask for the first proof that is missing, or let in."""
        session = desk.session
        if session is None or (desk.is_account and session.invoice_id is not None):
            return self._page(desk, "email")
        if session.customer_id is None:
            return self._page(desk, "choose", email=session.email)
        is_own = desk.place.customer_id in (None, session.customer_id)
        reaches = session.invoice_id in (None, desk.place.invoice_id)
        if not (is_own and reaches):
            return self._page(desk, "email")
        if desk.settings.write_auth == WriteAuth.CODE_TOTP and not session.has_totp:
            return self._totp(desk, session)
        return RedirectResponse(desk.inside, 303)

    def _choices(self, desk: Desk) -> Response:
        """Offer the other customers of the address that the browser has proven."""
        session = desk.session
        if session is None or not workflow.may_change(runtime.current(), session):
            return RedirectResponse(desk.path, 303)
        return self._page(desk, "choose", email=session.email)

    def _take(self, desk: Desk, form: FormData, browser: Browser) -> Response:
        running, email = runtime.current(), _text(form, "email")
        step, asked = _text(form, "step"), _text(form, "asked")
        try:
            if step == "email":
                asked = workflow.request_code(
                    running, desk.workspace_id, desk.place, email, browser
                )
                return self._page(desk, "code", email=email, asked=asked)
            if step == "code":
                token = workflow.confirm_code(
                    running,
                    desk.workspace_id,
                    desk.place,
                    email,
                    _text(form, "code"),
                    asked,
                    browser,
                )
                answer = RedirectResponse(desk.path, 303)
                _set_cookie(answer, desk.workspace_id, token)
                return answer
            if desk.session is None:
                return RedirectResponse(desk.path, 303)
            if step == "totp" and desk.session.customer_id is not None:
                workflow.confirm_totp(running, desk.session, _text(form, "code"))
            elif step == "choose":
                chosen = _text(form, "customer")
                is_id = chosen.isascii() and chosen.isdigit() and len(chosen) < 16
                token = workflow.choose_customer(
                    running, desk.session, int(chosen) if is_id else 0
                )
                answer = RedirectResponse(desk.path, 303)
                if token:
                    _set_cookie(answer, desk.workspace_id, token)
                return answer
        except (InvalidInput, LimitReached) as refusal:
            put_into_words(refusal, desk.language)
            status = 429 if isinstance(refusal, LimitReached) else 422
            if step == "totp" and desk.session is not None:
                return self._totp(desk, desk.session, status, refusal.message)
            error = refusal.message
            return self._page(desk, step, status, email=email, asked=asked, error=error)
        return RedirectResponse(desk.path, 303)

    def _totp(
        self, desk: Desk, session: CustomerSession, status: int = 200, error: str = ""
    ) -> Response:
        state = workflow.read_totp(runtime.current(), session)
        if not state.secret:
            return self._page(desk, "totp", status, error=error)
        image = segno.make(state.uri, error="m", micro=False)
        return self._page(
            desk,
            "set_up",
            status,
            error=error,
            secret=" ".join(
                state.secret[start : start + 4]
                for start in range(0, len(state.secret), 4)
            ),
            code_image=image.svg_data_uri(scale=4, border=4, light="#fff"),
        )

    def _page(self, desk: Desk, name: str, status: int = 200, **shown: str) -> Response:
        running = runtime.current()
        system = SystemActor(desk.workspace_id, workflow.JOB)
        letterhead = running.run(system, read_letterhead)
        digest = letterhead.branding.logo_digest
        step = VerifyStep(
            name=name if name in ("code", "totp", "set_up", "choose") else "email",
            seller=letterhead.name,
            seller_mark=initials(letterhead.name),
            logo_href=f"/logo/{digest}.png" if digest else "",
            logo_says_name=is_word_mark(letterhead.branding),
            brand=brand_style(correct_brand(letterhead.branding.accent)),
            action=desk.path,
            back="" if desk.is_account else desk.inside,
            shown_email=_masked(shown.get("email", "")),
            **shown,
        )
        if name == "choose" and desk.session is not None:
            rights = workflow.list_choices(running, desk.session)
            choices = tuple((x.customer_id, x.customer_name) for x in rights)
            chosen_id = desk.session.customer_id
            inside = desk.inside if chosen_id and desk.is_account else ""
            step = replace(step, choices=choices, chosen_id=chosen_id, inside=inside)
        page = render_verify(step, head=self._head, language=desk.language)
        return HTMLResponse(page, status)

    def _refusal(self, request: Request, refusal: BillingError) -> Response:
        if isinstance(refusal, NotSignedIn):
            slug = request.path_params["slug"]
            return RedirectResponse(f"/account/{slug}/sign-in", 303)
        if isinstance(refusal, DiskFull):
            raise refusal
        if isinstance(refusal, SignInNotOffered):
            return HTMLResponse(self._words(request, *NO_SIGN_IN), 403)
        if isinstance(refusal, PortalNotAvailable):
            return HTMLResponse(self._words(request, *NOT_AVAILABLE), 403)
        return HTMLResponse(self._words(request, *NOT_FOUND), 404)

    def _words(self, request: Request, *words: str) -> str:
        return render_message(*words, head=self._head, language=language_of(request))


def _open(request: Request) -> Desk:
    """Return the desk of an address.

    Raises:
        NotFound, PortalNotAvailable: as the page it lies below.
    """
    running = runtime.current()
    cookies = Cookies(request.headers.get("cookie", ""), running.settings.is_https)
    page = request.url.path.rpartition("/")[0]
    place = parse_place(page)
    if place is None:
        raise NotFound("Page not found.")
    inside = place.path
    if "slug" in request.path_params and place.invoice_id is None:
        found = authentication.find_sign_in_desk(running.engine, place.key)
        workspace_id, settings, code_place = (
            found.workspace_id,
            found.settings,
            CodePlace(),
        )
        language = asked_language(request, found.language)
        path = f"{page}/sign-in"
    else:
        opened = authentication.open_portal(
            running.engine, place, cookies, running.now()
        )
        visitor = opened.visitor
        workspace_id, settings = visitor.workspace_id, opened.setup.settings
        code_place = CodePlace(visitor.customer_id, visitor.invoice_id)
        if visitor.invoice_id is None and not settings.allows_sign_in:
            # No code opens an account here, so none is asked for.
            raise SignInNotOffered("Signing in is not offered here.")
        language = opened.setup.language
        path = f"{page}/verify"
        # A code of the account page proves the account, one of an invoice that.
        if visitor.invoice_id is not None:
            inside = f"{inside}#comments"
    session = authentication.customer_session(
        running.engine, cookies, workspace_id, running.now()
    )
    return Desk(workspace_id, code_place, settings, session, path, inside, language)


def _set_cookie(answer: Response, workspace_id: int, token: str) -> None:
    is_https = runtime.current().settings.is_https
    answer.set_cookie(
        portal_cookie(is_https, workspace_id),
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()) if token else 0,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def _browser(request: Request) -> Browser:
    headers = Headers(scope=request.scope)
    hops = runtime.current().settings.trusted_proxy_hops
    network = client_network(request.scope, headers, hops)
    return Browser(network, headers.get("user-agent", ""))


def _asks(request: Request) -> bool:
    """Tell whether a dialog on the page asks, which has no use for another page."""
    return "x-dialog" in request.headers


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value[:_TYPED_LENGTH_MAX] if isinstance(value, str) else ""


def _masked(email: str) -> str:
    """Show enough of an address to recognise one's own: i•••@example.com."""
    name, at, host = email.partition("@")
    return f"{name[:1]}•••{at}{host}" if at else email
