"""Each setting of the portal, off and on: what is painted, the open page, the handlers.

A customer has the page open while the business turns a setting, as its settings page
does. What is turned off is painted no more, leaves the open page by itself, and is
refused to whoever calls its handler all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from sqlmodel import select
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.types import ASGIApp

from billing_app import runtime
from billing_app.billing_app import app as composed
from billing_app.domain.portal_settings import (
    ActivityDetail,
    AuthorName,
    CardForm,
    CommentMode,
    DisputeMode,
    DueWord,
    PaymentMode,
    PortalSettings,
    WriteAuth,
)
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.downloads import download_routes
from billing_app.endpoints.first_paint import FirstPaint
from billing_app.endpoints.portal_pages import portal_painters
from billing_app.models import (
    Comment,
    Dispute,
    Invoice,
    PaymentAttempt,
    PortalVisit,
    Reminder,
    StripeAccount,
    WorkspaceSettings,
)
from billing_app.services import portal_links
from billing_app.services.portal_settings import restore_portal
from billing_app.web.portal.account_state import PortalAccountState
from billing_app.web.portal.disputes_state import PortalDisputeState
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.portal.thread_state import PortalThreadState
from tests.support.asgi import http, make_client_folder
from tests.support.billing import all_rows, an_invoice
from tests.support.driver import Driver
from tests.support.talk import say
from tests.support.world import World
from tests.web.test_portal_state import connect_stripe

HEAD = Markup("")
LATE_DAYS = 60
# Writing asks for no proof, so that only the switch itself can refuse.
OPEN = {"write_auth": WriteAuth.LINK}
# What says nothing on a page that is open: steps of staff, mails, and how long a link
# made from now on lasts. And the rule of debits, which takes one on its way.
ELSEWHERE = {
    "visible_on": "services/test_visible_on.py",
    "notify_on": "services/test_visible_on.py",
    "shares_drafts": "endpoints/test_shared_drafts.py",
    "mail_files": "services/test_visible_on.py",
    "link_expiry": "queries/test_portal_rules.py",
    "link_expiry_days": "queries/test_portal_rules.py",
    "allows_sign_in": "endpoints/test_portal_sign_in.py",
    "debit_counts": "queries/test_grace.py",
}


@dataclass(frozen=True)
class Scene:
    """An invoice that is late, reminded of and talked about, and who looks at it."""

    world: World
    app: ASGIApp
    invoice_id: int
    token: str

    def turn(self, **wanted: Any) -> None:
        """Answer as the settings page does; the other answers are the usual ones."""
        place = self.world.northwind
        (row,) = all_rows(self.world, place, WorkspaceSettings)
        stored = PortalSettings(**{**OPEN, **wanted}).to_stored()
        self.world.run(place.owner, restore_portal, row.version, stored, "")

    async def get(self, path: str = "") -> tuple[int, str]:
        async with http(self.app) as client:
            answer = await client.get(f"/p/{self.token}{path}")
        return answer.status_code, answer.text

    async def all_that_is_told(self) -> str:
        """Ask on sockets of their own for all that the page and the account show.

        And for the account as it is painted; the invoice is looked at anyway.
        """
        place = self.world.northwind
        with self.world.reading(place.system) as uow:
            customer_id = uow.get(Invoice, self.invoice_id).customer_id
        token = self.world.run(
            place.accounting, portal_links.copy_customer_link, customer_id
        )
        told: list[Any] = []
        async with Driver("", f"/p/{self.token}") as driver:
            await driver.press(PortalInvoiceState.refresh)
            await driver.press(PortalThreadState.refresh)
            await driver.press(PortalThreadState.show_all_of_disputes)
            told += driver.deltas
        async with Driver("", f"/c/{token}") as driver:
            await driver.press(PortalAccountState.refresh)
            await driver.press(PortalAccountState.toggle, invoice_id=self.invoice_id)
            told += driver.deltas
        assert "INV-00001" in repr(told)
        async with http(self.app) as client:
            return repr(told) + (await client.get(f"/c/{token}")).text

    def count(self, table: Any) -> int:
        return len(all_rows(self.world, self.world.northwind, table))


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Scene:
    assert composed is not None
    runtime.set_current(world.runtime)
    place = world.northwind
    connect_stripe(world)
    with world.unit(place.system) as uow:
        uow.one(select(StripeAccount)).publishable_key = "pk_test_x"
    invoice_id = an_invoice(world, place, "100.00")
    say(world, place, invoice_id, "Which flight was it?")
    with world.unit(place.system) as uow:
        customer_id = uow.get(Invoice, invoice_id).customer_id
        uow.add(
            Reminder(
                customer_id=customer_id,
                invoice_id=invoice_id,
                occasion="7",
                queued_at=uow.now,
                sent_at=uow.now,
            )
        )
    world.clock.now += timedelta(days=LATE_DAYS)
    inner = Mount("/", PlainTextResponse("inner"))
    app = FirstPaint(
        make_http_app([*download_routes(HEAD), inner]),
        make_client_folder(tmp_path / "client"),
        painters=portal_painters(HEAD, HEAD),
    )
    token = world.run(place.accounting, portal_links.copy_link, invoice_id)
    return Scene(world, app, invoice_id, token)


Act = Callable[[Scene, Driver], Awaitable[bool]]


async def comments(scene: Scene, driver: Driver) -> bool:
    before = scene.count(Comment)
    form = {
        "body": "Directly",
        "name": "Ines",
        "email": "ines@vermeer.example",
        "request_key": f"direct-{before:06}",
    }
    await driver.press(PortalThreadState.post, form=form)
    return scene.count(Comment) > before


async def disputes(scene: Scene, driver: Driver) -> bool:
    before = scene.count(Dispute)
    await driver.press(PortalDisputeState.start)
    form = {"amount": "10.00", "reason": "Directly.", "line": ""}
    await driver.press(PortalDisputeState.send, form=form)
    return scene.count(Dispute) > before


async def pays(scene: Scene, driver: Driver) -> bool:
    before = scene.count(PaymentAttempt)
    await driver.press(PortalInvoiceState.pay, form={"amount": "100.00"})
    return scene.count(PaymentAttempt) > before


async def pays_a_part(scene: Scene, driver: Driver) -> bool:
    before = scene.count(PaymentAttempt)
    await driver.press(PortalInvoiceState.pay, form={"amount": "10.00"})
    return scene.count(PaymentAttempt) > before


async def downloads(scene: Scene, _: Driver) -> bool:
    status = (await scene.get("/invoice.pdf"))[0]
    return status != 404


async def opens_the_account(scene: Scene, _: Driver) -> bool:
    async with Driver("", f"/p/{scene.token}/account") as there:
        await there.watch(PortalAccountState.watch)
        await there.until(
            lambda: (
                there.shown(PortalAccountState, "is_loaded")
                or there.shown(PortalAccountState, "sign_in_href")
            )
        )
        is_open = bool(
            getattr(there.shown(PortalAccountState, "frame"), "customer", "")
        )
    painted = (await scene.get("/account"))[0]
    assert (painted == 200) == is_open
    return is_open


async def leaves_a_visit(scene: Scene, driver: Driver) -> bool:
    before = scene.count(PortalVisit)
    await driver.press(PortalInvoiceState.note_seen)
    return scene.count(PortalVisit) > before


async def pays_by_card(scene: Scene, _: Driver) -> bool:
    """Pay an invoice of its own: what one payment began, the next has to end first."""
    world, place = scene.world, scene.world.northwind
    invoice_id = an_invoice(world, place, "100.00")
    token = world.run(place.accounting, portal_links.copy_link, invoice_id)
    async with Driver("", f"/p/{token}") as driver:
        await driver.press(PortalInvoiceState.pay, form={"amount": "100.00"})
    began = all_rows(world, place, PaymentAttempt)[-1]
    assert began.invoice_id == invoice_id
    return began.card_form == CardForm.EMBEDDED


def tells(words: str) -> Act:
    """Say whether words are in anything that whoever asks for it all is sent."""

    async def asks(scene: Scene, _: Driver) -> bool:
        return words in await scene.all_that_is_told()

    return asks


Live = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Switch:
    """One setting; `on` and `off` are its answers.

    Attributes:
        painted: what the server paints while it is on, and not while it is off.
        live: what the open page holds while it is on; of invoice or conversation.
        act: does it directly, whatever the page shows; says whether it was done.
    """

    off: dict[str, Any] = field(default_factory=dict[str, Any])
    on: dict[str, Any] = field(default_factory=dict[str, Any])
    painted: str = ""
    live: Live | None = None
    act: Act | None = None


def shows(words: str, live: Live, told: str = "", **answers: Any) -> Switch:
    """Show words while these are the answers: painted, live, and whoever asks."""
    return Switch({}, answers, words, live, tells(told or words))


def hides(live: Live, **answers: Any) -> Switch:
    """Show no invoice while these are the answers, and take nothing in."""
    return Switch(answers, {}, "Invoice INV", live, comments)


def refuses_money(**answers: Any) -> Switch:
    return Switch(answers, {}, "Pay now", lambda it, _: it.form.is_open, pays)


def refuses_words(painted: str, live: Live, **answers: Any) -> Switch:
    return Switch(answers, {}, painted, live, comments)


def refuses_disputes(painted: str, live: Live, **answers: Any) -> Switch:
    return Switch(answers, {}, painted, live, disputes)


def is_named(it: Any, _: Any) -> bool:
    return bool(it.number)


def may_write(_: Any, thread: Any) -> bool:
    return thread["composer"].is_open


SWITCHES = {
    "the portal": hides(is_named, is_on=False),
    "invoices": hides(is_named, shows_invoices=False),
    "paying": refuses_money(payment=PaymentMode.OFF),
    "paying, by transfer only": refuses_money(payment=PaymentMode.INSTRUCTIONS),
    "paying for all": refuses_money(allows_payment=False),
    "paying a part": Switch(
        {"allows_partial": False},
        live=lambda it, _: not it.form.is_fixed,
        act=pays_a_part,
    ),
    "paying a small part": Switch(
        {"minimum_minor": 5_000},
        live=lambda it, _: "50" not in it.form.hint,
        act=pays_a_part,
    ),
    "the card on the page": Switch(
        on={"card_form": CardForm.EMBEDDED},
        live=lambda it, _: it.form.takes_card,
        act=pays_by_card,
    ),
    "disputes": refuses_disputes(
        'id="disputes"', lambda it, _: it.disputes.is_shown, disputes=DisputeMode.OFF
    ),
    "opening disputes": refuses_disputes(
        "Send dispute", lambda it, _: it.disputes.can_open, disputes=DisputeMode.VIEW
    ),
    "comments": refuses_words(
        "Which flight was it?",
        lambda _, thread: thread["is_shown"],
        comments=CommentMode.OFF,
    ),
    "comments, for whoever asks": Switch(
        {"comments": CommentMode.OFF}, act=tells("Which flight was it?")
    ),
    "writing comments": refuses_words(
        "Post comment", may_write, comments=CommentMode.READ
    ),
    "writing by the link": refuses_words(
        "",
        lambda _, thread: not thread["composer"].is_gated,
        write_auth=WriteAuth.CODE,
    ),
    "writing at all": refuses_words(
        "Post comment", may_write, write_auth=WriteAuth.OFF
    ),
    "names of customers": shows(
        "Ines Vermeer",
        lambda _, thread: thread["recent"][0].author == "Ines Vermeer",
        author_name=AuthorName.FULL,
    ),
    "the account by an invoice's link": Switch(
        {},
        {"link_opens_account": True},
        "All invoices",
        lambda it, _: it.account_href,
        opens_the_account,
    ),
    "the PDF": Switch(
        {"shows_pdf": False},
        {},
        "Download PDF",
        lambda it, _: it.shows_pdf,
        downloads,
    ),
    "reminders that left": Switch(
        {"shows_reminders": False},
        {},
        'id="reminders"',
        lambda it, _: it.asking.reminders,
        tells("Reminder sent"),
    ),
    "days of grace": shows(
        "badge-due",
        lambda it, _: it.status == "Due",
        "status='Due'",
        grace_days=LATE_DAYS,
    ),
    "the word of what is due": Switch(
        {"grace_days": LATE_DAYS},
        {"grace_days": LATE_DAYS, "due_word": DueWord.PENDING},
        "Awaiting payment",
        lambda it, _: it.status_words == "Awaiting payment",
        tells("Awaiting payment"),
    ),
    "the badge": shows(
        "Powered by",
        lambda it, _: it.shows_badge,
        "shows_badge=True",
        shows_badge=True,
    ),
    "a welcome": shows(
        "Good to see you.", lambda it, _: it.welcome, welcome="Good to see you."
    ),
    "a notice of what is kept": shows(
        "We keep nothing.",
        lambda it, _: it.storage_notice,
        storage_notice="We keep nothing.",
    ),
    "views": Switch({"activity": ActivityDetail.OFF}, act=leaves_a_visit),
}


@pytest.mark.feature("C01", "C02", "C03", "C07", "C09", "C10", "C12", "C13", "C15")
@pytest.mark.feature("C18", "C19", "C21", "C22", "C25", "C27", "F015", "F071", "F098")
@pytest.mark.parametrize("name", SWITCHES)
async def test_a_switch_holds_for_what_is_painted_live_and_called(
    scene: Scene, name: str
):
    switch = SWITCHES[name]

    async def look(driver: Driver, wanted: dict[str, Any], is_on: bool) -> None:
        scene.turn(**wanted)
        if switch.live:
            await driver.until(lambda: bool(is_live(driver, switch)) == is_on)
        if switch.painted:
            _, html = await scene.get()
            assert (switch.painted in html) == is_on
        if switch.act:
            assert await switch.act(scene, driver) == is_on

    scene.turn(**switch.on)
    async with Driver("", f"/p/{scene.token}") as driver:
        await driver.watch(PortalInvoiceState.watch)
        await driver.until(lambda: driver.shown(PortalInvoiceState, "is_loaded"))

        await look(driver, switch.off, False)
        await look(driver, switch.on, True)
        await look(driver, switch.off, False)


def is_live(driver: Driver, switch: Switch) -> Any:
    assert switch.live is not None
    thread = {
        name: driver.shown(PortalThreadState, name)
        for name in ("is_shown", "composer", "recent")
    }
    return switch.live(driver.shown(PortalInvoiceState, "invoice"), thread)


def test_every_setting_is_turned_here_or_said_to_be_shown_elsewhere():
    turned = {key for it in SWITCHES.values() for key in (*it.on, *it.off)}

    assert turned | ELSEWHERE.keys() == {it.name for it in fields(PortalSettings)}
    assert not turned & ELSEWHERE.keys()
    for path in ELSEWHERE.values():
        assert (Path(__file__).parents[1] / path).exists()
