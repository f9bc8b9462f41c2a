"""What is typed is read exactly, or kept and named."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing_app.domain.draft import (
    DraftForm,
    DraftRules,
    LineForm,
    check_shown,
    form_from_json,
    form_to_json,
    read_draft,
    read_unit_price,
)
from billing_app.domain.errors import InvalidInput, TotalChanged
from billing_app.domain.terms import TaxTerms
from billing_app.domain.totals import Prices

RULES = DraftRules(taxes={"1": TaxTerms("VAT", "S", Decimal(21))})
FLIGHT = LineForm(key="a", name="Flight", quantity="2", unit_price="10.00", tax_id="1")


def read(*lines, **fields):
    return read_draft(DraftForm(lines=lines, **fields), "EUR", RULES)


class TestLines:
    def test_a_readable_line_counts(self):
        """2 x 10.00 with 21 % VAT is 24.20."""
        assert read(FLIGHT).totals.total.minor == 2_420

    def test_a_tax_is_printed_as_it_is_here_and_not_as_an_equal_one(self):
        taxes = [TaxTerms("VAT", "S", Decimal(text)) for text in ("21", "21.00")]
        form = DraftForm(lines=(FLIGHT,))

        drafts = [read_draft(form, "EUR", DraftRules(taxes={"1": x})) for x in taxes]

        percents = [str(x.terms.lines[0].taxes[0].percent) for x in drafts]
        assert percents == ["21", "21.00"]

    def test_a_blank_line_is_not_there(self):
        assert read(FLIGHT, LineForm(key="b")).problem_count == 0

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("unit_price", ""),
            ("unit_price", "NaN"),
            ("unit_price", "1e5"),
            ("unit_price", "１２"),
            ("unit_price", "10.005"),
            ("unit_price", "-5"),
            ("quantity", "-1"),
            ("quantity", "many"),
            ("discount", "101"),
            ("tax_id", "77"),
            ("name", " "),
        ],
    )
    def test_what_can_not_be_read_is_named_and_left_out(self, field, typed):
        bad = LineForm(**{**FLIGHT_TEXTS, field: typed})

        draft = read(FLIGHT, bad)

        assert draft.lines[1].problem
        assert draft.lines[1].problem_field == field
        assert draft.totals.total.minor == 2_420
        assert draft.amounts[1] is None

    def test_finer_prices_are_read_to_eight_decimals(self):
        fuel = LineForm(name="Fuel", quantity="1000", unit_price="1.42345678")

        assert read(fuel).totals.total.minor == 142_346

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("1.234", "Write 1234 for thousands or 1.2340 for a price that fine."),
            ("£10.005", "Write 10005 for thousands or 10.0050"),
            ("0.125", "British pounds rarely end like this. Write 0.1250 if it is"),
        ],
    )
    def test_a_price_that_is_likely_a_slip_says_what_to_write(self, typed, words):
        with pytest.raises(InvalidInput) as refusal:
            read_unit_price(typed, "GBP")

        assert words in refusal.value.message

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            (
                "10.5",
                "Japanese yen rarely end like this. Write 10.5000 if it is meant.",
            ),
            (
                "10.55",
                "Japanese yen rarely end like this. Write 10.5500 if it is meant.",
            ),
            ("10.550", "Write 10550 for thousands or 10.5500 for a price that fine."),
            ("10.000", "Write 10000 for thousands or 10.0000 for a price that fine."),
        ],
    )
    def test_a_price_of_another_currency_is_asked_about(self, typed, words):
        assert read_unit_price("10.00", "JPY") == 10
        assert read_unit_price("10.5500", "JPY") == Decimal("10.55")
        with pytest.raises(InvalidInput) as refusal:
            read_unit_price(typed, "JPY")

        assert words in refusal.value.message

    @pytest.mark.parametrize("prices", [*Prices])
    def test_a_change_of_currency_asks_as_typing_does(self, prices: Prices):
        form = DraftForm(lines=(replace(FLIGHT, unit_price="10.55"),))
        rules = replace(RULES, prices=prices)

        in_euros, in_yen = (read_draft(form, it, rules) for it in ("EUR", "JPY"))

        assert not in_euros.lines[0].problem
        assert "Write 10.5500 if it is meant" in in_yen.lines[0].problem
        assert in_yen.totals.total.minor == 0

    def test_a_price_may_stand_beside_its_currency(self):
        assert read_unit_price("£185.50", "GBP") == read_unit_price("185.50", "GBP")
        with pytest.raises(InvalidInput):
            read_unit_price("$185.50", "GBP")

    def test_no_more_than_five_hundred(self):
        with pytest.raises(InvalidInput, match="500"):
            read(*[FLIGHT] * 501)


FLIGHT_TEXTS = {
    "key": "b",
    "name": "Fuel",
    "quantity": "1",
    "unit_price": "5.00",
    "tax_id": "1",
}


class TestShown:
    """100.01 at 21 %: what was shown, and what it comes to by other settings."""

    LINE = LineForm(key="a", name="Flight", unit_price="100.01", tax_id="1")

    def totals(self, rules: DraftRules):
        return read_draft(DraftForm(lines=(self.LINE,)), "EUR", rules).totals

    def test_what_was_shown_may_be_issued(self):
        check_shown(self.totals(RULES), self.totals(replace(RULES)))

    @pytest.mark.parametrize(
        ("rules", "sentence"),
        [
            (
                DraftRules(taxes={"1": TaxTerms("VAT", "S", Decimal(9))}),
                "The total changed from €121.01 to €109.01",
            ),
            (
                replace(RULES, cash_rounding={"EUR": 5}),
                "The amount due changed from €121.01 to €121.00",
            ),
        ],
    )
    def test_what_comes_to_something_else_is_named(self, rules, sentence):
        with pytest.raises(TotalChanged) as refused:
            check_shown(self.totals(RULES), self.totals(rules))

        assert refused.value.message.startswith(sentence)

    def test_the_same_total_with_another_tax_inside_is_something_else(self):
        inside = replace(RULES, prices=Prices.INCLUSIVE)
        lower = replace(inside, taxes={"1": TaxTerms("VAT", "S", Decimal(9))})

        with pytest.raises(TotalChanged, match=r"tax changed from €17\.36 to €8\.26"):
            check_shown(self.totals(inside), self.totals(lower))


class TestPrintSize:
    """What is printed may have 80,000 characters, a line break counted as 50."""

    def test_many_line_breaks_are_named_before_issue_and_kept(self):
        long = replace(FLIGHT, description="x\n" * 999 + "x")

        draft = read(*[long] * 100)

        assert "too long to print: 5,1" in draft.problems["lines"]
        assert draft.totals.total.minor == 242_000
        with pytest.raises(InvalidInput, match="too long to print"):
            draft.check()

    def test_much_text_is_named(self):
        full = replace(FLIGHT, name="n" * 500, description="d" * 2_000)

        assert "too long to print" in read(*[full] * 500).problems["lines"]
        assert read(*[full] * 31).problems == {}

    def test_it_is_named_beside_what_holds_most_of_it(self):
        """1,601 line breaks make 80,050."""
        assert list(read(FLIGHT, notes="\n".join("x" * 1_602)).problems) == ["notes"]
        assert list(read(FLIGHT, terms="\n".join("x" * 1_602)).problems) == ["terms"]
        work = {"mode": "fixed", "work": "Refit", "amount": "5.00"}
        assert read(work_details="\n" * 1_601, **work).problems
        assert read(FLIGHT, notes="\n".join("x" * 1_500)).problems == {}

    def test_what_is_too_long_alone_is_named_as_that(self):
        assert "under 10,000" in read(FLIGHT, notes="\n" * 10_001).problems["notes"]


class TestDocument:
    def test_a_discount_in_percent_or_as_an_amount(self):
        assert read(FLIGHT, discount="10%").totals.total.minor == 2_178
        assert read(FLIGHT, discount="2.00").totals.total.minor == 2_178

    def test_a_discount_above_the_sum_is_named_and_not_counted(self):
        draft = read(FLIGHT, discount="20.01")

        assert "discount" in draft.problems
        assert draft.totals.total.minor == 2_420

    def test_a_due_date_before_the_issue_date_is_named(self):
        draft = read(FLIGHT, issued_on="2026-03-02", due_on="2026-03-01")

        assert "due_on" in draft.problems

    @pytest.mark.parametrize(
        ("first", "last", "delivered"),
        [
            ("", "", (None, None)),
            ("2026-02-01", "", (date(2026, 2, 1), None)),
            ("2026-02-01", "2026-02-01", (date(2026, 2, 1), None)),
            ("2026-02-01", "2026-02-28", (date(2026, 2, 1), date(2026, 2, 28))),
        ],
    )
    def test_a_delivery_has_a_day_or_a_period(self, first: str, last: str, delivered):
        draft = read(FLIGHT, delivered_on=first, delivered_until=last)

        assert draft.delivered == delivered
        assert draft.problems == {}

    @pytest.mark.parametrize(
        ("first", "last", "wrong"),
        [
            ("", "2026-02-28", "delivered_on"),
            ("2026-02-28", "2026-02-01", "delivered_until"),
            ("soon", "2026-02-28", "delivered_on"),
            ("2026-02-28", "later", "delivered_until"),
        ],
    )
    def test_days_of_delivery_that_make_no_sense_are_named(
        self, first: str, last: str, wrong: str
    ):
        draft = read(FLIGHT, delivered_on=first, delivered_until=last)

        assert set(draft.problems) == {wrong}
        with pytest.raises(InvalidInput):
            draft.check()


class TestStorage:
    def test_a_form_survives_unchanged(self):
        form = DraftForm(customer_id=7, notes="<b>", lines=(FLIGHT,))

        assert form_from_json(form_to_json(form)) == form

    @pytest.mark.parametrize(
        "sent",
        [
            {"lines": 5},
            {"lines": [5]},
            {"notes": 5},
            {"customer_id": True},
            {"lines": [{}] * 1001},
        ],
    )
    def test_what_is_no_form_is_refused(self, sent):
        with pytest.raises(InvalidInput):
            form_from_json(sent)

    def test_a_look_that_is_none_is_left_out(self):
        assert form_from_json({"look": "<svg>"}).look == ""
        assert form_from_json({"look": "classic"}).look == "classic"
