"""What happened, in the words that staff read in a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from billing_app.domain import events
from billing_app.domain.contact import mask_email
from billing_app.domain.formats import format_date
from billing_app.domain.visit import Evidence, VisitKind

TEXT_BY_EVENT: dict[str, str] = {
    event.name(): event.TEXT for event in events.Event.__subclasses__()
}
# Worth keeping, but not worth a line on the dashboard.
QUIET_EVENTS: tuple[str, ...] = tuple(
    event.name()
    for event in (
        events.DraftCreated,
        events.DraftSaved,
        events.DocumentPrinted,
        events.LinkCreated,
        events.MemberSecurityChanged,
        events.MemberSignedIn,
        events.MemberSignedOut,
        events.AttemptStarted,
        events.AttemptExpired,
        events.AttemptShared,
        events.PaymentShared,
    )
)


class ActorKind(StrEnum):
    """Who did it: somebody of ours, the customer, or the product by itself."""

    MEMBER = "member"
    CUSTOMER = "customer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Described:
    """An audit entry in words.

    Attributes:
        detail: what was said about it, such as the reason of a void; may be empty.
        amount_minor: money it is about, in minor units of `currency`, or None.
    """

    text: str
    detail: str
    amount_minor: int | None
    currency: str


def describe(event: str, details: Mapping[str, Any]) -> Described:
    """Put a stored event into words; one of an older version keeps its name."""
    amount = details.get("amount_minor", details.get("total_minor"))
    currency = str(details.get("currency", ""))
    return Described(
        text=TEXT_BY_EVENT.get(event) or event.replace("_", " ").capitalize(),
        detail=_detail(details),
        amount_minor=amount if isinstance(amount, int) and currency else None,
        currency=currency,
    )


def actor_kind(label: str) -> ActorKind:
    """Read the kind from an actor's label, such as `member:3`."""
    kind = label.partition(":")[0]
    if kind == "member":
        return ActorKind.MEMBER
    return ActorKind.CUSTOMER if kind in ("link", "session") else ActorKind.SYSTEM


def _detail(details: Mapping[str, Any]) -> str:
    """Say what there is to say beyond the amount, with a comma between."""
    count = details.get("invoice_count", 1)
    several = f"one payment for {count} invoices" if count > 1 else ""
    said = str(details.get("said", "")) or _detail_of_one(details)
    return ", ".join(filter(None, (several, said)))


def _detail_of_one(details: Mapping[str, Any]) -> str:
    reason = details.get("reason")
    if reason:
        return str(reason)
    promised_on = details.get("promised_on")
    if promised_on:
        return f"by {format_date(date.fromisoformat(promised_on), 'en')}"
    email = details.get("email")
    if email:
        return mask_email(str(email))
    channel = details.get("channel")
    return f"by {channel}" if channel else ""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a timeline.

    Attributes:
        key: unlike every other line's.
        event: its stored name, which picks an icon.
        channel: how it came about, such as "through the link"; may be empty.
        who: a member's name, or a customer's address without its middle.
        amount_minor: money it is about, in minor units of `currency`, or None.
    """

    key: str
    event: str
    text: str
    detail: str
    channel: str
    who: str
    at: datetime
    invoice_id: int | None
    invoice_number: str
    amount_minor: int | None
    currency: str


# What a visit says about who has looked.
_VISIT_TEXT = {
    Evidence.FETCHED: ("Page fetched", "perhaps by a mail scanner"),
    Evidence.SEEN: ("Page seen", "visible for two seconds"),
    Evidence.VERIFIED: ("Page seen, verified", "by somebody who confirmed a code"),
}
_DOWNLOAD_TEXT = {
    VisitKind.PDF: "PDF downloaded",
    VisitKind.E_INVOICE: "E-invoice downloaded",
    VisitKind.RECEIPT: "Receipt downloaded",
    VisitKind.CREDIT_NOTE: "Credit note downloaded",
    VisitKind.STATEMENT: "Statement downloaded",
    VisitKind.DOCUMENTS: "Documents downloaded",
}
_CHANNELS = {
    "link": "through the link",
    "session": "signed in",
    "system": "automatically",
}


# Their own words say how they came about.
_SELF_EVIDENT = frozenset(
    event.name()
    for event in (
        events.AttemptStarted,
        events.AttemptProcessing,
        events.AttemptFailed,
        events.AttemptDeclined,
        events.AttemptExpired,
        events.CustomerChangedAccount,
        events.CustomerSignedIn,
        events.PaymentRefunded,
        events.ReminderSent,
    )
)


def describe_happened(
    *,
    key: str,
    event: str,
    details: Mapping[str, Any],
    actor: str,
    actor_name: str,
    email: str,
    at: datetime,
    invoice_id: int | None,
    invoice_number: str,
) -> Happened:
    """Put a stored event, or a visit, into the words of a timeline.

    A visit comes as the event `visit:<evidence>`, its kind in `actor_name`.
    """
    is_visit = event.startswith("visit:")
    described = describe(event, details)
    if is_visit:
        described = _describe_visit(event, actor_name, is_account=invoice_id is None)
        if email:
            # Who looked is known, so nobody needs to guess.
            described = replace(described, detail="")
    origin = "" if event in _SELF_EVIDENT else actor.partition(":")[0]
    return Happened(
        key=key,
        event=event,
        text=described.text,
        detail=described.detail,
        channel=_CHANNELS.get(origin, ""),
        who=mask_email(email) or ("" if is_visit else actor_name),
        at=at,
        invoice_id=invoice_id,
        invoice_number=invoice_number,
        amount_minor=described.amount_minor,
        currency=described.currency,
    )


def _describe_visit(event: str, kind: str, *, is_account: bool) -> Described:
    evidence = Evidence(event.partition(":")[2])
    text, detail = _VISIT_TEXT[evidence]
    if kind in _DOWNLOAD_TEXT:
        text, detail = _DOWNLOAD_TEXT[VisitKind(kind)], ""
    elif is_account:
        text = text.replace("Page", "Account")
    return Described(text, detail, None, "")
