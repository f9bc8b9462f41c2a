"""A form that is pressed twice makes one thing, whichever form it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from reflex_base.components.component import Component
from reflex_components_core.el.elements.forms import Form

from billing_app.models import (
    BillableEvent,
    Comment,
    CreditNote,
    Customer,
    CustomerContact,
    Invoice,
    Member,
    OutboxMessage,
    Payment,
    PaymentPromise,
    Product,
    StaffNote,
    TaxRate,
    WriteOff,
)
from billing_app.services import drafts
from billing_app.web import routes
from billing_app.web.doors import PRESS_LENGTH_MAX, PressState
from billing_app.web.staff.conversation_state import ConversationState
from billing_app.web.staff.customer_detail_state import CustomerDetailState
from billing_app.web.staff.customer_events_state import CustomerEventsState
from billing_app.web.staff.customers_state import CustomersState
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState
from billing_app.web.staff.settings_members_state import MembersState
from billing_app.web.staff.settings_products_state import ProductsState
from billing_app.web.staff.settings_taxes_state import TaxesState
from tests.support.billing import a_customer, all_rows, an_invoice
from tests.support.world import World
from tests.web.conftest import Browse

INVOICE, CUSTOMER, DRAFT = "/invoices/{}", "/customers/{}", "/invoices/{}/edit"
EVENTS = CUSTOMER + "/events"


@dataclass(frozen=True)
class Pressed:
    """A form of the desk.

    Attributes:
        before: the handlers that open it, in order.
        made: what the first press makes one of.
    """

    state: Any
    handler: str
    path: str
    made: Any
    form: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ("open",)


PAID = {"amount": "40", "received_on": "2026-03-02", "method": "cash"}
HAPPENED = {
    "kind": "Pallet",
    "reference": "P-1",
    "happened": "2026-03-01T10:00",
    "quantity": "3",
    "rate": "4",
}
FORMS = (
    Pressed(CustomersState, "add", "/customers", Customer, {"name": "Halden"}),
    Pressed(InvoiceEditorState, "create_customer", DRAFT, Customer, {"name": "Halden"}),
    Pressed(InvoiceEditorState, "duplicate", DRAFT, Invoice),
    Pressed(InvoiceDetailState, "duplicate", INVOICE, Invoice),
    Pressed(ConversationState, "reply", INVOICE, Comment, {"body": "On Monday."}),
    Pressed(ConversationState, "write_note", INVOICE, StaffNote, {"note": "Ask."}),
    Pressed(
        *(InvoiceDetailState, "record_payment", INVOICE, Payment, PAID),
        ("open", "start_payment"),
    ),
    Pressed(
        *(InvoiceDetailState, "issue_credit_note", INVOICE, CreditNote),
        {"reason": "Damaged"},
        ("open", "start_crediting"),
    ),
    Pressed(
        *(InvoiceDetailState, "reissue", INVOICE, Invoice, {"reason": "Wrong name"}),
        ("open", "start_reissuing"),
    ),
    Pressed(
        *(InvoiceDetailState, "write_off", INVOICE, WriteOff, {"reason": "Gone"}),
        ("open", "start_writing_off"),
    ),
    Pressed(
        *(InvoiceDetailState, "note_promise", INVOICE, PaymentPromise),
        {"promised_on": "2026-03-20", "promised_by": "Ann"},
        ("open", "start_noting_promise"),
    ),
    Pressed(
        *(InvoiceDetailState, "share_by_mail", INVOICE, OutboxMessage),
        {"email": "it@vermeer.example"},
        ("open", "start_sharing"),
    ),
    Pressed(
        *(CustomerDetailState, "save_contact", CUSTOMER, CustomerContact),
        {"email": "ann@vermeer.example", "kind": "to"},
        ("open", "start_contact"),
    ),
    Pressed(
        *(CustomerEventsState, "save", EVENTS, BillableEvent, HAPPENED),
        ("open", "start_adding"),
    ),
    Pressed(
        *(TaxesState, "save", "/settings/taxes", TaxRate),
        {"name": "VAT", "percent": "21", "category": "S"},
        ("open", "add"),
    ),
    Pressed(
        *(ProductsState, "save", "/settings/products", Product),
        {"name": "Pallet", "unit_price": "10", "currency": "EUR"},
        ("open", "add"),
    ),
    Pressed(
        *(MembersState, "add", "/settings/members", Member),
        {"name": "Ida", "email": "ida@northwind.example", "role": "viewer"},
        ("open", "start_adding"),
    ),
)


def named(it: Pressed) -> str:
    return f"{it.state.__name__}.{it.handler}"


@pytest.mark.parametrize("it", FORMS, ids=named)
async def test_two_presses_behind_each_other_make_one(
    world: World, browse: Browse, it: Pressed
):
    place = world.northwind
    customer_id = a_customer(world, place)
    about = {
        INVOICE: an_invoice(world, place, "100.00"),
        DRAFT: world.run(place.accounting, drafts.start_draft, 0).invoice_id,
    }.get(it.path, customer_id)
    before = len(all_rows(world, place, it.made))
    elsewhere = len(all_rows(world, world.kestrel, it.made))

    async with browse(place.owner, it.path.format(about)) as driver:
        if it.state is ConversationState:
            await driver.watch(it.state.watch)
            await driver.until(lambda: bool(driver.shown(it.state, "turn")))
        else:
            for step in it.before:
                await driver.press(getattr(it.state, step))
        press = getattr(it.state, it.handler)
        await asyncio.gather(
            *(driver.press(press, form=it.form | {"press": "k"}) for _ in range(2))
        )

        assert driver.shown(PressState, "answered") == ["k"]
        told = [x.words for x in driver.shown(it.state, "notices") or []]
        assert len(told) <= 1
    assert len(all_rows(world, place, it.made)) == before + 1
    assert len(all_rows(world, world.kestrel, it.made)) == elsewhere


async def test_what_is_pressed_again_on_purpose_is_done_again(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind)
    path = INVOICE.format(invoice_id)
    async with browse(world.northwind.accounting, path) as driver:
        await driver.watch(ConversationState.watch)
        await driver.until(lambda: bool(driver.shown(ConversationState, "turn")))
        for press in ("k1", "k2", "k1"):
            form = {"note": "Called.", "press": press}
            await driver.press(ConversationState.write_note, form=form)

    assert len(all_rows(world, world.northwind, StaffNote)) == 2


@pytest.mark.parametrize(("extra", "made"), [(0, 1), (1, 2)])
async def test_a_key_that_is_too_long_is_none_and_is_not_kept(
    world: World, browse: Browse, extra: int, made: int
):
    key = "k" * (PRESS_LENGTH_MAX + extra)
    form = {"name": "Halden", "press": key}
    async with browse(world.northwind.owner, "/customers") as driver:
        for _ in range(2):
            await driver.press(CustomersState.add, form=dict(form))

        assert (driver.shown(PressState, "answered") or []) == ([] if extra else [key])
    assert len(all_rows(world, world.northwind, Customer)) == made


async def test_a_refused_form_is_answered_too(world: World, browse: Browse):
    async with browse(world.northwind.owner, "/customers") as driver:
        await driver.press(CustomersState.add, form={"name": "", "press": "k"})

        assert driver.shown(PressState, "answered") == ["k"]
        assert driver.shown(CustomersState, "errors")["name"]


def forms_of(component: Component) -> Iterator[Form]:
    if isinstance(component, Form):
        yield component
    for child in (*component.children, *component._get_components_in_props()):
        if isinstance(child, Component):
            yield from forms_of(child)


def test_every_form_of_the_desk_says_which_press_it_is():
    """One whose handler takes no form would be busy and never be answered."""
    forms = [
        form
        for page in routes.PAGES
        if page.component.__module__.startswith("billing_app.web.staff.")
        for form in forms_of(page.component())
        if "action" not in form.custom_attrs and form.action is None
    ]
    sent: list[Any] = [form.event_triggers["on_submit"] for form in forms]
    specs = [spec for chain in sent for spec in chain.events]
    named_args = {
        spec.handler.fn.__qualname__: [value._js_expr for _, value in spec.args]
        for spec in specs
    }

    assert len(named_args) > 30
    assert [name for name, args in named_args.items() if "form_data" not in args] == []
