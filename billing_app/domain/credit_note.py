"""Credit notes: how much of an invoice is credited, and of which of its taxes.

An invoice is taken apart into shares: for each set of taxes its net, and each of its
taxes. Each credit note takes something of these shares and leaves the rest, so that
all credit notes of an invoice together never take more of any tax than was billed,
and the one that takes the rest brings every share to zero, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentLine,
    DocumentTax,
    InvoiceDocument,
    LineTax,
    TaxInCurrency,
)
from billing_app.domain.drafting import tax_label
from billing_app.domain.errors import Conflict, DoneMeanwhile, InvalidInput
from billing_app.domain.formats import format_money
from billing_app.domain.invoice import InvoiceState, WrongState, check_reason
from billing_app.domain.money import Money, allocate_minor, priced, round_half_away
from billing_app.domain.parsing import clean_text, parse_amount
from billing_app.domain.terms import Adjustment, DocumentTerms, TaxTerms
from billing_app.domain.totals import TaxGroup, Totals, compute_totals

# For each tax set of the invoice, in the order of its totals: the net, then each tax.
Shares = tuple[tuple[int, ...], ...]
_Names = tuple[Decimal, str, str, bool]


class CreditMode(StrEnum):
    """What is credited: all that is left, chosen lines, or an amount."""

    WHOLE = "whole"
    LINES = "lines"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class CreditForm:
    """A credit as it was typed.

    Attributes:
        lines: places of the chosen lines, counted from 1.
        amount: with tax.
        reason: the customer reads it.
        request_key: new for each opened form, so that a repeated press is one note.
        seen_left_minor: what the form showed to be left to credit, where a person has
            looked: two who enter the same credit do not book it twice unasked.
    """

    mode: str = CreditMode.WHOLE
    lines: tuple[int, ...] = ()
    amount: str = ""
    reason: str = ""
    request_key: str = ""
    seen_left_minor: int | None = None


@dataclass(frozen=True, slots=True)
class EarlierCredit:
    """What an earlier credit note of the same invoice took."""

    mode: CreditMode
    total_minor: int
    amount_minor: int
    shares: Shares
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Creditable:
    """An invoice that may be credited, and what has been already."""

    state: InvoiceState
    document: InvoiceDocument
    terms: DocumentTerms
    totals: Totals
    outstanding_minor: int
    allocated_minor: int
    written_off_minor: int = 0
    earlier: tuple[EarlierCredit, ...] = ()

    @property
    def left(self) -> Shares:
        """Return what no credit note has taken yet."""
        left = shares_of(self.totals)
        for credit in self.earlier:
            left = _minus(left, credit.shares)
        return left

    @property
    def credited_lines(self) -> frozenset[int]:
        """Return the places of the lines that were credited one by one."""
        return frozenset(line for credit in self.earlier for line in credit.lines)

    @property
    def is_by_lines(self) -> bool:
        """Say whether lines, and nothing else, were credited so far."""
        return all(credit.mode == CreditMode.LINES for credit in self.earlier)

    @property
    def left_minor(self) -> int:
        """Return how much of the total is left to credit."""
        return _sum(self.left)

    @property
    def most_minor(self) -> int:
        """Return the largest amount that may be credited.

        Less than the rest only where a part was paid before the issue: that part
        goes back with the credit note that takes the rest.
        """
        asked = self.document.due_minor - sum(x.amount_minor for x in self.earlier)
        return self.left_minor if asked >= self.left_minor else max(0, asked)


@dataclass(frozen=True, slots=True)
class Credit:
    """What a credit note takes. Minor units of the invoice's currency.

    Attributes:
        places: of the lines it takes, where it was made of lines.
        lines: as they are printed.
        amount_minor: what the invoice asks for less.
        released_minor: what was paid for it, and becomes the customer's credit.
    """

    mode: CreditMode
    shares: Shares
    places: tuple[int, ...]
    lines: tuple[DocumentLine, ...]
    taxes: tuple[DocumentTax, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    prepaid_minor: int
    rounding_minor: int
    amount_minor: int
    released_minor: int


def shares_of(totals: Totals) -> Shares:
    """Take totals apart, so that the parts sum to the total to the cent.

    A tax that is in several sets is split by what it is on there.
    """
    shares = [
        [each.taxable.minor, *(0 for _ in each.taxes)] for each in totals.tax_sets
    ]
    for group in totals.tax_groups:
        places = [
            (row, column)
            for row, each in enumerate(totals.tax_sets)
            for column, tax in enumerate(each.taxes, 1)
            if _names(tax) == _names(group)
        ]
        weights = [totals.tax_sets[row].taxable.minor for row, _ in places]
        parts = allocate_minor(group.tax.minor, weights)
        for (row, column), part in zip(places, parts, strict=True):
            shares[row][column] = part
    return tuple(tuple(share) for share in shares)


def read_credit(form: CreditForm, about: Creditable) -> tuple[Credit, str]:
    """Return what a form credits, and its reason.

    Raises:
        InvalidInput: a field can't be used; its name is the error's `field`.
        DoneMeanwhile: less is left than was seen.
        Conflict: nothing is left to credit, or the invoice can't be credited.
    """
    check_creditable(about)
    left_minor = about.left_minor
    if form.seen_left_minor is not None and left_minor < form.seen_left_minor:
        raise DoneMeanwhile(
            f"{_money(about, form.seen_left_minor - left_minor)} of this invoice was "
            "credited meanwhile, maybe by a colleague. Press again to credit this as "
            "well.",
            field="form",
        )
    reason = check_reason(clean_text(form.reason, length_max=2_000, field="reason"))
    return compute_credit(form, about), reason


def compute_credit(form: CreditForm, about: Creditable) -> Credit:
    """Return what a form credits, whatever its reason.

    Raises:
        As `read_credit`.
    """
    check_creditable(about)
    mode = _read_mode(form.mode)
    if mode == CreditMode.LINES:
        places = _read_places(form.lines, about)
        return _made(about, mode, _of_lines(about, places), places)
    if mode == CreditMode.AMOUNT:
        amount = parse_amount(form.amount, about.document.currency, field="amount")
        return credit_of_amount(about, amount.minor)
    return _made(about, mode, about.left)


def credit_of_amount(about: Creditable, minor: int) -> Credit:
    """Credit an amount, with its part of every tax, by largest remainder.

    Raises:
        InvalidInput: not more than zero, or more than is left.
    """
    if minor <= 0:
        raise InvalidInput("The amount must be more than zero.", field="amount")
    left, left_minor = about.left, about.left_minor
    if minor not in (left_minor, min(minor, about.most_minor)):
        most = _money(about, about.most_minor)
        raise InvalidInput(f"At most {most} can be credited.", field="amount")
    flat = [part for share in left for part in share]
    parts = iter(allocate_minor(minor, flat))
    shares = tuple(tuple(next(parts) for _ in share) for share in left)
    return _made(about, CreditMode.AMOUNT, shares)


def check_creditable(about: Creditable) -> None:
    """Refuse what is no invoice any more, or not yet, and where nothing is left."""
    if about.state == InvoiceState.DRAFT:
        raise WrongState("This is still a draft. Change it instead of crediting it.")
    if about.state == InvoiceState.VOID:
        raise WrongState("This invoice is void. There is nothing to credit on it.")
    if about.written_off_minor > 0:
        raise Conflict("The rest is written off. Undo that before crediting it.")
    if about.left_minor <= 0:
        said = "has been credited in full already" if about.earlier else "is over zero"
        raise Conflict(f"This invoice {said}. There is nothing to credit.")
    if about.document.due_minor < 0:
        raise Conflict(
            "More was paid before this invoice than it comes to, so it can't be "
            "credited here."
        )


def build_document(
    about: Creditable, credit: Credit, *, number: str, reason: str, issued_on: date
) -> CreditNoteDocument:
    """Return what is printed, with the letterhead of the invoice."""
    invoice = about.document
    agreed = credit.total_minor if invoice.prices_inclusive else credit.net_minor
    return CreditNoteDocument(
        number=number,
        invoice_number=invoice.number,
        invoice_issued_on=invoice.issued_on,
        currency=invoice.currency,
        language=invoice.language,
        branding=invoice.branding,
        seller=invoice.seller,
        buyer=invoice.buyer,
        issued_on=issued_on,
        reason=reason,
        purchase_order=invoice.purchase_order,
        job=invoice.job,
        delivery_on=invoice.delivery_on,
        delivery_until_on=invoice.delivery_until_on,
        prices_inclusive=invoice.prices_inclusive,
        lines=credit.lines,
        adjustment_minor=agreed - sum(line.amount_minor for line in credit.lines),
        taxes=credit.taxes,
        net_minor=credit.net_minor,
        tax_minor=credit.tax_minor,
        total_minor=credit.total_minor,
        prepaid_minor=credit.prepaid_minor,
        rounding_minor=credit.rounding_minor,
        amount_minor=credit.amount_minor,
        credit_minor=credit.released_minor,
        tax_in_currency=_tax_in_currency(about, credit.tax_minor),
        fields=invoice.fields,
    )


def _tax_in_currency(about: Creditable, tax_minor: int) -> TaxInCurrency | None:
    """Convert the tax that is taken back by the invoice's own rate.

    What all credits took is rounded, not each: together they take back exactly what
    the invoice said.
    """
    currency, known = about.document.currency, about.document.tax_in_currency
    if known is None:
        return None

    def converted(minor: int) -> int:
        tax = Money(minor, currency).decimal
        return priced(tax, known.rate, known.currency).minor

    earlier = [share for credit in about.earlier for share in credit.shares]
    before = sum(sum(share[1:]) for share in earlier)
    taken = converted(before + tax_minor) - converted(before)
    return replace(known, tax_minor=taken)


def _made(
    about: Creditable,
    mode: CreditMode,
    shares: Shares,
    places: tuple[int, ...] = (),
) -> Credit:
    """Put a credit together; the one that takes the rest takes the rounding too."""
    document = about.document
    total = _sum(shares)
    net = sum(share[0] for share in shares)
    is_rest = total == about.left_minor
    prepaid = document.prepaid_minor if is_rest else 0
    rounding = document.rounding_minor if is_rest else 0
    lines = tuple(_lines(about, mode, shares, places))
    amount = total - prepaid + rounding
    over = amount - about.outstanding_minor
    return Credit(
        mode=mode,
        shares=shares,
        places=places,
        lines=lines,
        taxes=tuple(_taxes(about, shares, lines)),
        net_minor=net,
        tax_minor=total - net,
        total_minor=total,
        prepaid_minor=prepaid,
        rounding_minor=rounding,
        amount_minor=amount,
        released_minor=max(0, min(over, about.allocated_minor)),
    )


def _of_lines(about: Creditable, places: tuple[int, ...]) -> Shares:
    """Return the shares of chosen lines, with their part of the discounts.

    The last of the lines take what is left, so that nothing stays behind.
    """
    document, left = about.document, about.left
    all_lines = frozenset(range(1, len(document.lines) + 1))
    is_last = about.credited_lines | frozenset(places) == all_lines
    if is_last and about.is_by_lines and not about.terms.charges:
        return left
    terms = about.terms
    chosen = [place - 1 for place in places]
    totals = compute_totals(
        replace(
            terms,
            lines=tuple(terms.lines[index] for index in chosen),
            allowances=tuple(_allowances(about, chosen)),
            charges=(),
            prepaid=None,
            cash_rounding=None,
            rounding=None,
            tax_accounting=None,
        )
    )
    found = {
        _set_names(each.taxes): share
        for each, share in zip(totals.tax_sets, shares_of(totals), strict=True)
    }
    wanted = tuple(
        found.get(_set_names(each.taxes), tuple(0 for _ in share))
        for each, share in zip(about.totals.tax_sets, left, strict=True)
    )
    return _capped(about, wanted, left)


def _capped(about: Creditable, wanted: Shares, left: Shares) -> Shares:
    """Take no more than is left; that differs by a cent for each tax at most.

    A line's own tax is rounded by itself, the invoice's once for all lines.
    """
    shares = tuple(
        tuple(_within(part, most) for part, most in zip(share, mosts, strict=True))
        for share, mosts in zip(wanted, left, strict=True)
    )
    missing = sum(
        abs(part - got)
        for share, taken in zip(wanted, shares, strict=True)
        for part, got in zip(share, taken, strict=True)
    )
    if missing > sum(len(share) for share in left):
        raise InvalidInput(
            "A part of these lines is credited already. Credit an amount instead.",
            field="lines",
        )
    if _sum(shares) <= 0:
        raise InvalidInput("These lines come to nothing.", field="lines")
    if _sum(shares) == _sum(left):
        # Where parts stand on both sides of zero, others may come to the same.
        return left
    if _sum(shares) > about.most_minor:
        most = _money(about, about.most_minor)
        raise InvalidInput(f"At most {most} can be credited.", field="lines")
    return shares


def _allowances(about: Creditable, chosen: Sequence[int]) -> Iterator[Adjustment]:
    """Yield the invoice's discounts as far as they are on the chosen lines."""
    lines = [about.totals.lines[index].amount.minor for index in chosen]
    taxes = [_set_names(about.terms.lines[index].taxes) for index in chosen]
    currency = about.document.currency
    pairs = zip(about.terms.allowances, about.totals.allowances, strict=True)
    for terms, totals in pairs:
        whole, part = about.totals.amount_sum.minor, sum(lines)
        bound = None if terms.taxes is None else _set_names(terms.taxes)
        if bound is not None:
            whole = sum(
                each.line_amount.minor
                for each in about.totals.tax_sets
                if _set_names(each.taxes) == bound
            )
            part = sum(x for x, own in zip(lines, taxes, strict=True) if own == bound)
        if not part or whole <= 0:
            continue
        minor = round_half_away(totals.amount.minor * part, whole)
        yield Adjustment(amount=Money(minor, currency), taxes=terms.taxes)


def _lines(
    about: Creditable, mode: CreditMode, shares: Shares, places: tuple[int, ...]
) -> Iterator[DocumentLine]:
    """Yield what is printed: the invoice's own lines where it is they that go."""
    document = about.document
    is_whole = mode == CreditMode.WHOLE and not about.earlier
    if is_whole or places:
        chosen = places or range(1, len(document.lines) + 1)
        yield from (document.lines[place - 1] for place in chosen)
        return
    for each, share in zip(about.totals.tax_sets, shares, strict=True):
        if any(share):
            inclusive = document.prices_inclusive
            yield _line(document, each.taxes, share, inclusive=inclusive)


def _line(
    document: InvoiceDocument,
    taxes: tuple[TaxTerms, ...],
    share: tuple[int, ...],
    *,
    inclusive: bool,
) -> DocumentLine:
    minor = sum(share) if inclusive else share[0]
    return DocumentLine(
        # Whoever prints it puts it in the customer's language.
        name=document.number,
        description="",
        quantity=Decimal(1),
        unit="",
        unit_price=Money(minor, document.currency).decimal,
        base_quantity=Decimal(1),
        discount="",
        discount_minor=0,
        tax=tax_label(taxes),
        amount_minor=minor,
        net_minor=share[0],
        taxes=tuple(LineTax(tax.category, tax.percent) for tax in taxes),
    )


def _taxes(
    about: Creditable, shares: Shares, lines: Sequence[DocumentLine]
) -> Iterator[DocumentTax]:
    """Yield each tax: what is credited under it, and how much of it.

    One that comes to nothing is there as well where a line has it.
    """
    totals = about.totals
    on_lines = {tax for line in lines for tax in line.taxes}
    billed = {_names(tax): tax for tax in about.document.taxes}
    for group in totals.tax_groups:
        taxable = tax = 0
        for each, share in zip(totals.tax_sets, shares, strict=True):
            for terms, part in zip(each.taxes, share[1:], strict=True):
                if _names(terms) == _names(group):
                    under = sum(share) - part if group.is_compound else share[0]
                    taxable, tax = taxable + under, tax + part
        on_line = LineTax(group.category, group.percent) in on_lines
        if taxable or tax or on_line:
            # What the law wants said was said on the invoice, in its language.
            named = billed[_names(group)]
            yield replace(named, taxable_minor=taxable, tax_minor=tax)


def _read_mode(text: str) -> CreditMode:
    try:
        return CreditMode(text)
    except ValueError:
        raise InvalidInput("Choose what to credit.", field="mode") from None


def _read_places(places: Sequence[int], about: Creditable) -> tuple[int, ...]:
    chosen = tuple(sorted(set(places)))
    if not chosen:
        raise InvalidInput("Choose at least one line.", field="lines")
    if chosen[0] < 1 or chosen[-1] > len(about.document.lines):
        raise InvalidInput("This invoice has no such line.", field="lines")
    again = sorted(about.credited_lines & set(chosen))
    if again:
        raise InvalidInput(f"Line {again[0]} is credited already.", field="lines")
    return chosen


def _minus(shares: Shares, taken: Shares) -> Shares:
    return tuple(
        tuple(part - less for part, less in zip(share, gone, strict=True))
        for share, gone in zip(shares, taken, strict=True)
    )


def _sum(shares: Shares) -> int:
    return sum(sum(share) for share in shares)


def _within(part: int, most: int) -> int:
    """Return a part that is not beyond what is left, whichever side of zero."""
    return max(0, min(part, most)) if most >= 0 else min(0, max(part, most))


def _names(tax: TaxTerms | TaxGroup | DocumentTax) -> _Names:
    return tax.percent, tax.category, tax.name, tax.is_compound


def _set_names(taxes: tuple[TaxTerms, ...]) -> frozenset[_Names]:
    return frozenset(_names(tax) for tax in taxes)


def _money(about: Creditable, minor: int) -> str:
    document = about.document
    return format_money(minor, document.currency, document.language)
