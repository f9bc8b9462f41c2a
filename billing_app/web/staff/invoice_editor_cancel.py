"""Cancelling a draft: the builder's dialog, and what it does."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.invoice import REASON_LENGTH_MAX
from billing_app.services.drafts import cancel_draft
from billing_app.web.components.controls import button, field, text_input
from billing_app.web.components.dialogs import confirm_dialog
from billing_app.web.doors import StaffState, staff_door


class CancelledDraftState(StaffState, mixin=True):
    """A builder whose draft can be ended for good, with a reason."""

    is_cancelling: bool = False
    cancel_problem: str = ""

    @staff_door
    async def start_cancelling(self) -> None:
        self.cancel_problem = ""
        self.is_cancelling = True

    @staff_door
    async def stop_cancelling(self) -> None:
        self.is_cancelling = False

    @staff_door
    async def cancel(self, form: dict[str, Any]) -> Any:
        """Save what is typed, end the draft and show it as it stays."""
        if not self.is_editable:
            return None
        reason = form.get("reason", "")
        reason = reason if isinstance(reason, str) else ""
        await self._save()
        try:
            await self._run(cancel_draft, self.invoice_id, self.version, reason)
        except InvalidInput as refusal:
            self.cancel_problem = refusal.message
            return None
        self.is_editable = self.is_cancelling = False
        return rx.redirect(f"/invoices/{self.invoice_id}")

    async def _save(self) -> None:
        raise NotImplementedError


def cancel_draft_dialog(state: Any) -> rx.Component:
    return confirm_dialog(
        "Cancel this draft?",
        "It stays on record as it is, without a number, and can't be issued any more. "
        "Duplicate it to go on with it later.",
        field(
            "Reason",
            text_input("reason", max_length=REASON_LENGTH_MAX),
            aside="kept in the audit trail",
            error=state.cancel_problem,
            field_id="cancel-reason",
        ),
        dialog_id="cancel-draft",
        keep="Keep draft",
        confirm=button("Cancel draft", kind="danger", submit=True),
        on_submit=state.cancel,
        open=state.is_cancelling,
        on_close=state.stop_cancelling,
    )
