"""The staff's first page: figures, months, what needs a person, what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import reflex as rx

from billing_app.domain.activity import ActorKind
from billing_app.domain.currencies import exponent
from billing_app.domain.dates import add_months
from billing_app.queries import dashboard as queries
from billing_app.queries.activity import Activity
from billing_app.queries.dashboard import (
    Attention,
    AttentionKind,
    Bucket,
    Dashboard,
    Sum,
)
from billing_app.queries.setup_steps import SetupStep
from billing_app.services import invoices
from billing_app.web import formats
from billing_app.web.components import charts
from billing_app.web.components.charts import scale_steps
from billing_app.web.doors import StaffState, staff_door, staff_watch
from billing_app.web.staff.invoice_words import DEFAULT_ICON, ICON_BY_EVENT
from billing_app.web.staff.live import changes
from billing_app.web.staff.mail_words import keeps_mail, mail_words
from billing_app.workflows import stripe_events

# A row shows one line of a comment; the rest is on its page.
QUOTED_MAX = 200
# Stands beside the kinds of attention that the query finds one by one.
OVERDUE = "overdue"

BUCKETS = {
    Bucket.NOT_DUE: ("Not due yet", "0"),
    Bucket.TO_30: ("1 to 30 days late", "1"),
    Bucket.TO_60: ("31 to 60 days late", "2"),
    Bucket.TO_90: ("61 to 90 days late", "3"),
    Bucket.OVER_90: ("Over 90 days late", "4"),
}
_BUCKET_DAYS = {
    Bucket.NOT_DUE: (0, None),
    Bucket.TO_30: (30, 1),
    Bucket.TO_60: (60, 31),
    Bucket.TO_90: (90, 61),
    Bucket.OVER_90: (None, 91),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One large amount, its cents and the sentence under it."""

    amount: str = ""
    cents: str = ""
    note: str = ""
    is_some: bool = False


@dataclass(frozen=True, slots=True)
class AttentionLine:
    """One thing that waits for a person, with the one thing to do about it.

    Attributes:
        message_id, event_id: of a mail or a webhook to try again; 0 for all others.
    """

    key: str
    kind: str
    title: str
    detail: str
    amount: str
    href: str
    verb: str
    message_id: int
    event_id: int


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One thing that happened; `day` is set on the first of each day."""

    key: str
    day: str
    icon: str
    who: str
    text: str
    detail: str
    at: str
    exactly: str
    href: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One thing to fill in before the first invoice."""

    title: str
    detail: str
    href: str


_STEPS = {
    SetupStep.SENDER: StepLine(
        "Say who the invoices are from",
        "Your legal name, address and country stand on each of them.",
        "/settings",
    ),
    SetupStep.TAXES: StepLine(
        "Say which taxes you charge",
        "Until then invoices have none.",
        "/settings/taxes",
    ),
    SetupStep.PAYING: StepLine(
        "Say how customers pay you",
        "Bank details on the invoice, or cards through Stripe.",
        "/settings/payments",
    ),
}


class DashboardState(StaffState, rx.State):
    """All figures of one instant, drawn anew whenever something happens.

    Attributes:
        keeps_mail: nothing leaves, for want of a mail server.
    """

    is_ready: bool = False
    stamp: str = ""
    live: str = ""
    outstanding: Figure = Figure()
    overdue: Figure = Figure()
    paid: Figure = Figure()
    processing: Figure = Figure()
    months: list[charts.Month] = []  # noqa: RUF012
    scale: list[str] = []  # noqa: RUF012
    buckets: list[charts.Bucket] = []  # noqa: RUF012
    aging_total: str = ""
    aging_count: str = ""
    aging_note: str = ""
    attention: list[AttentionLine] = []  # noqa: RUF012
    attention_count: str = ""
    activity: list[ActivityLine] = []  # noqa: RUF012
    steps: list[StepLine] = []  # noqa: RUF012
    keeps_mail: bool = False

    @staff_door
    async def open(self) -> None:
        await self._read()

    @staff_watch
    async def watch(self) -> None:
        """Recorded payments and everything else show without a reload."""
        async for _ in changes(self):
            async with self:
                await self._read()

    @staff_door
    async def retry_mail(self, message_id: int) -> None:
        await self._run(invoices.retry_mail, message_id)
        self._notify(await mail_words(self, "The mail is on its way again."))
        await self._read()

    @staff_door
    async def retry_webhook(self, event_id: int) -> None:
        reason = await self._run_workflow(stripe_events.try_again, event_id)
        if reason:
            self._notify(f"Still not handled: {reason}", is_refusal=True)
        else:
            self._notify("It is handled now.")
        await self._read()

    async def _read(self) -> None:
        it = await self._run(queries.read_dashboard)
        self.stamp = (
            f"as of {formats.clock_time(it.moment.now, it.moment)}, "
            f"{formats.weekday(it.moment.today)}"
        )
        self.live = formats.live_words(it.moment)
        self.steps = [_STEPS[step] for step in it.steps]
        self.outstanding = _figure(it.outstanding, _invoices(it.outstanding))
        self.overdue = _figure(it.overdue, _overdue_words(it))
        self.paid = _figure(it.paid, _paid_words(it))
        self.processing = _figure(it.processing, _processing_words(it))
        self.months, self.scale = _months(it)
        self.buckets = _buckets(it)
        self.aging_total = formats.money(it.outstanding[0].minor, it.currency)
        self.aging_count = str(sum(each.count for each in it.aging))
        self.aging_note = _also(it.outstanding)
        self.attention = [
            *(_attention_line(each) for each in it.attention),
            *_overdue_lines(it),
        ]
        self.attention_count = str(len(self.attention) or "")
        self.activity = list(_activity_lines(it))
        self.keeps_mail = await keeps_mail(self)
        self.is_ready = True


def _figure(sums: tuple[Sum, ...], note: str) -> Figure:
    own = sums[0]
    amount, cents = formats.split_money(own.minor, own.currency)
    return Figure(amount, cents, note, own.minor != 0)


def _also(sums: tuple[Sum, ...]) -> str:
    """Name the other currencies; they are never added up silently."""
    others = [(each.currency, each.minor) for each in sums[1:]]
    return f"Also {formats.join_money(others)}" if others else ""


def _invoices(sums: tuple[Sum, ...]) -> str:
    count = formats.count_of(sum(each.count for each in sums), "invoice")
    return ". ".join(part for part in (count, _also(sums)) if part)


def _overdue_words(it: Dashboard) -> str:
    if it.oldest_due_on is None:
        return "Nothing is late"
    days = formats.count_of(formats.days_late(it.oldest_due_on, it.moment), "day")
    count = formats.count_of(sum(each.count for each in it.overdue), "invoice")
    words = f"{count}, oldest {days}"
    also = _also(it.overdue)
    return f"{words}. {also}" if also else words


def _paid_words(it: Dashboard) -> str:
    words = formats.count_of(sum(each.count for each in it.paid), "payment")
    before, now = it.paid_before[0].minor, it.paid[0].minor
    if before > 0:
        percent = round((now - before) * 100 / before)
        way = "above" if percent >= 0 else "below"
        month = formats.short_month(add_months(it.moment.today, -1))
        words += f", {abs(percent)}% {way} {month} to date"
    also = _also(it.paid)
    return f"{words}. {also}" if also else words


def _processing_words(it: Dashboard) -> str:
    count = sum(each.count for each in it.processing)
    return f"{formats.count_of(count, 'bank debit')} not cleared yet" if count else ""


def _months(it: Dashboard) -> tuple[list[charts.Month], list[str]]:
    unit = 10 ** exponent(it.currency)
    largest = max(max(x.invoiced_minor, x.paid_minor) for x in it.months)
    steps = scale_steps(-(-largest // unit))
    top = steps[0] * unit
    months = [
        charts.Month(
            name=formats.month_name(each.first_day),
            short=formats.short_month(each.first_day),
            before=formats.money(each.invoiced_minor, it.currency),
            after=formats.money(each.paid_minor, it.currency),
            before_height=round(each.invoiced_minor * 100 / top, 2),
            after_height=round(max(0, each.paid_minor) * 100 / top, 2),
        )
        for each in it.months
    ]
    return months, [formats.short_money(step * unit, it.currency) for step in steps]


def _buckets(it: Dashboard) -> list[charts.Bucket]:
    whole = sum(each.minor for each in it.aging)
    drawn: list[charts.Bucket] = []
    for each in it.aging:
        words, tone = BUCKETS[each.bucket]
        drawn.append(
            charts.Bucket(
                key=each.bucket.value,
                words=words,
                tone=tone,
                count=str(each.count or formats.NOTHING),
                amount=formats.money(each.minor, it.currency)
                if each.count
                else formats.NOTHING,
                percent=round(each.minor * 100 / whole, 2) if each.minor else 0,
                href=_bucket_href(each.bucket, it.moment.today),
            )
        )
    return drawn


def _bucket_href(bucket: Bucket, today: date) -> str:
    """Lead to the list of what is in a bucket: due in its span of days."""
    if bucket == Bucket.NOT_DUE:
        return "/invoices?status=due"
    earliest, latest = _BUCKET_DAYS[bucket]
    assert latest is not None
    first = date.fromordinal(today.toordinal() - earliest) if earliest else ""
    last = date.fromordinal(today.toordinal() - latest)
    return f"/invoices?status=overdue&due={first}..{last}"


def _attention_line(each: Attention) -> AttentionLine:
    number = each.invoice_number or "a draft"
    customer = formats.isolated(each.customer_name)
    titles = {
        AttentionKind.MAIL_FAILED: f"Mail to {customer} was not sent",
        AttentionKind.PAYMENT_HELD: f"Payment from {customer} is held",
        AttentionKind.ATTEMPT_FAILED: f"Online payment of {customer} failed",
        AttentionKind.EVENT_WAITING: "A message from Stripe needs a look",
        AttentionKind.DISPUTE_OPEN: f"{customer} disputes an amount",
        AttentionKind.COMMENT_UNREAD: f"{customer} wrote {_comments(each.count)}",
        AttentionKind.PROMISE_BROKEN: f"{customer} has not paid as promised",
    }
    reason = each.reason
    if each.promised_on is not None:
        reason = f"Promised by {formats.full_day(each.promised_on)}"
    if each.kind == AttentionKind.COMMENT_UNREAD:
        reason = f"“{' '.join(reason[:QUOTED_MAX].split())}”"
    about = f"{number}. {reason}" if each.invoice_id else reason
    verbs = {
        AttentionKind.MAIL_FAILED: "Retry",
        AttentionKind.DISPUTE_OPEN: "Answer",
        AttentionKind.COMMENT_UNREAD: "Reply",
    }
    is_mail = each.kind == AttentionKind.MAIL_FAILED
    return AttentionLine(
        key=f"{each.kind}-{each.row_id}",
        kind=each.kind.value,
        title=titles[each.kind],
        detail=about,
        amount="" if each.minor is None else formats.money(each.minor, each.currency),
        href=f"/invoices/{each.invoice_id}" if each.invoice_id else "/accounting",
        verb=verbs.get(each.kind, "Review"),
        message_id=each.row_id if is_mail else 0,
        event_id=each.row_id if each.kind == AttentionKind.EVENT_WAITING else 0,
    )


def _overdue_lines(it: Dashboard) -> Iterator[AttentionLine]:
    """Yield one line for all that is overdue, promised or not."""
    if it.oldest_due_on is None:
        return
    count = sum(each.count for each in it.overdue)
    days = formats.count_of(formats.days_late(it.oldest_due_on, it.moment), "day")
    verb = "is" if count == 1 else "are"
    yield AttentionLine(
        key=OVERDUE,
        kind=OVERDUE,
        title=f"{formats.count_of(count, 'invoice')} {verb} overdue",
        detail=f"{days} late" if count == 1 else f"The oldest is {days} late",
        amount=formats.join_money((each.currency, each.minor) for each in it.overdue),
        href="/invoices?status=overdue",
        verb="Review",
        message_id=0,
        event_id=0,
    )


def _comments(count: int) -> str:
    return "a comment" if count == 1 else f"{count} comments"


def _activity_lines(it: Dashboard) -> Iterator[ActivityLine]:
    last_day = None
    for each in it.activity:
        day = formats.local(each.at, it.moment).date()
        yield ActivityLine(
            key=str(each.id),
            day="" if day == last_day else _day_words(day, it),
            icon=ICON_BY_EVENT.get(each.event, DEFAULT_ICON),
            who=_who(each),
            text=_activity_words(each),
            detail=", ".join(_activity_details(each)),
            at=formats.clock_time(each.at, it.moment),
            exactly=formats.exact_instant(each.at, it.moment),
            href=f"/invoices/{each.invoice_id}" if each.invoice_id else "",
        )
        last_day = day


def _who(each: Activity) -> str:
    if each.kind == ActorKind.MEMBER:
        return each.who
    return each.customer_name if each.kind == ActorKind.CUSTOMER else ""


def _activity_words(each: Activity) -> str:
    """Return what happened; who did it, when a customer, stands before it by name."""
    if not _who(each):
        return each.text
    words = each.text.removeprefix("Customer ")
    return words[:1].upper() + words[1:]


def _activity_details(each: Activity) -> Iterable[str]:
    if each.invoice_number:
        yield each.invoice_number
    if each.customer_name and each.kind != ActorKind.CUSTOMER:
        yield formats.isolated(each.customer_name)
    if each.amount_minor is not None:
        yield formats.money(each.amount_minor, each.currency)
    if each.detail:
        yield each.detail


def _day_words(day: date, it: Dashboard) -> str:
    ago = (it.moment.today - day).days
    if ago in (0, 1):
        return "Yesterday" if ago else "Today"
    return formats.short_day(day, it.moment)
