"""What each way into the portal can do, in plain words, from the settings alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.portal_proof import find_missing
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PaymentMode,
    PortalSettings,
    WriteAuth,
)


class Rung(StrEnum):
    """The ways in, each with more proof than the one before."""

    INVOICE_LINK = "Invoice link"
    CUSTOMER_LINK = "Customer link"
    CODE = "Invoice link and a code by mail"
    SESSION = "Signed in with a code by mail"


@dataclass(frozen=True, slots=True)
class Power:
    """One thing that a way in can or cannot do; `words` say it as a sentence."""

    words: str
    is_given: bool


@dataclass(frozen=True, slots=True)
class RungPowers:
    """A way in, who has it, and what it can do."""

    rung: Rung
    holder: str
    powers: tuple[Power, ...]


_HOLDERS = {
    Rung.INVOICE_LINK: "Whoever has the address of one invoice, also when forwarded.",
    Rung.CUSTOMER_LINK: "Whoever has the address of the customer's account.",
    Rung.CODE: "A contact who has typed in the code mailed to them.",
    Rung.SESSION: "A contact who may see everything, signed in for up to a day.",
}
_PROOFS = {
    Rung.INVOICE_LINK: Proof.LINK,
    Rung.CUSTOMER_LINK: Proof.LINK,
    Rung.CODE: Proof.CODE,
    Rung.SESSION: Proof.SESSION,
}


def list_rungs(settings: PortalSettings) -> tuple[RungPowers, ...]:
    """List all ways in; none opens anything while the portal is off."""
    return tuple(
        RungPowers(rung, _HOLDERS[rung], list_powers(settings, rung)) for rung in Rung
    )


def list_powers(settings: PortalSettings, rung: Rung) -> tuple[Power, ...]:
    """List what a way in can do where these settings hold."""
    if not settings.is_on or not settings.shows_invoices:
        return (Power("Opens nothing: the portal is switched off", False),)
    if rung == Rung.SESSION and not settings.allows_sign_in:
        return (Power("Nobody can sign in: that is switched off", False),)
    return (
        *_reading(settings, rung),
        *_paying(settings),
        *_writing(settings, rung),
    )


def _reading(settings: PortalSettings, rung: Rung) -> tuple[Power, ...]:
    opens_all = rung in (Rung.CUSTOMER_LINK, Rung.SESSION) or (
        settings.link_opens_account
    )
    return (
        Power(
            "Read every invoice of this customer"
            if opens_all
            else "Read this one invoice; the others stay hidden",
            True,
        ),
        Power("Download the PDF", settings.shows_pdf),
        Power("See which reminders went out", settings.shows_reminders),
    )


def _paying(settings: PortalSettings) -> tuple[Power, ...]:
    mode = settings.payment if settings.allows_payment else PaymentMode.OFF
    part = " or a part of it" if settings.allows_partial else ", all at once"
    return (
        Power(f"Pay online what is open{part}", mode == PaymentMode.ONLINE),
        Power("See how to pay by bank transfer", mode != PaymentMode.OFF),
    )


def _writing(settings: PortalSettings, rung: Rung) -> tuple[Power, ...]:
    reads = settings.comments != CommentMode.OFF
    return (
        Power("Read the comments", reads),
        _written(
            "Write comments", settings.comments == CommentMode.WRITE, settings, rung
        ),
        Power("See disputes", settings.disputes != DisputeMode.OFF),
        _written(
            "Open a dispute", settings.disputes == DisputeMode.OPEN, settings, rung
        ),
    )


_STILL_NEEDS = {
    WriteAuth.CODE: "after a code by mail",
    WriteAuth.SESSION: "after signing in",
    WriteAuth.CODE_TOTP: "after a code of an authenticator app",
}


def _written(
    words: str, is_offered: bool, settings: PortalSettings, rung: Rung
) -> Power:
    """Say whether it can be done at once, or only with more proof."""
    if not is_offered:
        return Power(words, False)
    holder = PortalVisitor(0, 0, None, None, proof=_PROOFS[rung])
    missing = find_missing(settings.write_auth, holder)
    if missing is None:
        return Power(words, True)
    later = _STILL_NEEDS.get(missing)
    return Power(f"{words} {later}" if later else words, later is not None)
