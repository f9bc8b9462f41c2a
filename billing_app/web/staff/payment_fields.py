"""The form of a payment that staff write down, wherever they do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money
from billing_app.domain.payment import (
    METHOD_NAMES,
    PaymentMethod,
    is_excess,
    parse_received,
)
from billing_app.services.payments import RecordPaymentForm
from billing_app.web import formats
from billing_app.web.components.controls import (
    checkbox,
    date_input,
    field,
    money_input,
    segmented,
    text_area,
    text_input,
)
from billing_app.web.doors import StaffState
from billing_app.web.staff.mail_words import KEPT, keeps_mail

PAYMENT_FIELDS = ("amount", "received_on", "method", "reference", "note")
_MAILS_RECEIPT = "mails_receipt"
METHODS = [(method.value, METHOD_NAMES[method]) for method in PaymentMethod]


class PaymentFormState(StaffState, mixin=True):
    """A page with the form of a payment.

    Attributes:
        payment: the texts that the form has, and its key.
        receipt_mail: whether the receipt can be mailed.
        receipt_words: where else the customer finds it.
    """

    payment: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)
    receipt_mail: bool = False
    receipt_words: str = ""

    _kept_early: str = ""
    _kept_excess: str = ""

    async def _begin_payment(self, *, is_shown: bool, email: str) -> None:
        """Begin anew: `is_shown` says that the customer sees the invoice."""
        self._kept_early = self._kept_excess = ""
        self.receipt_mail, self.receipt_words = _receipt(
            is_shown, email, is_mail_kept=await keeps_mail(self)
        )

    def _take_payment(
        self, form: Mapping[str, Any], currency: str
    ) -> RecordPaymentForm:
        """Return what was typed, and keep it in the form."""
        texts = ((name, form.get(name, "")) for name in PAYMENT_FIELDS)
        typed = {name: text if isinstance(text, str) else "" for name, text in texts}
        self.payment = {**self.payment, **typed}
        return RecordPaymentForm(
            **typed,
            currency=currency,
            request_key=self.payment.get("request_key", ""),
            mails_receipt=bool(form.get(_MAILS_RECEIPT)) and self.receipt_mail,
        )

    def _asks_about_early(self, received_on: str, issued_on: date | None) -> str:
        """Ask once about a date before the invoice's own; the next press keeps it."""
        try:
            is_early = issued_on and date.fromisoformat(received_on) < issued_on
        except ValueError:
            is_early = False
        if not is_early or self._kept_early == received_on:
            return ""
        self._kept_early = received_on
        return (
            f"That is before the invoice's own date, {formats.full_day(issued_on)}. "
            "Press again to keep it."
        )

    def _asks_about_excess(self, amount: str, outstanding: Money) -> str:
        """Ask once about an amount that is likely a slip; the next press keeps it."""
        try:
            received = parse_received(amount, outstanding.currency)
        except InvalidInput:
            return ""
        if not is_excess(received, outstanding) or self._kept_excess == amount:
            return ""
        self._kept_excess = amount
        credit = formats.money(received.minor - outstanding.minor, received.currency)
        return (
            f"That is {credit} more than is outstanding, kept as credit. "
            "Press again to keep it."
        )


def receipt_choice(state: Any) -> rx.Component:
    """Ask whether to mail the receipt, where it can be; else say why not."""
    return rx.fragment(
        rx.cond(
            state.receipt_mail,
            checkbox(
                _MAILS_RECEIPT, "Mail the receipt to the customer", default_checked=True
            ),
            rx.fragment(),
        ),
        rx.el.p(state.receipt_words, class_name="secondary small"),
    )


def _receipt(is_shown: bool, email: str, *, is_mail_kept: bool) -> tuple[bool, str]:
    """Say whether a receipt can be mailed, and where else the customer finds it."""
    if not is_shown:
        return False, "The customer gets no receipt: the invoice is not published."
    there = "The receipt is in the customer's portal."
    if not email:
        return False, f"{there} It can't be mailed: no address yet."
    return (False, f"{there} {KEPT}") if is_mail_kept else (True, there)


def payment_fields(
    form: Any,
    errors: Any,
    currency: rx.Var[str],
    **amount_props: Any,
) -> tuple[rx.Component, ...]:
    """Draw them with the texts that `form` begins with, and `errors` beside each."""
    return (
        rx.el.div(
            field(
                "Amount",
                money_input(
                    "amount", currency, default_value=form["amount"], **amount_props
                ),
                error=errors["amount"],
            ),
            field(
                "Date",
                date_input("received_on", default_value=form["received_on"]),
                error=errors["received_on"],
            ),
            class_name="field-pair",
        ),
        segmented("method", "Method", METHODS, value="bank_transfer", wide=True),
        field(
            "Reference",
            text_input("reference", max_length=140),
            aside="customer sees this",
            error=errors["reference"],
        ),
        field(
            "Note",
            text_area("note", placeholder="Why, who called, what was agreed"),
            aside="staff only",
            aside_icon="lock",
            error=errors["note"],
        ),
    )
