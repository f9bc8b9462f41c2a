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
from billing_app.domain.dates import is_zone
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.events import MemberAdded, WorkspaceCreated
from billing_app.domain.parsing import clean_text
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
    new = _checked(new)
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


def _checked(new: NewWorkspace) -> NewWorkspace:
    name = clean_text(new.name, length_max=200, field="name")
    owner_name = clean_text(new.owner_name, length_max=200, field="owner_name")
    if not name:
        raise InvalidInput("Write the name of the business.", field="name")
    if not owner_name:
        raise InvalidInput("Write your name.", field="owner_name")
    if not is_currency(new.currency):
        raise InvalidInput("Choose a currency like EUR.", field="currency")
    if not is_zone(new.zone):
        raise InvalidInput("Choose a time zone like Europe/Amsterdam.", field="zone")
    email = check_email(new.email, "email").lower()
    return replace(new, name=name, owner_name=owner_name, email=email)


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
