"""Late fees on the page of an invoice: what was charged, what comes, waiving one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.queries.late_fees import ChargedFee, LateFees, read_late_fees
from billing_app.services import invoices
from billing_app.web import formats
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.forms import sent_text


@dataclass(frozen=True, slots=True)
class LateFeeLine:
    """A fee that was charged; `state` is what became of it."""

    fee_id: int
    number: str
    href: str
    amount: str
    charged: str
    state: str
    can_waive: bool


class LateFeesState(StaffState, mixin=True):
    """A page about one invoice that late fees may be charged for.

    Attributes:
        next_fee: what the next reminder that charges will charge, or why it will not.
        fee_for: the number of the invoice that this one is a late fee for.
        waiving: which fee the open dialog is about.
    """

    late_fees: list[LateFeeLine] = []  # noqa: RUF012  (Reflex copies the default)
    next_fee: str = ""
    fee_for: str = ""
    fee_for_href: str = ""
    waiving: str = ""

    _waiving_id: int = 0

    @staff_door
    async def start_waiving(self, fee_id: int) -> None:
        found = [fee for fee in self.late_fees if fee.fee_id == fee_id]
        if not found or not found[0].can_waive:
            raise InvalidInput("That late fee can't be waived.")
        self._waiving_id, self.waiving = fee_id, found[0].number
        self._open_dialog("waive")

    @staff_door
    async def waive(self, form: dict[str, Any]) -> None:
        """Void the fee, as from its own page; its reminder charges no other."""
        reason = sent_text(form, "reason")
        if await self._tried(invoices.void, self._waiving_id, reason):
            self._notify(f"{self.waiving} is waived.")
            await self._read()

    async def _read_late_fees(
        self, invoice_id: int, currency: str, moment: Moment
    ) -> None:
        told = await self._run(read_late_fees, invoice_id)
        self.late_fees = [_line(fee, currency, moment) for fee in told.charged]
        self.next_fee = next_words(told, currency)
        self.fee_for = told.fee_for_number
        self.fee_for_href = f"/invoices/{told.fee_for_id}" if told.fee_for_id else ""

    def _open_dialog(self, name: str) -> None:
        raise NotImplementedError

    async def _tried(self, service: Any, *args: Any) -> bool:
        raise NotImplementedError

    async def _read(self) -> None:
        raise NotImplementedError


def _line(fee: ChargedFee, currency: str, moment: Moment) -> LateFeeLine:
    on = formats.full_day(formats.local(fee.charged_at, moment).date())
    state = "Paid"
    if fee.is_waived:
        state = "Waived"
    elif fee.outstanding_minor > 0:
        state = f"{formats.money(fee.outstanding_minor, currency)} open"
    return LateFeeLine(
        fee_id=fee.fee_id,
        number=fee.number,
        href=f"/invoices/{fee.fee_id}",
        amount=formats.money(fee.total_minor, currency),
        charged=f"{on}, with the reminder {_days(fee.step)} after the due date",
        state=state,
        can_waive=not fee.is_waived and fee.outstanding_minor > 0,
    )


def next_words(told: LateFees, currency: str) -> str:
    """Say what is charged next, and what keeps it back; empty where nothing is."""
    it = told.following
    if it is None:
        return f"None comes next. {told.obstacle}" if told.obstacle else ""
    amount = formats.money(it.amount_minor, currency)
    on = formats.full_day(it.on)
    kept = f" It waits: {told.obstacle}" if told.obstacle else ""
    return f"Next: {amount} on {on}, if this much is still open then.{kept}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
