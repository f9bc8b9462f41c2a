from datetime import date

import pytest

from billing_app.domain.invoice import (
    InvoiceFacts,
    InvoiceState,
    InvoiceStatus,
    LateRules,
    compute_status,
    is_overdue,
)
from billing_app.domain.portal_settings import CountsAsPaid, DueWord, PortalSettings


def facts(processing_minor: int = 0, rules: LateRules | None = None) -> InvoiceFacts:
    """Due on the 20th over 100.00, nothing paid."""
    return InvoiceFacts(
        InvoiceState.ISSUED,
        0,
        10_000,
        processing_minor,
        date(2026, 3, 20),
        rules or LateRules(),
    )


@pytest.mark.feature("C13")
@pytest.mark.parametrize(
    ("grace_days", "today", "status"),
    [
        (0, date(2026, 3, 20), InvoiceStatus.DUE),
        (0, date(2026, 3, 21), InvoiceStatus.OVERDUE),
        (5, date(2026, 3, 25), InvoiceStatus.DUE),
        (5, date(2026, 3, 26), InvoiceStatus.OVERDUE),
        (3_650, date(2036, 3, 17), InvoiceStatus.DUE),
        (3_650, date(2036, 3, 18), InvoiceStatus.OVERDUE),
    ],
)
def test_late_begins_after_the_days_of_grace(
    grace_days: int, today: date, status: InvoiceStatus
):
    assert compute_status(facts(rules=LateRules(grace_days)), today) == status


@pytest.mark.feature("C11")
@pytest.mark.parametrize(
    ("debit_counts", "processing_minor", "is_late"),
    [(False, 10_000, True), (True, 10_000, False), (True, 9_999, True)],
)
def test_a_debit_on_its_way_counts_where_that_was_chosen(
    debit_counts: bool, processing_minor: int, is_late: bool
):
    it = facts(processing_minor, LateRules(debit_counts=debit_counts))

    assert is_overdue(it, date(2026, 3, 21)) is is_late


def test_the_rules_come_from_the_settings():
    settings = PortalSettings(grace_days=4, debit_counts=CountsAsPaid.INITIATED)

    assert settings.late_rules == LateRules(4, debit_counts=True)


@pytest.mark.feature("C12")
def test_the_business_chooses_the_word_for_an_open_invoice():
    settings = PortalSettings(due_word=DueWord.PENDING)

    assert settings.word_of(InvoiceStatus.DUE) == "Awaiting payment"
    assert settings.word_of(InvoiceStatus.OVERDUE) == "Overdue"
