"""Tries to pay online, as the workflows look at them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, String, and_, bindparam, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from billing_app.database.access import acting_visitor, inner, job, visitor
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.combined_payment import INVOICES_MAX, check_count
from billing_app.domain.errors import NotFound, NotPermitted
from billing_app.domain.invoice import InvoicePhase
from billing_app.domain.online_payment import LIVE, UNSETTLED, AttemptStatus
from billing_app.domain.payability import ONLY_LOOKS
from billing_app.domain.payment import Part
from billing_app.domain.portal_settings import CardForm
from billing_app.models import (
    Customer,
    Invoice,
    PaymentAttempt,
    PaymentAttemptPart,
    PortalLink,
)
from billing_app.queries.letterhead import language_of, read_settings


@dataclass(frozen=True, slots=True)
class Attempt:
    """A stored try to pay, with what Stripe has to be asked for.

    Attributes:
        invoice_numbers: of the invoices it pays, oldest first.
        key: idempotency key; also our name for the attempt at Stripe.
        checkout_id: Stripe's name for the payment page, or for the payment where
            the card form is ours; empty until it is known.
        url: where the customer pays, empty until it is known.
        token_encrypted: the link it was begun from; empty where there was none.
    """

    id: int
    invoice_id: int
    invoice_numbers: tuple[str, ...]
    amount_minor: int
    currency: str
    status: AttemptStatus
    card_form: CardForm
    key: str
    checkout_id: str
    url: str
    account_id: str
    changed_at: datetime
    expires_at: datetime
    back_path: str
    token_encrypted: str
    slug: str
    customer_email: str
    language: str

    @property
    def may_still_be_paid(self) -> bool:
        """Tell whether there is something to close at Stripe.

        A card form stays open there after a debit by it has come back.
        """
        is_left = self.card_form == CardForm.EMBEDDED and bool(self.checkout_id)
        return self.status in LIVE or (is_left and self.status == AttemptStatus.FAILED)


@visitor
def find_shown_invoice(uow: UnitOfWork, invoice_id: int | None) -> int:
    """Return the id of the invoice, if it is one this visitor may see.

    An invoice link knows its invoice; a customer link has to say which.
    """
    actor = uow.actor
    assert isinstance(actor, PortalVisitor)
    wanted = invoice_id or actor.invoice_id or 0
    uow.get(Invoice, wanted)
    return wanted


@acting_visitor
def find_invoice_to_pay(uow: UnitOfWork, invoice_id: int | None) -> int:
    """Return the id of the invoice, if it is one this visitor may pay.

    Raises:
        NotPermitted: the contact whose proof is shown may look, but not pay.
    """
    check_may_pay(uow)
    return find_shown_invoice(uow, invoice_id)


@acting_visitor
def check_may_pay(uow: UnitOfWork) -> None:
    """Refuse a contact who has proven who they are and may only look.

    Raises:
        NotPermitted: with a sentence for them.
    """
    assert isinstance(uow.actor, PortalVisitor)
    if not uow.actor.may_pay:
        raise NotPermitted(ONLY_LOOKS)


@visitor
def find_shown_invoices(uow: UnitOfWork, invoice_ids: Sequence[int]) -> tuple[int, ...]:
    """Return each of the ids once, if all are invoices this visitor may see.

    Raises:
        InvalidInput, LimitReached: none, or more than can be paid in one go.
        NotFound: one of them is not shown to this visitor, or a single link asks.
    """
    wanted = tuple(dict.fromkeys(invoice_ids))
    check_count(len(wanted))
    found = set(uow.all(select(col(Invoice.id)).where(col(Invoice.id).in_(wanted))))
    if len(found) != len(wanted):
        raise NotFound("One of these invoices does not exist. Please choose again.")
    return wanted


@visitor
def find_open_invoices(uow: UnitOfWork, currency: str) -> tuple[int, ...]:
    """Return what asks for money in a currency, oldest first, as many as can be paid.

    Raises:
        NotFound: the link opens one invoice and no account.
    """
    assert isinstance(uow.actor, PortalVisitor)
    if uow.actor.invoice_id is not None:
        raise NotFound("Invoice not found.")
    asked = (
        col(Invoice.outstanding_minor)
        - col(Invoice.processing_minor)
        - col(Invoice.disputed_minor)
    )
    phases = (InvoicePhase.UNPAID, InvoicePhase.PARTIALLY_PAID)
    # What has no due date is due on receipt.
    due = func.coalesce(col(Invoice.due_on), col(Invoice.issued_on))
    statement = (
        select(col(Invoice.id))
        .where(
            col(Invoice.phase).in_([*phases, *(phase.archived for phase in phases)]),
            col(Invoice.currency) == currency,
            asked > 0,
        )
        .order_by(due, col(Invoice.issued_on), col(Invoice.id))
        .limit(INVOICES_MAX)
    )
    return tuple(found for found in uow.all(statement) if found is not None)


@job
def read_attempt(uow: UnitOfWork, attempt_id: int) -> Attempt:
    return describe(uow, uow.get(PaymentAttempt, attempt_id))


@job
def find_by_pages(uow: UnitOfWork, checkout_ids: Sequence[str]) -> dict[str, int]:
    """Return the attempt of each payment page or card form that is known."""
    found: Sequence[tuple[int, str | None, str | None]] = uow.all(
        _BY_PAGES, checkout_ids=checkout_ids
    )
    return {
        name: attempt_id
        for attempt_id, *names in found
        for name in names
        if name is not None
    }


_PAGE_IDS = bindparam("checkout_ids", type_=String, expanding=True)
_BY_PAGES = select(
    col(PaymentAttempt.id),
    col(PaymentAttempt.checkout_id),
    col(PaymentAttempt.intent_id),
).where(
    or_(
        col(PaymentAttempt.checkout_id).in_(_PAGE_IDS),
        col(PaymentAttempt.intent_id).in_(_PAGE_IDS),
    )
)


@job
def find_by_payment(uow: UnitOfWork, payment_id: str) -> int | None:
    return uow.first(
        select(PaymentAttempt.id).where(
            or_(
                col(PaymentAttempt.provider_payment_id) == payment_id,
                col(PaymentAttempt.intent_id) == payment_id,
            )
        )
    )


@job
def find_by_key(uow: UnitOfWork, key: str) -> int | None:
    return uow.first(
        select(PaymentAttempt.id).where(col(PaymentAttempt.idempotency_key) == key)
    )


@job
def find_pageless(uow: UnitOfWork, key: str) -> int | None:
    """Return the attempt of this key, if its payment page is not known yet."""
    return uow.first(
        select(PaymentAttempt.id).where(
            col(PaymentAttempt.idempotency_key) == key,
            col(PaymentAttempt.card_form) == CardForm.CHECKOUT,
            col(PaymentAttempt.checkout_id).is_(None),
        )
    )


@acting_visitor
def find_own_attempt(uow: UnitOfWork, checkout_id: str) -> tuple[int, AttemptStatus]:
    """Return the visitor's own attempt behind a payment page or a card form.

    Raises:
        NotFound: there is none in what this link opens.
    """
    attempt = uow.first(
        select(PaymentAttempt).where(
            or_(
                col(PaymentAttempt.checkout_id) == checkout_id,
                col(PaymentAttempt.intent_id) == checkout_id,
            )
        )
    )
    if attempt is None or attempt.id is None or not _is_opened(uow, attempt):
        raise NotFound("That payment does not exist.")
    return attempt.id, AttemptStatus(attempt.status)


def concerns(invoice_id: Any) -> Any:
    """Match the attempts that pay an invoice, alone or together with others."""
    return _among(
        col(_BEGUN.invoice_id) == invoice_id,
        col(PaymentAttemptPart.invoice_id) == invoice_id,
    )


def concern_any(invoice_ids: Collection[int]) -> Any:
    """Match the attempts that pay one of several invoices."""
    return _among(
        col(_BEGUN.invoice_id).in_(invoice_ids),
        col(PaymentAttemptPart.invoice_id).in_(invoice_ids),
    )


def _among(begun: Any, sharing: Any) -> Any:
    """Walk both indexes: PostgreSQL would read the whole table for an `or`.

    The invoice may be that of a statement further out. Without being told, SQLAlchemy
    looks one step out only, and would match each attempt with any invoice.
    """
    alone = select(col(_BEGUN.id)).where(begun)
    together = select(col(PaymentAttemptPart.attempt_id)).where(sharing)
    return col(PaymentAttempt.id).in_(
        alone.correlate(Invoice).union_all(together.correlate(Invoice))
    )


_BEGUN = aliased(PaymentAttempt)


def part_for(invoice_id: Any) -> Any:
    """Match the invoice's part of an attempt, to be joined; there may be none."""
    return and_(
        col(PaymentAttemptPart.attempt_id) == col(PaymentAttempt.id),
        col(PaymentAttemptPart.invoice_id) == invoice_id,
    )


# What an attempt is meant to pay of the invoice that `part_for` has joined.
SHARE_MINOR: Any = func.coalesce(
    col(PaymentAttemptPart.amount_minor), col(PaymentAttempt.amount_minor)
)


@inner
def _is_opened(uow: UnitOfWork, attempt: PaymentAttempt) -> bool:
    """Tell whether an attempt is within what the visitor's link opens."""
    assert isinstance(uow.actor, PortalVisitor)
    return uow.actor.invoice_id in (None, attempt.invoice_id) or (
        # Parts are narrowed to the one invoice.
        bool(list_parts(uow, attempt))
    )


@inner
def list_parts(uow: UnitOfWork, attempt: PaymentAttempt) -> tuple[Part, ...]:
    """Return how much of an attempt each of several invoices gets, oldest first.

    Empty where it pays one invoice only.
    """
    parts = uow.all(_PARTS, attempt_id=attempt.id)
    return tuple(Part(invoice_id, minor) for invoice_id, minor in parts)


_PARTS = (
    select(col(PaymentAttemptPart.invoice_id), col(PaymentAttemptPart.amount_minor))
    .where(
        col(PaymentAttemptPart.attempt_id) == bindparam("attempt_id", type_=BigInteger)
    )
    .order_by(col(PaymentAttemptPart.id))
)


@job
def list_unsettled(uow: UnitOfWork, quiet_for: timedelta, limit: int) -> list[int]:
    """Return attempts that Stripe may have news of, longest unasked first."""
    asked_at = func.coalesce(PaymentAttempt.read_at, PaymentAttempt.changed_at)
    statement = (
        select(PaymentAttempt.id)
        .where(
            col(PaymentAttempt.status).in_(UNSETTLED),
            asked_at <= uow.now - quiet_for,
        )
        .order_by(asked_at, col(PaymentAttempt.id))
        .limit(limit)
    )
    return [found for found in uow.all(statement) if found is not None]


@inner
def describe(uow: UnitOfWork, attempt: PaymentAttempt) -> Attempt:
    """Put an attempt together with the invoices and the link it is for."""
    assert attempt.id is not None
    link = None if attempt.link_id is None else uow.get(PortalLink, attempt.link_id)
    customer = uow.get(Customer, attempt.customer_id)
    return Attempt(
        id=attempt.id,
        invoice_id=attempt.invoice_id,
        invoice_numbers=_numbers(uow, attempt),
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        status=AttemptStatus(attempt.status),
        key=attempt.idempotency_key,
        card_form=CardForm(attempt.card_form),
        checkout_id=attempt.checkout_id or attempt.intent_id or "",
        url=attempt.checkout_url,
        account_id=attempt.account_id,
        changed_at=attempt.changed_at,
        expires_at=attempt.expires_at,
        back_path=attempt.back_path,
        token_encrypted="" if link is None else link.token_encrypted,
        slug=uow.workspace.slug,
        customer_email=customer.email,
        language=language_of(read_settings(uow), customer.language),
    )


def _numbers(uow: UnitOfWork, attempt: PaymentAttempt) -> tuple[str, ...]:
    wanted = [part.invoice_id for part in list_parts(uow, attempt)]
    if not wanted:
        return (uow.get(Invoice, attempt.invoice_id).number or "",)
    found = uow.all(
        select(col(Invoice.id), col(Invoice.number)).where(col(Invoice.id).in_(wanted))
    )
    numbers: dict[int, str | None] = dict(found)
    return tuple(numbers[invoice_id] or "" for invoice_id in wanted)
