"""Show an invoice to its customer: read it as they may, write the page from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing_app.database.authentication import OpenedLink
from billing_app.documents.qr import code_of
from billing_app.documents.render import render_sheet
from billing_app.domain.actors import PortalVisitor, SystemActor
from billing_app.domain.behind import describe_lines
from billing_app.domain.billable_event import EventFacts
from billing_app.domain.dates import business_date
from billing_app.domain.document import Standing
from billing_app.domain.formats import format_exact_instant
from billing_app.domain.link_powers import describe_own
from billing_app.domain.portal_invoice import (
    Looking,
    PortalFacts,
    PortalInvoice,
    Replacement,
    ShownFee,
    Weighed,
    describe_invoice,
    payability_of,
    weigh_amount,
)
from billing_app.domain.portal_place import parse_place
from billing_app.domain.portal_proof import find_missing
from billing_app.domain.portal_thread import PortalThreads
from billing_app.queries import credit_notes, late_fees, portal
from billing_app.queries.portal import ReadInvoice, read_document
from billing_app.runtime import Runtime
from billing_app.workflows import conversations


@dataclass(frozen=True, slots=True)
class OpenedInvoice:
    """The page of an invoice: its words, and two drawings as HTML.

    Attributes:
        as_of: when it was read; `clock` says it by the business's clock, `exactly`
            in full, with the zone.
    """

    view: PortalInvoice
    as_of: datetime
    clock: str
    exactly: str
    sheet: str
    payment_code: str


@dataclass(frozen=True, slots=True)
class WeighedAmount:
    """What an amount would mean, and the payment code that asks for it."""

    weighed: Weighed
    payment_code: str


def open_page(
    runtime: Runtime,
    link: OpenedLink,
    base: str,
    came_back: str,
    *,
    since: int = 0,
    before: int = 0,
    has_all_of_disputes: bool = False,
) -> tuple[OpenedInvoice, PortalThreads]:
    """Read an invoice, and what is said on it, as the two are shown together.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    with runtime.reading(link.visitor) as uow:
        read = portal.read_invoice(uow)
        said = conversations.read_threads(
            uow,
            link,
            since=since,
            before=before,
            has_all_of_disputes=has_all_of_disputes,
        )
    return (
        _write(runtime, link, base, came_back, read),
        conversations.describe_threads(runtime, link, base, said, is_end=not before),
    )


def open_invoice(
    runtime: Runtime, link: OpenedLink, base: str, came_back: str = ""
) -> OpenedInvoice:
    """Read an invoice as the visitor of a link and write its page.

    `base` is the path of the page, `came_back` what the way back from the payment
    page says.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    read = runtime.run(link.visitor, portal.read_invoice)
    return _write(runtime, link, base, came_back, read)


def _write(
    runtime: Runtime, link: OpenedLink, base: str, came_back: str, read: ReadInvoice
) -> OpenedInvoice:
    visitor, setup = link.visitor, link.setup
    looking = Looking(
        now=runtime.now(),
        base=base,
        is_preview=visitor.is_preview,
        is_staff=visitor.is_staff,
        came_back=came_back,
        missing=find_missing(setup.settings.write_auth, visitor),
        replaced_by=_replacement(runtime, visitor, read),
        late_fees=_late_fees(runtime, link, read),
    )
    view = describe_invoice(read.facts, setup, looking)
    if place := parse_place(base):
        view = replace(view, powers=describe_own(setup, visitor, place, view.language))
    return OpenedInvoice(
        view=view,
        as_of=looking.now,
        clock=f"{looking.now.astimezone(ZoneInfo(setup.zone)):%H:%M}",
        exactly=format_exact_instant(looking.now, setup.zone, view.language),
        sheet=_sheet(
            read.content,
            view.logo_href,
            _standing(read.facts, view.transfer_minor),
            read.events,
            setup.zone,
        ),
        payment_code=code_of(read.facts.document, view.transfer_minor)
        if view.bank
        else "",
    )


def _replacement(
    runtime: Runtime, visitor: PortalVisitor, read: ReadInvoice
) -> Replacement | None:
    """Read past what the visitor may see: that the invoice is replaced, by which.

    Whoever holds a link to one invoice is told the number, and no more.
    """
    wanted = visitor.invoice_id
    if not read.facts.credited_minor or wanted is None:
        return None
    job = SystemActor(visitor.workspace_id, "portal")
    return runtime.run(job, credit_notes.find_replacement, wanted)


def _late_fees(
    runtime: Runtime, link: OpenedLink, read: ReadInvoice
) -> tuple[ShownFee, ...]:
    """Read what was charged for paying this invoice late.

    Each is another invoice: whoever holds a link to one is told of the others that
    they were charged, and what they come to, and no more.
    """
    wanted = link.visitor.invoice_id
    due_on = read.facts.document.due_on
    today = business_date(runtime.now(), link.setup.zone)
    if wanted is None or due_on is None or today <= due_on:
        return ()
    job = SystemActor(link.visitor.workspace_id, "portal")
    return runtime.run(job, late_fees.list_shown_fees, wanted)


def weigh(
    runtime: Runtime, link: OpenedLink, amount_text: str, invoice_id: int | None = None
) -> WeighedAmount:
    """Say what paying an amount would leave; draw the code for the same amount.

    Raises:
        NotFound, NotPayable: it cannot be paid by this visitor.
    """
    facts = runtime.run(link.visitor, portal.read_invoice, invoice_id).facts
    payability = payability_of(facts, link.setup)
    weighed = weigh_amount(amount_text, payability, facts.document.language)
    minor = weighed.minor or payability.payable_minor
    return WeighedAmount(weighed, code_of(facts.document, minor))


@lru_cache(maxsize=256)
def _sheet(
    content: str,
    logo_href: str,
    standing: Standing,
    events: tuple[EventFacts, ...],
    zone: str,
) -> str:
    """Draw a stored document; while it stands as it does, so does the drawing."""
    document = read_document(content)
    behind = describe_lines(
        events,
        len(document.lines),
        currency=document.currency,
        zone=zone,
        language=document.language,
    )
    return render_sheet(document, logo_href, standing, behind, explains=True)


def _standing(facts: PortalFacts, payable_minor: int) -> Standing:
    """Return what is left of an invoice, and what of it may be paid now."""
    if facts.voided_on:
        return Standing.void(facts.voided_on)
    return Standing(
        facts.allocated_minor,
        facts.credited_minor,
        facts.outstanding_minor,
        facts.written_off_minor,
        payable_minor=payable_minor,
    )
