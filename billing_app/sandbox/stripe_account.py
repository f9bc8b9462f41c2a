"""One account of the stand-in Stripe: what it holds and how payments run their course.

Amounts are in Stripe's units and times in seconds, as in Stripe's own objects.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

from billing_app.sandbox import stripe_objects as objects
from billing_app.sandbox.stripe_checks import check_amount, check_intent, check_session
from billing_app.sandbox.stripe_objects import Json
from billing_app.sandbox.stripe_refusals import StripeRefusal

DECLINED = "Your card was declined."
UNPROVEN = (
    "We are unable to authenticate your payment method. Please choose a different "
    "payment method and try again."
)
RETURNED = "The customer's bank account has insufficient funds."


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """How one account is reached, and where it reports to.

    Attributes:
        webhook_url: None reports nothing; then only asking tells.
    """

    name: str
    secret_key: str
    webhook_url: str | None = None
    webhook_secret: str = ""
    country: str = "US"
    currency: str = "USD"
    publishable_key: str = ""

    @property
    def id(self) -> str:
        digest = hashlib.sha256(self.secret_key.encode()).hexdigest()
        return f"acct_{digest[:16]}"


@dataclass(slots=True)
class Answer:
    """The first answer to an idempotency key, and to which request."""

    request: str
    status: int
    body: Json


@dataclass(slots=True)
class Ledger:
    """Everything an account holds; plain enough for a JSON file."""

    sessions: dict[str, Json] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    charges: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    clears_at: dict[str, int] = field(default_factory=dict)
    intent_params: dict[str, Json] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Grows with every change: each makes a session, an answer or an event."""
        return len(self.sessions) + len(self.answers) + len(self.events)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Ledger:
        stored = json.loads(text)
        stored["answers"] = {k: Answer(**v) for k, v in stored["answers"].items()}
        return cls(**stored)


class AccountBook:
    """The account at work. Whoever calls holds the stand-in's lock."""

    def __init__(
        self,
        account: SandboxAccount,
        *,
        page_url: str,
        bank_delay_seconds: int,
        report: Callable[[SandboxAccount, Json], None],
        ledger: Ledger | None = None,
    ) -> None:
        self.account = account
        self.ledger = ledger or Ledger()
        self.now = 0
        self.idempotency_key: str | None = None
        self._page_url = page_url
        self._bank_delay_seconds = bank_delay_seconds
        self._report = report

    # Asked for through the API.

    def create_session(self, params: Json) -> Json:
        check_session(params, self.now)
        session = objects.new_session(params, now=self.now, page_url=self._page_url)
        check_amount(session["amount_total"], session["currency"])
        self.ledger.sessions[session["id"]] = session
        self.ledger.intent_params[session["id"]] = params.get("payment_intent_data", {})
        product = params["line_items"][0]["price_data"]["product_data"]
        self.ledger.titles[session["id"]] = product["name"]
        return session

    def expire_session(self, session_id: str) -> Json:
        session = self.find("sessions", session_id)
        if session["status"] != "open":
            raise StripeRefusal(
                "Only Checkout Sessions with a status in ['open'] can be expired. "
                f"This Checkout Session has a status of {session['status']}."
            )
        session |= {"status": "expired", "url": None}
        self._happened("checkout.session.expired", session)
        return session

    def create_intent(self, params: Json) -> Json:
        check_intent(params)
        currency = params["currency"].lower()
        check_amount(params["amount"], currency)
        intent = objects.new_intent(
            amount=params["amount"],
            currency=currency,
            methods=objects.methods_for(
                currency, params.get("allowed_payment_method_types")
            ),
            params=params,
            now=self.now,
        )
        self.ledger.intents[intent["id"]] = intent
        self._happened("payment_intent.created", intent)
        return intent

    def confirm_intent(self, intent_id: str, method: str | None) -> Json:
        """Pay with one of Stripe's test methods: pm_card_visa and the like."""
        intent = self.find("intents", intent_id)
        if intent["status"] not in ("requires_payment_method", "requires_action"):
            raise StripeRefusal(
                f"This PaymentIntent's status is {intent['status']}.",
                code="payment_intent_unexpected_state",
            )
        match method or "pm_card_visa":
            case "pm_card_chargeDeclined":
                self._decline(intent)
                raise StripeRefusal(
                    DECLINED, code="card_declined", status=402, type="card_error"
                )
            case "pm_card_authenticationRequiredOnSetup":
                self._ask_for_proof(intent)
            case "pm_usBankAccount" | "pm_bankDebit":
                self._start_debit(intent, _debit_of(intent))
            case _:
                self._succeed(intent, objects.new_charge(intent, "card", now=self.now))
        return intent

    def prove(self, intent_id: str, *, is_proven: bool) -> Json:
        """Answer the bank's question whether it is really the card's owner."""
        intent = self.find("intents", intent_id)
        if intent["status"] != "requires_action":
            raise StripeRefusal(f"This PaymentIntent is {intent['status']}.")
        intent["next_action"] = None
        charge = objects.new_charge(intent, "card", now=self.now, last4="3155")
        if is_proven:
            self._succeed(intent, charge)
        else:
            self._fail(
                intent, charge, "payment_intent_authentication_failure", UNPROVEN
            )
        return intent

    def cancel_intent(self, intent_id: str) -> Json:
        intent = self.find("intents", intent_id)
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise StripeRefusal(
                f"You cannot cancel this PaymentIntent: it is {intent['status']}.",
                code="payment_intent_unexpected_state",
            )
        intent |= {
            "status": "canceled",
            "canceled_at": self.now,
            "next_action": None,
        }
        self._happened("payment_intent.canceled", intent)
        return intent

    def create_refund(self, params: Json) -> Json:
        charge = self._charge_to_refund(params)
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = params.get("amount", left)
        if left <= 0:
            raise StripeRefusal(
                f"Charge {charge['id']} has already been refunded.",
                code="charge_already_refunded",
            )
        if not 0 < amount <= left:
            raise StripeRefusal(
                f"Refund amount ({amount}) is not between 1 and the unrefunded "
                f"amount on charge ({left}).",
                param="amount",
            )

        refund = objects.new_refund(charge, amount, params, now=self.now)
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self.ledger.refunds[refund["id"]] = refund
        self._happened("refund.created", refund)
        self._happened("charge.refunded", charge)
        return refund

    def find(self, kind: str, object_id: str) -> Json:
        found = getattr(self.ledger, kind).get(object_id)
        if found is None:
            raise StripeRefusal(
                f"No such {_NAMES[kind]}: '{object_id}'",
                param="id",
                code="resource_missing",
                status=404,
            )
        return found

    def list_events(self, params: Json) -> list[Json]:
        """List events newest first."""
        kinds = params.get("types") or [params["type"]] if _asks_kind(params) else None
        created = params.get("created", {})
        created = created if isinstance(created, dict) else {"gte": created}
        return [
            event
            for event in reversed(self.ledger.events)
            if (kinds is None or event["type"] in kinds)
            and created.get("gte", 0) <= event["created"] <= created.get("lte", 2**62)
            and created.get("gt", -1) < event["created"] < created.get("lt", 2**62)
        ]

    # Done by the customer on the Checkout page, by the bank, or by time.

    def pay_by_card(self, session_id: str) -> Json:
        session = self._open_session(session_id)
        intent = self._intent_of(session)
        self._succeed(intent, objects.new_charge(intent, "card", now=self.now))
        self._complete(session, "paid")
        self._happened("checkout.session.completed", session)
        return session

    def decline_card(self, session_id: str) -> Json:
        session = self._open_session(session_id)
        self._decline(self._intent_of(session))
        return session

    def pay_by_bank(self, session_id: str) -> Json:
        """Start a debit that clears by itself after the delay."""
        session = self._open_session(session_id)
        method = objects.BANK_DEBITS[session["currency"]]
        intent = self._intent_of(session)
        self._start_debit(intent, method)
        self._complete(session, "unpaid")
        self._happened("checkout.session.completed", session)
        return session

    def clear_debit(self, intent_id: str) -> None:
        intent = self._processing_intent(intent_id)
        self._succeed(intent, self.ledger.charges[intent["latest_charge"]])
        if session := self._session_of(intent):
            session["payment_status"] = "paid"
            self._happened("checkout.session.async_payment_succeeded", session)

    def return_debit(self, intent_id: str) -> None:
        """Let the bank refuse a debit days after it was given."""
        intent = self._processing_intent(intent_id)
        charge = self.ledger.charges[intent["latest_charge"]]
        self._fail(intent, charge, "insufficient_funds", RETURNED)
        if session := self._session_of(intent):
            self._happened("checkout.session.async_payment_failed", session)

    def advance(self, now: int) -> None:
        """Let time pass: pages expire, debits clear."""
        self.now = now
        for session in list(self.ledger.sessions.values()):
            if session["status"] == "open" and session["expires_at"] <= now:
                self.expire_session(session["id"])
        for intent_id, due in list(self.ledger.clears_at.items()):
            if due <= now:
                self.clear_debit(intent_id)

    # How an intent moves.

    def _intent_of(self, session: Json) -> Json:
        """Return the session's intent; Stripe makes it at the first try to pay."""
        if session["payment_intent"]:
            return self.ledger.intents[session["payment_intent"]]

        intent = objects.new_intent(
            amount=session["amount_total"],
            currency=session["currency"],
            methods=session["payment_method_types"],
            params=self.ledger.intent_params[session["id"]],
            now=self.now,
        )
        self.ledger.intents[intent["id"]] = intent
        session["payment_intent"] = intent["id"]
        self._happened("payment_intent.created", intent)
        return intent

    def _succeed(self, intent: Json, charge: Json) -> None:
        charge |= {
            "status": "succeeded",
            "paid": True,
            "amount_captured": charge["amount"],
        }
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
            "payment_method": charge["payment_method"],
            "last_payment_error": None,
        }
        self.ledger.charges[charge["id"]] = charge
        self.ledger.clears_at.pop(intent["id"], None)
        self._happened("charge.succeeded", charge)
        self._happened("payment_intent.succeeded", intent)

    def _ask_for_proof(self, intent: Json) -> None:
        intent |= {
            "status": "requires_action",
            "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}},
            "payment_method": objects.new_id("pm"),
            "last_payment_error": None,
        }
        self._happened("payment_intent.requires_action", intent)

    def _decline(self, intent: Json) -> None:
        charge = objects.new_charge(intent, "card", now=self.now, last4="0002")
        self._fail(intent, charge, "card_declined", DECLINED)

    def _start_debit(self, intent: Json, method: str) -> None:
        charge = objects.new_charge(intent, method, now=self.now)
        self.ledger.charges[charge["id"]] = charge
        intent |= {
            "status": "processing",
            "latest_charge": charge["id"],
            "payment_method": charge["payment_method"],
            "last_payment_error": None,
        }
        self.ledger.clears_at[intent["id"]] = self.now + self._bank_delay_seconds
        self._happened("charge.pending", charge)
        self._happened("payment_intent.processing", intent)

    def _fail(self, intent: Json, charge: Json, code: str, words: str) -> None:
        charge |= {
            "status": "failed",
            "paid": False,
            "failure_code": code,
            "failure_message": words,
        }
        intent |= {
            "status": "requires_payment_method",
            "latest_charge": charge["id"],
            "payment_method": None,
            "last_payment_error": {
                "type": "card_error",
                "code": code,
                "message": words,
                "charge": charge["id"],
                "payment_method": {
                    "id": charge["payment_method"],
                    "object": "payment_method",
                    "type": charge["payment_method_details"]["type"],
                },
            },
        }
        self.ledger.charges[charge["id"]] = charge
        self.ledger.clears_at.pop(intent["id"], None)
        self._happened("charge.failed", charge)
        self._happened("payment_intent.payment_failed", intent)

    def _complete(self, session: Json, payment_status: str) -> None:
        session |= {
            "status": "complete",
            "payment_status": payment_status,
            "url": None,
            "customer_details": {"email": session["customer_email"]},
        }

    def _open_session(self, session_id: str) -> Json:
        session = self.find("sessions", session_id)
        if session["status"] != "open":
            raise StripeRefusal(f"This Checkout Session is {session['status']}.")
        return session

    def _processing_intent(self, intent_id: str) -> Json:
        intent = self.find("intents", intent_id)
        if intent["status"] != "processing":
            raise StripeRefusal(f"This PaymentIntent is {intent['status']}.")
        return intent

    def _session_of(self, intent: Json) -> Json | None:
        sessions = self.ledger.sessions.values()
        return next((s for s in sessions if s["payment_intent"] == intent["id"]), None)

    def _charge_to_refund(self, params: Json) -> Json:
        charge_id = params.get("charge")
        if intent_id := params.get("payment_intent"):
            charge_id = self.find("intents", intent_id)["latest_charge"]
        charge = self.find("charges", charge_id or "")
        if charge["status"] != "succeeded":
            raise StripeRefusal("This charge has not succeeded.", param="charge")
        return charge

    def _happened(self, kind: str, about: Json) -> None:
        event = objects.new_event(
            kind, deepcopy(about), now=self.now, idempotency_key=self.idempotency_key
        )
        self.ledger.events.append(event)
        self._report(self.account, event)


_NAMES = {
    "sessions": "checkout.session",
    "intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
}


def _debit_of(intent: Json) -> str:
    return objects.BANK_DEBITS.get(intent["currency"], "us_bank_account")


def _asks_kind(params: Mapping[str, Any]) -> bool:
    return "types" in params or "type" in params
