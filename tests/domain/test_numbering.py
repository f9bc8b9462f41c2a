from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.errors import InvalidInput
from billing_app.domain.numbering import (
    ReadNumber,
    Reset,
    check_pattern,
    fixed_start,
    format_number,
    later_starts,
    period_code,
    period_code_of,
    read_number,
)

LITERALS = st.text("AZ-/. _09", max_size=4)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
COUNTERS = st.integers(1, 10**9)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """A pattern in which each period can be told from the others."""
    fields = ["{year}", draw(st.sampled_from(["{month}", "{month:3}"]))]
    if draw(st.booleans()):
        fields[0] = "{year:2}"
    fields.append(draw(st.sampled_from(["{counter}", "{counter:5}", "{counter:9}"])))
    parts = [draw(LITERALS)]
    for field in draw(st.permutations(fields)):
        parts += [field, draw(LITERALS)]
    return "".join(parts)


class TestFormat:
    def test_pads_and_fills_in(self):
        day = date(2026, 3, 7)

        assert format_number("INV-{counter:5}", 42, day) == "INV-00042"
        assert format_number("{year}/{month}-{counter}", 42, day) == "2026/03-42"
        assert format_number("{year:2}{counter:3}", 1234, day) == "261234"

    @given(patterns(), COUNTERS, DAYS)
    def test_is_read_back(self, pattern: str, value: int, day: date):
        read = read_number(pattern, format_number(pattern, value, day))

        assert read == ReadNumber(value, day.year, day.month)

    @given(patterns(), st.lists(st.tuples(COUNTERS, DAYS), min_size=2, max_size=8))
    def test_never_repeats_itself_where_each_month_counts_anew(
        self, pattern: str, taken: list[tuple[int, date]]
    ):
        check_pattern(pattern, Reset.MONTH)
        places = {(value, period_code("x", Reset.MONTH, on)) for value, on in taken}

        assert len({format_number(pattern, *x) for x in taken}) == len(places)

    @given(patterns(), COUNTERS, DAYS)
    def test_begins_as_every_number_of_its_form(self, pattern, value, day):
        assert format_number(pattern, value, day).startswith(fixed_start(pattern))


class TestRead:
    @pytest.mark.parametrize(
        "number", ["INV-2026-7", "INV-26-00007", "inv-2026-00007", "INV-2026-0000７"]
    )
    def test_another_form_is_not_read(self, number: str):
        assert read_number("INV-{year}-{counter:5}", number) is None

    def test_names_the_counter_it_came_from(self):
        read = read_number("{counter}/{month}.{year:2}", "12/03.26")

        assert read is not None
        assert period_code_of("invoice", Reset.MONTH, read) == "invoice:2026-03"
        assert period_code_of("invoice", Reset.YEAR, read) == "invoice:2026"
        assert period_code_of("invoice", Reset.NEVER, read) == "invoice"


class TestCheckPattern:
    @pytest.mark.feature("R07")
    @pytest.mark.parametrize(
        ("pattern", "reset", "sentence"),
        [
            (
                "INV-{counter:5}",
                Reset.YEAR,
                "Starting again each year would give the same numbers again: "
                "the pattern needs {year}.",
            ),
            (
                "{year}-{counter}",
                Reset.MONTH,
                "Starting again each month would give the same numbers again: "
                "the pattern needs {month}.",
            ),
            (
                "{counter}",
                Reset.MONTH,
                "Starting again each month would give the same numbers again: "
                "the pattern needs {year} and {month}.",
            ),
            ("{counter}-{counter:3}", Reset.NEVER, "The pattern needs {counter} once."),
            ("{year:12}" * 5 + "{counter}", Reset.NEVER, "Keep numbers under 60"),
        ],
    )
    def test_refuses_what_would_repeat_numbers_or_break(
        self, pattern: str, reset: Reset, sentence: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            check_pattern(pattern, reset)

        assert refusal.value.message.startswith(sentence)

    def test_takes_what_names_each_period(self):
        check_pattern("{year}-{counter}", Reset.YEAR)
        check_pattern("{month}{year:2}{counter:3}", Reset.MONTH)


def test_what_lies_ahead():
    november, december = date(2026, 11, 22), date(2026, 12, 31)
    january = date(2027, 1, 1)

    assert later_starts("{counter}", Reset.NEVER, november) == ()
    assert later_starts("{year}-{counter}", Reset.YEAR, november) == (january,)
    months = later_starts("{year}{month}{counter}", Reset.MONTH, november)
    assert months == (date(2026, 12, 1), january)
    assert later_starts("{year}{month}{counter}", Reset.MONTH, december) == (january,)
