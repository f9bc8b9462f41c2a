"""A draft as typed, and what can be made of it.

Texts stay texts until here: what can't be read is kept as typed, named in a
sentence, and left out of the totals, so that nothing a person wrote is ever lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

from billing_app.domain.currencies import currency_plural, exponent
from billing_app.domain.custom_fields import (
    TYPED_MAX,
    CustomField,
    FilledField,
    read_value,
)
from billing_app.domain.document import JobShare, Look
from billing_app.domain.errors import BillingError, InvalidInput, TotalChanged
from billing_app.domain.exchange_rate import ExchangeRate, read_rate
from billing_app.domain.formats import format_money
from billing_app.domain.invoice import (
    JOB_LENGTH_MAX,
    LINES_MAX,
    NOTES_LENGTH_MAX,
    ORDER_LENGTH_MAX,
)
from billing_app.domain.invoice_mode import (
    Charge,
    InvoiceMode,
    read_amount,
    read_share,
)
from billing_app.domain.money import AmountTooLarge, Money
from billing_app.domain.parsing import (
    clean_text,
    parse_amount,
    parse_date,
    parse_factor,
    parse_percent,
    without_currency,
)
from billing_app.domain.print_size import check_print_size
from billing_app.domain.terms import TaxAccounting
from billing_app.domain.totals import (
    Adjustment,
    DocumentTerms,
    LineTerms,
    Prices,
    TaxTerms,
    Totals,
    check_allowances,
    compute_totals,
)

P = ParamSpec("P")
R = TypeVar("R")
Form = TypeVar("Form", "DraftForm", "LineForm")

# What a line charges for. Programs with one text a line call this the description.
NAME_LENGTH_MAX = 500
# The details below it, which may be none. E-invoices have both (BT-153 and BT-154), and
# a list of sites or serial numbers takes more than a sentence.
DESCRIPTION_LENGTH_MAX = 2_000
UNIT_LENGTH_MAX = 20
DISCOUNT_REASON = "Discount"
# The key of the one line of an invoice that has no line items.
WORK_KEY = "work"
# The version of a draft that was opened and never typed into. No list shows it.
UNTOUCHED = 0


@dataclass(frozen=True, slots=True)
class LineForm:
    """One line as typed.

    Attributes:
        key: tells the line from its neighbours while it is edited; never shown.
        discount: a percentage, `10` or `10%`.
        tax_id: id of the tax rate chosen, empty for no tax.
        own: key and text of each of the workspace's own fields of lines, by key.
    """

    key: str = ""
    name: str = ""
    description: str = ""
    group: str = ""
    quantity: str = "1"
    unit: str = ""
    unit_price: str = ""
    discount: str = ""
    tax_id: str = ""
    own: tuple[tuple[str, str], ...] = ()

    @property
    def is_blank(self) -> bool:
        """Nothing was typed that would be missed."""
        typed = (self.name, self.description, self.unit_price)
        return not "".join((*typed, *dict(self.own).values())).strip()


@dataclass(frozen=True, slots=True)
class DraftForm:
    """A whole draft as typed.

    Attributes:
        customer_id: zero while none is chosen.
        delivered_on, delivered_until: the day of delivery, or the first and the last
            day of it.
        discount: off the whole document: `10%` or an amount such as `25.00`.
        mode: as `InvoiceMode`. Lines and the fields of the other modes are kept
            while they do not count.
        work, work_details, work_tax_id: what a fixed amount or a percentage is for,
            and its tax.
        tax_rate, tax_rate_on, tax_rate_source: what tax is converted by, where it is
            owed in another currency.
        own: key and text of each of the workspace's own fields, by key.
    """

    customer_id: int = 0
    currency: str = ""
    issued_on: str = ""
    due_on: str = ""
    delivered_on: str = ""
    delivered_until: str = ""
    purchase_order: str = ""
    job: str = ""
    discount: str = ""
    notes: str = ""
    terms: str = ""
    look: str = ""
    mode: str = InvoiceMode.LINES.value
    work: str = ""
    work_details: str = ""
    work_tax_id: str = ""
    amount: str = ""
    percent: str = ""
    job_total: str = ""
    tax_rate: str = ""
    tax_rate_on: str = ""
    tax_rate_source: str = ""
    own: tuple[tuple[str, str], ...] = ()
    lines: tuple[LineForm, ...] = ()

    @property
    def counted_lines(self) -> tuple[LineForm, ...]:
        """The lines typed, or none where something else is charged."""
        return self.lines if self.mode == InvoiceMode.LINES else ()

    @property
    def is_work_blank(self) -> bool:
        """Nothing was typed that would be charged without lines."""
        typed = (self.work, self.work_details, self.amount, self.percent)
        return not "".join((*typed, self.job_total)).strip()


def form_to_json(form: DraftForm) -> dict[str, Any]:
    """Return what is stored, so that it equals what is read from there again."""
    return {
        **asdict(form),
        "own": [list(each) for each in form.own],
        "lines": [
            asdict(line) | {"own": [list(each) for each in line.own]}
            for line in form.lines
        ],
    }


def form_from_json(stored: Mapping[str, Any]) -> DraftForm:
    """Read a stored or a sent form; what it does not know it leaves out.

    Raises:
        InvalidInput: something in it is not text.
    """
    given = stored.get("lines", ())
    if not isinstance(given, list | tuple):
        raise InvalidInput("This draft can't be read.")
    lines = cast("Sequence[Any]", given)
    if len(lines) > 2 * LINES_MAX:
        raise InvalidInput(f"An invoice holds at most {LINES_MAX} lines.")
    texts = _texts(DraftForm, stored, leaving={"lines", "customer_id", "own"})
    customer_id = stored.get("customer_id", 0)
    if type(customer_id) is not int:
        raise InvalidInput("Choose a customer from the list.", field="customer")
    if texts.get("mode", InvoiceMode.LINES) not in list(InvoiceMode):
        raise InvalidInput("This draft can't be read.")
    if texts.get("look") not in list(Look):
        texts.pop("look", None)
    return DraftForm(
        **texts,
        customer_id=customer_id,
        own=_own_texts(stored.get("own", ())),
        lines=tuple(
            LineForm(
                **_texts(LineForm, x, leaving={"own"}),
                own=_own_texts(x.get("own", ())),
            )
            for x in lines
        ),
    )


def with_own(form: Form, key: str, text: str) -> Form:
    """Put what was typed for one of the workspace's own fields into a form."""
    texts = {**dict(form.own), key: text}
    if len(texts) > TYPED_MAX:
        return form
    return replace(form, own=tuple(sorted((k, v) for k, v in texts.items() if v)))


def _own_texts(stored: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(stored, list | tuple):
        raise InvalidInput("This draft can't be read.")
    pairs = [tuple(cast("Sequence[Any]", each)) for each in cast("list[Any]", stored)]
    if len(pairs) > TYPED_MAX or not all(
        len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs
    ):
        raise InvalidInput("This draft can't be read.")
    return cast("tuple[tuple[str, str], ...]", tuple(sorted(pairs)))


def _texts(
    kind: type[DraftForm] | type[LineForm], stored: Any, leaving: set[str]
) -> dict[str, Any]:
    if not isinstance(stored, Mapping):
        raise InvalidInput("This draft can't be read.")
    sent = cast("Mapping[str, Any]", stored)
    known = {field.name for field in fields(kind)} - leaving
    texts: dict[str, Any] = {name: sent[name] for name in known if name in sent}
    if not all(isinstance(text, str) for text in texts.values()):
        raise InvalidInput("This draft can't be read.")
    return texts


@dataclass(frozen=True, slots=True)
class DraftRules:
    """What a workspace decides about its drafts.

    Attributes:
        taxes: by tax rate id, as text.
        other_taxes: what else a line with such a rate is charged, by the same ids;
            only for rates that never come alone.
        decimals: fewer decimals than the currency has, or None.
        cash_rounding: what the due amount is a multiple of, in minor units by currency.
        fields, line_fields, customer_fields: of the workspace's own.
        tax_currency: what tax is owed in, empty where that is the invoice's.
    """

    taxes: Mapping[str, TaxTerms]
    prices: Prices = Prices.EXCLUSIVE
    decimals: int | None = None
    cash_rounding: Mapping[str, int] = field(default_factory=dict[str, int])
    fields: tuple[CustomField, ...] = ()
    line_fields: tuple[CustomField, ...] = ()
    customer_fields: tuple[CustomField, ...] = ()
    tax_currency: str = ""
    other_taxes: Mapping[str, tuple[TaxTerms, ...]] = field(
        default_factory=dict[str, tuple[TaxTerms, ...]]
    )

    def taxes_of(self, tax_id: str) -> tuple[TaxTerms, ...]:
        """Return all taxes of a line with this rate, the compound one last."""
        own = self.taxes.get(tax_id)
        if own is None:
            return ()
        together = (*self.other_taxes.get(tax_id, ()), own)
        return tuple(sorted(together, key=lambda tax: tax.is_compound))

    def cash_step(self, currency: str) -> Money | None:
        """Return what the due amount is a multiple of, or None for any amount."""
        minor = self.cash_rounding.get(currency)
        return Money(minor, currency) if minor else None

    @property
    def taxes_alone(self) -> Mapping[str, TaxTerms]:
        """Return the rates that come alone, so that a percentage finds its rate."""
        return {x: tax for x, tax in self.taxes.items() if x not in self.other_taxes}

    def asks_rate(self, currency: str) -> bool:
        """An invoice in this currency says its tax in another one, too."""
        return self.tax_currency not in ("", currency)


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line after reading: its terms, or what is wrong with it.

    Attributes:
        filled: the workspace's own fields of lines, as far as they were filled in.
    """

    form: LineForm
    terms: LineTerms | None
    problem: str = ""
    problem_field: str = ""
    share: JobShare | None = None
    filled: tuple[FilledField, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadDraft:
    """A draft after reading.

    Attributes:
        lines: every line that is not blank, in order; but for line items, the one
            that a fixed amount or a percentage makes.
        terms: of the lines that count.
        amounts: what each of `lines` comes to, None where it does not count.
        delivered: the day of delivery, or the first and the last day of it.
        problems: a sentence for each field of the document that can't be used.
        filled: the workspace's own fields, as far as they were filled in.
        rate: what the tax is converted by.
        missing: a sentence for each field that has to be filled in before issue.
    """

    lines: tuple[ReadLine, ...]
    terms: DocumentTerms
    totals: Totals
    amounts: tuple[Money | None, ...]
    issued_on: date | None
    due_on: date | None
    delivered: tuple[date | None, date | None]
    discount: Adjustment | None
    problems: dict[str, str]
    purchase_order: str = ""
    job: str = ""
    mode: InvoiceMode = InvoiceMode.LINES
    filled: tuple[FilledField, ...] = ()
    rate: ExchangeRate | None = None
    missing: tuple[tuple[str, str], ...] = ()

    @property
    def problem_count(self) -> int:
        return len(self.problems) + sum(1 for line in self.lines if line.problem)

    def check(self) -> None:
        """Refuse to go on while something can't be read.

        Raises:
            InvalidInput: with the first problem, beside its field.
        """
        for name, sentence in self.problems.items():
            raise InvalidInput(sentence, field=name)
        for index, line in enumerate(self.lines):
            if line.problem:
                raise InvalidInput(f"Line {index + 1}: {line.problem}", field="lines")
        if self.mode != InvoiceMode.LINES and not self.lines:
            raise InvalidInput("Say what this invoice is for.", field="work")
        for name, sentence in self.missing:
            raise InvalidInput(sentence, field=name)


def check_shown(shown: Totals, now: Totals) -> None:
    """Refuse to issue other sums than whoever issues them saw.

    Raises:
        TotalChanged: naming the first that differs, as it was shown and as it is.
    """
    sums = (
        ("total", shown.total, now.total),
        ("tax", shown.tax_total, now.tax_total),
        ("amount due", shown.due, now.due),
        ("tax", shown.tax_accounting_total, now.tax_accounting_total),
    )
    for name, before, after in sums:
        if before != after:
            raise TotalChanged(
                f"The {name} changed from {_in_words(before)} to {_in_words(after)} "
                "meanwhile. Nothing was issued: look again, and issue."
            )


def _in_words(amount: Money | None) -> str:
    return "none" if amount is None else format_money(amount.minor, amount.currency)


def read_draft(form: DraftForm, currency: str, rules: DraftRules) -> ReadDraft:
    """Read everything that can be read and compute the totals of it.

    Raises:
        InvalidInput: more than 500 lines; nothing else is refused here.
    """
    typed = [line for line in form.counted_lines if not line.is_blank]
    if len(typed) > LINES_MAX:
        raise InvalidInput(f"An invoice holds at most {LINES_MAX} lines.")
    problems: dict[str, str] = {}
    mode = InvoiceMode(form.mode)
    if mode == InvoiceMode.LINES:
        lines = tuple(_read_line(line, currency, rules) for line in typed)
    else:
        lines = _read_work(form, mode, currency, rules, problems)
    discount = _try(problems, _read_discount, form.discount, currency)
    issued_on = _try(problems, _read_date, form.issued_on, "issued_on", "issue date")
    due_on = _try(problems, _read_date, form.due_on, "due_on", "due date")
    if issued_on and due_on and due_on < issued_on:
        problems["due_on"] = "The due date can't be before the issue date."
    order = _try(problems, _read_words, form, "purchase_order", ORDER_LENGTH_MAX)
    job = _try(problems, _read_words, form, "job", JOB_LENGTH_MAX)
    filled = _filled(form, rules, problems)
    _try(problems, check_print_size, _printed_texts(form, mode, typed, filled))
    for name, text in (("notes", form.notes), ("terms", form.terms)):
        if len(text) > NOTES_LENGTH_MAX:
            problems[name] = f"Keep this under {NOTES_LENGTH_MAX:,} characters."

    rate = None
    if rules.asks_rate(currency):
        texts = (form.tax_rate, form.tax_rate_on, form.tax_rate_source)
        rate = _try(problems, read_rate, rules.tax_currency, *texts, issued_on)

    line_terms = tuple(line.terms for line in lines if line.terms is not None)
    terms = document_terms(line_terms, currency, rules, discount)
    totals = compute_totals(terms)
    try:
        check_allowances(totals)
    except InvalidInput as refusal:
        # Shown, but not counted: a total below zero would mislead.
        problems["discount"] = refusal.message
        terms = document_terms(line_terms, currency, rules)
        totals = compute_totals(terms)
    if rate is not None:
        converted = replace(terms, tax_accounting=_accounting(rate))
        try:
            terms, totals = converted, compute_totals(converted)
        except AmountTooLarge as refusal:
            problems["tax_rate"], rate = refusal.message, None
    return ReadDraft(
        lines=lines,
        terms=terms,
        totals=totals,
        amounts=_amounts(lines, totals),
        issued_on=issued_on,
        due_on=due_on,
        delivered=_delivered(form, problems),
        discount=discount,
        problems=problems,
        purchase_order=order or "",
        job=job or "",
        mode=mode,
        filled=filled,
        rate=rate,
        missing=(
            *_missing(rules, filled, totals, rate, problems),
            *(_missing_on_lines(rules, lines) if mode == InvoiceMode.LINES else ()),
        ),
    )


def _read_words(form: DraftForm, name: str, length_max: int) -> str:
    return clean_text(getattr(form, name), length_max=length_max, field=name)


def _printed_texts(
    form: DraftForm,
    mode: InvoiceMode,
    lines: Sequence[LineForm],
    filled: Sequence[FilledField],
) -> dict[str, list[str]]:
    """Return what was typed and will be printed, by the field that is to be mended."""
    texts = {
        "notes": [form.notes],
        "terms": [form.terms],
        "purchase_order": [form.purchase_order],
        "job": [form.job],
        "fields": [each.value for each in filled],
    }
    if mode == InvoiceMode.LINES:
        words = (
            (x.name, x.description, x.unit, x.group, *dict(x.own).values())
            for x in lines
        )
        return {"lines": [text for line in words for text in line], **texts}
    return {"work_details": [form.work, form.work_details], **texts}


def _filled(
    form: DraftForm, rules: DraftRules, problems: dict[str, str]
) -> tuple[FilledField, ...]:
    typed = dict(form.own)
    read = [
        _try(problems, read_value, field, typed.get(field.key, ""))
        for field in rules.fields
    ]
    return tuple(each for each in read if each is not None)


def _accounting(rate: ExchangeRate) -> TaxAccounting:
    return TaxAccounting(rate.currency, rate.rate)


def _missing(
    rules: DraftRules,
    filled: tuple[FilledField, ...],
    totals: Totals,
    rate: ExchangeRate | None,
    problems: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    keys = {each.key for each in filled}
    for own in rules.fields:
        if own.is_required and own.key not in keys:
            yield own.input_name, f"Fill in {own.name}."
    owes = rules.asks_rate(totals.currency) and bool(totals.tax_total.minor)
    if (
        owes
        and rate is None
        and not any(name.startswith("tax_rate") for name in problems)
    ):
        yield "tax_rate", f"Enter the rate: tax is owed in {rules.tax_currency}."


def _missing_on_lines(
    rules: DraftRules, lines: Sequence[ReadLine]
) -> Iterator[tuple[str, str]]:
    required = [own for own in rules.line_fields if own.is_required]
    for place, line in enumerate(lines, 1):
        keys = {each.key for each in line.filled}
        for own in required:
            if own.key not in keys:
                yield "lines", f"Line {place}: Fill in {own.name}."


def document_terms(
    lines: tuple[LineTerms, ...],
    currency: str,
    rules: DraftRules,
    discount: Adjustment | None = None,
) -> DocumentTerms:
    """Return lines as a document of this workspace, rounded as it rounds."""
    return DocumentTerms(
        currency=currency,
        lines=lines,
        prices=rules.prices,
        allowances=(discount,) if discount else (),
        cash_rounding=rules.cash_step(currency),
        decimals=rules.decimals,
    )


def _amounts(lines: tuple[ReadLine, ...], totals: Totals) -> tuple[Money | None, ...]:
    counted = iter(totals.lines)
    return tuple(next(counted).amount if line.terms else None for line in lines)


def _read_line(form: LineForm, currency: str, rules: DraftRules) -> ReadLine:
    try:
        terms = _line_terms(form, currency, rules)
        typed = dict(form.own)
        read = [read_value(x, typed.get(x.key, "")) for x in rules.line_fields]
        return ReadLine(form, terms, filled=tuple(x for x in read if x is not None))
    except BillingError as refusal:
        return ReadLine(form, None, refusal.message, refusal.field or "")


def _read_work(
    form: DraftForm,
    mode: InvoiceMode,
    currency: str,
    rules: DraftRules,
    problems: dict[str, str],
) -> tuple[ReadLine, ...]:
    """Read what is charged without line items as one line: quantity 1, its amount."""
    if form.is_work_blank:
        return ()
    if mode == InvoiceMode.FIXED:
        charge = _try(problems, read_amount, form.amount, currency)
    else:
        charge = _try(problems, read_share, form.percent, form.job_total, currency)
    line = LineForm(
        key=WORK_KEY,
        name=form.work,
        description=form.work_details,
        unit_price=format(charge.amount.decimal, "f") if charge else "",
        tax_id=form.work_tax_id,
    )
    terms = _try(problems, _work_terms, line, charge, currency, rules)
    return (ReadLine(line, terms, share=charge.share if charge else None),)


# Where the builder keeps what a line item would have in these fields.
_WORK_FIELDS = {"name": "work", "description": "work_details", "tax_id": "work_tax_id"}


def _work_terms(
    line: LineForm, charge: Charge | None, currency: str, rules: DraftRules
) -> LineTerms | None:
    try:
        # What is wrong with the words is named even while the amount is missing.
        priced = line if charge else replace(line, unit_price="0")
        terms = _line_terms(priced, currency, rules)
    except InvalidInput as refusal:
        name = _WORK_FIELDS.get(refusal.field or "", "amount")
        is_missing = name == "work" and not line.name.strip()
        words = "Say what this invoice is for." if is_missing else refusal.message
        raise InvalidInput(words, field=name) from None
    return terms if charge else None


def _line_terms(form: LineForm, currency: str, rules: DraftRules) -> LineTerms:
    is_known = not form.tax_id or form.tax_id in rules.taxes
    taxes = rules.taxes_of(form.tax_id) if is_known else None
    terms = _read_terms(form, currency, taxes)
    # Equal is not the same: 21 and 21.00 percent are written as they are.
    return replace(terms, taxes=taxes or ())


# A draft is read at every key, and all its lines but one are as they were.
@lru_cache(maxsize=10 * LINES_MAX)
def _read_terms(
    form: LineForm, currency: str, taxes: tuple[TaxTerms, ...] | None
) -> LineTerms:
    """Read a line; `taxes` is None where its tax is not one of the workspace."""
    name = clean_text(form.name, length_max=NAME_LENGTH_MAX, field="name")
    if not name:
        raise InvalidInput("Say what this line is for.", field="name")
    clean_text(
        form.description,
        length_max=DESCRIPTION_LENGTH_MAX,
        multiline=True,
        field="description",
    )
    clean_text(form.unit, length_max=UNIT_LENGTH_MAX, field="unit")
    quantity = parse_factor(
        form.quantity, decimals_max=8, field="quantity", what="quantity"
    )
    unit_price = read_unit_price(form.unit_price, currency)
    percent = _line_percent(form.discount)
    if taxes is None:
        raise InvalidInput("Choose a tax from the list.", field="tax_id")
    terms = LineTerms(
        quantity=quantity,
        unit_price=unit_price,
        taxes=taxes,
        allowances=(
            (Adjustment(percent=percent, reason=DISCOUNT_REASON),) if percent else ()
        ),
    )
    compute_totals(DocumentTerms(currency=currency, lines=(terms,)))
    return terms


def read_unit_price(text: str, currency: str) -> Decimal:
    """Read a price, finer than the currency where that is meant.

    Fuel and power are priced with up to eight decimals. But 1.240 may be a thousand,
    10.005 a slip, and 10.55 in yen a price of another currency: what `is_slip` finds
    is asked about, and writing more digits says that it is meant.

    Raises:
        InvalidInput: not a price, or a likely slip.
    """
    text = without_currency(text, currency)
    price = parse_factor(text, decimals_max=8, field="unit_price", what="price")
    places = _places(price)
    if not is_slip(price, currency):
        return price
    finer = f"{price:.{fine_places(currency)}f}"
    if places == 3 and 1 <= price < 1000:
        raise InvalidInput(
            f"{price} can be read in two ways. Write {price.scaleb(3):f} for thousands "
            f"or {finer} for a price that fine.",
            field="unit_price",
        )
    raise InvalidInput(
        f"Prices in {currency_plural(currency)} rarely end like this. Write {finer} "
        "if it is meant.",
        field="unit_price",
    )


def is_slip(price: Decimal, currency: str) -> bool:
    """Tell whether a price as written is finer than its currency by mistake, likely.

    No usual currency has more than three decimals, so what comes from another one, or
    has a point for its thousands, has no more either. 10.00 yen are 10.
    """
    places = _places(price)
    is_near = exponent(currency) < places < fine_places(currency)
    return is_near and (places == _THOUSANDS or price != price.to_integral_value())


def fine_places(currency: str) -> int:
    """Return with how many decimals a price is fine on purpose."""
    return max(exponent(currency) + 1, _THOUSANDS) + 1


_THOUSANDS = 3


def _places(price: Decimal) -> int:
    places = price.as_tuple().exponent
    assert isinstance(places, int)
    return -places


def _line_percent(text: str) -> Decimal:
    return parse_percent(text, field="discount") if text.strip() else Decimal(0)


def _read_discount(text: str, currency: str) -> Adjustment | None:
    text = text.strip()
    if not text:
        return None
    if text.endswith("%"):
        percent = parse_percent(text, field="discount")
        return Adjustment(percent=percent, reason=DISCOUNT_REASON) if percent else None
    amount = parse_amount(text, currency, field="discount", what="discount")
    return Adjustment(amount=amount, reason=DISCOUNT_REASON) if amount.minor else None


def _read_date(text: str, name: str, what: str) -> date | None:
    return parse_date(text, field=name, what=what) if text.strip() else None


def _delivered(
    form: DraftForm, problems: dict[str, str]
) -> tuple[date | None, date | None]:
    """Read the day or the days of delivery; a period of one day is that day."""
    what = "date of delivery"
    first = _try(problems, _read_date, form.delivered_on, "delivered_on", what)
    last = _try(problems, _read_date, form.delivered_until, "delivered_until", what)
    if last and not first:
        problems.setdefault("delivered_on", "Write the first day of the delivery, too.")
    elif first and last and last < first:
        problems["delivered_until"] = "The last day can't be before the first."
    return first, (last if last != first else None)


def _try(
    problems: dict[str, str],
    read: Callable[P, R | None],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R | None:
    try:
        return read(*args, **kwargs)
    except InvalidInput as refusal:
        problems[refusal.field or "form"] = refusal.message
        return None
