"""Asking once more before a draft is issued without what it should hardly lack."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.services import invoices
from billing_app.web.components.controls import button
from billing_app.web.components.dialogs import confirm_dialog
from billing_app.web.doors import StaffState, staff_door

_STEPS = {"issue": invoices.issue, "publish": invoices.issue_and_publish}


class LackingState(StaffState, mixin=True):
    """A builder that names what a draft lacks before it is issued.

    Attributes:
        lacking: what it can be issued without, and should hardly be.
        is_asking: whether to issue it all the same.
    """

    lacking: list[str] = []  # noqa: RUF012  (Reflex copies the default)
    is_asking: bool = False

    _asked_step: str = ""

    @staff_door
    async def issue_anyway(self, shown: str) -> Any:
        """Do what was asked about, where it comes to the total that was shown."""
        if not self.is_asking:
            return None
        self.is_asking = False
        self._check_shown(shown)
        return await self._issue_by(_STEPS[self._asked_step])

    @staff_door
    async def go_back(self) -> None:
        self.is_asking = False

    async def _issue_or_ask(self, step: str) -> Any:
        if self.lacking and self.is_editable:
            self._asked_step, self.is_asking = step, True
            return None
        return await self._issue_by(_STEPS[step])

    def _check_shown(self, shown: str) -> None:
        raise NotImplementedError

    async def _issue_by(self, step: Any, *args: Any) -> Any:
        raise NotImplementedError


def lacking_dialog(state: Any) -> rx.Component:
    return confirm_dialog(
        "Issue it like this?",
        "What is issued can't be changed any more.",
        rx.el.ul(rx.foreach(state.lacking, rx.el.li), class_name="sentences"),
        dialog_id="issue-anyway",
        keep="Go back",
        confirm=button(
            "Issue anyway",
            kind="primary",
            on_click=state.issue_anyway(state.total),
            issues=True,
        ),
        open=state.is_asking,
        on_close=state.go_back,
    )
