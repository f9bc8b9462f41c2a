"""State of the payment settings: bank details and Stripe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.domain.errors import InvalidInput
from billing_app.queries.settings import (
    BankSettings,
    StripeSettings,
    read_bank,
    read_stripe,
)
from billing_app.services.settings import BANK_ROWS_MAX, BankForm, change_bank
from billing_app.services.stripe_keys import StripeFacts, forget_keys
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.forms import sent_text
from billing_app.web.staff.settings_frame import SettingsState
from billing_app.workflows import stripe_keys

# A few empty rows invite; more appear on demand.
_EMPTY_ROWS = 2


class PaymentsState(SettingsState, rx.State):
    """Where customers transfer money to, and the way to Stripe.

    Attributes:
        rows: label and value of each bank detail, then empty ones to fill.
        webhook_url: what to enter at Stripe.
        is_asking: Stripe is being asked about the keys.
    """

    page: BankSettings = BankSettings()
    rows: list[tuple[str, str]] = []  # noqa: RUF012  (Reflex copies the default)
    stripe: StripeSettings = StripeSettings()
    webhook_url: str = ""
    is_asking: bool = False

    @staff_door
    async def open(self) -> None:
        await self._show_account(self.page.currency)
        await self._read_stripe()

    @staff_door
    async def choose_currency(self, currency: str) -> None:
        """Show the account of a currency, or with "" that of all others."""
        await self._show_account(str(currency))

    @staff_door
    async def add_currency(self, form: dict[str, Any]) -> None:
        """Begin an account for a currency; it is there once it is saved."""
        try:
            await self._show_account(sent_text(form, "currency"))
        except InvalidInput as refusal:
            self._point_at(refusal)

    @staff_door
    async def add_row(self) -> None:
        if len(self.rows) < BANK_ROWS_MAX:
            self.rows = [*self.rows, ("", "")]

    @staff_door
    async def save_bank(self, form: dict[str, Any]) -> None:
        rows = tuple(
            (sent_text(form, f"label-{place}"), sent_text(form, f"value-{place}"))
            for place in range(len(self.rows))
        )
        typed = BankForm(
            sent_text(form, "iban"),
            rows,
            sent_text(form, "reference_kind"),
            self.page.currency,
        )
        if await self._save(change_bank, typed):
            self.page = await self._run(read_bank, self.page.currency)

    @staff_watch
    async def connect(self, form: dict[str, Any]) -> None:
        """Store the keys and ask Stripe; the page shows that it is asked."""
        names = ("secret_key", "webhook_secret", "publishable_key")
        keys = tuple(sent_text(form, name) for name in names)
        await self._ask(stripe_keys.connect, *keys)

    @staff_watch
    async def test(self) -> None:
        """Ask Stripe about the stored keys again."""
        await self._ask(stripe_keys.check)

    @staff_door
    async def disconnect(self) -> None:
        await self._run(forget_keys)
        await self._read_stripe()
        self._notify("Stripe is disconnected. Its keys are deleted.")

    async def _ask(self, work: Callable[..., StripeFacts], *keys: str) -> None:
        async with self:
            self.is_asking, self.errors = True, {}
        try:
            await self._run_workflow(work, *keys)
        except InvalidInput as refusal:
            async with self:
                self._point_at(refusal)
            return
        finally:
            async with self:
                self.is_asking = False
        async with self:
            await self._read_stripe()
            self._notify(f"Stripe: {self.stripe.state}.")

    async def _show_account(self, currency: str) -> None:
        turn = self.turn
        self._start_with(await self._run(read_bank, currency))
        if self.turn != turn:
            self.rows = [*self.page.rows, *[("", "")] * _EMPTY_ROWS]

    async def _read_stripe(self) -> None:
        self.stripe = await self._run(read_stripe)
        self.webhook_url = f"{runtime.current().public_url}{self.stripe.webhook_path}"
