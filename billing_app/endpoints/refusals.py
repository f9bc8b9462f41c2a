"""Refusals as HTTP answers: the status of each, and the page of a full disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from billing_app.documents.portal import render_message
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    LimitReached,
    NotFound,
    NotPermitted,
    NotSignedIn,
    says_disk_full,
)

_STATUS: dict[type[BillingError], int] = {
    NotSignedIn: 401,
    NotPermitted: 403,
    NotFound: 404,
    LimitReached: 429,
    DiskFull: 507,
}

Handler = Callable[[Request, Exception], Awaitable[Response]]


def status_of(refusal: BillingError) -> int:
    """Return the HTTP status of a refusal; what is none of these is wrong input."""
    return next(
        (status for kind, status in _STATUS.items() if isinstance(refusal, kind)), 422
    )


def disk_full_handlers(head: Markup) -> dict[type[Exception], Handler]:
    """Return what answers when no route has: `head` links the stylesheets."""
    words = ("Not saved", DiskFull().message)
    page = render_message(*words, head=head)
    kept = "Go back in your browser: what you typed should still be there."
    page_of_form = render_message(*words, kept, head=head)

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, OSError) and not says_disk_full(error):
            raise error
        shown = page_of_form if request.method == "POST" else page
        return HTMLResponse(shown, status_of(DiskFull()))

    return {DiskFull: answer, OSError: answer}
