"""What each way into the portal can do, in plain words, from the settings alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.payability import ONLY_LOOKS
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
from billing_app.domain.speech import SOURCE_LANGUAGE, Speech, later, speech_for


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


_ENGLISH = speech_for(SOURCE_LANGUAGE)
_TO_STAFF = "Read every invoice of this customer"
_TO_THEMSELVES = later("Read every invoice of yours")
_HOLDERS = {
    Rung.INVOICE_LINK: "Whoever has the address of one invoice, also when forwarded.",
    Rung.CUSTOMER_LINK: "Whoever has the address of the customer's account.",
    Rung.CODE: "A contact who has typed in the code mailed to them. One without "
    "“Can pay” only looks; the bare link still pays.",
    Rung.SESSION: "A contact who may see everything, signed in for up to a day. One "
    "without “Can pay” only looks.",
}
_PROOFS = {
    Rung.INVOICE_LINK: Proof.LINK,
    Rung.CUSTOMER_LINK: Proof.LINK,
    Rung.CODE: Proof.CODE,
    Rung.SESSION: Proof.SESSION,
}


_WAYS = {
    Rung.INVOICE_LINK: later(
        "You came by the link of this invoice. Whoever has it can:"
    ),
    Rung.CUSTOMER_LINK: later(
        "You came by the link of your account. Whoever has it can:"
    ),
    Rung.CODE: later(
        "You have confirmed your email address for this invoice. You can:"
    ),
    Rung.SESSION: later("You are signed in to your account. You can:"),
}


def describe_own(
    setup: PortalSetup, visitor: PortalVisitor, place: PortalPlace, language: str
) -> OwnPowers:
    """Say to the visitor of a page what they can do there, and what would raise it."""
    speech = speech_for(language)
    rung, settings = rung_of(visitor, place.door), setup.settings
    steps: list[Step] = []
    missing = _find_missing(settings, visitor)
    if visitor.invoice_id is not None and _offers_writing(settings):
        words = _RAISED.get(missing) if missing else None
        if words:
            steps.append(Step(speech.say(words), f"{place.path}/verify"))
    opens_all = rung in _OPEN_ALL or settings.link_opens_account
    if settings.allows_sign_in and not opens_all:
        steps.append(
            Step(
                speech.say("Sign in with a code by mail to see all your invoices"),
                f"/account/{setup.slug}/sign-in",
            )
        )
    powers = _list_powers(settings, rung, visitor, _TO_THEMSELVES, speech)
    way = speech.say(_WAYS[rung])
    if setup.is_pay_refused:
        way = f"{speech.say(ONLY_LOOKS)} {way}"
    return OwnPowers(way, powers, tuple(steps))


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


def list_powers(settings: PortalSettings, rung: Rung) -> tuple[Power, ...]:
    """List for staff what a way in can do where these settings hold."""
    holder = PortalVisitor(0, 0, None, None, proof=_PROOFS[rung])
    return _list_powers(settings, rung, holder, _TO_STAFF, _ENGLISH)


def _list_powers(
    settings: PortalSettings,
    rung: Rung,
    holder: PortalVisitor,
    reads_all: str,
    speech: Speech,
) -> tuple[Power, ...]:
    """List what a way in can do for whoever holds it; `reads_all` says whose."""
    if not settings.is_on or not settings.shows_invoices:
        return (Power("Opens nothing: the portal is switched off", False),)
    if rung == Rung.SESSION and not settings.allows_sign_in:
        return (Power("Nobody can sign in: that is switched off", False),)
    listed = (
        *_reading(settings, rung, reads_all),
        *_paying(settings),
        *_writing(settings, holder),
    )
    return tuple(Power(speech.say(it.words), it.is_given) for it in listed)


def _reading(settings: PortalSettings, rung: Rung, reads_all: str) -> tuple[Power, ...]:
    opens_all = rung in _OPEN_ALL or settings.link_opens_account
    return (
        Power(
            reads_all
            if opens_all
            else later("Read this one invoice; the others stay hidden"),
            True,
        ),
        Power(later("Download the PDF"), settings.shows_pdf),
        Power(later("See which reminders went out"), settings.shows_reminders),
    )


def _paying(settings: PortalSettings) -> tuple[Power, ...]:
    mode = settings.payment if settings.allows_payment else PaymentMode.OFF
    pays = (
        later("Pay online what is open or a part of it")
        if settings.allows_partial
        else later("Pay online what is open, all at once")
    )
    return (
        Power(pays, mode == PaymentMode.ONLINE),
        Power(later("See how to pay by bank transfer"), mode != PaymentMode.OFF),
    )


def _writing(settings: PortalSettings, holder: PortalVisitor) -> tuple[Power, ...]:
    reads = settings.comments != CommentMode.OFF
    return (
        Power(later("Read the comments"), reads),
        _written(_COMMENTING, settings.comments == CommentMode.WRITE, settings, holder),
        Power(later("See disputes"), settings.disputes != DisputeMode.OFF),
        _written(_DISPUTING, settings.disputes == DisputeMode.OPEN, settings, holder),
    )


def _offers_writing(settings: PortalSettings) -> bool:
    is_asked = settings.comments == CommentMode.WRITE
    return is_asked or settings.disputes == DisputeMode.OPEN


_OPEN_ALL = (Rung.CUSTOMER_LINK, Rung.SESSION)
_RAISED = {
    WriteAuth.CODE: later("Confirm your email address to write"),
    WriteAuth.SESSION: later("Sign in to your account to write"),
    WriteAuth.CODE_TOTP: later("Enter a code of your authenticator app to write"),
}


@dataclass(frozen=True, slots=True)
class _Writing:
    """What can be done at once, or after which proof."""

    at_once: str
    after_code: str
    after_session: str
    after_app: str
    after_both: str


_COMMENTING = _Writing(
    later("Write comments"),
    later("Write comments after a code by mail"),
    later("Write comments after signing in"),
    later("Write comments after a code of an authenticator app"),
    later("Write comments after a code by mail and one of an authenticator app"),
)
_DISPUTING = _Writing(
    later("Open a dispute"),
    later("Open a dispute after a code by mail"),
    later("Open a dispute after signing in"),
    later("Open a dispute after a code of an authenticator app"),
    later("Open a dispute after a code by mail and one of an authenticator app"),
)


def _written(
    words: _Writing,
    is_offered: bool,
    settings: PortalSettings,
    holder: PortalVisitor,
) -> Power:
    """Say whether it can be done at once, or only with more proof."""
    if not is_offered:
        return Power(words.at_once, False)
    match _find_missing(settings, holder):
        case None:
            return Power(words.at_once, True)
        case WriteAuth.CODE if settings.write_auth == WriteAuth.CODE_TOTP:
            return Power(words.after_both, True)
        case WriteAuth.CODE:
            return Power(words.after_code, True)
        case WriteAuth.SESSION:
            return Power(words.after_session, True)
        case WriteAuth.CODE_TOTP:
            return Power(words.after_app, True)
        case _:
            return Power(words.at_once, False)


def _find_missing(settings: PortalSettings, holder: PortalVisitor) -> WriteAuth | None:
    """Return as `find_missing`, where nobody signs in while that is switched off."""
    missing = find_missing(settings.write_auth, holder)
    is_shut = missing == WriteAuth.SESSION and not settings.allows_sign_in
    return WriteAuth.OFF if is_shut else missing
