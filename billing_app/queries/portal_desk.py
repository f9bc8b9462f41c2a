"""What a business calls itself before anybody has proven who they are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import select

from billing_app.database.access import job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.models import WorkspaceSettings


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The name and the colour of a business."""

    name: str
    accent: str


@job
def read_letterhead(uow: UnitOfWork) -> Letterhead:
    settings = uow.one(select(WorkspaceSettings))
    return Letterhead(settings.legal_name or uow.workspace.name, settings.accent)
