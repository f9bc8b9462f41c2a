"""Disputes from the customer's page: what the visitor may not read comes from here."""

from __future__ import annotations

from billing_app.database.authentication import OpenedLink
from billing_app.domain.actors import SystemActor
from billing_app.domain.dispute import DisputeForm
from billing_app.domain.errors import NotFound
from billing_app.queries.conversations import find_session_email
from billing_app.runtime import Runtime
from billing_app.services import disputes

JOB = "disputes"


def open_dispute(runtime: Runtime, link: OpenedLink, form: DisputeForm) -> int:
    """Open a dispute as the visitor of an invoice's page.

    Raises:
        As `services.disputes.open_dispute`.
    """
    visitor, settings = link.visitor, link.setup.settings
    invoice_id = _invoice_of(link)
    system = SystemActor(visitor.workspace_id, JOB)
    email = runtime.run(system, find_session_email, visitor.session_id)
    return runtime.run(
        visitor, disputes.open_dispute, invoice_id, form, settings, email
    )


def withdraw_dispute(runtime: Runtime, link: OpenedLink, dispute_id: int) -> None:
    """Take a dispute of the visitor's invoice back.

    Raises:
        As `services.disputes.withdraw_dispute`.
    """
    _invoice_of(link)
    settings = link.setup.settings
    runtime.run(link.visitor, disputes.withdraw_dispute, dispute_id, settings)


def _invoice_of(link: OpenedLink) -> int:
    """Return the invoice whose page it is: only there do the invoice's rules hold.

    Raises:
        NotFound: it is the page of a whole account, whose rules may be laxer.
    """
    if link.visitor.invoice_id is None:
        raise NotFound("Invoice not found.")
    return link.visitor.invoice_id
