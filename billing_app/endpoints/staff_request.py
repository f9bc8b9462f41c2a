"""Say which member a request to a staff route comes from."""

from __future__ import annotations

from starlette.requests import Request

from billing_app import runtime
from billing_app.database import authentication
from billing_app.domain.actors import StaffActor
from billing_app.endpoints.portal_request import cookies_of


def staff_of(request: Request) -> StaffActor:
    """Return the member who is signed in; asks the database.

    Raises:
        NotSignedIn: nobody is, or not any more.
    """
    running = runtime.current()
    token = cookies_of(request).staff
    return authentication.staff_actor(running.engine, token, running.now())
