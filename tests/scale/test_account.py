"""The account reads alike on each database: its statements are kept and dated anew."""

from __future__ import annotations

from datetime import timedelta

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.invoice import LateRules
from billing_app.models import Customer
from billing_app.queries.portal_account import (
    AccountSort,
    AccountTab,
    parse_account_filter,
    read_account,
)
from tests.support.billing import a_customer
from tests.support.rows import add_invoice
from tests.support.world import World


def test_every_tab_and_sort_holds_the_same_after_a_day(anywhere: World):
    """One is late, one is due today and late tomorrow, one is paid."""
    place = anywhere.northwind
    customer_id = a_customer(anywhere, place)
    today = anywhere.clock.now.date()
    with anywhere.unit(place.system) as uow:
        customer = uow.get(Customer, customer_id)
        for number, days in (("A-1", -3), ("A-2", 0)):
            add_invoice(
                uow,
                customer,
                number=number,
                due_on=today + timedelta(days=days),
                published_at=uow.now,
            )
        add_invoice(
            uow, customer, number="A-3", outstanding_minor=0, published_at=uow.now
        )
    visitor = PortalVisitor(place.workspace_id, customer_id, 1, None)

    def numbers(tab: AccountTab, sort: AccountSort, sign: str) -> set[str]:
        wanted = parse_account_filter({"status": tab, "sort": f"{sign}{sort}"})
        account = anywhere.run(visitor, read_account, wanted, "UTC", 1, LateRules())
        assert account.tabs[tab] == len(account.page.rows)
        return {row.number for row in account.page.rows}

    for late in ({"A-1"}, {"A-1", "A-2"}):
        expected = {
            AccountTab.ALL: {"A-1", "A-2", "A-3"},
            AccountTab.OPEN: {"A-1", "A-2"},
            AccountTab.OVERDUE: late,
            AccountTab.DISPUTED: set[str](),
            AccountTab.PAID: {"A-3"},
        }
        for tab, held in expected.items():
            for sort in AccountSort:
                assert numbers(tab, sort, "") == numbers(tab, sort, "-") == held
        anywhere.clock.advance(days=1)
