"""Pay several invoices from the account: what a choice comes to, and paying it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from billing_app.database.authentication import OpenedLink
from billing_app.domain.actors import SystemActor
from billing_app.domain.combined_payment import (
    INVOICES_MAX,
    Asking,
    Split,
    read_split,
    whole_sum,
)
from billing_app.domain.errors import BillingError, NotPermitted
from billing_app.domain.formats import format_short_date
from billing_app.domain.payability import (
    NOT_ONLINE,
    ONLY_LOOKS,
    Gate,
    NotPayable,
    PayabilityFacts,
    find_shut_gate_in_sum,
)
from billing_app.domain.portal_account import PayPart, PayQuote, QuoteRow
from billing_app.domain.portal_invoice import (
    JUST_NOW_DAYS,
    came_back_note,
    field_text,
)
from billing_app.domain.portal_place import PortalPlace
from billing_app.domain.portal_settings import PaymentMode, PortalSetup
from billing_app.domain.speech import Speech, later, speech_for
from billing_app.queries import portal_account
from billing_app.queries.payability import list_askings
from billing_app.queries.portal_account import AccountHead, CurrencySums
from billing_app.runtime import Runtime
from billing_app.workflows import pay_online
from billing_app.workflows.pay_online import Chosen


def describe_payment(
    runtime: Runtime,
    link: OpenedLink,
    place: PortalPlace,
    sums: Iterable[CurrencySums],
    came_back: str,
    speech: Speech,
) -> PayPart:
    """Write what can be paid at once, or why nothing can, and what came of it."""
    note, tone = _note(runtime, link, came_back, speech)
    said = PayPart(note=note, note_tone=tone)
    owed = [it for it in sums if it.outstanding_minor > it.disputed_minor]
    settings = link.setup.settings
    if owed and link.setup.is_pay_refused:
        return PayPart(reason=speech.say(ONLY_LOOKS), note=note, note_tone=tone)
    if not owed or settings.payment != PaymentMode.ONLINE:
        return said
    facts = {it.currency: _facts_of(link.setup, it) for it in owed}
    shut = {name: find_shut_gate_in_sum(each) for name, each in facts.items()}
    open_in = [name for name, gate in shut.items() if gate is None]
    if not open_in:
        gate = shut[owed[0].currency]
        assert gate is not None
        reason = speech.refuse(_of_all(gate)) if settings.allows_payment else ""
        return PayPart(reason=reason, note=note, note_tone=tone)
    several = len(owed) > 1
    return PayPart(
        is_offered=True,
        action=f"{place.account_path}/pay",
        balances=tuple(
            (
                name,
                speech.say("Pay balance in {currency}", currency=name)
                if several
                else speech.say("Pay balance"),
            )
            for name in open_in
        ),
        note=note,
        note_tone=tone,
    )


def list_payable(
    runtime: Runtime, link: OpenedLink, invoice_ids: Collection[int]
) -> frozenset[int]:
    """Return which of a customer's invoices can be paid online now."""
    if not invoice_ids:
        return frozenset()
    visitor = link.visitor
    system = SystemActor(visitor.workspace_id, pay_online.JOB)
    found = runtime.run(system, list_askings, visitor.customer_id, invoice_ids)
    return frozenset(it.invoice_id for it in found if not it.refusal)


def quote(runtime: Runtime, link: OpenedLink, chosen: Chosen) -> PayQuote:
    """Say what a choice comes to and what each invoice would get of it.

    What keeps it from being paid is said in the quote.

    Raises:
        NotFound: one of them is not shown to this visitor.
    """
    visitor = link.visitor
    askings = pay_online.find_chosen(runtime, visitor, chosen)
    system = SystemActor(visitor.workspace_id, pay_online.JOB)
    head = runtime.run(system, portal_account.read_head, visitor.customer_id)
    writer = _Quoted(head, askings, chosen)
    try:
        return writer.quote(read_split(askings, chosen.amount_text))
    except BillingError as refusal:
        return writer.refuse(writer.speech.refuse(refusal))


def start(runtime: Runtime, link: OpenedLink, chosen: Chosen, path: str) -> str:
    """Open the payment page of a choice; return where the customer pays.

    Raises:
        as `pay_online.start_together`.
    """
    if link.visitor.is_preview:
        raise NotPermitted(later("This is a preview; nothing can be paid here."))
    return pay_online.start_together(runtime, link.visitor, chosen, path)


class _Quoted:
    """Writes a choice and what it comes to."""

    def __init__(
        self, head: AccountHead, askings: tuple[Asking, ...], chosen: Chosen
    ) -> None:
        self.head, self.askings, self.chosen = head, askings, chosen
        self.by_id = {it.invoice_id: it for it in askings}
        self.speech = speech_for(head.language)

    def quote(self, found: Split) -> PayQuote:
        currency, minor = found.amount.currency, found.amount.minor
        return PayQuote(
            words=self.words(len(self.askings)),
            total=self.money(minor, currency),
            amount=field_text(minor, currency, self.head.language),
            currency=currency,
            rows=tuple(
                QuoteRow(
                    number=self.by_id[part.invoice_id].number,
                    due=self.due(self.by_id[part.invoice_id]),
                    amount=self.money(part.minor, currency),
                )
                for part in found.parts
            ),
            hint=self.hint(),
        )

    def refuse(self, error: str) -> PayQuote:
        """Show the choice as it is, with what is wrong about it."""
        total, currency = "", self.askings[0].facts.currency if self.askings else ""
        try:
            whole = whole_sum(self.askings)
            total = self.money(whole.minor, whole.currency)
        except BillingError:
            pass
        return PayQuote(
            words=self.words(len(self.askings)),
            total=total,
            amount=self.chosen.amount_text,
            currency=currency,
            hint=self.hint(),
            error=error,
        )

    def hint(self) -> str:
        is_balance = not self.chosen.invoice_ids
        say = self.speech.say
        less = ""
        if len(self.askings) > 1:
            less = say("Enter less to pay the oldest first.")
        elif len(self.askings) == 1 and self.askings[0].facts.allows_partial:
            less = say("Enter less to pay a part.")
        is_cut = is_balance and len(self.askings) == INVOICES_MAX
        parts = (
            less,
            say("What is disputed or already on its way is not part of it.")
            if is_balance
            else "",
            say(
                "These are the oldest {most}. Pay the others after them.",
                most=INVOICES_MAX,
            )
            if is_cut
            else "",
        )
        return " ".join(filter(None, parts))

    def words(self, count: int) -> str:
        return self.speech.count("{count} invoice", "{count} invoices", count)

    def due(self, it: Asking) -> str:
        if it.due_on is None:
            return self.speech.say("due on receipt")
        return self.speech.say("due {date}", date=self.day(it.due_on))

    def money(self, minor: int, currency: str) -> str:
        return self.speech.money(minor, currency)

    def day(self, on: date) -> str:
        return format_short_date(on, self.head.language)


def _note(
    runtime: Runtime, link: OpenedLink, came_back: str, speech: Speech
) -> tuple[str, str]:
    """Say what became of a payment. An address proves nothing: the money does."""
    has_arrived = is_coming = False
    if came_back == "yes":
        today = runtime.now().astimezone(ZoneInfo(link.setup.zone)).date()
        since = today - timedelta(days=JUST_NOW_DAYS)
        has_arrived = runtime.run(link.visitor, portal_account.has_paid_since, since)
    if came_back and not has_arrived:
        is_coming = runtime.run(link.visitor, portal_account.has_debit)
    return came_back_note(
        came_back, speech, has_arrived=has_arrived, is_coming=is_coming
    )


def _facts_of(setup: PortalSetup, sums: CurrencySums) -> PayabilityFacts:
    """Ask the gates of all that is owed in a currency, by the customer's settings."""
    settings = setup.settings
    return PayabilityFacts(
        mode=settings.payment if settings.is_on else PaymentMode.OFF,
        can_charge=setup.can_charge,
        is_issued=True,
        is_published=True,
        is_void=False,
        currency=sums.currency,
        outstanding_minor=sums.outstanding_minor,
        processing_minor=0,
        disputed_minor=sums.disputed_minor,
        allows_partial=settings.allows_partial,
        minimum_minor=0,
        is_allowed=settings.allows_payment,
    )


def _of_all(gate: Gate) -> NotPayable:
    """Say of all invoices what a gate says of one."""
    if gate.customer_reason == NOT_ONLINE:
        return NotPayable(
            later("These invoices can't be paid online. Please pay as agreed.")
        )
    return gate.refusal
