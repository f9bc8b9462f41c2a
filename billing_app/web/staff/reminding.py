"""Reminding of several invoices: the list's dialog, and what it says beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from billing_app.queries.reminders import HeldBack, list_held_back
from billing_app.services import reminders
from billing_app.web import formats
from billing_app.web.components.controls import button
from billing_app.web.components.dialogs import confirm_dialog
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.mail_words import mail_words

# So many of one reason are named; of more only how many. And so many reasons.
_NAMED_MAX = 3
_REASONS_MAX = 8


class RemindingState(StaffState, mixin=True):
    """A list of which several invoices are reminded of.

    Attributes:
        reminding_words: how many mails would leave.
        held_back: which of the chosen are left out, by the reason.
        reminds_any: at least one mail would leave.
    """

    is_reminding: bool = False
    reminding_words: str = ""
    held_back: list[str] = []  # noqa: RUF012
    reminds_any: bool = False

    # What the dialog was opened for: an id never comes from the browser.
    _asked: list[int] = []  # noqa: RUF012  (Reflex copies the defaults)

    @staff_door
    async def start_reminding(self) -> None:
        """Say of what is selected which mails would leave, and which would not."""
        asked = self._chosen()
        held = await self._run(list_held_back, asked)
        count = len(asked) - len(held)
        self.reminding_words = (
            f"{formats.count_of(count, 'reminder')}, each to the customer of its "
            "invoice, with what is open and the link. Mails leave at once."
            if count
            else "No reminder can leave now."
        )
        self.held_back, self.reminds_any = held_words(held), count > 0
        self._asked, self.is_reminding = asked, True

    @staff_door
    async def stop_reminding(self) -> None:
        self.is_reminding = False

    @staff_door
    async def send_reminders(self) -> None:
        """Remind of those that may be asked for."""
        if not self._asked:
            # Pressed again.
            return
        sent = await self._run(reminders.send_many, self._asked)
        left = len(self._asked) - sent
        self._asked, self.is_reminding = [], False
        words = f"{formats.count_of(sent, 'reminder')} on the way."
        if sent:
            words = await mail_words(self, words)
        if left:
            words += f" {left} not reminded: nothing to ask for, or a promise to wait."
        await self._after_reminding(words)

    def _chosen(self) -> list[int]:
        """Return what is selected."""
        raise NotImplementedError

    async def _after_reminding(self, words: str) -> None:
        raise NotImplementedError


def held_words(held: Sequence[HeldBack]) -> list[str]:
    """Say what is left out and why, the rarest reason first: a promise among many."""
    numbers: dict[str, list[str]] = {}
    for it in held:
        numbers.setdefault(it.obstacle, []).append(it.number or "A draft")
    rarest = sorted(numbers.items(), key=lambda reason: len(reason[1]))
    said = [f"{_named(those)}: {why}" for why, those in rarest[:_REASONS_MAX]]
    more = sum(len(those) for _, those in rarest[_REASONS_MAX:])
    return [*said, f"{more} more"] if more else said


def _named(numbers: Sequence[str]) -> str:
    if len(numbers) <= _NAMED_MAX:
        return ", ".join(numbers)
    return formats.count_of(len(numbers), "invoice")


def reminding_dialog(state: Any) -> rx.Component:
    left_out = rx.el.section(
        rx.el.h3("Left out"),
        rx.el.ul(rx.foreach(state.held_back, rx.el.li), class_name="sentences"),
    )
    return confirm_dialog(
        "Send reminders?",
        state.reminding_words,
        rx.cond(state.held_back.length() > 0, left_out, rx.fragment()),
        dialog_id="reminding",
        keep="Send none",
        confirm=button(
            "Send reminders",
            kind="primary",
            on_click=state.send_reminders,
            disabled=~state.reminds_any,
        ),
        open=state.is_reminding,
        on_close=state.stop_reminding,
    )
