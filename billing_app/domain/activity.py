"""What happened, in the words that staff read in a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from billing_app.domain import events

TEXT_BY_EVENT: dict[str, str] = {
    event.name(): event.TEXT for event in events.Event.__subclasses__()
}
# Worth keeping, but not worth a line on the dashboard.
QUIET_EVENTS: tuple[str, ...] = tuple(
    event.name()
    for event in (
        events.DraftCreated,
        events.DraftSaved,
        events.LinkCreated,
        events.MemberSecurityChanged,
        events.MemberSignedIn,
        events.MemberSignedOut,
        events.AttemptStarted,
        events.AttemptExpired,
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
    reason = details.get("reason")
    if reason:
        return str(reason)
    channel = details.get("channel")
    return f"by {channel}" if channel else ""
