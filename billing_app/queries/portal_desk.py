"""What a business calls itself before anybody has proven who they are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import select

from billing_app.database.access import job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.document import Branding
from billing_app.models import WorkspaceSettings
from billing_app.queries.letterhead import branding


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The name of a business, its colour and its logo."""

    name: str
    branding: Branding


@job
def read_letterhead(uow: UnitOfWork) -> Letterhead:
    settings = uow.one(select(WorkspaceSettings))
    name = settings.legal_name or uow.workspace.name
    return Letterhead(name, branding(settings, settings.look))
