"""What staff are told about a mail: that it leaves, or that none can."""

from __future__ import annotations

from typing import Any

from billing_app import runtime
from billing_app.queries.mailing import has_own_server
from billing_app.web.doors import StaffState

KEPT = "Mail is kept in the mailbox, not sent: no mail server is set up."


def publish_hint(mails: bool) -> str:
    """Say what publishing does beside showing the invoice."""
    if mails:
        return "Shows it on the portal and mails the customer's addresses."
    return "Shows it on the portal; nobody is mailed yet."


def publish_words(mails: bool) -> str:
    """Say what publishing does with a draft."""
    if mails:
        return (
            "Publish to portal issues it, shows it there and mails the customer's "
            "addresses."
        )
    return "Publish to portal issues it and shows it there; nobody is mailed yet."


async def keeps_mail(state: StaffState) -> bool:
    """Say whether all mail stays here, for want of a server."""
    if runtime.current().sends_mail:
        return False
    page: Any = state
    return not await page._run(has_own_server)


async def mail_words(state: StaffState, promise: str) -> str:
    """Return the promise, or why nothing will leave."""
    return KEPT if await keeps_mail(state) else promise
