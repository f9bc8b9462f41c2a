"""Every journal sums to zero, and what is taken back is its opposite."""

from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.ledger import (
    LedgerAccount,
    Posting,
    check_balanced,
    postings_for_allocation,
    postings_for_issue,
    postings_for_payment,
    postings_for_void,
)

AMOUNTS = st.integers(-(10**15), 10**15)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_every_journal_balances(net, tax, prepaid, rounding):
    issued = postings_for_issue(net, tax, prepaid, rounding)
    for postings in (
        issued,
        postings_for_void(issued),
        postings_for_payment(net),
        postings_for_allocation(net),
    ):
        check_balanced(postings)
        assert all(posting.minor for posting in postings)


def test_a_payment_is_the_customers_until_it_is_allocated():
    received, allocated = postings_for_payment(100), postings_for_allocation(40)

    assert Posting(LedgerAccount.CUSTOMER_CREDIT, -100) in received
    assert Posting(LedgerAccount.CUSTOMER_CREDIT, 40) in allocated
    assert Posting(LedgerAccount.RECEIVABLE, -40) in allocated
