"""What follows from the calendar alone: reminders whose day has come, seals,
files whose day is over.

Safe to run at any time and as often as one likes: what was done is never done again.
"""

from __future__ import annotations

import logging

from billing_app.database.authentication import list_system_actors
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import BillingError
from billing_app.queries import reminders as due
from billing_app.runtime import Runtime
from billing_app.services import reminders
from billing_app.workflows import guest_invoices, imports, workspace_export
from billing_app.workflows.audit_trail import seal

log = logging.getLogger("tallyport.nightly")


def run(runtime: Runtime) -> int:
    """Queue every workspace's due reminders, and seal its audit trail.

    Files, and invoices of guests, that nobody came back for go, too.

    Returns:
        How many reminders were queued.
    """
    imports.sweep(runtime)
    workspace_export.sweep(runtime)
    guest_invoices.sweep(runtime)
    count = 0
    for actor in list_system_actors(runtime.engine, "nightly"):
        try:
            count += remind(runtime, actor)
            seal(runtime, actor.workspace_id)
        except Exception:
            # One workspace must not keep the others waiting.
            log.exception("nightly.failed workspace=%s", actor.workspace_id)
    return count


def remind(runtime: Runtime, actor: SystemActor) -> int:
    """Queue the reminders of one workspace that are due now, with their late fees."""
    count = 0
    for some in due.together(runtime.run(actor, due.list_due_reminders)):
        try:
            count += runtime.run(actor, reminders.queue_due, some)
        except BillingError:
            # A fee that can't be issued must not keep the others waiting.
            ids = [each.invoice_id for each in some]
            log.exception("reminder.failed invoices=%s", ids)
    return count
