from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe as sdk

from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_app import (
    SandboxRefused,
    StripeSandbox,
    check_no_live_key,
)
from billing_app.sandbox.stripe_faults import Fault
from tests.support.stripe_rehearsal import KEY, NOON, PUBLISHABLE_KEY, SECRET, Rehearsal


def ask(stripe: Rehearsal, path: str, form: dict[str, str] | None = None, **headers):
    """Ask the API by hand, past the SDK."""
    headers = {"authorization": f"Bearer {KEY}", **headers}
    url = f"{stripe.url}/v1/{path}"
    if form is None:
        return stripe.browser.get(url, headers=headers)
    return stripe.browser.post(url, data=form, headers=headers)


SESSION = {
    "mode": "payment",
    "success_url": "https://invoices.example/back",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "1050",
    "line_items[0][price_data][product_data][name]": "Invoice INV-42",
}


def refusal(answer: httpx.Response) -> tuple[int, str | None, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error.get("code"), error.get("param")


class TestLiveKeys:
    @pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
    def test_the_stand_in_does_not_start_beside_them(self, key: str):
        with pytest.raises(SandboxRefused, match="live Stripe key"):
            check_no_live_key(["sk_test_1", key])
        with pytest.raises(SandboxRefused):
            StripeSandbox(
                [SandboxAccount("North", key)], public_url="", clock=lambda: NOON
            )

    def test_a_live_key_that_arrives_is_refused(self, stripe: Rehearsal):
        answer = ask(stripe, "account", authorization="Bearer sk_live_1")

        assert answer.status_code == 401

    def test_a_missing_key_is_refused(self, stripe: Rehearsal):
        assert ask(stripe, "account", authorization="").status_code == 401


class TestRequests:
    def test_a_retired_parameter_is_refused_by_its_name(self, stripe: Rehearsal):
        answer = ask(
            stripe, "checkout/sessions", SESSION | {"payment_method_types[0]": "card"}
        )

        assert refusal(answer) == (
            400,
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        )

    @pytest.mark.parametrize(
        ("change", "code", "param"),
        [
            ({"mode": "subscription"}, None, "mode"),
            ({"success_url": "/back"}, "url_invalid", "success_url"),
            ({"cancel_url": "ftp://x"}, "url_invalid", "cancel_url"),
            ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
            ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
            ({"metadata[note]": "x" * 501}, None, "metadata[note]"),
            (
                {"payment_intent_data[metadata][note]": "x" * 501},
                None,
                "metadata[note]",
            ),
            ({f"metadata[{n}]": "" for n in range(51)}, None, "metadata"),
            (
                {"line_items[0][price_data][currency]": "kpw"},
                None,
                "currency",
            ),
            (
                {
                    "line_items[0][price_data][currency]": "isk",
                    "line_items[0][price_data][unit_amount]": "1050",
                },
                "parameter_invalid_integer",
                "amount",
            ),
        ],
    )
    def test_what_stripe_refuses_is_refused(
        self,
        stripe: Rehearsal,
        change: dict[str, str],
        code: str | None,
        param: str,
    ):
        answer = ask(stripe, "checkout/sessions", SESSION | change)

        assert refusal(answer) == (400, code, param)

    @pytest.mark.parametrize(
        ("lifetime", "status"),
        [
            (timedelta(minutes=30), 200),
            (timedelta(hours=24), 200),
            (timedelta(minutes=29), 400),
            (timedelta(hours=25), 400),
        ],
    )
    def test_a_page_lives_half_an_hour_to_a_day(
        self, stripe: Rehearsal, lifetime: timedelta, status: int
    ):
        expires_at = str(int((NOON + lifetime).timestamp()))

        answer = ask(stripe, "checkout/sessions", SESSION | {"expires_at": expires_at})

        assert answer.status_code == status

    def test_an_unknown_call_is_not_found(self, stripe: Rehearsal):
        assert ask(stripe, "invoices").status_code == 404

    def test_a_replay_says_so(self, stripe: Rehearsal):
        first = ask(stripe, "checkout/sessions", SESSION, **{"idempotency-key": "1"})
        again = ask(stripe, "checkout/sessions", SESSION, **{"idempotency-key": "1"})

        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json() == first.json()

    def test_a_replay_is_the_first_answer_even_after_changes(self, stripe: Rehearsal):
        key = {"idempotency-key": "1"}
        first = ask(stripe, "checkout/sessions", SESSION, **key).json()
        ask(stripe, f"checkout/sessions/{first['id']}/expire", {})

        assert ask(stripe, "checkout/sessions", SESSION, **key).json() == first

    def test_a_refused_request_leaves_its_key_free(self, stripe: Rehearsal):
        key = {"idempotency-key": "1"}
        ask(stripe, "checkout/sessions", SESSION | {"mode": "setup"}, **key)

        assert ask(stripe, "checkout/sessions", SESSION, **key).status_code == 200

    def test_objects_have_the_fields_the_sdk_knows(self, stripe: Rehearsal):
        session = ask(stripe, "checkout/sessions", SESSION).json()

        known = {x for x in sdk.checkout.Session.__annotations__ if x.islower()}
        assert session.keys() == known


class TestIntents:
    """Payments without Checkout, as far as the stand-in knows them."""

    @pytest.fixture
    def client(self, stripe: Rehearsal) -> sdk.StripeClient:
        return sdk.StripeClient(KEY, base_addresses={"api": stripe.url})

    def create(self, client: sdk.StripeClient) -> sdk.PaymentIntent:
        return client.v1.payment_intents.create({"amount": 1050, "currency": "usd"})

    @pytest.mark.parametrize(
        ("method", "status"),
        [("pm_card_visa", "succeeded"), ("pm_usBankAccount", "processing")],
    )
    def test_is_confirmed_with_a_test_method(
        self, client: sdk.StripeClient, method: str, status: str
    ):
        intent = client.v1.payment_intents.confirm(
            self.create(client).id, {"payment_method": method}
        )

        assert intent.status == status

    def test_a_declined_card_is_a_card_error(self, client: sdk.StripeClient):
        with pytest.raises(sdk.CardError, match="declined"):
            client.v1.payment_intents.confirm(
                self.create(client).id, {"payment_method": "pm_card_chargeDeclined"}
            )

    def test_is_canceled_once(self, client: sdk.StripeClient):
        intent = self.create(client)

        assert client.v1.payment_intents.cancel(intent.id).status == "canceled"
        with pytest.raises(sdk.InvalidRequestError):
            client.v1.payment_intents.cancel(intent.id)


class TestPaymentPage:
    def test_shows_who_is_paid_what_for_what(self, stripe: Rehearsal):
        checkout = stripe.open(
            amount_minor=12345678,
            currency="EUR",
            title="Invoice <INV-42> & more",
            customer_email="anna@example.com",
        )

        page = stripe.browser.get(checkout.url or "").text

        assert "North Ltd" in page
        assert "€123,456.78" in page
        assert "Invoice &lt;INV-42&gt; &amp; more" in page
        assert "anna@example.com" in page
        assert 'href="https://invoices.example/p/secret"' in page

    @pytest.mark.parametrize(
        ("minor", "currency", "amount"),
        [
            (1050, "JPY", "JPY\xa01,050"),
            (12340, "KWD", "12.340"),
            (500, "ISK", "ISK\xa0500"),
        ],
    )
    def test_shows_each_currency_with_its_decimals(
        self, stripe: Rehearsal, minor: int, currency: str, amount: str
    ):
        checkout = stripe.open(amount_minor=minor, currency=currency)

        assert amount in stripe.browser.get(checkout.url or "").text

    @pytest.mark.feature("F088")
    def test_offers_a_bank_debit_where_there_is_one(self, stripe: Rehearsal):
        dollars, yen = stripe.open(), stripe.open(currency="JPY")

        assert "Bank debit" in stripe.browser.get(dollars.url or "").text
        assert "Bank debit" not in stripe.browser.get(yen.url or "").text

    @pytest.mark.parametrize("action", ["card", "bank"])
    def test_sends_the_customer_back(self, stripe: Rehearsal, action: str):
        checkout = stripe.open()

        answer = stripe.press(checkout, action)

        assert answer.status_code == 303
        assert answer.headers["location"] == (
            f"https://invoices.example/back?s={checkout.id}"
        )

    def test_a_decline_stays_and_says_so(self, stripe: Rehearsal):
        answer = stripe.press(stripe.open(), "decline")

        assert answer.status_code == 200
        assert "Your card was declined." in answer.text

    def test_a_second_press_pays_nothing_more(self, stripe: Rehearsal):
        checkout = stripe.open()

        first, second = stripe.press(checkout, "card"), stripe.press(checkout, "card")

        assert second.headers["location"] == first.headers["location"]
        assert len(stripe.listen()) == 4

    def test_an_expired_page_takes_no_money(self, stripe: Rehearsal):
        checkout = stripe.open()
        stripe.gateway().expire_checkout(checkout.id)

        assert "expired" in stripe.press(checkout, "card").text
        assert stripe.listen() == ["checkout.session.expired"]

    def test_an_unknown_button_does_nothing(self, stripe: Rehearsal):
        assert stripe.press(stripe.open(), "steal").status_code == 200
        assert stripe.listen() == []

    def test_an_unknown_page_is_not_found(self, stripe: Rehearsal):
        for answer in (
            stripe.browser.get(f"{stripe.url}/c/pay/cs_test_unknown"),
            stripe.browser.post(f"{stripe.url}/c/pay/cs_test_unknown"),
        ):
            assert answer.status_code == 404
            assert "not found" in answer.text


class TestControlPage:
    def test_lists_payments_webhooks_and_armed_faults(self, stripe: Rehearsal):
        stripe.press(stripe.open(), "bank")
        stripe.listen()
        stripe.arm(Fault.TIMEOUT, match="/v1/refunds")

        page = stripe.browser.get(f"{stripe.url}/sandbox").text

        for word in ("$10.50", "Clear now", "/v1/refunds", "answered 200"):
            assert word in page

    def test_clears_a_debit_now(self, stripe: Rehearsal):
        checkout = stripe.open()
        stripe.press(checkout, "bank")
        intent_id = stripe.gateway().read_checkout(checkout.id).payment_intent_id

        answer = stripe.post_to_control(f"payments/{intent_id}", action="clear")

        assert answer.headers["location"] == f"{stripe.url}/sandbox"
        assert stripe.gateway().read_checkout(checkout.id).is_paid

    def test_arms_and_clears_faults(self, stripe: Rehearsal):
        faults = f"{stripe.url}/sandbox/faults"
        wanted: dict[str, Any] = {
            "fault": "timeout",
            "times": 2,
            "match": "/v1/refunds",
            "seconds": 5,
        }

        assert stripe.browser.post(faults, json=wanted).status_code == 201
        assert (
            stripe.browser.post(faults, data={"fault": "error_500"}).status_code == 303
        )
        assert [x["fault"] for x in stripe.browser.get(faults).json()] == [
            "timeout",
            "error_500",
        ]
        assert stripe.browser.delete(faults).status_code == 204
        assert stripe.browser.get(faults).json() == []

    @pytest.mark.parametrize("change", [{"fault": "meteor"}, {"times": "many"}])
    def test_refuses_an_unknown_fault(self, stripe: Rehearsal, change: dict[str, str]):
        wanted = {"fault": "timeout", **change}

        answer = stripe.browser.post(f"{stripe.url}/sandbox/faults", json=wanted)

        assert answer.status_code == 400

    def test_a_fault_happens_as_often_as_ordered(self, stripe: Rehearsal):
        stripe.arm(Fault.UNAVAILABLE_503, times=2, match="/v1/account")

        assert ask(stripe, "events").status_code == 200
        assert ask(stripe, "account").status_code == 503
        assert ask(stripe, "account").status_code == 503
        assert ask(stripe, "account").status_code == 200


def test_remembers_across_restarts_when_given_a_folder(tmp_path: Path):
    account = SandboxAccount("North", KEY, None, SECRET)

    def start() -> StripeSandbox:
        return StripeSandbox(
            [account], public_url="", clock=lambda: NOON, folder=tmp_path
        )

    with start().working() as books:
        first = books[KEY].create_intent({"amount": 1050, "currency": "usd"})

    with start().working() as books:
        assert books[KEY].find("intents", first["id"]) == first
        assert [x["type"] for x in books[KEY].list_events({})] == [
            "payment_intent.created"
        ]


class TestBrowsers:
    """What Stripe's script asks with a publishable key and a payment's secret."""

    @pytest.fixture
    def intent(self, stripe: Rehearsal) -> sdk.PaymentIntent:
        client = sdk.StripeClient(KEY, base_addresses={"api": stripe.url})
        return client.v1.payment_intents.create(
            {
                "amount": 1050,
                "currency": "usd",
                "automatic_payment_methods": {"enabled": True},
                "metadata": {"invoice": "42"},
            }
        )

    @pytest.fixture
    def browser(self, stripe: Rehearsal) -> sdk.StripeClient:
        return sdk.StripeClient(PUBLISHABLE_KEY, base_addresses={"api": stripe.url})

    def test_may_read_the_payment_whose_secret_they_have(
        self, browser: sdk.StripeClient, intent: sdk.PaymentIntent
    ):
        secret = intent.client_secret or ""

        seen = browser.v1.payment_intents.retrieve(
            intent.id, {"client_secret": secret}
        ).to_dict()

        assert seen["status"] == "requires_payment_method"
        assert "metadata" not in seen

    def test_may_not_read_another(
        self, browser: sdk.StripeClient, intent: sdk.PaymentIntent
    ):
        with pytest.raises(sdk.InvalidRequestError, match="No such payment_intent"):
            browser.v1.payment_intents.retrieve(
                intent.id, {"client_secret": f"{intent.id}_secret_guessed"}
            )

    def test_may_do_nothing_else(self, browser: sdk.StripeClient):
        with pytest.raises(sdk.PermissionError):
            browser.v1.payment_intents.create({"amount": 1050, "currency": "usd"})

    @pytest.mark.parametrize(
        ("answer", "status"),
        [("complete", "succeeded"), ("fail", "requires_payment_method")],
    )
    def test_answer_a_bank_that_asks_for_proof(
        self, stripe: Rehearsal, intent: sdk.PaymentIntent, answer: str, status: str
    ):
        known = {"key": PUBLISHABLE_KEY, "client_secret": intent.client_secret or ""}
        asked = stripe.browser.post(
            f"{stripe.url}/v1/payment_intents/{intent.id}/confirm",
            data={**known, "payment_method": "pm_card_authenticationRequiredOnSetup"},
        ).json()
        assert asked["status"] == "requires_action"

        stripe.browser.post(
            f"{stripe.url}/card/proof", data={**known, "answer": answer}
        )

        assert stripe.gateway().read_checkout(intent.id).is_paid is (
            status == "succeeded"
        )
        kinds = stripe.listen()
        assert "payment_intent.requires_action" in kinds

    @pytest.mark.parametrize(
        "path", ["endive/stripe.js", "card/frame", "card/frame.js", "card/proof.js"]
    )
    def test_get_the_script_and_its_frames(self, stripe: Rehearsal, path: str):
        answer = stripe.browser.get(f"{stripe.url}/{path}")

        assert answer.status_code == 200
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"

    def test_are_asked_about_a_payment_only_with_its_secret(self, stripe: Rehearsal):
        asked = {"key": PUBLISHABLE_KEY, "client_secret": "pi_1_secret_guessed"}

        for method in ("GET", "POST"):
            answer = stripe.browser.request(
                method, f"{stripe.url}/card/proof", params=asked, data=asked
            )
            assert answer.status_code == 404
