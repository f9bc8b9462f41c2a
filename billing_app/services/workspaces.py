"""Open a workspace with its first owner, for one business."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlmodel import col, select

from billing_app.database.access import anyone, job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Role, SystemActor
from billing_app.domain.contact import check_email
from billing_app.domain.currencies import is_currency
from billing_app.domain.dates import read_zone
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.events import MemberAdded, WorkspaceCreated
from billing_app.domain.parsing import Reading, clean_text
from billing_app.domain.portal_settings import PortalSettings
from billing_app.domain.profiles import get_profile
from billing_app.models import (
    Member,
    NumberSeries,
    Person,
    TaxRate,
    Workspace,
    WorkspaceSettings,
)

# Who opens workspaces: a job of no workspace, which reaches no row of any.
FOUNDER = SystemActor(workspace_id=0, job="founding")

SERIES = {
    "invoice": "INV-{counter:5}",
    "receipt": "RCT-{counter:5}",
    "credit_note": "CN-{counter:5}",
}


@dataclass(frozen=True, slots=True)
class NewTax:
    """A tax the workspace starts with; `category` is a UNCL 5305 code."""

    name: str
    percent: Decimal
    category: str = "S"


# Which taxes a business charges is not ours to guess.
NO_TAX = NewTax("No tax", Decimal(0), "O")


@dataclass(frozen=True, slots=True)
class NewWorkspace:
    """A workspace to open, and who owns it.

    Attributes:
        zone: like Europe/Amsterdam; decides which day it is.
        profile: how its portal answers at first; empty for the usual answers.
        password_hash: of `database.passwords`; not used for an email that signs
            in already, whose password stays.
        taxes: the first one is the default.
    """

    name: str
    currency: str
    zone: str
    email: str
    owner_name: str
    password_hash: str
    profile: str = ""
    taxes: tuple[NewTax, ...] = (NO_TAX,)


@dataclass(frozen=True, slots=True)
class Founded:
    """What opening a workspace made."""

    workspace_id: int
    member_id: int
    person_id: int


@job
def create_workspace(uow: UnitOfWork, new: NewWorkspace) -> Founded:
    """Open a workspace with its settings, taxes, number series and owner.

    For the command line, the demo and tests, as `FOUNDER`.

    Raises:
        InvalidInput: a field can't be used.
    """
    return _found(uow, new)


@anyone
def set_up(uow: UnitOfWork, new: NewWorkspace) -> Founded:
    """Open the first workspace of all, while nobody can sign in yet.

    Raises:
        Conflict: somebody was first.
        InvalidInput: a field can't be used.
    """
    uow.lock_alone("set-up")
    if uow.first(select(Person.id).limit(1)) is not None:
        raise Conflict("This installation is already set up. Please sign in.")
    return _found(uow, new)


def slug_of(name: str) -> str:
    """Return a name as it can stand in an address, or "workspace"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")[:40] or "workspace"


def _found(uow: UnitOfWork, new: NewWorkspace) -> Founded:
    new = checked(new)
    workspace = Workspace(
        slug=_free_slug(uow, new.name),
        name=new.name,
        profile=new.profile,
        currency=new.currency,
        zone=new.zone,
        created_at=uow.now,
    )
    person = _person(uow, new)
    assert person.id is not None
    with uow.founding(workspace) as inside:
        inside.add(
            WorkspaceSettings(
                legal_name=new.name,
                email=new.email,
                portal=_first_answers(new.profile).to_stored(),
            )
        )
        inside.add_all([NumberSeries(code=c, pattern=p) for c, p in SERIES.items()])
        inside.add_all(_tax_rates(new.taxes))
        member = inside.add(
            Member(
                person_id=person.id,
                name=new.owner_name,
                email=new.email,
                role=Role.OWNER,
                created_at=uow.now,
            )
        )
        assert member.id is not None
        inside.record(WorkspaceCreated())
        inside.record(MemberAdded(member_id=member.id))

    assert workspace.id is not None
    return Founded(workspace.id, member.id, person.id)


def _first_answers(profile: str) -> PortalSettings:
    usual = PortalSettings()
    return get_profile(profile).applied_to(usual) if profile else usual


def checked(new: NewWorkspace) -> NewWorkspace:
    """Return it as it is kept.

    Raises:
        InvalidInput: a field can't be used; the others that can't come along.
    """
    reading = Reading()
    name = reading.of(_given, new.name, "name", "Write the name of the business.")
    reading.of(_check_currency, new.currency)
    zone = reading.of(read_zone, new.zone)
    reading.of(_first_answers, new.profile)
    owner_name = reading.of(_given, new.owner_name, "owner_name", "Write your name.")
    email = reading.of(check_email, new.email, "email")
    reading.check()
    assert name
    assert zone
    assert owner_name
    assert email
    return replace(
        new, name=name, zone=zone, owner_name=owner_name, email=email.lower()
    )


def _given(text: str, field: str, missing: str) -> str:
    typed = clean_text(text, length_max=200, field=field)
    if not typed:
        raise InvalidInput(missing, field=field)
    return typed


def _check_currency(code: str) -> None:
    if not is_currency(code):
        raise InvalidInput("Choose a currency like EUR.", field="currency")


def _person(uow: UnitOfWork, new: NewWorkspace) -> Person:
    """Return who signs in with this email, or add them."""
    known = uow.first(select(Person).where(col(Person.email) == new.email))
    return known or uow.add(
        Person(
            email=new.email,
            name=new.owner_name,
            password_hash=new.password_hash,
            created_at=uow.now,
        )
    )


def _tax_rates(taxes: tuple[NewTax, ...]) -> list[TaxRate]:
    return [
        TaxRate(
            name=tax.name,
            category=tax.category,
            percent=tax.percent,
            is_default=position == 0,
            position=position,
        )
        for position, tax in enumerate(taxes)
    ]


def _free_slug(uow: UnitOfWork, name: str) -> str:
    slug = slug_of(name)
    taken = set(
        uow.all(select(Workspace.slug).where(col(Workspace.slug).startswith(slug)))
    )
    numbered = (f"{slug}-{count}" for count in range(2, len(taken) + 3))
    return next(x for x in (slug, *numbered) if x not in taken)
