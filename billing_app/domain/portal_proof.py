"""What a proof unlocks in the portal, how long it lasts, and how often one may try."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.errors import NotPermitted
from billing_app.domain.portal_settings import WriteAuth
from billing_app.domain.speech import later

# ASVS 5.0 6.5.5: a one-time code lives ten minutes at most.
CODE_LIFETIME = timedelta(minutes=10)
CODE_DIGITS = 6
# Wrong codes for one address at one place before a new code is needed.
CODE_TRIES_MAX = 5
# Wrong codes for one address at one place, over all of its codes within the window,
# before each further code has one try only. None has fewer: whoever reads the mail
# is never shut out by a stranger's guesses.
CODE_TRIES_OF_PLACE = 10
CODE_TRIES_WINDOW = timedelta(hours=1)
CODE_TRIES_LEAST = 1

# What may be asked for, and what may be wrong, before the next has to wait: of one
# address from one network; of one network, which may be an office; of one address
# from anywhere, but for the first of each network: those are the customer's own.
CODES_FREE_OF_PAIR = 5
CODES_FREE_OF_NETWORK = 40
CODES_FREE_OF_ADDRESS = 40
CODES_OF_NEWCOMER = 2
# Mails to one address about one place within the window, before those who ask soon
# after another share the code that was just mailed: each with tries of their own.
CODES_MAILED_FREE = 10
CODES_MAILED_WINDOW = timedelta(hours=1)
CODE_SHARED_FOR = CODE_LIFETIME / 2
TRIES_FREE_OF_PAIR = 10
TRIES_FREE_OF_NETWORK = 100
TOTP_TRIES_FREE = 5

# ASVS 5.0 7.3.1 and 7.3.2: an open page counts as use.
SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFETIME = timedelta(hours=24)
SESSION_SEEN_STEP = timedelta(minutes=2)


class VerificationRequired(NotPermitted):
    """More proof is needed: `wanted` names the rung that is missing."""

    code = "verification_required"

    def __init__(self, message: str, wanted: WriteAuth) -> None:
        super().__init__(message)
        self.wanted = wanted


# What is missing, in the words that the customer and the diagnostics read.
MISSING = {
    WriteAuth.OFF: later("Writing is switched off for this invoice."),
    WriteAuth.CODE: later("Confirm your email address to write here."),
    WriteAuth.SESSION: later("Sign in to your account to write here."),
    WriteAuth.CODE_TOTP: later("Enter a code of your authenticator app to write here."),
}


NEEDS_ACCOUNT = later(
    "Only people who may see the whole account can write here. Please ask whoever "
    "sent you this invoice for that right."
)


def is_session_live(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Say whether a session still holds; not where the clock was set back by more."""
    age, idle = abs(now - created_at), abs(now - seen_at)
    return age < SESSION_LIFETIME and idle < SESSION_IDLE


def is_code_live(expires_at: datetime, now: datetime) -> bool:
    """Say whether a code holds; one that would live for long is of a wrong clock."""
    return now < expires_at < now + 2 * CODE_LIFETIME


_CODE = re.compile("[0-9]{6}", re.ASCII)


def plain_code(typed: str) -> str | None:
    """Return six ASCII digits as typed with spaces or dashes, or None.

    Other digits that look alike are no code: each code is written in one way.
    """
    code = re.sub("[ \u00a0-]", "", typed)
    return code if _CODE.fullmatch(code) else None


def find_missing(write_auth: WriteAuth, visitor: PortalVisitor) -> WriteAuth | None:
    """Return the first proof that is missing for writing, or None.

    `WriteAuth.OFF` means that no proof would do; `no_proof_words` say why.
    """
    if write_auth == WriteAuth.OFF:
        return WriteAuth.OFF
    if write_auth == WriteAuth.LINK:
        return None
    if write_auth == WriteAuth.SESSION:
        if visitor.proof == Proof.CODE:
            # The code was right, and opens this invoice only: another says no more.
            return WriteAuth.OFF
        return None if visitor.proof >= Proof.SESSION else WriteAuth.SESSION
    if visitor.proof < Proof.CODE:
        return WriteAuth.CODE
    if write_auth == WriteAuth.CODE_TOTP and not visitor.has_totp:
        return WriteAuth.CODE_TOTP
    return None


def no_proof_words(write_auth: WriteAuth) -> str:
    """Say why nothing that somebody could still prove would let them write."""
    return MISSING[WriteAuth.OFF] if write_auth == WriteAuth.OFF else NEEDS_ACCOUNT


def check_may_write(write_auth: WriteAuth, visitor: PortalVisitor) -> None:
    """Refuse to write with less proof than the invoice asks for.

    Raises:
        NotPermitted: writing is switched off or takes a right that the visitor has
            not, or staff only preview the page.
        VerificationRequired: with the rung that is missing.
    """
    if visitor.is_preview:
        raise NotPermitted("This is a preview; nothing can be written.")
    missing = find_missing(write_auth, visitor)
    if missing == WriteAuth.OFF:
        raise NotPermitted(no_proof_words(write_auth))
    if missing is not None:
        raise VerificationRequired(MISSING[missing], missing)
