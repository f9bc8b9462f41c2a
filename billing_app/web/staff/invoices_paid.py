"""Marking several invoices as paid: the list's dialog, and what it does."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import reflex as rx

from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.services import payments
from billing_app.services.payments import RestFate, RestForm
from billing_app.web import formats
from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    segmented,
    text_input,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.payment_fields import METHODS

UNDONE = "Marked as paid by mistake"
_FIELDS = ("received_on", "method", "reference")
_NO_ERRORS: dict[str, str] = dict.fromkeys(_FIELDS, "")
# So many are named with their reason; of more only how many.
_NAMED_MAX = 5


class PaidInvoicesState(StaffState, mixin=True):
    """A list of which several invoices are marked as paid.

    Attributes:
        paid_lead: how many are chosen, and what they ask for.
        paid_errors: what is wrong with a field of the dialog, by its name.
    """

    is_marking_paid: bool = False
    paid_lead: str = ""
    paid_on: str = ""
    paid_key: str = ""
    paid_errors: dict[str, str] = _NO_ERRORS

    # What the dialog was opened for: an id never comes from the browser.
    _seen: dict[int, int] = {}  # noqa: RUF012  (Reflex copies the defaults)

    @staff_door
    async def start_marking_paid(self) -> None:
        """Open for what is selected, paid today."""
        self._seen, words, moment = self._rests()
        self.paid_lead = (
            f"{words}. Each gets a payment of its own, for all that is left of it."
        )
        self.paid_on = moment.today.isoformat()
        self.paid_key = secrets.token_hex(16)
        self.paid_errors, self.is_marking_paid = _NO_ERRORS, True

    @staff_door
    async def stop_marking_paid(self) -> None:
        self.is_marking_paid = False

    @staff_door
    async def mark_paid(self, form: dict[str, Any]) -> None:
        """Record the payments; say of each that was left why."""
        if not self._seen:
            # Pressed again.
            return
        texts = ((name, form.get(name, "")) for name in _FIELDS)
        typed = {name: text if isinstance(text, str) else "" for name, text in texts}
        self.paid_errors = _NO_ERRORS
        rest = RestForm(**typed, request_key=self.paid_key)
        try:
            fates = await self._run(payments.record_rests, self._seen, rest)
        except InvalidInput as refusal:
            if refusal.field not in _FIELDS:
                raise
            self.paid_errors = {**_NO_ERRORS, refusal.field: refusal.message}
            return
        self._seen, self.is_marking_paid = {}, False
        paid = [fate.payment_id for fate in fates if fate.payment_id is not None]
        await self._after_paid(fate_words(fates), paid)

    def _rests(self) -> tuple[dict[int, int], str, Moment]:
        """Return what is selected and left of each, that in words, and the day."""
        raise NotImplementedError

    async def _after_paid(self, words: str, payment_ids: list[int]) -> None:
        raise NotImplementedError


def fate_words(fates: Sequence[RestFate]) -> str:
    """Say how many were paid, and of the others why not."""
    paid = sum(fate.payment_id is not None for fate in fates)
    words = f"{formats.count_of(paid, 'invoice')} marked as paid."
    left = [fate for fate in fates if fate.payment_id is None]
    if not left:
        return words
    named = [f"{fate.number} {fate.refusal}" for fate in left[:_NAMED_MAX]]
    if len(left) > _NAMED_MAX:
        named.append(f"{len(left) - _NAMED_MAX} more")
    return f"{words} Left as they were: {', '.join(named)}."


def mark_paid_dialog(state: Any) -> rx.Component:
    return dialog(
        "Mark as paid",
        field(
            "Date",
            date_input("received_on", default_value=state.paid_on),
            error=state.paid_errors["received_on"],
            field_id="paid-on",
        ),
        segmented("method", "Method", METHODS, value="bank_transfer", wide=True),
        field(
            "Reference",
            text_input("reference", max_length=140),
            aside="customers see this",
            error=state.paid_errors["reference"],
            field_id="paid-reference",
        ),
        dialog_id="mark-paid",
        lead=state.paid_lead,
        actions=[
            rx.el.kbd("Ctrl Enter", custom_attrs={"aria-hidden": "true"}),
            rx.el.span(class_name="spacer"),
            button("Cancel", closes=True),
            button("Mark as paid", kind="primary", submit=True),
        ],
        on_submit=state.mark_paid,
        open=state.is_marking_paid,
        on_close=state.stop_marking_paid,
        key=state.paid_key,
    )
