"""The page behind "Choose which mails you get": plain forms, no account.

Programs that check mail follow every link, so a GET changes nothing. Mail programs
that offer to unsubscribe post what RFC 8058 says, and get no page.
"""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from billing_app import runtime
from billing_app.documents.portal import (
    MailChoice,
    MailChoicesPage,
    render_mail_choices,
    render_message,
)
from billing_app.domain.branding import brand_style, correct_brand, initials
from billing_app.domain.errors import LimitReached, NotFound
from billing_app.domain.mail_choices import KIND_WORDS, MailKind
from billing_app.domain.portal_invoice import is_word_mark
from billing_app.domain.speech import later, speech_for
from billing_app.endpoints.portal_request import language_of
from billing_app.endpoints.refusals import status_of
from billing_app.workflows.mail_choices import (
    PATH,
    MailChoices,
    read_choices,
    save_choices,
    unsubscribe,
)

_FIELDS_MAX = 10
_NOT_SAVED = later("Not saved")
_NOT_FOUND = (
    later("This link does not work"),
    later("Open the link at the end of a newer mail, or write to whoever sent it."),
)


def mail_choices_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of the page."""

    def not_found(request: Request) -> Response:
        language = language_of(request)
        page = render_message(*_NOT_FOUND, head=head, language=language)
        return HTMLResponse(page, 404)

    async def show(request: Request) -> Response:
        try:
            choices = await run_in_threadpool(
                read_choices, runtime.current(), _token(request)
            )
        except NotFound:
            return not_found(request)
        page = _page(choices, request)
        return HTMLResponse(
            render_mail_choices(page, head=head, language=choices.language)
        )

    async def take(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
        try:
            return await run_in_threadpool(_take, request, form)
        except NotFound:
            return not_found(request)
        except LimitReached as refusal:
            language = language_of(request)
            said = speech_for(language).refuse(refusal)
            page = render_message(_NOT_SAVED, said, head=head, language=language)
            return HTMLResponse(page, status_of(refusal))

    address = f"{PATH}/{{token}}"
    return [
        Route(address, show, methods=["GET"]),
        Route(address, take, methods=["POST"]),
    ]


def _take(request: Request, form: FormData) -> Response:
    running, token = runtime.current(), _token(request)
    if form.get("List-Unsubscribe") == "One-Click":
        unsubscribe(running, token)
        return PlainTextResponse("Unsubscribed.")
    if form.get("step") == "save":
        wanted = frozenset(map(str, form.getlist("wanted")))
        save_choices(running, token, frozenset(x for x in MailKind if x in wanted))
        return RedirectResponse(f"{PATH}/{token}?saved=1", 303)
    return RedirectResponse(f"{PATH}/{token}", 303)


def _page(choices: MailChoices, request: Request) -> MailChoicesPage:
    digest, say = choices.branding.logo_digest, speech_for(choices.language).say
    return MailChoicesPage(
        seller=choices.business,
        seller_mark=initials(choices.business),
        logo_href=f"/logo/{digest}.png" if digest else "",
        logo_says_name=is_word_mark(choices.branding),
        brand=brand_style(correct_brand(choices.branding.accent)),
        action=f"{PATH}/{_token(request)}",
        email=choices.email,
        is_saved=request.query_params.get("saved") == "1",
        choices=tuple(
            MailChoice(kind, say(name), say(words), is_wanted=kind in choices.wanted)
            for kind, (name, words) in KIND_WORDS.items()
        ),
    )


def _token(request: Request) -> str:
    return str(request.path_params["token"])
