"""A customer's promise from the page of an invoice."""

from __future__ import annotations

from datetime import date

from billing_app.database.authentication import OpenedLink
from billing_app.runtime import Runtime
from billing_app.services import promises


def make_promise(runtime: Runtime, link: OpenedLink, promised_on: str) -> date:
    """Promise as the visitor to pay by a day; raises as `promises.make_promise`."""
    write_auth = link.setup.settings.write_auth
    return runtime.run(
        link.visitor, promises.make_promise, promised_on, write_auth, link.email
    )
