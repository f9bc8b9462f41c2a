"""Post a comment without a script: a plain form, and the way back to the thread."""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database.authentication import PortalNotAvailable
from billing_app.domain.comment import CommentForm
from billing_app.domain.errors import BillingError, NotFound, NotSignedIn
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.endpoints import route_ids
from billing_app.endpoints.portal_request import open_page
from billing_app.endpoints.refusals import status_of
from billing_app.endpoints.refused_forms import refused_form
from billing_app.workflows import conversations

_FIELDS_MAX = 10
_FIELDS = ("body", "name", "email", "line", "request_key")

_FORM = Markup(
    """{verify}
<form method="post" action="{action}">
<input type="hidden" name="request_key" value="{request_key}">
<input type="hidden" name="line" value="{line}">
<p class="field"><label class="field-label" for="comment-body">Message</label>
<textarea class="input" id="comment-body" name="body" rows="6">
{body}</textarea></p>
<p class="field"><label class="field-label" for="comment-name">Your name</label>
<input class="input" id="comment-name" name="name" value="{name}"
 autocomplete="name"></p>
<p class="field"><label class="field-label" for="comment-email">Your email</label>
<input class="input" id="comment-email" type="email" name="email" value="{email}"
 autocomplete="email"></p>
<p><button class="button button-primary">Post comment</button></p>
</form>"""
)
_VERIFY = Markup(
    '<p>First <a class="link" href="{back}/verify" target="_blank">verify who you are'
    "</a>, then come back to this page: what you wrote stays here.</p>"
)


def comment_routes() -> list[Route]:
    route_ids.register()
    return [
        Route(f"{page}/comments", post_comment, methods=["POST"])
        for page in INVOICE_ROUTES
    ]


async def post_comment(request: Request) -> Response:
    """Post what was typed and lead back, or say why not with the text kept."""
    form = await request.form(max_files=0, max_fields=_FIELDS_MAX)
    typed = {name: str(form.get(name, "")) for name in _FIELDS}
    try:
        await run_in_threadpool(_post, request, CommentForm(**typed))
    except (NotFound, NotSignedIn, PortalNotAvailable):
        # The page itself says what is the matter with the link.
        return RedirectResponse(_back(request), 303)
    except BillingError as refusal:
        return _refused(request, refusal, typed)
    return RedirectResponse(f"{_back(request)}#comments", 303)


def _post(request: Request, form: CommentForm) -> None:
    link = open_page(request, _back(request))
    conversations.post_comment(runtime.current(), link, form)


def _back(request: Request) -> str:
    return request.url.path.rpartition("/")[0]


def _refused(
    request: Request, refusal: BillingError, typed: dict[str, str]
) -> Response:
    back = _back(request)
    needs_proof = isinstance(refusal, VerificationRequired)
    form = _FORM.format(
        verify=_VERIFY.format(back=back) if needs_proof else "",
        action=request.url.path,
        **typed,
    )
    page = refused_form(
        "Comment not posted", refusal.message, form=form, back=f"{back}#comments"
    )
    return HTMLResponse(page, 403 if needs_proof else status_of(refusal))
