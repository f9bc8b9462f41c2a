"""State of the mail settings and of the test mail."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.portal_words import MAIL_FILES
from billing_app.queries.members import read_security
from billing_app.queries.settings import MailPage, read_mail, read_test_mail
from billing_app.services.mail_settings import (
    MailForm,
    change_mail,
    change_mail_files,
    request_test_mail,
)
from billing_app.web import formats
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.forms import read_form, sent_text
from billing_app.web.staff.mail_words import keeps_mail
from billing_app.web.staff.settings_frame import SettingsState

# The worker tries at once; a mail server that is silent gives up after half a minute.
_LOOKS = 40
_SECONDS = 1.0


class MailState(SettingsState, rx.State):
    """Where mail is handed over, and how a test went.

    Attributes:
        to: the reader's own address, for the test.
        keeps_mail: nothing leaves, for want of a server.
        differing: how many customers have their own answer about files.
        test: waiting, sent, kept or failed; empty before the first.
        test_key: of the test that was asked for last.
    """

    page: MailPage = MailPage()
    to: str = ""
    keeps_mail: bool = False
    differing: str = ""
    test: str = ""
    test_key: str = ""
    test_problem: str = ""

    @staff_door
    async def open(self) -> None:
        self._start_with(await self._run(read_mail))
        await self._look()
        self.test = self.test_key = self.test_problem = ""
        self.to = (await self._run(read_security)).email

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_mail, read_form(MailForm, form)):
            await self._look()

    @staff_door
    async def save_files(self, form: dict[str, Any]) -> None:
        answer = sent_text(form, MAIL_FILES.key)
        if await self._save(change_mail_files, answer):
            await self._look()

    @staff_door
    async def send_test(self, form: dict[str, Any]) -> Any:
        try:
            self.test_key = await self._run(request_test_mail, sent_text(form, "to"))
        except InvalidInput as refusal:
            self._point_at(refusal)
            return None
        self.errors, self.test, self.test_problem = {}, "waiting", ""
        return MailState.watch_test

    @staff_watch
    async def watch_test(self) -> None:
        """Follow the test mail until it has left, or has not."""
        for _ in range(_LOOKS):
            async with self:
                key = self.test_key
            tried = await self._run(read_test_mail, key)
            async with self:
                if key != self.test_key:
                    return
                self.test, self.test_problem = tried.state, tried.problem
            if tried.state != "waiting":
                return
            await asyncio.sleep(_SECONDS)

    async def _look(self) -> None:
        """Read what the page says; fields keep what is typed in the other forms."""
        self.page = await self._run(read_mail)
        self.keeps_mail = await keeps_mail(self)
        count = self.page.differing
        own = formats.count_of(count, "customer has", "customers have")
        self.differing = f"{own} an answer of their own." if count else ""
