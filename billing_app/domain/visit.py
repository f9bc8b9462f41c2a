"""How sure we are that a person has looked, and what is kept of it.

A page that was asked for says little: mail scanners, link previews and prefetching
browsers ask for it, too. Only a page that was visible counts as seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.portal_settings import ActivityDetail

# What browsers send with a request that nobody looks at yet; and what a page of ours
# does that asks what is new (`web/portal/unreached.jsx`).
_AHEAD_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD_WORDS = ("prefetch", "prerender", "preview", "poll")
# What crawlers, link previews and mail scanners call themselves that run scripts and
# keep a page in view. Cubot makes telephones.
_MACHINES = re.compile(
    r"(?<!cu)bot\b|crawler|spider|externalhit|preview|scanner|safelinks|proofpoint"
    r"|mimecast|barracuda|lighthouse",
    re.IGNORECASE,
)


class Evidence(StrEnum):
    """What a visit rests on, the weakest first."""

    FETCHED = "fetched"
    SEEN = "seen"
    VERIFIED = "verified"


class VisitKind(StrEnum):
    """What was looked at, or taken away."""

    PAGE = "page"
    PDF = "pdf"
    E_INVOICE = "e_invoice"
    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"
    STATEMENT = "statement"
    DOCUMENTS = "documents"


def is_looked_at(method: str, headers: Mapping[str, str]) -> bool:
    """Say whether a request may stand for somebody looking; not HEAD, prefetch, poll.

    `headers` has names in small letters.
    """
    if method != "GET":
        return False
    said = " ".join(headers.get(name, "") for name in _AHEAD_HEADERS).lower()
    return not any(word in said for word in _AHEAD_WORDS)


def is_said_by_a_machine(agent: str) -> bool:
    """Say whether what calls itself so has nobody before it, however long it looks."""
    return _MACHINES.search(agent) is not None


def keeps_fetched(visitor: PortalVisitor, detail: ActivityDetail) -> bool:
    """Say whether what a visitor asks for is written down at all."""
    is_silent = visitor.is_staff or visitor.is_preview
    return not is_silent and detail == ActivityDetail.FULL


def seen_evidence(visitor: PortalVisitor) -> Evidence:
    """Return what it is worth that this visitor has seen a page."""
    return Evidence.VERIFIED if visitor.proof > Proof.LINK else Evidence.SEEN


def once_key(
    visitor: PortalVisitor, evidence: Evidence, kind: VisitKind, now: datetime
) -> str:
    """Name a visit so that the next one within the same hour has the same name.

    One sitting at one page is one visit, however often it is loaded.
    """
    hour = int(now.timestamp()) // 3600
    return f"{evidence}:{kind}:{visitor.label}:{visitor.invoice_id or 0}:{hour}"
