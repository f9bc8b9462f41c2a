"""Double entry: what each act posts, always summing to zero.

Amounts are signed minor units; a debit is positive. One journal has one currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LedgerAccount(StrEnum):
    """The places money can stand."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    TAX_PAYABLE = "tax_payable"
    CASH = "cash"
    CUSTOMER_CREDIT = "customer_credit"
    PREPAID = "prepaid"
    ROUNDING = "rounding"
    BAD_DEBT = "bad_debt"


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of a journal before it is stored."""

    account: LedgerAccount
    minor: int


def check_balanced(postings: tuple[Posting, ...]) -> None:
    assert sum(posting.minor for posting in postings) == 0, "journal does not balance"


def postings_for_issue(
    net_minor: int, tax_minor: int, prepaid_minor: int, rounding_minor: int
) -> tuple[Posting, ...]:
    """The customer owes net and tax, less what was prepaid, rounded to cash."""
    due_minor = net_minor + tax_minor - prepaid_minor + rounding_minor
    return _without_zeros(
        Posting(LedgerAccount.RECEIVABLE, due_minor),
        Posting(LedgerAccount.REVENUE, -net_minor),
        Posting(LedgerAccount.TAX_PAYABLE, -tax_minor),
        Posting(LedgerAccount.PREPAID, prepaid_minor),
        Posting(LedgerAccount.ROUNDING, -rounding_minor),
    )


def postings_for_void(
    issue: tuple[Posting, ...],
) -> tuple[Posting, ...]:
    """A void is equal and opposite; nothing is deleted."""
    return tuple(Posting(posting.account, -posting.minor) for posting in issue)


def postings_for_credit_note(
    net_minor: int, tax_minor: int, prepaid_minor: int, rounding_minor: int
) -> tuple[Posting, ...]:
    """A credit note takes back what the issue of the invoice posted, or a part."""
    return postings_for_void(
        postings_for_issue(net_minor, tax_minor, prepaid_minor, rounding_minor)
    )


def postings_for_payment(amount_minor: int) -> tuple[Posting, ...]:
    """Money received is the customer's until it is allocated."""
    return _without_zeros(
        Posting(LedgerAccount.CASH, amount_minor),
        Posting(LedgerAccount.CUSTOMER_CREDIT, -amount_minor),
    )


def postings_for_allocation(amount_minor: int) -> tuple[Posting, ...]:
    """Credit pays an invoice; a negative amount takes it back."""
    return _without_zeros(
        Posting(LedgerAccount.CUSTOMER_CREDIT, amount_minor),
        Posting(LedgerAccount.RECEIVABLE, -amount_minor),
    )


def postings_for_write_off(amount_minor: int) -> tuple[Posting, ...]:
    """What is given up is a loss; a negative amount asks for it again.

    Revenue and tax stay as they were issued: a credit note takes those back.
    """
    return _without_zeros(
        Posting(LedgerAccount.BAD_DEBT, amount_minor),
        Posting(LedgerAccount.RECEIVABLE, -amount_minor),
    )


def _without_zeros(*postings: Posting) -> tuple[Posting, ...]:
    return tuple(posting for posting in postings if posting.minor)
