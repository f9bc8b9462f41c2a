"""The gateway through Stripe's own SDK, against the stand-in over real HTTP."""

from __future__ import annotations

import subprocess
import sys
import typing
from datetime import timedelta
from typing import Any

import pytest
import typing_extensions
from stripe.params.checkout import SessionCreateParams

from billing_app.domain.card_limits import AmountTooFine
from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable
from billing_app.gateways.stripe import (
    CHECKOUT_LOCALES,
    CheckoutStatus,
    PaidWith,
    ProviderPaymentStatus,
    ProviderRefundStatus,
    StripeGateway,
    checkout_locale,
)
from billing_app.sandbox.stripe_faults import Fault
from tests.support.stripe_rehearsal import (
    BANK_DELAY,
    KEY,
    NOON,
    OTHER_KEY,
    Rehearsal,
)


class TestCheckout:
    @pytest.mark.feature("F087")
    def test_opens_a_page_for_the_amount_being_paid(self, stripe: Rehearsal):
        checkout = stripe.open(amount_minor=123456, currency="EUR")

        assert checkout.status is CheckoutStatus.OPEN
        assert checkout.url == f"{stripe.url}/c/pay/{checkout.id}"
        assert (checkout.amount_minor, checkout.currency) == (123456, "EUR")
        assert checkout.is_paid is False
        assert checkout.is_live is False
        assert checkout.payment_intent_id is None
        assert checkout.reference == "attempt-1"
        assert checkout.metadata == {"invoice": "42"}
        assert checkout.expires_at == NOON + timedelta(hours=1)

    @pytest.mark.parametrize(
        ("minor", "currency"),
        [(500, "JPY"), (12340, "KWD"), (500, "ISK"), (150000, "MGA"), (9, "UGX")],
    )
    def test_keeps_amounts_in_our_own_units(
        self, stripe: Rehearsal, minor: int, currency: str
    ):
        checkout = stripe.open(amount_minor=minor, currency=currency)

        assert checkout.amount_minor == minor
        assert stripe.gateway().read_checkout(checkout.id).amount_minor == minor

    def test_asks_nobody_for_an_amount_stripe_cannot_charge(self, stripe: Rehearsal):
        with pytest.raises(AmountTooFine):
            stripe.open(amount_minor=12345, currency="KWD")

    def test_the_same_key_opens_the_same_page(self, stripe: Rehearsal):
        first = stripe.open(idempotency_key="invoice-42-1")
        again = stripe.open(idempotency_key="invoice-42-1")

        assert again == first

    def test_the_same_key_for_another_amount_is_refused(self, stripe: Rehearsal):
        stripe.open(idempotency_key="invoice-42-1")

        with pytest.raises(GatewayRefused) as refusal:
            stripe.open(idempotency_key="invoice-42-1", amount_minor=2000)

        assert refusal.value.reason == "idempotency_key_reused"

    def test_paid_by_card(self, stripe: Rehearsal):
        checkout = stripe.open()

        stripe.press(checkout, "card")

        paid = stripe.gateway().read_checkout(checkout.id)
        assert paid.status is CheckoutStatus.COMPLETE
        assert paid.is_paid
        assert paid.url is None
        assert paid.payment_intent_id is not None
        assert paid.payment == stripe.gateway().read_payment(paid.payment_intent_id)

    def test_expires_an_open_page(self, stripe: Rehearsal):
        checkout = stripe.open()

        expired = stripe.gateway().expire_checkout(checkout.id)

        assert expired.status is CheckoutStatus.EXPIRED
        assert stripe.press(checkout, "card").status_code == 200
        assert not stripe.gateway().read_checkout(checkout.id).is_paid

    def test_a_page_that_was_paid_meanwhile_is_not_expired(self, stripe: Rehearsal):
        checkout = stripe.open()
        stripe.press(checkout, "card")

        found = stripe.gateway().expire_checkout(checkout.id)

        assert found.status is CheckoutStatus.COMPLETE
        assert found.is_paid

    def test_an_unknown_page_is_refused(self, stripe: Rehearsal):
        gateway = stripe.gateway()

        for call in (gateway.read_checkout, gateway.expire_checkout):
            with pytest.raises(GatewayRefused) as refusal:
                call("cs_test_unknown")
            assert refusal.value.reason == "resource_missing"

    def test_another_accounts_page_is_unknown(self, stripe: Rehearsal):
        checkout = stripe.open()

        with pytest.raises(GatewayRefused) as refusal:
            stripe.gateway(OTHER_KEY).read_checkout(checkout.id)

        assert refusal.value.reason == "resource_missing"

    @pytest.mark.parametrize(
        ("minor", "reason", "sentence"),
        [
            (49, "amount_too_small", "smaller than an online payment can be"),
            (100_000_000, "amount_too_large", "too large for one online payment"),
        ],
    )
    def test_tells_amounts_that_stripe_refuses(
        self, stripe: Rehearsal, minor: int, reason: str, sentence: str
    ):
        with pytest.raises(GatewayRefused, match=sentence) as refusal:
            stripe.open(amount_minor=minor)

        assert refusal.value.reason == reason

    def test_other_refusals_do_not_quote_stripe(self, stripe: Rehearsal):
        with pytest.raises(GatewayRefused) as refusal:
            stripe.open(success_url="javascript:alert(1)")

        assert refusal.value.reason == "url_invalid"
        assert "URL" not in refusal.value.message


class TestReadPayment:
    def pay(self, stripe: Rehearsal, action: str) -> str:
        checkout = stripe.open()
        stripe.press(checkout, action)
        intent_id = stripe.gateway().read_checkout(checkout.id).payment_intent_id
        assert intent_id is not None
        return intent_id

    def test_by_card(self, stripe: Rehearsal):
        payment = stripe.gateway().read_payment(self.pay(stripe, "card"))

        assert payment.status is ProviderPaymentStatus.SUCCEEDED
        assert (payment.received_minor, payment.currency) == (1050, "USD")
        assert payment.paid_with is PaidWith.CARD
        assert payment.last4 == "4242"
        assert payment.failure is None
        assert payment.metadata == {"invoice": "42"}
        assert payment.created_at == NOON

    def test_a_declined_card_failed_and_may_try_again(self, stripe: Rehearsal):
        payment = stripe.gateway().read_payment(self.pay(stripe, "decline"))

        assert payment.status is ProviderPaymentStatus.FAILED
        assert payment.received_minor == 0
        assert payment.failure == "Your card was declined."

    def test_a_second_try_succeeds_on_the_same_payment(self, stripe: Rehearsal):
        checkout = stripe.open()
        stripe.press(checkout, "decline")
        declined = stripe.gateway().read_checkout(checkout.id)

        stripe.press(checkout, "card")

        paid = stripe.gateway().read_checkout(checkout.id)
        assert declined.status is CheckoutStatus.OPEN
        assert paid.payment_intent_id == declined.payment_intent_id is not None
        payment = stripe.gateway().read_payment(paid.payment_intent_id)
        assert payment.status is ProviderPaymentStatus.SUCCEEDED
        assert payment.failure is None

    def test_a_bank_debit_is_processing_until_it_clears(self, stripe: Rehearsal):
        intent_id = self.pay(stripe, "bank")

        processing = stripe.gateway().read_payment(intent_id)
        stripe.let_pass(BANK_DELAY)
        cleared = stripe.gateway().read_payment(intent_id)

        assert processing.status is ProviderPaymentStatus.PROCESSING
        assert processing.received_minor == 0
        assert processing.paid_with is PaidWith.BANK_TRANSFER
        assert cleared.status is ProviderPaymentStatus.SUCCEEDED
        assert cleared.received_minor == 1050
        assert cleared.last4 == "6789"

    def test_a_returned_bank_debit_failed(self, stripe: Rehearsal):
        intent_id = self.pay(stripe, "bank")

        stripe.post_to_control(f"payments/{intent_id}", action="fail")

        payment = stripe.gateway().read_payment(intent_id)
        assert payment.status is ProviderPaymentStatus.FAILED
        assert payment.received_minor == 0
        assert "insufficient funds" in (payment.failure or "")

    def test_a_refund_shows_on_the_payment(self, stripe: Rehearsal):
        gateway = stripe.gateway()
        intent_id = self.pay(stripe, "card")

        refund = gateway.refund(intent_id, 50, "USD", idempotency_key="refund-1")
        again = gateway.refund(intent_id, 50, "USD", idempotency_key="refund-1")

        assert refund.status is ProviderRefundStatus.SUCCEEDED
        assert (refund.amount_minor, refund.currency) == (50, "USD")
        assert refund.payment_intent_id == intent_id
        assert again == gateway.read_refund(refund.id) == refund
        assert gateway.read_payment(intent_id).refunded_minor == 50

    def test_more_than_was_paid_is_not_refunded(self, stripe: Rehearsal):
        gateway = stripe.gateway()
        intent_id = self.pay(stripe, "card")
        gateway.refund(intent_id, 1000, "USD", idempotency_key="refund-1")

        with pytest.raises(GatewayRefused):
            gateway.refund(intent_id, 51, "USD", idempotency_key="refund-2")

        assert gateway.read_payment(intent_id).refunded_minor == 1000


class TestListEvents:
    def test_lists_what_happened_oldest_first(self, stripe: Rehearsal):
        checkout = stripe.open()
        stripe.press(checkout, "card")

        events = stripe.gateway().list_events(NOON)

        assert [event.type for event in events] == [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.completed",
        ]
        assert events[-1].object_id == checkout.id

    def test_leaves_out_what_is_older(self, stripe: Rehearsal):
        stripe.gateway().expire_checkout(stripe.open().id)

        assert stripe.gateway().list_events(NOON + timedelta(seconds=1)) == ()

    def test_reads_every_page(self, stripe: Rehearsal):
        """101 events are two pages of at most 100."""
        checkout = stripe.open()
        for _ in range(50):
            stripe.press(checkout, "decline")

        events = stripe.gateway().list_events(NOON)

        assert len(events) == 101
        assert len({event.id for event in events}) == 101


class TestCheckKey:
    def test_says_whose_key_it_is(self, stripe: Rehearsal):
        facts = stripe.gateway().check_key()

        assert facts.id.startswith("acct_")
        assert facts.name == "North Ltd"
        assert (facts.country, facts.currency) == ("US", "USD")
        assert facts.is_ready
        assert facts.takes_cards
        assert facts.takes_bank_debits
        assert not facts.is_live

    def test_refuses_an_unknown_key(self, stripe: Rehearsal):
        with pytest.raises(GatewayRefused, match="does not accept the secret key"):
            stripe.gateway("sk_test_mistyped").check_key()

    @pytest.mark.parametrize("key", ["sk_live_real", "rk_live_real"])
    def test_a_live_key_never_leaves_for_a_stand_in(self, stripe: Rehearsal, key: str):
        with pytest.raises(GatewayRefused) as refusal:
            StripeGateway(key, api_base=stripe.url)

        assert refusal.value.reason == "live_key_elsewhere"


class TestCardForm:
    def begin(self, stripe: Rehearsal, key: str = "card-1", **changes: Any):
        return stripe.gateway().create_card_form(
            stripe.request(**changes), idempotency_key=key
        )

    def test_is_a_payment_for_the_amount(self, stripe: Rehearsal):
        card = self.begin(stripe, amount_minor=12_345, currency="KRW")

        assert (card.amount_minor, card.currency) == (12_345, "KRW")
        assert card.is_card_form
        assert card.status is CheckoutStatus.OPEN
        assert card.client_secret.startswith(f"{card.id}_secret_")
        assert card.client_secret not in repr(card)
        assert stripe.gateway().read_checkout(card.id) == card

    def test_the_same_key_begins_the_same_one(self, stripe: Rehearsal):
        assert self.begin(stripe) == self.begin(stripe)

    def test_the_same_key_for_another_amount_is_refused(self, stripe: Rehearsal):
        self.begin(stripe)

        with pytest.raises(GatewayRefused) as refusal:
            self.begin(stripe, amount_minor=999)

        assert refusal.value.reason == "idempotency_key_reused"

    def test_is_closed(self, stripe: Rehearsal):
        card = self.begin(stripe)

        closed = stripe.gateway().expire_checkout(card.id)

        assert closed.status is CheckoutStatus.EXPIRED
        assert stripe.gateway().expire_checkout(card.id).status is closed.status

    def test_an_unknown_one_is_refused(self, stripe: Rehearsal):
        for ask in (stripe.gateway().read_checkout, stripe.gateway().expire_checkout):
            with pytest.raises(GatewayRefused) as refusal:
                ask("pi_unknown")
            assert refusal.value.reason == "resource_missing"


class TestAccidents:
    @pytest.mark.parametrize(
        ("fault", "is_unknown"),
        [
            (Fault.RATE_LIMIT_429, False),
            (Fault.CONFLICT_409, True),
            (Fault.ERROR_500, True),
            (Fault.UNAVAILABLE_503, True),
        ],
    )
    def test_no_proper_answer_is_unavailable(
        self, stripe: Rehearsal, fault: Fault, is_unknown: bool
    ):
        stripe.arm(fault)

        with pytest.raises(GatewayUnavailable) as refusal:
            stripe.open()

        assert refusal.value.is_outcome_unknown is is_unknown

    def test_nobody_there_is_unavailable(self):
        gateway = StripeGateway(KEY, api_base="http://127.0.0.1:1", retries=0)

        with pytest.raises(GatewayUnavailable) as refusal:
            gateway.check_key()

        assert refusal.value.is_outcome_unknown

    def test_a_conflict_passes_by_itself(self, stripe: Rehearsal):
        stripe.arm(Fault.CONFLICT_409)

        checkout = stripe.gateway(retries=1).create_checkout(
            stripe.request(), idempotency_key="invoice-42-1"
        )

        assert checkout.status is CheckoutStatus.OPEN

    @pytest.mark.parametrize(
        "fault", [Fault.RATE_LIMIT_429, Fault.CONFLICT_409, Fault.UNAVAILABLE_503]
    )
    def test_what_was_not_carried_out_succeeds_with_the_same_key(
        self, stripe: Rehearsal, fault: Fault
    ):
        stripe.arm(fault)
        with pytest.raises(GatewayUnavailable):
            stripe.open(idempotency_key="invoice-42-1")

        assert stripe.open(idempotency_key="invoice-42-1").status == "open"

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.RATE_LIMIT_429,
            Fault.CONFLICT_409,
            Fault.ERROR_500,
            Fault.UNAVAILABLE_503,
        ],
    )
    def test_a_question_without_an_answer_is_asked_again(
        self, stripe: Rehearsal, fault: Fault
    ):
        opened = stripe.open()
        stripe.arm(fault)

        assert stripe.gateway(retries=0).read_checkout(opened.id) == opened

    def test_a_question_that_is_never_answered_is_unavailable(self, stripe: Rehearsal):
        opened = stripe.open()
        stripe.arm(Fault.UNAVAILABLE_503, times=2)

        with pytest.raises(GatewayUnavailable):
            stripe.gateway(retries=0).read_checkout(opened.id)

    def test_a_stored_500_stays_with_its_key(self, stripe: Rehearsal):
        stripe.arm(Fault.ERROR_500)

        for _ in range(2):
            with pytest.raises(GatewayUnavailable):
                stripe.open(idempotency_key="invoice-42-1")

        assert stripe.open(idempotency_key="invoice-42-2").status == "open"

    def test_a_timeout_after_the_work_was_done_opens_one_page(self, stripe: Rehearsal):
        stripe.arm(Fault.TIMEOUT, seconds=1)
        hasty = stripe.gateway(timeout_seconds=0.2)

        with pytest.raises(GatewayUnavailable) as refusal:
            hasty.create_checkout(stripe.request(), idempotency_key="invoice-42-1")
        checkout = stripe.open(idempotency_key="invoice-42-1")

        assert refusal.value.is_outcome_unknown
        with stripe.sandbox.working() as books:
            assert list(books[KEY].ledger.sessions) == [checkout.id]


class TestCheckoutLocale:
    @pytest.mark.parametrize(
        ("tag", "locale"),
        [
            ("de", "de"),
            ("de_CH", "de"),
            ("en-GB", "en-GB"),
            ("en-US", "en"),
            ("pt_BR", "pt-BR"),
            ("ar", "auto"),
            ("", "auto"),
        ],
    )
    def test_is_the_nearest_that_checkout_speaks(self, tag: str, locale: str):
        assert checkout_locale(tag) == locale

    def test_our_list_is_the_sdks(self):
        hints = typing_extensions.get_type_hints(
            SessionCreateParams, localns={"StripeContext": object, "Mapping": dict}
        )
        words, _ = typing.get_args(hints["locale"])

        assert set(typing.get_args(words)) == CHECKOUT_LOCALES


def test_the_sdk_is_loaded_by_the_first_who_asks_stripe():
    """It takes long, and many servers never ask."""
    program = (
        "import sys, billing_app.workflows.pay_online\n"
        "assert 'stripe' not in sys.modules\n"
        "from billing_app.gateways.stripe import StripeGateway\n"
        "StripeGateway('sk_test_x')\n"
        "assert 'stripe' in sys.modules\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
