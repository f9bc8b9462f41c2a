"""What a portal link opens, and what it says of the business behind it."""

from __future__ import annotations

from sqlmodel import select

from billing_app.database import authentication
from billing_app.database.authentication import OpenedLink
from billing_app.database.secrets import digest
from billing_app.domain.portal_settings import PaymentMode, PortalSettings
from billing_app.models import Member, StaffSession, StripeAccount, WorkspaceSettings
from billing_app.services import portal_links
from tests.support.billing import an_invoice
from tests.support.world import Place, World


def token_of(world: World, place: Place) -> str:
    invoice_id = an_invoice(world, place)
    return world.run(place.accounting, portal_links.copy_link, invoice_id)


def open_link(world: World, place: Place) -> OpenedLink:
    token = token_of(world, place)
    return authentication.open_link(world.runtime.engine, token, world.clock.now)


def sign_in(world: World, place: Place) -> str:
    with world.unit(place.system) as uow:
        owner = uow.get(Member, place.owner.member_id)
        uow.add(
            StaffSession(
                person_id=owner.person_id,
                member_id=owner.id,
                token_digest=digest("secret"),
                created_at=uow.now,
                seen_at=uow.now,
            )
        )
    return "secret"


class TestOpenLink:
    def test_says_what_the_business_has_chosen(self, world: World):
        chosen = PortalSettings(payment=PaymentMode.INSTRUCTIONS, welcome="Hello")
        with world.unit(world.northwind.system) as uow:
            uow.one(select(WorkspaceSettings)).portal = chosen.to_stored()

        setup = open_link(world, world.northwind).setup

        assert setup.settings == chosen
        assert (setup.zone, setup.home_currency) == ("Europe/Amsterdam", "EUR")

    def test_says_whether_cards_can_be_taken(self, world: World):
        with world.unit(world.northwind.system) as uow:
            uow.add(
                StripeAccount(
                    secret_key_encrypted="x",
                    webhook_secret_encrypted="y",
                    charges_enabled=True,
                )
            )

        north = open_link(world, world.northwind).setup
        south = open_link(world, world.kestrel).setup

        assert (north.is_connected, north.can_charge) == (True, True)
        assert (south.is_connected, south.can_charge) == (False, False)


class TestOpenPage:
    def open(self, world: World, session: str, *, wants_preview: bool):
        return authentication.open_page(
            world.runtime.engine,
            token_of(world, world.northwind),
            session,
            world.clock.now,
            wants_preview=wants_preview,
        ).visitor

    def test_knows_a_browser_of_the_business(self, world: World):
        session = sign_in(world, world.northwind)

        looking = self.open(world, session, wants_preview=False)
        preview = self.open(world, session, wants_preview=True)

        assert (looking.is_staff, looking.is_preview) == (True, False)
        assert (preview.is_staff, preview.is_preview) == (True, True)

    def test_nobody_else_can_ask_for_a_preview(self, world: World):
        stranger = self.open(world, "", wants_preview=True)
        signed_out = self.open(world, "other", wants_preview=True)
        other_business = self.open(
            world, sign_in(world, world.kestrel), wants_preview=True
        )

        for visitor in (stranger, signed_out, other_business):
            assert (visitor.is_staff, visitor.is_preview) == (False, False)
