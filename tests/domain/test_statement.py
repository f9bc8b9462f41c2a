"""A closing balance is the opening one and all that moved it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.statement import Entry, EntryKind, Section

ENTRIES = st.builds(
    Entry,
    on=st.just(date(2026, 3, 2)),
    kind=st.sampled_from(EntryKind),
    reference=st.just(""),
    detail=st.just(""),
    minor=st.integers(-(10**9), 10**9),
)


@pytest.mark.feature("N07")
@given(opening=st.integers(-(10**9), 10**9), entries=st.lists(ENTRIES, max_size=20))
def test_the_sums_by_kind_lead_from_the_opening_to_the_closing_balance(
    opening: int, entries: list[Entry]
):
    section = Section("EUR", opening, tuple(entries))

    by_kind = section.by_kind()

    assert opening + sum(minor for _, minor in by_kind) == section.closing_minor
    for kind, minor in by_kind:
        assert minor == sum(x.minor for x in entries if x.kind == kind)
