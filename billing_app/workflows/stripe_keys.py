"""Connect a workspace to its Stripe account: check the keys, store them, ask Stripe."""

from __future__ import annotations

import re
from dataclasses import replace

from billing_app.domain.actors import Actor, Permission, StaffActor
from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable
from billing_app.gateways.stripe import AccountFacts, StripeGateway, is_live_key
from billing_app.runtime import Runtime
from billing_app.services import stripe_keys
from billing_app.services.stripe_keys import StripeFacts
from billing_app.settings import STRIPE_API

TIMEOUT_SECONDS = 15.0
_UNKNOWN_PUBLISHABLE = "Stripe does not accept the publishable key."
_SECRET_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{4,240}", re.ASCII)
_PUBLISHABLE_KEY = re.compile(r"pk_(test|live)_[A-Za-z0-9_]{4,240}", re.ASCII)
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9_+/=]{4,240}", re.ASCII)


def connect(
    runtime: Runtime,
    actor: Actor,
    secret_key: str,
    webhook_secret: str,
    publishable_key: str = "",
) -> StripeFacts:
    """Store the keys that were typed and ask Stripe about the account.

    An empty secret keeps the stored one; the publishable key is as typed.

    Raises:
        InvalidInput: a key does not look like one, is live where none may be, or
            Stripe refuses the one that would take the place of another.
    """
    _check_permission(actor)
    secret_key, webhook_secret = secret_key.strip(), webhook_secret.strip()
    _check_secret_key(runtime, secret_key)
    if webhook_secret and not _WEBHOOK_SECRET.fullmatch(webhook_secret):
        raise InvalidInput(
            "A signing secret starts with whsec_.", field="webhook_secret"
        )
    publishable_key = publishable_key.strip()
    if publishable_key and not _PUBLISHABLE_KEY.fullmatch(publishable_key):
        raise InvalidInput(
            "A publishable key starts with pk_.", field="publishable_key"
        )
    if secret_key:
        _keep_the_one_before(runtime, actor, secret_key)
    runtime.run(
        actor,
        stripe_keys.store_keys,
        secret_key,
        webhook_secret,
        publishable_key,
        is_live=is_live_key(secret_key),
    )
    return check(runtime, actor)


def check(runtime: Runtime, actor: Actor) -> StripeFacts:
    """Ask Stripe about the stored key and write down what it said."""
    _check_permission(actor)
    with runtime.reading(actor) as uow:
        secret_key = stripe_keys.read_secret_key(uow)
        publishable_key = stripe_keys.read_publishable_key(uow)
    if not secret_key:
        return StripeFacts()
    try:
        facts = _facts(_gateway(runtime, secret_key).check_key())
        if publishable_key and not facts.problem:
            knows = _gateway(runtime, publishable_key).knows_publishable_key()
            facts = facts if knows else replace(facts, problem=_UNKNOWN_PUBLISHABLE)
    except GatewayUnavailable as refusal:
        runtime.run(actor, stripe_keys.note_silence, refusal.message)
        return StripeFacts(problem=refusal.message)
    except GatewayRefused as refusal:
        facts = StripeFacts(problem=refusal.message)
    runtime.run(actor, stripe_keys.note_check, facts)
    return facts


def _keep_the_one_before(runtime: Runtime, actor: Actor, secret_key: str) -> None:
    """Refuse a key that Stripe refuses, where customers pay by another one."""
    with runtime.reading(actor) as uow:
        if not stripe_keys.read_secret_key(uow):
            return
    try:
        _gateway(runtime, secret_key).check_key()
    except GatewayRefused as refusal:
        raise InvalidInput(
            f"{refusal.message} The one before stays in use.", field="secret_key"
        ) from refusal
    except GatewayUnavailable:
        # The check that follows says so, and is repeated later.
        return


def _gateway(runtime: Runtime, key: str) -> StripeGateway:
    return StripeGateway(
        key,
        api_base=runtime.settings.stripe_api_base,
        timeout_seconds=TIMEOUT_SECONDS,
        retries=0,
    )


def _facts(account: AccountFacts) -> StripeFacts:
    problem = "" if account.is_ready else "Stripe does not let this account charge yet."
    return StripeFacts(account.id, account.is_ready, problem)


def _check_secret_key(runtime: Runtime, secret_key: str) -> None:
    if not secret_key:
        return
    if secret_key.startswith(("sk_", "rk_")) and not _SECRET_KEY.fullmatch(secret_key):
        raise InvalidInput(
            "This is not a whole secret key. Copy all of it from Stripe.",
            field="secret_key",
        )
    if not _SECRET_KEY.fullmatch(secret_key):
        raise InvalidInput(
            "A secret key starts with sk_ or rk_; the one with pk_ is for browsers.",
            field="secret_key",
        )
    settings = runtime.settings
    is_rehearsal = settings.is_demo or settings.stripe_api_base != STRIPE_API
    if is_rehearsal and is_live_key(secret_key):
        raise InvalidInput(
            "This installation only rehearses payments, so it takes no live key. "
            "Use one with sk_test_.",
            field="secret_key",
        )


def _check_permission(actor: Actor) -> None:
    """Refuse before Stripe is asked; the services refuse again."""
    if not isinstance(actor, StaffActor) or not actor.may(Permission.EDIT_SETTINGS):
        raise NotPermitted("Your role doesn't allow this.")
