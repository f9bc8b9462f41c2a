"""Issue a draft and record what was paid for it, as at a counter: one step."""

from __future__ import annotations

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import InvalidInput
from billing_app.domain.totals import Totals
from billing_app.services import invoices, payments
from billing_app.services.invoices import IssuedInvoice
from billing_app.services.payments import RecordPaymentForm

PAYMENT = "payment:"


@staff(Permission.RECORD_PAYMENT)
def issue_and_record(
    uow: UnitOfWork,
    invoice_id: int,
    version: int,
    form: RecordPaymentForm,
    shown: Totals | None = None,
) -> IssuedInvoice:
    """Issue and record in one transaction: both or neither.

    The invoice was never sent, and is not called so.

    Raises:
        NotPermitted: whoever asks may not do both.
        As `invoices.issue` and `payments.record_payment`; a field of the payment is
        named after `PAYMENT`.
    """
    issued = invoices.issue(uow, invoice_id, version, shown)
    try:
        payments.record_payment(uow, invoice_id, form)
    except InvalidInput as refusal:
        # The draft has an amount and a note, too.
        field = f"{PAYMENT}{refusal.field}"
        raise InvalidInput(refusal.message, field=field) from refusal
    return issued
