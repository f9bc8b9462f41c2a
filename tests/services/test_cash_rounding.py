"""What is due, rounded as each currency is: from the settings up to a credit note."""

from collections.abc import Iterator

import pytest
from sqlmodel import col, select

from billing_app.database.verify import find_broken
from billing_app.documents.render import render_sheet
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.invoice import InvoiceStatus
from billing_app.models import Invoice, IssuedDocument, WorkspaceSettings
from billing_app.queries.invoice_detail import read_invoice as read_detail
from billing_app.queries.settings import read_documents
from billing_app.services import drafts, invoices
from billing_app.services.settings import DocumentsForm, change_documents
from tests.documents.test_render import text_of
from tests.support.billing import a_customer, all_rows, an_invoice, pay, read_invoice
from tests.support.credit import an_amount, credit, whole
from tests.support.world import Place, World

pytestmark = pytest.mark.feature("A16", "R05")


@pytest.fixture
def place(world: World) -> Place:
    round_to(world, world.northwind, "CHF 0.05, SEK 1.00")
    return world.northwind


@pytest.fixture(autouse=True)
def nothing_breaks(world: World) -> Iterator[None]:
    yield
    assert not find_broken(world.runtime.engine, world.clock.now)


def round_to(world: World, place: Place, steps: str) -> None:
    form = DocumentsForm(
        pattern="INV-{counter:5}",
        receipt_pattern="RCT-{counter:5}",
        credit_note_pattern="CN-{counter:5}",
        net_days="30",
        cash_rounding=steps,
    )
    version = world.run(place.owner, read_documents).version
    world.run(place.owner, change_documents, version, form)


def document_of(world: World, place: Place, invoice_id: int) -> InvoiceDocument:
    statement = select(IssuedDocument.content).where(
        col(IssuedDocument.invoice_id) == invoice_id,
        col(IssuedDocument.kind) == "invoice",
    )
    with world.reading(place.system) as uow:
        return from_json(InvoiceDocument, uow.one(statement))


def status_of(
    world: World, place: Place, invoice_id: int
) -> tuple[str | None, InvoiceStatus]:
    """Return what the lists go by, and what the page says."""
    phase = read_invoice(world, place, invoice_id).phase
    return phase, world.run(place.viewer, read_detail, invoice_id).status


@pytest.mark.parametrize(
    ("currency", "total", "due"),
    [
        ("CHF", 10_003, 10_005),
        ("SEK", 10_003, 10_000),
        ("EUR", 10_003, 10_003),
    ],
)
def test_each_currency_is_rounded_to_its_own_step(
    world: World, place: Place, currency: str, total: int, due: int
):
    invoice_id = an_invoice(world, place, "100.03", currency=currency)

    issued = read_invoice(world, place, invoice_id)
    assert (issued.total_minor, issued.due_minor) == (total, due)
    assert issued.outstanding_minor == due
    assert document_of(world, place, invoice_id).rounding_minor == due - total


@pytest.mark.parametrize("currency", ["CHF", "SEK"])
def test_rounding_is_no_payment_and_a_cent_is_one(
    world: World, place: Place, currency: str
):
    invoice_id = an_invoice(world, place, "100.03", currency=currency)

    assert status_of(world, place, invoice_id) == ("unpaid", InvoiceStatus.DUE)

    pay(world, place, invoice_id, "0.01", currency=currency)
    assert status_of(world, place, invoice_id) == (
        "partial",
        InvoiceStatus.PARTIALLY_PAID,
    )


def test_another_workspace_keeps_its_exact_amounts(world: World, place: Place):
    invoice_id = an_invoice(world, world.kestrel, "100.03", currency="CHF")

    assert read_invoice(world, world.kestrel, invoice_id).due_minor == 10_003


def test_what_is_issued_keeps_its_step_and_a_draft_follows(world: World, place: Place):
    issued = an_invoice(world, place, "100.03", currency="CHF")
    line = LineForm(name="Charter flight", unit_price="100.03")
    form = DraftForm(a_customer(world, place), currency="CHF", lines=(line,))
    draft = world.run(place.accounting, drafts.create_draft, form)
    assert read_invoice(world, place, draft.invoice_id).due_minor == 10_005

    round_to(world, place, "")
    world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

    kept, later = (read_invoice(world, place, x) for x in (issued, draft.invoice_id))
    assert (kept.cash_rounding_minor, kept.due_minor) == (5, 10_005)
    assert (later.cash_rounding_minor, later.due_minor) == (0, 10_003)


def test_the_sheet_says_the_rounding_and_why_the_sum_is_due(world: World, place: Place):
    document = document_of(
        world, place, an_invoice(world, place, "100.03", currency="SEK")
    )

    shown = text_of(render_sheet(document, explains=True))

    assert "Rounding −0.03" in shown
    # Once as a row, and once among the parts of what is due.
    assert shown.count("Rounding") == 2


def test_a_credit_note_of_a_rounded_invoice_leaves_nothing(world: World, place: Place):
    at_once = an_invoice(world, place, "100.03", currency="CHF")
    credit(world, place, at_once, whole())
    in_parts = an_invoice(world, place, "100.03", currency="CHF")
    credit(world, place, in_parts, an_amount("33.33"))
    credit(world, place, in_parts, whole())

    for invoice in all_rows(world, place, Invoice):
        assert invoice.outstanding_minor == 0
        assert invoice.credited_minor == invoice.due_minor == 10_005


def test_the_rounded_sum_pays_the_invoice(world: World, place: Place):
    invoice_id = an_invoice(world, place, "100.03", currency="SEK")

    pay(world, place, invoice_id, "100")

    paid = read_invoice(world, place, invoice_id)
    assert (paid.phase, paid.outstanding_minor) == ("paid", 0)


def test_below_half_a_step_nothing_is_asked_for(world: World, place: Place):
    invoice_id = an_invoice(world, place, "0.49", currency="SEK")

    issued = read_invoice(world, place, invoice_id)
    assert (issued.total_minor, issued.due_minor) == (49, 0)
    assert issued.phase == "paid"


def test_settings_hold_steps_in_minor_units(world: World, place: Place):
    for whose, steps in ((place, {"CHF": 5, "SEK": 100}), (world.kestrel, {})):
        (settings,) = all_rows(world, whose, WorkspaceSettings)
        assert settings.cash_rounding == steps
