"""Show a customer their account: read it as they may, write the page from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from billing_app.database.authentication import NO_COOKIES, OpenedLink, open_portal
from billing_app.domain.actors import Proof, SystemActor
from billing_app.domain.aging import AgeBucket
from billing_app.domain.behind import Behind, BehindEvent, describe_lines
from billing_app.domain.branding import brand_style, correct_brand, initials
from billing_app.domain.comment import shorten, shown_name
from billing_app.domain.contact import mask_email
from billing_app.domain.dispute import CREDITED_IN_PART
from billing_app.domain.document import DocumentLine, InvoiceDocument
from billing_app.domain.errors import NotFound
from billing_app.domain.formats import (
    format_date,
    format_exact_instant,
    format_percent,
    format_price,
    format_quantity,
    format_short_date,
)
from billing_app.domain.invoice import InvoiceStatus
from billing_app.domain.link_powers import describe_own
from billing_app.domain.payment import PaymentStatus, say_method
from billing_app.domain.portal_account import (
    AccountFrame,
    AccountList,
    AccountPayment,
    AgeBar,
    AgeLine,
    BehindLine,
    Choice,
    Fold,
    FoldComment,
    FoldDispute,
    FoldLine,
    ListRow,
    Moment,
    PaidInvoice,
    PayPart,
    Stat,
)
from billing_app.domain.portal_dispute import DisputeFacts, part_words
from billing_app.domain.portal_invoice import (
    Looking,
    contacts,
    describe_invoice,
    is_word_mark,
    staff_words,
)
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PaymentMode,
    PortalSettings,
    PortalSetup,
    status_words,
)
from billing_app.domain.speech import Speech, later, later_as, speech_for
from billing_app.domain.status_words import customer_word
from billing_app.domain.trace import (
    PartKind,
    PrintedPart,
    explain_outstanding,
    explain_received,
)
from billing_app.domain.units import unit_words
from billing_app.queries import portal_account
from billing_app.queries.portal_account import (
    Account,
    AccountFilter,
    AccountHead,
    AccountRow,
    AccountSort,
    AccountTab,
    CurrencySums,
    History,
    PaidPart,
    PaymentFacts,
    Period,
    ReminderFacts,
    Unfolded,
    parse_account_filter,
)
from billing_app.queries.portal_rules import (
    read_choices_of_invoices,
    read_invoice_rules,
)
from billing_app.runtime import Runtime
from billing_app.services.portal_sessions import list_choices
from billing_app.workflows.account_payments import describe_payment, list_payable

# As much of a conversation as stands behind a row; the invoice has all of it.
_FOLD_COMMENTS = 4
_FOLD_COMMENT_LENGTH = 240
# Payments at first, and where all of them are asked for; a statement has the rest.
_PAYMENTS_SHOWN = 10
_PAYMENTS_MAX = 250
# A parameter that a page of ours wrote is no longer.
_KEPT_LENGTH_MAX = 200

# The parameters of the list, in the order that addresses carry them; and those that
# say which list it is.
_CURSORS = ("after", "before")
PARAMETERS = (
    *("status", "q", "age", "currency", "period", "from", "to", "archived", "sort"),
    *("payments", *_CURSORS),
)
NARROWED_BY = tuple(name for name in PARAMETERS if name not in _CURSORS)


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """The page of an account; `clock` and `exactly` as in `OpenedInvoice`."""

    frame: AccountFrame
    list: AccountList
    as_of: datetime
    clock: str
    exactly: str


def open_account(
    runtime: Runtime,
    link: OpenedLink,
    place: PortalPlace,
    typed: Mapping[str, str],
    came_back: str = "",
) -> OpenedAccount:
    """Read one page of an account, as an address asks for it, and write it out.

    `came_back` is what the way back from a payment page says.

    Raises:
        NotFound: the link opens one invoice and no account.
    """
    head = read_head(runtime, link)
    wanted = parse_account_filter(typed)
    account = runtime.run(
        link.visitor,
        portal_account.read_account,
        wanted,
        link.setup.zone,
        head.fiscal_month,
        link.setup.settings.late_rules,
    )
    speech = speech_for(head.language)
    pay = describe_payment(runtime, link, place, account.sums, came_back, speech)
    payable = frozenset[int]()
    if pay.is_offered:
        owed = [row.id for row in account.page.rows if row.outstanding_minor > 0]
        payable = list_payable(runtime, link, owed)
    most = _PAYMENTS_MAX if typed.get("payments") == "all" else _PAYMENTS_SHOWN
    history = runtime.run(link.visitor, portal_account.list_payments, most)
    paid = {part.invoice_id for it in history.payments for part in it.parts}
    listed = {row.id for row in account.page.rows}
    own = read_own_settings(runtime, link, listed | paid)
    is_preview = link.visitor.is_preview
    # Each link of the list repeats them.
    kept = {name: typed.get(name, "")[:_KEPT_LENGTH_MAX] for name in PARAMETERS}
    writer = _Writer(
        *(link, head, account, own, wanted, place, kept, is_preview, pay, payable),
        *(history, _may_change(runtime, link)),
    )
    now = runtime.now()
    return OpenedAccount(
        frame=writer.frame(),
        list=writer.list(),
        as_of=now,
        clock=f"{now.astimezone(ZoneInfo(link.setup.zone)):%H:%M}",
        exactly=format_exact_instant(now, link.setup.zone, head.language),
    )


def _may_change(runtime: Runtime, link: OpenedLink) -> bool:
    """Say whether whoever has signed in may go on to another customer's account."""
    if link.visitor.proof != Proof.SESSION:
        return False
    job = SystemActor(link.visitor.workspace_id, "portal")
    choices = runtime.run(job, list_choices, link.email)
    return any(it.customer_id != link.visitor.customer_id for it in choices)


def read_head(runtime: Runtime, link: OpenedLink) -> AccountHead:
    """Return whose account a page shows; customers cannot read that themselves."""
    if link.visitor.invoice_id is not None:
        raise NotFound("Invoice not found.")
    job = SystemActor(link.visitor.workspace_id, "portal")
    return runtime.run(job, portal_account.read_head, link.visitor.customer_id)


def sign_in_path(runtime: Runtime, place: PortalPlace) -> str:
    """Return where somebody signs in who lacks the proof for an account.

    Raises:
        NotFound, PortalNotAvailable: the address leads nowhere at all.
    """
    if place.door == Door.SIGNED_IN:
        return f"/account/{quote(place.slug)}/sign-in"
    by_link = PortalPlace(place.door, place.key, is_account=False)
    link = open_portal(runtime.engine, by_link, NO_COOKIES, runtime.now())
    return f"/account/{link.setup.slug}/sign-in"


def unfold(
    runtime: Runtime, link: OpenedLink, place: PortalPlace, invoice_id: int
) -> Fold:
    """Read what lies behind a row of the list and write it out.

    Raises:
        NotFound: the invoice is not shown to this visitor.
    """
    link = _as_set_for(runtime, link, invoice_id)
    settings = link.setup.settings
    found = runtime.run(
        link.visitor,
        portal_account.unfold,
        invoice_id,
        shows_reminders=settings.shows_reminders,
        shows_disputes=settings.disputes != DisputeMode.OFF,
    )
    base = place.invoice_path(invoice_id)
    looking = Looking(runtime.now(), base, is_preview=link.visitor.is_preview)
    return _Folder(found, link, looking).write()


def _as_set_for(runtime: Runtime, link: OpenedLink, invoice_id: int) -> OpenedLink:
    """Return the link with what the invoice's own settings show of what was said.

    The account's page opened with those of the customer, which may be wider.
    """
    job = SystemActor(link.visitor.workspace_id, "portal")
    own = runtime.run(job, read_invoice_rules, invoice_id).settings
    settings = replace(
        link.setup.settings,
        comments=own.comments,
        disputes=own.disputes,
        shows_pdf=own.shows_pdf,
    )
    return replace(link, setup=replace(link.setup, settings=settings))


def read_own_settings(
    runtime: Runtime, link: OpenedLink, invoice_ids: Collection[int]
) -> Mapping[int, PortalSettings]:
    """Return what was chosen for invoices that the visitor was shown, by their id."""
    job = SystemActor(link.visitor.workspace_id, "portal")
    return runtime.run(job, read_choices_of_invoices, invoice_ids)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one page; every method is a part of it.

    Attributes:
        own: what was chosen for each invoice of the list and of the payments.
        may_change: who has signed in has proven the address of others, too.
    """

    link: OpenedLink
    head: AccountHead
    account: Account
    own: Mapping[int, PortalSettings]
    wanted: AccountFilter
    place: PortalPlace
    typed: dict[str, str]
    is_preview: bool
    pay: PayPart
    payable: frozenset[int]
    history: History
    may_change: bool

    def frame(self) -> AccountFrame:
        head, settings = self.head, self.link.setup.settings
        branding = head.branding
        seller = head.business or head.seller.name
        digest = branding.logo_digest
        today = self.account.moment.today
        return AccountFrame(
            language=head.language,
            title=self.say(
                "{customer}, invoices from {business}",
                customer=head.customer,
                business=seller,
            ),
            customer=head.customer,
            seller=seller,
            seller_mark=initials(seller),
            legal_name=head.seller.name,
            logo_href=f"/logo/{digest}.png" if digest else "",
            logo_says_name=is_word_mark(branding),
            contacts=tuple(contacts(head.seller)),
            brand=brand_style(correct_brand(branding.accent)),
            welcome=settings.welcome.strip(),
            shows_badge=settings.shows_badge,
            is_preview=self.is_preview,
            staff_words=staff_words(self.link.visitor),
            sign_out_href=self.of_session("sign-out"),
            change_href=self.of_session("change") if self.may_change else "",
            stats=self.stats(),
            ages=tuple(self.ages()),
            base=self.place.account_path,
            shows_pdf=settings.shows_pdf,
            offers_files=self.link.visitor.may_export,
            statement_first=self.account.year_start.isoformat(),
            statement_last=today.isoformat(),
            pay=self.pay,
            payments=(*self.debits(), *self.payments()),
            payments_href=self.payments_href,
            powers=describe_own(
                self.link.setup, self.link.visitor, self.place, head.language
            ),
        )

    def of_session(self, step: str) -> str:
        is_signed_in = self.link.visitor.proof == Proof.SESSION
        return f"/account/{self.link.setup.slug}/{step}" if is_signed_in else ""

    @property
    def payments_href(self) -> str:
        is_all = self.typed["payments"] == "all"
        more = self.history.has_more and not is_all
        return f"{self.address(payments='all')}#payments" if more else ""

    def debits(self) -> Iterator[AccountPayment]:
        zone = ZoneInfo(self.link.setup.zone)
        for it in self.history.debits:
            yield AccountPayment(
                key=f"debit-{it.id}",
                received_on=self.day(it.started_at.astimezone(zone).date()),
                method=self.say("Bank debit"),
                note="",
                amount=self.money(it.amount_minor, it.currency),
                word=self.speech.say_as("status", "Processing"),
                is_processing=True,
            )

    def payments(self) -> Iterator[AccountPayment]:
        for it in self.history.payments:
            is_settled = it.status == PaymentStatus.SETTLED
            yield AccountPayment(
                key=str(it.id),
                received_on=self.day(it.received_on),
                method=say_method(it.method, it.method_detail, self.speech),
                note=" · ".join(self.remarks(it)),
                amount=self.money(it.amount_minor, it.currency),
                word="" if is_settled else self.say("Returned"),
                invoices=tuple(self.paid(it, part) for part in it.parts)
                if is_settled
                else (),
            )

    def remarks(self, it: PaymentFacts) -> Iterator[str]:
        if it.reference:
            yield self.say("Reference {reference}", reference=it.reference)
        if it.refunded_minor > 0:
            amount = self.money(it.refunded_minor, it.currency)
            yield self.say("{amount} refunded", amount=amount)
        if it.credit_minor > 0 and it.status == PaymentStatus.SETTLED:
            amount = self.money(it.credit_minor, it.currency)
            yield self.say("{amount} kept as your credit", amount=amount)

    def paid(self, it: PaymentFacts, part: PaidPart) -> PaidInvoice:
        href = self.place.invoice_path(part.invoice_id)
        has_file = part.receipt and self.own[part.invoice_id].shows_pdf
        is_whole = part.minor == it.amount_minor or not part.minor
        return PaidInvoice(
            number=part.number,
            href=href + ("?preview=1" if self.is_preview else ""),
            words="" if is_whole else self.money(part.minor, it.currency),
            receipt_href=f"{href}/receipts/{it.id}.pdf" if has_file else "",
        )

    def stats(self) -> tuple[Stat, ...]:
        sums = self.account.sums
        home = self.link.setup.home_currency
        opened = sum(it.open_count for it in sums)
        overdue = sum(it.overdue_count for it in sums)
        paid = sum(it.paid_count for it in sums)
        disputed = sum(it.disputed_count for it in sums)
        start = format_date(self.account.year_start, self.head.language)
        # A currency in which nothing is open, paid or disputed is left out of a card.
        owed = Stat(
            self.say("Outstanding"),
            self.amounts({it.currency: it.outstanding_minor for it in sums}, home),
            self.invoices(opened) if opened else self.say("Nothing to pay"),
            self.speech.count(
                "{count} overdue",
                "{count} overdue",
                overdue,
                count=self.speech.number(overdue),
            )
            if overdue
            else "",
            parts=tuple(part for it in sums for part in self.outstanding_parts(it)),
        )
        received = Stat(
            self.say("Paid this year"),
            self.amounts({it.currency: it.paid_minor for it in sums}, home),
            self.speech.count(
                "{count} payment since {date}",
                "{count} payments since {date}",
                paid,
                count=self.speech.number(paid),
                date=start,
            )
            if paid
            else self.say("No payments since {date}", date=start),
            parts=tuple(part for it in sums for part in self.received_parts(it)),
        )
        questioned = Stat(
            self.speech.say_as("status", "Disputed"),
            self.amounts({it.currency: it.disputed_minor for it in sums}, home),
            self.speech.count(
                "{count} invoice, included in outstanding",
                "{count} invoices, included in outstanding",
                disputed,
                count=self.speech.number(disputed),
            )
            if disputed
            else self.say("Nothing is disputed"),
            parts=tuple(self.disputed_parts(sums)),
        )
        return (owed, received, *([questioned] if self.speaks_of_disputes else []))

    def outstanding_parts(self, sums: CurrencySums) -> Iterator[PrintedPart]:
        """Say how old what is outstanding is; each part leads to its invoices."""
        by_age = [age.minor for age in sums.ages]
        for part in explain_outstanding(sums.outstanding_minor, by_age):
            age = sums.ages[part.place]
            href = self.whole_list(age=age.bucket.value, currency=sums.currency)
            yield PrintedPart(
                self.age_words(age.bucket),
                self.invoices(age.count),
                self.money(age.minor, sums.currency),
                href,
            )

    def disputed_parts(self, sums: Iterable[CurrencySums]) -> Iterator[PrintedPart]:
        for it in sums:
            if it.disputed_minor:
                bucket = AgeBucket.DISPUTED.value
                href = self.whole_list(age=bucket, currency=it.currency)
                amount = self.money(it.disputed_minor, it.currency)
                yield PrintedPart(self.invoices(it.disputed_count), "", amount, href)

    def received_parts(self, sums: CurrencySums) -> Iterator[PrintedPart]:
        """Name the latest payments of the year, less what of them went back."""
        start, today = self.account.year_start, self.account.moment.today
        latest = [
            it
            for it in self.history.payments
            if it.currency == sums.currency
            and it.status == PaymentStatus.SETTLED
            and start <= it.received_on <= today
        ]
        kept = [it.amount_minor - it.refunded_minor for it in latest]
        for part in explain_received(sums.paid_minor, sums.paid_count, kept):
            amount = self.money(part.amount_minor, sums.currency)
            if part.kind == PartKind.MORE_PAYMENTS:
                more = self.speech.count(
                    "{count} payment more",
                    "{count} payments more",
                    part.place,
                    count=self.speech.number(part.place),
                )
                href = f"{self.address(payments='all')}#payments"
                yield PrintedPart(more, "", amount, href)
                continue
            it = latest[part.place]
            method = say_method(it.method, it.method_detail, self.speech)
            refunded = ""
            if it.refunded_minor > 0:
                back = self.money(it.refunded_minor, it.currency)
                refunded = self.say("{amount} refunded", amount=back)
            words = f"{self.day(it.received_on)}, {method}"
            yield PrintedPart(words, refunded, amount)

    def whole_list(self, **narrowed: str) -> str:
        """Return the list with all that counts, archived ones too, and no more."""
        others = ("status", "q", "period", "from", "to")
        return self.address(**dict.fromkeys(others, ""), archived="1", **narrowed)

    @property
    def speaks_of_disputes(self) -> bool:
        """Say whether a dispute is possible here, or stands from when it was."""
        return self.link.setup.settings.disputes != DisputeMode.OFF or any(
            it.disputed_count for it in self.account.sums
        )

    def amounts(self, by_currency: dict[str, int], home: str) -> tuple[str, ...]:
        some = {name: minor for name, minor in by_currency.items() if minor}
        return tuple(
            self.money(minor, name)
            for name, minor in (some or {next(iter(by_currency), home): 0}).items()
        )

    def ages(self) -> Iterator[AgeBar]:
        owed = [it for it in self.account.sums if it.open_count]
        for it in owed:
            title = (
                self.say("Outstanding by age in {currency}", currency=it.currency)
                if len(owed) > 1
                else self.say("Outstanding by age")
            )
            yield AgeBar(title, tuple(self.age_lines(it, len(owed))))

    def age_lines(self, sums: CurrencySums, currencies: int) -> Iterator[AgeLine]:
        currency = sums.currency if currencies > 1 else ""
        for place, age in enumerate(sums.ages):
            is_disputed = age.bucket == AgeBucket.DISPUTED
            if is_disputed and not self.speaks_of_disputes:
                continue
            percent = age.minor * 1000 // max(1, sums.outstanding_minor) / 10
            yield AgeLine(
                key=age.bucket.value,
                words=self.age_words(age.bucket),
                tone="disputed" if is_disputed else str(place),
                count=self.speech.number(age.count),
                amount=self.money(age.minor, sums.currency),
                # A sliver of the bar is still one.
                percent=max(percent, 0.1) if age.minor > 0 else 0,
                href=self.address(
                    age=age.bucket.value,
                    currency=currency,
                    **dict.fromkeys(("status", "q", "period", "from", "to"), ""),
                ),
            )

    def list(self) -> AccountList:
        account, wanted, page = self.account, self.wanted, self.account.page
        is_all = wanted.is_plain and wanted.tab == AccountTab.ALL
        hides = account.hides_all
        is_whole = not (page.newer or page.older)
        count = self.speech.count(
            "{count} invoice",
            "{count} invoices",
            account.count.seen,
            count=str(account.count),
        )
        shown = self.say(
            "{first}–{last} of {count}",
            first=self.speech.number(page.first),
            last=self.speech.number(page.last),
            count=count,
        )
        return AccountList(
            shape="rows" if page.rows else "none" if hides or not is_all else "empty",
            rows=tuple(self.row(row) for row in page.rows),
            tabs=tuple(self.tabs()),
            periods=tuple(self.periods()),
            period=next((it.key for it in self.periods() if it.is_current), "all"),
            first=_iso(wanted.issued.first),
            last=_iso(wanted.issued.last),
            heads=tuple(self.heads()),
            archived=self.archived(),
            filters=self.filters(),
            asked=self.address().partition("?")[2],
            text=wanted.text,
            count=str(account.count),
            range_words=count if is_whole else shown,
            newer_href=self.address(before=page.newer) if page.newer else "",
            older_href=self.address(after=page.older) if page.older else "",
            none_words=self.none_words(),
            narrowed=self.narrowed(),
            plain_href="" if is_all else self.plain_address(),
            hidden=tuple(
                (name, text)
                for name, text in self.typed.items()
                if text and name not in ("q", "from", "to", *_CURSORS)
            )
            + ((("preview", "1"),) if self.is_preview else ()),
        )

    def filters(self) -> str:
        wanted = self.wanted
        has_tab = wanted.tab != AccountTab.ALL and wanted.bucket is None
        has_period = bool(wanted.period) or not wanted.issued.is_open
        count = has_tab + has_period
        return self.speech.number(count) if count else ""

    def row(self, it: AccountRow) -> ListRow:
        settings = self.link.setup.settings
        href = self.place.invoice_path(it.id)
        is_open = it.outstanding_minor > 0 and it.status not in _NOTHING_TO_PAY
        can_choose = it.id in self.payable
        # What was chosen for the invoice counts, which may differ from the account.
        own = self.own[it.id].payment
        can_pay = is_open and own != PaymentMode.OFF and self.link.visitor.may_pay
        if own == PaymentMode.ONLINE and self.pay.is_offered:
            can_pay = can_choose
        is_disputed = is_open and it.disputed_minor >= it.outstanding_minor
        asked = "?preview=1" if self.is_preview else ""
        total = self.money(it.total_minor, it.currency)
        balance = self.money(max(0, it.outstanding_minor), it.currency)
        due = self.day(it.due_on) if it.due_on else self.say("On receipt")
        return ListRow(
            id=it.id,
            key=str(it.id),
            number=it.number,
            order=it.purchase_order,
            issued=self.day(it.issued_on),
            due=due,
            is_late=it.status == InvoiceStatus.OVERDUE,
            status="Disputed" if is_disputed else customer_word(it.status),
            status_words=self.speech.say_as("status", "Disputed")
            if is_disputed
            else status_words(settings, it.status, self.speech),
            note=self.row_note(it, is_disputed),
            total=total,
            balance=balance,
            phone_amount=balance if it.outstanding_minor > 0 else total,
            is_settled=it.outstanding_minor <= 0,
            href=href + asked,
            pay_href=f"{href}{asked}#payment" if can_pay else "",
            pay_words=self.say("Pay")
            if own == PaymentMode.ONLINE
            else self.say("How to pay"),
            pdf_href=f"{href}/invoice.pdf" if self.own[it.id].shows_pdf else "",
            can_choose=can_choose,
        )

    def row_note(self, it: AccountRow, is_disputed: bool) -> str:
        parts: list[str] = []
        if it.disputed_minor > 0 and not is_disputed:
            amount = self.money(it.disputed_minor, it.currency)
            parts.append(self.say("{amount} disputed", amount=amount))
        if it.is_archived:
            parts.append(self.speech.say_as("status", "Archived"))
        return ", ".join(parts)

    def tabs(self) -> Iterator[Choice]:
        for tab, words in _TAB_WORDS.items():
            if not self.offers(tab):
                continue
            yield Choice(
                key=tab.value or "all",
                words=self.speech.say_as("filter", words),
                href=self.address(status=tab.value, age="", currency=""),
                count=self.speech.number(self.account.tabs[tab]),
                is_current=self.wanted.tab == tab and self.wanted.bucket is None,
            )

    def offers(self, tab: AccountTab) -> bool:
        """Leave out what can't be there; a tab that is open stays."""
        if tab == AccountTab.DISPUTED:
            return self.speaks_of_disputes or self.wanted.tab == tab
        if tab == AccountTab.CREDITED:
            return bool(self.account.tabs[tab]) or self.wanted.tab == tab
        return True

    def periods(self) -> Iterator[Choice]:
        for period, words in _PERIOD_WORDS.items():
            is_current = self.wanted.period == period and self.wanted.issued.is_open
            yield Choice(
                period.value or "all",
                self.say(words),
                self.address(period=period.value, **{"from": "", "to": ""}),
                is_current=is_current,
            )
        if not self.wanted.issued.is_open:
            days = self.wanted.issued
            first, last = (self.day(day) if day else "…" for day in _ends(days))
            words = self.say("{first} to {last}", first=first, last=last)
            yield Choice("range", words, self.address(), is_current=True)

    def heads(self) -> Iterator[Choice]:
        for sort, words in _HEAD_WORDS.items():
            is_current = self.wanted.sort == sort
            down = self.wanted.is_descending
            turned = f"-{sort}" if not (is_current and down) else sort.value
            direction = "descending" if down else "ascending"
            yield Choice(
                sort.value,
                self.say(words),
                self.address(sort=turned),
                is_current=is_current,
                direction=direction if is_current else "none",
            )

    def archived(self) -> Choice:
        shown = self.wanted.includes_archived
        return Choice(
            "archived",
            self.say("Include archived"),
            self.address(archived="" if shown else "1"),
            is_current=shown,
        )

    def narrowed(self) -> str:
        bucket = self.wanted.bucket
        if bucket is None:
            return ""
        words = self.age_words(bucket)
        return " · ".join(filter(None, (words, self.wanted.currency)))

    def age_words(self, bucket: AgeBucket) -> str:
        has_grace = self.link.setup.settings.grace_days > 0
        if bucket == AgeBucket.CURRENT and has_grace:
            return self.say("Not late yet")
        return self.say(_AGE_WORDS[bucket])

    def none_words(self) -> str:
        hidden = self.say("Archived ones are hidden.")
        if self.wanted.is_plain and self.wanted.tab == AccountTab.ALL:
            return hidden
        said = (
            self.say("“{text}” matches no invoice.", text=self.wanted.text)
            if self.wanted.text
            else self.say("This matches no invoice.")
        )
        if self.wanted.includes_archived:
            return said
        return f"{said} {hidden}"

    def address(self, **changes: str) -> str:
        """Return the page with some parameters changed, at the list's beginning."""
        typed = self.typed | dict.fromkeys(_CURSORS, "") | changes
        wanted = {name: text for name, text in typed.items() if text}
        return self.with_preview(wanted)

    def plain_address(self) -> str:
        return self.with_preview({})

    def with_preview(self, wanted: dict[str, str]) -> str:
        if self.is_preview:
            wanted = wanted | {"preview": "1"}
        path = self.place.account_path
        return f"{path}?{urlencode(wanted, safe='.~')}" if wanted else path

    def money(self, minor: int, currency: str) -> str:
        return self.speech.money(minor, currency)

    @property
    def speech(self) -> Speech:
        return speech_for(self.head.language)

    def say(self, words: str, /, **values: object) -> str:
        return self.speech.say(words, **values)

    def invoices(self, count: int) -> str:
        return self.speech.count(
            "{count} invoice",
            "{count} invoices",
            count,
            count=self.speech.number(count),
        )

    def day(self, on: date) -> str:
        return format_short_date(on, self.head.language)


@dataclass(frozen=True, slots=True)
class _Folder:
    """Writes what lies behind one row."""

    found: Unfolded
    link: OpenedLink
    looking: Looking

    def write(self) -> Fold:
        document = self.document
        facts = replace(self.found.invoice.facts, document=document)
        view = describe_invoice(facts, self.setup, self.looking)
        has_talk = self.setup.settings.comments != CommentMode.OFF
        return Fold(
            lines=tuple(self.lines()),
            disputes=tuple(self.disputes(None)),
            sums=tuple(self.sums()),
            total=self.money(document.total_minor),
            payments=view.payments,
            history=tuple(self.history()),
            comments=self.comments(None) if has_talk else (),
            talk_href=f"{self.looking.base}#comments" if has_talk else "",
        )

    @property
    def setup(self) -> PortalSetup:
        return self.link.setup

    @property
    def document(self) -> InvoiceDocument:
        """Return what was issued, to be read in the language of the account's page."""
        issued = self.found.invoice.facts.document
        return replace(issued, language=self.setup.language)

    def lines(self) -> Iterator[FoldLine]:
        group = ""
        lines = zip(self.document.lines, self.behind(), strict=True)
        for position, (line, behind) in enumerate(lines, start=1):
            yield FoldLine(
                heading=line.group if line.group != group else "",
                name=line.name,
                detail=self.detail(line),
                amount=self.money(line.amount_minor),
                behind=tuple(_behind_line(it) for it in behind.events),
                is_by_hand=bool(self.found.invoice.events) and not behind.count,
                more=self.speech.count(
                    "and {count} more = {amount}",
                    "and {count} more = {amount}",
                    behind.more_count,
                    count=self.speech.number(behind.more_count),
                    amount=behind.more_amount,
                )
                if behind.more_count
                else "",
                disputes=tuple(self.disputes(position)),
            )
            group = line.group

    def detail(self, line: DocumentLine) -> str:
        """Say how many at what price, where that is more than one of something."""
        language, currency = self.document.language, self.document.currency
        if line.quantity == 1 and not line.unit:
            return line.description
        quantity = format_quantity(line.quantity, language)
        price = format_price(line.unit_price, currency, language)
        unit = unit_words(line.unit, line.quantity, speech_for(language))
        count = f"{quantity} {unit}".strip()
        return "\n".join(filter(None, (line.description, f"{count} × {price}")))

    def behind(self) -> tuple[Behind, ...]:
        """Return what is behind each line; nothing where it was entered by hand."""
        document = self.document
        count = len(document.lines)
        found = describe_lines(
            self.found.invoice.events,
            count,
            currency=document.currency,
            zone=self.setup.zone,
            language=document.language,
            shown_max=_EVENTS_SHOWN,
        )
        return found or (Behind.EMPTY,) * count

    def disputes(self, position: int | None) -> Iterator[FoldDispute]:
        for it in self.found.disputes:
            if it.line_position == position:
                yield self.dispute(it)

    def dispute(self, it: DisputeFacts) -> FoldDispute:
        say = self.speech.say
        opened = f"{self.instant(it.opened_at)}, {self.money(it.amount_minor)}"
        if it.resolved_at is None:
            note = say(
                "{opened}, being checked by {business}",
                opened=opened,
                business=self.seller,
            )
        else:
            ended = say(
                "{outcome} on {date}",
                outcome=say(_outcome_words(it)),
                date=self.instant(it.resolved_at),
            )
            part = part_words(self.document, it.part_minor)
            note = f"{opened}. {ended}. {part}" if part else f"{opened}. {ended}"
        return FoldDispute(
            say("You questioned this line")
            if it.line_position is not None
            else say("You questioned this invoice"),
            it.reason,
            note,
            it.answer,
            it.is_open,
            self.comments(it.id),
        )

    def comments(self, dispute_id: int | None) -> tuple[FoldComment, ...]:
        """Write the last comments of one conversation in short."""
        said = [it for it in self.found.comments if it.dispute_id == dispute_id]
        return tuple(
            FoldComment(
                author=shown_name(
                    it.author_name, self.setup.settings, self.link.visitor
                ),
                when=self.instant(it.created_at),
                words=shorten(it.body, _FOLD_COMMENT_LENGTH),
            )
            for it in said[-_FOLD_COMMENTS:]
        )

    def sums(self) -> Iterator[tuple[str, str]]:
        for it in self.document.adjustments:
            yield it.reason, self.money(it.amount_minor)
        for tax in self.document.taxes:
            if tax.tax_minor:
                percent = format_percent(tax.percent, self.document.language)
                # Many a tax carries its rate in its name.
                named = "%" in tax.name
                words = tax.name if named else f"{tax.name} {percent}"
                # Where prices include it, it does not add up to the total.
                if self.document.prices_inclusive:
                    words = self.speech.say("Includes {tax}", tax=words)
                yield words, self.money(tax.tax_minor)

    def history(self) -> Iterator[Moment]:
        document, facts = self.document, self.found.invoice.facts
        say = self.speech.say
        yield Moment(say("Invoice issued"), self.day(document.issued_on))
        moments = [
            *(
                (
                    self.local_day(it.sent_at),
                    Moment(say("Reminder sent"), self.sent(it)),
                )
                for it in self.found.reminders
            ),
            *(
                (
                    self.local_day(it.opened_at),
                    Moment(say("Questioned"), self.instant(it.opened_at), "hot"),
                )
                for it in self.found.disputes
            ),
            *(
                (
                    it.issued_on,
                    Moment(
                        say("Credit note {number}", number=it.number),
                        self.day(it.issued_on),
                    ),
                )
                for it in facts.credit_notes
            ),
            *(
                (
                    it.received_on,
                    Moment(say("Payment received"), self.day(it.received_on)),
                )
                for it in facts.received
                if it.status == PaymentStatus.SETTLED
            ),
        ]
        for _, moment in sorted(moments, key=lambda pair: pair[0]):
            yield moment
        if document.due_on is not None and facts.outstanding_minor > 0:
            is_past = document.due_on < self.today
            yield Moment(
                say("Was due") if is_past else say("Due date"),
                self.day(document.due_on),
                "hot" if is_past else "next",
            )

    def sent(self, it: ReminderFacts) -> str:
        day = self.instant(it.sent_at)
        if not it.email:
            return day
        # A forwarded link proves nobody; who has the mail knows the address again.
        is_known = self.link.visitor.proof >= Proof.CODE
        email = it.email if is_known else mask_email(it.email)
        return self.speech.say("{day}, to {email}", day=day, email=email)

    @property
    def speech(self) -> Speech:
        return speech_for(self.setup.language)

    @property
    def today(self) -> date:
        return self.looking.now.astimezone(ZoneInfo(self.setup.zone)).date()

    @property
    def seller(self) -> str:
        return self.document.branding.name or self.document.seller.name

    def instant(self, at: datetime) -> str:
        return self.day(self.local_day(at))

    def local_day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.setup.zone)).date()

    def day(self, on: date) -> str:
        return format_short_date(on, self.document.language)

    def money(self, minor: int) -> str:
        return self.speech.money(minor, self.document.currency)


def _outcome_words(it: DisputeFacts) -> str:
    return CREDITED_IN_PART if it.part_minor else _OUTCOMES.get(it.outcome, _SETTLED)


def _behind_line(it: BehindEvent) -> BehindLine:
    named = f"{it.kind} {it.reference}"
    words = ", ".join(filter(None, (named, it.description, it.happened)))
    return BehindLine(words, f"{it.arithmetic} = {it.amount}")


# Of one line; the page of the invoice shows more.
_EVENTS_SHOWN = 25
_NOTHING_TO_PAY = {
    InvoiceStatus.PAID,
    InvoiceStatus.CREDITED,
    InvoiceStatus.IN_CREDIT,
    InvoiceStatus.PROCESSING,
    InvoiceStatus.WRITTEN_OFF,
    InvoiceStatus.VOID,
}
_AGE_WORDS = {
    AgeBucket.CURRENT: later("Not due yet"),
    AgeBucket.TO_30: later("1–30 days late"),
    AgeBucket.TO_60: later("31–60 days"),
    AgeBucket.TO_90: later("61–90 days"),
    AgeBucket.OVER_90: later("Over 90 days"),
    AgeBucket.DISPUTED: later("Disputed"),
}
_TAB_WORDS = {
    AccountTab.ALL: later_as("filter", "All"),
    AccountTab.OPEN: later_as("filter", "Open"),
    AccountTab.OVERDUE: later_as("filter", "Overdue"),
    AccountTab.DISPUTED: later_as("filter", "Disputed"),
    AccountTab.PAID: later_as("filter", "Paid"),
    AccountTab.CREDITED: later_as("filter", "Credited"),
}
_PERIOD_WORDS = {
    Period.ALL: later("All time"),
    Period.THIS_YEAR: later("This year"),
    Period.LAST_YEAR: later("Last year"),
}
_HEAD_WORDS = {
    AccountSort.ISSUED: later("Issued"),
    AccountSort.DUE: later("Due"),
    AccountSort.STATUS: later("Status"),
    AccountSort.TOTAL: later("Total"),
}
_SETTLED = later("Settled")
_OUTCOMES = {
    "stands": later("The invoice stands, answered"),
    "credited": later("Credited"),
    "reissued": later("Issued anew"),
    "void": later("Void"),
}


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _ends(days: portal_account.DateRange) -> tuple[date | None, date | None]:
    return days.first, days.last
