"""Let a customer or an invoice have a portal setting of its own."""

from __future__ import annotations

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import InvalidInput
from billing_app.domain.events import PortalAnswerCleared, PortalAnswerSet
from billing_app.domain.portal_settings import CUSTOMER_KEYS, INVOICE_KEYS
from billing_app.models import Customer, Invoice
from billing_app.services.outstanding import close_refused_checkouts
from billing_app.services.portal_sessions import (
    end_account_sessions,
    end_customer_sessions,
)
from billing_app.services.portal_settings import read_answer
from billing_app.services.settings import tell_portal


@staff(Permission.EDIT_CUSTOMER)
def set_customer_answer(
    uow: UnitOfWork, customer_id: int, key: str, typed: str
) -> None:
    """Give a customer an answer of its own, typed or chosen: on, off, code, 30.

    Open pages of the portal hear of it. Switching a customer's portal off ends the
    sessions of its people, switching their signing in off those of the account.

    Raises:
        NotFound: no such customer in this workspace.
        InvalidInput: a setting that a customer can't have, or no such answer.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    _check_key(key, CUSTOMER_KEYS, "customer")
    answer = read_answer(key, typed, uow.workspace.currency)
    customer.portal = {**customer.portal, key: answer}
    uow.flush()
    uow.record(PortalAnswerSet(customer_id=customer_id, key=key, answer=str(answer)))
    if key == "is_on" and not answer:
        end_customer_sessions(uow, customer_id)
    if key == "allows_sign_in" and not answer:
        end_account_sessions(uow, customer_id)
    _tell(uow)


@staff(Permission.EDIT_CUSTOMER)
def clear_customer_answer(uow: UnitOfWork, customer_id: int, key: str) -> None:
    """Let a customer follow the workspace again.

    Raises:
        As `set_customer_answer`.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    _check_key(key, CUSTOMER_KEYS, "customer")
    if key not in customer.portal:
        return
    customer.portal = _without(customer.portal, key)
    uow.flush()
    uow.record(PortalAnswerCleared(customer_id=customer_id, key=key))
    _tell(uow)


@staff(Permission.MANAGE_LINKS)
def set_invoice_answer(uow: UnitOfWork, invoice_id: int, key: str, typed: str) -> None:
    """Give an invoice an answer of its own, as `set_customer_answer`.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: a setting that an invoice can't have, or no such answer.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    _check_key(key, INVOICE_KEYS, "invoice")
    answer = read_answer(key, typed, uow.workspace.currency)
    invoice.portal = {**invoice.portal, key: answer}
    uow.flush()
    uow.record(
        PortalAnswerSet(
            invoice_id=invoice_id,
            customer_id=invoice.customer_id,
            key=key,
            answer=str(answer),
        )
    )
    _tell(uow)


@staff(Permission.MANAGE_LINKS)
def clear_invoice_answer(uow: UnitOfWork, invoice_id: int, key: str) -> None:
    """Let an invoice follow its customer and the workspace again.

    Raises:
        As `set_invoice_answer`.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    _check_key(key, INVOICE_KEYS, "invoice")
    if key not in invoice.portal:
        return
    invoice.portal = _without(invoice.portal, key)
    uow.flush()
    uow.record(
        PortalAnswerCleared(
            invoice_id=invoice_id, customer_id=invoice.customer_id, key=key
        )
    )
    _tell(uow)


def _tell(uow: UnitOfWork) -> None:
    close_refused_checkouts(uow)
    tell_portal(uow)


def _check_key(key: str, allowed: frozenset[str], level: str) -> None:
    if key not in allowed:
        raise InvalidInput(f"That can't be set for one {level}.", field=key[:40])


def _without(answers: dict[str, object], key: str) -> dict[str, object]:
    return {name: answer for name, answer in answers.items() if name != key}
