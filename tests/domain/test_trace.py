"""Every total has parts, and they sum to the figure shown."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.credit_note import build_document as credit_note
from billing_app.domain.credit_note import compute_credit
from billing_app.domain.document import InvoiceDocument, Standing
from billing_app.domain.drafting import LineTexts, build_document
from billing_app.domain.errors import BillingError
from billing_app.domain.money import Money
from billing_app.domain.terms import (
    Adjustment,
    DocumentTerms,
    LineTerms,
    Prices,
    TaxTerms,
)
from billing_app.domain.totals import compute_totals
from billing_app.domain.trace import (
    LINES_MAX,
    Figure,
    Part,
    PartKind,
    explain,
    explain_credit,
    explain_outstanding,
    explain_received,
)
from tests.domain.test_totals import documents
from tests.support.credit import an_amount, creditable, some_lines, whole
from tests.support.documents import a_header
from tests.support.world import START

TAXES = [
    *(TaxTerms("VAT", "S", Decimal(x)) for x in ("21", "8.5", "0.5")),
    TaxTerms("Cess", "S", Decimal("9.5"), is_compound=True),
]
LINES = st.builds(
    LineTerms,
    quantity=st.decimals(-50, 500, places=3),
    unit_price=st.decimals(0, 9_999, places=4),
    taxes=st.lists(st.sampled_from(TAXES), max_size=3, unique=True).map(tuple),
    allowances=st.sampled_from([(), (Adjustment(percent=Decimal("7.5")),)]),
)


def document_of(terms: DocumentTerms) -> InvoiceDocument:
    texts = [LineTexts(f"Line {n}") for n, _ in enumerate(terms.lines)]
    return build_document(a_header(), terms, texts, compute_totals(terms))


class TestExplain:
    @pytest.mark.feature("N07")
    @given(
        lines=st.lists(LINES, min_size=1, max_size=20),
        prices=st.sampled_from(Prices),
        discount=st.sampled_from([(), (Adjustment(percent=Decimal(10)),)]),
        prepaid=st.sampled_from([None, Money(1_000, "EUR")]),
        step=st.sampled_from([None, Money(5, "EUR")]),
    )
    def test_the_parts_of_each_total_sum_to_it(
        self, lines, prices, discount, prepaid, step
    ):
        document = document_of(
            DocumentTerms(
                "EUR",
                tuple(lines),
                prices,
                allowances=discount,
                prepaid=prepaid,
                cash_rounding=step,
            )
        )
        shown = {
            Figure.LINE_SUM: document.line_sum_minor,
            Figure.TAX: document.tax_minor,
            Figure.TOTAL: document.total_minor,
            Figure.DUE: document.due_minor,
        }
        if not document.taxes:
            del shown[Figure.TAX]

        traces = explain(document)

        assert {
            figure: sum(part.amount_minor for part in parts)
            for figure, parts in traces.items()
        } == shown

    @pytest.mark.feature("N07")
    @given(document=documents(), percent=st.integers(1, 99))
    def test_the_parts_of_a_credit_note_sum_to_it(self, document, percent):
        about = creditable(document)
        asked = Money(about.document.total_minor * percent // 100, document.currency)
        for form in (whole(), an_amount(format(asked.decimal, "f")), some_lines(1)):
            try:
                credit = compute_credit(form, about)
            except BillingError:
                continue
            note = credit_note(
                about, credit, number="CN-1", reason="", issued_on=START.date()
            )

            parts = explain_credit(note)

            credited = note.total_minor + note.rounding_minor
            assert parts
            assert sum(part.amount_minor for part in parts) == credited

    @pytest.mark.feature("N07")
    @given(by_age=st.lists(st.integers(0, 10**9), max_size=6))
    def test_the_ages_sum_to_what_is_outstanding(self, by_age):
        whole_minor = sum(by_age)

        parts = explain_outstanding(whole_minor, by_age)

        assert [(x.place, x.amount_minor) for x in parts] == [
            (place, minor) for place, minor in enumerate(by_age) if minor
        ]
        assert explain_outstanding(whole_minor + 1, by_age) == ()

    @pytest.mark.feature("N07")
    @given(
        latest=st.lists(st.integers(0, 10**9), max_size=20),
        others=st.lists(st.integers(0, 10**9), max_size=3),
    )
    def test_the_payments_sum_to_what_was_received(self, latest, others):
        received = sum(latest) + sum(others)

        parts = explain_received(received, len(latest) + len(others), latest)

        assert sum(part.amount_minor for part in parts) == received
        hidden = len(latest[LINES_MAX:]) + len(others)
        more = [x.place for x in parts if x.kind == PartKind.MORE_PAYMENTS]
        assert more == ([hidden] if hidden else [])

    def test_tells_the_arithmetic_of_a_tax(self):
        """8.5 % of 90.00 is 7.65."""
        tax = TaxTerms("Sales tax", "S", Decimal("8.5"))
        line = LineTerms(Decimal(1), Decimal(90), (tax,))

        traces = explain(document_of(DocumentTerms("EUR", (line,))))

        assert traces[Figure.TAX] == (
            Part(PartKind.TAX, 765, 0, Decimal("8.5"), 9_000),
        )
        assert traces[Figure.TOTAL][-1] == traces[Figure.TAX][0]

    def test_a_tax_within_the_price_is_of_the_whole(self):
        """21 of 121 parts of 100.00 are 17.36."""
        line = LineTerms(Decimal(1), Decimal(100), (TAXES[0],))
        terms = DocumentTerms("EUR", (line,), Prices.INCLUSIVE)

        (part,) = explain(document_of(terms))[Figure.TAX]

        assert (part.base_minor, part.amount_minor) == (10_000, 1_736)

    def test_what_is_left_counts_what_came_in(self):
        document = document_of(
            DocumentTerms("EUR", (LineTerms(Decimal(1), Decimal(100)),))
        )

        parts = explain(document, Standing(3_000, 1_000, 6_000))[Figure.DUE]

        assert [(part.kind.value, part.amount_minor) for part in parts] == [
            ("total", 10_000),
            ("received", -3_000),
            ("credited", -1_000),
        ]

    def test_a_figure_that_does_not_add_up_has_no_trace(self):
        document = document_of(
            DocumentTerms("EUR", (LineTerms(Decimal(1), Decimal(100)),))
        )

        assert Figure.TOTAL not in explain(replace(document, total_minor=9_999))

    def test_many_lines_are_summed_up(self):
        lines = (LineTerms(Decimal(1), Decimal(1)),) * 500

        parts = explain(document_of(DocumentTerms("EUR", lines)))[Figure.LINE_SUM]

        assert len(parts) == LINES_MAX + 1
        assert parts[-1] == Part(PartKind.MORE_LINES, 48_800, 488)
