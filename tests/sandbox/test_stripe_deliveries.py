from __future__ import annotations

import json
from datetime import timedelta

from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_faults import Fault
from tests.support.stripe_rehearsal import BANK_DELAY, KEY, SECRET, Rehearsal

PAID = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


class TestWhatIsReported:
    def test_a_card_payment(self, stripe: Rehearsal):
        checkout = stripe.open()

        stripe.press(checkout, "card")

        assert stripe.listen() == PAID
        completed = stripe.heard[-1]
        assert completed.object_id == checkout.id
        assert completed.is_live is False
        assert json.loads(completed.payload)["data"]["object"]["amount_total"] == 1050

    def test_a_declined_card(self, stripe: Rehearsal):
        stripe.press(stripe.open(), "decline")

        assert stripe.listen() == [
            "payment_intent.created",
            "charge.failed",
            "payment_intent.payment_failed",
        ]

    def test_a_bank_debit_that_clears(self, stripe: Rehearsal):
        stripe.press(stripe.open(), "bank")
        stripe.listen()
        stripe.let_pass(BANK_DELAY - timedelta(seconds=1))
        before = stripe.listen()
        stripe.let_pass(timedelta(seconds=1))

        assert before == [
            "payment_intent.created",
            "charge.pending",
            "payment_intent.processing",
            "checkout.session.completed",
        ]
        assert stripe.listen()[len(before) :] == [
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.async_payment_succeeded",
        ]

    def test_a_bank_debit_that_comes_back(self, stripe: Rehearsal):
        checkout = stripe.open()
        stripe.press(checkout, "bank")
        intent_id = stripe.gateway().read_checkout(checkout.id).payment_intent_id

        stripe.post_to_control(f"payments/{intent_id}", action="fail")

        assert stripe.listen()[-3:] == [
            "charge.failed",
            "payment_intent.payment_failed",
            "checkout.session.async_payment_failed",
        ]

    def test_a_page_that_nobody_used_expires_by_itself(self, stripe: Rehearsal):
        stripe.open()

        stripe.let_pass(timedelta(hours=1))

        assert stripe.listen() == ["checkout.session.expired"]

    def test_nothing_where_nobody_listens(self, stripe: Rehearsal):
        stripe.sandbox.add_account(SandboxAccount("North Ltd", KEY))

        stripe.press(stripe.open(), "card")

        assert stripe.listen() == []

    def test_an_account_may_report_elsewhere_later(self, stripe: Rehearsal):
        checkout = stripe.open()
        with stripe.sandbox.working() as books:
            address = books[KEY].account.webhook_url

        stripe.sandbox.add_account(SandboxAccount("Renamed", KEY, address, SECRET))
        stripe.press(checkout, "card")

        assert stripe.listen() == PAID
        assert stripe.gateway().check_key().name == "Renamed"


class TestAccidents:
    def test_twice(self, stripe: Rehearsal):
        stripe.arm(Fault.WEBHOOK_TWICE, match="checkout.session.completed")

        stripe.press(stripe.open(), "card")

        assert stripe.listen() == [*PAID, PAID[-1]]
        assert stripe.heard[-1].id == stripe.heard[-2].id

    def test_reordered(self, stripe: Rehearsal):
        stripe.arm(Fault.WEBHOOK_REORDERED, match="payment_intent.created")

        stripe.press(stripe.open(), "card")

        assert stripe.listen() == [*PAID[1:], PAID[0]]

    def test_late(self, stripe: Rehearsal):
        stripe.arm(Fault.WEBHOOK_LATE, match="payment_intent.created", seconds=0)

        stripe.press(stripe.open(), "card")

        assert sorted(stripe.listen()) == sorted(PAID)

    def test_lost(self, stripe: Rehearsal):
        stripe.arm(Fault.WEBHOOK_LOST, match="checkout.session.completed")

        stripe.press(stripe.open(), "card")

        assert stripe.listen() == PAID[:-1]

    def test_tried_again_until_accepted(self, stripe: Rehearsal):
        stripe.answers = [500, 404]

        stripe.gateway().expire_checkout(stripe.open().id)

        assert stripe.listen() == ["checkout.session.expired"]
        [delivery] = stripe.sandbox.deliveries.recent
        assert (delivery.tries, delivery.outcome) == (3, "answered 200")

    def test_given_up_after_the_last_try(self, stripe: Rehearsal):
        stripe.answers = [500, 500, 500, 500]

        stripe.gateway().expire_checkout(stripe.open().id)

        assert stripe.listen() == []
        [delivery] = stripe.sandbox.deliveries.recent
        assert delivery.outcome == "answered 500, given up"

    def test_sent_again_on_request(self, stripe: Rehearsal):
        stripe.gateway().expire_checkout(stripe.open().id)
        stripe.listen()

        stripe.post_to_control(f"events/{stripe.heard[0].id}")

        assert stripe.listen() == ["checkout.session.expired"] * 2
        assert stripe.heard[0].id == stripe.heard[1].id
