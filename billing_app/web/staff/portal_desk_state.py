"""What staff arrange for the portal of one customer or one invoice, as lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_app.domain.errors import InvalidInput
from billing_app.domain.mail_choices import kinds_words
from billing_app.queries.customer_access import (
    Contact,
    PortalDesk,
    Rule,
    read_customer_desk,
    read_invoice_desk,
)
from billing_app.services import customer_access, portal_answers, portal_sessions
from billing_app.services.customer_access import ContactForm
from billing_app.web import formats
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.forms import read_form

# Pressing it opens every setting, what holds and who decided it.
ALL_FOLLOW = "Uses workspace settings"
_MAIL = {"to": "Gets the mail", "cc": "Gets a copy", "none": "No mail"}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One setting: what holds, why, and this level's own answer.

    Attributes:
        is_typed: answered by a number; otherwise one of `options`.
    """

    key: str
    label: str
    words: str
    why: str
    own: str
    is_own: bool
    is_typed: bool
    followed: str
    options: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PowerLine:
    """One thing that a way in can or cannot do."""

    words: str
    is_given: bool


@dataclass(frozen=True, slots=True)
class RungLine:
    """A way in and what it can do."""

    name: str
    holder: str
    powers: list[PowerLine]


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A further person at the customer."""

    id: int
    name: str
    email: str
    mail: str
    rights: str


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A customer's browser that is signed in."""

    id: int
    email: str
    scope: str
    agent: str
    seen: str


@dataclass(frozen=True, slots=True)
class AppLine:
    """An authenticator app that can be reset."""

    email: str
    since: str


class InvoicePortalState(StaffState, mixin=True):
    """The part of an invoice's page about its portal."""

    rules: list[RuleLine] = []  # noqa: RUF012  (Reflex copies the default)
    rungs: list[RungLine] = []  # noqa: RUF012
    rules_turn: int = 0
    rules_words: str = ""
    rules_warning: str = ""

    @staff_door
    async def answer_rule(self, key: str, typed: str) -> None:
        """Give this invoice its own answer; an empty one follows again."""
        invoice_id = self._segment_id(1)
        try:
            if typed.strip():
                await self._run(
                    portal_answers.set_invoice_answer, invoice_id, key, typed
                )
            else:
                await self._run(portal_answers.clear_invoice_answer, invoice_id, key)
        finally:
            # Drawn anew also after a refusal: no field shows what does not hold.
            self.rules_turn += 1
            await self._read_portal()

    async def _read_portal(self) -> None:
        desk = await self._run(read_invoice_desk, self._segment_id(1))
        _show_rules(self, desk)


class CustomerPortalState(StaffState, mixin=True):
    """The part of a customer's page about the portal, contacts and sessions.

    Attributes:
        rules_turn: changes when the fields have to be drawn anew.
        is_portal_on: for this customer; `is_portal_on_for_all` for the workspace.
        refusals: which mails people have chosen not to get, a sentence each.
        resetting: whose authenticator app is to be reset, while the page asks.
        contact_form: what the dialog starts with; `contact_turn` which start it is.
    """

    rules: list[RuleLine] = []  # noqa: RUF012
    rungs: list[RungLine] = []  # noqa: RUF012
    rules_turn: int = 0
    rules_words: str = ""
    rules_warning: str = ""
    contacts: list[ContactLine] = []  # noqa: RUF012
    refusals: list[str] = []  # noqa: RUF012
    sessions: list[SessionLine] = []  # noqa: RUF012
    apps: list[AppLine] = []  # noqa: RUF012
    resetting: str = ""
    is_portal_on: bool = True
    is_portal_on_for_all: bool = True
    contact_form: ContactForm = ContactForm()
    contact_errors: dict[str, str] = {}  # noqa: RUF012
    contact_turn: int = 0
    is_contact_open: bool = False
    is_contact_new: bool = True

    _desk_contacts: tuple[Contact, ...] = ()
    _contact_id: int = 0

    @staff_door
    async def answer_rule(self, key: str, typed: str) -> None:
        """Give this customer their own answer; an empty one follows again."""
        customer_id = self._segment_id(1)
        try:
            if typed.strip():
                await self._run(
                    portal_answers.set_customer_answer, customer_id, key, typed
                )
            else:
                await self._run(portal_answers.clear_customer_answer, customer_id, key)
        finally:
            # Drawn anew also after a refusal: no field shows what does not hold.
            self.rules_turn += 1
            await self._read_portal()

    @staff_door
    async def switch_portal(self, is_on: bool) -> None:
        """Open or close the portal for this customer, on every link at once."""
        customer_id = self._segment_id(1)
        if is_on:
            await self._run(portal_answers.clear_customer_answer, customer_id, "is_on")
            self._notify("The portal is open to this customer again.")
        else:
            await self._run(
                portal_answers.set_customer_answer, customer_id, "is_on", "off"
            )
            self._notify("The portal is closed to this customer. Nothing is deleted.")
        await self._read_portal()

    @staff_door
    async def end_session(self, session_id: int) -> None:
        await self._run(portal_sessions.end_session, session_id)
        self._notify("Signed out. Their open pages close at once.")
        await self._read_portal()

    @staff_door
    async def start_resetting(self, email: str) -> None:
        self.resetting = email

    @staff_door
    async def stop_resetting(self) -> None:
        self.resetting = ""

    @staff_door
    async def reset_app(self, email: str) -> None:
        """Let somebody who has lost their authenticator app set up another."""
        self.resetting = ""
        await self._run(portal_sessions.reset_totp, self._segment_id(1), email)
        self._notify(
            "Reset. What the old app had opened is closed; the next code by mail "
            "leads to setting up a new one."
        )
        await self._read_portal()

    @staff_door
    async def start_contact(self) -> None:
        self._open_contact(0, ContactForm(kind="cc", may_pay=True))

    @staff_door
    async def edit_contact(self, contact_id: int) -> None:
        it = next((x for x in self._desk_contacts if x.id == contact_id), None)
        if it is None:
            raise InvalidInput("That contact is not there any more.")
        form = ContactForm(it.name, it.email, it.kind, it.may_pay, it.may_see_all)
        self._open_contact(contact_id, form)

    @staff_door
    async def stop_contact(self) -> None:
        self.is_contact_open = False

    @staff_door
    async def save_contact(self, form: dict[str, Any]) -> None:
        customer_id, typed = self._segment_id(1), read_form(ContactForm, form)
        try:
            if self._contact_id:
                await self._run(
                    customer_access.change_contact, customer_id, self._contact_id, typed
                )
            else:
                await self._run(customer_access.add_contact, customer_id, typed)
        except InvalidInput as refusal:
            self.contact_errors = {refusal.field or "email": refusal.message}
            return
        self.is_contact_open = False
        self._notify("Saved.")
        await self._read_portal()

    @staff_door
    async def remove_contact(self) -> None:
        if not self._contact_id:
            raise InvalidInput("Choose a contact first.")
        await self._run(
            customer_access.remove_contact, self._segment_id(1), self._contact_id
        )
        self.is_contact_open = False
        self._notify("Removed. Their sessions have ended.")
        await self._read_portal()

    def _open_contact(self, contact_id: int, form: ContactForm) -> None:
        self._contact_id, self.contact_form = contact_id, form
        self.contact_errors = {}
        self.contact_turn += 1
        self.is_contact_new = not contact_id
        self.is_contact_open = True

    async def _read_portal(self) -> None:
        desk = await self._run(read_customer_desk, self._segment_id(1))
        _show_rules(self, desk)
        self.is_portal_on = desk.is_on
        self.is_portal_on_for_all = desk.is_on_for_all
        self._desk_contacts = desk.contacts
        self.contacts = [_contact_line(x) for x in desk.contacts]
        self.refusals = [
            f"{it.email} wants {kinds_words(it.kinds)}." for it in desk.refusals
        ]
        self.sessions = [
            SessionLine(
                id=x.id,
                email=x.email,
                scope="Whole account" if x.is_whole else "One invoice",
                agent=_browser(x.agent),
                seen=f"Last seen {formats.instant(x.seen_at, desk.moment)}",
            )
            for x in desk.sessions
        ]
        self.apps = [
            AppLine(x.email, f"Set up {formats.instant(x.confirmed_at, desk.moment)}")
            for x in desk.apps
        ]


def _show_rules(state: Any, desk: PortalDesk) -> None:
    lines = [_rule_line(rule) for rule in desk.rules]
    state.rules = lines
    own = [line.label for line in lines if line.is_own]
    state.rules_warning = desk.warning
    state.rules_words = f"Set here: {', '.join(own)}" if own else ALL_FOLLOW
    state.rungs = [
        RungLine(
            each.rung.value,
            each.holder,
            [PowerLine(x.words, x.is_given) for x in each.powers],
        )
        for each in desk.rungs
    ]


def _rule_line(rule: Rule) -> RuleLine:
    follows = ("", f"Follow: {rule.followed}")
    return RuleLine(
        key=rule.key,
        label=rule.label,
        words=rule.words,
        why=rule.why,
        own=rule.own,
        is_own=bool(rule.own),
        is_typed=not rule.choices,
        followed=rule.followed,
        options=[follows, *rule.choices],
    )


def _contact_line(it: Contact) -> ContactLine:
    rights = [
        "can pay" if it.may_pay else "can't pay",
        "sees all invoices" if it.may_see_all else "sees single invoices",
    ]
    return ContactLine(
        it.id, it.name or it.email, it.email, _MAIL[it.kind], ", ".join(rights)
    )


def _browser(agent: str) -> str:
    known = ("Edg", "Firefox", "Chrome", "Safari")
    name = next((each for each in known if each in agent), "")
    return {"Edg": "Edge"}.get(name, name) or "A browser"
