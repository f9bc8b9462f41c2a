"""Let a customer prove who they are: a code by mail, an authenticator app on top."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable

from billing_app.database.authentication import CustomerSession
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import InvalidInput, LimitReached
from billing_app.domain.portal_proof import (
    CODES_FREE_OF_ADDRESS,
    CODES_FREE_OF_NETWORK,
    CODES_FREE_OF_PAIR,
    CODES_OF_NEWCOMER,
    TOTP_TRIES_FREE,
    TRIES_FREE_OF_NETWORK,
    TRIES_FREE_OF_PAIR,
)
from billing_app.domain.speech import later
from billing_app.runtime import Runtime
from billing_app.services import portal_sessions
from billing_app.services.portal_sessions import CodePlace, Right, TotpState
from billing_app.services.sign_in import Counted, give_back_try, take_try
from billing_app.workflows.sign_in import Browser

log = logging.getLogger("tallyport.portal_sign_in")

JOB = "portal_sign_in"
_NOBODY = SystemActor(workspace_id=0, job=JOB)
# One answer for a wrong, an old and a used code, and for an unknown address.
CODE_REFUSAL = later(
    "That code is wrong or too old. If it stays wrong, ask for a new code."
)
TOO_OFTEN = later("That was asked for very often. Please wait a few minutes.")
TOO_MANY_CODES = later(
    "Too many wrong codes. Please wait a while, at most half an hour, before the next."
)


def request_code(
    runtime: Runtime, workspace_id: int, place: CodePlace, email: str, browser: Browser
) -> str:
    """Have a code mailed, if the address is known; the answer never says whether.

    Returns what only the form of this code carries: whoever has not asked for it
    can use up none of its tries.

    Raises:
        InvalidInput: it is no email address.
        LimitReached: asked for very often, from this network or for this address; the
            first from a network is not held up by those of others.
    """
    address = email.strip().lower()[:254]
    count = _counter(runtime, workspace_id, "ask")
    counted = (
        count("pair", f"{address} {browser.network}", CODES_FREE_OF_PAIR),
        count("network", browser.network, CODES_FREE_OF_NETWORK),
        # Of one place: who has no link to an invoice holds nobody up there.
        count(
            "address",
            f"{address} {place.key}",
            CODES_FREE_OF_ADDRESS,
            CODES_OF_NEWCOMER,
        ),
    )
    _take(runtime, counted)
    system = SystemActor(workspace_id, JOB)
    code_id = runtime.run(system, portal_sessions.ask_for_code, place, email)
    return f"{code_id}.{_seal(runtime, code_id)}"


def confirm_code(
    runtime: Runtime,
    workspace_id: int,
    place: CodePlace,
    email: str,
    typed: str,
    asked: str,
    browser: Browser,
) -> str:
    """Return the token of a new session, for the code that was mailed.

    `asked` is what `request_code` returned.

    Raises:
        InvalidInput: the code is wrong, used or too old.
        LimitReached: too many wrong ones from here; others are not held up.
    """
    address = email.strip().lower()[:254]
    pair = f"{address} {browser.network}"
    count = _counter(runtime, workspace_id, "try")
    counted = (
        count("pair", pair, TRIES_FREE_OF_PAIR),
        count("network", browser.network, TRIES_FREE_OF_NETWORK),
    )
    _take(runtime, counted, TOO_MANY_CODES)
    system = SystemActor(workspace_id, JOB)
    code_id = _unseal(runtime, asked)
    if not runtime.run(system, portal_sessions.take_code, place, email, typed, code_id):
        log.warning("portal.code_refused network=%s", browser.network)
        raise InvalidInput(CODE_REFUSAL, field="code")
    runtime.run(_NOBODY, give_back_try, counted)
    # Here they read their mail: they may ask again as if they never had.
    asked_here = _counter(runtime, workspace_id, "ask")(
        "pair", pair, CODES_FREE_OF_PAIR
    )
    runtime.run(_NOBODY, give_back_try, (asked_here,))
    return runtime.run(
        system, portal_sessions.open_session, place, email, browser.agent
    )


def list_choices(runtime: Runtime, session: CustomerSession) -> tuple[Right, ...]:
    """List the customers that a session may turn to."""
    system = SystemActor(session.workspace_id, JOB)
    return runtime.run(system, portal_sessions.list_choices, session.email)


def may_change(runtime: Runtime, session: CustomerSession) -> bool:
    """Say whether a session's address has another customer to turn to."""
    choices = list_choices(runtime, session)
    return any(it.customer_id != session.customer_id for it in choices)


def choose_customer(
    runtime: Runtime, session: CustomerSession, customer_id: int
) -> str:
    """Turn to one of the customers behind a session's address.

    Returns the token of the session that goes on, empty if it is this one.

    Raises:
        NotFound: it may not see that one.
    """
    system = SystemActor(session.workspace_id, JOB)
    return runtime.run(
        system, portal_sessions.choose_customer, session.session_id, customer_id
    )


def read_totp(runtime: Runtime, session: CustomerSession) -> TotpState:
    """Return what the session's authenticator app still needs."""
    system = SystemActor(session.workspace_id, JOB)
    return runtime.run(system, portal_sessions.read_totp, session.session_id)


def confirm_totp(runtime: Runtime, session: CustomerSession, typed: str) -> None:
    """Take a code of the authenticator app.

    Raises:
        InvalidInput: it is wrong or was used before.
        LimitReached: too many wrong ones.
    """
    count = _counter(runtime, session.workspace_id, "totp")
    counted = (
        count("totp", str(session.session_id), TOTP_TRIES_FREE),
        count("totp of", session.email.lower(), TOTP_TRIES_FREE * 4),
    )
    _take(runtime, counted, TOO_MANY_CODES)
    system = SystemActor(session.workspace_id, JOB)
    runtime.run(system, portal_sessions.accept_totp, session.session_id, typed)
    runtime.run(_NOBODY, give_back_try, counted)


def sign_out(runtime: Runtime, session: CustomerSession) -> None:
    """End a session in every window of its browser."""
    system = SystemActor(session.workspace_id, JOB)
    runtime.run(system, portal_sessions.sign_out, session.session_id)


def _seal(runtime: Runtime, code_id: int) -> str:
    return runtime.cipher.keyed_digest("portal", "asked", str(code_id))[:32]


def _unseal(runtime: Runtime, asked: str) -> int:
    """Return which code was asked for, or 0, which is none."""
    number, _, seal = asked.partition(".")
    is_id = number.isascii() and number.isdigit() and len(number) < 16
    code_id = int(number) if is_id else 0
    is_ours = hmac.compare_digest(
        seal.encode("utf-8", "replace"), _seal(runtime, code_id).encode()
    )
    return code_id if is_ours else 0


def _counter(runtime: Runtime, workspace_id: int, what: str) -> Callable[..., Counted]:
    """Return what makes the key of one act: by kind, what it is, and the limits."""

    def count(kind: str, key: str, free: int, of_newcomer: int = 0) -> Counted:
        parts = ("portal", what, str(workspace_id), kind, key)
        return Counted(runtime.cipher.keyed_digest(*parts), free, of_newcomer)

    return count


def _take(
    runtime: Runtime, counted: tuple[Counted, ...], words: str = TOO_OFTEN
) -> None:
    """Count a try under each key before it is made; `words` say that it must wait."""
    try:
        runtime.run(_NOBODY, take_try, counted)
    except LimitReached:
        raise LimitReached(words) from None
