"""State of the portal's settings: the answers, and the profiles to start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.portal_settings import PortalSettings
from billing_app.domain.portal_words import PAGE_QUESTIONS, list_differences
from billing_app.domain.profiles import PROFILES, Profile, get_profile
from billing_app.queries.settings import PortalPage, read_portal
from billing_app.services.portal_settings import (
    PortalForm,
    apply_profile,
    change_portal,
    restore_portal,
)
from billing_app.web import formats
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import SettingsState
from billing_app.web.undo import UndoState

# Answers that decide whether other questions matter.
DECISIVE = frozenset(
    question.needs[0] for question in PAGE_QUESTIONS.values() if question.needs
)


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """A profile to choose; `mark` says that it holds, or that it was the start."""

    key: str
    name: str
    for_whom: str
    mark: str


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One setting that a profile would change."""

    label: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What everybody starts with, where it was changed, and who answers differently."""

    delivered: str = ""
    differing: str = ""


class PortalSettingsState(UndoState, SettingsState, rx.State):
    """What customers see and may do.

    Attributes:
        origins: where each answer comes from, by setting.
        chosen: decisive answers as they stand in the form, not yet saved.
        wanted: the profile whose differences are shown; empty while none is.
    """

    page: PortalPage = PortalPage()
    origins: dict[str, Origin] = {}  # noqa: RUF012  (Reflex copies the default)
    chosen: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)
    profiles: list[ProfileLine] = []  # noqa: RUF012
    wanted: str = ""
    wanted_name: str = ""
    differences: list[DifferenceLine] = []  # noqa: RUF012

    _wanted_key: str = ""

    @staff_door
    async def open(self) -> None:
        self.wanted = self._wanted_key = ""
        await self._read()

    @staff_door
    async def choose(self, key: str, answer: str) -> None:
        """Show the questions that an answer makes matter."""
        if key in DECISIVE:
            self.chosen = {**self.chosen, key: answer}

    @staff_door
    async def turn_switch(self, key: str, is_on: bool) -> None:
        if key in DECISIVE:
            self.chosen = {**self.chosen, key: "on" if is_on else "off"}

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_portal, read_form(PortalForm, form)):
            self.page = await self._run(read_portal)
            self.origins = _origins(self.page)

    @staff_door
    async def compare(self, key: str) -> None:
        """Show what a profile would change, before anything is changed."""
        profile = get_profile(key)
        await self._read()
        now = self.page.settings
        found = list_differences(now, profile.applied_to(now), self.page.currency)
        self.differences = [DifferenceLine(x.label, x.now, x.then) for x in found]
        self.wanted = self._wanted_key = profile.key
        self.wanted_name = profile.name

    @staff_door
    async def forget_profile(self) -> None:
        self.wanted = self._wanted_key = ""

    @staff_door
    async def use_profile(self) -> None:
        """Apply the profile whose differences are on the screen."""
        if not self._wanted_key:
            raise InvalidInput("Choose a profile first.")
        profile = get_profile(self._wanted_key)
        before = (self.page.settings.to_stored(), self.page.profile)
        self.wanted = self._wanted_key = ""
        await self._run(apply_profile, self.version, profile.key)
        self._offer_undo(f"{profile.name} is in use.", before)
        await self._read()

    @staff_door
    async def undo(self, key: str) -> None:
        """Take a profile back, as long as nobody has saved anything since."""
        before: tuple[dict[str, Any], str] | None = self._offered(key)
        await self.dismiss_notice(key)
        if before is None:
            return
        await self._run(restore_portal, self.version, *before)
        self._notify("The settings are as they were before.")
        await self._read()

    async def _read(self) -> None:
        self._start_with(await self._run(read_portal))
        settings = self.page.settings
        self.origins = _origins(self.page)
        self.chosen = {key: _said(getattr(settings, key)) for key in DECISIVE}
        self.profiles = [
            ProfileLine(x.key, x.name, x.for_whom, _mark(x, self.page))
            for x in PROFILES
        ]


def _mark(profile: Profile, page: PortalPage) -> str:
    if profile.key != page.profile:
        return ""
    holds = profile.applied_to(page.settings) == page.settings
    return "In use" if holds else "Changed since"


def _origins(page: PortalPage) -> dict[str, Origin]:
    origins: dict[str, Origin] = {}
    delivered = {
        each.key: each.then
        for each in list_differences(page.settings, PortalSettings(), page.currency)
    }
    for key in PAGE_QUESTIONS:
        count = page.differing.get(key, 0)
        many = f"{formats.count_of(count, 'customer')} differ{'s' * (count == 1)}"
        origins[key] = Origin(
            delivered.get(key, ""),
            many if count else "",
        )
    return origins


def _said(answer: Any) -> str:
    if isinstance(answer, bool):
        return "on" if answer else "off"
    return str(answer)
