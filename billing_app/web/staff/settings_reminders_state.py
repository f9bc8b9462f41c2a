"""State of the settings for reminders, and for what paying late costs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.late_fee import LateFeeRule, compute_fee
from billing_app.domain.money import Money
from billing_app.queries.late_fees import LateFeesPage, read_late_fee_settings
from billing_app.queries.reminders import RemindersPage, read_reminder_settings
from billing_app.services.late_fees import (
    LateFeesForm,
    change_late_fees,
    read_rule_form,
)
from billing_app.services.reminders import RemindersForm, change_reminders
from billing_app.web import formats
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form, sent_text
from billing_app.web.staff.settings_frame import SettingsState

# What the example is overdue with, in units of the business's own currency.
_EXAMPLE = Decimal(1_000)


class RemindersState(SettingsState, rx.State):
    """When reminders leave, and from which one on paying late costs what.

    Attributes:
        example: what the rule as it is typed comes to, or what is wrong with it.
    """

    page: RemindersPage = RemindersPage()
    fees: LateFeesPage = LateFeesPage()
    example: str = ""

    _typing: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)

    @staff_door
    async def open(self) -> None:
        await self._read()

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_reminders, read_form(RemindersForm, form)):
            await self._read()

    @staff_door
    async def save_fees(self, form: dict[str, Any]) -> None:
        if await self._save(change_late_fees, self._typed(form)):
            await self._read()

    @staff_door
    async def foresee(self, what: str, text: str) -> None:
        """Say what an example costs by the rule as it is typed."""
        self._typing = {**self._typing, what: text}
        self._show_example()

    async def _read(self) -> None:
        self._start_with(await self._run(read_reminder_settings))
        fees = await self._run(read_late_fee_settings)
        if fees != self.fees:
            self.fees, self.turn = fees, self.turn + 1
        self._typing = {
            "from_step": fees.from_step,
            "percent": fees.percent,
            **{f"amount-{each}": text for each, text in fees.amounts.items()},
            **{f"cap-{each}": text for each, text in fees.caps.items()},
        }
        self._show_example()

    def _typed(self, form: dict[str, Any]) -> LateFeesForm:
        def by_currency(what: str) -> dict[str, str]:
            known = self.fees.currencies
            return {each: sent_text(form, f"{what}-{each}") for each in known}

        typed = read_form(LateFeesForm, form)
        return replace(typed, amounts=by_currency("amount"), caps=by_currency("cap"))

    def _show_example(self) -> None:
        try:
            rule = read_rule_form(self._typed(self._typing))
        except InvalidInput as refusal:
            self.example = refusal.message
            return
        self.example = example_words(rule, self.fees)


def example_words(rule: LateFeeRule, page: LateFeesPage) -> str:
    """Say what one reminder of an example charges, and which reminders charge."""
    currency = page.currencies[0]
    overdue = Money.from_decimal(_EXAMPLE, currency).minor
    fee = compute_fee(rule, overdue, currency, page.step_minor)
    if not fee:
        return "Nothing is charged yet: type a share, a fixed amount, or both."
    example = (
        f"Example: {formats.money(overdue, currency)} overdue, "
        f"charged {formats.money(fee, currency)}"
    )
    charging = [step for step in page.reminder_steps if step >= rule.from_step]
    if not page.reminder_steps:
        return f"{example}. Reminders are off, so nothing is charged."
    if not charging:
        return f"{example}. No reminder leaves that late, so nothing is charged."
    days = ", ".join(map(str, charging))
    each = "each time" if len(charging) > 1 else "once"
    return f"{example}, {each}: {days} days after the due date."
