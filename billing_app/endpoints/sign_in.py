"""Sign in and out by plain forms, since only an HTTP answer can set a safe cookie.

Every answer is a redirect (303) that loads a page anew: the socket of a page keeps
the cookie it was opened with.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from billing_app import runtime
from billing_app.database import authentication
from billing_app.documents.portal import render_message
from billing_app.domain.cookies import (
    device_cookie,
    flash_cookie,
    read_cookie,
    session_cookie,
)
from billing_app.domain.errors import BillingError, Conflict, NotSignedIn
from billing_app.domain.guest_invoice import KEEP_PATH
from billing_app.domain.sign_in import ALREADY_SET_UP, DEVICE_MEMORY, Owes, safe_next
from billing_app.endpoints import guest_invoice
from billing_app.endpoints.first_paint import Painter
from billing_app.endpoints.guard import client_network
from billing_app.workflows import set_up as founding
from billing_app.workflows import sign_in as workflow
from billing_app.workflows.flash import Flash, seal
from billing_app.workflows.set_up import SetUpForm
from billing_app.workflows.sign_in import Browser, OpenedSession

START = "/dashboard"
SIGN_IN = "/sign-in"
SET_UP = "/set-up"
STEPS = {
    Owes.NOTHING: "",
    Owes.CODE: f"{SIGN_IN}/code",
    Owes.PASSWORD: f"{SIGN_IN}/password",
}
_FIELDS_MAX = 20
# Pages that say beside each field what is wrong with it.
_SAYS_BESIDE = (SET_UP, STEPS[Owes.PASSWORD])
# Long enough to read what was wrong and try again.
_FLASH_SECONDS = 300

Answer = Callable[[Request], Awaitable[Response]]


def sign_in_routes() -> list[Route]:
    return [
        _post("/session", sign_in),
        _post("/session/code", confirm_code),
        _post("/session/password", replace_initial_password),
        # The pages post to their own address, which keeps its ?next=.
        *(_post(path, sign_in) for path in _with_slash(SIGN_IN)),
        *(_post(path, confirm_code) for path in _with_slash(STEPS[Owes.CODE])),
        *(
            _post(path, replace_initial_password)
            for path in _with_slash(STEPS[Owes.PASSWORD])
        ),
        _post("/session/workspace", switch_workspace),
        _post("/session/end", end_session),
        _post("/session/end-everywhere", end_everywhere),
        *(_post(path, set_up) for path in _with_slash(SET_UP)),
        Route("/", start, methods=["GET"]),
    ]


def set_up_painter(head: Markup) -> Painter:
    """Refuse the set-up page, by 404, once somebody can sign in."""
    gone = render_message(*ALREADY_SET_UP, head=head, onward=("Sign in", SIGN_IN))

    async def paint(_: Scope) -> Response | None:
        engine = runtime.current().engine
        if not await run_in_threadpool(authentication.is_set_up, engine):
            return None
        return HTMLResponse(gone, 404, {"cache-control": "no-store"})

    return Painter(re.compile(f"{SET_UP}/?"), paint)


async def start(request: Request) -> Response:
    """Send to the start page, or to the sign-in when nobody is signed in."""
    try:
        await run_in_threadpool(_actor, _token(request))
    except NotSignedIn:
        return RedirectResponse(SIGN_IN, 303)
    return RedirectResponse(START, 303)


async def sign_in(request: Request) -> Response:
    form = await _form(request)
    email = _text(form, "email")
    try:
        opened = await run_in_threadpool(
            workflow.sign_in,
            runtime.current(),
            email,
            _text(form, "password"),
            _browser(request),
        )
    except BillingError as refusal:
        return _refused(SIGN_IN, request, form, refusal, email=email)
    # The browser forgets its former session, so nobody else may go on with it.
    await run_in_threadpool(workflow.end_session, runtime.current(), _token(request))
    return await run_in_threadpool(_signed_in, opened, request, form)


async def confirm_code(request: Request) -> Response:
    form = await _form(request)
    try:
        opened = await run_in_threadpool(
            workflow.confirm_code,
            runtime.current(),
            _token(request),
            _text(form, "code"),
            _browser(request),
        )
    except NotSignedIn as refusal:
        return _refused(SIGN_IN, request, form, refusal)
    except BillingError as refusal:
        return _refused(STEPS[Owes.CODE], request, form, refusal)
    return await run_in_threadpool(_signed_in, opened, request, form)


async def replace_initial_password(request: Request) -> Response:
    form = await _form(request)
    try:
        opened = await run_in_threadpool(
            workflow.replace_initial_password,
            runtime.current(),
            _token(request),
            _text(form, "password"),
            _text(form, "repeated"),
            _browser(request),
        )
    except NotSignedIn as refusal:
        return _refused(SIGN_IN, request, form, refusal)
    except BillingError as refusal:
        return _refused(STEPS[Owes.PASSWORD], request, form, refusal)
    return await run_in_threadpool(_signed_in, opened, request, form)


async def switch_workspace(request: Request) -> Response:
    form = await _form(request)
    typed = _text(form, "workspace_id")
    workspace_id = int(typed) if re.fullmatch("[0-9]{1,15}", typed, re.ASCII) else 0
    try:
        opened = await run_in_threadpool(
            workflow.switch_workspace,
            runtime.current(),
            _token(request),
            workspace_id,
            _browser(request),
        )
    except NotSignedIn as refusal:
        return _refused(SIGN_IN, request, form, refusal)
    except BillingError:
        # Only a made-up form asks for a workspace that is not in its list.
        return RedirectResponse(START, 303)
    return await run_in_threadpool(_opened, opened, request, form)


async def end_session(request: Request) -> Response:
    await run_in_threadpool(workflow.end_session, runtime.current(), _token(request))
    return _signed_out()


async def end_everywhere(request: Request) -> Response:
    await run_in_threadpool(workflow.end_everywhere, runtime.current(), _token(request))
    return _signed_out()


async def set_up(request: Request) -> Response:
    form = await _form(request)
    typed = SetUpForm(**{name: _text(form, name) for name in SetUpForm.__slots__})
    try:
        opened = await run_in_threadpool(
            founding.set_up, runtime.current(), typed, _browser(request)
        )
    except Conflict as refusal:
        return _refused(SIGN_IN, request, form, refusal)
    except BillingError as refusal:
        return _refused(SET_UP, request, form, refusal, **typed.shown_again())
    return await run_in_threadpool(_opened, opened, request, form)


def _with_slash(page: str) -> tuple[str, str]:
    """Return both forms of a page's address: built pages are folders."""
    return page, f"{page}/"


def _post(path: str, answer: Answer) -> Route:
    return Route(path, answer, methods=["POST"])


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=_FIELDS_MAX)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _token(request: Request) -> str:
    name = session_cookie(runtime.current().settings.is_https)
    return read_cookie(request.headers.get("cookie", ""), name)


def _actor(token: str) -> object:
    running = runtime.current()
    return authentication.staff_actor(running.engine, token, running.now())


def _browser(request: Request) -> Browser:
    headers = Headers(scope=request.scope)
    hops = runtime.current().settings.trusted_proxy_hops
    network = client_network(request.scope, headers, hops)
    name = device_cookie(runtime.current().settings.is_https)
    device = read_cookie(headers.get("cookie", ""), name)
    return Browser(network, headers.get("user-agent", ""), device)


def _next(request: Request, form: FormData) -> str:
    """Return where the person was going, from the address or from the form."""
    asked = request.query_params.get("next") or _text(form, "next")
    return safe_next(asked)


def _signed_in(opened: OpenedSession, request: Request, form: FormData) -> Response:
    """As `_opened`; who wanted nothing else is asked about the invoice they wrote."""
    answer = _opened(opened, request, form)
    page, mark, part = answer.headers["location"].partition("#")
    if page == START and guest_invoice.has_invoice(request, opened.token):
        answer.headers["location"] = f"{KEEP_PATH}{mark}{part}"
    return answer


def _opened(opened: OpenedSession, request: Request, form: FormData) -> Response:
    """Hand over the session's token, and go to what it still owes, or in."""
    path = _next(request, form)
    step = STEPS[opened.owes]
    where = _with_next(step, path) if step else START if path == "/" else path
    settings = runtime.current().settings
    if flash_cookie(settings.is_https) in request.cookies:
        # Browsers take the #refused of the page along unless there is another.
        where = f"{where}#main"
    answer = RedirectResponse(where, 303)
    guest_invoice.set_session(answer, opened.token)
    _forget(answer, flash_cookie(settings.is_https))
    if opened.device:
        _remember(answer, opened.device)
    if not step and path == KEEP_PATH:
        return guest_invoice.keep_at_once(answer, opened.token, request)
    return answer


def _refused(
    page: str,
    request: Request,
    form: FormData,
    refusal: BillingError,
    **typed: str,
) -> Response:
    """Go back to the page, which says why and still holds what was typed."""
    # A cookie must stay below 4 kB.
    kept = {name: text[:300] for name, text in typed.items()}
    said = refusal.together
    beside = {each.field: each.message for each in reversed(said) if each.field}
    problem = _count(beside) if beside and page in _SAYS_BESIDE else refusal.message
    flash = Flash(problem, beside, kept)
    # Without scripts, the fragment is what makes the page say that it was refused.
    where = f"{_with_next(page, _next(request, form))}#refused"
    answer = RedirectResponse(where, 303)
    running = runtime.current()
    answer.set_cookie(
        flash_cookie(running.settings.is_https),
        seal(running.cipher, flash),
        max_age=_FLASH_SECONDS,
        path="/",
        secure=running.settings.is_https,
        httponly=True,
        samesite="lax",
    )
    return answer


def _count(beside: dict[str, str]) -> str:
    """Say how many fields to look for; each says itself what is wrong."""
    if len(beside) == 1:
        return "One field can't be used yet."
    return f"{len(beside)} fields can't be used yet."


def _remember(answer: Response, device: str) -> None:
    """Let the browser show later that somebody signed in there; it opens nothing."""
    is_https = runtime.current().settings.is_https
    answer.set_cookie(
        device_cookie(is_https),
        device,
        max_age=int(DEVICE_MEMORY.total_seconds()),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def _signed_out() -> Response:
    answer = RedirectResponse(SIGN_IN, 303)
    _forget(answer, session_cookie(runtime.current().settings.is_https))
    return answer


def _forget(answer: Response, name: str) -> None:
    answer.delete_cookie(
        name,
        path="/",
        secure=runtime.current().settings.is_https,
        httponly=True,
        samesite="lax",
    )


def _with_next(page: str, path: str) -> str:
    return page if path == "/" else f"{page}?{urlencode({'next': path})}"
