"""What a proof unlocks in the portal, how long it lasts, and how often one may try."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.errors import NotPermitted
from billing_app.domain.portal_settings import WriteAuth

# ASVS 5.0 6.5.5: a one-time code lives ten minutes at most.
CODE_LIFETIME = timedelta(minutes=10)
CODE_DIGITS = 6
# Wrong codes for one address at one place before a new code is needed.
CODE_TRIES_MAX = 5

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
    WriteAuth.OFF: "Writing is switched off for this invoice.",
    WriteAuth.CODE: "Confirm your e-mail address to write here.",
    WriteAuth.SESSION: "Sign in to your account to write here.",
    WriteAuth.CODE_TOTP: "Enter a code of your authenticator app to write here.",
}


def is_session_live(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    return now - created_at < SESSION_LIFETIME and now - seen_at < SESSION_IDLE


def find_missing(write_auth: WriteAuth, visitor: PortalVisitor) -> WriteAuth | None:
    """Return the first proof that is missing for writing, or None.

    `WriteAuth.OFF` means that no proof would do.
    """
    if write_auth == WriteAuth.OFF:
        return WriteAuth.OFF
    if write_auth == WriteAuth.LINK:
        return None
    if write_auth == WriteAuth.SESSION:
        return None if visitor.proof >= Proof.SESSION else WriteAuth.SESSION
    if visitor.proof < Proof.CODE:
        return WriteAuth.CODE
    if write_auth == WriteAuth.CODE_TOTP and not visitor.has_totp:
        return WriteAuth.CODE_TOTP
    return None


def check_may_write(write_auth: WriteAuth, visitor: PortalVisitor) -> None:
    """Refuse to write with less proof than the invoice asks for.

    Raises:
        NotPermitted: writing is switched off, or staff only preview the page.
        VerificationRequired: with the rung that is missing.
    """
    if visitor.is_preview:
        raise NotPermitted("This is a preview; nothing can be written.")
    missing = find_missing(write_auth, visitor)
    if missing == WriteAuth.OFF:
        raise NotPermitted(MISSING[missing])
    if missing is not None:
        raise VerificationRequired(MISSING[missing], missing)
