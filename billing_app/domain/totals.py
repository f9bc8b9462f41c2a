"""The calculation model: what a document comes to.

Every amount shown anywhere comes from `compute_totals`; terms.py holds what goes in.
In short:

* Every amount is rounded on its own, half away from zero, and totals are sums of
  rounded parts that are never rounded again.
* A line's base is quantity * price / base quantity; its allowances and charges
  are rounded one by one. A percentage on the document is of the sum of the lines.
* A document allowance or charge without a tax of its own is spread over the tax
  sets in proportion to their lines, largest remainder first.
* Tax is computed once per tax, not per line. With prices that include tax it is
  taken out of each set's gross sum, so the quoted total never moves.
* A compound tax is on the net and the other taxes of its lines, as those are
  rounded: what it is printed to be on, times its percentage, is the tax.
* Rounding to cash changes what is due, never a tax.
* Negating every quantity and fixed amount negates every result.

Names in brackets like BT-106 are the business terms of EN 16931; the order of
rounding is that of the Peppol BIS Billing chapter on calculations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from billing_app.domain.currencies import exponent
from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import (
    Money,
    allocate_minor,
    priced,
    priced_minor,
    round_half_away,
    whole_shares,
)
from billing_app.domain.terms import (
    Adjustment,
    DocumentTerms,
    LineTerms,
    Prices,
    TaxTerms,
)

# Percentages are kept as whole hundred-millionths of a percent.
_PERCENT_UNITS = 10**8
_WHOLE = 100 * _PERCENT_UNITS


@dataclass(frozen=True, slots=True)
class LineTotals:
    """What one line comes to.

    Attributes:
        base: quantity times price.
        allowances, charges: each one rounded, in the order of the terms.
        discount: allowances less charges.
        amount: base less discount, in the prices as agreed.
        net: amount without tax (BT-131).
    """

    base: Money
    allowances: tuple[Money, ...]
    charges: tuple[Money, ...]
    discount: Money
    amount: Money
    net: Money


@dataclass(frozen=True, slots=True)
class AdjustmentTotals:
    """What a document allowance or charge comes to, in the prices as agreed.

    Attributes:
        shares: its part in each of the document's tax sets; they sum to amount.
    """

    amount: Money
    shares: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class TaxSetTotals:
    """What the lines and adjustments under the same taxes come to.

    Attributes:
        line_amount: sum of the lines in the prices as agreed.
        line_sum, allowance_total, charge_total, taxable: without tax;
            line_sum - allowance_total + charge_total = taxable.
    """

    taxes: tuple[TaxTerms, ...]
    line_amount: Money
    line_sum: Money
    allowance_total: Money
    charge_total: Money
    taxable: Money


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """One tax of the document: what it is on and how much it is (BG-23).

    Attributes:
        taxable: without tax, but of a compound one with the taxes it is on.
    """

    category: str
    name: str
    percent: Decimal
    taxable: Money
    tax: Money
    exemption_reason: str = ""
    exemption_code: str = ""
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """What a document comes to.

    Attributes:
        amount_sum: sum of the lines in the prices as agreed: what percentages
            on the document are of.
        line_sum: sum of the line nets (BT-106).
        allowance_total, charge_total: without tax (BT-107, BT-108).
        tax_sets, tax_groups: highest percentage first, then category, then name;
            compound taxes after all others.
        net_total: line_sum - allowance_total + charge_total (BT-109).
        tax_total: sum of the tax groups (BT-110).
        total: net_total + tax_total (BT-112).
        due: total - prepaid + rounding (BT-115).
        tax_accounting_total: tax_total in the accounting currency (BT-111).
    """

    currency: str
    lines: tuple[LineTotals, ...]
    allowances: tuple[AdjustmentTotals, ...]
    charges: tuple[AdjustmentTotals, ...]
    tax_sets: tuple[TaxSetTotals, ...]
    tax_groups: tuple[TaxGroup, ...]
    amount_sum: Money
    line_sum: Money
    allowance_total: Money
    charge_total: Money
    net_total: Money
    tax_total: Money
    total: Money
    prepaid: Money
    rounding: Money
    due: Money
    tax_accounting_total: Money | None


def compute_totals(terms: DocumentTerms) -> Totals:
    """Compute every figure of a document from its terms.

    Raises:
        AmountTooLarge: a figure cannot be kept exactly.
        InvalidInput: prices include a tax that is below zero, or a line has
            several compound taxes.
    """
    rules = _Rules(terms.currency, terms.decimals)
    money = rules.money

    lines = [_line(line, rules) for line in terms.lines]
    amount_sum = sum(line.amount for line in lines)
    sets = _tax_sets(terms, lines)
    allowances = [_spread(x, amount_sum, sets, rules) for x in terms.allowances]
    charges = [_spread(x, amount_sum, sets, rules) for x in terms.charges]
    for index, tax_set in enumerate(sets):
        tax_set.allowance = sum(x.shares[index] for x in allowances)
        tax_set.charge = sum(x.shares[index] for x in charges)

    if terms.prices is Prices.INCLUSIVE:
        groups = _inclusive_groups(sets)
    else:
        groups = _exclusive_groups(sets)

    net_total = sum(tax_set.taxable for tax_set in sets)
    tax_total = sum(group.tax for group in groups)
    total = money(net_total + tax_total)
    prepaid = terms.prepaid or money(0)
    rounding = _due_rounding(terms, total - prepaid)

    return Totals(
        currency=terms.currency,
        lines=tuple(line.totals(money) for line in lines),
        allowances=tuple(x.totals(money) for x in allowances),
        charges=tuple(x.totals(money) for x in charges),
        tax_sets=tuple(tax_set.totals(money) for tax_set in sets),
        tax_groups=tuple(group.totals(money) for group in groups),
        amount_sum=money(amount_sum),
        line_sum=money(sum(tax_set.line_sum for tax_set in sets)),
        allowance_total=money(sum(tax_set.net_allowance for tax_set in sets)),
        charge_total=money(sum(tax_set.net_charge for tax_set in sets)),
        net_total=money(net_total),
        tax_total=money(tax_total),
        total=total,
        prepaid=prepaid,
        rounding=rounding,
        due=total - prepaid + rounding,
        tax_accounting_total=_tax_accounting_total(terms, money(tax_total)),
    )


def check_allowances(totals: Totals) -> None:
    """Refuse allowances that are more than the lines and charges they lower."""
    allowed = Money.sum((x.amount for x in totals.allowances), totals.currency)
    charged = Money.sum((x.amount for x in totals.charges), totals.currency)
    lowered = totals.amount_sum + charged
    if allowed.minor > max(0, lowered.minor):
        raise InvalidInput(
            f"The discount of {allowed.decimal:,} is more than the "
            f"{lowered.decimal:,} it is taken from."
        )


# Below, amounts are whole numbers of steps: the smallest unit the document uses,
# which is the currency's minor unit unless the terms lower the decimals.


@dataclass(frozen=True, slots=True, order=True)
class _TaxKey:
    """Which tax it is, in the order in which taxes are listed.

    Attributes:
        negative_units: its percentage, in whole units, with the other sign.
    """

    is_compound: bool
    negative_units: int
    category: str
    name: str

    @property
    def units(self) -> int:
        return -self.negative_units


class _Rules:
    """How one document counts: its currency and its step."""

    __slots__ = ("currency", "minor_per_step", "steps_per_major")

    def __init__(self, currency: str, decimals: int | None) -> None:
        places = exponent(currency)
        lowered = places if decimals is None else decimals
        self.currency = currency
        self.steps_per_major = 10**lowered
        self.minor_per_step = 10 ** (places - lowered)

    def money(self, steps: int) -> Money:
        return Money(steps * self.minor_per_step, self.currency)

    def adjustment(self, adjustment: Adjustment, base: int) -> int:
        """Round one allowance or charge; its percentage is of base steps."""
        if adjustment.amount is not None:
            return self._steps(adjustment.amount, 1, 1)
        assert adjustment.percent is not None
        top, bottom = adjustment.percent.as_integer_ratio()
        if adjustment.base_amount is not None:
            return self._steps(adjustment.base_amount, top, bottom * 100)
        return round_half_away(base * top, bottom * 100)

    def _steps(self, amount: Money, top: int, bottom: int) -> int:
        assert amount.currency == self.currency
        return round_half_away(amount.minor * top, bottom * self.minor_per_step)


@dataclass(slots=True)
class _Line:
    base: int
    allowances: list[int]
    charges: list[int]
    amount: int
    net: int

    def totals(self, money: Callable[[int], Money]) -> LineTotals:
        return LineTotals(
            base=money(self.base),
            allowances=tuple(money(x) for x in self.allowances),
            charges=tuple(money(x) for x in self.charges),
            discount=money(self.base - self.amount),
            amount=money(self.amount),
            net=money(self.net),
        )


@dataclass(slots=True)
class _Spread:
    amount: int
    shares: list[int]

    def totals(self, money: Callable[[int], Money]) -> AdjustmentTotals:
        return AdjustmentTotals(
            amount=money(self.amount), shares=tuple(money(x) for x in self.shares)
        )


@dataclass(slots=True)
class _TaxSet:
    """The lines and adjustments under the same taxes, while being computed.

    `allowance` and `charge` are in the prices as agreed, `net_` is without tax.
    `variants` are its taxes with the exemptions that lines name for them.
    """

    key: tuple[_TaxKey, ...]
    variants: list[tuple[TaxTerms, ...]] = field(
        default_factory=list[tuple[TaxTerms, ...]]
    )
    lines: list[_Line] = field(default_factory=list[_Line])
    line_amount: int = 0
    allowance: int = 0
    charge: int = 0
    line_sum: int = 0
    net_allowance: int = 0
    net_charge: int = 0
    taxable: int = 0

    @property
    def amount(self) -> int:
        return self.line_amount - self.allowance + self.charge

    @property
    def percent_units(self) -> int:
        return sum(tax.units for tax in self.key)

    @property
    def net_and_gross(self) -> tuple[int, int]:
        """Return the proportion of an amount without tax to the same with it."""
        compound = sum(tax.units for tax in self.key if tax.is_compound)
        simple = self.percent_units - compound
        return _WHOLE * _WHOLE, (_WHOLE + simple) * (_WHOLE + compound)

    @property
    def weights(self) -> list[int]:
        """Return the proportions of its taxes to each other."""
        simple = sum(tax.units for tax in self.key if not tax.is_compound)
        return [
            tax.units * (_WHOLE + (simple if tax.is_compound else 0))
            for tax in self.key
        ]

    def included_tax(self, amount: int) -> int:
        net, gross = self.net_and_gross
        return round_half_away(amount * (gross - net), gross)

    def totals(self, money: Callable[[int], Money]) -> TaxSetTotals:
        return TaxSetTotals(
            taxes=self.variants[0],
            line_amount=money(self.line_amount),
            line_sum=money(self.line_sum),
            allowance_total=money(self.net_allowance),
            charge_total=money(self.net_charge),
            taxable=money(self.taxable),
        )


@dataclass(slots=True)
class _Group:
    terms: TaxTerms
    taxable: int = 0
    tax: int = 0
    exemptions: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def totals(self, money: Callable[[int], Money]) -> TaxGroup:
        reasons = sorted({reason for reason, _ in self.exemptions if reason})
        codes = sorted({code for _, code in self.exemptions if code})
        return TaxGroup(
            category=self.terms.category,
            name=self.terms.name,
            percent=self.terms.percent,
            taxable=money(self.taxable),
            tax=money(self.tax),
            exemption_reason="; ".join(reasons),
            exemption_code=codes[0] if codes else "",
            is_compound=self.terms.is_compound,
        )


def _line(terms: LineTerms, rules: _Rules) -> _Line:
    base = priced_minor(
        terms.quantity, terms.unit_price, terms.base_quantity, rules.steps_per_major
    )
    allowances = [rules.adjustment(x, base) for x in terms.allowances]
    charges = [rules.adjustment(x, base) for x in terms.charges]
    amount = base - sum(allowances) + sum(charges)
    return _Line(base, allowances, charges, amount, net=amount)


def _tax_sets(terms: DocumentTerms, lines: list[_Line]) -> list[_TaxSet]:
    """Gather the lines by their taxes.

    The order of the sets decides ties, so it never depends on that of the lines:
    highest percentage first, then category, then name.
    """
    sets: dict[tuple[_TaxKey, ...], _TaxSet] = {}
    known: dict[tuple[TaxTerms, ...], _TaxSet] = {}

    def holding(taxes: tuple[TaxTerms, ...]) -> _TaxSet:
        if taxes not in known:
            key = _set_key(taxes)
            known[taxes] = sets.setdefault(key, _TaxSet(key))
            known[taxes].variants.append(tuple(sorted(taxes, key=_tax_key)))
        return known[taxes]

    for line_terms, line in zip(terms.lines, lines, strict=True):
        tax_set = holding(line_terms.taxes)
        tax_set.lines.append(line)
        tax_set.line_amount += line.amount
    for adjustment in (*terms.allowances, *terms.charges):
        if adjustment.taxes is not None:
            holding(adjustment.taxes)
        elif not sets:
            holding(())
    return sorted(sets.values(), key=_set_order)


def _tax_key(tax: TaxTerms) -> _TaxKey:
    top, bottom = tax.percent.as_integer_ratio()
    units, uneven = divmod(top * _PERCENT_UNITS, bottom)
    assert uneven == 0, f"{tax.percent} % has more than eight decimals"
    return _TaxKey(tax.is_compound, -units, tax.category, tax.name)


def _set_key(taxes: tuple[TaxTerms, ...]) -> tuple[_TaxKey, ...]:
    key = tuple(sorted(_tax_key(tax) for tax in taxes))
    assert len(set(key)) == len(key), "a tax is named twice in one set"
    if sum(tax.is_compound for tax in key) > 1:
        raise InvalidInput("At most one tax of a line can be on top of the others.")
    return key


def _set_order(tax_set: _TaxSet) -> tuple[int, list[str], list[str], object]:
    key = tax_set.key
    return (
        -tax_set.percent_units,
        [tax.category for tax in key],
        [tax.name for tax in key],
        key,
    )


def _spread(
    adjustment: Adjustment, amount_sum: int, sets: list[_TaxSet], rules: _Rules
) -> _Spread:
    amount = rules.adjustment(adjustment, amount_sum)
    if adjustment.taxes is None:
        weights = [tax_set.line_amount for tax_set in sets]
        return _Spread(amount, allocate_minor(amount, weights))
    key = _set_key(adjustment.taxes)
    return _Spread(amount, [amount if x.key == key else 0 for x in sets])


def _groups(sets: list[_TaxSet]) -> dict[_TaxKey, _Group]:
    """Gather the sets by each of their taxes."""
    groups: dict[_TaxKey, _Group] = {}
    for tax_set in sets:
        for taxes in tax_set.variants:
            for key, tax in zip(tax_set.key, taxes, strict=True):
                group = groups.setdefault(key, _Group(tax))
                group.exemptions.add((tax.exemption_reason, tax.exemption_code))
        for key in tax_set.key:
            groups[key].taxable += tax_set.taxable
    return dict(sorted(groups.items()))


def _exclusive_groups(sets: list[_TaxSet]) -> list[_Group]:
    """Put each tax on top of what is under it, rounded once per tax."""
    for tax_set in sets:
        tax_set.line_sum = tax_set.line_amount
        tax_set.net_allowance = tax_set.allowance
        tax_set.net_charge = tax_set.charge
        tax_set.taxable = tax_set.amount

    groups = _groups(sets)
    # In their order, so that compound taxes find the others computed.
    for key, group in groups.items():
        if key.is_compound:
            group.taxable += sum(_taxes_under(key, sets, groups))
        group.tax = round_half_away(key.units * group.taxable, _WHOLE)
    return list(groups.values())


def _taxes_under(
    compound: _TaxKey, sets: list[_TaxSet], groups: dict[_TaxKey, _Group]
) -> Iterator[int]:
    """Yield what the other taxes come to in the sets that have this one.

    A tax that is in other sets as well is split by what it is on in each.
    """
    for key, group in groups.items():
        if key.is_compound:
            continue
        holders = [tax_set for tax_set in sets if key in tax_set.key]
        parts = allocate_minor(group.tax, [x.taxable for x in holders])
        for tax_set, part in zip(holders, parts, strict=True):
            if compound in tax_set.key:
                yield part


def _inclusive_groups(sets: list[_TaxSet]) -> list[_Group]:
    """Take the tax out of each set, so that the set's gross amount stays.

    Where several taxes are in a set, its tax is split in their proportions.
    """
    taxes_by_set: list[list[int]] = []
    for tax_set in sets:
        if any(key.units < 0 for key in tax_set.key):
            raise InvalidInput("Prices cannot include a tax that is below zero.")

        tax = tax_set.included_tax(tax_set.amount)
        tax_set.taxable = tax_set.amount - tax
        tax_set.line_sum = tax_set.line_amount - tax_set.included_tax(
            tax_set.line_amount
        )
        # The set's lines and its taxable amount are rounded on their own; what
        # lies between is the allowance, or the charge where there is only one.
        between = tax_set.line_sum - tax_set.taxable
        if tax_set.allowance:
            tax_set.net_charge = tax_set.charge - tax_set.included_tax(tax_set.charge)
            tax_set.net_allowance = between + tax_set.net_charge
        else:
            tax_set.net_charge = -between
        _split_line_sum(tax_set)
        taxes_by_set.append(allocate_minor(tax, tax_set.weights) if tax_set.key else [])

    groups = _groups(sets)
    for tax_set, taxes in zip(sets, taxes_by_set, strict=True):
        for key, tax in zip(tax_set.key, taxes, strict=True):
            groups[key].tax += tax
            if key.is_compound:
                groups[key].taxable += sum(taxes) - tax
    return list(groups.values())


def _split_line_sum(tax_set: _TaxSet) -> None:
    """Give each line its net, in proportion to its amount, to the step."""
    lines = tax_set.lines
    if not lines:
        return
    amounts = [line.amount for line in lines]
    if tax_set.line_amount:
        nets = allocate_minor(tax_set.line_sum, amounts)
    else:
        # The lines cancel out, so their sum has no proportions: each gives up
        # its own tax. The first line's sign decides which way ties are mirrored.
        sign = -1 if next((x for x in amounts if x), 0) < 0 else 1
        net, gross = tax_set.net_and_gross
        tops = [sign * amount * net for amount in amounts]
        nets = [sign * x for x in whole_shares(tops, gross)]
    for line, net in zip(lines, nets, strict=True):
        line.net = net


def _due_rounding(terms: DocumentTerms, payable: Money) -> Money:
    if terms.rounding is not None:
        return terms.rounding
    if terms.cash_rounding is None:
        return Money.zero(terms.currency)
    multiple = terms.cash_rounding.minor
    nearest = round_half_away(payable.minor, multiple) * multiple
    return Money(nearest, terms.currency) - payable


def _tax_accounting_total(terms: DocumentTerms, tax_total: Money) -> Money | None:
    accounting = terms.tax_accounting
    if accounting is None or accounting.amount is not None:
        return accounting and accounting.amount
    assert accounting.rate is not None
    return priced(tax_total.decimal, accounting.rate, accounting.currency)
