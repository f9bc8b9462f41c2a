"""Tokens, limits and PDFs of invoices without an account."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from billing_app.domain.errors import BillingError, InvalidInput, LimitReached, NotFound
from billing_app.domain.guest_invoice import FREE_BEGINNINGS, FREE_PRINTS
from billing_app.workflows import guest_invoices, nightly
from tests.support.guest import FORM, NETWORK, a_guest, welcoming
from tests.support.world import World


@pytest.fixture
def open_world(world: World) -> World:
    return welcoming(world)


class TestToken:
    def test_opens_what_was_kept(self, open_world: World):
        token = a_guest(open_world)

        opened = guest_invoices.open_guest(open_world.runtime, token)

        assert (opened.form, opened.version) == (FORM, 1)

    @pytest.mark.parametrize(
        "made_up", ["", "x", "x.y", ".", "ä.ö", "a" * 43 + "." + "0" * 32, "x" * 10_000]
    )
    def test_only_ours_open_anything(self, open_world: World, made_up: str):
        with pytest.raises(NotFound):
            guest_invoices.open_guest(open_world.runtime, made_up)
        with pytest.raises(NotFound):
            guest_invoices.save(open_world.runtime, made_up, 0, FORM)

    def test_one_network_begins_so_many(self, open_world: World):
        running = open_world.runtime
        first = a_guest(open_world)
        for _ in range(FREE_BEGINNINGS - 1):
            a_guest(open_world)

        with pytest.raises(LimitReached, match="Wait"):
            a_guest(open_world)
        other = guest_invoices.begin(running, "198.51.100.1")
        assert guest_invoices.save(running, other, 0, FORM)
        # Who has begun may go on.
        assert guest_invoices.save(running, first, 1, FORM)

    def test_nothing_opens_where_it_is_off(self, open_world: World, world: World):
        token = a_guest(open_world)
        acts = (
            lambda: guest_invoices.begin(world.runtime, NETWORK),
            lambda: guest_invoices.open_guest(world.runtime, token),
            lambda: guest_invoices.save(world.runtime, token, 1, FORM),
            lambda: guest_invoices.print_guest(world.runtime, token, NETWORK),
        )

        for act in acts:
            with pytest.raises(NotFound):
                act()
        assert guest_invoices.find_for_member(world.runtime, token) is None


class TestPrint:
    @pytest.mark.feature("F063")
    def test_is_a_pdf_with_the_senders_number(self, open_world: World):
        token = a_guest(open_world, replace(FORM, number="№ 2026/7\r\n"))

        name, pdf = guest_invoices.print_guest(open_world.runtime, token, NETWORK)

        assert name == "Invoice-2026-7.pdf"
        assert pdf.startswith(b"%PDF-")

    def test_of_what_can_not_be_read_is_refused(self, open_world: World):
        token = a_guest(open_world, replace(FORM, seller_name=""))

        with pytest.raises(InvalidInput):
            guest_invoices.print_guest(open_world.runtime, token, NETWORK)

    def test_one_network_prints_so_many(self, open_world: World, monkeypatch):
        token = a_guest(open_world)
        monkeypatch.setattr(guest_invoices, "FREE_PRINTS", 1)
        guest_invoices.print_guest(open_world.runtime, token, NETWORK)

        with pytest.raises(LimitReached):
            guest_invoices.print_guest(open_world.runtime, token, NETWORK)
        assert FREE_PRINTS > 1

    def test_waits_for_another_guest_only_so_long(self, open_world: World, monkeypatch):
        token = a_guest(open_world)
        monkeypatch.setattr(guest_invoices, "_WAIT_SECONDS", 0)

        with guest_invoices._printing, pytest.raises(LimitReached, match="Others"):
            guest_invoices.print_guest(open_world.runtime, token, NETWORK)
        assert guest_invoices.print_guest(open_world.runtime, token, NETWORK)

    def test_waits_only_where_few_others_do(self, open_world: World, monkeypatch):
        """Whoever waits holds a thread that other requests need."""
        token = a_guest(open_world)
        monkeypatch.setattr(guest_invoices, "_WAIT_SECONDS", 60)

        with ExitStack() as others, guest_invoices._printing:
            for _ in range(4):
                others.enter_context(guest_invoices._waiting)
            with pytest.raises(LimitReached, match="Others"):
                guest_invoices.print_guest(open_world.runtime, token, NETWORK)
        assert guest_invoices.print_guest(open_world.runtime, token, NETWORK)

    def test_of_a_taken_one_is_refused(self, open_world: World):
        token = a_guest(open_world)
        key = guest_invoices.open_guest(open_world.runtime, token).digest
        actor = open_world.northwind.accounting
        open_world.run(actor, guest_invoices.guest_drafts.take_over, key)

        with pytest.raises(BillingError):
            guest_invoices.print_guest(open_world.runtime, token, NETWORK)


def test_the_calendar_forgets_old_ones(open_world: World):
    token = a_guest(open_world)
    open_world.clock.advance(days=8)

    nightly.run(open_world.runtime)

    assert guest_invoices.open_guest(open_world.runtime, token).version == 0
