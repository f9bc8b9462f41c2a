"""A customer proves who they are: codes by mail, an app on top, and every refusal."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
import pytest
from markupsafe import Markup
from pyotp.totp import TOTP
from sqlmodel import select
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import (
    Cookies,
    OpenedLink,
    PortalNotAvailable,
)
from billing_app.domain.actors import Proof
from billing_app.domain.errors import NotPermitted, NotSignedIn
from billing_app.domain.portal_account import AccountFrame
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_proof import (
    CODE_LIFETIME,
    CODE_TRIES_MAX,
    CODE_TRIES_WINDOW,
    VerificationRequired,
    check_may_write,
)
from billing_app.domain.portal_settings import PaymentMode
from billing_app.endpoints.pay import pay_routes
from billing_app.endpoints.portal_sign_in import portal_sign_in_routes
from billing_app.models import (
    AuditEntry,
    Customer,
    CustomerContact,
    OneTimeCode,
    OutboxMessage,
    PortalSession,
    WorkspaceSettings,
)
from billing_app.queries.diagnostics import read_diagnostics
from billing_app.services import portal_links, portal_sessions
from billing_app.services.customers import (
    CustomerForm,
    change_customer,
    create_customer,
)
from billing_app.workflows import pay_online
from billing_app.workflows.account_pages import open_account
from billing_app.workflows.outbox import deliver_due
from tests.support.billing import a_customer, all_rows, an_invoice
from tests.support.server import free_port, served
from tests.support.world import World

EMAIL = "ap@vermeer.example"


@dataclass
class Desk:
    """An invoice of one customer, served, and the mail that arrives.

    `asked` is what the form of the code that was asked for last carries.
    """

    world: World
    url: str
    customer_id: int
    invoice_id: int
    cookies: dict[str, str] = field(default_factory=dict)
    asked: str = ""

    @property
    def token(self) -> str:
        place = self.world.northwind
        return self.world.run(place.accounting, portal_links.copy_link, self.invoice_id)

    @property
    def page(self) -> str:
        return f"/p/{self.token}/verify"

    def post(self, step: str, page: str = "", **form: str) -> httpx.Response:
        """Send a form, with what it carries of the code that was asked for last."""
        answer = httpx.post(
            f"{self.url}{page or self.page}",
            data={"step": step, "asked": self.asked, **form},
            cookies=self.cookies,
        )
        self.note_asked(answer)
        self.cookies |= dict(answer.cookies)
        return answer

    def note_asked(self, answer: httpx.Response) -> None:
        if found := re.search('name="asked" value="([^"]*)"', answer.text):
            self.asked = found[1]

    def get(self, page: str = "") -> httpx.Response:
        return httpx.get(f"{self.url}{page or self.page}", cookies=self.cookies)

    def mailed_codes(self) -> list[str]:
        """Deliver what is due; return the codes in all mails so far, oldest first."""
        while deliver_due(self.world.runtime):
            pass
        folder = self.world.runtime.settings.data_dir / "mailbox"
        mails = sorted(folder.rglob("*.eml"), key=lambda x: x.stat().st_mtime_ns)
        found = (re.search(r"Subject: (\d{6}) is", x.read_text()) for x in mails)
        return [x[1] for x in found if x]

    def code(self) -> str:
        return self.mailed_codes()[-1]

    def sign_in(self, page: str = "", email: str = EMAIL) -> httpx.Response:
        self.post("email", page, email=email)
        return self.post("code", page, email=email, code=self.code())

    def opened(self, place: PortalPlace | None = None) -> OpenedLink:
        header = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        return authentication.open_portal(
            self.world.runtime.engine,
            place or PortalPlace(Door.INVOICE_LINK, self.token, is_account=False),
            Cookies(header, is_https=False),
            self.world.clock.now,
        )


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    runtime.set_current(world.runtime)
    an_invoice(world, world.kestrel)
    customer_id = a_customer(world, world.northwind)
    invoice_id = an_invoice(world, world.northwind, customer_id=customer_id)
    port = free_port()
    head = Markup("")
    app = Starlette(routes=[*portal_sign_in_routes(head), *pay_routes(head)])
    with served(app, port):
        yield Desk(world, f"http://localhost:{port}", customer_id, invoice_id)


def choose(world: World, **portal: str | bool) -> None:
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).portal = portal


class TestCode:
    @pytest.mark.feature("F072")
    def test_proves_the_address_to_whoever_reads_its_mail(self, desk: Desk):
        answer = desk.sign_in()

        assert answer.status_code == 303
        opened = desk.opened()
        assert (opened.visitor.proof, opened.email) == (Proof.SESSION, EMAIL)

    def test_sets_a_cookie_that_no_script_reads(self, desk: Desk):
        cookie = desk.sign_in().headers["set-cookie"].lower()

        assert "httponly" in cookie
        assert "samesite=lax" in cookie

    @pytest.mark.feature("G14")
    def test_asking_looks_the_same_for_a_stranger(self, desk: Desk):
        known = desk.post("email", email=EMAIL)
        of_known = desk.asked
        unknown = desk.post("email", email="no@vermeer.example")

        masked = unknown.text.replace("no@vermeer", "ap@vermeer").replace("n•", "a•")
        masked = masked.replace(desk.asked, of_known)
        assert (known.status_code, known.text) == (unknown.status_code, masked)
        assert len(desk.mailed_codes()) == 1

    def test_is_stored_nowhere(self, desk: Desk):
        desk.post("email", email=EMAIL)
        code = desk.code()

        for table in (OneTimeCode, OutboxMessage, AuditEntry):
            for row in all_rows(desk.world, desk.world.northwind, table):
                assert code not in json.dumps(row.model_dump(), default=str)

    @pytest.mark.parametrize("change", ["wrong", "fullwidth", "arabic", "short", ""])
    def test_refuses_anything_else(self, desk: Desk, change: str):
        desk.post("email", email=EMAIL)
        code = desk.code()
        typed = {
            "wrong": f"{(int(code) + 1) % 10**6:06}",
            "fullwidth": code.translate({48 + x: 0xFF10 + x for x in range(10)}),
            "arabic": code.translate({48 + x: 0x660 + x for x in range(10)}),
            "short": code[:5],
            "": "",
        }[change]

        answer = desk.post("code", email=EMAIL, code=typed)

        assert answer.status_code == 422
        assert "That code is wrong" in answer.text
        assert desk.opened().visitor.proof == Proof.LINK

    def test_may_be_typed_with_a_space(self, desk: Desk):
        desk.post("email", email=EMAIL)
        code = desk.code()

        answer = desk.post("code", email=EMAIL, code=f" {code[:3]} {code[3:]} ")

        assert answer.status_code == 303

    @pytest.mark.feature("G14")
    def test_works_once(self, desk: Desk):
        desk.sign_in()
        desk.cookies.clear()

        answer = desk.post("code", email=EMAIL, code=desk.code())

        assert answer.status_code == 422

    @pytest.mark.feature("G14")
    def test_lives_ten_minutes(self, desk: Desk):
        desk.post("email", email=EMAIL)
        code = desk.code()
        desk.world.clock.now += CODE_LIFETIME

        assert desk.post("code", email=EMAIL, code=code).status_code == 422

    def test_of_another_invoice_is_not_taken(self, desk: Desk):
        desk.post("email", email=EMAIL)
        code = desk.code()
        desk.invoice_id = an_invoice(
            desk.world, desk.world.northwind, customer_id=desk.customer_id
        )

        assert desk.post("code", email=EMAIL, code=code).status_code == 422

    def test_fifty_at_once_get_five_tries(self, desk: Desk):
        """The fifty come from as many networks, so that only the code counts."""
        desk.post("email", email=EMAIL)
        code, wrong = desk.code(), "000000"
        code_id = int(desk.asked.partition(".")[0])
        place = portal_sessions.CodePlace(desk.customer_id, desk.invoice_id)
        system = desk.world.northwind.system

        def guess(_: int) -> bool:
            return desk.world.run(
                system, portal_sessions.take_code, place, EMAIL, wrong, code_id
            )

        with ThreadPoolExecutor(8) as pool:
            assert not any(pool.map(guess, range(50)))

        row = all_rows(desk.world, desk.world.northwind, OneTimeCode)[-1]
        assert row.tries == CODE_TRIES_MAX
        assert desk.post("code", email=EMAIL, code=code).status_code == 422

    def test_after_ten_wrong_ones_each_further_code_has_one_try(self, desk: Desk):
        """Of one address on one invoice; the one who reads the mail is let in."""
        place = portal_sessions.CodePlace(desk.customer_id, desk.invoice_id)
        system, email = desk.world.northwind.system, EMAIL

        def try_one(code: str) -> bool:
            code_id = int(desk.asked.partition(".")[0])
            return desk.world.run(
                system, portal_sessions.take_code, place, email, code, code_id
            )

        for tries in (CODE_TRIES_MAX, CODE_TRIES_MAX, 1):
            desk.post("email", email=EMAIL)
            desk.code()
            for _ in range(tries):
                assert not try_one("000000")
        assert not try_one(desk.code())

        desk.post("email", email=EMAIL)
        assert try_one(desk.code())
        # An hour later a code has all of its tries again.
        desk.world.clock.now += CODE_TRIES_WINDOW
        desk.post("email", email=EMAIL)
        code = desk.code()
        assert not try_one("000000")
        assert try_one(code)

    def test_a_stranger_s_wrong_codes_do_not_shut_the_customer_out(self, desk: Desk):
        desk.post("email", email=EMAIL)
        for _ in range(CODE_TRIES_MAX):
            desk.post("code", email=EMAIL, code="000000")

        assert desk.sign_in().status_code == 303

    def test_asking_without_end_is_slowed_down(self, desk: Desk):
        answers = [desk.post("email", email=EMAIL) for _ in range(8)]

        assert [x.status_code for x in answers][-1] == 429
        assert "wait a few minutes" in answers[-1].text
        assert len(desk.mailed_codes()) <= 6

    def test_no_address_is_said_in_plain_words(self, desk: Desk):
        answer = desk.post("email", email="nobody")

        assert answer.status_code == 422
        assert "not an email address" in answer.text


class TestContact:
    def contact(self, desk: Desk, **rights: bool) -> str:
        with desk.world.unit(desk.world.northwind.system) as uow:
            uow.add(
                CustomerContact(
                    customer_id=desk.customer_id, email="Cc@vermeer.example", **rights
                )
            )
        return "cc@vermeer.example"

    def test_who_may_not_see_all_proves_one_invoice(self, desk: Desk):
        desk.sign_in(email=self.contact(desk))

        assert desk.opened().visitor.proof == Proof.CODE

    def test_who_may_see_all_opens_the_account(self, desk: Desk):
        desk.sign_in(email=self.contact(desk, may_see_all=True))

        assert desk.opened().visitor.proof == Proof.SESSION

    def test_who_may_not_see_all_proves_no_other_invoice(self, desk: Desk):
        choose(desk.world, link_opens_account=True)
        place = desk.world.northwind
        other = an_invoice(desk.world, place, customer_id=desk.customer_id)
        desk.sign_in(email=self.contact(desk))

        by_account = PortalPlace(Door.INVOICE_LINK, desk.token, is_account=True)
        own = desk.opened(replace(by_account, invoice_id=desk.invoice_id))
        another = desk.opened(replace(by_account, invoice_id=other))

        assert (own.visitor.proof, own.email) == (Proof.CODE, "cc@vermeer.example")
        assert (another.visitor.proof, another.email) == (Proof.LINK, "")

    @pytest.mark.parametrize("address", ["cc@vermeer.example", EMAIL])
    def test_who_is_taken_out_of_the_customer_s_form_is_signed_out(
        self, desk: Desk, address: str
    ):
        clerk = desk.world.northwind.accounting
        form = CustomerForm(name="Vermeer", email=EMAIL, cc="cc@vermeer.example")
        desk.world.run(clerk, change_customer, desk.customer_id, form)
        desk.sign_in(email=address)
        assert desk.opened().visitor.proof > Proof.LINK

        renamed = replace(form, name="Vermeer Optics")
        desk.world.run(clerk, change_customer, desk.customer_id, renamed)
        assert desk.opened().visitor.proof > Proof.LINK

        taken_out = replace(form, email="new@vermeer.example", cc="")
        desk.world.run(clerk, change_customer, desk.customer_id, taken_out)

        assert desk.opened().visitor.proof == Proof.LINK

    @pytest.mark.parametrize("sees_all", [True, False])
    def test_who_may_not_pay_only_looks(self, desk: Desk, sees_all: bool):
        """On every page; the bare link pays, for whoever has it."""
        account = PortalPlace(Door.SIGNED_IN, "northwind-charter", True)
        places = [replace(account, invoice_id=desk.invoice_id)] if sees_all else []
        email = self.contact(desk, may_see_all=sees_all, may_pay=False)
        desk.sign_in("" if not sees_all else TestAccount.PAGE, email)

        for place in (None, *places):
            opened = desk.opened(place)
            assert opened.setup.settings.payment == PaymentMode.INSTRUCTIONS
            assert opened.setup.is_pay_refused
            with pytest.raises(NotPermitted, match="look at this account, but not pay"):
                pay_online.start(desk.world.runtime, opened.visitor, "1.00")
        answer = desk.post("", desk.page.replace("/verify", "/pay"), amount="1.00")
        assert answer.status_code == 403
        assert "look at this account, but not pay" in answer.text
        if sees_all:
            shown = open_account(
                desk.world.runtime, desk.opened(account), account, {}
            ).frame
            assert "look at this account, but not pay" in shown.pay.reason

        desk.cookies.clear()
        assert desk.opened().visitor.may_pay
        assert desk.opened().setup.settings.payment == PaymentMode.ONLINE

    @pytest.mark.feature("F078")
    def test_who_may_not_see_all_is_told_what_writing_needs(self, desk: Desk):
        choose(desk.world, write_auth="session")
        email = self.contact(desk)
        desk.sign_in(email=email)

        opened = desk.opened()
        with pytest.raises(NotPermitted, match="may see the whole account") as refused:
            check_may_write(opened.setup.settings.write_auth, opened.visitor)

        # No proof is asked for that was given already.
        assert not isinstance(refused.value, VerificationRequired)
        asked = desk.world.run(
            desk.world.northwind.viewer, read_diagnostics, desk.invoice_id
        )
        comments = {it.words: it.checks for it in asked}["Can comment"]
        assert "no right to see all" in comments[-1].reason


class TestAccount:
    PAGE = "/account/northwind-charter/sign-in"

    @pytest.mark.feature("C08", "F012")
    def test_needs_only_an_address(self, desk: Desk):
        answer = desk.sign_in(self.PAGE)

        assert answer.headers["location"] == self.PAGE
        inside = desk.get(self.PAGE).headers["location"]
        assert inside == "/account/northwind-charter"
        place = PortalPlace(Door.SIGNED_IN, "northwind-charter", is_account=True)
        assert desk.opened(place).visitor.customer_id == desk.customer_id

    def test_several_customers_behind_an_address_are_offered(self, desk: Desk):
        other = a_customer(desk.world, desk.world.northwind, "Other Books")
        desk.sign_in(self.PAGE)

        assert "Choose an account" in desk.get(self.PAGE).text
        desk.post("choose", self.PAGE, customer=str(other))

        place = PortalPlace(Door.SIGNED_IN, "northwind-charter", is_account=True)
        assert desk.opened(place).visitor.customer_id == other

    def test_somebody_else_s_account_is_not_chosen(self, desk: Desk):
        a_customer(desk.world, desk.world.northwind, "Other Books")
        place = desk.world.northwind
        with desk.world.unit(place.system) as uow:
            foreign = uow.add(
                type(uow.get(portal_sessions.Customer, desk.customer_id))(
                    name="Foreign",
                    name_key="foreign",
                    email="x@foreign.example",
                    created_at=uow.now,
                )
            ).id
        desk.sign_in(self.PAGE)

        answer = desk.post("choose", self.PAGE, customer=str(foreign))

        assert answer.status_code == 404
        assert "Choose an account" in desk.get(self.PAGE).text

    def test_signing_out_ends_the_session(self, desk: Desk):
        desk.sign_in(self.PAGE)
        kept = dict(desk.cookies)

        httpx.post(
            f"{desk.url}/account/northwind-charter/sign-out", cookies=desk.cookies
        )

        desk.cookies = kept
        assert "Confirm your email address" in desk.get(self.PAGE).text

    def test_staff_end_a_session(self, desk: Desk):
        desk.sign_in()
        session = all_rows(desk.world, desk.world.northwind, PortalSession)[0]

        desk.world.run(
            desk.world.northwind.accounting, portal_sessions.end_session, session.id
        )

        assert desk.opened().visitor.proof == Proof.LINK

    @pytest.mark.parametrize(
        ("key", "words"),
        [
            ("is_on", "Portal not available"),
            ("shows_invoices", "Portal not available"),
            ("allows_sign_in", "Signing in is not offered here"),
        ],
    )
    def test_says_what_is_switched_off(self, desk: Desk, key: str, words: str):
        choose(desk.world, **{key: False})

        answer = desk.get(self.PAGE)

        assert answer.status_code == 403
        assert f"<h1>{words}</h1>" in answer.text

    def test_an_unknown_business_is_not_found(self, desk: Desk):
        assert desk.get("/account/nobody/sign-in").status_code == 404


class TestChangeAccount:
    """Who stands for several customers goes from one to another without a new code."""

    PAGE = "/account/northwind-charter/change"
    PLACE = PortalPlace(Door.SIGNED_IN, "northwind-charter", is_account=True)

    def go_on(self, desk: Desk, customer_id: int | None) -> httpx.Response:
        return desk.post("choose", TestAccount.PAGE, customer=str(customer_id))

    def frame(self, desk: Desk) -> AccountFrame:
        opened = desk.opened(self.PLACE)
        return open_account(desk.world.runtime, opened, self.PLACE, {}).frame

    @pytest.fixture
    def other(self, desk: Desk) -> int:
        """Another customer of the address; Kestrel knows the address, too."""
        a_customer(desk.world, desk.world.kestrel, "Kestrel's Own")
        return a_customer(desk.world, desk.world.northwind, "Other Books")

    def test_is_offered_to_who_has_another_one(self, desk: Desk):
        desk.sign_in(TestAccount.PAGE)
        assert (self.frame(desk).change_href, self.frame(desk).sign_out_href) == (
            "",
            "/account/northwind-charter/sign-out",
        )
        assert desk.get(self.PAGE).headers["location"] == TestAccount.PAGE

        a_customer(desk.world, desk.world.northwind, "Other Books")

        assert self.frame(desk).change_href == self.PAGE
        page = desk.get(self.PAGE).text
        names = re.findall(r"<bdi>(.*?)</bdi></button>", page)
        assert names == ["Other Books", "Vermeer Optics"]
        assert f'value="{desk.customer_id}" aria-current="true"' in page

    def test_is_not_offered_to_the_holder_of_a_link(self, desk: Desk, other: int):
        token = desk.world.run(
            desk.world.northwind.accounting,
            portal_links.copy_customer_link,
            desk.customer_id,
        )
        place = PortalPlace(Door.CUSTOMER_LINK, token, is_account=True)

        opened = desk.opened(place)

        assert open_account(
            desk.world.runtime, opened, place, {}
        ).frame.change_href == ("")
        answer = desk.get(self.PAGE)
        assert answer.headers["location"] == TestAccount.PAGE
        assert "Other Books" not in answer.text

    def test_goes_on_in_a_session_of_its_own(self, desk: Desk, other: int):
        desk.sign_in(TestAccount.PAGE)
        self.go_on(desk, desk.customer_id)
        before, place = dict(desk.cookies), desk.world.northwind
        codes = desk.mailed_codes()
        desk.world.clock.now += timedelta(minutes=20)

        answer = self.go_on(desk, other)

        assert answer.headers["location"] == TestAccount.PAGE
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert desk.opened(self.PLACE).visitor.customer_id == other
        assert desk.mailed_codes() == codes
        first, second = all_rows(desk.world, place, PortalSession)
        assert (first.ended_at, second.ended_at) == (desk.world.clock.now, None)
        # It lasts no longer than the code it came from.
        assert second.created_at == first.created_at
        said = [
            (it.event, it.customer_id, it.details["session_id"])
            for it in all_rows(desk.world, place, AuditEntry)[-2:]
        ]
        assert said == [
            ("customer_signed_out", desk.customer_id, first.id),
            ("customer_changed_account", other, second.id),
        ]

        desk.cookies = before
        with pytest.raises(NotSignedIn):
            desk.opened(self.PLACE)
        assert self.go_on(desk, other).headers["location"] == TestAccount.PAGE
        assert len(all_rows(desk.world, place, PortalSession)) == 2

    def test_choosing_the_same_one_changes_nothing(self, desk: Desk, other: int):
        desk.sign_in(TestAccount.PAGE)
        self.go_on(desk, other)
        before = len(all_rows(desk.world, desk.world.northwind, AuditEntry))

        assert "set-cookie" not in self.go_on(desk, other).headers

        assert desk.opened(self.PLACE).visitor.customer_id == other
        entries = all_rows(desk.world, desk.world.northwind, AuditEntry)
        assert len(entries) == before

    def test_leads_to_nobody_else_s_account(self, desk: Desk, other: int):
        """Neither a stranger's here, nor the address's own at another business."""
        world = desk.world
        form = CustomerForm(name="Foreign", email="x@foreign.example")
        foreign = world.run(world.northwind.accounting, create_customer, form)
        (elsewhere,) = (
            it.id
            for it in all_rows(world, world.kestrel, Customer)
            if it.name == "Kestrel's Own"
        )
        desk.sign_in(TestAccount.PAGE)
        self.go_on(desk, other)

        for refused in (foreign, elsewhere, None):
            assert self.go_on(desk, refused).status_code == 404

        assert desk.opened(self.PLACE).visitor.customer_id == other
        there = PortalPlace(Door.SIGNED_IN, "kestrel-plumbing", is_account=True)
        with pytest.raises(NotSignedIn):
            desk.opened(there)
        assert "Foreign" not in desk.get(self.PAGE).text
        assert "Kestrel" not in desk.get(self.PAGE).text

    def test_asks_where_the_right_was_taken_back(self, desk: Desk, other: int):
        desk.sign_in(TestAccount.PAGE)
        self.go_on(desk, desk.customer_id)
        with desk.world.unit(desk.world.northwind.system) as uow:
            uow.get(Customer, other).portal = {"allows_sign_in": False}

        assert self.frame(desk).change_href == ""
        assert self.go_on(desk, other).status_code == 404
        assert desk.opened(self.PLACE).visitor.customer_id == desk.customer_id


class TestSignInOff:
    """Whoever may not sign in proves one invoice, whatever they could see."""

    PAGE = "/account/northwind-charter/sign-in"

    def shut(self, desk: Desk, level: str, *, is_off: bool = True) -> None:
        if level == "workspace":
            choose(desk.world, allows_sign_in=not is_off)
            return
        with desk.world.unit(desk.world.northwind.system) as uow:
            customer = uow.get(Customer, desk.customer_id)
            customer.portal = {"allows_sign_in": not is_off}

    def account(self, desk: Desk) -> tuple[PortalPlace, ...]:
        """List every address of the whole account."""
        place = desk.world.northwind
        token = desk.world.run(
            place.accounting, portal_links.copy_customer_link, desk.customer_id
        )
        return (
            PortalPlace(Door.SIGNED_IN, "northwind-charter", is_account=True),
            PortalPlace(Door.INVOICE_LINK, desk.token, is_account=True),
            PortalPlace(Door.CUSTOMER_LINK, token, is_account=True),
        )

    @pytest.mark.feature("C08")
    @pytest.mark.parametrize("level", ["workspace", "customer"])
    def test_a_code_proves_the_invoice_it_was_asked_on(self, desk: Desk, level: str):
        self.shut(desk, level)

        desk.sign_in()

        assert desk.opened().visitor.proof == Proof.CODE
        signed_in, by_invoice, by_customer = self.account(desk)
        with pytest.raises(NotSignedIn):
            desk.opened(signed_in)
        with pytest.raises(PortalNotAvailable):
            desk.opened(by_invoice)
        assert desk.opened(by_customer).visitor.proof == Proof.LINK

    @pytest.mark.parametrize("level", ["workspace", "customer"])
    def test_no_code_is_mailed_for_an_account(self, desk: Desk, level: str):
        self.shut(desk, level)

        _, _, by_customer = self.account(desk)
        answers = [
            desk.post("email", page, email=EMAIL)
            for page in (self.PAGE, f"{by_customer.path}/verify")
        ]

        # The page of the business can't tell whose customer an address is.
        asked = 200 if level == "customer" else 403
        assert [it.status_code for it in answers] == [asked, 403]
        assert desk.mailed_codes() == []

    @pytest.mark.parametrize("level", ["workspace", "customer"])
    def test_a_session_from_before_opens_nothing(self, desk: Desk, level: str):
        desk.sign_in(self.PAGE)
        account, by_invoice, by_customer = self.account(desk)
        assert desk.opened(account).visitor.proof == Proof.SESSION

        self.shut(desk, level)

        with pytest.raises(NotSignedIn):
            desk.opened(account)
        with pytest.raises(PortalNotAvailable):
            desk.opened(by_invoice)
        assert desk.opened(by_customer).visitor.proof == Proof.LINK
        assert desk.opened().visitor.proof == Proof.LINK
        assert "Confirm your email address" in desk.get().text

    def test_another_customer_of_the_address_is_still_there(self, desk: Desk):
        a_customer(desk.world, desk.world.northwind, "Other Books")
        self.shut(desk, "customer")

        desk.sign_in(self.PAGE)

        account, _, _ = self.account(desk)
        assert desk.opened(account).visitor.customer_id != desk.customer_id

    def test_is_nobody_else_s_business(self, desk: Desk):
        with desk.world.unit(desk.world.kestrel.system) as uow:
            uow.one(select(WorkspaceSettings)).portal = {"allows_sign_in": False}

        desk.sign_in()

        assert desk.opened().visitor.proof == Proof.SESSION


class TestTotp:
    def set_up(self, desk: Desk) -> str:
        """Sign in, scan the code, and return the app's secret."""
        choose(desk.world, write_auth="code_totp")
        desk.sign_in()
        return self.shown_secret(desk)

    def shown_secret(self, desk: Desk) -> str:
        key = re.search("<code>([A-Z2-7 ]+)</code>", desk.get().text)
        assert key is not None
        return key[1].replace(" ", "")

    def test_is_asked_for_on_top(self, desk: Desk):
        secret = self.set_up(desk)
        assert not desk.opened().visitor.has_totp

        now = desk.world.clock.now
        desk.post("totp", code=TOTP(secret).at(now))

        assert desk.opened().visitor.has_totp

    @pytest.mark.feature("F073")
    def test_each_code_works_once(self, desk: Desk):
        secret = self.set_up(desk)
        code = TOTP(secret).at(desk.world.clock.now)
        desk.post("totp", code=code)
        desk.cookies.clear()
        desk.sign_in()

        again = desk.post("totp", code=code)

        assert again.status_code == 422
        assert "Enter your authenticator code" in again.text
        assert not desk.opened().visitor.has_totp

    def test_whoever_only_saw_the_page_does_not_know_the_app_set_up_later(
        self, desk: Desk
    ):
        """Somebody had the mailbox for a minute, and left no app behind to notice."""
        seen = self.set_up(desk)
        assert self.shown_secret(desk) == seen
        desk.cookies.clear()
        own = self.set_up(desk)
        desk.post("totp", code=TOTP(own).at(desk.world.clock.now))
        desk.world.clock.advance(minutes=5)
        desk.cookies.clear()
        desk.sign_in()

        desk.post("totp", code=TOTP(seen).at(desk.world.clock.now))
        assert not desk.opened().visitor.has_totp
        desk.post("totp", code=TOTP(own).at(desk.world.clock.now))
        assert desk.opened().visitor.has_totp

    def test_a_reset_lets_the_contact_start_anew(self, desk: Desk):
        old = self.set_up(desk)
        desk.post("totp", code=TOTP(old).at(desk.world.clock.now))

        desk.world.run(
            desk.world.northwind.accounting,
            portal_sessions.reset_totp,
            desk.customer_id,
            EMAIL,
        )

        # What the lost app has opened is closed, in whichever browser it was.
        assert desk.opened().visitor.proof == Proof.LINK
        desk.cookies.clear()
        desk.sign_in()

        assert "Set up your authenticator app" in desk.get().text

    def test_of_one_customer_proves_nothing_for_another(self, desk: Desk):
        """Whoever reads the mail could set up an app where there was none yet."""
        world = desk.world
        choose(world, write_auth="code_totp")
        other = a_customer(world, world.northwind, "Other Books")
        invoice_id = an_invoice(world, world.northwind, customer_id=other)
        page = TestAccount.PAGE
        desk.sign_in(page)
        desk.post("choose", page, customer=str(desk.customer_id))
        key = re.search("<code>([A-Z2-7 ]+)</code>", desk.get().text)
        assert key is not None
        code = TOTP(key[1].replace(" ", "")).at(world.clock.now)
        desk.post("totp", code=code)
        assert desk.opened().visitor.has_totp

        desk.post("choose", page, customer=str(other))

        slug = "northwind-charter"
        place = PortalPlace(Door.SIGNED_IN, slug, True, invoice_id)
        assert desk.opened(place).visitor.customer_id == other
        assert not desk.opened(place).visitor.has_totp

    def test_is_not_asked_for_before_a_customer_is_chosen(self, desk: Desk):
        a_customer(desk.world, desk.world.northwind, "Other Books")
        desk.sign_in(TestAccount.PAGE)

        answer = desk.post("totp", TestAccount.PAGE, code="000000")

        assert answer.headers["location"] == TestAccount.PAGE

    def test_guessing_is_slowed_down(self, desk: Desk):
        self.set_up(desk)

        *_, wrong, last = [desk.post("totp", code="000000") for _ in range(6)]

        assert (wrong.status_code, last.status_code) == (422, 429)
        assert "Too many wrong codes. Please wait a while" in last.text
        assert "asked for very often" not in last.text

    def test_a_right_code_waits_as_long_and_opens_afterwards(self, desk: Desk):
        secret = self.set_up(desk)
        for _ in range(5):
            desk.post("totp", code="000000")

        desk.post("totp", code=TOTP(secret).at(desk.world.clock.now))
        assert not desk.opened().visitor.has_totp
        desk.world.clock.advance(minutes=2)
        desk.post("totp", code=TOTP(secret).at(desk.world.clock.now))

        assert desk.opened().visitor.has_totp


def test_a_wrong_link_has_no_such_page(desk: Desk):
    assert desk.get("/p/unknown/verify").status_code == 404
    assert desk.post("email", "/p/unknown/verify", email=EMAIL).status_code == 404


class TestDialog:
    """The page's own dialog sends the same forms; an empty answer ends it."""

    def ask(self, desk: Desk, **form: str) -> httpx.Response:
        with httpx.Client(
            base_url=desk.url, cookies=desk.cookies, follow_redirects=True
        ) as client:
            client.headers["x-dialog"] = "1"
            form = {"asked": desk.asked, **form} if form else {}
            answer = (
                client.post(desk.page, data=form) if form else client.get(desk.page)
            )
            desk.note_asked(answer)
            desk.cookies |= dict(client.cookies)
            return answer

    def test_goes_through_the_same_steps_and_then_has_no_more_to_ask(self, desk: Desk):
        first = self.ask(desk)
        assert 'name="step" value="email"' in first.text
        sent = self.ask(desk, step="email", email=EMAIL)
        assert 'autocomplete="one-time-code"' in sent.text

        done = self.ask(desk, step="code", email=EMAIL, code=desk.code())

        assert (done.status_code, done.text) == (204, "")
        assert desk.opened().email == EMAIL

    def test_says_what_is_wrong_in_the_form_itself(self, desk: Desk):
        self.ask(desk, step="email", email=EMAIL)

        wrong = self.ask(desk, step="code", email=EMAIL, code="000000x")

        assert wrong.status_code == 200
        assert 'role="alert"' in wrong.text
        assert 'name="code"' in wrong.text

    def test_asks_for_the_app_on_top(self, desk: Desk):
        choose(desk.world, write_auth="code_totp")
        self.ask(desk, step="email", email=EMAIL)

        more = self.ask(desk, step="code", email=EMAIL, code=desk.code())

        assert more.status_code == 200
        assert "Set up your authenticator app" in more.text

    def test_proves_nothing_by_its_header(self, desk: Desk):
        assert self.ask(desk).status_code == 200
        assert desk.opened().visitor.proof == Proof.LINK
