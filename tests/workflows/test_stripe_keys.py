from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.domain.actors import Role
from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.domain.payability import StripeConnection
from billing_app.models import StripeAccount
from billing_app.queries.settings import StripeSettings, read_stripe
from billing_app.runtime import Runtime
from billing_app.sandbox.stripe_faults import Fault
from billing_app.services.stripe_keys import forget_keys
from billing_app.workflows import stripe_keys as workflow
from tests.support.stripe_rehearsal import (
    KEY,
    OTHER_KEY,
    PUBLISHABLE_KEY,
    Rehearsal,
    rehearsed,
)
from tests.support.world import World

SECRET = "whsec_0123456789abcdef"


@pytest.fixture
def stripe() -> Iterator[Rehearsal]:
    with rehearsed() as rehearsal:
        yield rehearsal


@pytest.fixture
def runtime(world: World, stripe: Rehearsal) -> Runtime:
    settings = replace(world.runtime.settings, stripe_api_base=stripe.url)
    return replace(world.runtime, settings=settings)


def shown(world: World) -> StripeSettings:
    return world.run(world.northwind.owner, read_stripe)


def test_good_keys_make_the_connection_active(world: World, runtime: Runtime):
    facts = workflow.connect(runtime, world.northwind.admin, f" {KEY} ", SECRET)

    assert facts.charges_enabled
    stripe = shown(world)
    assert stripe.state == StripeConnection.ACTIVE
    assert stripe.account_id.startswith("acct_")
    assert (stripe.secret_key_last4, stripe.webhook_secret_last4) == (KEY[-4:], "cdef")
    assert stripe.webhook_path == "/webhooks/stripe/northwind-charter"
    assert not stripe.is_livemode


@pytest.mark.feature("G07")
def test_without_a_signing_secret_the_setup_is_incomplete(
    world: World, runtime: Runtime
):
    workflow.connect(runtime, world.northwind.admin, KEY, "")

    assert shown(world).state == StripeConnection.INCOMPLETE


def test_keys_rest_encrypted_and_are_never_shown(world: World, runtime: Runtime):
    workflow.connect(runtime, world.northwind.admin, KEY, SECRET)

    with world.reading(world.northwind.owner) as uow:
        stored = uow.one(select(StripeAccount))
    for secret in (KEY, SECRET):
        assert secret not in repr(stored)
        assert secret not in repr(shown(world))
    assert runtime.cipher.decrypt(stored.secret_key_encrypted) == KEY


def test_an_empty_key_keeps_the_stored_one(world: World, runtime: Runtime):
    workflow.connect(runtime, world.northwind.admin, KEY, "")

    workflow.connect(runtime, world.northwind.admin, "", SECRET)

    assert shown(world).state == StripeConnection.ACTIVE


def test_a_key_that_stripe_does_not_know_says_so(world: World, runtime: Runtime):
    wrong = "sk_test_0123456789"

    facts = workflow.connect(runtime, world.northwind.admin, wrong, SECRET)

    stripe = shown(world)
    assert facts.problem
    assert (stripe.state, stripe.problem) == (
        StripeConnection.INCOMPLETE,
        facts.problem,
    )


def test_a_mistyped_key_takes_no_place_of_one_that_works(
    world: World, runtime: Runtime
):
    workflow.connect(runtime, world.northwind.admin, KEY, SECRET)

    with pytest.raises(InvalidInput, match="The one before stays in use") as refusal:
        workflow.connect(runtime, world.northwind.admin, f"{KEY}x", "whsec_9876543210")

    assert refusal.value.field == "secret_key"
    stripe = shown(world)
    assert stripe.state == StripeConnection.ACTIVE
    assert (stripe.secret_key_last4, stripe.webhook_secret_last4) == (KEY[-4:], "cdef")


def test_a_key_cut_short_is_told_from_another_kind(world: World, runtime: Runtime):
    for typed, said in (("sk_live_abc", "not a whole"), ("pk_test_12345", "browsers")):
        with pytest.raises(InvalidInput, match=said):
            workflow.connect(runtime, world.northwind.admin, typed, SECRET)


def test_a_key_of_another_account_forgets_the_first(world: World, runtime: Runtime):
    workflow.connect(runtime, world.northwind.admin, KEY, SECRET)
    first = shown(world).account_id

    workflow.connect(runtime, world.northwind.admin, OTHER_KEY, "")

    assert shown(world).account_id not in ("", first)


def test_a_silent_stripe_does_not_disconnect(
    world: World, runtime: Runtime, stripe: Rehearsal
):
    workflow.connect(runtime, world.northwind.admin, KEY, SECRET)
    stripe.arm(Fault.UNAVAILABLE_503)

    facts = workflow.check(runtime, world.northwind.admin)

    assert facts.problem
    assert shown(world).state == StripeConnection.ACTIVE
    assert shown(world).problem == facts.problem


@pytest.mark.parametrize(
    ("secret_key", "webhook_secret", "field"),
    [
        ("pk_test_0123456789", "", "secret_key"),
        ("sk_test_abc", "", "secret_key"),
        ("sk_test_0123456789\n", SECRET + " x", "webhook_secret"),
        ("ｓｋ_test_0123456789", "", "secret_key"),
        ("sk_live_0123456789", "", "secret_key"),
        ("rk_live_0123456789", "", "secret_key"),
        (KEY, "secret", "webhook_secret"),
    ],
)
def test_refuses_what_is_no_key_and_live_ones_in_a_rehearsal(
    world: World, runtime: Runtime, secret_key: str, webhook_secret: str, field: str
):
    with pytest.raises(InvalidInput) as refusal:
        workflow.connect(runtime, world.northwind.admin, secret_key, webhook_secret)

    assert refusal.value.field == field
    assert secret_key.strip() not in refusal.value.message
    assert shown(world).state == StripeConnection.NOT_CONNECTED


def test_disconnecting_deletes_both_secrets(world: World, runtime: Runtime):
    workflow.connect(runtime, world.northwind.admin, KEY, SECRET)

    world.run(world.northwind.admin, forget_keys)

    stripe = shown(world)
    assert stripe.state == StripeConnection.NOT_CONNECTED
    assert (stripe.secret_key_last4, stripe.account_id) == ("", "")


def test_workspaces_have_keys_of_their_own(world: World, runtime: Runtime):
    workflow.connect(runtime, world.northwind.admin, KEY, SECRET)

    other = world.run(world.kestrel.owner, read_stripe)
    assert other.state == StripeConnection.NOT_CONNECTED


@pytest.mark.parametrize("role", [Role.ACCOUNTING, Role.OPERATIONS, Role.VIEWER])
def test_other_roles_connect_and_ask_nothing(
    world: World, runtime: Runtime, role: Role
):
    actor = world.northwind.member(role)

    with pytest.raises(NotPermitted):
        workflow.connect(runtime, actor, KEY, SECRET)
    with pytest.raises(NotPermitted):
        workflow.check(runtime, actor)
    with pytest.raises(NotPermitted):
        world.run(actor, forget_keys)


class TestThePublishableKey:
    def test_is_stored_as_typed_and_shown(self, world: World, runtime: Runtime):
        facts = workflow.connect(
            runtime, world.northwind.admin, KEY, SECRET, f" {PUBLISHABLE_KEY} "
        )

        assert facts.problem == ""
        assert shown(world).publishable_key == PUBLISHABLE_KEY

    def test_that_stripe_does_not_know_is_said(self, world: World, runtime: Runtime):
        facts = workflow.connect(
            runtime, world.northwind.admin, KEY, SECRET, "pk_test_mistyped"
        )

        assert facts.problem == "Stripe does not accept the publishable key."
        assert shown(world).state == StripeConnection.ACTIVE

    def test_left_empty_is_removed(self, world: World, runtime: Runtime):
        workflow.connect(runtime, world.northwind.admin, KEY, SECRET, PUBLISHABLE_KEY)

        workflow.connect(runtime, world.northwind.admin, "", "", "")

        assert shown(world).publishable_key == ""

    @pytest.mark.parametrize("key", ["sk_test_0123456789", "pk_live_0123456789", "pk"])
    def test_is_of_the_right_kind(self, world: World, runtime: Runtime, key: str):
        with pytest.raises(InvalidInput) as refusal:
            workflow.connect(runtime, world.northwind.admin, KEY, SECRET, key)

        assert refusal.value.field == "publishable_key"
        assert shown(world).state == StripeConnection.NOT_CONNECTED

    def test_goes_with_the_others(self, world: World, runtime: Runtime):
        workflow.connect(runtime, world.northwind.admin, KEY, SECRET, PUBLISHABLE_KEY)

        world.run(world.northwind.admin, forget_keys)

        assert shown(world).publishable_key == ""
