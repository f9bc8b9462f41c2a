"""A document's code leads back to it, however it is typed."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.check_code import check_code, digest_start, file_digest

digests = st.binary().map(lambda content: hashlib.sha256(content).hexdigest())


@given(digests)
def test_a_code_is_the_beginning_of_its_digest(digest: str):
    code = check_code(digest)

    assert digest.startswith(digest_start(code))
    assert len(digest_start(code)) == 20


@given(digests)
def test_case_hyphens_and_misread_signs_do_not_matter(digest: str):
    code = check_code(digest)
    typed = f" {code.lower().replace('-', ' ')} ".replace("o", "0").replace("b", "8")

    assert digest_start(typed) == digest_start(code)


@pytest.mark.parametrize(
    "typed",
    ["", "ABCD", "ABCD-EFGH-IJKL-MNO", "ABCD-EFGH-IJKL-MNO9", "Ａ" * 16, "%_" * 8],
)
def test_anything_else_is_no_code(typed: str):
    assert digest_start(typed) == ""


@given(st.text())
def test_nothing_typed_breaks_it(typed: str):
    assert len(digest_start(typed)) in (0, 20)
    assert len(file_digest(typed)) in (0, 64)
