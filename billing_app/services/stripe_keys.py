"""Keep a workspace's own Stripe keys: encrypted, and shown by their last four."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import InvalidInput
from billing_app.domain.events import SettingsChanged
from billing_app.models import StripeAccount
from billing_app.services.settings import tell_portal


@dataclass(frozen=True, slots=True)
class StripeFacts:
    """What Stripe said about a key.

    Attributes:
        problem: why it can't be used yet, in a sentence; empty when it can.
    """

    account_id: str = ""
    charges_enabled: bool = False
    problem: str = ""


@staff(Permission.EDIT_SETTINGS)
def store_keys(
    uow: UnitOfWork,
    secret_key: str,
    webhook_secret: str,
    publishable_key: str,
    *,
    is_live: bool,
) -> None:
    """Store checked keys; an empty secret leaves what is stored.

    A new secret key is somebody else's account until Stripe has said whose it is.

    Raises:
        InvalidInput: of the secret and the publishable key one is for tests only.
    """
    account = _take(uow)
    is_live = is_live if secret_key else account.is_livemode
    has_secret = bool(secret_key or account.secret_key_encrypted)
    if publishable_key and has_secret:
        _check_mode(publishable_key, is_live=is_live)
    changed: list[str] = []
    if publishable_key != account.publishable_key:
        account.publishable_key = publishable_key
        changed.append("publishable_key")
    if secret_key:
        account.secret_key_encrypted = uow.cipher.encrypt(secret_key)
        account.secret_key_last4 = secret_key[-4:]
        account.is_livemode = is_live
        _note(uow, account, StripeFacts())
        account.checked_at = None
        changed.append("secret_key")
    if webhook_secret:
        account.webhook_secret_encrypted = uow.cipher.encrypt(webhook_secret)
        account.webhook_secret_last4 = webhook_secret[-4:]
        changed.append("webhook_secret")
    if changed:
        _record(uow, *changed)


@staff(Permission.EDIT_SETTINGS)
def note_check(uow: UnitOfWork, facts: StripeFacts) -> None:
    """Write down what Stripe said when it was asked about the stored key."""
    account = _take(uow)
    _note(uow, account, facts)
    _record(uow, "checked")


@staff(Permission.EDIT_SETTINGS)
def note_silence(uow: UnitOfWork, problem: str) -> None:
    """Write down that Stripe gave no answer; what it said before still holds."""
    _take(uow).last_error = problem[:300]
    _record(uow, "checked")


@staff(Permission.EDIT_SETTINGS)
def forget_keys(uow: UnitOfWork) -> None:
    """Disconnect: delete the keys. Payments already made stay as they are."""
    account = _take(uow)
    account.secret_key_encrypted = account.secret_key_last4 = ""
    account.webhook_secret_encrypted = account.webhook_secret_last4 = ""
    account.publishable_key = ""
    _note(uow, account, StripeFacts())
    account.checked_at = None
    _record(uow, "secret_key", "webhook_secret")


@inner
def read_secret_key(uow: UnitOfWork) -> str:
    """Return the stored key in clear, or an empty text."""
    account: StripeAccount | None = uow.first(select(StripeAccount))
    if account is None or not account.secret_key_encrypted:
        return ""
    return uow.cipher.decrypt(account.secret_key_encrypted)


@inner
def read_publishable_key(uow: UnitOfWork) -> str:
    return uow.first(select(StripeAccount.publishable_key)) or ""


def _check_mode(publishable_key: str, *, is_live: bool) -> None:
    if publishable_key.startswith("pk_live_") != is_live:
        wanted = "pk_live_" if is_live else "pk_test_"
        raise InvalidInput(
            f"Take the key that starts with {wanted}, as the secret key does.",
            field="publishable_key",
        )


def _take(uow: UnitOfWork) -> StripeAccount:
    account: StripeAccount | None = uow.first(select(StripeAccount).with_for_update())
    return account or uow.add(StripeAccount())


def _note(uow: UnitOfWork, account: StripeAccount, facts: StripeFacts) -> None:
    account.account_id = facts.account_id
    account.charges_enabled = facts.charges_enabled
    account.last_error = facts.problem[:300]
    account.checked_at = uow.now


def _record(uow: UnitOfWork, *fields: str) -> None:
    uow.flush()
    uow.record(SettingsChanged(section="stripe", fields=fields))
    tell_portal(uow)
