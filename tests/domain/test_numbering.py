from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.errors import InvalidInput
from billing_app.domain.numbering import (
    ReadNumber,
    Reset,
    check_pattern,
    codes_counters,
    counter_code,
    counter_code_of,
    counts_by_customer,
    fixed_ends,
    fixed_start,
    format_number,
    later_starts,
    number_codes,
    parse_number_code,
    read_number,
)

LITERALS = st.text("AZ-/. _09", max_size=4)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
COUNTERS = st.integers(1, 10**9)
CODES = st.text("AC019", min_size=1, max_size=8)
APART = st.sampled_from("-/._ ")


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """A pattern in which each period, or customer, can be told from the others."""
    fields = ["{year}", draw(st.sampled_from(["{month}", "{month:3}"]))]
    if draw(st.booleans()):
        fields[0] = "{year:2}"
    fields.append(draw(st.sampled_from(["{counter}", "{counter:5}", "{counter:9}"])))
    if draw(st.booleans()):
        fields.append("{customer}")
    parts = [draw(LITERALS)]
    for field in draw(st.permutations(fields)):
        parts += [field, draw(LITERALS)]
    for place, part in enumerate(parts):
        if part == "{customer}":
            parts[place - 1] += draw(APART) if place > 1 or parts[0] else ""
            parts[place + 1] = draw(APART) + parts[place + 1]
    return "".join(parts)


class TestFormat:
    def test_pads_and_fills_in(self):
        day = date(2026, 3, 7)

        assert format_number("INV-{counter:5}", 42, day) == "INV-00042"
        assert format_number("{year}/{month}-{counter}", 42, day) == "2026/03-42"
        assert format_number("{year:2}{counter:3}", 1234, day) == "261234"

    @given(patterns(), COUNTERS, DAYS, CODES)
    def test_is_read_back(self, pattern: str, value: int, day: date, code: str):
        read = read_number(pattern, format_number(pattern, value, day, code))

        whose = code if counts_by_customer(pattern) else ""
        assert read == ReadNumber(value, day.year, day.month, whose)

    @given(
        patterns(),
        st.lists(st.tuples(st.integers(1, 120), DAYS, CODES), min_size=2, max_size=8),
    )
    def test_never_repeats_itself_where_each_month_counts_anew(
        self, pattern: str, taken: list[tuple[int, date, str]]
    ):
        check_pattern(pattern, Reset.MONTH)
        is_theirs = counts_by_customer(pattern)
        places = {
            (value, counter_code("invoice", Reset.MONTH, on, code if is_theirs else ""))
            for value, on, code in taken
        }

        assert len({format_number(pattern, *x) for x in taken}) == len(places)

    @given(patterns(), COUNTERS, DAYS, CODES, st.sampled_from(list(Reset)))
    def test_begins_and_ends_as_every_number_of_its_counter(
        self, pattern: str, value: int, day: date, code: str, reset: Reset
    ):
        number = format_number(pattern, value, day, code)
        start, end = fixed_ends(pattern, reset, day, code)

        assert number.startswith(fixed_start(pattern))
        assert number.startswith(start)
        assert number.endswith(end)

    def test_what_is_known_of_a_counter_narrows_its_numbers(self):
        pattern, day = "{customer}-{year}{month}.{counter}/{year:2}", date(2026, 3, 7)

        assert fixed_ends(pattern, Reset.NEVER, day, "ACME") == ("ACME-", "")
        assert fixed_ends(pattern, Reset.YEAR, day, "ACME") == ("ACME-2026", "/26")
        assert fixed_ends(pattern, Reset.MONTH, day, "A") == ("A-202603.", "/26")


class TestRead:
    @pytest.mark.parametrize(
        "number", ["INV-2026-7", "INV-26-00007", "inv-2026-00007", "INV-2026-0000７"]
    )
    def test_another_form_is_not_read(self, number: str):
        assert read_number("INV-{year}-{counter:5}", number) is None

    def test_names_the_counter_it_came_from(self):
        read = read_number("{counter}/{month}.{year:2}", "12/03.26")

        assert read is not None
        assert counter_code_of("invoice", Reset.MONTH, read) == "invoice:2026-03"
        assert counter_code_of("invoice", Reset.YEAR, read) == "invoice:2026"
        assert counter_code_of("invoice", Reset.NEVER, read) == "invoice"

    def test_names_the_customers_own_counter(self):
        read = read_number("{customer} {counter:3}-{year}", "A1 007-2026")

        assert read == ReadNumber(7, 2026, customer="A1")
        assert counter_code_of("credit_note", Reset.YEAR, read) == "c@A1:2026"
        assert counter_code_of("receipt", Reset.NEVER, read) == "r@A1"

    @pytest.mark.parametrize("number", ["a1-7", "A-1-7", "-7", "ACMEACME1-7"])
    def test_what_is_no_code_is_no_customers(self, number: str):
        assert read_number("{customer}-{counter}", number) is None


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
            (
                "{customer}-{customer}-{counter}",
                Reset.NEVER,
                "The pattern takes {customer} once.",
            ),
            ("{customer}{counter}", Reset.NEVER, "Only - / . _ or a space can stand"),
            ("INV{customer}-{counter}", Reset.NEVER, "Only - / . _ or a space can"),
            ("{counter}-{customer}{year}", Reset.YEAR, "Only - / . _ or a space can"),
            ("{customer:3}-{counter}", Reset.NEVER, "Use letters, digits"),
            (
                "{customer}-{counter}",
                Reset.YEAR,
                "Starting again each year would give the same numbers again",
            ),
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
        check_pattern("{counter} {customer}")
        check_pattern("{customer}/{year}.{counter}", Reset.YEAR)


class TestNumberCodes:
    def test_are_typed_in_any_case(self):
        assert parse_number_code(" acme7 ") == "ACME7"
        assert parse_number_code("  ") is None

    def test_are_made_of_the_name_then_of_the_id(self):
        assert list(islice(number_codes("Müller & Söhne", 42), 4)) == [
            *("MULLERSO", "C42", "MULLERS2", "MULLERS3"),
        ]
        assert list(islice(number_codes("株式会社", 42), 3)) == ["C42", "C2", "C3"]

    @given(st.text(), st.integers(1, 10**15))
    def test_are_all_codes_and_seldom_come_twice(self, name: str, customer_id: int):
        codes = list(islice(number_codes(name, customer_id), 120))

        assert [parse_number_code(code) for code in codes] == codes
        # A digit of the name may stand where another number has it: 141 + 10, 14 + 110.
        assert len(set(codes)) > 80

    @pytest.mark.parametrize("series", ["invoice", "receipt", "credit_note"])
    def test_fit_into_what_a_counter_is_called(self, series: str):
        """The column has twenty signs."""
        code = counter_code(series, Reset.MONTH, date(2026, 12, 1), "ACMEACME")

        assert len(code) == 18
        assert code.startswith(codes_counters("ACMEACME"))


def test_what_lies_ahead():
    november, december = date(2026, 11, 22), date(2026, 12, 31)
    january = date(2027, 1, 1)

    assert later_starts("{counter}", Reset.NEVER, november) == ()
    assert later_starts("{year}-{counter}", Reset.YEAR, november) == (january,)
    months = later_starts("{year}{month}{counter}", Reset.MONTH, november)
    assert months == (date(2026, 12, 1), january)
    assert later_starts("{year}{month}{counter}", Reset.MONTH, december) == (january,)
