"""What a new workspace still lacks before its invoices say what they should."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import or_
from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.import_plan import IMPORTED_SERIES
from billing_app.models import Invoice, StripeAccount, TaxRate
from billing_app.queries.letterhead import bank_of, read_settings


class SetupStep(StrEnum):
    """One thing to fill in once."""

    SENDER = "sender"
    TAXES = "taxes"
    PAYING = "paying"


@inner
def list_missing_steps(uow: UnitOfWork) -> tuple[SetupStep, ...]:
    """List what is missing, for who may fill it in; nobody else is told.

    The first number of one's own ends it: from then on the builder says, of each
    invoice, what that one lacks. Imported numbers are others' and end nothing.
    """
    if not isinstance(uow.actor, StaffActor) or not uow.actor.may(
        Permission.EDIT_SETTINGS
    ):
        return ()
    if _has_issued(uow):
        return ()
    others = select(col(TaxRate.id)).where(col(TaxRate.category) != "O").limit(1)
    settings = read_settings(uow)
    account = uow.first(select(StripeAccount))
    is_named = settings.legal_name and settings.address and settings.country
    is_payable = bank_of(settings, uow.workspace.currency).rows or (
        account and account.charges_enabled
    )
    missing = {
        SetupStep.SENDER: not is_named,
        SetupStep.TAXES: uow.first(others) is None,
        SetupStep.PAYING: not is_payable,
    }
    return tuple(step for step, is_missing in missing.items() if is_missing)


def _has_issued(uow: UnitOfWork) -> bool:
    """Tell whether a number of one's own was given, without a look at the imported."""
    code = col(Invoice.series_code)
    own = or_(code < IMPORTED_SERIES, code > IMPORTED_SERIES)
    return uow.first(select(col(Invoice.id)).where(own).limit(1)) is not None
