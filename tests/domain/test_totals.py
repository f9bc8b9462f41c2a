import random
from dataclasses import fields, is_dataclass, replace
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import (
    MINOR_MAX,
    AmountTooLarge,
    Money,
    percent_of,
    round_half_away,
)
from billing_app.domain.terms import (
    Adjustment,
    DocumentTerms,
    LineTerms,
    Prices,
    TaxAccounting,
    TaxTerms,
    negated,
)
from billing_app.domain.totals import Totals, check_allowances, compute_totals


def vat(percent: str) -> TaxTerms:
    return TaxTerms("VAT", "S" if D(percent) else "Z", D(percent))


def eur(text: str) -> Money:
    return Money.from_decimal(D(text), "EUR")


GST = TaxTerms("GST", "S", D(5))
QST = TaxTerms("QST", "S", D("9.5"), is_compound=True)


def line(price: str, *taxes: TaxTerms, quantity: str = "1") -> LineTerms:
    return LineTerms(D(quantity), D(price), taxes)


def off(percent: str, taxes: tuple[TaxTerms, ...] | None = None) -> Adjustment:
    return Adjustment(percent=D(percent), taxes=taxes)


def fixed(amount: str, taxes: tuple[TaxTerms, ...] | None = None) -> Adjustment:
    return Adjustment(amount=eur(amount), taxes=taxes)


def document(*lines: LineTerms, **terms: Any) -> DocumentTerms:
    return replace(DocumentTerms("EUR", lines), **terms)


class TestLines:
    @pytest.mark.feature("R02")
    def test_each_part_of_a_line_is_rounded_on_its_own(self):
        """3 x 0.335 = 1.005 -> 1.01; 5 % = 0.0505 -> 0.05; not 0.95475 -> 0.95."""
        terms = replace(line("0.335", quantity="3"), allowances=(off("5"),))

        (totals,) = compute_totals(document(terms)).lines

        assert (totals.base, totals.discount) == (eur("1.01"), eur("0.05"))
        assert totals.amount == totals.net == eur("0.96")

    def test_takes_lists_of_allowances_and_charges(self):
        terms = replace(
            line("100", quantity="10"),
            allowances=(off("10"), fixed("50")),
            charges=(fixed("6"), off("0.5")),
        )

        (totals,) = compute_totals(document(terms)).lines

        assert totals.allowances == (eur("100"), eur("50"))
        assert totals.charges == (eur("6"), eur("5"))
        assert totals.discount == eur("139")
        assert totals.net == eur("861")

    def test_a_percentage_may_be_of_another_base_and_an_amount_wins(self):
        of_half = Adjustment(percent=D(10), base_amount=eur("50"))
        as_printed = Adjustment(eur("7"), percent=D(10), base_amount=eur("50"))
        terms = replace(line("100"), allowances=(of_half, as_printed))

        (totals,) = compute_totals(document(terms)).lines

        assert totals.allowances == (eur("5"), eur("7"))

    def test_a_price_may_be_for_many_units_and_have_eight_decimals(self):
        terms = LineTerms(D("104.125"), D("0.12345678"), base_quantity=D("0.5"))

        assert compute_totals(document(terms)).total == eur("25.71")

    def test_sums_rounded_lines(self):
        """Three lines of 0.005 are 0.03, not 0.02."""
        assert compute_totals(document(*[line("0.005")] * 3)).line_sum == eur("0.03")


class TestTaxGroups:
    @pytest.mark.feature("R02")
    def test_taxes_each_group_once(self):
        """Three lines of 0.33 at 19 % carry 0.19 tax, not 3 x 0.06 = 0.18."""
        totals = compute_totals(document(*[line("0.33", vat("19"))] * 3))

        assert totals.net_total == eur("0.99")
        assert totals.tax_total == eur("0.19")
        assert totals.total == eur("1.18")

    def test_rounds_half_away_from_zero(self):
        """0.50 at 25 % is 0.125: 0.13, where half to even would say 0.12."""
        assert compute_totals(document(line("0.5", vat("25")))).tax_total == eur("0.13")

    def test_lists_groups_by_percentage_then_category_then_name(self):
        a, b, c = (TaxTerms(*x, D(0)) for x in [("A", "Z"), ("B", "Z"), ("C", "E")])
        totals = compute_totals(
            document(line("1", b), line("1", c), line("1", vat("7")), line("1", a))
        )

        assert [x.name for x in totals.tax_groups] == ["VAT", "C", "A", "B"]

    def test_knows_a_tax_by_its_value_not_by_how_it_is_written(self):
        totals = compute_totals(document(line("1", vat("19")), line("1", vat("19.00"))))

        assert [x.taxable for x in totals.tax_groups] == [eur("2")]

    @pytest.mark.feature("A15")
    def test_takes_several_taxes_on_a_line(self):
        """Quebec: GST 5 % and QST 9.975 % on one line, GST alone on another."""
        gst, qst = TaxTerms("GST", "S", D(5)), TaxTerms("QST", "S", D("9.975"))
        totals = compute_totals(
            document(line("100", gst, qst), line("50", gst), line("10", qst, gst))
        )

        assert [(x.name, x.taxable, x.tax) for x in totals.tax_groups] == [
            ("QST", eur("110"), eur("10.97")),
            ("GST", eur("160"), eur("8")),
        ]
        assert totals.net_total == eur("160")
        assert len(totals.tax_sets) == 2

    @pytest.mark.feature("A15")
    def test_a_compound_tax_is_on_the_price_and_the_other_taxes(self):
        """Quebec until 2012: 9.5 % on 100 and the GST of 5 on it, which is 9.98."""
        totals = compute_totals(document(line("100", QST, GST), line("50", GST)))

        assert [(x.name, x.taxable, x.tax) for x in totals.tax_groups] == [
            ("GST", eur("150"), eur("7.50")),
            ("QST", eur("105"), eur("9.98")),
        ]
        assert totals.net_total == eur("150")
        assert totals.total == eur("167.48")

    @pytest.mark.feature("A15")
    def test_what_a_compound_tax_is_on_gives_it_to_the_cent(self):
        """GST on 0.10 and 0.30 is 0.02; a cent of it is under the line with QST."""
        totals = compute_totals(document(line("0.30", GST, QST), line("0.10", GST)))

        assert [(x.taxable, x.tax) for x in totals.tax_groups] == [
            (eur("0.40"), eur("0.02")),
            (eur("0.32"), eur("0.03")),
        ]

    def test_a_compound_tax_with_no_other_is_on_the_price(self):
        (group,) = compute_totals(document(line("100", QST))).tax_groups

        assert (group.taxable, group.tax) == (eur("100"), eur("9.50"))

    @pytest.mark.feature("A15")
    def test_a_discount_is_shared_before_a_compound_tax(self):
        """10 % off 200: 90 with both taxes, 90 with none."""
        totals = compute_totals(
            document(line("100", GST, QST), line("100"), allowances=(off("10"),))
        )

        assert [(x.taxable, x.tax) for x in totals.tax_groups] == [
            (eur("90"), eur("4.50")),
            (eur("94.50"), eur("8.98")),
        ]

    def test_refuses_two_compound_taxes_on_a_line(self):
        other = replace(QST, name="Other")

        with pytest.raises(InvalidInput, match="At most one"):
            compute_totals(document(line("1", QST, other)))

    def test_a_withheld_tax_lowers_the_total(self):
        irpf = TaxTerms("IRPF", "S", D(-15))

        assert compute_totals(document(line("100", vat("21"), irpf))).total == eur(
            "106"
        )

    @pytest.mark.feature("A15")
    def test_gathers_the_reasons_for_an_exemption(self):
        export = TaxTerms("VAT", "E", D(0), "Export", "VATEX-EU-G")
        other = TaxTerms("VAT", "E", D(0), "Article 132")
        totals = compute_totals(
            document(line("1", export), line("1", other), line("1", export))
        )

        (group,) = totals.tax_groups
        assert group.exemption_reason == "Article 132; Export"
        assert group.exemption_code == "VATEX-EU-G"
        assert group.taxable == eur("3")

    def test_untaxed_lines_are_in_no_group(self):
        totals = compute_totals(document(line("1"), line("2", vat("10"))))

        assert [x.taxable for x in totals.tax_groups] == [eur("2")]
        assert totals.net_total == eur("3")


class TestDocumentAllowances:
    @pytest.mark.feature("G04")
    @pytest.mark.parametrize("discount", [off("10"), fixed("12.50")])
    def test_the_discount_lowers_the_taxable_portion_by_its_share(
        self, discount: Adjustment
    ):
        """100 taxed and 25 not, 10 % off: 112.50 net, 90 of it taxed at 8.5 %."""
        totals = compute_totals(
            document(line("100", vat("8.5")), line("25"), allowances=(discount,))
        )

        assert totals.line_sum == eur("125")
        assert totals.allowance_total == eur("12.50")
        assert totals.tax_groups[0].taxable == eur("90")
        assert totals.tax_total == eur("7.65")
        assert totals.total == totals.due == eur("120.15")

    def test_percentages_are_all_of_the_line_sum(self):
        totals = compute_totals(
            document(
                line("100"), allowances=(off("10"), off("10")), charges=(off("5"),)
            )
        )

        assert totals.allowance_total == eur("20")
        assert totals.charge_total == eur("5")
        assert totals.net_total == eur("85")

    def test_a_tie_goes_to_the_highest_percentage_wherever_its_lines_stand(self):
        lines = [line("1", vat("7")), line("1", vat("19"))]
        for order in (lines, lines[::-1]):
            totals = compute_totals(document(*order, allowances=(fixed("0.01"),)))

            assert [x.taxable for x in totals.tax_groups] == [eur("0.99"), eur("1")]
            assert totals.allowances[0].shares == (eur("0.01"), eur("0"))

    def test_belongs_to_one_tax_set_when_that_is_given(self):
        totals = compute_totals(
            document(
                line("100", vat("19")),
                line("100", vat("7")),
                allowances=(fixed("10", (vat("7"),)),),
            )
        )

        assert [x.taxable for x in totals.tax_groups] == [eur("100"), eur("90")]

    def test_a_charge_may_have_a_tax_that_no_line_has(self):
        totals = compute_totals(
            document(line("100", vat("7")), charges=(fixed("5", (vat("19"),)),))
        )

        assert [(x.percent, x.taxable, x.tax) for x in totals.tax_groups] == [
            (19, eur("5"), eur("0.95")),
            (7, eur("100"), eur("7")),
        ]

    def test_a_document_may_have_charges_only(self):
        totals = compute_totals(document(charges=(fixed("5"),)))

        assert totals.net_total == totals.total == eur("5")

    def test_an_empty_draft_comes_to_nothing(self):
        assert compute_totals(document()).total.is_zero

    @pytest.mark.feature("G04")
    def test_refuses_a_discount_above_what_it_is_taken_from(self):
        just, above = (
            compute_totals(document(line("10"), allowances=(fixed(amount),)))
            for amount in ("10", "10.01")
        )

        check_allowances(just)
        with pytest.raises(InvalidInput, match=r"10\.01 is more than the 10\.00"):
            check_allowances(above)


class TestInclusivePrices:
    def inclusive(self, *lines: LineTerms, **terms: Any) -> Totals:
        return compute_totals(document(*lines, prices=Prices.INCLUSIVE, **terms))

    @pytest.mark.feature("R03")
    def test_the_quoted_total_never_moves(self):
        """10.00 with 19 %: tax 1.60, net 8.40, where 8.40 * 1.19 would be 9.996."""
        totals = self.inclusive(line("10", vat("19")))

        assert totals.total == eur("10")
        assert totals.tax_total == eur("1.60")
        assert totals.net_total == totals.lines[0].net == eur("8.40")

    def test_line_nets_sum_to_the_net_of_the_set(self):
        """3 x 0.99 = 2.97 with 19 %: tax 0.47, net 2.50 = 0.84 + 0.83 + 0.83."""
        totals = self.inclusive(*[line("0.99", vat("19"))] * 3)

        assert totals.line_sum == eur("2.50")
        assert [x.net for x in totals.lines] == [eur("0.84"), eur("0.83"), eur("0.83")]

    def test_discounts_come_off_the_gross_amount(self):
        totals = self.inclusive(
            line("119", vat("19")), line("107", vat("7")), allowances=(off("10"),)
        )

        assert totals.amount_sum == eur("226")
        assert totals.allowances[0].amount == eur("22.60")
        assert totals.total == eur("203.40")
        assert [(x.taxable, x.tax) for x in totals.tax_groups] == [
            (eur("90"), eur("17.10")),
            (eur("90"), eur("6.30")),
        ]
        assert totals.line_sum == eur("200")
        assert totals.allowance_total == eur("20")

    def test_allowances_and_charges_are_shown_without_tax(self):
        totals = self.inclusive(
            line("119", vat("19")),
            allowances=(fixed("11.90"),),
            charges=(fixed("23.80"),),
        )

        assert (totals.allowance_total, totals.charge_total) == (eur("10"), eur("20"))
        assert totals.net_total == eur("110")

    def test_splits_the_tax_of_a_set_by_percentage(self):
        """114.98 with GST 5 % and QST 9.975 %: 14.98 of tax, 9.98 and 5.00."""
        gst, qst = TaxTerms("GST", "S", D(5)), TaxTerms("QST", "S", D("9.975"))

        totals = self.inclusive(line("114.98", gst, qst))

        assert [x.tax for x in totals.tax_groups] == [eur("9.98"), eur("5")]
        assert {x.taxable for x in totals.tax_groups} == {eur("100")}
        assert totals.total == eur("114.98")

    @pytest.mark.feature("A15")
    def test_a_compound_tax_is_taken_out_first(self):
        """114.98 / (1.05 * 1.095) = 100.00: 5.00 of GST, 9.98 of QST on 105.00."""
        totals = self.inclusive(line("114.98", QST, GST))

        assert totals.total == eur("114.98")
        assert totals.net_total == eur("100")
        assert [(x.taxable, x.tax) for x in totals.tax_groups] == [
            (eur("100"), eur("5")),
            (eur("105"), eur("9.98")),
        ]

    def test_lines_that_cancel_out_give_up_their_own_tax(self):
        totals = self.inclusive(
            line("119", vat("19")), line("119", vat("19"), quantity="-1")
        )

        assert [x.net for x in totals.lines] == [eur("100"), eur("-100")]
        assert totals.total.is_zero

    def test_untaxed_lines_stay_as_they_are(self):
        totals = self.inclusive(line("5"), line("1.10", vat("10")))

        assert totals.lines[0].net == eur("5")
        assert totals.net_total == eur("6")

    def test_refuses_a_price_that_includes_a_withheld_tax(self):
        with pytest.raises(InvalidInput, match="below zero"):
            self.inclusive(line("100", TaxTerms("IRPF", "S", D(-15))))


class TestDue:
    @pytest.mark.feature("R05", "A16")
    @pytest.mark.parametrize(
        ("price", "multiple", "rounding", "due"),
        [
            ("10.02", "0.05", "-0.02", "10.00"),
            ("10.03", "0.05", "0.02", "10.05"),
            ("10.025", "0.05", "0.02", "10.05"),
            ("10.50", "1.00", "0.50", "11.00"),
            ("-10.50", "1.00", "-0.50", "-11.00"),
        ],
    )
    def test_rounds_to_cash_what_is_due(
        self, price: str, multiple: str, rounding: str, due: str
    ):
        totals = compute_totals(document(line(price), cash_rounding=eur(multiple)))

        assert totals.rounding == eur(rounding)
        assert totals.due == eur(due)
        assert totals.tax_total.is_zero

    def test_rounds_what_is_left_after_the_prepaid(self):
        totals = compute_totals(
            document(line("100"), prepaid=eur("33.33"), cash_rounding=eur("0.05"))
        )

        assert (totals.rounding, totals.due) == (eur("-0.02"), eur("66.65"))

    def test_takes_a_rounding_and_a_negative_prepaid_as_given(self):
        totals = compute_totals(
            document(line("-5"), prepaid=eur("-3"), rounding=eur("0.40"))
        )

        assert totals.due == eur("-1.60")


class TestCurrencies:
    def test_counts_in_the_decimals_of_the_currency(self):
        third = (LineTerms(D(1), D("333.3335"), (vat("10"),)),)

        yen = compute_totals(DocumentTerms("JPY", third))
        dinar = compute_totals(DocumentTerms("KWD", third))

        assert (yen.net_total.minor, yen.tax_total.minor) == (333, 33)
        assert (dinar.net_total.minor, dinar.tax_total.minor) == (333334, 33333)

    def test_a_workspace_may_count_in_whole_forints(self):
        terms = DocumentTerms(
            "HUF",
            (LineTerms(D(3), D("333.30"), (vat("27"),)), LineTerms(D(1), D("0.50"))),
            allowances=(off("10"),),
            decimals=0,
        )

        totals = compute_totals(terms)

        assert [x.net.minor for x in totals.lines] == [1000_00, 1_00]
        assert totals.allowance_total.minor == 100_00
        assert totals.tax_total.minor == 243_00
        assert totals.total.minor == 1144_00

    @pytest.mark.feature("A14")
    def test_states_the_tax_in_the_currency_it_is_owed_in(self):
        by_rate = TaxAccounting("SEK", rate=D("11.2347"))
        given = TaxAccounting("SEK", amount=Money(1, "SEK"))

        for accounting, minor in [(by_rate, 213_46), (given, 1)]:
            totals = compute_totals(
                document(line("100", vat("19")), tax_accounting=accounting)
            )
            assert totals.tax_accounting_total == Money(minor, "SEK")

    @pytest.mark.feature("A14")
    def test_never_adds_amounts_of_another_currency(self):
        foreign = Adjustment(Money(1, "USD"))

        with pytest.raises(AssertionError):
            compute_totals(document(line("1"), allowances=(foreign,)))

    def test_refuses_what_cannot_be_kept_exactly(self):
        with pytest.raises(AmountTooLarge):
            compute_totals(document(line("9999999999", quantity="9999999999")))


# The invariants. Prices, percentages and taxes are drawn so that lines share
# taxes and ties happen.

percents = st.sampled_from([D(x) for x in ("0", "2.5", "5", "7", "8.5", "19", "25")])
taxes = st.lists(
    st.sampled_from(
        [
            vat("19"),
            vat("7"),
            vat("0"),
            TaxTerms("QST", "S", D("9.975")),
            TaxTerms("Cess", "S", D("1.5"), is_compound=True),
        ]
    ),
    max_size=3,
    unique=True,
).map(tuple)
amounts = st.integers(0, 5000).map(lambda minor: Money(minor, "EUR"))
adjustments = st.one_of(
    st.builds(Adjustment, percent=percents),
    st.builds(Adjustment, percent=percents, base_amount=amounts),
    st.builds(Adjustment, amount=amounts),
)
document_adjustments = st.builds(
    lambda adjustment, taxes: replace(adjustment, taxes=taxes),
    adjustments,
    st.none() | taxes,
)


def factors(low: int, high: int, places: int) -> st.SearchStrategy[D]:
    return st.integers(low, high).map(lambda number: D(number).scaleb(-places))


def line_terms(low: int) -> st.SearchStrategy[LineTerms]:
    return st.builds(
        LineTerms,
        quantity=factors(low, 20_000, 3),
        unit_price=factors(0, 10**10, 8) | factors(0, 10_000, 2),
        taxes=taxes,
        base_quantity=st.sampled_from([D(1), D(3), D(100)]),
        allowances=st.lists(adjustments, max_size=2).map(tuple),
        charges=st.lists(adjustments, max_size=2).map(tuple),
    )


def documents(low: int = -20_000) -> st.SearchStrategy[DocumentTerms]:
    return st.builds(
        DocumentTerms,
        currency=st.just("EUR"),
        lines=st.lists(line_terms(low), max_size=6).map(tuple),
        prices=st.sampled_from(Prices),
        allowances=st.lists(document_adjustments, max_size=2).map(tuple),
        charges=st.lists(document_adjustments, max_size=2).map(tuple),
        prepaid=st.none() | amounts,
        cash_rounding=st.sampled_from([None, eur("0.05"), eur("1")]),
        decimals=st.sampled_from([None, 1, 0]),
    )


def total_of(amounts: list[Money]) -> Money:
    return Money.sum(amounts, "EUR")


class TestInvariants:
    @pytest.mark.feature("R01")
    @given(documents())
    def test_every_sum_shown_is_the_sum_of_what_is_shown(self, terms: DocumentTerms):
        totals = compute_totals(terms)

        assert totals.line_sum == total_of([x.net for x in totals.lines])
        assert totals.amount_sum == total_of([x.amount for x in totals.lines])
        assert totals.net_total == (
            totals.line_sum - totals.allowance_total + totals.charge_total
        )
        assert totals.net_total == total_of([x.taxable for x in totals.tax_sets])
        assert totals.tax_total == total_of([x.tax for x in totals.tax_groups])
        assert totals.total == totals.net_total + totals.tax_total
        assert totals.due == totals.total - totals.prepaid + totals.rounding
        for one in totals.lines:
            assert one.amount == one.base - one.discount
            assert one.discount == total_of([*one.allowances]) - total_of(
                [*one.charges]
            )
        for one in totals.tax_sets:
            assert one.taxable == (
                one.line_sum - one.allowance_total + one.charge_total
            )
        for one in (*totals.allowances, *totals.charges):
            assert one.amount == total_of([*one.shares])

    @pytest.mark.feature("R03")
    @given(documents())
    def test_with_tax_included_the_total_is_what_was_quoted(self, terms: DocumentTerms):
        totals = compute_totals(replace(terms, prices=Prices.INCLUSIVE))

        assert totals.total == (
            totals.amount_sum
            - total_of([x.amount for x in totals.allowances])
            + total_of([x.amount for x in totals.charges])
        )

    @pytest.mark.feature("R02")
    @given(
        st.lists(
            st.builds(
                LineTerms,
                factors(-20_000, 20_000, 3),
                factors(0, 10_000, 2) | factors(0, 10**10, 8),
                st.sampled_from([(vat("19"),), (vat("7"),), (vat("9.975"),)]),
            ),
            max_size=8,
        )
    )
    def test_each_rate_is_rounded_once_over_all_its_lines(self, lines: list[LineTerms]):
        """Computed anew in decimals: on top, or out of the price that includes it."""
        sums: dict[D, D] = {}
        for one in lines:
            percent = one.taxes[0].percent
            amount = to_cents(one.quantity * one.unit_price)
            sums[percent] = sums.get(percent, D(0)) + amount
        terms = document(*lines)

        on_top = compute_totals(terms)
        within = compute_totals(replace(terms, prices=Prices.INCLUSIVE))

        assert {x.percent: x.tax.decimal for x in on_top.tax_groups} == {
            percent: to_cents(amount * percent / 100)
            for percent, amount in sums.items()
        }
        assert {x.percent: x.taxable.decimal for x in within.tax_groups} == {
            percent: to_cents(amount / (1 + percent / 100))
            for percent, amount in sums.items()
        }

    @pytest.mark.feature("R02")
    @given(documents())
    def test_switching_tax_on_within_the_prices_keeps_the_gross(
        self, terms: DocumentTerms
    ):
        adjusted = [replace(x, taxes=None) for x in (*terms.allowances, *terms.charges)]
        taxed = replace(
            terms,
            prices=Prices.INCLUSIVE,
            allowances=tuple(adjusted[: len(terms.allowances)]),
            charges=tuple(adjusted[len(terms.allowances) :]),
        )
        untaxed = replace(taxed, lines=tuple(replace(x, taxes=()) for x in taxed.lines))

        assert compute_totals(taxed).total == compute_totals(untaxed).total

    @given(documents())
    def test_with_tax_on_top_each_group_is_taxed_once(self, terms: DocumentTerms):
        terms = replace(terms, prices=Prices.EXCLUSIVE, decimals=None)

        for group in compute_totals(terms).tax_groups:
            assert group.tax == percent_of(group.taxable, group.percent)

    @given(documents())
    def test_included_tax_fits_its_net_to_the_cent(self, terms: DocumentTerms):
        """Within one unit for each set that holds the tax, as schematron allows."""
        terms = replace(terms, prices=Prices.INCLUSIVE, decimals=None)

        totals = compute_totals(terms)

        for group in totals.tax_groups:
            difference = group.tax - percent_of(group.taxable, group.percent)
            assert abs(difference).minor <= len(totals.tax_sets)

    @pytest.mark.feature("A15")
    @given(documents(), st.randoms(use_true_random=False))
    def test_the_order_of_a_lines_taxes_changes_nothing(
        self, terms: DocumentTerms, chance: random.Random
    ):
        lines = tuple(
            replace(x, taxes=tuple(chance.sample(x.taxes, len(x.taxes))))
            for x in terms.lines
        )

        assert compute_totals(replace(terms, lines=lines)) == compute_totals(terms)

    @given(documents(), st.randoms(use_true_random=False))
    def test_the_order_of_lines_changes_no_total(
        self, terms: DocumentTerms, chance: random.Random
    ):
        shuffled = chance.sample(terms.lines, len(terms.lines))

        one = compute_totals(terms)
        other = compute_totals(replace(terms, lines=tuple(shuffled)))

        assert replace(one, lines=()) == replace(other, lines=())
        assert sorted(x.amount for x in one.lines) == sorted(
            x.amount for x in other.lines
        )

    @given(documents())
    def test_negating_a_document_negates_every_figure(self, terms: DocumentTerms):
        figures = _figures(compute_totals(terms))

        assert _figures(compute_totals(negated(terms))) == [-x for x in figures]

    @given(documents(low=0), st.integers(0, 100))
    def test_a_discount_within_the_sum_leaves_no_group_below_zero(
        self, terms: DocumentTerms, percent: int
    ):
        plain = tuple(replace(x, allowances=(), charges=()) for x in terms.lines)
        terms = replace(terms, lines=plain, allowances=(off(str(percent)),), charges=())

        totals = compute_totals(terms)

        check_allowances(totals)
        (discount,) = totals.allowances
        for share, tax_set in zip(discount.shares, totals.tax_sets, strict=True):
            assert 0 <= share.minor <= tax_set.line_amount.minor
            assert tax_set.taxable.minor >= 0

    @given(documents())
    def test_no_figure_is_finer_than_the_decimals_of_the_document(
        self, terms: DocumentTerms
    ):
        terms = replace(terms, decimals=0, prepaid=None)

        totals = compute_totals(terms)

        figures = [totals.line_sum, totals.net_total, totals.tax_total, totals.due]
        figures += [x.net for x in totals.lines]
        figures += [x.tax for x in totals.tax_groups]
        assert all(figure.minor % 100 == 0 for figure in figures)

    @pytest.mark.feature("R02")
    @given(
        st.integers(1, 12),
        factors(0, 100_000, 2),
        taxes,
        st.sampled_from(Prices),
        document_adjustments,
    )
    def test_splitting_a_quantity_into_lines_of_one_changes_nothing(
        self,
        quantity: int,
        price: D,
        taxes: tuple[TaxTerms, ...],
        prices: Prices,
        adjustment: Adjustment,
    ):
        whole = LineTerms(D(quantity), price, taxes)
        ones = [LineTerms(D(1), price, taxes)] * quantity

        one, many = (
            compute_totals(document(*lines, prices=prices, allowances=(adjustment,)))
            for lines in ([whole], ones)
        )

        assert replace(one, lines=()) == replace(many, lines=())

    @given(st.integers(-MINOR_MAX, MINOR_MAX), st.integers(1, 10**9))
    def test_rounding_is_to_the_nearest_and_halves_go_away_from_zero(
        self, top: int, bottom: int
    ):
        rounded = round_half_away(top, bottom)

        assert 2 * abs(rounded * bottom - top) <= bottom
        if 2 * abs(rounded * bottom - top) == bottom:
            assert abs(rounded) * bottom > abs(top)


def to_cents(exact: D) -> D:
    """Round a half away from zero, by another hand than ours."""
    return exact.quantize(D("0.01"), ROUND_HALF_UP)


def _figures(value: object) -> list[int]:
    """Return every amount inside the value, in order."""
    if isinstance(value, Money):
        return [value.minor]
    if isinstance(value, tuple):
        return [figure for x in value for figure in _figures(x)]
    if is_dataclass(value):
        return [
            figure for x in fields(value) for figure in _figures(getattr(value, x.name))
        ]
    return []
