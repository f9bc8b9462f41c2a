"""What each audience calls the status of an invoice: one table for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from billing_app.domain.invoice import InvoiceStatus
from billing_app.domain.speech import later_as


@dataclass(frozen=True, slots=True)
class StatusWords:
    """The words for one status.

    Attributes:
        staff: on the desk, in exports and in addresses.
        customer: on the customer's badge, in English; said in their language.
        is_chosen: a profile or setting gives the customer another word for it.
    """

    staff: str
    customer: str
    is_chosen: bool = False


# A customer who can't or won't pay is told that it is over, not what it cost whom.
STATUS_WORDS: dict[InvoiceStatus, StatusWords] = {
    InvoiceStatus.DRAFT: StatusWords("Draft", later_as("status", "Draft")),
    InvoiceStatus.DUE: StatusWords("Due", later_as("status", "Due"), is_chosen=True),
    InvoiceStatus.OVERDUE: StatusWords("Overdue", later_as("status", "Overdue")),
    InvoiceStatus.PARTIALLY_PAID: StatusWords(
        "Partially paid", later_as("status", "Partially paid")
    ),
    InvoiceStatus.PROCESSING: StatusWords(
        "Processing", later_as("status", "Processing")
    ),
    InvoiceStatus.PAID: StatusWords("Paid", later_as("status", "Paid")),
    InvoiceStatus.CREDITED: StatusWords("Credited", later_as("status", "Credited")),
    InvoiceStatus.IN_CREDIT: StatusWords("In credit", later_as("status", "In credit")),
    InvoiceStatus.WRITTEN_OFF: StatusWords("Written off", later_as("status", "Closed")),
    InvoiceStatus.VOID: StatusWords("Void", later_as("status", "Void")),
    InvoiceStatus.CANCELLED: StatusWords("Cancelled", later_as("status", "Cancelled")),
}


def customer_word(status: InvoiceStatus) -> str:
    """Return the customer's word where nobody chose another: it names the badge."""
    return STATUS_WORDS[status].customer
