"""A customer's portal as staff arrange it: contacts, sessions, who decides what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.dates import Moment
from billing_app.domain.link_powers import RungPowers, list_rungs
from billing_app.domain.money import Money
from billing_app.domain.portal_proof import is_session_live
from billing_app.domain.portal_settings import (
    CUSTOMER_KEYS,
    INVOICE_KEYS,
    PortalSettings,
    ResolvedSettings,
    resolve,
    say_nobody_writes,
)
from billing_app.domain.portal_words import QUESTIONS, Kind, say, say_why
from billing_app.models import (
    ContactTotp,
    Customer,
    CustomerContact,
    Invoice,
    PortalSession,
    WorkspaceSettings,
)
from billing_app.queries.mail_choices import refused_by_email
from billing_app.queries.portal_rules import read_limits

SESSIONS_MAX = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting at one level: what holds, who decided, and what can be chosen.

    Attributes:
        own: this level's own answer as it is typed or chosen; empty where it follows.
        followed: how what it would follow reads.
        choices: each answer and how it reads; empty where it is typed.
    """

    key: str
    label: str
    words: str
    why: str
    own: str
    followed: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """A further person at the customer; `kind` is to, cc or none."""

    id: int
    name: str
    email: str
    kind: str
    may_pay: bool
    may_see_all: bool


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A customer's browser that is signed in; `is_whole` sees the whole account."""

    id: int
    email: str
    agent: str
    is_whole: bool
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class ContactApp:
    """An authenticator app that an address of the customer has confirmed."""

    email: str
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Refusals:
    """The kinds of mail that an address of the customer does not want."""

    email: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortalDesk:
    """What staff arrange for a customer or one invoice, and what follows from it.

    Attributes:
        warning: what the rules, taken together, leave nobody able to do.
    """

    is_on: bool
    is_on_for_all: bool
    rules: tuple[Rule, ...]
    rungs: tuple[RungPowers, ...]
    contacts: tuple[Contact, ...]
    sessions: tuple[OpenSession, ...]
    moment: Moment
    warning: str = ""
    refusals: tuple[Refusals, ...] = ()
    apps: tuple[ContactApp, ...] = ()


@staff(Permission.VIEW)
def read_customer_desk(uow: UnitOfWork, customer_id: int) -> PortalDesk:
    """Return a customer's contacts, open sessions and rules.

    Raises:
        NotFound: no such customer in this workspace.
    """
    customer = uow.get(Customer, customer_id)
    of_all = uow.one(select(WorkspaceSettings.portal))
    limits = read_limits(uow)
    holds = resolve(of_all, customer.portal, {}, limits)
    followed = resolve(of_all, {}, {}, limits).settings
    return PortalDesk(
        is_on=holds.settings.is_on,
        is_on_for_all=followed.is_on,
        rules=_rules(uow, CUSTOMER_KEYS - {"is_on"}, holds, followed, customer.portal),
        rungs=list_rungs(holds.settings),
        contacts=_contacts(uow, customer_id),
        sessions=_sessions(uow, customer_id),
        moment=Moment(uow.now, uow.workspace.zone),
        warning=say_nobody_writes(holds.settings),
        refusals=tuple(
            Refusals(email, tuple(kinds))
            for email, kinds in refused_by_email(uow, customer_id).items()
        ),
        apps=_apps(uow, customer_id),
    )


@staff(Permission.VIEW)
def read_invoice_desk(uow: UnitOfWork, invoice_id: int) -> PortalDesk:
    """Return the rules of one invoice.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    of_all = uow.one(select(WorkspaceSettings.portal))
    of_customer = uow.first(
        select(Customer.portal).where(col(Customer.id) == (invoice.customer_id or 0))
    )
    limits = read_limits(uow)
    holds = resolve(of_all, of_customer or {}, invoice.portal, limits)
    followed = resolve(of_all, of_customer or {}, {}, limits).settings
    return PortalDesk(
        is_on=holds.settings.is_on,
        is_on_for_all=PortalSettings.from_stored(of_all).is_on,
        rules=_rules(uow, INVOICE_KEYS, holds, followed, invoice.portal),
        rungs=list_rungs(holds.settings),
        contacts=(),
        sessions=(),
        moment=Moment(uow.now, uow.workspace.zone),
        warning=say_nobody_writes(holds.settings),
    )


@inner
def _rules(
    uow: UnitOfWork,
    keys: frozenset[str],
    holds: ResolvedSettings,
    followed: PortalSettings,
    own: Mapping[str, Any],
) -> tuple[Rule, ...]:
    currency = uow.workspace.currency
    return tuple(
        Rule(
            key=key,
            label=question.label,
            words=say(key, getattr(holds.settings, key), currency),
            why=say_why(key, holds),
            own=_typed(key, own[key], currency) if key in own else "",
            followed=say(key, getattr(followed, key), currency),
            choices=(("on", "On"), ("off", "Off"))
            if question.kind == Kind.SWITCH
            else question.choices,
        )
        for key, question in QUESTIONS.items()
        # What decides nothing now is asked only where it was answered before.
        if key in keys and (key in own or question.matters(holds.settings))
    )


def _typed(key: str, answer: Any, currency: str) -> str:
    if isinstance(answer, bool):
        return "on" if answer else "off"
    if QUESTIONS[key].kind == Kind.MONEY:
        return str(Money(answer, currency).decimal)
    return str(answer)


@inner
def _contacts(uow: UnitOfWork, customer_id: int) -> tuple[Contact, ...]:
    found = uow.all(
        select(CustomerContact)
        .where(col(CustomerContact.customer_id) == customer_id)
        .order_by(col(CustomerContact.id))
    )
    return tuple(
        Contact(x.id or 0, x.name, x.email, x.kind, x.may_pay, x.may_see_all)
        for x in found
    )


@inner
def _apps(uow: UnitOfWork, customer_id: int) -> tuple[ContactApp, ...]:
    found: Sequence[tuple[str, datetime]] = uow.all(
        select(col(ContactTotp.email_key), col(ContactTotp.confirmed_at))
        .where(
            col(ContactTotp.customer_id) == customer_id,
            col(ContactTotp.confirmed_at).is_not(None),
        )
        .order_by(col(ContactTotp.email_key))
        .limit(SESSIONS_MAX)
    )
    return tuple(ContactApp(email, confirmed_at) for email, confirmed_at in found)


@inner
def _sessions(uow: UnitOfWork, customer_id: int) -> tuple[OpenSession, ...]:
    found = uow.all(
        select(PortalSession)
        .where(
            col(PortalSession.customer_id) == customer_id,
            col(PortalSession.ended_at).is_(None),
        )
        .order_by(col(PortalSession.id).desc())
        .limit(SESSIONS_MAX)
    )
    return tuple(
        OpenSession(
            id=x.id or 0,
            email=x.email,
            agent=x.agent,
            is_whole=x.invoice_id is None,
            created_at=x.created_at,
            seen_at=x.seen_at,
        )
        for x in found
        if is_session_live(x.created_at, x.seen_at, uow.now)
    )
