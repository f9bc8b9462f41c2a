"""Issuing a draft that is paid already: what the builder asks for, and its dialog."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money
from billing_app.services.paid_drafts import PAYMENT, issue_and_record
from billing_app.web import formats
from billing_app.web.components.controls import button
from billing_app.web.components.dialogs import dialog
from billing_app.web.doors import staff_door
from billing_app.web.staff.payment_fields import (
    PAYMENT_FIELDS,
    PaymentFormState,
    payment_fields,
    receipt_choice,
)

NO_ERRORS: dict[str, str] = dict.fromkeys(PAYMENT_FIELDS, "")


@dataclass(frozen=True, slots=True)
class PaidDraft:
    """What a draft asks for, and who gets to know that it is paid.

    Attributes:
        is_shown: issuing shows the invoice to its customer.
        email: the customer's; empty for none.
    """

    due: Money
    issued_on: date
    today: date
    is_shown: bool
    email: str


class PaidDraftState(PaymentFormState, mixin=True):
    """A builder whose draft can be issued as paid.

    Attributes:
        payment_errors: what is wrong with a field of the dialog, by its name.
    """

    payment_errors: dict[str, str] = NO_ERRORS
    is_paying: bool = False

    @staff_door
    async def start_payment(self) -> None:
        """Open with the whole amount, come today."""
        asked = self._asks()
        await self._begin_payment(is_shown=asked.is_shown, email=asked.email)
        self.payment = {
            "amount": formats.typed_amount(asked.due.minor, asked.due.currency),
            "received_on": asked.today.isoformat(),
            "request_key": secrets.token_hex(16),
        }
        self.payment_errors, self.is_paying = NO_ERRORS, True

    @staff_door
    async def stop_payment(self) -> None:
        self.is_paying = False

    @staff_door
    async def issue_as_paid(self, form: dict[str, Any]) -> Any:
        """Issue and record the payment: both, or neither with the reason."""
        asked = self._asks()
        recorded = self._take_payment(form, asked.due.currency)
        early = self._asks_about_early(recorded.received_on, asked.issued_on)
        excess = self._asks_about_excess(recorded.amount, asked.due)
        self.payment_errors = {**NO_ERRORS, "received_on": early, "amount": excess}
        if early or excess:
            return None
        try:
            issued = await self._issue_by(issue_and_record, recorded)
        except InvalidInput as refusal:
            name = (refusal.field or "").removeprefix(PAYMENT)
            if name not in PAYMENT_FIELDS:
                raise
            self.payment_errors = {**NO_ERRORS, name: refusal.message}
            return None
        # Where the draft itself was refused, the page names what to mend.
        self.is_paying = False
        return issued

    def _asks(self) -> PaidDraft:
        """Return what the page knows of its draft."""
        raise NotImplementedError

    async def _issue_by(self, step: Any, *args: Any) -> Any:
        raise NotImplementedError


def paid_draft_dialog(state: Any) -> rx.Component:
    return dialog(
        "Issue and record payment",
        *payment_fields(state.payment, state.payment_errors, state.currency),
        receipt_choice(state),
        dialog_id="issue-as-paid",
        lead="The draft gets its number and is paid, in one step.",
        actions=[
            rx.el.kbd("Ctrl Enter", custom_attrs={"aria-hidden": "true"}),
            rx.el.span(class_name="spacer"),
            button("Cancel", closes=True),
            button("Issue and record", kind="primary", submit=True),
        ],
        on_submit=state.issue_as_paid,
        open=state.is_paying,
        on_close=state.stop_payment,
        key=state.payment["request_key"],
    )
