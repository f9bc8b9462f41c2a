"""A fixed amount and a percentage of a job become one line, taxed as a whole."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.draft import (
    DraftForm,
    DraftRules,
    LineForm,
    form_from_json,
    form_to_json,
    read_draft,
)
from billing_app.domain.errors import InvalidInput
from billing_app.domain.terms import TaxTerms

RULES = DraftRules(taxes={"1": TaxTerms("VAT", "S", Decimal(21))})
FIXED = DraftForm(mode="fixed", work="Cover", amount="1,000.00", work_tax_id="1")
PERCENT = DraftForm(
    mode="percent", work="Refit", percent="33.3", job_total="99.99", work_tax_id="1"
)


def read(form: DraftForm, currency: str = "EUR"):
    return read_draft(form, currency, RULES)


@pytest.mark.feature("F046", "G03")
class TestTotals:
    def test_the_whole_amount_is_taxed(self):
        totals = read(FIXED).totals

        assert totals.tax_groups[0].taxable.minor == 100_000
        assert totals.total.minor == 121_000

    def test_a_percentage_is_rounded_once(self):
        """33.3 % of 99.99 is 33.29667, charged as 33.30; tax 6.99."""
        totals = read(PERCENT).totals

        assert totals.net_total.minor == 3_330
        assert totals.tax_total.minor == 699

    def test_a_currency_without_decimals(self):
        yen = replace(PERCENT, percent="30", job_total="1001", work_tax_id="")

        assert read(yen, "JPY").totals.total.minor == 300

    def test_lines_do_not_count_beside_it(self):
        lines = (LineForm(name="Fuel", unit_price="5.00"),)

        assert read(replace(FIXED, lines=lines)).totals.total.minor == 121_000
        assert read(replace(FIXED, lines=lines, mode="lines")).totals.total.minor == 500

    @given(st.integers(1, 10**9), st.integers(1, 100))
    def test_parts_of_a_hundred_percent_differ_by_rounding_only(self, total, part):
        """Two parts that make a whole come to the job's total, to half a cent each."""
        job = f"{Decimal(total).scaleb(-2):f}"
        parts = [
            read(replace(PERCENT, percent=str(x), job_total=job)).totals.net_total.minor
            for x in (part, 100 - part)
            if x
        ]

        assert abs(sum(parts) - total) <= 1


class TestWhatCanNotBeRead:
    @pytest.mark.feature("G03")
    @pytest.mark.parametrize(
        ("form", "field", "words"),
        [
            (replace(FIXED, amount=""), "amount", "Write the amount to charge."),
            (replace(FIXED, amount="-5"), "amount", "must not be below zero"),
            (replace(FIXED, amount="1e9"), "amount", "cannot be read"),
            (replace(FIXED, work=" "), "work", "Say what this invoice is for."),
            (replace(FIXED, work="x" * 501), "work", "500 fit here"),
            (replace(FIXED, work_tax_id="7"), "work_tax_id", "Choose a tax"),
            (replace(PERCENT, percent=""), "percent", "how much of the job"),
            (replace(PERCENT, percent="101"), "percent", "100"),
            (replace(PERCENT, percent="0"), "percent", "more than 0%"),
            (replace(PERCENT, job_total=" "), "job_total", "has no total yet"),
            (replace(PERCENT, job_total="0"), "job_total", "total is zero"),
        ],
    )
    def test_is_named_beside_its_field_and_not_counted(self, form, field, words):
        draft = read(form)

        assert words in draft.problems[field]
        assert draft.problem_count == 1
        assert draft.totals.total.minor == 0
        with pytest.raises(InvalidInput) as refusal:
            draft.check()
        assert refusal.value.field == field

    def test_nothing_typed_yet_is_no_problem_until_it_is_issued(self):
        draft = read(DraftForm(mode="percent", work_tax_id="1"))

        assert draft.problem_count == 0
        with pytest.raises(InvalidInput, match="what this invoice is for"):
            draft.check()

    def test_another_mode_is_no_draft(self):
        with pytest.raises(InvalidInput):
            form_from_json({"mode": "barter"})


def test_what_was_typed_is_kept_in_every_mode():
    form = replace(PERCENT, amount="1x", lines=(LineForm(name="Fuel"),))

    assert form_from_json(form_to_json(form)) == form


def test_a_draft_from_before_has_lines():
    assert form_from_json({"notes": "Hello"}).mode == "lines"
