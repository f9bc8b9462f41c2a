"""An invoice without an account: what is read of it, and what is printed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing_app.documents.render import render_print, render_sheet
from billing_app.domain.draft import LineForm
from billing_app.domain.errors import InvalidInput, LimitReached
from billing_app.domain.guest_invoice import (
    LENGTH_MAX,
    LINES_MAX,
    GuestForm,
    check_size,
    example_of,
    fresh_form,
    guest_document,
    guest_from_json,
    guest_to_json,
    read_guest,
)
from tests.support.guest import FORM, LINES
from tests.support.world import START

TODAY = date(2026, 3, 2)


def with_lines(*lines: LineForm) -> GuestForm:
    return replace(FORM, draft=replace(FORM.draft, lines=lines))


class TestStored:
    @pytest.mark.parametrize("form", [FORM, fresh_form(), GuestForm()])
    def test_reads_back_what_it_was(self, form: GuestForm):
        assert guest_from_json(guest_to_json(form)) == form

    @pytest.mark.parametrize(
        "stored",
        [{"seller_name": 7}, {"draft": {"lines": 7}}, {"draft": {"notes": []}}],
    )
    def test_refuses_what_is_no_text(self, stored: dict[str, object]):
        with pytest.raises(InvalidInput):
            guest_from_json(stored)


class TestIsBlank:
    def test_until_something_is_typed(self):
        fresh = fresh_form()

        assert fresh.is_blank
        assert replace(fresh, language="de", tax_name="MwSt.").is_blank
        assert not replace(fresh, buyer_name="Vermeer").is_blank
        assert not with_lines(LineForm(name="Travel")).is_blank


class TestBillsSomething:
    def test_a_sender_alone_does_not(self):
        sender = replace(fresh_form(), seller_name="Fern & Field", number="7")

        assert not sender.bills_something
        assert replace(sender, buyer_name="Vermeer").bills_something
        assert with_lines(LineForm(name="Travel")).bills_something


class TestReadGuest:
    def test_adds_up_with_the_taxes_typed(self):
        """2 x 50 at 21 % and 20 without tax: 120 net, 21 tax."""
        totals = read_guest(FORM).draft.totals

        assert totals.net_total.minor == 12_000
        assert totals.tax_total.minor == 2_100
        assert totals.tax_groups[0].name == "VAT 21%"

    @pytest.mark.parametrize(
        ("language", "called", "printed"),
        [
            ("de", "", "Steuer 5,5%"),
            ("de", "MwSt.", "MwSt. 5,5%"),
            ("en", "", "Tax 5.5%"),
            ("xx", "", "Tax 5.5%"),
        ],
    )
    def test_a_tax_is_named_in_the_language_of_the_invoice(
        self, language: str, called: str, printed: str
    ):
        form = with_lines(replace(LINES[0], tax_id="5.5"))

        read = read_guest(replace(form, language=language, tax_name=called))

        assert read.draft.totals.tax_groups[0].name == printed

    def test_two_ways_to_write_a_percentage_are_one_tax(self):
        lines = [replace(LINES[0], tax_id=typed) for typed in ("21", "21%", " 21.0 ")]

        read = read_guest(with_lines(*lines))

        assert len(read.draft.totals.tax_groups) == 1
        assert read.percents == (Decimal(21),)

    @pytest.mark.parametrize("typed", ["lots", "101%", "-5"])
    def test_a_tax_that_is_none_is_named_and_not_counted(self, typed: str):
        read = read_guest(with_lines(replace(LINES[0], tax_id=typed), LINES[1]))

        assert "21%" in read.draft.lines[0].problem
        assert read.draft.totals.total.minor == 2_000
        with pytest.raises(InvalidInput):
            read.check()

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("seller_name", "x" * 201),
            ("buyer_email", "nobody"),
            ("number", "1" * 41),
            ("buyer_address", "x" * 501),
        ],
    )
    def test_what_can_not_be_used_is_named_beside_its_field(self, name: str, text: str):
        read = read_guest(replace(FORM, **{name: text}))

        assert list(read.problems) == [name]
        assert read.problem_count == 1

    def test_a_currency_that_does_not_exist_is_the_usual_one(self):
        form = replace(FORM, draft=replace(FORM.draft, currency="<b>"))

        assert read_guest(form).draft.totals.currency == "EUR"

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            (replace(FORM, seller_name=" "), "seller_name"),
            (with_lines(LineForm()), "lines"),
        ],
    )
    def test_is_not_printed_from_nobody_or_for_nothing(
        self, form: GuestForm, field: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            read_guest(form).check()

        assert refusal.value.field == field


class TestGuestDocument:
    def test_without_a_number_it_is_a_draft(self):
        sheet = render_sheet(guest_document(FORM, read_guest(FORM), TODAY))

        assert "s-stamp" in sheet

    def test_with_a_number_of_its_sender_only_they_vouch_for_it(self):
        form = replace(FORM, number="2026-7")
        document = guest_document(form, read_guest(form), TODAY)

        page = render_print(document, None, START, by_guest=True)

        assert "Invoice 2026-7" in page
        assert "s-stamp" not in page.split("<body", 1)[1]
        assert "Only its sender vouches for it." in page
        assert "Genuine?" not in page

    def test_is_due_thirty_days_after_today(self):
        document = guest_document(FORM, read_guest(FORM), TODAY)

        assert (document.issued_on, document.due_on) == (TODAY, date(2026, 4, 1))

    def test_markup_is_text(self):
        form = replace(FORM, seller_name="<script>alert(1)</script>")

        sheet = render_sheet(guest_document(form, read_guest(form), TODAY))

        assert "<script" not in sheet

    def test_an_unknown_look_or_language_is_the_usual_one(self):
        form = replace(
            FORM, language="xx", draft=replace(FORM.draft, look="../../etc/passwd")
        )

        document = guest_document(form, read_guest(form), TODAY)

        assert (document.language, document.branding.look) == ("en", "modern")

    def test_the_example_has_nothing_to_mend(self):
        assert read_guest(example_of(fresh_form())).problem_count == 0


class TestCheckSize:
    def test_takes_as_many_lines_as_it_says(self):
        check_size(with_lines(*[LINES[1]] * LINES_MAX))
        with pytest.raises(LimitReached, match="50 lines"):
            check_size(with_lines(*[LINES[1]] * (LINES_MAX + 1)))

    def test_refuses_more_text_than_is_kept(self):
        long = replace(LINES[1], description="x" * LENGTH_MAX)

        with pytest.raises(LimitReached, match="shorter"):
            check_size(with_lines(long))

    @pytest.mark.parametrize("mark", ["\n", "\r", "\u2028"], ids=ascii)
    def test_refuses_more_breaks_of_lines_than_is_printed_in_time(self, mark: str):
        def broken(times: int) -> GuestForm:
            return with_lines(*[replace(LINES[1], description=f"x{mark}" * times)] * 10)

        check_size(broken(40))
        with pytest.raises(LimitReached, match="shorter"):
            check_size(broken(60))
