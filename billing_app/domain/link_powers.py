"""What each way into the portal can do, in plain words, from the settings alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_proof import find_missing
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PaymentMode,
    PortalSettings,
    PortalSetup,
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


@dataclass(frozen=True, slots=True)
class Step:
    """A proof that its holder could still give, and where."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class OwnPowers:
    """What the visitor of a page can do now, and what more proof would add."""

    way: str = ""
    powers: tuple[Power, ...] = ()
    steps: tuple[Step, ...] = ()

    EMPTY: ClassVar[OwnPowers]


OwnPowers.EMPTY = OwnPowers()


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


_WAYS = {
    Rung.INVOICE_LINK: "You came by the link of this invoice. Whoever has it can:",
    Rung.CUSTOMER_LINK: "You came by the link of your account. Whoever has it can:",
    Rung.CODE: "You have confirmed your email address for this invoice. You can:",
    Rung.SESSION: "You are signed in to your account. You can:",
}


def describe_own(
    setup: PortalSetup, visitor: PortalVisitor, place: PortalPlace
) -> OwnPowers:
    """Say to the visitor of a page what they can do there, and what would raise it."""
    rung, settings = rung_of(visitor, place.door), setup.settings
    steps: list[Step] = []
    missing = find_missing(settings.write_auth, visitor)
    if visitor.invoice_id is not None and _offers_writing(settings):
        words = _RAISED.get(missing) if missing else None
        if words:
            steps.append(Step(words, f"{place.path}/verify"))
    opens_all = rung in _OPEN_ALL or settings.link_opens_account
    if settings.allows_sign_in and not opens_all:
        steps.append(
            Step(
                "Sign in with a code by mail to see all your invoices",
                f"/account/{setup.slug}/sign-in",
            )
        )
    powers = list_powers(settings, rung, whose="of yours")
    return OwnPowers(_WAYS[rung], powers, tuple(steps))


def rung_of(visitor: PortalVisitor, door: Door) -> Rung:
    """Return by which way somebody came in."""
    if visitor.proof == Proof.SESSION:
        return Rung.SESSION
    if door == Door.CUSTOMER_LINK:
        return Rung.CUSTOMER_LINK
    return Rung.CODE if visitor.proof == Proof.CODE else Rung.INVOICE_LINK


def list_rungs(settings: PortalSettings) -> tuple[RungPowers, ...]:
    """List all ways in; none opens anything while the portal is off."""
    return tuple(
        RungPowers(rung, _HOLDERS[rung], list_powers(settings, rung)) for rung in Rung
    )


def list_powers(
    settings: PortalSettings, rung: Rung, whose: str = "of this customer"
) -> tuple[Power, ...]:
    """List what a way in can do where these settings hold."""
    if not settings.is_on or not settings.shows_invoices:
        return (Power("Opens nothing: the portal is switched off", False),)
    if rung == Rung.SESSION and not settings.allows_sign_in:
        return (Power("Nobody can sign in: that is switched off", False),)
    return (
        *_reading(settings, rung, whose),
        *_paying(settings),
        *_writing(settings, rung),
    )


def _reading(settings: PortalSettings, rung: Rung, whose: str) -> tuple[Power, ...]:
    opens_all = rung in _OPEN_ALL or settings.link_opens_account
    return (
        Power(
            f"Read every invoice {whose}"
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


def _offers_writing(settings: PortalSettings) -> bool:
    is_asked = settings.comments == CommentMode.WRITE
    return is_asked or settings.disputes == DisputeMode.OPEN


_OPEN_ALL = (Rung.CUSTOMER_LINK, Rung.SESSION)
_RAISED = {
    WriteAuth.CODE: "Confirm your email address to write",
    WriteAuth.SESSION: "Sign in to your account to write",
    WriteAuth.CODE_TOTP: "Enter a code of your authenticator app to write",
}
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
