"""A copy of an issued invoice asks for the same money."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.domain.errors import InvalidInput
from billing_app.models import Invoice
from billing_app.queries.drafts import read_copy
from billing_app.services import drafts, invoices
from tests.support.billing import a_customer, an_invoice, read_invoice
from tests.support.world import World

PERCENTS = st.sampled_from(["", "0", "5", "7.5", "12.3456", "100"])
PRICES = st.builds(
    lambda digits, places: f"{Decimal(digits).scaleb(-places):f}",
    st.integers(0, 10**9),
    st.sampled_from([0, 2, 4, 8]),
)
LINES = st.builds(
    LineForm,
    name=st.just("Charter flight"),
    quantity=st.sampled_from(["1", "2.40", "0.3333", "1000"]),
    unit_price=PRICES,
    discount=PERCENTS,
    tax_id=st.sampled_from(["", "1", "2", "3"]),
)


def issue(world: World, form: DraftForm) -> int:
    actor = world.northwind.accounting
    draft = world.run(actor, drafts.create_draft, form)
    return world.run(actor, invoices.issue, draft.invoice_id, draft.version).invoice_id


def duplicate(world: World, invoice_id: int) -> Invoice:
    copy = world.run(world.northwind.accounting, drafts.duplicate, invoice_id)
    return read_invoice(world, world.northwind, copy.invoice_id)


class TestDuplicate:
    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        lines=st.lists(LINES, min_size=1, max_size=4),
        discount=st.sampled_from(["", "5%", "33.3333%", "100%", "1", "2.00"]),
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    )
    def test_comes_to_the_same(self, world: World, lines, discount, currency):
        form = DraftForm(
            customer_id=a_customer(world, world.northwind),
            currency=currency,
            discount=discount,
            lines=tuple(lines),
        )
        try:
            source = read_invoice(world, world.northwind, issue(world, form))
        except InvalidInput:
            # A price that looks like a slip, a discount above the sum.
            assume(False)

        copy = duplicate(world, source.id)

        assert [copy.net_minor, copy.tax_minor, copy.total_minor, copy.due_minor] == [
            *(source.net_minor, source.tax_minor, source.total_minor, source.due_minor)
        ]

    @pytest.mark.feature("F046")
    @pytest.mark.parametrize(
        "typed",
        [
            {"mode": "fixed", "amount": "1,250.50"},
            {"mode": "percent", "percent": "33.3", "job_total": "12,000.10"},
        ],
    )
    def test_charges_in_the_same_way(self, world: World, typed: dict[str, str]):
        form = DraftForm(
            customer_id=a_customer(world, world.northwind),
            work="Refit",
            work_details="Hangar 4",
            work_tax_id="1",
            discount="5%",
            **typed,  # pyright: ignore[reportArgumentType]
        )
        source = read_invoice(world, world.northwind, issue(world, form))

        copy = duplicate(world, source.id)

        kept = form_from_json(copy.draft or {})
        assert {name: getattr(kept, name) for name in typed} == typed
        assert (kept.work, kept.work_details, kept.work_tax_id) == (
            *("Refit", "Hangar 4"),
            "1",
        )
        assert copy.total_minor == source.total_minor > 0

    def test_reads_as_it_was_typed(self, world: World):
        line = LineForm(name="Flight", unit_price="1,250.50", discount="10")
        form = DraftForm(
            customer_id=a_customer(world, world.northwind),
            discount="5%",
            lines=(line,),
        )

        copy = form_from_json(duplicate(world, issue(world, form)).draft or {})

        assert copy.discount == "5%"
        assert (copy.lines[0].unit_price, copy.lines[0].discount) == ("1,250.50", "10")

    def test_can_be_told_from_an_original_of_another_total(self, world: World):
        copy = duplicate(world, an_invoice(world, world.northwind, "100.00"))
        form = DraftForm(lines=(LineForm(name="Flight", unit_price="90"),))
        actor = world.northwind.accounting
        world.run(actor, drafts.save_draft, copy.id, copy.version, form)

        facts = world.run(actor, read_copy, copy.id)

        assert facts is not None
        assert (facts.source_number, facts.source_minor, facts.copy_minor) == (
            *("INV-00001", 10_000, 9_000),
        )
