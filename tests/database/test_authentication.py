"""What a portal link opens, and what it says of the business behind it."""

from __future__ import annotations

import pytest
from sqlmodel import select

from billing_app.database import authentication
from billing_app.database.authentication import (
    NO_COOKIES,
    Cookies,
    OpenedLink,
    PortalNotAvailable,
)
from billing_app.database.secrets import digest
from billing_app.domain.actors import Proof, Role
from billing_app.domain.errors import NotFound, NotPermitted, NotSignedIn
from billing_app.domain.portal_place import Door, PortalPlace, parse_place
from billing_app.domain.portal_proof import SESSION_IDLE, VerificationRequired
from billing_app.domain.portal_settings import PaymentMode, PortalSettings
from billing_app.models import (
    Customer,
    Member,
    PortalLink,
    PortalSession,
    StaffSession,
    StripeAccount,
    WorkspaceSettings,
)
from billing_app.queries.attempts import check_may_pay
from billing_app.services import portal_links
from tests.support.billing import a_customer, an_invoice
from tests.support.world import Place, World


def token_of(world: World, place: Place, customer_id: int | None = None) -> str:
    invoice_id = an_invoice(world, place, customer_id=customer_id or 0)
    return world.run(place.accounting, portal_links.copy_link, invoice_id)


def open_link(world: World, place: Place) -> OpenedLink:
    token = token_of(world, place)
    return open_place(world, token)


def open_place(world: World, token: str, header: str = "", **asked: bool) -> OpenedLink:
    return authentication.open_portal(
        world.runtime.engine,
        PortalPlace(Door.INVOICE_LINK, token, is_account=False),
        Cookies(header, is_https=False),
        world.clock.now,
        **asked,
    )


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
        token = token_of(world, world.northwind)
        header = f"tallyport={session}"
        return open_place(world, token, header, wants_preview=wants_preview).visitor

    def test_knows_a_browser_of_the_business(self, world: World):
        session = sign_in(world, world.northwind)

        looking = self.open(world, session, wants_preview=False)
        preview = self.open(world, session, wants_preview=True)

        assert (looking.is_staff, looking.is_preview) == (True, False)
        assert (preview.is_staff, preview.is_preview) == (True, True)

    def test_knows_a_member_who_works_in_another_of_their_workspaces(
        self, world: World
    ):
        session = sign_in(world, world.kestrel)
        with world.unit(world.kestrel.system) as uow:
            person_id = uow.get(Member, world.kestrel.owner.member_id).person_id
        with world.unit(world.northwind.system) as uow:
            member = uow.add(
                Member(
                    person_id=person_id,
                    name="Kay",
                    email="kay@kestrel.example",
                    role=Role.VIEWER,
                    created_at=uow.now,
                )
            )
            uow.flush()
            member_id = member.id

        assert self.open(world, session, wants_preview=False).is_staff

        with world.unit(world.northwind.system) as uow:
            uow.get(Member, member_id or 0).removed_at = uow.now
        assert not self.open(world, session, wants_preview=False).is_staff

    def test_previews_an_invoice_without_a_link(self, world: World):
        place = world.northwind
        path = world.run(
            place.viewer, portal_links.preview_invoice, an_invoice(world, place)
        )
        found = parse_place(path.partition("?")[0])
        assert found is not None

        def open_it(session: str, *, wants_preview: bool) -> OpenedLink:
            return authentication.open_portal(
                world.runtime.engine,
                found,
                Cookies(f"tallyport={session}", is_https=False),
                world.clock.now,
                wants_preview=wants_preview,
            )

        for refused in ("", "other", sign_in(world, world.kestrel)):
            for wants_preview in (True, False):
                with pytest.raises(NotSignedIn):
                    open_it(refused, wants_preview=wants_preview)
        with world.unit(world.kestrel.system) as uow:
            uow.delete(uow.one(select(StaffSession)))
        session = sign_in(world, place)
        # Its files don't say that they belong to a preview.
        for wants_preview in (True, False):
            visitor = open_it(session, wants_preview=wants_preview).visitor
            assert (visitor.is_preview, visitor.is_staff) == (True, True)
            assert visitor.invoice_id == found.invoice_id
            with pytest.raises(NotPermitted):
                world.run(visitor, check_may_pay)

    def test_nobody_else_can_ask_for_a_preview(self, world: World):
        stranger = self.open(world, "", wants_preview=True)
        signed_out = self.open(world, "other", wants_preview=True)
        other_business = self.open(
            world, sign_in(world, world.kestrel), wants_preview=True
        )

        for visitor in (stranger, signed_out, other_business):
            assert (visitor.is_staff, visitor.is_preview) == (False, False)


class TestCustomerLink:
    """A customer link opens the account, and any invoice of it that is named."""

    def open(self, world: World, token: str, invoice_id: int | None = None):
        place = PortalPlace(Door.CUSTOMER_LINK, token, True, invoice_id)
        return authentication.open_portal(
            world.runtime.engine, place, NO_COOKIES, world.clock.now
        ).visitor

    def test_opens_the_whole_account(self, world: World):
        customer_id, token = customer_link(world, world.northwind)

        visitor = self.open(world, token)

        assert (visitor.customer_id, visitor.invoice_id) == (customer_id, None)

    def test_is_narrowed_to_the_invoice_that_is_named(self, world: World):
        _, token = customer_link(world, world.northwind)

        assert self.open(world, token, 12).invoice_id == 12

    def test_a_link_opens_only_its_own_kind_of_page(self, world: World):
        _, whole = customer_link(world, world.northwind)
        single = token_of(world, world.northwind)

        with pytest.raises(NotFound):
            open_place(world, whole)
        with pytest.raises(NotFound):
            self.open(world, single)


class TestCustomerSession:
    """What a signed-in browser adds to a link: proof, for its own customer only."""

    def test_proves_who_writes(self, world: World):
        customer_id = a_customer(world, world.northwind)
        token = token_of(world, world.northwind, customer_id)
        cookie = customer_session(world, world.northwind, customer_id)

        visitor = open_place(world, token, cookie).visitor

        assert visitor.proof == Proof.SESSION

    def test_proves_nothing_to_another_customer_or_business(self, world: World):
        customer_id = a_customer(world, world.northwind)
        cookie = customer_session(world, world.northwind, customer_id)

        for place in world.places:
            token = token_of(world, place, a_customer(world, place, "Other"))
            assert open_place(world, token, cookie).visitor.proof == Proof.LINK

    def test_ends_after_a_while_without_use(self, world: World):
        customer_id = a_customer(world, world.northwind)
        token = token_of(world, world.northwind, customer_id)
        cookie = customer_session(world, world.northwind, customer_id)

        world.clock.now += SESSION_IDLE

        assert open_place(world, token, cookie).visitor.proof == Proof.LINK

    def test_of_a_contact_who_may_not_see_all_counts_for_one_invoice(
        self, world: World
    ):
        customer_id = a_customer(world, world.northwind)
        mine = an_invoice(world, world.northwind, customer_id=customer_id or 0)
        other = an_invoice(world, world.northwind, customer_id=customer_id or 0)
        cookie = customer_session(world, world.northwind, customer_id, mine)

        proofs = []
        for invoice_id in (mine, other):
            token = world.run(
                world.northwind.accounting, portal_links.copy_link, invoice_id
            )
            proofs.append(open_place(world, token, cookie).visitor.proof)

        assert proofs == [Proof.CODE, Proof.LINK]

    def test_opens_the_account_without_a_link(self, world: World):
        customer_id = a_customer(world, world.northwind)
        cookie = customer_session(world, world.northwind, customer_id)

        visitor = open_account(world, world.northwind, cookie).visitor

        assert (visitor.customer_id, visitor.link_id) == (customer_id, None)
        with pytest.raises(NotSignedIn):
            open_account(world, world.kestrel, cookie)
        with pytest.raises(NotSignedIn):
            open_account(world, world.northwind, "")

    @pytest.mark.feature("C07")
    def test_widens_an_invoice_link_to_the_account(self, world: World):
        customer_id = a_customer(world, world.northwind)
        token = token_of(world, world.northwind, customer_id)
        cookie = customer_session(world, world.northwind, customer_id)
        place = PortalPlace(Door.INVOICE_LINK, token, is_account=True)

        def opened(header: str):
            cookies = Cookies(header, is_https=False)
            return authentication.open_portal(
                world.runtime.engine, place, cookies, world.clock.now
            ).visitor

        assert opened(cookie).invoice_id is None
        with pytest.raises(VerificationRequired):
            opened("")


def test_a_customer_can_be_shut_out_alone(world: World):
    shut = a_customer(world, world.northwind)
    token = token_of(world, world.northwind, shut)
    other = token_of(world, world.northwind, a_customer(world, world.northwind, "B"))
    with world.unit(world.northwind.system) as uow:
        uow.get(Customer, shut).portal = {"is_on": False}

    with pytest.raises(PortalNotAvailable):
        open_place(world, token)
    assert open_place(world, other)


def open_account(world: World, place: Place, header: str) -> OpenedLink:
    with world.unit(place.system) as uow:
        slug = uow.workspace.slug
    return authentication.open_portal(
        world.runtime.engine,
        PortalPlace(Door.SIGNED_IN, slug, is_account=True),
        Cookies(header, is_https=False),
        world.clock.now,
    )


def customer_link(world: World, place: Place) -> tuple[int, str]:
    customer_id = a_customer(world, place)
    with world.unit(place.system) as uow:
        uow.add(
            PortalLink(
                customer_id=customer_id,
                token_digest=digest("of the customer"),
                token_encrypted="",
                created_at=uow.now,
            )
        )
    return customer_id, "of the customer"


def customer_session(
    world: World, place: Place, customer_id: int, invoice_id: int | None = None
) -> str:
    """Sign a contact in; returns the Cookie header of their browser."""
    with world.unit(place.system) as uow:
        uow.add(
            PortalSession(
                token_digest=digest("of-the-contact"),
                email="Ada@example.com",
                email_key="ada@example.com",
                customer_id=customer_id,
                invoice_id=invoice_id,
                created_at=uow.now,
                seen_at=uow.now,
            )
        )
        return f"tallyport-portal-{uow.actor.workspace_id}=of-the-contact"
