"""What a request for a page or a file of the portal leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.datastructures import Headers
from starlette.types import Scope

from billing_app import runtime
from billing_app.database.authentication import OpenedLink
from billing_app.domain.visit import VisitKind, is_looked_at
from billing_app.workflows import visits


def fetched(
    scope: Scope, link: OpenedLink, kind: VisitKind
) -> Callable[[], None] | None:
    """Return what is to be done once the answer has left, if anything."""
    if not is_looked_at(scope["method"], Headers(scope=scope)):
        return None
    running = runtime.current()
    if not visits.is_fetched_anew(running, link, kind):
        return None
    return partial(visits.note_fetched, running, link, kind)
