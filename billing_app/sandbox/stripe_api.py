"""The stand-in's API: who asks, whether they asked before, and what they get."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from stripe import params as types
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionRetrieveParams,
)

from billing_app.sandbox import stripe_objects as objects
from billing_app.sandbox.stripe_account import AccountBook, Answer
from billing_app.sandbox.stripe_faults import ArmedFault, Fault
from billing_app.sandbox.stripe_objects import Json
from billing_app.sandbox.stripe_parameters import decode_form, read_parameters
from billing_app.sandbox.stripe_refusals import StripeRefusal, Unexecuted

if TYPE_CHECKING:
    from billing_app.sandbox.stripe_app import StripeSandbox

log = logging.getLogger(__name__)

Handler = Callable[[AccountBook, Json, Json], Json]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API: how it is asked, and what it does.

    Attributes:
        params_type: the SDK's own type of its parameters.
        run: takes the account, the parameters, and the ids in the path.
        is_public: browsers may ask it too, about a payment whose secret they have.
    """

    method: str
    path: str
    params_type: type
    run: Handler
    is_public: bool = False


OPERATIONS = (
    Operation(
        "POST",
        "/v1/checkout/sessions",
        SessionCreateParams,
        lambda book, params, path: book.create_session(params),
    ),
    Operation(
        "GET",
        "/v1/checkout/sessions/{id}",
        SessionRetrieveParams,
        lambda book, params, path: _expanded(
            book, book.find("sessions", path["id"]), params
        ),
    ),
    Operation(
        "POST",
        "/v1/checkout/sessions/{id}/expire",
        SessionExpireParams,
        lambda book, params, path: book.expire_session(path["id"]),
    ),
    Operation(
        "POST",
        "/v1/payment_intents",
        types.PaymentIntentCreateParams,
        lambda book, params, path: book.create_intent(params),
    ),
    Operation(
        "GET",
        "/v1/payment_intents/{id}",
        types.PaymentIntentRetrieveParams,
        lambda book, params, path: _expanded(
            book, book.find("intents", path["id"]), params
        ),
        is_public=True,
    ),
    Operation(
        "POST",
        "/v1/payment_intents/{id}/confirm",
        types.PaymentIntentConfirmParams,
        lambda book, params, path: book.confirm_intent(
            path["id"], params.get("payment_method")
        ),
        is_public=True,
    ),
    Operation(
        "POST",
        "/v1/payment_intents/{id}/cancel",
        types.PaymentIntentCancelParams,
        lambda book, params, path: _expanded(
            book, book.cancel_intent(path["id"]), params
        ),
    ),
    Operation(
        "POST",
        "/v1/refunds",
        types.RefundCreateParams,
        lambda book, params, path: book.create_refund(params),
    ),
    Operation(
        "GET",
        "/v1/refunds/{id}",
        types.RefundRetrieveParams,
        lambda book, params, path: book.find("refunds", path["id"]),
    ),
    Operation(
        "GET",
        "/v1/events",
        types.EventListParams,
        lambda book, params, path: objects.page_of(
            book.list_events(params), "/v1/events", params
        ),
    ),
    Operation(
        "GET",
        "/v1/account",
        types.AccountRetrieveCurrentParams,
        lambda book, params, path: objects.account_facts(
            book.account.id,
            book.account.name,
            book.account.country,
            book.account.currency,
        ),
    ),
)


def api_routes(sandbox: StripeSandbox) -> list[Route]:
    return [
        Route(operation.path, _endpoint(sandbox, operation), methods=[operation.method])
        for operation in OPERATIONS
    ]


def _endpoint(sandbox: StripeSandbox, operation: Operation) -> Callable[..., Any]:
    async def answer(request: Request) -> Response:
        form = (
            request.url.query
            if operation.method == "GET"
            else (await request.body()).decode()
        )
        armed = sandbox.faults.take_for_request(request.url.path)
        # Not in a thread: those may all be busy with calls that wait for this one.
        status, body, is_replay = _answer(sandbox, operation, request, form, armed)
        if armed is not None and armed.fault is Fault.TIMEOUT:
            await asyncio.sleep(armed.seconds)
        headers = {"Request-Id": objects.new_id("req")}
        if is_replay:
            headers["Idempotent-Replayed"] = "true"
        if status >= 500 and armed is not None and armed.fault is Fault.ERROR_500:
            # Asking again would only replay it, and Stripe says so.
            headers["Stripe-Should-Retry"] = "false"
        return JSONResponse(body, status, headers)

    return answer


def _answer(
    sandbox: StripeSandbox,
    operation: Operation,
    request: Request,
    form: str,
    armed: ArmedFault | None,
) -> tuple[int, Json, bool]:
    """Return status, body, and whether it is the answer to an earlier request."""
    with sandbox.working() as books:
        try:
            given = decode_form(form)
            book, is_browser = _book_for(books, request, given)
            _refuse_on_arrival(armed)
            if is_browser:
                _check_browser(operation, book, request, given)
                params = read_parameters(given, operation.params_type)
                status, body = _run(operation, book, params, request.path_params, armed)
                return status, _public(body), False
            params = read_parameters(given, operation.params_type)
            key = request.headers.get("idempotency-key", "")
            if operation.method != "POST" or not key:
                key = ""
            elif stored := _find_answer(book, key, request, form):
                return stored.status, stored.body, True

            book.idempotency_key = key or None
            status, body = _run(operation, book, params, request.path_params, armed)
        except Unexecuted as refusal:
            return refusal.status, refusal.body, False
        if key:
            digest = _fingerprint(request, form)
            book.ledger.answers[key] = Answer(digest, status, body)
        return status, body, False


def _run(
    operation: Operation,
    book: AccountBook,
    params: Json,
    path: Json,
    armed: ArmedFault | None,
) -> tuple[int, Json]:
    """Carry it out; whatever comes of it is what the key will always get."""
    if armed is not None and armed.fault is Fault.ERROR_500:
        broken = StripeRefusal("An error occurred.", status=500, type="api_error")
        return broken.status, broken.body
    try:
        # A copy, since what happens later must not change a stored answer.
        return 200, json.loads(json.dumps(operation.run(book, params, path)))
    except Unexecuted:
        raise
    except StripeRefusal as refusal:
        return refusal.status, refusal.body


def _book_for(
    books: dict[str, AccountBook], request: Request, given: Json
) -> tuple[AccountBook, bool]:
    """Return whose key it is, and whether it is the one for browsers.

    Stripe's script sends its key among the parameters, so that browsers need not
    ask for leave first.
    """
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        credential = b64decode(credential).decode().partition(":")[0]
    credential = credential or str(given.pop("key", ""))
    if "_live_" in credential:
        log.error("sandbox.live_key_refused")
        raise Unexecuted(
            "A live key was sent to the stand-in for Stripe.",
            status=401,
            code="api_key_expired",
        )
    for book in books.values():
        if credential and credential == book.account.publishable_key:
            return book, True
    if credential not in books:
        raise Unexecuted(
            f"Invalid API Key provided: {credential[:8]}****{credential[-4:]}",
            status=401,
        )
    return books[credential], False


def _check_browser(
    operation: Operation, book: AccountBook, request: Request, given: Json
) -> None:
    if not operation.is_public:
        raise Unexecuted(
            "This API call cannot be made with a publishable API key.",
            status=403,
            code="secret_key_required",
        )
    intent = book.ledger.intents.get(request.path_params["id"])
    if intent is None or given.pop("client_secret", "") != intent["client_secret"]:
        raise Unexecuted(
            f"No such payment_intent: '{request.path_params['id']}'",
            param="intent",
            code="resource_missing",
            status=404,
        )


def _public(body: Json) -> Json:
    """Leave out what is none of a browser's business; add what an error is about."""
    if "error" in body:
        return body
    return {name: body[name] for name in objects.PUBLIC_FIELDS}


def _refuse_on_arrival(armed: ArmedFault | None) -> None:
    match armed.fault if armed else None:
        case Fault.RATE_LIMIT_429:
            raise Unexecuted(
                "Request rate limit exceeded.", status=429, code="rate_limit"
            )
        case Fault.CONFLICT_409:
            raise Unexecuted(
                "There is currently another in-progress request using this key.",
                status=409,
                code="idempotency_key_in_use",
                type="idempotency_error",
            )
        case Fault.UNAVAILABLE_503:
            raise Unexecuted("Stripe is down.", status=503, type="api_error")
        case _:
            pass


def _find_answer(
    book: AccountBook, key: str, request: Request, form: str
) -> Answer | None:
    stored = book.ledger.answers.get(key)
    if stored is not None and stored.request != _fingerprint(request, form):
        raise Unexecuted(
            "Keys for idempotent requests can only be used with the same parameters "
            f"they were first used with. Try using a key other than '{key}'.",
            type="idempotency_error",
        )
    return stored


def _fingerprint(request: Request, form: str) -> str:
    return hashlib.sha256(f"{request.url.path}\n{form}".encode()).hexdigest()


def _expanded(book: AccountBook, found: Json, params: Json) -> Json:
    """Put whole objects where the request asked for more than their ids.

    `payment_intent.latest_charge` asks for the one and, inside it, the other.
    """
    kinds = {"latest_charge": "charges", "payment_intent": "intents"}
    result = dict(found)
    for path in params.get("expand", ()):
        name, _, inside = path.partition(".")
        if name not in kinds or name not in found:
            raise Unexecuted(f"This property cannot be expanded ({path}).")
        if found[name]:
            whole = book.find(kinds[name], found[name])
            deeper = {"expand": [inside]} if inside else {}
            result[name] = _expanded(book, whole, deeper)
    return result
