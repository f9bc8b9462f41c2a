"""What customers see of credit notes: theirs, of their invoice, once it is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_app.database.authentication import OpenedLink
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_settings import PortalSettings, PortalSetup
from billing_app.queries import issued_files, portal
from billing_app.services import credit_notes, drafts, invoices
from billing_app.workflows import portal_pages
from tests.support.billing import a_customer, an_invoice, read_invoice, visitor_of
from tests.support.credit import WHY, a_mixed_invoice, an_amount, credit
from tests.support.world import World

pytestmark = pytest.mark.feature("G10")

SETUP = PortalSetup(PortalSettings(), "UTC", "EUR", False, False, "northwind")


def page(world: World, visitor: PortalVisitor, base: str = "/p/token"):
    link = OpenedLink(visitor, SETUP)
    return portal_pages.open_invoice(world.runtime, link, base).view


def test_are_listed_with_their_file(world: World):
    place = world.northwind
    invoice_id = a_mixed_invoice(world, place)
    credit(world, place, invoice_id, an_amount("45.50"))

    view = page(world, visitor_of(world, place, invoice_id))

    (row,) = view.payments
    assert (row.method, row.note) == ("Credit note CN-00001", WHY)
    assert (row.amount, row.receipt_words) == ("€45.50", "Credit note PDF")
    assert row.receipt_href == "/p/token/credit-notes/1.pdf"
    assert view.amount == "€150.00"


def test_have_no_file_where_the_portal_offers_none(world: World):
    place = world.northwind
    invoice_id = a_mixed_invoice(world, place)
    credit(world, place, invoice_id)
    setup = replace(SETUP, settings=PortalSettings(shows_pdf=False))

    link = OpenedLink(visitor_of(world, place, invoice_id), setup)
    view = portal_pages.open_invoice(world.runtime, link, "/p/token").view

    assert (view.payments[0].receipt_href, view.payments[0].word) == ("", "Credited")


def test_of_other_invoices_customers_and_workspaces_do_not_exist(world: World):
    place, customer_id = world.northwind, a_customer(world, world.northwind)
    mine = an_invoice(world, place, customer_id=customer_id)
    sister = an_invoice(world, place, customer_id=customer_id)
    other = an_invoice(world, place)
    foreign = an_invoice(world, world.kestrel)
    visitor = visitor_of(world, place, mine)
    ids = [credit(world, place, x).credit_note_id for x in (mine, sister, other)]
    ids.append(credit(world, world.kestrel, foreign).credit_note_id)

    assert world.run(visitor, portal.find_credit_note, ids[0]).number == "CN-00001"
    for hidden in ids[1:]:
        with pytest.raises(NotFound):
            world.run(visitor, portal.find_credit_note, hidden)
    account = replace(visitor, invoice_id=None)
    found = world.run(account, portal.find_credit_note, ids[1], sister)
    assert found.number == "CN-00002"
    for hidden, invoice_id in ((ids[2], other), (ids[3], foreign), (ids[1], mine)):
        with pytest.raises(NotFound):
            world.run(account, portal.find_credit_note, hidden, invoice_id)
    with pytest.raises(NotFound):
        world.run(world.kestrel.viewer, issued_files.find_credit_note_file, ids[0])


def test_of_an_invoice_that_is_not_shown_are_not_either(world: World):
    place, customer_id = world.northwind, a_customer(world, world.northwind)
    hidden = an_invoice(world, place, customer_id=customer_id, is_published=False)
    issued = credit(world, place, hidden)
    visitor = PortalVisitor(place.workspace_id, customer_id, 1, None)

    with pytest.raises(NotFound):
        world.run(visitor, portal.find_credit_note, issued.credit_note_id, hidden)


class TestReplacing:
    def replaced(self, world: World) -> tuple[int, int]:
        """An invoice, and the published one that takes its place."""
        place = world.northwind
        old = a_mixed_invoice(world, place)
        made = world.run(place.accounting, credit_notes.reissue, old, WHY)
        new = made.draft.invoice_id
        version = read_invoice(world, place, new).version
        world.run(place.accounting, invoices.issue_and_publish, new, version)
        return old, new

    def test_is_said_without_a_way_there_by_a_link_to_one_invoice(self, world: World):
        old, _ = self.replaced(world)

        view = page(world, visitor_of(world, world.northwind, old))

        assert (view.status, view.replaced_by) == ("Credited", "INV-00002")
        assert view.replaced_href == ""

    def test_leads_on_inside_the_account(self, world: World):
        old, new = self.replaced(world)
        visitor = visitor_of(world, world.northwind, old)

        view = page(world, visitor, f"/account/northwind/{old}")

        assert view.replaced_href == f"/account/northwind/{new}"

    def test_is_not_told_before_the_new_invoice_is_there(self, world: World):
        place = world.northwind
        old = a_mixed_invoice(world, place)
        made = world.run(place.accounting, credit_notes.reissue, old, WHY)
        visitor = visitor_of(world, place, old)
        assert page(world, visitor).replaced_by == ""

        world.run(place.accounting, drafts.delete_draft, made.draft.invoice_id)
        assert page(world, visitor).replaced_by == ""
