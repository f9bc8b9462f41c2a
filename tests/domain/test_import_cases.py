from copy import deepcopy
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest

from billing_app.domain.errors import InvalidInput
from billing_app.domain.import_cases import differences, import_case, import_file
from billing_app.domain.money import Money
from billing_app.domain.terms import Adjustment, Prices
from billing_app.domain.totals import compute_totals

CASE: dict[str, Any] = {
    "id": "one",
    "currency": "SEK",
    "exponent": 2,
    "tax_mode": "exclusive",
    "kind": "invoice",
    "type_code": "380",
    "number": "08/355",
    "issue_date": "2026-02-08",
    "due_date": "2026-03-07",
    "payment_terms": "30 dagar netto.\nDröjsmålsränta 12%",
    "notes": ["One", "Two"],
    "seller": {"name": "Ubiquitous IT", "country": "SE", "vat_id": "SE1234"},
    "buyer": {"name": "A-Kommunen", "country": "SE"},
    "lines": [
        {
            "id": None,
            "description": "Desktop",
            "qty": "10",
            "unit": "EA",
            "unit_price": "33.44",
            "base_qty": "2",
            "taxes": [{"category": "S", "rate": "25"}],
        },
        {
            "description": "Insurance",
            "qty": "1",
            "unit": "ANN",
            "unit_price": "50",
            "taxes": [{"category": "E", "rate": "0"}],
        },
    ],
    "charges": [
        {
            "amount": "15.00",
            "reason": "Frakt",
            "taxes": [{"category": "S", "rate": "25"}],
        }
    ],
    "paid": "100",
    "cash_rounding": "1",
    "rounding": "0.25",
    "expected": {
        "lines": [{"net": "167.20"}, {"net": "50.00"}],
        "line_sum": "217.20",
        "allowance_total": "0.00",
        "charge_total": "15.00",
        "tax_groups": [
            {"category": "S", "rate": "25", "taxable": "182.20", "tax": "45.55"},
            {
                "category": "E",
                "rate": "0",
                "taxable": "50.00",
                "tax": "0.00",
                "exempt_reason": "ML 3",
                "exempt_code": "VATEX-EU-132",
            },
        ],
        "net_total": "232.20",
        "tax_total": "45.55",
        "total": "277.75",
        "paid": "100.00",
        "rounding": "0.25",
        "due": "178.00",
    },
    "exact": True,
}


def changed(path: str, value: object, case: dict[str, Any] = CASE) -> dict[str, Any]:
    """Return the case with one field replaced: changed("lines.0.qty", "1")."""
    copy: Any = deepcopy(case)
    *parents, last = (int(x) if x.isdigit() else x for x in path.split("."))
    holder = copy
    for parent in parents:
        holder = holder[parent]
    holder[last] = value
    return copy


def sek(text: str) -> Money:
    return Money.from_decimal(D(text), "SEK")


class TestImportCase:
    def test_reads_what_the_document_says(self):
        case = import_case(CASE)

        assert (case.id, case.number, case.kind) == ("one", "08/355", "invoice")
        assert (case.issued_on, case.due_on) == (date(2026, 2, 8), date(2026, 3, 7))
        assert case.delivered_on is None
        assert case.payment_terms == "30 dagar netto.\nDröjsmålsränta 12%"
        assert case.notes == ("One", "Two")
        assert case.seller.vat_id == "SE1234"
        assert case.buyer.name == "A-Kommunen"
        assert [(x.description, x.unit) for x in case.lines] == [
            ("Desktop", "EA"),
            ("Insurance", "ANN"),
        ]

    def test_comes_to_the_printed_totals(self):
        case = import_case(CASE)

        totals = compute_totals(case.terms)

        assert case.expected
        assert differences(totals, case.expected) == ()
        assert totals.due == sek("178")
        assert totals.tax_groups[1].exemption_reason == "ML 3"
        assert totals.tax_groups[1].exemption_code == "VATEX-EU-132"

    def test_needs_no_printed_totals(self):
        case = deepcopy(CASE)
        del case["expected"]

        assert import_case(case).expected is None

    def test_compares_only_what_is_printed(self):
        case = import_case(changed("expected", {"due": "178.01"}))

        assert case.expected
        assert differences(compute_totals(case.terms), case.expected) == (
            "due: printed 178.01, computed 178.00",
        )

    @pytest.mark.parametrize(
        ("path", "value", "difference"),
        [
            ("lines.1.net", "50.01", "line 2 net: printed 50.01, computed 50.00"),
            ("lines", [], "lines: printed 0, computed 2"),
            ("line_sum", "1", "line sum: printed 1.00, computed 217.20"),
            ("tax_groups.0.tax", "1", "VAT S 25 % tax: printed 1.00, computed 45.55"),
            ("tax_total", "45.56", "tax total: printed 45.56, computed 45.55"),
        ],
    )
    def test_names_each_difference(self, path: str, value: object, difference: str):
        case = import_case(changed(f"expected.{path}", value))

        assert case.expected
        assert differences(compute_totals(case.terms), case.expected) == (difference,)

    def test_empty_printed_groups_need_not_exist_but_missing_ones_are_named(self):
        empty = {"category": "Z", "rate": "0", "taxable": "0.00", "tax": "0.00"}
        exempt = CASE["expected"]["tax_groups"][1]
        case = import_case(changed("expected.tax_groups", [empty, exempt]))

        assert case.expected
        assert differences(compute_totals(case.terms), case.expected) == (
            "VAT S 25 % taxable: printed 0.00, computed 182.20",
            "VAT S 25 % tax: printed 0.00, computed 45.55",
        )

    def test_inclusive_prices_and_named_taxes(self):
        taxes = [
            {"name": "GST", "category": "S", "rate": "5"},
            {"name": "QST", "category": "S", "rate": "9.975"},
        ]
        case = import_case(
            changed("lines.0.taxes", taxes, changed("tax_mode", "inclusive"))
        )

        assert case.terms.prices is Prices.INCLUSIVE
        assert [x.name for x in case.terms.lines[0].taxes] == ["GST", "QST"]

    def test_an_exponent_below_the_currencys_lowers_the_decimals(self):
        assert import_case(changed("exponent", 0)).terms.decimals == 0

    def test_the_tax_may_be_printed_in_another_currency(self):
        printed = {"currency": "EUR", "amount": "4.1"}
        case = import_case(
            changed(
                "expected.tax_total_tax_currency",
                printed,
                changed("tax_currency", "EUR"),
            )
        )

        totals = compute_totals(case.terms)

        assert totals.tax_accounting_total == Money(410, "EUR")
        assert case.expected
        assert differences(totals, case.expected) == ()


ENTRIES: dict[str, Any] = {
    "allowances": [{"amount": "300", "reason": "Quantity", "percent_printed": "3"}],
    "charges": [{"amount": "500", "reason": "Repacking", "reason_code": "RAC"}],
}


class TestLineDiscounts:
    def line(self, **fields: object):
        line = {"description": "x", "qty": "1000", "unit_price": "10", **fields}
        return import_case(changed("lines", [line])).terms.lines[0]

    def test_keeps_the_entries_where_they_explain_the_discount(self):
        line = self.line(**ENTRIES, discount_amount="-200")

        assert [x.amount for x in line.allowances] == [sek("300")]
        assert [x.percent for x in line.allowances] == [D(3)]
        assert [(x.amount, x.reason_code) for x in line.charges] == [
            (sek("500"), "RAC")
        ]

    def test_believes_the_discount_where_the_entries_do_not_explain_it(self):
        line = self.line(**ENTRIES, discount_amount="0")

        assert line.allowances == line.charges == ()

    def test_a_discount_against_the_sign_of_the_line_is_a_charge(self):
        assert self.line(discount_amount="-5").charges == (Adjustment(sek("5")),)
        assert self.line(discount_amount="5", qty="-1").charges == (
            Adjustment(sek("-5")),
        )
        assert self.line(discount_amount="-5", qty="-1").allowances == (
            Adjustment(sek("-5")),
        )

    def test_takes_a_percentage(self):
        line = self.line(discount_percent="2.5")

        assert line.allowances == (Adjustment(percent=D("2.5")),)

    def test_rounds_an_agreed_amount_like_a_computed_one(self):
        assert self.line(discount_amount="0.125").allowances[0].amount == sek("0.13")


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "value", "sentence"),
        [
            ("number", "", "Case one: number must not be empty."),
            ("number", None, "Case one: number is missing."),
            ("currency", "XAU", "Case one: currency must be a currency code like EUR."),
            ("exponent", 3, "Case one: exponent must be 0 to 2 for SEK."),
            ("issue_date", "08.02.2026", "issue_date must be a date like 2026-03-31."),
            ("issue_date", "2026-02-30", "issue_date must be a date like 2026-03-31."),
            ("tax_mode", "both", "tax_mode must be exclusive or inclusive."),
            ("kind", "quote", "kind must be invoice or credit_note."),
            ("lines", [], "Case one: lines must hold 1 to 500 lines."),
            ("lines", {}, "Case one: lines must be a list."),
            ("lines.1", 7, "Case one: lines[1] must be an object with fields."),
            ("lines.0.qty", "NaN", "Case one: lines[0].qty must be a number written"),
            ("lines.0.qty", "1e5", "Case one: lines[0].qty must be a number written"),
            ("lines.0.qty", 1.5, "Case one: lines[0].qty must be a number written"),
            ("lines.0.qty", True, "Case one: lines[0].qty must be a number written"),
            ("lines.0.qty", "１", "Case one: lines[0].qty must be a number written"),
            ("lines.0.qty", "9" * 20, "Case one: lines[0].qty is too large."),
            ("lines.0.unit_price", None, "Case one: lines[0].unit_price is missing."),
            ("lines.0.unit_price", "0.123456789", "must have eight decimals at most."),
            ("lines.0.base_qty", "0", "lines[0].base_qty must be above zero."),
            ("lines.0.description", "x" * 501, "must have 500 characters at most."),
            ("lines.0.description", 5, "lines[0].description must be text."),
            ("lines.0.taxes.0.rate", "x", "lines[0].taxes[0].rate must be a number"),
            ("lines.0.taxes.0.rate", "1001", "rate must be a percentage like 19."),
            ("lines.0.taxes", [{"rate": "1"}], "lines[0].taxes[0].category is missing"),
            (
                "lines.0.taxes",
                [{"category": "S", "rate": "1"}, {"category": "S", "rate": "1.0"}],
                "lines[0].taxes must name each tax once.",
            ),
            ("charges.0.amount", None, "charges[0].amount is missing, and so is"),
            ("charges.0.amount", "9" * 20, "charges[0].amount is too large."),
            ("paid", "1.005", "Case one: paid has more decimals than SEK has."),
            ("cash_rounding", "0", "Case one: cash_rounding must be above zero."),
            ("tax_currency", "EURO", "tax_currency must be a currency code like EUR."),
            ("buyer", None, "Case one: buyer is missing."),
            ("buyer.name", " \x00", "Case one: buyer.name must not be empty."),
            ("notes", ["ok", 5], "Case one: notes[1] must be text."),
            ("exact", "yes", "Case one: exact must be true or false."),
            ("expected.total", "1.234", "expected.total has more decimals than SEK"),
            ("expected.lines", "none", "Case one: expected.lines must be a list."),
            ("id", 5, "Case 1: id must be text."),
        ],
    )
    def test_say_which_case_and_which_field(
        self, path: str, value: object, sentence: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            import_case(changed(path, value))

        assert sentence in refusal.value.message

    def test_a_line_that_comes_to_too_much(self):
        case = changed("lines.0.unit_price", "9999999999")

        with pytest.raises(InvalidInput, match="qty times unit_price is too large"):
            import_case(changed("lines.0.qty", "9999999999", case))


class TestImportFile:
    def test_reads_every_case(self):
        cases = import_file({"cases": [CASE, changed("id", "two")]})

        assert [case.id for case in cases] == ["one", "two"]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ([CASE], "The file: it must be an object with fields."),
            ({}, "The file: cases is missing."),
            ({"cases": "none"}, "The file: cases must be a list."),
            ({"cases": [5]}, "Case 1: it must be an object with fields."),
            ({"cases": [CASE, CASE]}, "Case one is in the file twice."),
        ],
    )
    def test_refuses_what_is_no_such_file(self, content: object, sentence: str):
        with pytest.raises(InvalidInput) as refusal:
            import_file(content)

        assert refusal.value.message == sentence
