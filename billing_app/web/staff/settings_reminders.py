"""The settings' page for reminders that leave by themselves."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.reminders import FROM_HOUR, LATE_DAYS_MAX
from billing_app.queries.reminders import RemindersPage, read_reminder_settings
from billing_app.services.reminders import RemindersForm, change_reminders
from billing_app.web.components.controls import checkbox, field, text_input
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import (
    SettingsState,
    form_panel,
    settings_page,
)


class RemindersState(SettingsState, rx.State):
    """When reminders leave."""

    page: RemindersPage = RemindersPage()

    @staff_door
    async def open(self) -> None:
        self._start_with(await self._run(read_reminder_settings))

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_reminders, read_form(RemindersForm, form)):
            self._start_with(await self._run(read_reminder_settings))


def page() -> rx.Component:
    state = RemindersState
    return settings_page(
        form_panel(
            "When they leave",
            rx.el.div(
                checkbox(
                    "is_on",
                    "Remind customers of unpaid invoices automatically",
                    default_checked=state.page.is_on,
                ),
                class_name="span-12",
            ),
            field(
                "Days from the due date",
                text_input("steps", default_value=state.page.steps),
                hint="Like -3, 0, 7: three days before, on the day, a week after.",
                error=state.errors["steps"],
                class_name="span-8",
            ),
            rx.el.p(
                f"They leave from {FROM_HOUR} in the morning by your clock, each once "
                f"and never more than {LATE_DAYS_MAX} days late. None goes out for "
                "what is paid, void or fully disputed, or while a promised date is "
                "still to come.",
                class_name="field-hint span-12",
            ),
            on_submit=state.save,
        ),
        state=state,
        here="Reminders",
        lead="A friendly mail before and after the due date.",
        is_loaded=state.version > 0,
    )
