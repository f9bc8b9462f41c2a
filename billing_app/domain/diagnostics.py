"""Why a customer can't open, comment, dispute or pay: each gate and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_app.domain.payability import Gate, GateName
from billing_app.domain.portal_proof import CODE_TRIES_MAX
from billing_app.domain.portal_settings import (
    ActivityDetail,
    CommentMode,
    DisputeMode,
    ResolvedSettings,
    VisibleOn,
    WriteAuth,
)


@dataclass(frozen=True, slots=True)
class LinkState:
    """The newest link of an invoice, without its secret."""

    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodeState:
    """The last one-time code that was asked for on the invoice."""

    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    tries: int


@dataclass(frozen=True, slots=True)
class DiagnosticFacts:
    """What the gates look at.

    Attributes:
        seen_at: when a customer last had the page before their eyes.
        sessions: live customer sessions that count for this invoice, by what they
            prove: a code, the whole account, and besides an authenticator code.
        can_be_mailed: there is an address to send a code to.
        looking_sessions: those of contacts who may not pay.
    """

    resolved: ResolvedSettings
    is_published: bool
    is_draft: bool
    link: LinkState | None
    seen_at: datetime | None
    code: CodeState | None
    sessions: int
    account_sessions: int
    totp_sessions: int
    can_be_mailed: bool
    pay_gates: tuple[Gate, ...]
    now: datetime
    looking_sessions: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One gate.

    Attributes:
        aside: a few words beside it; `reason` says what is wrong and what helps.
        is_choice: it is shut since somebody chose so in the settings.
        is_awaited: it is shut in the usual course of things, such as a code that
            nobody has asked for, or a paid invoice that takes no payment.
    """

    words: str
    is_passed: bool
    aside: str = ""
    reason: str = ""
    is_choice: bool = False
    is_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What support is asked, and every gate that decides it."""

    words: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> int:
        return sum(not check.is_passed for check in self.checks)

    @property
    def is_switched_off(self) -> bool:
        """Tell whether it is meant to be so; then nothing is wrong."""
        return any(check.is_choice for check in self.checks)

    @property
    def is_unexpected(self) -> bool:
        """Tell whether the answer is no, and neither meant so nor in its time."""
        return self.failed > 0 and not any(
            check.is_choice or check.is_awaited for check in self.checks
        )

    @property
    def answer(self) -> str:
        if not self.failed:
            return "Yes"
        if self.is_switched_off:
            return "No, switched off"
        what = "condition is" if self.failed == 1 else "conditions are"
        return f"No: {self.failed} {what} not met"


_MODES = {
    CommentMode.OFF: "Off",
    CommentMode.READ: "Read only",
    CommentMode.WRITE: "Write",
}
_DISPUTES = {
    DisputeMode.OFF: "Off",
    DisputeMode.VIEW: "Only shown",
    DisputeMode.OPEN: "On",
}
_PROOFS = {
    WriteAuth.OFF: "Nobody may write",
    WriteAuth.LINK: "The link is enough",
    WriteAuth.CODE: "Needs a mailed code",
    WriteAuth.SESSION: "Needs a signed-in customer",
    WriteAuth.CODE_TOTP: "Needs a code and an authenticator app",
}


def ask_all(facts: DiagnosticFacts) -> tuple[Question, ...]:
    """Ask every gate, so that all that is missing shows at once."""
    return (
        Question("Can open the invoice", _open_checks(facts)),
        Question("Can comment", _comment_checks(facts)),
        Question("Can answer a dispute", _dispute_checks(facts)),
        Question(
            "Can pay online",
            (*map(_pay_check, facts.pay_gates), *_right_checks(facts)),
        ),
    )


def _open_checks(facts: DiagnosticFacts) -> tuple[Check, ...]:
    settings = facts.resolved.settings
    return (
        _switch(facts, "Portal is on", settings.is_on, "is_on"),
        _switch(facts, "Shows invoices", settings.shows_invoices, "shows_invoices"),
        Check(
            "Published",
            facts.is_published,
            reason="" if facts.is_published else _publishes(settings.visible_on),
            is_awaited=not facts.is_published,
        ),
        _link_check(facts),
    )


def _publishes(shown: VisibleOn) -> str:
    if shown == VisibleOn.SEND:
        return "Mark it as sent first: that shows it to the customer."
    return "Publish it to the portal first."


def _comment_checks(facts: DiagnosticFacts) -> tuple[Check, ...]:
    settings = facts.resolved.settings
    writes = settings.comments == CommentMode.WRITE
    return (
        Check(
            "Comments are on",
            writes,
            f"{_MODES[settings.comments]}, {_level(facts, 'comments')}",
            "" if writes else "Customers may only write where the mode is Write.",
            is_choice=not writes,
        ),
        _writing_check(facts),
        _proof_check(facts),
    )


def _dispute_checks(facts: DiagnosticFacts) -> tuple[Check, ...]:
    mode = facts.resolved.settings.disputes
    is_on = mode == DisputeMode.OPEN
    return (
        Check(
            "Disputes are on",
            is_on,
            f"{_DISPUTES[mode]}, {_level(facts, 'disputes')}",
            "" if is_on else f"{_DISPUTES[mode]}, {_level(facts, 'disputes')}.",
            is_choice=not is_on,
        ),
        _writing_check(facts),
        _proof_check(facts),
    )


def _writing_check(facts: DiagnosticFacts) -> Check:
    wanted = facts.resolved.settings.write_auth
    may_write = wanted != WriteAuth.OFF
    return Check(
        "Writing is allowed",
        may_write,
        f"{_PROOFS[wanted]}, {_level(facts, 'write_auth')}",
        "" if may_write else "Nobody may write on this invoice, whatever they prove.",
        is_choice=not may_write,
    )


def _proof_check(facts: DiagnosticFacts) -> Check:
    wanted = facts.resolved.settings.write_auth
    words = "Confirmed who they are"
    if wanted in (WriteAuth.LINK, WriteAuth.OFF):
        return Check(words, wanted == WriteAuth.LINK, "Not asked for", "")
    if wanted == WriteAuth.SESSION and not facts.resolved.settings.allows_sign_in:
        return Check(words, False, reason=_no_sign_in(facts), is_choice=True)
    proven = {
        WriteAuth.CODE: facts.sessions,
        WriteAuth.SESSION: facts.account_sessions,
        WriteAuth.CODE_TOTP: facts.totp_sessions,
    }[wanted]
    if proven:
        many = "1 browser" if proven == 1 else f"{proven} browsers"
        return Check(words, True, f"{many} now")
    # A code that was right, and is not enough.
    short_of = _SHORT_OF.get(wanted) if facts.sessions else None
    reason = short_of or _code_words(facts)
    return Check(
        words,
        False,
        reason=f"{_PROOFS[wanted]}. {reason}",
        is_awaited=not short_of and not _is_stuck(facts),
    )


def _no_sign_in(facts: DiagnosticFacts) -> str:
    level = _level(facts, "allows_sign_in")
    return (
        f"{_PROOFS[WriteAuth.SESSION]}, and signing in is switched off, {level}. "
        "Ask for a mailed code instead, or let customers sign in."
    )


_SHORT_OF = {
    WriteAuth.SESSION: "The code was right, but this contact has no right to see all "
    "invoices. Give it to them on the customer's page, under Contacts.",
    WriteAuth.CODE_TOTP: "The mailed code was right; the one of the app is missing. "
    "Who has lost the app gets a new one by Reset app on the customer's page, under "
    "Sessions.",
}


def _right_checks(facts: DiagnosticFacts) -> tuple[Check, ...]:
    """Say where somebody looks who may not pay. The bare link pays all the same."""
    count = facts.looking_sessions
    if not count:
        return ()
    many = "1 browser" if count == 1 else f"{count} browsers"
    words = f"{many} of a contact without “Can pay”; the bare link pays"
    return (Check("Contacts who pay", True, words),)


def _is_stuck(facts: DiagnosticFacts) -> bool:
    """Tell whether somebody wanted a code and got nowhere with it."""
    code = facts.code
    if code is None:
        return not facts.can_be_mailed
    is_over = code.tries >= CODE_TRIES_MAX or code.expires_at <= facts.now
    return code.used_at is None and is_over


def _code_words(facts: DiagnosticFacts) -> str:
    """Say how far the customer got with the last code."""
    if not facts.can_be_mailed:
        return "There is no email address on file to send one to."
    if facts.code is None:
        return "No code was asked for yet."
    ago = _ago(facts.now, facts.code.created_at)
    if facts.code.used_at is not None:
        return f"The code of {ago} was used; that browser's session has ended."
    if facts.code.tries >= CODE_TRIES_MAX:
        return f"The code of {ago} was mistyped too often."
    if facts.code.expires_at <= facts.now:
        return f"The code of {ago} expired unused."
    return f"A code was asked for {ago} and is waiting to be typed in."


def _link_check(facts: DiagnosticFacts) -> Check:
    words, link = "Link works", facts.link
    if facts.is_draft:
        return Check(words, False, reason="A draft has no link.")
    if link is None:
        return Check(words, False, reason="No link was made. Copy link makes one.")
    if link.revoked_at is not None:
        return Check(words, False, reason="Access was revoked. New link opens it.")
    if link.expires_at is not None and link.expires_at <= facts.now:
        ago = _ago(facts.now, link.expires_at)
        return Check(words, False, reason=f"It expired {ago}. New link opens it.")
    return Check(words, True, _seen(facts))


def _seen(facts: DiagnosticFacts) -> str:
    if facts.seen_at is not None:
        return f"seen {_ago(facts.now, facts.seen_at)}"
    if facts.resolved.settings.activity == ActivityDetail.OFF:
        return "looks are not recorded"
    return "never seen"


def _switch(facts: DiagnosticFacts, words: str, is_on: bool, key: str) -> Check:
    return Check(
        words,
        is_on,
        _level(facts, key),
        "" if is_on else f"Switched off, {_level(facts, key)}.",
        is_choice=not is_on,
    )


def _pay_check(gate: Gate) -> Check:
    return Check(
        gate.name,
        gate.is_open,
        reason=gate.reason,
        is_choice=gate.name == GateName.ENABLED and not gate.is_open,
        # The head of the invoice's page says how far it is.
        is_awaited=gate.name in (GateName.PAYABLE, GateName.OUTSTANDING)
        and not gate.is_open,
    )


def _level(facts: DiagnosticFacts, key: str) -> str:
    """Say who decided, such as "set on this customer"."""
    level = facts.resolved.levels[key]
    return "workspace setting" if level == "workspace" else f"set on this {level}"


def _ago(now: datetime, then: datetime) -> str:
    minutes = int((now - then).total_seconds() // 60)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        count = minutes // size
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
