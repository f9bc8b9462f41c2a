"""What a new workspace still lacks before its invoices say what they should."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.models import Invoice, StripeAccount, TaxRate
from billing_app.queries.letterhead import bank_of, read_settings


class SetupStep(StrEnum):
    """One thing to fill in once."""

    SENDER = "sender"
    TAXES = "taxes"
    PAYING = "paying"


@inner
def list_missing_steps(uow: UnitOfWork) -> tuple[SetupStep, ...]:
    """List what is missing, for who may fill it in; nobody else is told."""
    if not isinstance(uow.actor, StaffActor) or not uow.actor.may(
        Permission.EDIT_SETTINGS
    ):
        return ()
    settings = read_settings(uow)
    account = uow.first(select(StripeAccount))
    is_named = settings.legal_name and settings.address and settings.country
    is_payable = bank_of(settings, uow.workspace.currency).rows or (
        account and account.charges_enabled
    )
    missing = {
        SetupStep.SENDER: not is_named,
        SetupStep.TAXES: not _has_chosen_taxes(uow),
        SetupStep.PAYING: not is_payable,
    }
    return tuple(step for step, is_missing in missing.items() if is_missing)


def _has_chosen_taxes(uow: UnitOfWork) -> bool:
    """Tell whether there is a tax of one's own; who has issued without has chosen."""
    others = select(col(TaxRate.id)).where(col(TaxRate.category) != "O").limit(1)
    issued = select(col(Invoice.id)).where(col(Invoice.number).is_not(None)).limit(1)
    return uow.first(others) is not None or uow.first(issued) is not None
