"""Issuing a draft that is paid already: what the builder asks for, and its dialog."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money
from billing_app.services.paid_drafts import PAYMENT, issue_and_record
from billing_app.services.payments import RecordPaymentForm
from billing_app.web import formats
from billing_app.web.components.controls import button
from billing_app.web.components.dialogs import dialog
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.payment_fields import PAYMENT_FIELDS, payment_fields

NO_ERRORS: dict[str, str] = dict.fromkeys(PAYMENT_FIELDS, "")


class PaidDraftState(StaffState, mixin=True):
    """A builder whose draft can be issued as paid.

    Attributes:
        payment_errors: what is wrong with a field of the dialog, by its name.
    """

    payment: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the defaults)
    payment_errors: dict[str, str] = NO_ERRORS
    is_paying: bool = False

    @staff_door
    async def start_payment(self) -> None:
        """Open with the whole amount, come today."""
        due, today = self._asks()
        self.payment = {
            "amount": formats.typed_amount(due.minor, due.currency),
            "received_on": today.isoformat(),
            "request_key": secrets.token_hex(16),
        }
        self.payment_errors, self.is_paying = NO_ERRORS, True

    @staff_door
    async def stop_payment(self) -> None:
        self.is_paying = False

    @staff_door
    async def issue_as_paid(self, form: dict[str, Any]) -> Any:
        """Issue and record the payment: both, or neither with the reason."""
        texts = ((name, form.get(name, "")) for name in PAYMENT_FIELDS)
        typed = {name: text if isinstance(text, str) else "" for name, text in texts}
        self.payment = {**self.payment, **typed}
        self.payment_errors = NO_ERRORS
        due, _ = self._asks()
        recorded = RecordPaymentForm(
            **typed,
            currency=due.currency,
            request_key=self.payment.get("request_key", ""),
        )
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

    def _asks(self) -> tuple[Money, date]:
        """Return what the draft comes to, and today; the page knows both."""
        raise NotImplementedError

    async def _issue_by(self, step: Any, *args: Any) -> Any:
        raise NotImplementedError


def paid_draft_dialog(state: Any) -> rx.Component:
    return dialog(
        "Issue and record payment",
        *payment_fields(state.payment, state.payment_errors, state.currency),
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
