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
    if visitor.invoice_id is None:
        raise NotFound("Invoice not found.")
    system = SystemActor(visitor.workspace_id, JOB)
    email = runtime.run(system, find_session_email, visitor.session_id)
    return runtime.run(
        visitor, disputes.open_dispute, visitor.invoice_id, form, settings, email
    )


def withdraw_dispute(runtime: Runtime, link: OpenedLink, dispute_id: int) -> None:
    """Take a dispute of the visitor's invoice back.

    Raises:
        As `services.disputes.withdraw_dispute`.
    """
    settings = link.setup.settings
    runtime.run(link.visitor, disputes.withdraw_dispute, dispute_id, settings)
