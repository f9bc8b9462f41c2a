"""Choose what customers see and may do in the portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import InvalidInput
from billing_app.domain.events import ProfileApplied
from billing_app.domain.parsing import parse_amount
from billing_app.domain.portal_settings import LinkExpiry, PortalSettings
from billing_app.domain.portal_words import (
    PAGE_QUESTIONS,
    QUESTIONS,
    TYPES,
    Kind,
    Question,
)
from billing_app.domain.profiles import PROFILES, get_profile
from billing_app.services.outstanding import close_refused_checkouts
from billing_app.services.portal_sessions import end_account_sessions, end_all_sessions
from billing_app.services.settings import save, take_settings, tell_portal, typed_text

TEXT_LENGTH_MAX = 1_000
DAYS_MAX = 3_650


@dataclass(frozen=True, slots=True)
class PortalForm:
    """The answers of the settings' page as they were typed, one for each question.

    Attributes:
        minimum_minor: least partial payment, in the workspace's currency; empty for
            none.
        link_expiry_days: whole days, used by the kinds that count.
    """

    is_on: bool = False
    shows_invoices: bool = False
    allows_sign_in: bool = False
    visible_on: str = ""
    shares_drafts: bool = False
    notify_on: str = ""
    shows_pdf: bool = False
    shows_reminders: bool = False
    due_word: str = ""
    grace_days: str = ""
    welcome: str = ""
    shows_badge: bool = False
    allows_payment: bool = False
    payment: str = ""
    card_form: str = ""
    allows_partial: bool = False
    minimum_minor: str = ""
    debit_counts: str = ""
    comments: str = ""
    write_auth: str = ""
    author_name: str = ""
    disputes: str = ""
    link_expiry: str = ""
    link_expiry_days: str = ""
    link_opens_account: bool = False
    activity: str = ""
    storage_notice: str = ""


@staff(Permission.EDIT_SETTINGS)
def change_portal(uow: UnitOfWork, version: int, form: PortalForm) -> int:
    """Change what customers see and may do; returns and raises as `change_business`.

    Open portal pages hear of it. Nothing is deleted by switching the portal off, but
    every customer's session ends; by switching the signing in off, those that open
    an account.
    """
    currency = uow.workspace.currency
    answers = {
        key: _read(question, getattr(form, key), currency)
        for key, question in PAGE_QUESTIONS.items()
        if key != "link_expiry_days"
    }
    answers["link_expiry_days"] = _link_days(form)
    settings = take_settings(uow, version)
    kept = PortalSettings.from_stored(settings.portal)
    before, after = kept.to_stored(), replace(kept, **answers).to_stored()
    changed = tuple(name for name in after if before[name] != after[name])
    version = save(uow, settings, "portal", *changed, portal=after)
    _end_what_is_shut(uow, before, after)
    return version


@staff(Permission.EDIT_SETTINGS)
def apply_profile(uow: UnitOfWork, version: int, key: str) -> int:
    """Answer everything as a profile does; returns and raises as `change_business`.

    What the business has written itself stays. `restore_portal` takes it back.

    Raises:
        InvalidInput: there is no such profile.
        StaleDraft: the settings were saved since `version`.
    """
    profile = get_profile(key)
    settings = take_settings(uow, version)
    now = PortalSettings.from_stored(settings.portal)
    return _replace_all(uow, version, profile.applied_to(now), profile.key)


@staff(Permission.EDIT_SETTINGS)
def restore_portal(
    uow: UnitOfWork, version: int, stored: Mapping[str, Any], profile: str
) -> int:
    """Take a profile back: the settings and the profile as they were before it.

    Raises:
        StaleDraft: the settings were saved since `version`.
    """
    known = {"", *(each.key for each in PROFILES)}
    assert profile in known
    return _replace_all(uow, version, PortalSettings.from_stored(stored), profile)


def read_answer(key: str, typed: str, currency: str) -> Any:
    """Read one answer that was typed or chosen for a setting.

    Raises:
        InvalidInput: no such setting, or no such answer; names the field.
    """
    question = QUESTIONS.get(key)
    if question is None:
        raise InvalidInput("There is no such setting.", field=key[:40])
    if question.kind == Kind.SWITCH:
        if typed not in ("on", "off"):
            raise InvalidInput("Choose on or off.", field=key)
        return typed == "on"
    return _read(question, typed, currency)


def _replace_all(
    uow: UnitOfWork, version: int, wanted: PortalSettings, profile: str
) -> int:
    settings = take_settings(uow, version)
    workspace = uow.workspace
    before = PortalSettings.from_stored(settings.portal).to_stored()
    after = wanted.to_stored()
    changed = tuple(name for name in after if before[name] != after[name])
    if not changed and workspace.profile == profile:
        return settings.version
    settings.portal = after
    workspace.profile = profile
    settings.version += 1
    uow.flush()
    uow.record(ProfileApplied(profile=profile, fields=changed))
    _end_what_is_shut(uow, before, after)
    tell_portal(uow)
    return settings.version


def _end_what_is_shut(
    uow: UnitOfWork, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """End what a switch has shut: payment pages, and sessions.

    Nobody is let in again without a new proof.
    """
    close_refused_checkouts(uow)
    if before["is_on"] and not after["is_on"]:
        end_all_sessions(uow)
    elif before["allows_sign_in"] and not after["allows_sign_in"]:
        end_account_sessions(uow)


def _read(question: Question, typed: Any, currency: str) -> Any:
    key = question.key
    if question.kind == Kind.SWITCH:
        return typed
    if question.kind == Kind.CHOICE:
        if typed not in dict(question.choices):
            raise InvalidInput(f"Choose one: {question.label.lower()}.", field=key)
        return TYPES[key](typed)
    if question.kind == Kind.DAYS:
        return _days(typed, key, least=1 if key == "link_expiry_days" else 0)
    if question.kind == Kind.MONEY:
        return parse_amount(typed, currency, field=key).minor if typed.strip() else 0
    return typed_text(typed, key, TEXT_LENGTH_MAX)


def _link_days(form: PortalForm) -> int:
    if not form.link_expiry_days.strip() and form.link_expiry == LinkExpiry.NEVER:
        return PortalSettings().link_expiry_days
    return _days(form.link_expiry_days, "link_expiry_days", least=1)


def _days(typed: str, field: str, *, least: int) -> int:
    text = typed.strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= 4
    if not is_number or not least <= int(text) <= DAYS_MAX:
        raise InvalidInput(
            f"Write the days as a whole number from {least} to {DAYS_MAX:,}.",
            field=field,
        )
    return int(text)
