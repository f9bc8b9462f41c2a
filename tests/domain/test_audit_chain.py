"""A chain that was changed anywhere breaks exactly there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.audit_chain import START, Sealed, find_break, seal_of

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
details = st.dictionaries(
    texts, st.none() | st.booleans() | st.integers() | texts, max_size=4
)


def chain_of(all_details: list[dict[str, Any]]) -> list[Sealed]:
    chain, before = [], START
    for place, each in enumerate(all_details, 1):
        record = {"id": place * 3, "event": "invoice_issued", "details": each}
        before = seal_of(before, record)
        chain.append(Sealed(place, before, record))
    return chain


@given(st.lists(details, max_size=8))
def test_a_chain_as_it_was_made_holds(all_details):
    assert find_break(chain_of(all_details)) == ""


@given(st.lists(details, min_size=1, max_size=8), st.data())
def test_a_changed_record_is_named(all_details, data):
    chain = chain_of(all_details)
    at = data.draw(st.integers(0, len(chain) - 1))
    changed = {**(chain[at].record or {}), "details": {"amount_minor": "other"}}

    chain[at] = replace(chain[at], record=changed)

    assert find_break(chain) == (
        f"audit entry {at * 3 + 3} (invoice_issued) at place {at + 1}"
        " is not what was sealed"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda it: it[:1] + it[2:], "place 2 of the audit trail is gone"),
        (lambda it: it[1:], "place 1 of the audit trail is gone"),
        (
            lambda it: [it[0], replace(it[1], record=None), it[2]],
            "the audit entry at place 2 is gone",
        ),
        (
            lambda it: [it[0], replace(it[1], record=it[2].record), it[2]],
            "audit entry 9 (invoice_issued) at place 2 is not what was sealed",
        ),
    ],
    ids=["a place gone", "the first gone", "an entry gone", "an entry in its place"],
)
def test_what_else_was_done_to_it_is_named(change, says):
    chain = chain_of([{"n": 1}, {"n": 2}, {"n": 3}])

    assert find_break(change(chain)) == says


def test_seals_made_anew_end_in_another_last_seal():
    before, after = chain_of([{"n": 1}, {"n": 2}]), chain_of([{"n": 7}, {"n": 2}])

    assert find_break(after) == ""
    assert before[-1].seal != after[-1].seal
