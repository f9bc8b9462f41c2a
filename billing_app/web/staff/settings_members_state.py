"""State of the list of members."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.queries.members import MemberRow, list_members
from billing_app.services.members import MemberForm, change_role, remove_member
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import SettingsState
from billing_app.workflows.members import add_member


class MembersState(SettingsState, rx.State):
    """Who belongs here, and the one who is being added or removed.

    Attributes:
        reading: counts readings, so that a refused choice springs back.
        welcome: what to tell a new member; empty when there is nobody new.
        password: for the first sign-in, shown once.
        leaving: whom the question is about.
    """

    members: list[MemberRow] = []  # noqa: RUF012  (Reflex copies the default)
    reading: int = 0
    is_adding: bool = False
    welcome: str = ""
    password: str = ""
    leaving_id: int = 0
    leaving: str = ""

    @staff_door
    async def open(self) -> None:
        self.is_adding, self.errors, self.leaving_id = False, {}, 0
        self.welcome = self.password = ""
        await self._read()

    @staff_door
    async def start_adding(self) -> None:
        self.is_adding, self.errors = True, {}

    @staff_door
    async def stop_adding(self) -> None:
        self.is_adding = False

    @staff_door
    async def add(self, form: dict[str, Any]) -> None:
        typed = read_form(MemberForm, form)
        try:
            welcome = await self._run_workflow(add_member, typed)
        except BillingError as refusal:
            if refusal.field is None:
                raise
            self.errors = {refusal.field: refusal.message}
            return
        self.is_adding, self.errors = False, {}
        self.password = welcome.password
        self.welcome = (
            f"{typed.name.strip()} can sign in with this password, once, in the next "
            "seven days. It is not shown again."
            if welcome.password
            else f"{typed.name.strip()} signs in with the password they have already."
        )
        await self._read()

    @staff_door
    async def change(self, member_id: int, role: str) -> None:
        try:
            await self._run(change_role, member_id, role)
        except InvalidInput as refusal:
            self._notify(refusal.message, is_refusal=True)
        else:
            self._notify("The role counts from their next click.")
        finally:
            await self._read()

    @staff_door
    async def ask_to_remove(self, member_id: int) -> None:
        found = next((x for x in self.members if x.member_id == member_id), None)
        if found is not None:
            self.leaving_id, self.leaving = member_id, found.name

    @staff_door
    async def keep(self) -> None:
        self.leaving_id = 0

    @staff_door
    async def remove(self) -> None:
        member_id, self.leaving_id = self.leaving_id, 0
        await self._run(remove_member, member_id)
        self.welcome = self.password = ""
        await self._read()
        self._notify(f"{self.leaving} is signed out and can't come back in.")

    async def _read(self) -> None:
        self.members = list(await self._run(list_members))
        self.version, self.reading = 1, self.reading + 1
