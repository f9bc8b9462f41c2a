"""Post a comment without a script: a plain form, and the way back to the thread."""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database.authentication import PortalNotAvailable
from billing_app.documents.portal import NotSent, TypedField, render_not_sent
from billing_app.domain.comment import CommentForm
from billing_app.domain.errors import BillingError, NotFound, NotSignedIn
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.speech import later
from billing_app.endpoints import route_ids
from billing_app.endpoints.portal_request import language_of, opened_page
from billing_app.endpoints.refusals import status_of
from billing_app.workflows import conversations

_FIELDS_MAX = 10
_FIELDS = ("body", "name", "email", "line", "request_key", "dispute")


def comment_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of a refusal."""
    route_ids.register()

    async def post_comment(request: Request) -> Response:
        """Post what was typed and lead back, or say why not with the text kept."""
        form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
        typed = CommentForm(**{name: str(form.get(name, "")) for name in _FIELDS})
        try:
            posted = await run_in_threadpool(_post, request, typed)
        except (NotFound, NotSignedIn, PortalNotAvailable):
            # The page itself says what is the matter with the link.
            return RedirectResponse(_back(request), 303)
        except BillingError as refusal:
            return _refused(request, refusal, typed, head)
        return RedirectResponse(f"{_back(request)}#comment-{posted}", 303)

    return [
        Route(f"{page}/comments", post_comment, methods=["POST"])
        for page in INVOICE_ROUTES
    ]


def _post(request: Request, form: CommentForm) -> int:
    with opened_page(request, _back(request)) as link:
        return conversations.post_comment(runtime.current(), link, form)


def _back(request: Request) -> str:
    return request.url.path.rpartition("/")[0]


def _part(typed: CommentForm) -> str:
    return f"dispute-{typed.dispute}" if typed.dispute else "comments"


def _refused(
    request: Request, refusal: BillingError, typed: CommentForm, head: Markup
) -> Response:
    back = _back(request)
    needs_proof = isinstance(refusal, VerificationRequired)
    page = render_not_sent(
        NotSent(
            title=later("Comment not posted"),
            message=refusal.message,
            back=f"{back}#{_part(typed)}",
            action=request.url.path,
            button=later("Post comment"),
            hidden=(
                ("request_key", typed.request_key),
                ("line", typed.line),
                ("dispute", typed.dispute),
            ),
            fields=(
                TypedField("body", later("Message"), typed.body, "long"),
                TypedField("name", later("Your name"), typed.name),
                TypedField("email", later("Your email"), typed.email, "email"),
            ),
            verify_href=f"{back}/verify" if needs_proof else "",
        ),
        head=head,
        language=language_of(request),
    )
    return HTMLResponse(page, 403 if needs_proof else status_of(refusal))
