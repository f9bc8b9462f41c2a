"""Write journals: the one place where ledger entries are made."""

from __future__ import annotations

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.ledger import Posting, check_balanced
from billing_app.models import LedgerEntry


@inner
def post(
    uow: UnitOfWork,
    journal: str,
    postings: tuple[Posting, ...],
    currency: str,
    *,
    invoice_id: int | None = None,
    payment_id: int | None = None,
    customer_id: int | None = None,
) -> None:
    """Store a balanced journal, named like `issue:7`, `void:7` or `payment:12`.

    A journal is posted once: the database refuses its name a second time.
    """
    check_balanced(postings)
    entries = [
        {
            "journal": journal,
            "account": posting.account,
            "amount_minor": posting.minor,
            "currency": currency,
            "invoice_id": invoice_id,
            "payment_id": payment_id,
            "customer_id": customer_id,
            "posted_at": uow.now,
        }
        for posting in postings
    ]
    uow.append(LedgerEntry, entries)
